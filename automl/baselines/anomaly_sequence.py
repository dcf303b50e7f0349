"""Sequences ``(n, channels, length)``: how unusual a whole one is, by its values, by summaries of it, or by how badly
an autoregression forecasts it. Families stand in the order of their first fits.

Where an item is a row of a table with the rows before it (`Task.window`), all families judge its end (`LastSteps`), as
networks do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automl.baselines.detectors import detector_settings, score_model
from automl.baselines.features.last_steps import LastSteps
from automl.baselines.features.residuals import ForecastErrors
from automl.baselines.features.series_values import SeriesValues
from automl.baselines.features.summaries import SequenceFeatures
from automl.baselines.scoring import ScoreModel, constant_score, constant_settings
from automl.records import Baseline, Facts, Task

__all__ = [
    "CONSTANT_SCORE", "FORECAST_ERRORS", "FOREST", "LOCAL_OUTLIER_FACTOR", "MAHALANOBIS", "NEIGHBOURS",
    "ONE_CLASS_VECTORS", "PRINCIPAL_RESIDUAL",
]  # fmt: skip

STEPS = 128
CONVOLUTIONS = 1_000


def sequence_scores(task: Task, settings: Mapping[str, Any], seed: int) -> ScoreModel:
    """A detector on values, on summaries and convolutions, on errors of forecasts, or on the end of windows."""
    features: Any
    if "last" in settings:
        features = LastSteps(settings["last"], seed)
    elif "lags" in settings:
        features = ForecastErrors(settings["lags"], seed)
    elif settings["steps"]:
        features = SeriesValues(settings["steps"], 0, seed)
    else:
        features = SequenceFeatures(True, settings["convolutions"], seed=seed)
    return score_model(task, features, settings, seed)


def both(kind: str, task: Task, facts: Facts, seed: int, steps: int, **changed: Any) -> Iterator[Mapping[str, Any]]:
    """Settings of a detector on values (some steps) or summaries (no steps), with or without convolutions."""
    if task.window is not None:
        yield from detector_settings(kind, task, facts, seed, {"last": 8}, {"last": [4, 8, 16]}, **changed)
        return
    first = {"steps": steps, "convolutions": 0}
    options = {"steps": [0, STEPS // 2, STEPS], "convolutions": [0, CONVOLUTIONS]}
    for settings in detector_settings(kind, task, facts, seed, first, options, **changed):
        yield {**settings, "convolutions": 0} if settings["steps"] else settings


def neighbour_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many neighbours, among all series or samples, of summaries, convolutions or values."""
    yield from both("neighbours", task, facts, seed, 0)


def forest_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many series and features a tree of the isolation forest sees, of summaries, convolutions or values."""
    yield from both("forest", task, facts, seed, 0)


def residual_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How much of the variance of values or summaries the principal components keep."""
    yield from both("residual", task, facts, seed, STEPS)


def density_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How much of the variance of summaries or values has axes of its own in the Mahalanobis distance."""
    yield from both("density", task, facts, seed, 0, components_kept=0.9)


def factor_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many neighbours the local outlier factor has, of values, summaries or convolutions."""
    yield from both("factor", task, facts, seed, STEPS)


def vectors_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Share of the series outside of the boundary and width of the kernel, on summaries, convolutions or values."""
    yield from both("vectors", task, facts, seed, 0)


def errors_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many steps the autoregression sees, and how errors are weighed against one another."""
    if task.window is not None:  # errors are among the features of all families
        yield from detector_settings("residual", task, facts, seed, {"last": 16}, {"last": [4, 8, 16]})
        return
    yield from detector_settings("density", task, facts, seed, {"lags": 16}, {"lags": [4, 8, 16, 32]})


NEIGHBOURS = Baseline(
    "series_neighbours", "fast", "sequence", ("anomaly",), sequence_scores, neighbour_settings, keeps_rows=True,
    turn=-1, source="Ramaswamy, Rastogi & Shim 2000; as in tsfresh, Christ et al. 2018",
    title="distance to the nearest neighbours of summaries (k-NN)",
)  # fmt: skip
FOREST = Baseline(
    "series_isolation", "fast", "sequence", ("anomaly",), sequence_scores, forest_settings, turn=-1,
    source="Liu, Ting & Zhou 2008; as in tsfresh, Christ et al. 2018", title="isolation forest on summaries (iForest)",
)  # fmt: skip
PRINCIPAL_RESIDUAL = Baseline(
    "series_residual", "strong", "sequence", ("anomaly",), sequence_scores, residual_settings, seed_share=0.0,
    source="Shyu et al. 2003", title="reconstruction error of principal components of the values (PCA)",
)  # fmt: skip
FORECAST_ERRORS = Baseline(
    "series_forecast_errors", "strong", "sequence", ("anomaly",), sequence_scores, errors_settings, seed_share=0.0,
    source="Box & Jenkins 1970; Tipping & Bishop 1999", title="errors of one-step forecasts (autoregression)",
)  # fmt: skip
MAHALANOBIS = Baseline(
    "series_density", "strong", "sequence", ("anomaly",), sequence_scores, density_settings, seed_share=0.0,
    source="Mahalanobis 1936; Tipping & Bishop 1999", title="Mahalanobis distance of summaries (probabilistic PCA)",
)  # fmt: skip
LOCAL_OUTLIER_FACTOR = Baseline(
    "series_outlier_factor", "strong", "sequence", ("anomaly",), sequence_scores, factor_settings, keeps_rows=True,
    source="Breunig et al. 2000", seed_share=0.0, title="local outlier factor of the values (LOF)",
)  # fmt: skip
ONE_CLASS_VECTORS = Baseline(
    "series_one_class_vectors", "strong", "sequence", ("anomaly",), sequence_scores, vectors_settings, keeps_rows=True,
    source="Schölkopf et al. 2001", title="one-class support vector machine on summaries (sklearn OneClassSVM)",
)  # fmt: skip
CONSTANT_SCORE = Baseline(
    "series_constant_score", "floor", "sequence", ("anomaly",), constant_score, constant_settings, seed_share=0.0,
    source="no inputs are read", title="the same score for all series (no inputs)",
)  # fmt: skip
