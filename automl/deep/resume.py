"""Restores the trials of an earlier process from the run's folder, and those that it left unfinished."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from automl import metrics
from automl.deep.entries import Entries, run_of
from automl.deep.family import Candidate, FamilySearch, PendingTrial
from automl.sides.entries import damage
from automl.system.counts import counted

if TYPE_CHECKING:
    from automl.deep.archive import Archive
    from automl.deep.data import TrainingData
    from automl.deep.messages import TrialResult
    from automl.records import Run
    from automl.sides.holdouts import MultiHoldoutPolicy

__all__ = ["ResumedTrials"]


class Restored(Protocol):
    """What of a side is restored; see `automl.deep.side.DeepSide`."""

    searches: list[FamilySearch]
    seed: int
    holdout_policy: MultiHoldoutPolicy
    ranked: list[Candidate]
    n_runs: int
    failures: Counter[str]

    def lead(self, search: FamilySearch, score: float, settings: dict[str, Any], cheap: bool) -> None:
        """Take in a score."""
        ...

    def rank(self, candidate: Candidate) -> None:
        """Insert a candidate into the ranking."""
        ...

    def take_in(self, pending: PendingTrial, result: TrialResult) -> Run:
        """Take in a trial's result."""
        ...

    def note(self, text: str) -> None:
        """Pass a message on to the user."""
        ...


class ResumedTrials:
    """The trials of earlier calls, read from the journal.

    Args:
        archive: the journal and the stored weights.
        training_data: the data that trials read.

    Attributes:
        runs: the runs of these trials.
        in_flight: trials that were under way; the search takes them from this list.
    """

    def __init__(self, archive: Archive, training_data: TrainingData) -> None:
        self.archive, self.training_data = archive, training_data
        self.higher_is_better = metrics.named(training_data.metric).higher_is_better
        self.runs: list[Run] = []
        self.in_flight: list[PendingTrial] = []

    def replay(self, side: Restored) -> None:
        """Restore the state that an earlier call left: oracles, milestone scores, weights, and unfinished trials.

        Args:
            side: the side that goes on; its state is restored.
        """
        searches = {search.template.name: search for search in side.searches}
        unfinished: dict[str, tuple[FamilySearch, str, Mapping[str, Any]]] = {}
        lost: list[tuple[Run, FamilySearch]] = []
        journal = self.archive.journal
        entries = Entries(side.searches, side.seed, side.holdout_policy.n_holdouts, journal.n_lines)
        for entry in journal.understood(entries.read):
            search = searches[entry["template"]]
            if "again" in entry or "stuck" in entry:
                continue  # read by Archive.given_up
            search.n_runs = max(search.n_runs, _number_in(entry.get("begun") or entry["name"]))
            if "begun" in entry:
                number = search.oracle.enter(entry["values"])
                search.oracle.set_state(entry["oracle"])
                search.neighbours = int(entry["variants"])
                unfinished[entry["begun"]] = (search, number, entry)
                continue
            run, scores = run_of(entry, side.holdout_policy.n_holdouts)
            begun = unfinished.pop(run.name, None)  # None if the line of its start is lost
            number = search.oracle.enter(entry["settings"]) if begun is None else begun[1]
            self.runs.append(run)
            side.n_runs += 1
            search.seconds += run.cost.fit_seconds
            adjusted_score = side.holdout_policy.take_in(scores, bool(entry["passed_over"])) if scores else None
            search.oracle.tell(number, adjusted_score, dict(run.choices))
            side.failures.update(entry.get("failures", ()))
            if adjusted_score is None:
                search.n_failed += 1
                continue
            search.peers.append(list(entry["at_gates"]))
            search.compile_seconds = max(search.compile_seconds, float(entry["compile_seconds"]))
            side.lead(search, adjusted_score, dict(run.choices), bool(entry["cheap"]))
            if not self._restore(side, search, run, scores):
                lost.append((run, search))
        for search, number, entry in unfinished.values():
            spec, snapshot = self.archive.left(entry, len(self.training_data.target))
            if snapshot is not None and not self._gives((snapshot.raw_valid,), (snapshot.score,)):
                snapshot = None
            pending = PendingTrial(search, number, spec, snapshot, again=True)
            given_up = self.archive.given_up(spec, snapshot)
            if given_up is None:
                self.in_flight.append(pending)
            else:
                self.runs.append(side.take_in(pending, given_up))
                side.note(f"{spec.name}: {given_up.failure}")
        if lost:  # the best run without weights is fitted again, unless a run with weights is as good
            run, search = min(lost, key=lambda item: self._place_of(item[0]))
            if not side.ranked or self._place_of(run) < self._place_of(side.ranked[0].run):
                search.oracle.first(dict(run.choices))
                side.n_runs -= 1  # so that `max_trials` leaves room for it

    def in_words(self, n_weights: int) -> str:
        """What is gone on with, and what could not be read; "" if there is nothing.

        Args:
            n_weights: number of runs whose weights were restored.
        """
        parts: list[str] = []
        if self.runs:
            parts.append(f"{counted(len(self.runs), 'trial')} of an earlier call, the weights of {n_weights} of them")
        for pending in self.in_flight:
            where = "its last snapshot" if pending.snapshot is not None else "its start"
            parts.append(f"{pending.spec.name}, which was under way, from {where}")
        parts += damage(self.archive.journal, self.archive.store)
        return "; ".join(parts)

    def _gives(self, raws: Sequence[np.ndarray], scores: Sequence[float]) -> bool:
        """Whether stored outputs give a run's scores: the file under its name may belong to another run."""
        training_data = self.training_data
        sizes = [len(training_data.valid_truth), *(len(other.valid) for other in training_data.others)]
        shape = tuple(training_data.head.shape)
        if len(raws) != len(scores) or any(raw.shape != (n, *shape) for raw, n in zip(raws, sizes, strict=False)):
            return False
        if not all(np.issubdtype(raw.dtype, np.floating) and np.isfinite(raw).all() for raw in raws):
            return False
        try:
            own = [training_data.judge(raw, holdout) for holdout, raw in enumerate(raws)]
        except Exception:  # the arrays hold no numbers, or odd ones
            return False
        return bool(np.allclose(own, scores, rtol=1e-4, atol=1e-6))

    def _restore(self, side: Restored, search: FamilySearch, run: Run, scores: Sequence[float]) -> bool:
        """Load a run's weights from disk as a candidate; False if they are missing or belong to another run."""
        stored = self.archive.load(run.name)
        if stored is None or not self._gives((stored[0].raw_valid, *stored[1]), scores):
            return False
        fit, others = stored
        side.rank(Candidate(run, search.template, dict(run.choices), fit, others, stored=True))
        return True

    def _place_of(self, run: Run) -> tuple[int, float]:
        """The sort key of runs without weights: those judged on all hold-outs first, then the better score."""
        score = run.valid_score or 0.0
        return -run.n_holdouts, -score if self.higher_is_better else score


def _number_in(name: str) -> int:
    """The number at the end of a run's name; each template counts its own runs."""
    return int(name.rpartition("-")[2])
