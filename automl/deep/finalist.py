"""The deep side's finalist: the best by validation or an ensemble, its seeds, its predictions."""

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
    """Stored weights that are not of their run's network."""

    def __init__(self, candidate: Candidate) -> None:
        super().__init__(candidate.run.name)
        self.candidate = candidate


class Finalist:
    """Chooses among the runs whose weights are kept, fits what was chosen with other seeds, and predicts.

    Args:
        ranked: runs with their weights, best first; the search goes on changing this list.
        trainer: rebuilds networks.
        pool: fits further seeds.
        dataset: what is predicted.
        split: what is predicted.
        encoder: what is predicted.
        metric: name.
        seed: any integer.
        on_event: told of each start.
        on_epoch: told of each validation.
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
        """Name the finalist: the best by validation, or an ensemble; within `latency_ms` for one row.

        What an earlier process left under a run's name and does not fit its network is no candidate.
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
            shapes = [(tuple(one.shape), np.dtype(one.dtype)) for one in network.weights()]
            own = [(one.shape, one.dtype) for one in candidate.fits[0].weights]
            if own != shapes or not all(np.isfinite(one).all() for one in candidate.fits[0].weights):
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
        found = select(outputs, self.metric, truth, weight, training_data.valid_context)
        if found is None:
            return False
        pairs = [(candidate, weight) for candidate, weight in zip(candidates, found, strict=True) if weight > 0]
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
        one = self.split.items("valid")[:1]
        network.predict(self.encoder.transform(self.dataset, one))
        times = []
        for _ in range(TIMED_CALLS):
            begun = time.perf_counter()
            network.predict(self.encoder.transform(self.dataset, one))
            times.append(time.perf_counter() - begun)
        return float(np.median(times)) * 1000

    def seconds_a_seed(self) -> float:
        """What another seed is expected to cost."""
        each = [1.1 * self._fit_seconds(candidate) + 0.2 for candidate in self.members or self.ranked[:1]]
        return max(max(each, default=0.0), sum(each) / max(self.pool.n_workers, 1))

    def _fit_seconds(self, candidate: Candidate) -> float:
        """What a fit took; without compiling, where the network is still there."""
        fit = candidate.fits[0]
        return fit.seconds - (
            fit.compile_seconds if self.trainer.is_ready(candidate.template, candidate.settings) else 0.0
        )

    def add_seed(self, seconds: float) -> bool:
        """Fit each member once more with another seed within these seconds; whether it worked."""
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

        for report in self.pool.run(ask, self.on_epoch, lambda spec, snapshot: None, ends):
            fits[report.spec.name] = report.fit
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
        """Undecided predictions, one for each of the first n seeds."""
        if part == "valid":
            raws = [[candidate.fits[i].raw_valid for candidate in self._chosen()] for i in range(n_seeds)]
        else:
            arrays = self.encoder.transform(self.dataset, self.split.items("test"))
            raws = [
                [self._restored(candidate, i).predict(arrays) for candidate in self._chosen()] for i in range(n_seeds)
            ]
        return tuple(combine([self.codec.decode(raw) for raw in one], self.weights) for one in raws)

    def models(self, n_seeds: int) -> tuple[Any, ...]:
        """The members' Keras models for the first seed, then for the next, up to n seeds."""
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
