"""The detectors of all modalities, each with its first settings and what it tunes, and the models made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automl.baselines.learners.detector import Detector
from automl.baselines.learners.histograms import Histograms
from automl.baselines.learners.isolation_forest import IsolationForest
from automl.baselines.learners.local_outlier_factor import LocalOutlierFactor
from automl.baselines.learners.mixture import GaussianMixture
from automl.baselines.learners.neighbour_distance import BAG_ROWS, NeighbourDistance
from automl.baselines.learners.one_class_vectors import OneClassVectors
from automl.baselines.learners.principal import PrincipalComponents
from automl.baselines.learners.tail_probabilities import TailProbabilities
from automl.baselines.model import Features, distinct, draws
from automl.baselines.scoring import ScoreModel
from automl.records import Facts, Task

__all__ = ["TRIM", "detector_settings", "score_model", "trims"]

TRIM = 0.1
"""Share left out in the first settings of families that one anomaly in ten would lead astray."""
BAGS = 10
MANY_ROWS = 5_000
"""From so many rows on a density is of more neighbours: with few, rows that are alike have none that differ."""


def score_model(task: Task, features: Features, settings: Mapping[str, Any], seed: int) -> ScoreModel:
    """The detector that the settings name, on these features."""
    return ScoreModel(task, features, detector_of(settings, seed), seed, float(settings["trim"]))


def detector_of(settings: Mapping[str, Any], seed: int) -> Detector:
    """The detector that the settings name."""
    kind, s = settings["detector"], settings
    if kind == "neighbours":
        return NeighbourDistance(s["k"], s["mean"], s["n_bags"], seed)
    if kind == "factor":
        return LocalOutlierFactor(s["k"])
    if kind == "forest":
        return IsolationForest(s["n_trees"], s["n_sampled"], s["share"], seed)
    if kind == "vectors":
        return OneClassVectors(s["nu"], s["gamma"])
    if kind == "mixture":
        return GaussianMixture(s["n_normals"], s["full"], s["ridge"], seed)
    if kind == "tails":
        return TailProbabilities(s["by_column"])
    if kind == "histograms":
        return Histograms(s["n_bins"], s["dynamic"])
    return PrincipalComponents(s["components_kept"], s["within"])


def detector_settings(
    kind: str, task: Task, facts: Facts, seed: int, first: Mapping[str, Any], options: Mapping[str, Any],
    **changed: Any,
) -> Iterator[Mapping[str, Any]]:  # fmt: skip
    """The settings of a detector and of its features: the first, then random ones.

    Args:
        kind: of the detector, see `detector_of`; "residual" and "density" are both of principal components.
        task: what to do.
        facts: of the training rows.
        seed: of the draws.
        first: the first settings of the features.
        options: what of them is tuned, as of `draws`.
        changed: settings of the detector that begin with another value on these features.
    """
    own, tuned = _OF_KIND[kind](task, facts)
    own |= changed
    for settings in draws({**own, **first}, {**tuned, **options}, seed):
        idle = {"mean": own["mean"]} if settings.get("k") == 1 and "mean" in own else {}
        yield {**settings, **idle}


def trims(task: Task) -> list[float]:
    """Shares of the rows to leave out: none where all that are learnt from are known to be usual."""
    return [0.0] if task.normal is not None else [0.0, 0.05, TRIM, 0.2]


def trim(task: Task) -> float:
    """The share that the first settings leave out."""
    return 0.0 if task.normal is not None else TRIM


Own = tuple[dict[str, Any], dict[str, Any]]


def _neighbours(task: Task, facts: Facts) -> Own:
    # Few rows of a sample are anomalies, so that each has none of its kind near: bags come first where they may be.
    bags = BAGS if facts.n_rows > BAG_ROWS else 0
    first = {
        "detector": "neighbours",
        "k": 5,
        "mean": False,
        "n_bags": 0 if task.normal is not None else bags,
        "trim": 0.0,
    }
    counts = distinct(5, [1, 2, 10, 20, 50], lambda k: min(k, facts.n_rows - 1))
    return first, {"k": counts, "mean": [False, True], "n_bags": sorted({0, bags}), "trim": trims(task)}


def _factor(task: Task, facts: Facts) -> Own:
    usual = 50 if facts.n_rows > MANY_ROWS else 20
    counts = distinct(usual, [5, 10, 20, 50, 100], lambda k: min(k, facts.n_rows - 1))
    return {"detector": "factor", "k": usual, "trim": trim(task)}, {"k": counts, "trim": trims(task)}


def _forest(task: Task, facts: Facts) -> Own:
    first = {"detector": "forest", "n_trees": 300, "n_sampled": 256, "share": 1.0, "trim": 0.0}
    sizes = distinct(256, [64, 1024], lambda n: min(n, facts.n_rows))
    shares = [1.0] if len(task.columns) == 1 and task.columns[0].kind in ("numeric", "boolean") else [1.0, 0.5]
    return first, {"n_sampled": sizes, "share": shares, "trim": trims(task)}


def _vectors(task: Task, facts: Facts) -> Own:
    first = {"detector": "vectors", "nu": 0.1, "gamma": 1.0, "trim": trim(task)}
    return first, {"nu": [0.02, 0.1, 0.3, 0.5], "gamma": (0.1, 5.0), "trim": trims(task)}


def _residual(task: Task, facts: Facts) -> Own:
    first = {"detector": "principal", "components_kept": 0.9, "within": False, "trim": trim(task)}
    return first, {"components_kept": (0.3, 0.99), "trim": trims(task)}


def _density(task: Task, facts: Facts) -> Own:
    first = {"detector": "principal", "components_kept": 1.0, "within": True, "trim": trim(task)}
    return first, {"components_kept": [1.0, 0.99, 0.95, 0.9, 0.7, 0.5], "trim": trims(task)}


def _mixture(task: Task, facts: Facts) -> Own:
    first = {"detector": "mixture", "n_normals": 5, "full": True, "ridge": 0.01, "trim": 0.0}
    return first, {"n_normals": [2, 3, 5, 10, 20], "full": [True, False], "ridge": (1e-3, 0.1), "trim": trims(task)}


def _tails(task: Task, facts: Facts) -> Own:
    return {"detector": "tails", "by_column": False, "trim": 0.0}, {"by_column": [False, True], "trim": trims(task)}


def _histograms(task: Task, facts: Facts) -> Own:
    first = {"detector": "histograms", "n_bins": 10, "dynamic": False, "trim": trim(task)}
    return first, {"n_bins": [5, 10, 20, 50], "dynamic": [False, True], "trim": trims(task)}


_OF_KIND = {
    "neighbours": _neighbours, "factor": _factor, "forest": _forest, "vectors": _vectors, "residual": _residual,
    "density": _density, "mixture": _mixture, "tails": _tails, "histograms": _histograms,
}  # fmt: skip
