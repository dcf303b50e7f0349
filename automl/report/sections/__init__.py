"""The sections that ship with automl, one a file; each module holds one `records.Section` constant."""

from __future__ import annotations

from automl.records import Section
from automl.report.sections import (
    calibration,
    compute,
    confusion,
    costs,
    data,
    errors,
    forecast,
    labels,
    leaderboard,
    learning,
    left_out,
    metrics,
    overfitting,
    profile,
    progress,
    regions,
    reproduce,
    residuals,
    settings,
    thresholds,
    verdict,
)

__all__ = ["shipped"]


def shipped() -> tuple[Section, ...]:
    """The sections of this folder, in the order of the page."""
    return (
        verdict.VERDICT,
        metrics.METRICS,
        thresholds.THRESHOLDS,
        compute.COMPUTE,
        data.DATA,
        profile.PROFILE,
        leaderboard.LEADERBOARD,
        progress.PROGRESS,
        learning.LEARNING,
        costs.COSTS,
        overfitting.OVERFITTING,
        left_out.LEFT_OUT,
        confusion.CONFUSION,
        labels.LABELS,
        residuals.RESIDUALS,
        forecast.FORECAST,
        calibration.CALIBRATION,
        regions.REGIONS,
        errors.ERRORS,
        settings.SETTINGS,
        reproduce.REPRODUCE,
    )
