"""Tables: how unusual a row is, by nearest neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from automl.baselines.features.columns import TableFeatures
from automl.baselines.model import draws
from automl.baselines.scoring import ConstantScore, ScoreModel
from automl.records import Baseline, Facts, Task

__all__ = ["CONSTANT_SCORE", "NEIGHBOUR_DISTANCE"]


def distance_columns(task: Task, settings: Mapping[str, Any], seed: int) -> TableFeatures:
    """Columns for detectors that go by distances."""
    return TableFeatures(task, "linear", 30, 30, False, quantiles=bool(settings.get("quantiles", False)), seed=seed)


class NeighbourDistance:
    """The distance to the k-th nearest training row."""

    def __init__(self, k: int) -> None:
        self.k = k
        self.rows: np.ndarray = np.zeros((0, 0))

    def fit(self, X: np.ndarray, deadline: float | None) -> NeighbourDistance:
        """Hold the rows."""
        self.rows = X
        return self

    def scores(self, X: np.ndarray) -> np.ndarray:
        """Distances ``(n,)``."""
        from sklearn.neighbors import NearestNeighbors

        k = min(self.k, len(self.rows))
        return np.asarray(NearestNeighbors(n_neighbors=k).fit(self.rows).kneighbors(X)[0][:, -1])


def _neighbours(task: Task, settings: Mapping[str, Any], seed: int) -> ScoreModel:
    return ScoreModel(task, distance_columns(task, settings, seed), NeighbourDistance(int(settings["k"])), seed)


def _neighbour_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    yield from draws({"k": 5, "quantiles": False}, {"k": [1, 5, 20, 50], "quantiles": [False, True]}, seed)


def _constant(task: Task, settings: Mapping[str, Any], seed: int) -> ConstantScore:
    return ConstantScore()


def _no_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    yield {}


NEIGHBOUR_DISTANCE = Baseline(
    "neighbour_distance", "fast", "tabular", ("anomaly",), _neighbours, _neighbour_settings, keeps_rows=True,
    source="Ramaswamy, Rastogi & Shim, SIGMOD 2000", seed_share=0.0, title="distance to the nearest neighbours (k-NN)",
)  # fmt: skip
CONSTANT_SCORE = Baseline(
    "constant_score", "floor", "tabular", ("anomaly",), _constant, _no_settings, seed_share=0.0, title="constant score",
)  # fmt: skip
