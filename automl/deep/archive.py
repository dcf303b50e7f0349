"""What the deep side leaves in a run's folder: each trial in ``trials.log``, the best weights under ``weights/``."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.deep.entries import fit_of, snapshot_of
from automl.deep.messages import TrialResult, TrialSpec, plain
from automl.deep.training.failure import Failure
from automl.deep.training.trial import Fit, Milestone, Snapshot
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
SNAPSHOT_NUMBERS = ("score", "best_step", "step", "planned", "total", "seconds", "next_check")


class Archive:
    """A journal of trials and a store of weights; nothing of it stops the search where it cannot be written.

    Args:
        folder: of the run, or None to keep nothing.
        fingerprints: what a journal must match.
        note: told in words of what could not be written.

    Raises:
        FolderError: the folder holds a run of something else.
    """

    def __init__(self, folder: Path | None, fingerprints: Mapping[str, str], note: Callable[[str], None]) -> None:
        self.note = note
        self._before: dict[str, tuple[list[int], str]] | None = None
        self.store = WeightStore(folder / "weights") if folder else None
        self.journal = Journal(folder / "trials.log" if folder else None, fingerprints)

    def begun(self, asked: PendingTrial) -> None:
        """A trial begins: its setting, and the state that its oracle was left in; or how far it had come before."""
        spec, oracle = asked.spec, asked.search.oracle
        if asked.again:
            self._write({"again": spec.name, "template": spec.template, "step": _step(asked.snapshot)})
            return
        self._write(
            {"begun": spec.name, "template": spec.template, "settings": dict(spec.settings), "seed": spec.seed,
             "values": oracle.values(asked.number), "oracle": oracle.state(), "variants": asked.search.neighbours,
             "gates": [[gate.share, gate.score] for gate in spec.milestones]}
        )  # fmt: skip

    def stuck(self, spec: TrialSpec, why: str) -> None:
        """A trial under way cannot be ended; another process must not start it again. For another thread."""
        self._write({"stuck": spec.name, "template": spec.template, "why": why})

    def ended(
        self, run: Run, report: TrialResult, scores: Sequence[float], at_milestones: Sequence[float | None], cheap: bool
    ) -> None:
        """A trial has ended, with these scores on its hold-outs; its state under way is of no more use."""
        fit = report.fit
        curve = () if fit is None else fit.curve
        self._write(ended(run, scores, report.skipped_for_time) | {
            "template": run.family, "settings": dict(run.choices), "device": run.device,
            "failures": [failure.kind for failure in report.failures], "at_gates": list(at_milestones), "cheap": cheap,
            "compile_seconds": 0.0 if fit is None else fit.compile_seconds,
            "curve": list(curve[:: max(1, len(curve) // CURVE_POINTS)]),
        })  # fmt: skip
        if self.store is not None:
            self.store.drop_checkpoint()

    def keep(self, candidate: Candidate, names: Sequence[str]) -> None:
        """Store the weights of a run, and leave those of these runs alone, best first."""
        if self.store is None:
            return
        fit = candidate.fits[0]
        meta = {"score": fit.score, "curve": list(fit.curve), "epochs": fit.epochs, "seconds": fit.seconds,
                "compile_seconds": fit.compile_seconds, "status": fit.status, "n_steps": fit.n_steps,
                "stopped_early": fit.stopped_early}  # fmt: skip
        meta["n_others"] = len(candidate.others)
        unknown = not self.store.largest_bytes
        self._said(self.store.save(candidate.run.name, [*candidate.raws, *fit.weights], meta))
        self.store.retain(names)
        if unknown and self.store.largest_bytes:
            self.note(f"weights in {self.store.folder} will take about {self.store.bound_mib:.1f} MiB at most while "
                      "models are of this size")  # fmt: skip

    def load(self, name: str) -> tuple[Fit, tuple[np.ndarray, ...]] | None:
        """A run's fit, and its raw outputs on other hold-outs, where its weights were stored and can be read."""
        found = None if self.store is None else self.store.load(name)
        if found is None:
            return None
        try:
            return fit_of(*found)
        except Misfit:
            return None

    def snapshot(self, spec: TrialSpec, snapshot: Snapshot) -> None:
        """Store a trial's state, from which it can go on."""
        if self.store is None:
            return
        arrays = [snapshot.raw_valid, *snapshot.weights, *snapshot.state]
        meta = {name: getattr(snapshot, name) for name in SNAPSHOT_NUMBERS}
        meta |= {"name": spec.name, "n_weights": len(snapshot.weights), "curve": list(snapshot.curve)}
        self._said(self.store.checkpoint(arrays, meta))

    def left(self, begun: Mapping[str, Any], n_train: int) -> tuple[TrialSpec, Snapshot | None]:
        """The trial that a killed process left, with its last state where there is one.

        Args:
            begun: its entry, checked.
            n_train: training items, which bound the steps of an epoch.
        """
        spec = TrialSpec(
            str(begun["begun"]), str(begun["template"]), dict(begun["settings"]), int(begun["seed"]), math.inf,
            milestones=tuple(Milestone(*gate) for gate in begun["gates"]),
        )  # fmt: skip
        found = None if self.store is None else self.store.load_checkpoint()
        if found is None or found[1].get("name") != spec.name:
            return spec, None
        try:
            return spec, snapshot_of(*found, most_steps=n_train * int(spec.settings["epochs"]))
        except Misfit:
            return spec, None

    def given_up(self, spec: TrialSpec, snapshot: Snapshot | None) -> TrialResult | None:
        """What is to be said of a trial that was left, if it is not to be started once more.

        It may be what ended the process each time, by eating the machine's memory or by never ending. A start that
        brought it to a further snapshot does not count.
        """
        if self._before is None:
            self._before = _before(self.journal.earlier)
        starts, words = self._before.get(spec.name, ([], ""))
        if not words and starts.count(_step(snapshot)) >= STARTS_ALLOWED:
            words = f"the process ended {STARTS_ALLOWED} times while it ran (was it killed for want of memory?)"
        if not words:
            return None
        words += "; it is not started again"
        failure = Failure("never ended", words)
        fit = None if snapshot is None else snapshot.best_fit()
        return TrialResult(
            spec, spec.settings, "failed" if fit is None else "cut", fit, words, (failure,), 0.0, None, None, ""
        )

    def _write(self, entry: Mapping[str, Any]) -> None:
        """Write to the journal; where that fails the search goes on, and only a resumed run would miss the entry."""
        try:
            self.journal.write(entry)
        except FolderError as error:
            self._said(f"{error}; the search goes on")

    def _said(self, problem: str | None) -> None:
        if problem is not None:
            self.note(problem)


def _before(entries: Sequence[Mapping[str, Any]]) -> dict[str, tuple[list[int], str]]:
    """Of each trial the steps that it was started from, and why it could not be stopped."""
    found: dict[str, tuple[list[int], str]] = {}
    for entry in entries:
        if "begun" in entry:
            found[entry["begun"]] = [0], found.get(entry["begun"], ([], ""))[1]
        elif "again" in entry:
            found.setdefault(entry["again"], ([], ""))[0].append(int(entry["step"]))
        elif "stuck" in entry:
            starts = found.get(entry["stuck"], ([], ""))[0]
            found[entry["stuck"]] = starts, f"{entry['why']}, and it could not be stopped"
    return found


def _step(snapshot: Snapshot | None) -> int:
    return 0 if snapshot is None else snapshot.step


def as_run(report: TrialResult) -> Run:
    """The record of a trial."""
    spec, fit = report.spec, report.fit
    cost = Cost(
        fit_seconds=report.seconds,
        offered_seconds=spec.seconds if math.isfinite(spec.seconds) else report.seconds,
        peak_mib=report.peak_mib,
        size_mib=None if report.n_parameters is None else report.n_parameters * 4 / 2**20,
        n_parameters=report.n_parameters,
    )
    return Run(
        spec.name, "deep", report.status, spec.template, cost=cost, device=report.device,
        choices=plain(report.settings), valid_score=None if fit is None else statistics.fmean(scores_of(report)),
        curve=() if fit is None else fit.curve, failure=report.failure, n_holdouts=1 + len(report.others),
    )  # fmt: skip


def scores_of(report: TrialResult) -> list[float]:
    """A trial's score on each hold-out it was judged on."""
    return [] if report.fit is None else [report.fit.score, *(fit.score for fit in report.others)]
