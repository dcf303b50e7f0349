"""What every shallow fit reads, and how its predictions are scored."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl import metrics
from automl.context import scoring_context, truth
from automl.records import Dataset, Output, Split, Task

__all__ = ["Material"]


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """Items (rows, or windows of a forecast) with their truth and weights.

    Attributes:
        items, valid, test: of each part. truth, weight: of the training items. valid_truth, valid_weight, context: what
            the metric reads beside predictions for the validation items.
    """

    dataset: Dataset
    task: Task
    metric: str
    items: np.ndarray
    truth: np.ndarray
    weight: np.ndarray | None
    valid: np.ndarray
    valid_truth: np.ndarray
    valid_weight: np.ndarray | None
    context: dict[str, Any]
    test: np.ndarray

    @classmethod
    def of(cls, dataset: Dataset, task: Task, split: Split, metric: str, weight: np.ndarray | None) -> Material:
        """Gather it from a split; `weight` has shape (n_rows,)."""
        items, valid, test = (_items(split, part) for part in ("train", "valid", "test"))
        return cls(
            dataset, task, metric, items, truth(dataset, task, items), _item_weight(weight, items),
            valid, truth(dataset, task, valid), _item_weight(weight, valid),
            scoring_context(dataset, task, split, valid), test,
        )  # fmt: skip

    def score(self, output: Output) -> float:
        """The metric of predictions for the validation items."""
        return metrics.score(self.metric, self.valid_truth, output, self.valid_weight, self.context)

    def rank(self, score: float | None) -> float:
        """A score turned so that more is better."""
        if score is None or not math.isfinite(score):
            return -math.inf
        return score if metrics.named(self.metric).higher_is_better else -score

    def sample(self, n_items: int, seed: int) -> np.ndarray | None:
        """Positions of so many training items, None for all; a forecast's last windows count as much as its first."""
        n = len(self.items)
        return None if n_items >= n else np.sort(np.random.default_rng(seed).choice(n, n_items, replace=False))


def _items(split: Split, part: str) -> np.ndarray:
    """Windows of a forecast, else rows."""
    windows = getattr(split, f"{part}_windows")
    return np.asarray(getattr(split, part) if windows is None else windows)


def _item_weight(weight: np.ndarray | None, items: np.ndarray) -> np.ndarray | None:
    if weight is None:
        return None
    own = np.asarray(weight, dtype=np.float64)[items]
    return own if own.ndim == 1 else np.asarray(own.mean(axis=1))
