"""Records of a trial: the network that it leaves, what it can be resumed from, and where it may be stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from automl.records import Status

__all__ = ["Fit", "Milestone", "Snapshot"]


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A trained network of a trial.

    Attributes:
        weights: weights of the best epoch.
        raw_valid: raw outputs of the best epoch for the validation rows.
        score: score of these outputs.
        curve: the learning curve; each validation has epoch, share (of the schedule), seconds, loss and valid_score.
        epochs: epochs trained.
        seconds: time from start to end, compilation included.
        compile_seconds: time of the first dispatch.
        status: "done", or "cut" if the clock, the user or the pruner ended it before its epochs or its patience did.
        n_steps: the length of its schedule in the end.
        stopped_early: the pruner stopped it: earlier trials were better at the same share of their schedules.
        best_step: step at the end of the best epoch; None if an earlier version stored the fit.
        step_seconds: mean time of a step, without validations; None if it is not known.
    """

    weights: list[np.ndarray]
    raw_valid: np.ndarray
    score: float
    curve: tuple[Mapping[str, float], ...]
    epochs: float
    seconds: float
    compile_seconds: float
    status: Status
    n_steps: int
    stopped_early: bool = False
    best_step: int | None = None
    step_seconds: float | None = None

    @property
    def best_share(self) -> float:
        """The share of the schedule after which the best epoch ended: what a refit trains."""
        return 1.0 if self.best_step is None else min(self.best_step / max(self.n_steps, 1), 1.0)

    def with_compilation(self, seconds: float) -> Fit:
        """This fit if compilation took so many seconds more, before its training began."""
        if not seconds:
            return self
        return replace(self, seconds=self.seconds + seconds, compile_seconds=self.compile_seconds + seconds)


@dataclass(frozen=True, slots=True)
class Milestone:
    """A milestone of the pruner: at `share` of its schedule a trial goes on only with at least this score."""

    share: float
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """All that a trial needs to be resumed after the process was killed.

    Attributes:
        state: state of the network and its optimiser.
        weights: weights of the best epoch so far.
        raw_valid: raw outputs of that epoch for the validation rows.
        score: score of that epoch.
        best_step: step at the end of the best epoch so far.
        risen_step: step at the end of the last epoch whose score was the best so far; early stopping counts from it.
        step: steps trained so far.
        planned: length of the schedule before the clock shortened it, in steps.
        total: length of the schedule now, in steps.
        curve: as in `Fit`.
        seconds: time used so far.
        next_check: epoch of the next validation.
        top_raw: raw outputs of the epoch with the best score, if another one is kept; None for the same.
    """

    state: list[np.ndarray]
    weights: list[np.ndarray]
    raw_valid: np.ndarray
    score: float
    best_step: int
    risen_step: int
    step: int
    planned: int
    total: int
    curve: tuple[Mapping[str, float], ...]
    seconds: float
    next_check: float
    top_raw: np.ndarray | None = None

    def best_fit(self) -> Fit:
        """The fit that the trial would have left if it had been cut here."""
        return Fit(self.weights, self.raw_valid, self.score, self.curve, float(self.curve[-1]["epoch"]), self.seconds,
                   0.0, "cut", self.total, best_step=self.best_step)  # fmt: skip
