"""The candidates of the shallow side: which fits are kept, which is the finalist, and further seeds of it."""

from __future__ import annotations

import dataclasses
import math
import pickle
import time
from collections.abc import Callable
from typing import Any, Literal

from automl.goals.shared.outputs import combine, joined
from automl.records import Output, Run
from automl.shallow.apart import FallbackWorker
from automl.shallow.data import TrainingData
from automl.shallow.family import Candidate
from automl.shallow.in_process import InProcessWorker
from automl.shallow.scheduling import LEAST_SECONDS
from automl.sides.ensemble import ensemble_run, select
from automl.sides.ranking import order

__all__ = ["Candidates"]

CANDIDATES = 8


class Candidates:
    """The fits in memory, best first, and the finalist among them.

    Args:
        training_data: the data that fits read.
        worker: fits further seeds.
        seed: seed of the first fit.
        stopping: see `ShallowSide`.
    """

    def __init__(
        self,
        training_data: TrainingData,
        worker: FallbackWorker | InProcessWorker,
        seed: int,
        stopping: Callable[[], bool],
    ) -> None:
        self.training_data, self.worker, self.seed, self.stopping = training_data, worker, seed, stopping
        self.ranked: list[Candidate] = []
        self.members: list[Candidate] = []
        self._weights: tuple[float, ...] = (1.0,)
        self._outputs: dict[tuple[str, str, int], Output] = {}

    def keep(self, candidate: Candidate) -> None:
        """Add a candidate. Kept are the best few, the best of each family, and the fastest at prediction."""
        self.ranked.append(candidate)
        candidate.standing = self.training_data.standing_of(candidate.outputs, candidate.run.cost.size_mib or 0.0)
        standings = [ranked.standing for ranked in self.ranked if ranked.standing is not None]
        self.ranked = [self.ranked[place] for place in order(standings)]
        fastest = min(self.ranked, key=lambda ranked: ranked.run.cost.predict_ms or math.inf)
        seen: set[str] = set()
        kept = []
        for place, ranked in enumerate(self.ranked):
            if place < CANDIDATES or ranked.search.baseline.name not in seen or ranked is fastest:
                kept.append(ranked)
            seen.add(ranked.search.baseline.name)
        self.ranked = kept

    def choose(self, latency_ms: float | None, ensemble: bool = False) -> Run | None:
        """Name the finalist: the best candidate by validation score, or an ensemble.

        Args:
            latency_ms: the longest time that predicting one item may take, in milliseconds; None for no limit.
            ensemble: whether an ensemble may be named.

        Returns:
            The finalist's run; None if no candidate is fast enough, or there is none.
        """
        self.members, self._weights = [], (1.0,)
        if ensemble and self._choose_ensemble(latency_ms):
            held_out = zip(*(candidate.outputs for candidate in self.members), strict=True)
            score = self.training_data.mean_score([combine(outputs, self._weights) for outputs in held_out])
            return ensemble_run("shallow", [candidate.run for candidate in self.members], self._weights, score)
        best = self._best(latency_ms)
        if best is None:
            return None
        self.members = [best]
        return dataclasses.replace(best.run, finalist=True, n_seeds=len(best.models))

    def _choose_ensemble(self, latency_ms: float | None) -> bool:
        best = self.ranked[:CANDIDATES]
        candidates = [candidate for candidate in best if candidate.run.n_holdouts == best[0].run.n_holdouts]
        truth, weight = self.training_data.evidence(best[0].run.n_holdouts if best else 1)
        outputs = [joined(candidate.outputs) for candidate in candidates]
        selected = select(outputs, self.training_data.metric, truth, weight, self.training_data.context)
        if selected is None:
            return False
        pairs = [(candidate, weight) for candidate, weight in zip(candidates, selected, strict=True) if weight > 0]
        times = [candidate.run.cost.predict_ms or math.inf for candidate, _ in pairs]
        if latency_ms is not None and sum(times) > latency_ms:
            return False
        self.members, self._weights = [candidate for candidate, _ in pairs], tuple(weight for _, weight in pairs)
        return True

    def _best(self, latency_ms: float | None) -> Candidate | None:
        for candidate in self.ranked:  # best first
            ms = candidate.run.cost.predict_ms
            if latency_ms is None or (ms is not None and ms <= latency_ms):
                return candidate
        return None

    def weights(self) -> tuple[float, ...]:
        """The weights of the finalist's members; they sum to 1."""
        return self._weights

    def seconds_a_seed(self) -> float:
        """The time that another seed is expected to take: that of the finalist's fit, and a little for predicting.

        Before the finalist is named, the best candidate so far is used.
        """
        best = self._best(None)
        members = self.members or ([] if best is None else [best])
        return sum(1.1 * candidate.run.cost.fit_seconds + LEAST_SECONDS for candidate in members)

    def add_seed(self, seconds: float) -> bool:
        """Fit each member on the same rows with another random state; return whether it worked.

        A member whose fit was cut is fitted about as long as before.

        Args:
            seconds: time allotted; infinite without a time limit.
        """
        ends = time.monotonic() + seconds
        models = []
        for candidate in self.members:
            left = ends - time.monotonic() if math.isfinite(seconds) else math.inf
            model = self._another(candidate, left)
            if model is None:
                return False
            models.append(model)
        for candidate, model in zip(self.members, models, strict=True):
            candidate.models.append(model)
        return bool(models)

    def _another(self, candidate: Candidate, seconds: float) -> bytes | None:
        if seconds < LEAST_SECONDS:
            return None
        was_cut = candidate.run.status == "cut"
        if was_cut:
            seconds = min(seconds, 1.1 * candidate.run.cost.fit_seconds + 0.5)
        seed = self.seed + 1000 * len(candidate.models)
        model = pickle.dumps(candidate.search.baseline.make(self.training_data.task, candidate.settings, seed))
        deadline = None if math.isinf(seconds) else time.monotonic() + seconds
        fitted = self.worker.fit(model, candidate.take, deadline, self.stopping)
        failed = fitted.model is None or fitted.failure or (fitted.stopped and not was_cut)
        return None if failed else fitted.model

    def models(self, n_seeds: int) -> tuple[Any, ...]:
        """The fitted models of all members for the first seed, then for the next, up to n seeds."""
        return tuple(pickle.loads(candidate.models[i]) for i in range(n_seeds) for candidate in self.members)

    def outputs(self, part: Literal["valid", "test"], n_seeds: int) -> tuple[Output, ...]:
        """The finalist's predictions on validation or test items, one for each of its first n seeds."""
        if not self.members:
            return ()
        items = self.training_data.valid if part == "valid" else self.training_data.test
        outputs = []
        for i in range(n_seeds):
            for candidate in self.members:
                key = (candidate.run.name, part, i)
                if key not in self._outputs:
                    self._outputs[key] = pickle.loads(candidate.models[i]).predict(self.training_data.dataset, items)
            outputs.append(
                combine([self._outputs[candidate.run.name, part, i] for candidate in self.members], self._weights)
            )
        return tuple(outputs)
