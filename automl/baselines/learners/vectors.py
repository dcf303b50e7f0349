"""Support vector machines with an RBF kernel; their state holds training rows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from sklearn.svm import SVC, SVR

from automl.baselines.learners.learner import ABSENT, Learner, by_class, columns_of, gamma_for, scores_of
from automl.records import FitContext, GoalName

__all__ = ["Vectors"]

FIRST_ROWS = 2_000
"""Rows of the first step before a deadline: the time that they take tells how many more there is time for."""
MOST_WORK = 15_000**2 * 500
"""Products of numbers of all pairs of rows, beyond which fewer rows are taken: wide columns mean fewer rows."""
ROOM = 1.5
"""Times the expected time that must be left: support grows with the rows, too."""
EPSILON = 0.1
"""Errors of so many standard deviations of a target cost nothing."""


class Vectors(Learner):
    """One machine a task (classes by pairs), a label or a target; probabilities by one temperature.

    Args:
        goal: of the task.
        n_classes: classes, or labels.
        C: how dearly errors are paid.
        width: kernel width as a multiple of the median distance between training rows.
        class_weight: None or "balanced".
        seed: of the pairs of rows that the distance is taken from.

    Shape: X ``(n, n_columns)`` dense without NaN, columns on comparable scales.

    Source: Cortes & Vapnik 1995; Drucker et al. 1997 (values); libsvm, Chang & Lin 2011.
    """

    def __init__(self, goal: GoalName, n_classes: int, C: float = 5.0, width: float = 0.5,
                 class_weight: str | None = None, seed: int = 0) -> None:  # fmt: skip
        super().__init__(goal, n_classes)
        self.C = C
        self.width = width
        self.class_weight = class_weight
        self.seed = seed
        self.models: list[Any] = []
        self.temperature = 1.0
        self.center = np.zeros(0)
        self.scale = np.ones(0)
        self.stopped = ""
        self.n_learnt = 0

    def fit(self, X: np.ndarray, truth: np.ndarray, weight: np.ndarray | None, valid: np.ndarray | None,
            valid_truth: np.ndarray | None, context: FitContext, complete: Callable[[], None]) -> None:  # fmt: skip
        """Fit each machine on as many rows as there is work and time for; the temperature on validation rows.

        `n_learnt` says how many these are, also in a model that was stored before the fit was ended.
        """
        gamma = gamma_for(X, self.width, self.seed)
        for rows in self._steps(X.shape[0], X.shape[1], context):
            some = slice(None) if rows is None else rows
            self._fit_rows(X[some], truth[some], None if weight is None else weight[some], gamma)
            self.n_learnt = len(X) if rows is None else len(rows)
            if context.chosen is not None:
                self.temperature = float(context.chosen["temperature"])
            elif self.is_classifier and valid is not None and valid_truth is not None:
                self.temperature = self.best_temperature(self._scores(valid), valid_truth)
            complete()

    def _steps(self, n_rows: int, n_columns: int, context: FitContext) -> Iterator[np.ndarray | None]:
        """Which rows to fit: all, or before a deadline first a few, then as many as there is time for.

        Their time grows with the square of the rows and with the columns, and nothing of a fit that is ended is left.
        """
        most = min(n_rows, max(int(math.sqrt(MOST_WORK / max(n_columns, 1))), 2))
        order = np.random.default_rng(self.seed).permutation(n_rows)
        if context.deadline is None or most <= 2 * FIRST_ROWS:
            yield None if most == n_rows else np.sort(order[:most])
            return
        begun = time.monotonic()
        yield np.sort(order[:FIRST_ROWS])
        spent = max(time.monotonic() - begun, 1e-3)
        left = context.deadline - time.monotonic()
        n_fitting = int(FIRST_ROWS * math.sqrt(max(left, 0.0) / (ROOM * spent)))
        if n_fitting >= most:
            yield None if most == n_rows else np.sort(order[:most])
            return
        n_fitting = n_fitting if n_fitting >= 2 * FIRST_ROWS else FIRST_ROWS
        self.stopped = f"time was enough for {n_fitting} of {n_rows} rows"
        if n_fitting > FIRST_ROWS:
            yield np.sort(order[:n_fitting])

    def _fit_rows(self, X: np.ndarray, truth: np.ndarray, weight: np.ndarray | None, gamma: float) -> None:
        """Fit each machine."""
        if not self.is_classifier:
            self.center, spread = truth.mean(axis=0), truth.std(axis=0)
            self.scale = np.where(spread > 0, spread, 1.0)
            z = (truth - self.center) / self.scale
            machines = [SVR(C=self.C, gamma=gamma, epsilon=EPSILON, cache_size=500) for _ in z.T]
            self.models = [m.fit(X, column, sample_weight=weight) for m, column in zip(machines, z.T, strict=True)]
            return
        self.models = []
        for y in columns_of(truth):
            if len(np.unique(y)) < 2:
                self.models.append(float(y[0]))
                continue
            machine = SVC(C=self.C, gamma=gamma, class_weight=self.class_weight, cache_size=500)
            self.models.append(machine.fit(X, y, sample_weight=weight))

    def chosen(self, growth: float) -> Mapping[str, Any]:
        """The temperature for a refit."""
        return {"temperature": self.temperature}

    def _scores(self, X: np.ndarray) -> np.ndarray:
        scores = scores_of(self.models, X)
        if self.is_multilabel:
            return np.stack(scores, axis=1)
        model = self.models[0]
        if isinstance(model, float):
            full = np.full((len(X), self.n_classes), ABSENT)
            full[:, int(model)] = 0.0
            return full
        return by_class(scores[0], model.classes_, self.n_classes)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Probabilities or values."""
        if not self.is_classifier:
            return np.asarray(np.stack([m.predict(X) for m in self.models], axis=1) * self.scale + self.center)
        return self.probabilities(self._scores(X) * self.temperature)
