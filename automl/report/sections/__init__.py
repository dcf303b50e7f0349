"""The sections that ship with automl, one a file; each module holds one `records.Section` constant."""

from __future__ import annotations

from automl.records import Section
from automl.report.sections import (
    attacks,
    calibration,
    compute,
    confusion,
    costs,
    data,
    data_need,
    differences,
    effects,
    errors,
    forecast,
    importance,
    label_noise,
    labels,
    leaderboard,
    learning,
    left_out,
    membership,
    membership_refits,
    metrics,
    occlusion,
    overfitting,
    profile,
    progress,
    regions,
    reproduce,
    residuals,
    robustness,
    settings,
    subgroups,
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
        data_need.DATA_NEED,
        label_noise.LABEL_NOISE,
        membership.MEMBERSHIP,
        membership_refits.MEMBERSHIP_REFITS,
        robustness.ROBUSTNESS,
        attacks.ATTACKS,
        confusion.CONFUSION,
        labels.LABELS,
        residuals.RESIDUALS,
        forecast.FORECAST,
        calibration.CALIBRATION,
        regions.REGIONS,
        subgroups.SUBGROUPS,
        differences.DIFFERENCES,
        importance.IMPORTANCE,
        effects.EFFECTS,
        occlusion.OCCLUSION,
        left_out.LEFT_OUT,
        errors.ERRORS,
        settings.SETTINGS,
        reproduce.REPRODUCE,
    )
