"""Tables: how unusual a row is. Families stand in the order of their first fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automl.baselines.detectors import detector_settings, score_model
from automl.baselines.features.columns import TableFeatures
from automl.baselines.scoring import ScoreModel, constant_score, constant_settings
from automl.baselines.tabular import COMPONENTS, first_dimensions, has_kind, scale_options, text_options
from automl.records import FILE_KINDS, Baseline, Facts, Task

__all__ = [
    "CONSTANT_SCORE", "GAUSSIAN_MIXTURE", "HISTOGRAMS", "ISOLATION_FOREST", "LOCAL_OUTLIER_FACTOR", "MAHALANOBIS",
    "NEIGHBOUR_DISTANCE", "ONE_CLASS_VECTORS", "PRINCIPAL_RESIDUAL", "TAIL_PROBABILITIES",
]  # fmt: skip

MOST_LEVELS = 30


def table_scores(task: Task, settings: Mapping[str, Any], seed: int) -> ScoreModel:
    """A detector on scaled numbers and one-hot levels, or on numbers as they are and how many rows share a level."""
    components = settings.get("components", COMPONENTS)
    if settings["counts"]:
        features = TableFeatures(
            task, "trees", settings["text_dimensions"], MOST_LEVELS, False, fill=True, max_codes=0,
            components=components, seed=seed,
        )  # fmt: skip
    else:
        features = TableFeatures(
            task, "linear", settings["text_dimensions"], MOST_LEVELS, False, quantiles=settings["quantiles"],
            components=components, seed=seed,
        )  # fmt: skip
    return score_model(task, features, settings, seed)


def scaled(kind: str, task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Settings of a detector that goes by distances: on scaled columns, also on a normal scale."""
    first = {"counts": False, "quantiles": False} | texts(task, facts, 20)
    yield from detector_settings(kind, task, facts, seed, first | pictures(task), options(task) | scale_options(task))


def plain(kind: str, task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Settings of a detector that goes column by column: on plain numbers, and how many rows share a level."""
    first = {"counts": True} | texts(task, facts, 10)
    yield from detector_settings(kind, task, facts, seed, first | pictures(task), options(task))


def texts(task: Task, facts: Facts, usual: int) -> dict[str, Any]:
    """Dimensions of each text in the first settings."""
    return {"text_dimensions": first_dimensions(task, facts, usual)}


def pictures(task: Task) -> dict[str, Any]:
    """Components of each picture in the first settings."""
    return {"components": COMPONENTS} if has_kind(task, *FILE_KINDS) else {}


def options(task: Task) -> dict[str, Any]:
    """What of texts and pictures is tuned."""
    return text_options(task, 0, 10, 20) | ({"components": [20, 50, 120]} if has_kind(task, *FILE_KINDS) else {})


def neighbour_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many neighbours, the mean of their distances or the largest, and whether they are among all rows or samples.

    Samples come first where anomalies may be among the rows.
    """
    yield from scaled("neighbours", task, facts, seed)


def forest_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many rows and columns a tree of the isolation forest sees, and how many rows are left out."""
    yield from plain("forest", task, facts, seed)


def tails_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Whether the tail of each column is chosen by itself, and how many rows are left out."""
    yield from plain("tails", task, facts, seed)


def factor_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many neighbours the local outlier factor has, and how many rows are left out."""
    yield from scaled("factor", task, facts, seed)


def density_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How much of the variance has axes of its own in the Mahalanobis distance, and how many rows are left out."""
    yield from scaled("density", task, facts, seed)


def vectors_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Share of the rows outside of the boundary, width of the kernel, and how many rows are left out."""
    yield from scaled("vectors", task, facts, seed)


def mixture_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many normal distributions, with covariances or variances, what is added to these, rows left out."""
    yield from scaled("mixture", task, facts, seed)


def histograms_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many bins a column has, as wide or as full as one another, and how many rows are left out."""
    yield from plain("histograms", task, facts, seed)


def residual_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How much of the variance the principal components keep, and how many rows are left out."""
    yield from scaled("residual", task, facts, seed)


NEIGHBOUR_DISTANCE = Baseline(
    "neighbour_distance", "fast", "tabular", ("anomaly",), table_scores, neighbour_settings, keeps_rows=True, turn=-1,
    source="Ramaswamy, Rastogi & Shim 2000; Angiulli & Pizzuti 2002; Aggarwal & Sathe 2015",
    title="distance to the nearest neighbours (k-NN)",
)  # fmt: skip
ISOLATION_FOREST = Baseline(
    "isolation_forest", "fast", "tabular", ("anomaly",), table_scores, forest_settings, turn=-1,
    source="Liu, Ting & Zhou 2008", title="isolation forest (iForest)",
)  # fmt: skip
TAIL_PROBABILITIES = Baseline(
    "tail_probabilities", "fast", "tabular", ("anomaly",), table_scores, tails_settings, seed_share=0.0,
    source="Li et al. 2022", title="tail probabilities of columns (ECOD)",
)  # fmt: skip
MAHALANOBIS = Baseline(
    "mahalanobis", "strong", "tabular", ("anomaly",), table_scores, density_settings, seed_share=0.0,
    source="Mahalanobis 1936; Rousseeuw & Van Driessen 1999; Tipping & Bishop 1999",
    title="Mahalanobis distance (trimmed, probabilistic PCA)",
)  # fmt: skip
ONE_CLASS_VECTORS = Baseline(
    "one_class_vectors", "strong", "tabular", ("anomaly",), table_scores, vectors_settings, keeps_rows=True,
    source="Schölkopf et al. 2001", title="one-class support vector machine (sklearn OneClassSVM)",
)  # fmt: skip
LOCAL_OUTLIER_FACTOR = Baseline(
    "local_outlier_factor", "strong", "tabular", ("anomaly",), table_scores, factor_settings, keeps_rows=True,
    source="Breunig et al. 2000", seed_share=0.0, title="local outlier factor (LOF)",
)  # fmt: skip
GAUSSIAN_MIXTURE = Baseline(
    "gaussian_mixture", "strong", "tabular", ("anomaly",), table_scores, mixture_settings,
    source="Dempster, Laird & Rubin 1977", title="mixture of normal distributions (sklearn GaussianMixture)",
)  # fmt: skip
HISTOGRAMS = Baseline(
    "histograms", "strong", "tabular", ("anomaly",), table_scores, histograms_settings, seed_share=0.0,
    source="Goldstein & Dengel 2012", title="histograms of columns (HBOS)",
)  # fmt: skip
PRINCIPAL_RESIDUAL = Baseline(
    "principal_residual", "strong", "tabular", ("anomaly",), table_scores, residual_settings, seed_share=0.0,
    source="Shyu et al. 2003", title="reconstruction error of principal components (PCA)",
)  # fmt: skip
CONSTANT_SCORE = Baseline(
    "constant_score", "floor", "tabular", ("anomaly",), constant_score, constant_settings, seed_share=0.0,
    source="no inputs are read", title="the same score for all rows (no inputs)",
)  # fmt: skip
