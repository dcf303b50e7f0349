"""Boosted trees and forests that grow in rounds, so that a deadline leaves a complete model."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

from automl.baselines.learners.learner import Learner, balanced, columns_of, grown, late, rounds_of, spread
from automl.records import FitContext, GoalName

__all__ = ["Boosting", "Forest"]

BINNED_ROWS = 200_000
"""Of more rows scikit-learn draws so many, with replacement, to take the bins from."""
LEAST_BINNED = 40
"""Values of a column that are to be expected among them: with so many, that there is none has a chance of e^-40."""


class Boosting(Learner):
    """HistGradientBoosting, one ensemble a target or label, grown by warm starts and cut back to the best round.

    Args:
        goal: of the task.
        n_classes: classes, or labels for multilabel.
        settings: learning_rate, max_leaf_nodes, min_samples_leaf, l2_regularization, max_features, max_iter,
            patience (rounds without a better validation loss), class_weight, loss (values only).
        seed: of the estimators.

    Shape: X ``(n, n_columns)`` float64, NaN allowed; columns named in `categories` hold codes 0 to 254.

    Attributes:
        unseen: ``(n_columns,)`` bool, columns without a value in the training rows that count; they tell nothing, and
            scikit-learn's binning fails on them.

    Source: Ke et al. 2017 (LightGBM), as in scikit-learn.
    """

    def __init__(self, goal: GoalName, n_classes: int, settings: Mapping[str, Any], seed: int = 0) -> None:
        super().__init__(goal, n_classes)
        self.settings = dict(settings)
        self.seed = seed
        self.models: list[Any] = []
        self.rounds: list[int] = []
        self.stopped = ""
        self.unseen: np.ndarray | None = None  # in models of before there is none

    def fit(self, X: np.ndarray, truth: np.ndarray, weight: np.ndarray | None, valid: np.ndarray | None,
            valid_truth: np.ndarray | None, context: FitContext, complete: Callable[[], None],
            categories: Sequence[bool] = ()) -> None:  # fmt: skip
        """Grow each ensemble within its share of the time."""
        self.unseen = unseen_columns(X, weight)
        X, valid = self._filled(X), None if valid is None else self._filled(valid)
        columns = columns_of(truth)
        valid_columns = columns_of(valid_truth) if valid_truth is not None else [None] * len(columns)
        self.models = [None] * len(columns)
        rounds = rounds_of(context, len(columns))
        for k, (y, valid_y) in enumerate(zip(columns, valid_columns, strict=True)):
            deadline = None
            if context.deadline is not None:
                deadline = time.monotonic() + (context.deadline - time.monotonic()) / (len(columns) - k)
            whole = complete if k == len(columns) - 1 else _nothing
            self._grow(k, X, y, weight, valid, valid_y, deadline, whole, categories, rounds[k])

    def _grow(self, k: int, X: np.ndarray, y: np.ndarray, weight: np.ndarray | None, valid: np.ndarray | None,
              valid_y: np.ndarray | None, deadline: float | None, complete: Callable[[], None],
              categories: Sequence[bool], rounds: int | None) -> None:  # fmt: skip
        if self.is_classifier and len(np.unique(y)) < 2:
            self.models[k] = float(y[0])
            return
        model = self._estimator(categories)
        losses: list[float] = []
        most, patience = int(self.settings.get("max_iter", 400)), int(self.settings.get("patience", 40))
        most = rounds or most
        n, step_done, begun = 0, 1, time.monotonic()
        while n < most:
            step = min(most - n, 3 if n == 0 else max(12, n // 2))
            if deadline is not None and n:
                pace = (time.monotonic() - begun) / step_done
                step = min(step, int((deadline - time.monotonic()) / (1.3 * pace)))
                if step < 1:
                    self.stopped = f"time ran out after {n} of at most {most} rounds"
                    break
            begun, step_done = time.monotonic(), step
            n += step
            model.set_params(max_iter=n)
            model.fit(X, y, sample_weight=weight)
            if valid is not None and valid_y is not None:
                losses += self._losses(model, valid, valid_y, len(losses))
                if len(losses) - 1 - int(np.argmin(losses)) >= patience:
                    self.models[k] = model
                    break
            self.models[k] = model
            complete()
        if losses:
            best = int(np.argmin(losses)) + 1
            # The public way back, staged prediction, would pay for the rounds cut at every prediction.
            model._predictors = model._predictors[:best]
        complete()

    def chosen(self, growth: float) -> Mapping[str, Any]:
        """Rounds of each ensemble for a refit; None for one that saw a single class."""
        return {"rounds": [None if isinstance(m, float) else grown(len(m._predictors), growth) for m in self.models]}

    def _losses(self, model: Any, valid: np.ndarray, y: np.ndarray, known: int) -> list[float]:
        """Validation loss of each round from `known` on."""
        if not self.is_classifier:
            robust = self.settings.get("loss") == "absolute_error"
            stages = islice(model.staged_predict(valid), known, None)
            return [float(np.mean(np.abs(y - s) if robust else (y - s) ** 2)) for s in stages]
        stages = islice(model.staged_predict_proba(valid), known, None)
        return [self.loss_of(y, spread(s, model.classes_, self.n_codes)) for s in stages]

    def _estimator(self, categories: Sequence[bool]) -> Any:
        s = self.settings
        arguments = {
            "learning_rate": s.get("learning_rate", 0.1),
            "max_leaf_nodes": s.get("max_leaf_nodes", 31),
            "min_samples_leaf": s.get("min_samples_leaf", 20),
            "l2_regularization": s.get("l2_regularization", 0.0),
            "max_features": s.get("max_features", 1.0),
            "categorical_features": np.asarray(categories, dtype=bool) if any(categories) else None,
            "early_stopping": False,
            "warm_start": True,
            "random_state": self.seed,
        }
        if self.is_classifier:
            return HistGradientBoostingClassifier(class_weight=s.get("class_weight"), **arguments)
        return HistGradientBoostingRegressor(loss=s.get("loss", "squared_error"), **arguments)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Probabilities ``(n, n_classes)`` or values ``(n, n_targets)``."""
        X = self._filled(X)
        if self.is_classifier:
            return self.together([_probabilities(model, X, self.n_codes) for model in self.models])
        return self.together([model.predict(X) for model in self.models])

    def _filled(self, X: np.ndarray) -> np.ndarray:
        """The matrix with nothing but zeros in columns that training did not see."""
        unseen = getattr(self, "unseen", None)
        return X if unseen is None or not unseen.any() else np.where(unseen, 0.0, X)


def unseen_columns(X: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    """Columns of which hardly a value would be among the rows that scikit-learn takes its bins from: ``(n_columns,)``.

    Args:
        X: ``(n, n_columns)`` with NaN for gaps.
        weight: ``(n,)`` or None; a row of weight 0 does not count.
    """
    there = ~np.isnan(X)
    if weight is None:
        share = there.mean(axis=0)
    else:
        share = (weight / max(float(weight.sum()), np.finfo(np.float64).tiny)) @ there
    least = LEAST_BINNED / BINNED_ROWS if len(X) > BINNED_ROWS else 0.0
    return np.asarray(share <= least)


class Forest(Learner):
    """Random forest or extremely randomised trees, grown by warm starts.

    Args:
        goal: of the task.
        n_classes: classes, or labels for multilabel.
        settings: kind ("random" or "extra"), n_estimators, max_features, min_samples_leaf, class_weight, criterion
            (scikit-learn's default if it is left out).
        seed: of the estimator.

    Shape: X ``(n, n_columns)`` without NaN.

    Source: Breiman 2001; Geurts, Ernst & Wehenkel 2006.
    """

    def __init__(self, goal: GoalName, n_classes: int, settings: Mapping[str, Any], seed: int = 0) -> None:
        super().__init__(goal, n_classes)
        self.settings = dict(settings)
        self.seed = seed
        self.models: list[Any] = []
        self.stopped = ""

    def fit(self, X: np.ndarray, truth: np.ndarray, weight: np.ndarray | None, valid: np.ndarray | None,
            valid_truth: np.ndarray | None, context: FitContext, complete: Callable[[], None]) -> None:  # fmt: skip
        """Add trees until there are enough or the time is over."""
        y = truth[:, 0] if truth.ndim == 2 and truth.shape[1] == 1 else truth
        if self.is_one_class and self.settings.get("class_weight"):
            weight = balanced(truth, weight)  # scikit-learn's own warns of growing by warm starts
        model = self._estimator()
        most = int(self.settings.get("n_estimators", 200))
        most = most if context.chosen is None else int(context.chosen["trees"])
        n, step_done, begun = 0, 1, time.monotonic()
        while n < most:
            step = min(most - n, 4 if n == 0 else 28)
            if n and context.deadline is not None:
                pace = (time.monotonic() - begun) / step_done
                step = min(step, int((context.deadline - time.monotonic()) / (1.3 * pace)))
                if step < 1 or late(context):
                    self.stopped = f"time ran out after {n} of {most} trees"
                    break
            begun, step_done = time.monotonic(), step
            n += step
            model.set_params(n_estimators=n)
            model.fit(X, y, sample_weight=weight)
            self.models = [model]
            complete()

    def chosen(self, growth: float) -> Mapping[str, Any]:
        """The trees that a refit grows: as many, since more rows need no more of them."""
        return {"trees": len(self.models[0].estimators_)}

    def _estimator(self) -> Any:
        s = self.settings
        extra = s.get("kind", "extra") == "extra"
        arguments = {
            "max_features": s.get("max_features", "sqrt" if self.is_classifier else 1.0),
            "min_samples_leaf": s.get("min_samples_leaf", 1),
            **({"criterion": s["criterion"]} if s.get("criterion") else {}),
            "n_jobs": -1,
            "warm_start": True,
            "random_state": self.seed,
        }
        if self.is_classifier:
            kind = ExtraTreesClassifier if extra else RandomForestClassifier
            return kind(**arguments)
        return (ExtraTreesRegressor if extra else RandomForestRegressor)(**arguments)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Probabilities ``(n, n_classes)`` or values ``(n, n_targets)``."""
        model = self.models[0]
        # Threads cost more than they bring for a few rows, and a fixed order of the sums keeps predictions bit-equal.
        model.set_params(n_jobs=1)
        if not self.is_classifier:
            values = tree_means(model, X)
            return np.asarray(model.predict(X)).reshape(len(X), -1) if values is None else values
        shares = tree_means(model, X) if not self.is_multilabel else None
        if shares is None:
            shares = model.predict_proba(X)
        if not self.is_multilabel:
            return spread(shares, model.classes_, self.n_classes)
        if not isinstance(shares, list):
            return spread(shares, model.classes_, 2)[:, 1:]
        return np.stack([spread(p, c, 2)[:, 1] for p, c in zip(shares, model.classes_, strict=True)], axis=1)


def tree_means(model: Any, X: Any) -> np.ndarray | None:
    """The mean over a forest's trees, which its own method computes with more checks of each tree than predictions.

    Sums are in the order of the trees, as in `sklearn.ensemble` with one job, so that they are equal to the last bit.

    Args:
        model: a fitted forest of scikit-learn.
        X: ``(n, n_columns)``.

    Returns:
        Class shares ``(n, n_classes)``, or values ``(n, 1)``; None where the forest's own method is to predict: of
        several outputs, and of rows that it may refuse.
    """
    if model.n_outputs_ != 1 or not isinstance(X, np.ndarray) or X.shape[1:] != (model.n_features_in_,):
        return None
    with np.errstate(over="ignore"):
        rows = np.ascontiguousarray(X, dtype=np.float32)
    if not len(rows) or not np.isfinite(rows).all():
        return None
    total = np.zeros((len(rows), int(getattr(model, "n_classes_", 1))))
    for tree in model.estimators_:
        total += tree.tree_.predict(rows)[:, : total.shape[1]]
    total /= len(model.estimators_)
    return total


def _probabilities(model: Any, X: np.ndarray, n_classes: int) -> np.ndarray:
    if isinstance(model, float):
        return spread(np.ones((len(X), 1)), np.array([int(model)]), n_classes)
    return spread(model.predict_proba(X), model.classes_, n_classes)


def _nothing() -> None:
    """Stands for a checkpoint of a model that is not complete yet."""
