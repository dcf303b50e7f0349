"""What the deep side stores in a run's folder: each trial in ``trials.log``, the best weights under ``weights/``."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.deep.entries import fit_of, snapshot_of
from automl.deep.messages import TrialResult, TrialSpec, plain
from automl.deep.training.failure import Failure
from automl.deep.training.records import Fit, Milestone, Snapshot
from automl.errors import FolderError
from automl.records import Cost, Run
from automl.sides.entries import ended
from automl.storage.journal import Journal
from automl.storage.values import Misfit
from automl.storage.weights import WeightStore

if TYPE_CHECKING:
    import numpy as np

    from automl.deep.family import Candidate, PendingTrial

__all__ = ["Archive", "as_run", "scores_of"]

CURVE_POINTS = 50
STARTS_ALLOWED = 2
SNAPSHOT_NUMBERS = ("score", "best_step", "risen_step", "step", "planned", "total", "seconds", "next_check")


class Archive:
    """The journal of trials and the store of weights. A failed write never stops the search.

    Args:
        folder: the run's folder, or None to store nothing.
        fingerprints: what a journal must match.
        note: called with a message when something could not be written.

    Raises:
        FolderError: the folder holds a run of other data, another split, recipe or search space.
    """

    def __init__(self, folder: Path | None, fingerprints: Mapping[str, str], note: Callable[[str], None]) -> None:
        self.note = note
        self._before: dict[str, tuple[list[int], str]] | None = None
        self.store = WeightStore(folder / "weights") if folder else None
        self.journal = Journal(folder / "trials.log" if folder else None, fingerprints)

    def begun(self, pending: PendingTrial) -> None:
        """Write that a trial begins: its settings and the state of its oracle; for a resumed trial, its step."""
        spec, oracle = pending.spec, pending.search.oracle
        if pending.again:
            self._write({"again": spec.name, "template": spec.template, "step": _step(pending.snapshot)})
            return
        self._write(
            {"begun": spec.name, "template": spec.template, "settings": dict(spec.settings), "seed": spec.seed,
             "values": oracle.values(pending.number), "oracle": oracle.state(), "variants": pending.search.neighbours,
             "gates": [[milestone.share, milestone.score] for milestone in spec.milestones]}
        )  # fmt: skip

    def stuck(self, spec: TrialSpec, why: str) -> None:
        """Write that a trial, refit or repeat under way cannot be ended, so that no process starts it again.

        It is called in the watchdog's thread.
        """
        self._write({"stuck": spec.name, "template": spec.template, "why": why})

    def ended(
        self, run: Run, result: TrialResult, scores: Sequence[float], at_milestones: Sequence[float | None], cheap: bool
    ) -> None:
        """Write that a trial has ended, with its scores on the hold-outs, and drop its snapshot."""
        fit = result.fit
        curve = () if fit is None else fit.curve
        self._write(ended(run, scores, result.skipped_for_time) | {
            "template": run.family, "settings": dict(run.choices), "device": run.device,
            "failures": [failure.kind for failure in result.failures], "at_gates": list(at_milestones), "cheap": cheap,
            "compile_seconds": 0.0 if fit is None else fit.compile_seconds,
            "curve": list(curve[:: max(1, len(curve) // CURVE_POINTS)]),
        })  # fmt: skip
        if self.store is not None:
            self.store.drop_checkpoint()

    def keep(self, candidate: Candidate, names: Sequence[str]) -> None:
        """Store the weights of a run, and remove the stored weights of all runs but those named.

        Args:
            candidate: the run to store.
            names: runs whose weights stay, best first.
        """
        if self.store is None:
            return
        fit = candidate.fit
        meta = {"score": fit.score, "curve": list(fit.curve), "epochs": fit.epochs, "seconds": fit.seconds,
                "compile_seconds": fit.compile_seconds, "status": fit.status, "n_steps": fit.n_steps,
                "stopped_early": fit.stopped_early, "best_step": fit.best_step,
                "step_seconds": fit.step_seconds}  # fmt: skip
        meta["n_others"] = len(candidate.others)
        unknown = not self.store.largest_bytes
        self._said(self.store.save(candidate.run.name, [*candidate.raws, *fit.weights], meta))
        self.store.retain(names)
        if unknown and self.store.largest_bytes:
            self.note(f"weights in {self.store.folder} will take about {self.store.bound_mib:.1f} MiB at most while "
                      "models are of this size")  # fmt: skip

    def load(self, name: str) -> tuple[Fit, tuple[np.ndarray, ...]] | None:
        """A run's fit and its raw outputs on other hold-outs; None if it is not stored or cannot be read."""
        stored = None if self.store is None else self.store.load(name)
        if stored is None:
            return None
        try:
            return fit_of(*stored)
        except Misfit:
            return None

    def snapshot(self, spec: TrialSpec, snapshot: Snapshot) -> None:
        """Store a trial's snapshot, from which it can be resumed."""
        if self.store is None:
            return
        top = [] if snapshot.top_raw is None else [snapshot.top_raw]
        arrays = [snapshot.raw_valid, *top, *snapshot.weights, *snapshot.state]
        meta = {name: getattr(snapshot, name) for name in SNAPSHOT_NUMBERS}
        meta |= {"name": spec.name, "n_weights": len(snapshot.weights), "n_tops": len(top)}
        meta |= {"curve": list(snapshot.curve)}
        self._said(self.store.checkpoint(arrays, meta))

    def left(self, begun: Mapping[str, Any], n_train: int) -> tuple[TrialSpec, Snapshot | None]:
        """The trial that a killed process left unfinished, with its last snapshot if there is one.

        Args:
            begun: the checked journal entry of its start.
            n_train: number of training items; it bounds the steps of an epoch.
        """
        spec = TrialSpec(
            str(begun["begun"]), str(begun["template"]), dict(begun["settings"]), int(begun["seed"]), math.inf,
            milestones=tuple(Milestone(*milestone) for milestone in begun["gates"]),
        )  # fmt: skip
        stored = None if self.store is None else self.store.load_checkpoint()
        if stored is None or stored[1].get("name") != spec.name:
            return spec, None
        try:
            return spec, snapshot_of(*stored, most_steps=n_train * int(spec.settings["epochs"]))
        except Misfit:
            return spec, None

    def given_up(self, spec: TrialSpec, snapshot: Snapshot | None) -> TrialResult | None:
        """The result of an unfinished trial that is given up; None if it is to be started again.

        A trial is given up if it could not be stopped, or if the process ended `STARTS_ALLOWED` times while it ran. It
        may have ended the process itself, for example by using up the machine's memory. Starts after which a later
        snapshot was stored do not count.
        """
        starts, words = self._known_of(spec.name)
        if not words and starts.count(_step(snapshot)) >= STARTS_ALLOWED:
            words = f"the process ended {STARTS_ALLOWED} times while it ran (was it killed for lack of memory?)"
        if not words:
            return None
        words += "; it is not started again"
        failure = Failure("never ended", words)
        fit = None if snapshot is None else snapshot.best_fit()
        return TrialResult(
            spec, spec.settings, "failed" if fit is None else "cut", fit, words, (failure,), 0.0, None, None, ""
        )

    def was_stuck(self, name: str) -> str:
        """Why a refit or repeat could not be ended in an earlier process; "" if it could, or was not begun."""
        return self._known_of(name)[1]

    def _known_of(self, name: str) -> tuple[list[int], str]:
        """What earlier processes wrote of a fit; see `_before`."""
        if self._before is None:
            self._before = _before(self.journal.entries_before)
        return self._before.get(name, ([], ""))

    def _write(self, entry: Mapping[str, Any]) -> None:
        """Write to the journal. If that fails the search goes on; only a resumed run would miss the entry."""
        try:
            self.journal.write(entry)
        except FolderError as error:
            self._said(f"{error}; the search goes on")

    def _said(self, problem: str | None) -> None:
        if problem is not None:
            self.note(problem)


def _before(entries: Sequence[Mapping[str, Any]]) -> dict[str, tuple[list[int], str]]:
    """For each trial, refit and repeat: the steps that it was started from, and why it could not be stopped.

    The reason is "" if it could be.
    """
    starts_of: dict[str, tuple[list[int], str]] = {}
    for entry in entries:
        if "begun" in entry:
            starts_of[entry["begun"]] = [0], starts_of.get(entry["begun"], ([], ""))[1]
        elif "again" in entry:
            starts_of.setdefault(entry["again"], ([], ""))[0].append(int(entry["step"]))
        elif "stuck" in entry:
            starts = starts_of.get(entry["stuck"], ([], ""))[0]
            starts_of[entry["stuck"]] = starts, f"{entry['why']}, and it could not be stopped"
    return starts_of


def _step(snapshot: Snapshot | None) -> int:
    return 0 if snapshot is None else snapshot.step


def as_run(result: TrialResult) -> Run:
    """The record of a trial."""
    spec, fit = result.spec, result.fit
    cost = Cost(
        fit_seconds=result.seconds,
        offered_seconds=spec.seconds if math.isfinite(spec.seconds) else result.seconds,
        peak_mib=result.peak_mib,
        size_mib=None if result.n_parameters is None else result.n_parameters * 4 / 2**20,
        n_parameters=result.n_parameters,
    )
    return Run(
        spec.name, "deep", result.status, spec.template, cost=cost, device=result.device,
        choices=plain(result.settings), valid_score=None if fit is None else statistics.fmean(scores_of(result)),
        curve=() if fit is None else fit.curve, failure=result.failure, n_holdouts=1 + len(result.others),
    )  # fmt: skip


def scores_of(result: TrialResult) -> list[float]:
    """A trial's score on each hold-out that it was judged on."""
    return [] if result.fit is None else [result.fit.score, *(fit.score for fit in result.others)]
