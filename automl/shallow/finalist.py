"""The best fits of the shallow side: which are kept, which is named, and its further seeds."""

from __future__ import annotations

import dataclasses
import math
import pickle
import time
from collections.abc import Callable
from typing import Any, Literal

from automl.goals.outputs import combine, joined
from automl.records import Output, Run
from automl.shallow.apart import Apart
from automl.shallow.data import Material
from automl.shallow.family import Kept
from automl.shallow.in_process import Here
from automl.shallow.scheduling import LEAST_SECONDS
from automl.sides.ensemble import ensemble_run, select

__all__ = ["Candidates"]

CANDIDATES = 8


class Candidates:
    """Fits in memory, best first, and the finalist among them.

    Args:
        material: what fits read.
        worker: fits further seeds.
        seed: of the first fit.
        stopping: see `ShallowSide`.
    """

    def __init__(self, material: Material, worker: Apart | Here, seed: int, stopping: Callable[[], bool]) -> None:
        self.material, self.worker, self.seed, self.stopping = material, worker, seed, stopping
        self.kept: list[Kept] = []
        self.members: list[Kept] = []
        self._weights: tuple[float, ...] = (1.0,)
        self._outputs: dict[tuple[str, str, int], Output] = {}

    def keep(self, kept: Kept) -> None:
        """Drop models that neither lead nor are their family's best or fastest."""
        self.kept.append(kept)
        self.kept.sort(key=lambda k: self.material.standing(k.run), reverse=True)
        quickest = min(self.kept, key=lambda k: k.run.cost.predict_ms or math.inf)
        seen: set[str] = set()
        left = []
        for place, one in enumerate(self.kept):
            if place < CANDIDATES or one.lane.baseline.name not in seen or one is quickest:
                left.append(one)
            seen.add(one.lane.baseline.name)
        self.kept = left

    def choose(self, latency_ms: float | None, ensemble: bool = False) -> Run | None:
        """The best run by validation, or an ensemble; among those quick enough where a latency is asked for."""
        self.members, self._weights = [], (1.0,)
        if ensemble and self._choose_ensemble(latency_ms):
            held_out = zip(*(kept.outputs for kept in self.members), strict=True)
            score = self.material.mean_score([combine(outputs, self._weights) for outputs in held_out])
            return ensemble_run("shallow", [kept.run for kept in self.members], self._weights, score)
        best = self._best(latency_ms)
        if best is None:
            return None
        self.members = [best]
        return dataclasses.replace(best.run, finalist=True, n_seeds=len(best.models))

    def _choose_ensemble(self, latency_ms: float | None) -> bool:
        best = self.kept[:CANDIDATES]
        candidates = [kept for kept in best if kept.run.n_holdouts == best[0].run.n_holdouts]
        truth, weight = self.material.evidence(best[0].run.n_holdouts if best else 1)
        outputs = [joined(kept.outputs) for kept in candidates]
        found = select(outputs, self.material.metric, truth, weight, self.material.context)
        if found is None:
            return False
        pairs = [(kept, weight) for kept, weight in zip(candidates, found, strict=True) if weight > 0]
        times = [kept.run.cost.predict_ms or math.inf for kept, _ in pairs]
        if latency_ms is not None and sum(times) > latency_ms:
            return False
        self.members, self._weights = [kept for kept, _ in pairs], tuple(weight for _, weight in pairs)
        return True

    def _best(self, latency_ms: float | None) -> Kept | None:
        for kept in self.kept:  # best first
            ms = kept.run.cost.predict_ms
            if latency_ms is None or (ms is not None and ms <= latency_ms):
                return kept
        return None

    def weights(self) -> tuple[float, ...]:
        """Of the finalist's members, sum 1."""
        return self._weights

    def seconds_a_seed(self) -> float:
        """As long as the finalist (before it is named: the best so far) took, and a little for predicting."""
        best = self._best(None)
        members = self.members or ([] if best is None else [best])
        return sum(1.1 * kept.run.cost.fit_seconds + LEAST_SECONDS for kept in members)

    def add_seed(self, seconds: float) -> bool:
        """Fit each member's settings on the same rows with another random state, no longer than it was fitted."""
        ends = time.monotonic() + seconds
        models = []
        for kept in self.members:
            left = ends - time.monotonic() if math.isfinite(seconds) else math.inf
            model = self._another(kept, left)
            if model is None:
                return False
            models.append(model)
        for kept, model in zip(self.members, models, strict=True):
            kept.models.append(model)
        return bool(models)

    def _another(self, kept: Kept, seconds: float) -> bytes | None:
        if seconds < LEAST_SECONDS:
            return None
        was_cut = kept.run.status == "cut"
        if was_cut:
            seconds = min(seconds, 1.1 * kept.run.cost.fit_seconds + 0.5)
        seed = self.seed + 1000 * len(kept.models)
        model = pickle.dumps(kept.lane.baseline.make(self.material.task, kept.settings, seed))
        deadline = None if math.isinf(seconds) else time.monotonic() + seconds
        fitted = self.worker.fit(model, kept.take, deadline, self.stopping)
        failed = fitted.model is None or fitted.failure or (fitted.stopped and not was_cut)
        return None if failed else fitted.model

    def models(self, n_seeds: int) -> tuple[Any, ...]:
        """The members' fitted models for the first seed, then for the next, up to n seeds."""
        return tuple(pickle.loads(kept.models[i]) for i in range(n_seeds) for kept in self.members)

    def outputs(self, part: Literal["valid", "test"], n_seeds: int) -> tuple[Output, ...]:
        """The finalist's predictions on validation or test items, one for each of its first n seeds."""
        if not self.members:
            return ()
        items = self.material.valid if part == "valid" else self.material.test
        found = []
        for i in range(n_seeds):
            for kept in self.members:
                key = (kept.run.name, part, i)
                if key not in self._outputs:
                    self._outputs[key] = pickle.loads(kept.models[i]).predict(self.material.dataset, items)
            found.append(combine([self._outputs[kept.run.name, part, i] for kept in self.members], self._weights))
        return tuple(found)
