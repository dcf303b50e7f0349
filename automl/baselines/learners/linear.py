"""Linear models, and kernel machines that are linear in random features, for all modalities.

`fit` reads training rows; validation rows serve the choice of a regularisation strength.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.kernel_approximation import RBFSampler
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from automl.baselines.learners.learner import (
    ABSENT,
    CERTAIN,
    Learner,
    balanced,
    by_class,
    columns_of,
    gamma_for,
    late,
    scores_of,
)
from automl.baselines.learners.ridge import ridge_path
from automl.records import FitContext, GoalName

__all__ = ["Fourier", "Linear"]

NEWTON_WEIGHTS = 600
STRENGTHS = (0.01, 0.1, 1.0, 10.0, 100.0)


class Linear(Learner):
    """Linear model with its own path of regularisation strengths.

    Args:
        goal: of the task.
        n_classes: classes, or labels for multilabel.
        loss: "logistic", "hinge" (linear support vectors; probabilities by one temperature) or "ridge" (least
            squares on ±1; the same). Values are always ridge.
        strengths: penalties to try, tight ones last (1/C for classifiers).
        class_weight: None or "balanced".
        choose: "valid" to take the strength by validation loss, "loo" by leave-one-out residuals (ridge only).

    Shape: X ``(n, n_columns)`` dense without NaN, or sparse. Output ``(n, n_classes)`` or ``(n, n_targets)``.

    Source: leave-one-out for ridge, Allen 1974 (PRESS); temperature, see `Learner.best_temperature`.
    """

    def __init__(self, goal: GoalName, n_classes: int, loss: str = "logistic", strengths: Sequence[float] = STRENGTHS,
                 class_weight: str | None = None, choose: str = "valid", seed: int = 0) -> None:  # fmt: skip
        super().__init__(goal, n_classes)
        self.loss = loss if self.is_classifier else "ridge"
        self.strengths = [float(s) for s in strengths]
        self.class_weight = class_weight
        self.choose = choose
        self.seed = seed
        self.models: list[Any] = []
        self.temperature = 1.0
        self.coef: np.ndarray | None = None
        self.intercept: np.ndarray | None = None
        self.strength: float | None = None
        self.absent: np.ndarray | None = None

    def fit(self, X: Any, truth: np.ndarray, weight: np.ndarray | None, valid: Any, valid_truth: np.ndarray | None,
            context: FitContext, complete: Callable[[], None]) -> None:  # fmt: skip
        """Fit every strength until the deadline and keep the best; in a refit the one of the fit before."""
        if context.chosen is not None:
            self._fit_again(X, truth, weight, context.chosen)
            complete()
            return
        if self.loss == "ridge":
            self._fit_ridge(X, truth, weight, valid, valid_truth)
            return
        best = np.inf
        worse = 0
        for strength in sorted(self.strengths, reverse=True):  # tight first: quick, and warm ground for the next
            candidate = [self._classifier(X, t, weight, 1 / strength) for t in columns_of(truth)]
            kept, self.models = self.models, candidate
            kept_temperature = self.temperature
            if self.loss == "hinge" and valid is not None and valid_truth is not None:
                self.temperature = self.best_temperature(self._scores(valid), valid_truth)
            if valid is None or valid_truth is None:
                loss = abs(np.log(strength))  # without validation rows: strength 1
            else:
                loss = self.loss_of(valid_truth, self.predict(valid))
            if loss < best:
                best, worse, self.strength = loss, 0, strength
                complete()
            else:
                self.models, self.temperature, worse = kept, kept_temperature, worse + 1
            if worse >= 2 or late(context):
                break

    def chosen(self, growth: float) -> Mapping[str, Any]:
        """Strength and temperature for a refit."""
        return {"strength": self.strength, "temperature": self.temperature}

    def _fit_again(self, X: Any, truth: np.ndarray, weight: np.ndarray | None, chosen: Mapping[str, Any]) -> None:
        """Fit the strength of a fit before, and take over its temperature."""
        self.strength = float(chosen["strength"])
        if self.loss == "ridge":
            self.strengths = [self.strength]
            self._fit_ridge(X, truth, weight, None, None)
        else:
            self.models = [self._classifier(X, t, weight, 1 / self.strength) for t in columns_of(truth)]
        self.temperature = float(chosen["temperature"])

    def _classifier(self, X: Any, truth: np.ndarray, weight: np.ndarray | None, C: float) -> Any:
        if len(np.unique(truth)) < 2:
            return float(truth[0])
        model: Any
        if self.loss == "hinge":
            model = LinearSVC(C=C, class_weight=self.class_weight, random_state=self.seed, max_iter=2000)
        else:
            # Newton's steps cost columns squared, and need ten where quasi-Newton needs a hundred.
            n_weights = X.shape[1] * (1 if len(np.unique(truth)) == 2 else self.n_classes)
            newton = not sparse.issparse(X) and n_weights <= NEWTON_WEIGHTS
            model = LogisticRegression(
                C=C, class_weight=self.class_weight, max_iter=100, tol=1e-3,
                solver="newton-cholesky" if newton else "lbfgs",
            )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(X, truth, sample_weight=weight)
        return model

    def _fit_ridge(self, X: Any, truth: np.ndarray, weight: np.ndarray | None, valid: Any,
                   valid_truth: np.ndarray | None) -> None:  # fmt: skip
        if self.is_one_class:
            Y = -np.ones((len(truth), self.n_classes))
            Y[np.arange(len(truth)), truth] = 1.0
            self.absent = np.bincount(truth, minlength=self.n_classes) == 0
            weight = balanced(truth, weight) if self.class_weight else weight
        else:
            Y = 2.0 * truth - 1.0 if self.is_multilabel else np.asarray(truth, dtype=np.float64)

        def valid_loss(coef: np.ndarray, intercept: np.ndarray) -> float:
            assert valid_truth is not None
            scores = np.asarray(valid @ coef) + intercept
            if not self.is_classifier:
                return self.loss_of(valid_truth, scores)
            temperature = self.best_temperature(scores, valid_truth)
            return self.loss_of(valid_truth, self.probabilities(scores * temperature))

        judge = valid_loss if valid is not None and self.choose == "valid" else None
        self.coef, self.intercept, self.strength = ridge_path(X, Y, weight, self.strengths, judge)
        if self.is_classifier:
            self.temperature = 2.0
            if valid is not None and valid_truth is not None:
                self.temperature = self.best_temperature(self._scores(valid), valid_truth)

    def _scores(self, X: Any) -> np.ndarray:
        if self.coef is not None:
            scores = np.asarray(X @ self.coef) + self.intercept
            return scores if self.absent is None else np.where(self.absent, ABSENT, scores)
        columns = scores_of(self.models, X)
        if self.is_multilabel:
            return np.stack(columns, axis=1)
        model = self.models[0]
        if isinstance(model, float):
            full = np.full((X.shape[0], self.n_classes), -CERTAIN)
            full[:, int(model)] = CERTAIN
            return full
        return by_class(columns[0], model.classes_, self.n_classes)

    def predict(self, X: Any) -> np.ndarray:
        """Probabilities or values."""
        scores = self._scores(X)
        return self.probabilities(scores * self.temperature) if self.is_classifier else scores


class Fourier:
    """Kernel machine with an RBF kernel, approximated by random Fourier features and a ridge on them.

    Stores no training row, unlike a support vector machine or neighbours.

    Args:
        goal: of the task.
        n_classes: classes, or labels.
        n_features: random features.
        width: kernel width as a multiple of the median distance between training rows.
        class_weight: None or "balanced".
        seed: of the random features.

    Shape: X ``(n, n_columns)`` dense without NaN, columns on comparable scales.

    Source: Rahimi & Recht 2007, "Random features for large-scale kernel machines".
    """

    def __init__(self, goal: GoalName, n_classes: int, n_features: int = 2000, width: float = 0.5,
                 class_weight: str | None = None, seed: int = 0) -> None:  # fmt: skip
        self.n_features = n_features
        self.width = width
        self.seed = seed
        self.features: Any = None
        strengths = np.geomspace(1e-5, 100.0, 15)
        self.linear = Linear(goal, n_classes, "ridge", list(strengths), class_weight, "loo", seed)

    def fit(self, X: Any, truth: np.ndarray, weight: np.ndarray | None, valid: Any, valid_truth: np.ndarray | None,
            context: FitContext, complete: Callable[[], None]) -> None:  # fmt: skip
        """Draw the features, then fit the ridge."""
        gamma = gamma_for(X, self.width, self.seed)
        self.features = RBFSampler(gamma=gamma, n_components=self.n_features, random_state=self.seed).fit(X[:2])
        V = None if valid is None else self.features.transform(valid)
        self.linear.fit(self.features.transform(X), truth, weight, V, valid_truth, context, complete)

    def chosen(self, growth: float) -> Mapping[str, Any]:
        """Strength and temperature for a refit."""
        return self.linear.chosen(growth)

    def predict(self, X: Any) -> np.ndarray:
        """Probabilities or values."""
        return self.linear.predict(self.features.transform(X))
