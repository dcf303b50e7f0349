"""The contract of a metric."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl.records import Goal, Metric
from automl.testing.promise import promise


def check_metric(metric: Metric) -> None:
    """Check that a metric knows a perfect prediction, falls with a wrong one, and reads weights.

    Raises:
        AssertionError: a promise is broken; says which.
    """
    for goal in metric.goals:
        truth, perfect, poor, context = _metric_example(metric, goal)
        best, worse = (float(metric.fn(truth, array, None, context)) for array in (perfect, poor))
        promise(np.isfinite([best, worse]).all(), f"{metric.name}: scores {best}, {worse} are not finite ({goal})")
        promise(
            abs(best - metric.best) < 1e-5, f"{metric.name}: perfect scores {best}, expected {metric.best} ({goal})"
        )
        falls = worse < best if metric.higher_is_better else worse > best
        promise(falls, f"{metric.name}: a poor prediction scores {worse}, a perfect one {best} ({goal})")
        ones = float(metric.fn(truth, poor, np.ones(len(truth)), context))
        promise(abs(ones - worse) < 1e-9, f"{metric.name}: weights of one change the score ({goal})")
        twice = float(metric.fn(truth, poor, np.full(len(truth), 2.5), context))
        promise(abs(twice - worse) < 1e-6, f"{metric.name}: equal weights change the score ({goal})")


def _metric_example(metric: Metric, goal: Goal) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
    """Truth, a perfect prediction, a poor one, and the context."""
    rng = np.random.default_rng(0)
    n = 60
    if goal in ("binary", "multiclass", "multilabel"):
        n_classes = {"binary": 2, "multiclass": 3, "multilabel": 2}[goal]
        if goal == "multilabel":
            labels = rng.integers(0, 2, (n, n_classes)).astype("int8")
            sure = labels.astype("float64")
        else:
            labels = np.concatenate([np.arange(n_classes), rng.integers(0, n_classes, n - n_classes)]).astype("int64")
            sure = np.eye(n_classes)[labels]
        perfect = labels if metric.reads == "labels" else sure
        return labels, perfect, perfect[rng.permutation(n)], {"classes": n_classes}
    if goal == "forecast":
        truth = rng.normal(size=(n, 4, 2))
        context = {"scale": np.ones((n, 2)), "series": np.arange(n) % 3, "quantiles": (0.1, 0.9)}
        perfect = np.repeat(truth[..., None], 2, axis=3) if metric.reads == "quantiles" else truth
        return truth, perfect, perfect[::-1], context
    truth = rng.normal(size=(n, 2))
    return truth, truth, truth[::-1], {}
