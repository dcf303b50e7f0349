"""One shape for shallow models of goals without target that score rows: features of raw rows, then a detector."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from automl.baselines.model import Features
from automl.goals.shared.scores import score_output
from automl.records import Dataset, FitContext, Output, Task
from automl.score_ranks import ranks, reference

__all__ = ["ConstantScore", "Detector", "ScoreModel"]

MOST_REFERENCE_ROWS = 4096
CHUNK_ROWS = 4096


class Detector(Protocol):
    """Scores rows of a matrix."""

    def fit(self, X: np.ndarray, deadline: float | None) -> Any:
        """Learn from ``(n, n_features)`` float numbers without NaN."""
        ...

    def scores(self, X: np.ndarray) -> np.ndarray:
        """``(n,)`` float64: the larger, the more unusual."""
        ...


class ScoreModel:
    """Features and a detector; scores are ranks among those of training rows.

    Args:
        task: what to do.
        features: see `automl.baselines.model.Features`.
        detector: see `Detector`.
        seed: of the sample of training rows whose scores are the reference.
    """

    def __init__(self, task: Task, features: Features, detector: Detector, seed: int) -> None:
        self.features, self.detector, self.seed = features, detector, seed
        self.held: np.ndarray = np.zeros(2, np.float32)

    def fit(self, dataset: Dataset, split_rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None,
            context: FitContext) -> None:  # fmt: skip
        """Fit features and detector on these rows; `truth` holds zeros and is not read."""
        X = _dense(self.features.fit(dataset, split_rows, truth, None))
        self.detector.fit(X, context.deadline)
        rows = np.arange(len(X))
        if len(rows) > MOST_REFERENCE_ROWS:
            rows = np.sort(np.random.default_rng(self.seed).choice(rows, MOST_REFERENCE_ROWS, replace=False))
        self.held = reference(self._scores(X[rows]))

    def predict(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """Score these rows, some thousands at a time so that memory stays bounded."""
        parts = [
            self._scores(_dense(self.features.transform(dataset, rows[begin : begin + CHUNK_ROWS])))
            for begin in range(0, max(len(rows), 1), CHUNK_ROWS)
        ]
        return score_output(ranks(np.concatenate(parts), self.held))

    def chosen(self, growth: float) -> dict[str, Any]:
        """Nothing was chosen by validation rows."""
        return {}

    def _scores(self, X: np.ndarray) -> np.ndarray:
        scores = np.asarray(self.detector.scores(X), np.float64)
        return np.nan_to_num(scores, nan=0.0, posinf=1e30, neginf=-1e30)


class ConstantScore:
    """The floor: every row is as unusual as any other."""

    def fit(self, dataset: Dataset, split_rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None,
            context: FitContext) -> None:  # fmt: skip
        """Nothing is learnt."""

    def predict(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """The same score for every row."""
        return score_output(np.full(len(rows), 0.5))


def _dense(X: Any) -> np.ndarray:
    return np.asarray(X.toarray() if hasattr(X, "toarray") else X, np.float64)
