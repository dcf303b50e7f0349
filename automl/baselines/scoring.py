"""One shape for shallow models of goals without target that score rows: features of raw rows, then a detector."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from automl.baselines.learners.detector import Detector, dense
from automl.baselines.learners.row_steps import row_steps
from automl.baselines.model import Features
from automl.goals.shared.scores import score_output
from automl.records import Dataset, Facts, FitContext, Output, Task
from automl.score_ranks import ranks, reference

__all__ = ["ConstantScore", "ScoreModel", "constant_score", "constant_settings"]

MOST_REFERENCE_ROWS = 4096
LEAST_OTHERS = 1024
"""Training rows that the detector did not learn from, from which on the reference is of them alone."""
CHUNK_ROWS = 4096


class ScoreModel:
    """Features and a detector; scores are ranks among those of training rows.

    Args:
        task: what to do.
        features: see `automl.baselines.model.Features`.
        detector: see `automl.baselines.learners.detector.Detector`.
        seed: of the samples of training rows: those learnt from where all are too many, and those whose scores are the
            reference.
        trim: share of the rows, those that score highest after a first fit, that a second fit leaves out. Anomalies
            among the training rows then have no part in what is usual.

    Source: trimmed fits: Rousseeuw & Van Driessen, "A fast algorithm for the minimum covariance determinant estimator",
        Technometrics 1999 (concentration steps).
    """

    def __init__(self, task: Task, features: Features, detector: Detector, seed: int, trim: float = 0.0) -> None:
        self.features = features
        self.detector = detector
        self.seed = seed
        self.trim = trim
        self.reference: np.ndarray = np.zeros(2, np.float32)
        self.stopped = ""
        self.n_learnt = 0

    def fit(self, dataset: Dataset, split_rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None,
            context: FitContext) -> None:  # fmt: skip
        """Fit features and detector on these rows; `truth` holds zeros and is not read."""
        X = self.features.fit(dataset, split_rows, np.zeros(len(split_rows), np.int64), None)
        most = self.detector.most_rows(X.shape[1])
        for rows, stopped in row_steps(X.shape[0], most, self.detector.time_power, context.deadline, self.seed):
            learnt = np.arange(X.shape[0]) if rows is None else rows
            self._fit_rows(X, learnt)
            self.n_learnt, self.stopped = len(learnt), stopped
            if context.checkpoint is not None:
                context.checkpoint(self)

    def _fit_rows(self, X: Any, learnt: np.ndarray) -> None:
        """Fit the detector on these rows, and take the reference from them or from the others."""
        own = dense(X[learnt])
        usual = np.arange(len(own))
        self.detector.fit(own)
        if self.trim and len(own) > 2:
            order = np.argsort(self._finite(self.detector.own_scores(own, usual)), kind="stable")
            usual = np.sort(order[: max(round((1.0 - self.trim) * len(own)), 2)])
            self.detector.fit(own[usual])
        others = np.setdiff1d(np.arange(X.shape[0]), learnt, assume_unique=True)
        if len(others) >= LEAST_OTHERS:
            scores = self._scores(X[self._some(others)])
        else:
            scores = self._training_scores(own, usual)
        self.reference = reference(scores)

    def _training_scores(self, own: np.ndarray, usual: np.ndarray) -> np.ndarray:
        """Scores of some rows that were learnt from or left out as too unusual."""
        some = self._some(np.arange(len(own)))
        scores, is_usual = np.empty(len(some)), np.isin(some, usual)
        places = np.searchsorted(usual, some[is_usual])
        scores[is_usual] = self._finite(self.detector.own_scores(own[usual], places))
        if not is_usual.all():
            scores[~is_usual] = self._scores(own[some[~is_usual]])
        return scores

    def _some(self, rows: np.ndarray) -> np.ndarray:
        """These rows, or a sample of them that is large enough for the reference."""
        if len(rows) <= MOST_REFERENCE_ROWS:
            return rows
        return np.sort(np.random.default_rng(self.seed).choice(rows, MOST_REFERENCE_ROWS, replace=False))

    def predict(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """Score these rows, some thousands at a time so that memory stays bounded."""
        parts = [
            self._scores(self.features.transform(dataset, rows[begin : begin + CHUNK_ROWS]))
            for begin in range(0, max(len(rows), 1), CHUNK_ROWS)
        ]
        return score_output(ranks(np.concatenate(parts), self.reference))

    def chosen(self, growth: float) -> dict[str, Any]:
        """Nothing was chosen by validation rows."""
        return {}

    def _scores(self, X: Any) -> np.ndarray:
        return self._finite(self.detector.scores(dense(X)))

    @staticmethod
    def _finite(scores: np.ndarray) -> np.ndarray:
        return np.nan_to_num(np.asarray(scores, np.float64), nan=0.0, posinf=1e30, neginf=-1e30)


class ConstantScore:
    """The floor: every row is as unusual as any other."""

    def fit(self, dataset: Dataset, split_rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None,
            context: FitContext) -> None:  # fmt: skip
        """Nothing is learnt."""

    def predict(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """The same score for every row."""
        return score_output(np.full(len(rows), 0.5))

    def chosen(self, growth: float) -> dict[str, Any]:
        """Nothing was chosen."""
        return {}


def constant_score(task: Task, settings: Mapping[str, Any], seed: int) -> ConstantScore:
    """The floor of every modality."""
    return ConstantScore()


def constant_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """There is nothing to set."""
    yield {}
