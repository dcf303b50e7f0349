"""One shape for shallow models that represent rows by vectors: features of raw rows, then a projection."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from automl.baselines.learners.detector import dense
from automl.baselines.model import Features
from automl.records import Dataset, FitContext, Output, Task

__all__ = ["Projection", "VectorModel"]

CHUNK_ROWS = 4_096


class Projection(Protocol):
    """Makes a few numbers of a row's features."""

    def fit(self, X: Any, seed: int) -> None:
        """Learn from ``(n, n_columns)``, which may be sparse."""
        ...

    def transform(self, X: Any) -> np.ndarray:
        """``(n, dims)`` float64."""
        ...


class VectorModel:
    """Features and a projection of them.

    Args:
        task: what to do.
        features: see `automl.baselines.model.Features`.
        projection: None where the features are the vectors.
        seed: of the projection.
    """

    def __init__(self, task: Task, features: Features, projection: Projection | None, seed: int) -> None:
        self.features = features
        self.projection = projection
        self.seed = seed

    def fit(self, dataset: Dataset, split_rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None,
            context: FitContext) -> None:  # fmt: skip
        """Fit features and projection on these rows; `truth` holds zeros and is not read."""
        X = self.features.fit(dataset, split_rows, np.zeros(len(split_rows), np.int64), None)
        if self.projection is not None:
            self.projection.fit(X, self.seed)
        if context.checkpoint is not None:
            context.checkpoint(self)

    def predict(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """The vectors of these rows, some thousands at a time so that memory stays bounded."""
        parts = []
        for begin in range(0, max(len(rows), 1), CHUNK_ROWS):
            X = self.features.transform(dataset, rows[begin : begin + CHUNK_ROWS])
            parts.append(dense(X) if self.projection is None else self.projection.transform(X))
        return Output("vectors", {"vectors": np.concatenate(parts)})

    @property
    def n_learnt(self) -> int:
        """Rows that the projection learnt from where these may be fewer than it was given; else 0."""
        return int(getattr(self.projection, "n_learnt", 0))

    def chosen(self, growth: float) -> dict[str, Any]:
        """Nothing was chosen by validation rows."""
        return {}
