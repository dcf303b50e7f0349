"""The candidates of the shallow side: which fits are kept, which is the finalist, and its refits."""

from __future__ import annotations

import dataclasses
import math
import pickle
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

from automl.baselines.unlabelled import made
from automl.errors import OutOfTime, TrialError
from automl.goals.shared.outputs import combine, joined
from automl.records import Dataset, Output, Run, Split, Task
from automl.shallow.apart import FallbackWorker
from automl.shallow.data import TrainingData, refit_part
from automl.shallow.family import Candidate
from automl.shallow.in_process import InProcessWorker
from automl.shallow.messages import Fitted, Part
from automl.shallow.scheduling import LEAST_SECONDS
from automl.sides.composition import Composition
from automl.sides.ensemble import ensemble_run, select
from automl.sides.ranking import order

__all__ = ["Candidates"]

CANDIDATES = 8
LEAST_SHARE = 0.7
"""Of the expected time, what must be left for a refit to begin."""
LEAST_REFIT_SECONDS = 0.05
REPEATS_FROM = 100
"""Seeds of repeats lie beyond those of refits."""


class Candidates:
    """The fits in memory, best first, and the finalist among them.

    Args:
        training_data: the data that fits read.
        worker: refits the finalist.
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
        self.composition: Composition[Candidate] = Composition()

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
        self.composition.set(())
        if ensemble and self._choose_ensemble(latency_ms):
            return self.run()
        best = self._best(latency_ms)
        if best is None:
            return None
        self.composition.set([best])
        return self.run()

    def stand_as(self, members: Mapping[str, float]) -> bool:
        """Name the finalist by its members; see `records.Contender.stand_as`."""
        return self.composition.stand_as({one.run.name: one for one in self.ranked}, members)

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
        self.composition.set([candidate for candidate, _ in pairs], [weight for _, weight in pairs])
        return True

    def _best(self, latency_ms: float | None) -> Candidate | None:
        for candidate in self.ranked:  # best first
            ms = candidate.run.cost.predict_ms
            if latency_ms is None or (ms is not None and ms <= latency_ms):
                return candidate
        return None

    def seconds_a_refit(self, n_members: int | None = None) -> float:
        """The time that the next refit of the finalist is expected to take, and a little for the way to the worker.

        It is 0 if all members have that refit already.

        Args:
            n_members: so many members are reckoned with, those of largest weight; before the finalist is named, so
                many of the best candidates. None for all members, or for one candidate.
        """
        named = bool(self.composition.members)
        members = self.composition.without_refit(n_members) if named else self.ranked[: n_members or 1]
        if named and not self.composition.is_whole:
            return math.inf
        return sum(self._refit_seconds(candidate) for candidate in members)

    def seconds_a_repeat(self, n_members: int = 1) -> float:
        """The time that a fit of all members on another split is expected to take; see `seconds_a_refit`."""
        return sum(self._refit_seconds(candidate) for candidate in self.composition.members or self.ranked[:n_members])

    def _refit_seconds(self, candidate: Candidate) -> float:
        if candidate.refits and candidate.refit_seconds is not None:
            return 1.1 * candidate.refit_seconds + LEAST_REFIT_SECONDS
        return 1.1 * self.worker.payload.growth * candidate.run.cost.fit_seconds + LEAST_SECONDS

    def refit(self, seconds: float) -> bool:
        """Refit each member on training and validation items; return whether it worked.

        A refit that a member has from an earlier time at which it was named counts at once. Members of largest weight
        are fitted first, since in the first refit those for which there is no time stay as they were searched, and
        those that cannot be fitted leave (see `Composition.count_refit`).

        Args:
            seconds: time allotted; infinite without a time limit.
        """
        ends, late = time.monotonic() + seconds, []
        for candidate in self.composition.without_refit():
            left = ends - time.monotonic() if math.isfinite(seconds) else math.inf
            if left < max(LEAST_SECONDS, LEAST_SHARE * self._refit_seconds(candidate)) or self.stopping():
                late.append(candidate)
                continue
            model = self._refitted(candidate, left)
            if model is not None:
                candidate.refits.append(model)
                continue
            if time.monotonic() >= ends or self.stopping():
                late.append(candidate)
            if self.composition.n_refits:
                break
        return self.composition.count_refit(late)

    def _refitted(self, candidate: Candidate, seconds: float) -> bytes | None:
        """A model of the candidate's settings, fitted on training and validation items; None if there is none."""
        if not _has_chosen(candidate):
            return None
        seed, begun = self.seed + 1000 * (1 + len(candidate.refits)), time.monotonic()
        fitted = self._fit_again(candidate, self.training_data.task, seed, seconds)
        candidate.refit_seconds = time.monotonic() - begun
        return None if fitted.model is None or fitted.failure or fitted.stopped else fitted.model

    def _fit_again(
        self, candidate: Candidate, task: Task, seed: int, seconds: float, learnt: Part | None = None,
        with_unlabelled: bool = True,
    ) -> Fitted:  # fmt: skip
        """Fit the candidate's settings for the length that validation chose, with nothing held out.

        Args:
            candidate: a member.
            task: the task.
            seed: of the fit.
            seconds: time allotted.
            learnt: the items of another split; None for training and validation items of the contest.
            with_unlabelled: whether rows without a label may be used as the settings say.
        """
        model = pickle.dumps(made(candidate.search.baseline, task, candidate.settings, seed, with_unlabelled))
        take = self.training_data.refit_sample(candidate.take, self.seed, learnt)
        deadline = None if math.isinf(seconds) else time.monotonic() + seconds
        return self.worker.fit(model, take, deadline, self.stopping, searched=candidate.model, learnt=learnt)

    def repeat(self, task: Task, split: Split, number: int, seconds: float, dataset: Dataset | None = None) -> Output:
        """Fit all members once on another split, and predict its test items; see `records.Contender.repeat`."""
        ends = time.monotonic() + seconds
        dataset = self.training_data.dataset if dataset is None else dataset
        learnt, outputs = refit_part(dataset, task, split), []
        for candidate in self.composition.members:
            if not _has_chosen(candidate):
                raise TrialError(f"{candidate.run.name}: nothing bounds the length of a fit without validation rows")
            left = ends - time.monotonic() if math.isfinite(seconds) else math.inf
            fitted = (
                self._fit_again(
                    candidate,
                    task,
                    self.seed + 1000 * (REPEATS_FROM + number),
                    left,
                    learnt,
                    dataset.unlabelled is not None,
                )
                if left > 0
                else Fitted(stopped="time ran out")
            )
            failed = fitted.model is None or fitted.failure
            if fitted.stopped or (failed and time.monotonic() >= ends):  # late is not the same as failed
                raise OutOfTime(f"the time was over before {candidate.run.name} was fitted")
            if fitted.model is None or failed:
                raise TrialError(f"{candidate.run.name}: {fitted.failure}")
            model = pickle.loads(fitted.model)  # safe: a model of this run
            outputs.append(model.predict(dataset, split.items("test")))
        return combine(outputs, self.composition.weights)

    def run(self) -> Run:
        """The run of the finalist as it stands.

        Raises:
            RuntimeError: there is none.
        """
        members, refitted = self.composition.members, self.composition.n_refits > 0
        if not members:
            raise RuntimeError("choose() names the finalist first")
        if len(members) == 1:
            return dataclasses.replace(members[0].run, finalist=True, refitted=refitted)
        held_out = zip(*(candidate.outputs for candidate in members), strict=True)
        score = self.training_data.mean_score([combine(outputs, self.composition.weights) for outputs in held_out])
        searched = [candidate.run.name for candidate in self.composition.as_searched]
        run = ensemble_run(
            "shallow", [candidate.run for candidate in members], self.composition.weights, score, searched
        )
        return dataclasses.replace(run, refitted=refitted)

    def _pickled(self, n_seeds: int) -> list[bytes]:
        """Models of all members of each seed; as they were searched where they are not refitted."""
        numbers = range(n_seeds if self.composition.n_refits else 1)
        members = self.composition.members
        return [self.composition.refit_of(one, i) or one.model for i in numbers for one in members]

    def models(self, n_seeds: int) -> tuple[Any, ...]:
        """The fitted models of all members for the first seed, then for the next, up to n seeds."""
        return tuple(pickle.loads(model) for model in self._pickled(n_seeds))

    def outputs(self, part: Literal["valid", "test"], n_seeds: int) -> tuple[Output, ...]:
        """The finalist's predictions: of the searched models on validation items, or of n seeds on test items."""
        members, weights = self.composition.members, self.composition.weights
        if not members:
            return ()
        if part == "valid":
            return (combine([candidate.outputs[0] for candidate in members], weights),)
        data = self.training_data
        each = [model.predict(data.dataset, data.test) for model in self.models(n_seeds)]
        n = len(members)
        return tuple(combine(each[start : start + n], weights) for start in range(0, len(each), n))


def _has_chosen(candidate: Candidate) -> bool:
    """Whether the model of the search says what validation items decided."""
    return hasattr(pickle.loads(candidate.model), "chosen")  # safe: a model of this run
