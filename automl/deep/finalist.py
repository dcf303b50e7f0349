"""The deep side's finalist: the best by validation or an ensemble, its seeds, its predictions."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from automl.deep.messages import Order
from automl.deep.training.trainer import Trainer
from automl.goals.outputs import combine, joined
from automl.sides.ensemble import ensemble_run, select
from automl.sides.items import items_of

if TYPE_CHECKING:
    from automl.deep.executor import Pool
    from automl.deep.family import Kept
    from automl.deep.training.network import Network
    from automl.deep.training.trial import Fit
    from automl.records import Dataset, Encoder, Output, Run, Split

__all__ = ["Finalist"]

TIMED_CALLS = 5


class _Unfit(Exception):
    """Stored weights that are not of their run's network."""

    def __init__(self, kept: Kept) -> None:
        super().__init__(kept.run.name)
        self.kept = kept


class Finalist:
    """Chooses among the runs whose weights are kept, fits what was chosen with other seeds, and predicts.

    Args:
        kept: runs with their weights, best first; the search goes on changing this list.
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
        kept: list[Kept],
        trainer: Trainer,
        pool: Pool,
        dataset: Dataset,
        split: Split,
        encoder: Encoder,
        metric: str,
        seed: int,
        on_event: Callable[[dict[str, Any]], None],
        on_epoch: Callable[[Order, Mapping[str, float]], None],
    ) -> None:
        self.kept, self.trainer, self.pool = kept, trainer, pool
        self.dataset, self.split, self.encoder = dataset, split, encoder
        self.codec = trainer.material.codec
        self.metric, self.seed, self.on_event, self.on_epoch = metric, seed, on_event, on_epoch
        self.members: list[Kept] = []
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
                self.kept.remove(error.kept)
            else:
                return run

    def _check_weights(self, members: list[Kept]) -> None:
        for kept in members:
            if not kept.stored:
                continue
            try:
                network = self.trainer.network(kept.template, kept.settings, self.seed)
            except Exception as error:  # settings that the template cannot build
                raise _Unfit(kept) from error
            shapes = [(tuple(one.shape), np.dtype(one.dtype)) for one in network.weights()]
            own = [(one.shape, one.dtype) for one in kept.fits[0].weights]
            if own != shapes or not all(np.isfinite(one).all() for one in kept.fits[0].weights):
                raise _Unfit(kept)
            kept.stored = False

    def _choose(self, latency_ms: float | None, ensemble: bool) -> Run | None:
        self.members, self.weights = [], (1.0,)
        if ensemble and self._choose_ensemble(latency_ms):
            return self._ensemble_run()
        for kept in self.kept:
            if latency_ms is None or self._latency_ms(kept) <= latency_ms:
                self.members = [kept]
                return kept.run
        return None

    def _choose_ensemble(self, latency_ms: float | None) -> bool:
        candidates = [kept for kept in self.kept if kept.others] or self.kept
        material = self.trainer.material
        outputs = [joined([self.trainer.material.judged(raw) for raw in kept.raws]) for kept in candidates]
        truth, weight = material.evidence(len(candidates[0].raws) if candidates else 1)
        found = select(outputs, self.metric, truth, weight, material.valid_context)
        if found is None:
            return False
        pairs = [(kept, weight) for kept, weight in zip(candidates, found, strict=True) if weight > 0]
        if latency_ms is not None and sum(self._latency_ms(kept) for kept, _ in pairs) > latency_ms:
            return False
        self.members, self.weights = [kept for kept, _ in pairs], tuple(weight for _, weight in pairs)
        return True

    def _ensemble_run(self) -> Run:
        material = self.trainer.material
        scores = [
            material.score(combine([material.judged(raw) for raw in raws], self.weights), holdout)
            for holdout, raws in enumerate(zip(*(kept.raws for kept in self.members), strict=True))
        ]
        return ensemble_run("deep", [kept.run for kept in self.members], self.weights, statistics.fmean(scores))

    def _latency_ms(self, kept: Kept) -> float:
        """Median milliseconds for one row, encoding included."""
        self._check_weights([kept])
        network = self._restored(kept, 0)
        one = items_of(self.split, "valid")[:1]
        network.predict(self.encoder.transform(self.dataset, one))
        times = []
        for _ in range(TIMED_CALLS):
            begun = time.perf_counter()
            network.predict(self.encoder.transform(self.dataset, one))
            times.append(time.perf_counter() - begun)
        return float(np.median(times)) * 1000

    def seconds_a_seed(self) -> float:
        """What another seed is expected to cost."""
        each = [1.1 * self._fit_seconds(kept) + 0.2 for kept in self.members or self.kept[:1]]
        return max(max(each, default=0.0), sum(each) / max(self.pool.n_workers, 1))

    def _fit_seconds(self, kept: Kept) -> float:
        """What a fit took; without compiling, where the network is still there."""
        fit = kept.fits[0]
        return fit.seconds - (fit.compile_seconds if self.trainer.is_ready(kept.template, kept.settings) else 0.0)

    def add_seed(self, seconds: float) -> bool:
        """Fit each member once more with another seed within these seconds; whether it worked."""
        ends = time.monotonic() + seconds
        waiting = list(self.members)
        fits: dict[str, Fit | None] = {}

        def ask() -> tuple[Order, None] | None:
            if not waiting or None in fits.values():
                return None
            kept = waiting.pop(0)
            name = f"{kept.run.name} seed {len(kept.fits) + 1}"
            seed = self.seed * 1000 + 500 + len(kept.fits)
            left = ends - time.monotonic() if math.isfinite(seconds) else math.inf
            order = Order(name, kept.template.name, kept.settings, seed, left, kept.fits[0].n_steps)
            self.on_event(
                {"event": "start", "side": "deep", "name": name, "seed": True, "settings": dict(kept.settings)}
            )
            return order, None

        for report in self.pool.run(ask, self.on_epoch, lambda order, snapshot: None, ends):
            fits[report.order.name] = report.fit
        own = [(kept, fits.get(f"{kept.run.name} seed {len(kept.fits) + 1}")) for kept in self.members]
        if not own or any(fit is None for _, fit in own):
            return False
        for kept, fit in own:
            if fit is not None:
                kept.fits.append(fit)
        return True

    def outputs(self, part: Literal["valid", "test"], n_seeds: int) -> tuple[Output, ...]:
        """Undecided predictions, one for each of the first n seeds."""
        if part == "valid":
            raws = [[kept.fits[i].raw_valid for kept in self._chosen()] for i in range(n_seeds)]
        else:
            arrays = self.encoder.transform(self.dataset, items_of(self.split, "test"))
            raws = [[self._restored(kept, i).predict(arrays) for kept in self._chosen()] for i in range(n_seeds)]
        return tuple(combine([self.codec.decode(raw) for raw in one], self.weights) for one in raws)

    def models(self, n_seeds: int) -> tuple[Any, ...]:
        """The members' Keras models for the first seed, then for the next, up to n seeds."""
        return tuple(
            self._restored(kept, i).detached(kept.fits[i].weights) for i in range(n_seeds) for kept in self._chosen()
        )

    def _restored(self, kept: Kept, seed_number: int) -> Network:
        network = self.trainer.network(kept.template, kept.settings, self.seed)
        network.set_weights(kept.fits[seed_number].weights)
        return network

    def _chosen(self) -> list[Kept]:
        if not self.members:
            raise RuntimeError("choose() names the finalist first")
        return self.members
