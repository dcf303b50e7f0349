"""Learners shared by the modalities: a matrix and a truth in, class probabilities or values out.

Every learner keeps plain attributes only (numbers, arrays, scikit-learn estimators), so that skops can store it.
`fit` reads training rows; validation rows serve early stopping and the choice of a regularisation strength.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import sparse
from scipy.special import expit, log_softmax, softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.kernel_approximation import RBFSampler
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from automl.baselines.learners.ridge import ridge_path
from automl.records import FitContext, GoalName, Output

__all__ = ["Fourier", "Linear", "as_output", "balanced", "fit_temperature", "late", "loss_of", "spread"]

LABELLED = ("binary", "multiclass", "multilabel")
NEWTON_WEIGHTS = 600
STRENGTHS = (0.01, 0.1, 1.0, 10.0, 100.0)


def as_output(goal: GoalName, prediction: np.ndarray) -> Output:
    """What a learner predicts as an `Output`: probabilities with their most probable labels, or values."""
    if goal not in LABELLED:
        return Output("values", {"values": np.asarray(prediction, dtype=np.float64)})
    if goal == "multilabel":
        labels = (prediction >= 0.5).astype(np.int64)
    else:
        labels = np.argmax(prediction, axis=1).astype(np.int64)
    return Output("probabilities", {"probabilities": np.asarray(prediction, dtype=np.float64), "labels": labels})


def loss_of(goal: GoalName, truth: np.ndarray, prediction: np.ndarray) -> float:
    """Mean log loss of probabilities, or mean squared error of values: what early stopping watches."""
    if goal not in LABELLED:
        return float(np.mean((truth - prediction) ** 2))
    clipped = np.clip(prediction, 1e-7, 1 - 1e-7)
    if goal == "multilabel":
        return float(-np.mean(np.where(truth > 0, np.log(clipped), np.log1p(-clipped))))
    return float(-np.mean(np.log(clipped[np.arange(len(truth)), truth])))


def balanced(truth: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    """Sample weights that give every class the same total, times the weights given."""
    base = np.ones(len(truth)) if weight is None else weight
    total = np.bincount(truth, weights=base)
    share = np.divide(base.sum(), len(total) * total, out=np.ones(len(total)), where=total > 0)
    return np.asarray(base * share[truth])


def late(context: FitContext) -> bool:
    """Whether the deadline has come."""
    return context.deadline is not None and time.monotonic() >= context.deadline


def spread(probabilities: np.ndarray, classes: np.ndarray, n_classes: int) -> np.ndarray:
    """Columns in the order of all class codes; codes that training rows lack get probability 0."""
    full = np.zeros((len(probabilities), n_classes))
    full[:, np.asarray(classes, dtype=np.int64)] = probabilities
    return full


class Linear:
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

    Source: temperature scaling, Guo et al. 2017; leave-one-out for ridge, Allen 1974 (PRESS).
    """

    def __init__(self, goal: GoalName, n_classes: int, loss: str = "logistic", strengths: Sequence[float] = STRENGTHS,
                 class_weight: str | None = None, choose: str = "valid", seed: int = 0) -> None:  # fmt: skip
        self.goal = goal
        self.n_classes = n_classes
        self.loss = loss if goal in LABELLED else "ridge"
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
        """Fit every strength until the deadline and keep the best."""
        if self.loss == "ridge":
            self._fit_ridge(X, truth, weight, valid, valid_truth)
            return
        best = np.inf
        worse = 0
        for strength in sorted(self.strengths, reverse=True):  # tight first: quick, and warm ground for the next
            candidate = [self._classifier(X, t, weight, 1 / strength) for t in self._columns(truth)]
            kept, self.models = self.models, candidate
            kept_temperature = self.temperature
            if self.loss == "hinge" and valid is not None and valid_truth is not None:
                self.temperature = fit_temperature(self.goal, self._scores(valid), valid_truth)
            if valid is None or valid_truth is None:
                loss = abs(np.log(strength))  # without validation rows: strength 1
            else:
                loss = loss_of(self.goal, valid_truth, self.predict(valid))
            if loss < best:
                best, worse, self.strength = loss, 0, strength
                complete()
            else:
                self.models, self.temperature, worse = kept, kept_temperature, worse + 1
            if worse >= 2 or late(context):
                break

    def _columns(self, truth: np.ndarray) -> list[np.ndarray]:
        return [truth[:, j] for j in range(truth.shape[1])] if truth.ndim == 2 else [truth]

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
        if self.goal in ("binary", "multiclass"):
            Y = -np.ones((len(truth), self.n_classes))
            Y[np.arange(len(truth)), truth] = 1.0
            self.absent = np.bincount(truth, minlength=self.n_classes) == 0
            weight = balanced(truth, weight) if self.class_weight else weight
        else:
            Y = 2.0 * truth - 1.0 if self.goal == "multilabel" else np.asarray(truth, dtype=np.float64)

        def valid_loss(coef: np.ndarray, intercept: np.ndarray) -> float:
            assert valid_truth is not None
            scores = np.asarray(valid @ coef) + intercept
            if self.goal not in LABELLED:
                return loss_of(self.goal, valid_truth, scores)
            temperature = fit_temperature(self.goal, scores, valid_truth)
            return loss_of(self.goal, valid_truth, squash(self.goal, scores * temperature))

        judge = valid_loss if valid is not None and self.choose == "valid" else None
        self.coef, self.intercept, self.strength = ridge_path(X, Y, weight, self.strengths, judge)
        if self.goal in LABELLED:
            self.temperature = 2.0
            if valid is not None and valid_truth is not None:
                self.temperature = fit_temperature(self.goal, self._scores(valid), valid_truth)

    def _scores(self, X: Any) -> np.ndarray:
        if self.coef is not None:
            scores = np.asarray(X @ self.coef) + self.intercept
            return scores if self.absent is None else np.where(self.absent, -1e3, scores)
        columns = []
        for model in self.models:
            if isinstance(model, float):
                columns.append(np.full(X.shape[0], 20.0 if model > 0 else -20.0))
            else:
                columns.append(model.decision_function(X))
        if self.goal == "multilabel":
            return np.stack(columns, axis=1)
        model, scores = self.models[0], columns[0]
        if isinstance(model, float):
            full = np.full((X.shape[0], self.n_classes), -20.0)
            full[:, int(model)] = 20.0
            return full
        scores = np.stack([-scores, scores], axis=1) / 2 if scores.ndim == 1 else scores
        full = np.full((len(scores), self.n_classes), -1e3)
        full[:, model.classes_.astype(np.int64)] = scores
        return full

    def predict(self, X: Any) -> np.ndarray:
        """Probabilities or values."""
        scores = self._scores(X)
        return squash(self.goal, scores * self.temperature) if self.goal in LABELLED else scores


def squash(goal: GoalName, scores: np.ndarray) -> np.ndarray:
    """Scores as probabilities."""
    return np.asarray(expit(scores) if goal == "multilabel" else softmax(scores, axis=1))


def fit_temperature(goal: GoalName, scores: np.ndarray, truth: np.ndarray) -> float:
    """The factor on the scores with the least log loss, from a grid (a factor keeps the order of the classes)."""
    grid = np.geomspace(0.05, 100.0, 45)
    if goal == "multilabel":
        losses = [np.mean(np.logaddexp(0.0, np.where(truth > 0, -scores, scores) * t)) for t in grid]
    else:
        rows = np.arange(len(truth))
        losses = [-np.mean(log_softmax(scores * t, axis=1)[rows, truth]) for t in grid]
    return float(grid[int(np.argmin(losses))])


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
        random = np.random.default_rng(self.seed)
        pairs = random.integers(0, len(X), (2, 500))
        distance = np.median(np.sqrt(((X[pairs[0]] - X[pairs[1]]) ** 2).sum(axis=1)))
        gamma = 0.5 / max(self.width * float(distance), 1e-6) ** 2
        self.features = RBFSampler(gamma=gamma, n_components=self.n_features, random_state=self.seed).fit(X[:2])
        V = None if valid is None else self.features.transform(valid)
        self.linear.fit(self.features.transform(X), truth, weight, V, valid_truth, context, complete)

    def predict(self, X: Any) -> np.ndarray:
        """Probabilities or values."""
        return self.linear.predict(self.features.transform(X))
