"""What all learners share: what they predict, by the record of the task's goal, and the losses that they watch.

A learner takes a matrix and a truth, and gives class probabilities or values. It keeps plain attributes only (numbers,
arrays, scikit-learn estimators), so that skops can store it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import expit, log_softmax, softmax

from automl import goals
from automl.records import FitContext, GoalName, Output

__all__ = [
    "ABSENT", "CERTAIN", "Learner", "as_output", "balanced", "by_class", "columns_of", "gamma_for", "grown", "late",
    "own_goal", "rounds_of", "scores_of", "spread",
]  # fmt: skip

ABSENT = -1e3
"""Score of a class that training rows lack."""
CERTAIN = 20.0
"""Score, up or down, where training rows had one class only."""
DISTANCE_PAIRS = 500


def own_goal(goal: GoalName) -> GoalName:
    """The goal of automl's own that a model is made for: the name given, or the base of a plug-in's goal.

    A worker process and whoever opens a stored model then need no plug-in.
    """
    return goals.named(goal).served_by[-1]


class Learner:
    """What is predicted, and how well.

    Args:
        goal: of the task.
        n_classes: classes, or labels for multilabel; 0 for values.
    """

    def __init__(self, goal: GoalName, n_classes: int) -> None:
        self.goal = own_goal(goal)
        self.n_classes = n_classes

    @property
    def is_classifier(self) -> bool:
        """Whether probabilities are predicted, of classes or of labels; values otherwise."""
        return goals.named(self.goal).is_classification

    @property
    def is_one_class(self) -> bool:
        """Whether each row has exactly one class."""
        return goals.named(self.goal).is_one_class

    @property
    def is_multilabel(self) -> bool:
        """Whether a row may have any number of labels."""
        return goals.named(self.goal).is_multilabel

    @property
    def n_codes(self) -> int:
        """Classes that one column of the truth holds codes of: those of the task, or no and yes of a label."""
        return self.n_classes if self.is_one_class else 2

    def loss_of(self, truth: np.ndarray, prediction: np.ndarray) -> float:
        """Mean log loss of probabilities, or mean squared error of values: what early stopping watches.

        Args:
            truth: ``(n,)`` codes, ``(n, n_labels)`` labels, or values, NaN where one is not known.
            prediction: ``(n, n_classes)``, ``(n, n_labels)``, or values.
        """
        if not self.is_classifier:
            known = ~np.isnan(truth)
            errors = (truth - prediction) ** 2
            return float(np.mean(errors if known.all() else errors[known])) if known.any() else 0.0
        clipped = np.clip(prediction, 1e-7, 1 - 1e-7)
        if truth.ndim == 2:
            return float(-np.mean(np.where(truth > 0, np.log(clipped), np.log1p(-clipped))))
        return float(-np.mean(np.log(clipped[np.arange(len(truth)), truth])))

    def together(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        """Predictions of an ensemble for each column of the truth as those of the learner.

        Args:
            parts: ``(n,)`` values, or probabilities ``(n, n_codes)``.

        Returns:
            Values ``(n, n_targets)``, or probabilities of each class or label.
        """
        if not self.is_classifier:
            return np.stack(parts, axis=1)
        return np.stack([p[:, 1] for p in parts], axis=1) if self.is_multilabel else parts[0]

    def probabilities(self, scores: np.ndarray) -> np.ndarray:
        """Scores as probabilities of labels or classes."""
        return np.asarray(expit(scores) if self.is_multilabel else softmax(scores, axis=1))

    def best_temperature(self, scores: np.ndarray, truth: np.ndarray) -> float:
        """The factor on the scores with the least log loss, from a grid (a factor keeps the order of the classes).

        Source: temperature scaling, Guo et al. 2017.
        """
        grid = np.geomspace(0.05, 100.0, 45)
        if self.is_multilabel:
            losses = [np.mean(np.logaddexp(0.0, np.where(truth > 0, -scores, scores) * t)) for t in grid]
        else:
            rows = np.arange(len(truth))
            losses = [-np.mean(log_softmax(scores * t, axis=1)[rows, truth]) for t in grid]
        return float(grid[int(np.argmin(losses))])


def as_output(goal: GoalName, prediction: np.ndarray) -> Output:
    """What a learner predicts as an `Output`: probabilities with their most probable labels, or values."""
    record = goals.named(goal)
    if not record.is_classification:
        return Output("values", {"values": np.asarray(prediction, dtype=np.float64)})
    labels = prediction >= 0.5 if record.is_multilabel else np.argmax(prediction, axis=1)
    probabilities = np.asarray(prediction, dtype=np.float64)
    return Output("probabilities", {"probabilities": probabilities, "labels": labels.astype(np.int64)})


def columns_of(truth: np.ndarray) -> list[np.ndarray]:
    """Each label or target on its own, or all class codes."""
    return [truth[:, j] for j in range(truth.shape[1])] if truth.ndim == 2 else [truth]


def balanced(truth: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    """Sample weights that give every class the same total, times the weights given."""
    base = np.ones(len(truth)) if weight is None else weight
    total = np.bincount(truth, weights=base)
    share = np.divide(base.sum(), len(total) * total, out=np.ones(len(total)), where=total > 0)
    return np.asarray(base * share[truth])


def late(context: FitContext) -> bool:
    """Whether the deadline has come."""
    return context.deadline is not None and time.monotonic() >= context.deadline


def grown(rounds: int, growth: float) -> int:
    """Rounds of boosting on `growth` times the rows: each round fits less noise there, so that more of them pay."""
    return max(1, round(rounds * growth))


def rounds_of(context: FitContext, n_ensembles: int) -> list[int | None]:
    """Rounds that each ensemble of a refit has; None for those that settings and validation rows decide.

    An ensemble that saw a single class before has as many as the longest of the others.

    Args:
        context: of the fit; its `chosen` has "rounds".
        n_ensembles: ensembles to grow.
    """
    if context.chosen is None:
        return [None] * n_ensembles
    rounds: list[int | None] = list(context.chosen["rounds"])
    longest = max((n for n in rounds if n is not None), default=None)
    return [longest if n is None else n for n in rounds]


def spread(probabilities: np.ndarray, classes: np.ndarray, n_classes: int) -> np.ndarray:
    """Columns in the order of all class codes; codes that training rows lack get probability 0."""
    full = np.zeros((len(probabilities), n_classes))
    full[:, np.asarray(classes, dtype=np.int64)] = probabilities
    return full


def scores_of(models: Sequence[Any], X: Any) -> list[np.ndarray]:
    """The decision function of each model; a number stands for a model that saw one class only."""
    return [
        np.full(X.shape[0], CERTAIN if model > 0 else -CERTAIN)
        if isinstance(model, float)
        else model.decision_function(X)
        for model in models
    ]


def by_class(scores: np.ndarray, classes: np.ndarray, n_classes: int) -> np.ndarray:
    """A classifier's decision function as one score for each class code, `ABSENT` for those that it does not know."""
    scores = np.stack([-scores, scores], axis=1) / 2 if scores.ndim == 1 else scores
    full = np.full((len(scores), n_classes), ABSENT)
    full[:, classes.astype(np.int64)] = scores
    return full


def gamma_for(X: np.ndarray, width: float, seed: int) -> float:
    """The gamma of an RBF kernel whose width is this multiple of the median distance between rows."""
    pairs = np.random.default_rng(seed).integers(0, len(X), (2, DISTANCE_PAIRS))
    distance = np.median(np.sqrt(((X[pairs[0]] - X[pairs[1]]) ** 2).sum(axis=1)))
    return float(0.5 / max(width * float(distance), 1e-6) ** 2)
