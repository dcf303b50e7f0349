"""Chooses the deep side's finalist (one candidate or an ensemble), fits further seeds of it, and predicts with it."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from automl.deep.messages import TrialSpec
from automl.deep.training.trainer import Trainer
from automl.goals.shared.outputs import combine, joined
from automl.sides.ensemble import ensemble_run, select

if TYPE_CHECKING:
    from automl.deep.executor import Pool
    from automl.deep.family import Candidate
    from automl.deep.training.network import Network
    from automl.deep.training.trial import Fit
    from automl.records import Dataset, Encoder, Output, Run, Split

__all__ = ["Finalist"]

TIMED_CALLS = 5


class _Unfit(Exception):
    """Stored weights do not fit the network of their run."""

    def __init__(self, candidate: Candidate) -> None:
        super().__init__(candidate.run.name)
        self.candidate = candidate


class Finalist:
    """The finalist of the deep side.

    Args:
        ranked: candidates, best first; the search goes on changing this list.
        trainer: rebuilds networks.
        pool: fits further seeds.
        dataset: the data.
        split: its validation and test rows are predicted.
        encoder: encodes the inputs.
        metric: name of the metric.
        seed: any integer.
        on_event: called at each start of a fit.
        on_epoch: called after each validation.
    """

    def __init__(
        self,
        ranked: list[Candidate],
        trainer: Trainer,
        pool: Pool,
        dataset: Dataset,
        split: Split,
        encoder: Encoder,
        metric: str,
        seed: int,
        on_event: Callable[[dict[str, Any]], None],
        on_epoch: Callable[[TrialSpec, Mapping[str, float]], None],
    ) -> None:
        self.ranked, self.trainer, self.pool = ranked, trainer, pool
        self.dataset, self.split, self.encoder = dataset, split, encoder
        self.codec = trainer.training_data.codec
        self.metric, self.seed, self.on_event, self.on_epoch = metric, seed, on_event, on_epoch
        self.members: list[Candidate] = []
        self.weights: tuple[float, ...] = (1.0,)

    def choose(self, latency_ms: float | None, ensemble: bool) -> Run | None:
        """Name the finalist: the best candidate by validation score, or an ensemble.

        Stored weights of an earlier process that do not fit the network of their run are dropped.

        Args:
            latency_ms: the longest time that predicting one row may take, in milliseconds; None for no limit.
            ensemble: whether an ensemble may be named.

        Returns:
            The finalist's run; None if no candidate is fast enough, or there is none.
        """
        while True:
            try:
                run = self._choose(latency_ms, ensemble)
                self._check_weights(self.members)
            except _Unfit as error:
                self.ranked.remove(error.candidate)
            else:
                return run

    def _check_weights(self, members: list[Candidate]) -> None:
        for candidate in members:
            if not candidate.stored:
                continue
            try:
                network = self.trainer.network(candidate.template, candidate.settings, self.seed)
            except Exception as error:  # settings that the template cannot build
                raise _Unfit(candidate) from error
            expected = [(tuple(array.shape), np.dtype(array.dtype)) for array in network.weights()]
            stored = [(array.shape, array.dtype) for array in candidate.fits[0].weights]
            if stored != expected or not all(np.isfinite(array).all() for array in candidate.fits[0].weights):
                raise _Unfit(candidate)
            candidate.stored = False

    def _choose(self, latency_ms: float | None, ensemble: bool) -> Run | None:
        self.members, self.weights = [], (1.0,)
        if ensemble and self._choose_ensemble(latency_ms):
            return self._ensemble_run()
        for candidate in self.ranked:
            if latency_ms is None or self._latency_ms(candidate) <= latency_ms:
                self.members = [candidate]
                return candidate.run
        return None

    def _choose_ensemble(self, latency_ms: float | None) -> bool:
        candidates = [candidate for candidate in self.ranked if candidate.others] or self.ranked
        training_data = self.trainer.training_data
        outputs = [joined([training_data.judged(raw) for raw in candidate.raws]) for candidate in candidates]
        truth, weight = training_data.evidence(len(candidates[0].raws) if candidates else 1)
        selected = select(outputs, self.metric, truth, weight, training_data.valid_context)
        if selected is None:
            return False
        pairs = [(candidate, weight) for candidate, weight in zip(candidates, selected, strict=True) if weight > 0]
        if latency_ms is not None and sum(self._latency_ms(candidate) for candidate, _ in pairs) > latency_ms:
            return False
        self.members, self.weights = [candidate for candidate, _ in pairs], tuple(weight for _, weight in pairs)
        return True

    def _ensemble_run(self) -> Run:
        training_data = self.trainer.training_data
        scores = [
            training_data.score(combine([training_data.judged(raw) for raw in raws], self.weights), holdout)
            for holdout, raws in enumerate(zip(*(candidate.raws for candidate in self.members), strict=True))
        ]
        return ensemble_run(
            "deep", [candidate.run for candidate in self.members], self.weights, statistics.fmean(scores)
        )

    def _latency_ms(self, candidate: Candidate) -> float:
        """Median milliseconds for one row, encoding included."""
        self._check_weights([candidate])
        network = self._restored(candidate, 0)
        row = self.split.items("valid")[:1]
        network.predict(self.encoder.transform(self.dataset, row))
        times = []
        for _ in range(TIMED_CALLS):
            begun = time.perf_counter()
            network.predict(self.encoder.transform(self.dataset, row))
            times.append(time.perf_counter() - begun)
        return float(np.median(times)) * 1000

    def seconds_a_seed(self) -> float:
        """The time that another seed is expected to take."""
        each = [1.1 * self._fit_seconds(candidate) + 0.2 for candidate in self.members or self.ranked[:1]]
        return max(max(each, default=0.0), sum(each) / max(self.pool.n_workers, 1))

    def _fit_seconds(self, candidate: Candidate) -> float:
        """The time of the candidate's fit, without compilation if the compiled network is still in memory."""
        fit = candidate.fits[0]
        return fit.seconds - (
            fit.compile_seconds if self.trainer.is_ready(candidate.template, candidate.settings) else 0.0
        )

    def add_seed(self, seconds: float) -> bool:
        """Fit each member with another seed within these seconds; return whether it worked."""
        ends = time.monotonic() + seconds
        waiting = list(self.members)
        fits: dict[str, Fit | None] = {}

        def ask() -> tuple[TrialSpec, None] | None:
            if not waiting or None in fits.values():
                return None
            candidate = waiting.pop(0)
            name = f"{candidate.run.name} seed {len(candidate.fits) + 1}"
            seed = self.seed * 1000 + 500 + len(candidate.fits)
            left = ends - time.monotonic() if math.isfinite(seconds) else math.inf
            spec = TrialSpec(name, candidate.template.name, candidate.settings, seed, left, candidate.fits[0].n_steps)
            self.on_event(
                {"event": "start", "side": "deep", "name": name, "seed": True, "settings": dict(candidate.settings)}
            )
            return spec, None

        for result in self.pool.run(ask, self.on_epoch, lambda spec, snapshot: None, ends):
            fits[result.spec.name] = result.fit
        own = [
            (candidate, fits.get(f"{candidate.run.name} seed {len(candidate.fits) + 1}")) for candidate in self.members
        ]
        if not own or any(fit is None for _, fit in own):
            return False
        for candidate, fit in own:
            if fit is not None:
                candidate.fits.append(fit)
        return True

    def outputs(self, part: Literal["valid", "test"], n_seeds: int) -> tuple[Output, ...]:
        """Predictions before calibration and thresholds, one for each of the first n seeds."""
        if part == "valid":
            raws = [[candidate.fits[i].raw_valid for candidate in self._chosen()] for i in range(n_seeds)]
        else:
            arrays = self.encoder.transform(self.dataset, self.split.items("test"))
            raws = [
                [self._restored(candidate, i).predict(arrays) for candidate in self._chosen()] for i in range(n_seeds)
            ]
        return tuple(combine([self.codec.decode(raw) for raw in members], self.weights) for members in raws)

    def models(self, n_seeds: int) -> tuple[Any, ...]:
        """The Keras models of all members for the first seed, then for the next, up to n seeds."""
        return tuple(
            self._restored(candidate, i).detached(candidate.fits[i].weights)
            for i in range(n_seeds)
            for candidate in self._chosen()
        )

    def _restored(self, candidate: Candidate, seed_number: int) -> Network:
        network = self.trainer.network(candidate.template, candidate.settings, self.seed)
        network.set_weights(candidate.fits[seed_number].weights)
        return network

    def _chosen(self) -> list[Candidate]:
        if not self.members:
            raise RuntimeError("choose() names the finalist first")
        return self.members
