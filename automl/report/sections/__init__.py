"""The sections that ship with automl, one a file; each module holds one `records.Section` constant."""

from __future__ import annotations

from automl.records import Section
from automl.report.sections import (
    calibration,
    confusion,
    costs,
    data,
    data_need,
    errors,
    forecast,
    label_noise,
    labels,
    leaderboard,
    learning,
    membership,
    membership_refits,
    overfitting,
    progress,
    regions,
    reproduce,
    residuals,
    settings,
    verdict,
)

__all__ = ["shipped"]


def shipped() -> tuple[Section, ...]:
    """The sections of this folder, in the order of the page."""
    return (
        verdict.VERDICT,
        data.DATA,
        leaderboard.LEADERBOARD,
        progress.PROGRESS,
        learning.LEARNING,
        costs.COSTS,
        overfitting.OVERFITTING,
        data_need.DATA_NEED,
        label_noise.LABEL_NOISE,
        membership.MEMBERSHIP,
        membership_refits.MEMBERSHIP_REFITS,
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
