"""Trial specs and trial results: plain records, so that a trainer may run in this process or in another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from automl.deep.training.failure import Failure
    from automl.deep.training.records import Fit, Milestone
    from automl.records import Status

__all__ = ["TrialResult", "TrialSpec", "plain"]


@dataclass(frozen=True, slots=True)
class TrialSpec:
    """One trial to run.

    Attributes:
        name: name of the run.
        template: name of the template.
        settings: hyperparameters: choices and knobs.
        seed: seed of the initial weights and of the order of rows.
        seconds: time allotted; infinite without a time limit.
        n_steps: see `trial.train`.
        soft_seconds: see `trial.train`.
        least_share: see `trial.train`.
        milestones: see `trial.train`.
        is_refit: it learns from the validation rows too, so that nothing is left to judge it by or to stop it early.
        share: of a refit: the share of its schedule that is trained.
        promotion_score: with this score or a better one the trial is judged on the other hold-outs too; None for never.
        promotion_share: largest share of the time left that the other hold-outs may take.
    """

    name: str
    template: str
    settings: Mapping[str, Any]
    seed: int
    seconds: float
    n_steps: int | None = None
    is_refit: bool = False
    share: float = 1.0
    soft_seconds: float | None = None
    least_share: float | None = None
    milestones: tuple[Milestone, ...] = ()
    promotion_score: float | None = None
    promotion_share: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class TrialResult:
    """The result of one trial.

    Attributes:
        spec: what was asked for.
        settings: the settings that were trained in the end; they differ from the spec's if a first try failed.
        fit: the fit on the first hold-out; None if the trial left no usable weights.
        status: status of the run.
        failure: why the run failed or was cut, in words; None for a run that came to its end.
        failures: one entry for each try that failed.
        seconds: time of all tries, without the other hold-outs.
        peak_mib: peak memory in MiB, None if unknown.
        n_parameters: number of parameters, None if unknown.
        device: what the trial ran on.
        others: fits on the other hold-outs: one for each of them, or none.
        skipped_for_time: the trial deserved the other hold-outs, but there was no time for them.
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
    """Settings with NumPy scalars turned into Python's own numbers and strings."""
    return {name: (value.item() if isinstance(value, np.generic) else value) for name, value in settings.items()}
