"""The score to be expected on rows without a target: by predicted probabilities, or by the usual errors of such rows.

If the probabilities are calibrated, they say how often each label is right, and so what any metric will be on average.
A number says nothing of how far off it is; held-out rows told it (`automl.predict.watching.errors`). Both hold where
the target depends on the inputs as it did in training: rows may be other ones, but not their meaning.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from automl import goals, metrics
from automl.predict.watching.errors import Errors, values_of
from automl.records import Output

if TYPE_CHECKING:
    from automl.records import Task

__all__ = ["Expected", "expected_score", "is_available", "widened"]

DRAWS = 200
MOST_ITEMS = 20_000
LEVEL = 0.95
LEAST_DEFINED = 0.9
OFF_BY = {"errors": 0.5, "probabilities": 0.25}
"""Part of the way from the test score to an expected one, by which the latter may be off."""
CORRECTED_BY = 0.5
"""Part of what correcting probabilities changed of an expected score, by which it may be off."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The score to be expected.

    Attributes:
        score: raw value of the metric.
        low: low end of the interval that the score of so many rows is to lie in.
        high: its high end.
        level: of the interval.
        n_items: rows that it rests on; for forecasts, times of start, or series.
        by: what says how right predictions are: "probabilities", "errors" of held-out rows, or the "backtest" of the
            contest.
    """

    score: float
    low: float
    high: float
    level: float
    n_items: int
    by: Literal["probabilities", "errors", "backtest"] = "probabilities"


def is_available(task: Task) -> bool:
    """Whether a score can be expected: by probabilities, by usual errors of numbers, or by those of a backtest."""
    return goals.named(task).in_rows or goals.named(task).in_windows


def expected_score(
    output: Output, task: Task, seed: int = 0, n_draws: int = DRAWS, errors: Errors | None = None,
    sizes: np.ndarray | None = None, weight: np.ndarray | None = None, probabilities: np.ndarray | None = None,
) -> Expected | None:  # fmt: skip
    """The mean score over targets as they may be, and where most of the scores lie.

    Args:
        output: decided predictions: probabilities ``(n, n_classes)`` or ``(n, n_labels)``, or values
            ``(n, n_targets)``.
        task: names the metric.
        seed: of the draws.
        n_draws: number of drawn targets.
        errors: of numbers, as held-out rows had them; None for classes.
        sizes: of numbers, the expected absolute error of each, ``(n, n_targets)``.
        weight: of the rows in the metric, ``(n,)``; None for one each.
        probabilities: of the classes or labels, as they are right; None for those of the output.

    Returns:
        None if nothing says how right the predictions are, or the metric is not defined on most draws.

    Source: confidence-based performance estimation, Białek, Kuberski, Perrakis and Bifet 2024, "Estimating Model
    Performance Under Covariate Shift Without Labels", section 3; here by drawing, so that it holds for every metric.
    """
    drawing = _drawing(output, task, errors, sizes, probabilities)
    if drawing is None:
        return None
    n_all = len(next(iter(output.arrays.values())))
    rows = np.arange(n_all) if n_all <= MOST_ITEMS else np.linspace(0, n_all - 1, MOST_ITEMS).astype(np.int64)
    own = Output(output.kind, {name: array[rows] for name, array in output.arrays.items()})
    rng = np.random.default_rng(seed)
    context = {"classes": len(task.classes)}
    weights = None if weight is None else weight[rows]
    n_draws = n_draws if len(rows) else 0
    scores = np.array([metrics.score(task.metric, drawing(rows, rng), own, weights, context) for _ in range(n_draws)])
    known = scores[np.isfinite(scores)]
    if len(known) < max(1, LEAST_DEFINED * n_draws):
        return None
    # A sample of n rows spreads as the draws do; draws over fewer rows than there are spread more.
    spread = math.sqrt(len(rows) / n_all)
    tail = (1 - LEVEL) / 2
    middle = float(known.mean())
    low, high = (middle + spread * (float(end) - middle) for end in np.quantile(known, [tail, 1 - tail]))
    return Expected(middle, low, high, LEVEL, n_all, "probabilities" if errors is None else "errors")


def widened(found: Expected, score: float | None, n_test: int, plain: Expected | None = None) -> Expected:
    """The expected score with a wider interval, since errors and probabilities are themselves estimates.

    Their level comes from the test rows of the contest, which are a sample as well; where the expected score leaves the
    test score, it may be off by a part of the way; and by a part of what correcting probabilities changed. All parts
    were measured by ``benchmarks/watching.py``.

    Args:
        found: whose interval is that of samples.
        score: test score of the contest.
        n_test: its test rows.
        plain: of classes, what their probabilities said before they were corrected.
    """
    if found.by not in OFF_BY or score is None or n_test < 1:
        return found
    wider, more = math.sqrt(1 + found.n_items / n_test), OFF_BY[found.by] * abs(found.score - score)
    more += 0.0 if plain is None else CORRECTED_BY * abs(found.score - plain.score)
    low, high = (found.score + wider * (end - found.score) for end in (found.low, found.high))
    return replace(found, low=low - more, high=high + more)


def _drawing(
    output: Output, task: Task, errors: Errors | None, sizes: np.ndarray | None, given: np.ndarray | None
) -> Callable[[np.ndarray, np.random.Generator], np.ndarray] | None:
    """From rows and a generator to a truth that is drawn for them; None where nothing tells how."""
    goal = goals.named(task)
    if goal.learns_classes and "probabilities" in output.arrays:
        probabilities = output.arrays["probabilities"] if given is None else given
        return lambda rows, rng: _drawn(probabilities[rows], task, rng)
    if goal.is_numeric and errors is not None and sizes is not None and "values" in output.arrays:
        values = values_of(output)
        if np.isfinite(values).all() and np.isfinite(sizes).all():
            return lambda rows, rng: errors.drawn(values[rows], sizes[rows], rng)
    return None


def _drawn(probabilities: np.ndarray, task: Task, rng: np.random.Generator) -> np.ndarray:
    """A truth drawn from probabilities, in the form that metrics read."""
    if goals.named(task).is_multilabel:
        return np.asarray(rng.random(probabilities.shape) < probabilities, np.int8)
    steps = np.cumsum(probabilities, axis=1)
    drawn = (rng.random((len(steps), 1)) * steps[:, -1:] > steps).sum(axis=1)
    return np.asarray(np.minimum(drawn, probabilities.shape[1] - 1), np.int64)
