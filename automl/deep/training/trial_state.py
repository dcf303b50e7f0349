"""What is known of a trial that is under way: its tries so far, and how it would end now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from automl.deep.training.failure import Failure, never_ended

if TYPE_CHECKING:
    from automl.deep.messages import TrialSpec
    from automl.deep.training.records import Fit

__all__ = ["TrialState", "why_cut"]


@dataclass(slots=True, eq=False)
class TrialState:
    """The state of a trial: its tries so far, and the result that it would have if it were ended now.

    Attributes:
        settings: settings of the current try.
        status: status of the run; "stopped" if the watchdog ended it.
        ended: why it was cut or stopped, in words.
        fit: the fit of the first hold-out, once it is complete.
        best: the fit of the best epoch so far.
        failures: one entry for each try that failed.
        n_parameters: parameters of the network.
        place: the device or devices.
        seconds: time of all tries.
        others: as in `TrialResult`.
        skipped_for_time: as in `TrialResult`.
    """

    settings: Mapping[str, Any]
    status: Literal["done", "cut", "failed", "stopped"] = "failed"
    ended: str | None = None
    fit: Fit | None = None
    best: Fit | None = None
    failures: list[Failure] = field(default_factory=list)
    n_parameters: int | None = None
    place: str = ""
    seconds: float = 0.0
    others: tuple[Fit, ...] = ()
    skipped_for_time: bool = False

    def remember(self, best: Fit) -> None:
        """Keep the fit of a better epoch."""
        self.best = best

    def ended_by(self, spec: TrialSpec, why: str) -> None:
        """Record that the watchdog ended the trial; the fit of its best epoch stands, if there is one."""
        failure = never_ended(spec.template, why)
        self.failures.append(failure)
        self.status, self.ended, self.fit = "stopped", failure.words, self.best


def why_cut(fit: Fit) -> str | None:
    """Why a fit ended before its schedule did, in words; None if it did not."""
    if fit.stopped_early:
        return f"stopped after {fit.epochs:.3g} epochs: earlier trials were better at this point"
    return "the time offered was over" if fit.status == "cut" else None
