"""Nearest neighbours on scaled columns; their state holds training rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
from scipy.spatial.distance import cdist

from automl.baselines.learners.learner import Learner, balanced, late
from automl.records import FitContext, GoalName

__all__ = ["Neighbours"]

COUNTS = (1, 2, 4, 7, 12, 20, 35, 60)
DEFAULT_COUNT = 12
CELLS = 8_000_000


class Neighbours(Learner):
    """Weighted votes or means of the nearest training rows; how many of them is chosen by validation loss.

    Args:
        goal: of the task.
        n_classes: classes, or labels.
        distance: "euclidean" or "cityblock".
        near: how much more a nearer row counts: its weight is its distance to the power of -near.
        class_weight: None or "balanced".

    Shape: X ``(n, n_columns)`` dense without NaN, columns on comparable scales.

    Source: Cover & Hart 1967; weights by distance, Dudani 1976. A vote is shrunk towards the training rows' shares by
    one row's worth, so that a class without a neighbour is not impossible.
    """

    def __init__(self, goal: GoalName, n_classes: int, distance: Literal["euclidean", "cityblock"] = "euclidean",
                 near: float = 1.0, class_weight: str | None = None) -> None:  # fmt: skip
        super().__init__(goal, n_classes)
        self.distance = distance
        self.near = near
        self.class_weight = class_weight
        self.count = DEFAULT_COUNT
        self.rows = np.zeros((0, 0), dtype=np.float32)
        self.goals = np.zeros((0, 0))
        self.weight = np.zeros(0)
        self.prior = np.zeros(0)

    def fit(self, X: np.ndarray, truth: np.ndarray, weight: np.ndarray | None, valid: np.ndarray | None,
            valid_truth: np.ndarray | None, context: FitContext, complete: Callable[[], None]) -> None:  # fmt: skip
        """Keep the rows; look the validation rows' neighbours up once and try each count on them."""
        if self.is_one_class:
            self.goals = np.eye(self.n_classes)[truth]
            weight = balanced(truth, weight) if self.class_weight else weight
        else:
            self.goals = truth.reshape(len(truth), -1).astype(np.float64)
        self.rows = X.astype(np.float32)
        self.weight = np.ones(len(X)) if weight is None else np.asarray(weight, dtype=np.float64) / np.mean(weight)
        self.prior = self.weight @ self.goals / self.weight.sum()
        self.count = min(DEFAULT_COUNT if context.chosen is None else int(context.chosen["count"]), len(X))
        complete()
        if valid is None or valid_truth is None or not len(valid) or late(context):
            return
        nearest, far = self._nearest(valid, min(COUNTS[-1], len(X)))
        counts = [k for k in COUNTS if k <= len(X)]
        losses = [self.loss_of(valid_truth, self._mean(nearest[:, :k], far[:, :k])) for k in counts]
        self.count = counts[int(np.argmin(losses))]
        complete()

    def chosen(self, growth: float) -> Mapping[str, Any]:
        """The number of neighbours for a refit."""
        return {"count": self.count}

    def _nearest(self, X: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Positions ``(n, count)`` of the nearest rows, nearest first, and their distances."""
        size = max(1, CELLS // max(len(self.rows), 1))
        places, found = [], []
        for i in range(0, len(X), size):
            # Each distance from its two rows alone (no matrix product), so that it is the same in any batch.
            far = cdist(X[i : i + size].astype(np.float32), self.rows, self.distance)
            some = np.argpartition(far, count - 1, axis=1)[:, :count]
            order = np.argsort(np.take_along_axis(far, some, axis=1), axis=1, kind="stable")
            places.append(np.take_along_axis(some, order, axis=1))
            found.append(np.take_along_axis(far, places[-1], axis=1))
        return np.concatenate(places), np.concatenate(found)

    def _mean(self, nearest: np.ndarray, far: np.ndarray) -> Any:
        """Weighted mean of the goals of these neighbours, shrunk by one row's worth where they are votes."""
        scale = np.maximum(far[:, -1:], 1e-9)
        votes = self.weight[nearest] * np.maximum(far / scale, 1e-3) ** -self.near  # the furthest counts as one row
        total = votes.sum(axis=1, keepdims=True)
        sums = np.einsum("nk,nkg->ng", votes, self.goals[nearest])
        if not self.is_classifier:
            return sums / np.maximum(total, 1e-12)
        return (sums + self.prior) / (total + 1.0)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Probabilities ``(n, n_classes)`` or values ``(n, n_targets)``."""
        return np.asarray(self._mean(*self._nearest(X, self.count)))
