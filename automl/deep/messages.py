"""What is asked of a trainer and what it answers: plain records, so that it may stand in this process or in another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from automl.deep.training.failure import Failure
    from automl.deep.training.trial import Fit, Milestone
    from automl.records import Status

__all__ = ["TrialResult", "TrialSpec", "plain"]


@dataclass(frozen=True, slots=True)
class TrialSpec:
    """One trial to run.

    Attributes:
        name: of the run.
        template: a template's name.
        settings: choices and knobs.
        seed: of weights and row order.
        seconds: offered, infinite for no clock.
        n_steps: see `trial.train`.
        soft_seconds: see `trial.train`.
        gates: see `trial.train`.
        bar: the score from which on it is judged on the other hold-outs too, None for never; if they take no more than
            `promotion_share` of the time left.
    """

    name: str
    template: str
    settings: Mapping[str, Any]
    seed: int
    seconds: float
    n_steps: int | None = None
    soft_seconds: float | None = None
    milestones: tuple[Milestone, ...] = ()
    promotion_score: float | None = None
    promotion_share: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class TrialResult:
    """What came of an order.

    Attributes:
        settings: those that were trained in the end, changed where a first try failed.
        fit: None when nothing was left.
        status: of the run.
        failure: in words, None for a run that came to its end.
        failures: each try that failed.
        seconds: of all tries, without other hold-outs.
        peak_mib: None where they are not known.
        n_parameters: None where they are not known.
        others: fits on the other hold-outs, all or none.
        passed_over: there was no time for them.
    """

    spec: TrialSpec
    settings: Mapping[str, Any]
    status: Status
    fit: Fit | None
    failure: str | None
    failures: tuple[Failure, ...]
    seconds: float
    peak_mib: float | None
    n_parameters: int | None
    device: str
    others: tuple[Fit, ...] = ()
    skipped_for_time: bool = False


def plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as Python's own numbers and words."""
    return {k: (v.item() if isinstance(v, np.generic) else v) for k, v in settings.items()}
