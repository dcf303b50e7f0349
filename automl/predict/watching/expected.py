"""The score to be expected on rows without a target, by the probabilities that a model gives them.

If the probabilities are calibrated, they say how often each label is right, and so what any metric will be on average.
This holds where the target depends on the inputs as it did in training: rows may be other ones, but not their meaning.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from automl import goals, metrics
from automl.records import Output

if TYPE_CHECKING:
    from automl.records import Task

__all__ = ["Expected", "expected_score", "is_available"]

DRAWS = 200
MOST_ITEMS = 20_000
LEVEL = 0.95
LEAST_DEFINED = 0.9


@dataclass(frozen=True, slots=True)
class Expected:
    """The score to be expected.

    Attributes:
        score: raw value of the metric.
        low: low end of the interval that the score of so many rows lies in.
        high: its high end.
        level: of the interval.
        n_items: rows that it rests on.
    """

    score: float
    low: float
    high: float
    level: float
    n_items: int


def is_available(task: Task) -> bool:
    """Whether a task's predictions say how often they are right: only probabilities do."""
    return goals.named(task).learns_classes


def expected_score(output: Output, task: Task, seed: int = 0, n_draws: int = DRAWS) -> Expected | None:
    """The mean score over targets that are drawn from the predicted probabilities, and where most of them lie.

    Args:
        output: decided predictions, with probabilities ``(n, n_classes)`` or ``(n, n_labels)``.
        task: names the metric.
        seed: of the draws.
        n_draws: number of drawn targets.

    Returns:
        None if the task has no probabilities, or the metric is not defined on most draws.

    Source: confidence-based performance estimation, Białek, Kuberski, Perrakis and Bifet 2024, "Estimating Model
    Performance Under Covariate Shift Without Labels", section 3; here by drawing, so that it holds for every metric.
    """
    if not is_available(task) or "probabilities" not in output.arrays:
        return None
    n_all = len(output.arrays["probabilities"])
    rows = np.arange(n_all) if n_all <= MOST_ITEMS else np.linspace(0, n_all - 1, MOST_ITEMS).astype(np.int64)
    own = Output(output.kind, {name: array[rows] for name, array in output.arrays.items()})
    rng = np.random.default_rng(seed)
    context = {"classes": len(task.classes)}
    scores = np.array([
        metrics.score(task.metric, _drawn(own.arrays["probabilities"], task, rng), own, None, context)
        for _ in range(n_draws if len(rows) else 0)
    ])  # fmt: skip
    known = scores[np.isfinite(scores)]
    if len(known) < max(1, LEAST_DEFINED * n_draws):
        return None
    # A sample of n rows spreads as the draws do; draws over fewer rows than there are spread more.
    spread = math.sqrt(len(rows) / n_all)
    tail = (1 - LEVEL) / 2
    middle = float(known.mean())
    low, high = (middle + spread * (float(end) - middle) for end in np.quantile(known, [tail, 1 - tail]))
    return Expected(middle, low, high, LEVEL, n_all)


def _drawn(probabilities: np.ndarray, task: Task, rng: np.random.Generator) -> np.ndarray:
    """A truth drawn from probabilities, in the form that metrics read."""
    if goals.named(task).is_multilabel:
        return np.asarray(rng.random(probabilities.shape) < probabilities, np.int8)
    steps = np.cumsum(probabilities, axis=1)
    drawn = (rng.random((len(steps), 1)) * steps[:, -1:] > steps).sum(axis=1)
    return np.asarray(np.minimum(drawn, probabilities.shape[1] - 1), np.int64)
