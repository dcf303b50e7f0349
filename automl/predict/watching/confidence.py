"""How right predicted probabilities are: of which rows too high, of which too low, and by how much on test rows.

Probabilities were calibrated on all validation rows together. Where rows become other ones, what counts is whether they
are right on rows of each kind. So small boosted trees learn from validation rows, by columns and prediction, by how
much the most probable class is right more often than it says; and a slope and shifts of the logits (as calibration has
them) are then fitted to the contest's test rows, which the shipped models predicted. Neither changes a prediction: they
say what score to expect.

Sources: Hébert-Johnson, Kim, Reingold and Rothblum 2018, "Multicalibration: calibration for the (computationally-
identifiable) masses", whose way to it is boosting; Białek et al. 2024 (`automl.predict.watching.expected`), who
calibrate again for each new set of rows, for which all old rows would have to be kept.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl import goals
from automl.predict.watching.errors import LEAST_ROWS, MOST_ROWS, Grown, numbers_of, readable, rounded_trees
from automl.records import Output

if TYPE_CHECKING:
    from automl.goals.shared.calibration import Decision
    from automl.predict.watching.summaries import Feature, Summary
    from automl.records import Task

__all__ = ["Confidence", "calibrated_on", "fit_confidence"]

TREES: Mapping[str, Any] = {
    "max_iter": 10, "learning_rate": 0.1, "max_leaf_nodes": 6, "min_samples_leaf": 80, "l2_regularization": 6.0,
}  # fmt: skip
LEAST_VARIANCE = 0.02
"""Of being right, at least; so surely right rows do not count for everything."""
SUREST, SMALLEST = 1e-4, 1e-12
MOST_SHIFT = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Confidence:
    """What is remembered of predicted probabilities.

    Attributes:
        read: names of the features that trees read, as of `automl.predict.watching.errors.Errors`.
        trees: of the logit of the most probable class; None where it is one of several labels, or nothing was learnt.
        rule: slope and shifts of the logits, fitted to test rows; None before.
    """

    read: Mapping[str, np.ndarray | None]
    trees: Grown | None
    rule: Decision | None = None

    def corrected(
        self, probabilities: np.ndarray, before: Sequence[Summary], features: Mapping[str, Feature]
    ) -> np.ndarray:
        """Probabilities ``(n, n_classes)`` or ``(n, n_labels)`` as they are right.

        Args:
            probabilities: as predicted.
            before: counts of columns and predictions.
            features: of the rows, by name; one that is not there counts as missing.
        """
        found = np.asarray(probabilities, np.float64)
        if self.trees is not None:
            moved = self.trees.sums(numbers_of(self.read, before, features, len(found)))
            found = _moved(found, np.clip(moved, -MOST_SHIFT, MOST_SHIFT))
        if self.rule is not None:
            found = goals.decided(self.rule, Output("probabilities", {"probabilities": found})).arrays["probabilities"]
        return found


def _moved(probabilities: np.ndarray, by: np.ndarray) -> np.ndarray:
    """The logit of the most probable class moved; the others share the rest as they did."""
    rows, top = np.arange(len(probabilities)), probabilities.argmax(axis=1)
    highest = np.clip(probabilities[rows, top], SUREST, 1 - SUREST)
    odds = highest / (1 - highest) * np.exp(by)
    wanted = np.clip(odds / (1 + odds), SUREST, 1 - SUREST)
    others = np.maximum(probabilities, SMALLEST)
    others[rows, top] = 0.0
    made = others * ((1 - wanted) / others.sum(axis=1))[:, None]
    made[rows, top] = wanted
    return np.asarray(made)


def fit_confidence(
    probabilities: np.ndarray, truth: np.ndarray, before: Sequence[Summary], features: Mapping[str, Feature]
) -> Confidence:
    """Learn of which rows the most probable class is right more often than it says, or less often.

    Args:
        probabilities: of validation rows ``(n, n_classes)``, by models that had not learnt from them.
        truth: ``(n,)`` codes; ``(n, n_labels)`` of several labels, of which nothing is learnt.
        before: counts of columns and predictions.
        features: of the validation rows, by name.
    """
    nothing = Confidence({}, None)
    if truth.ndim != 1 or len(truth) != len(probabilities) or len(truth) < LEAST_ROWS:
        return nothing
    rows = np.linspace(0, len(truth) - 1, min(len(truth), MOST_ROWS)).astype(np.int64)
    p = np.asarray(probabilities, np.float64)[rows]
    if not np.isfinite(p).all():
        return nothing
    surplus = (p.argmax(axis=1) == truth[rows]) - p.max(axis=1)
    variance = np.maximum(p.max(axis=1) * (1 - p.max(axis=1)), LEAST_VARIANCE)
    read, own = readable(1 + surplus[:, None], rows, before, features)
    if not read:
        return nothing
    matrix = numbers_of(read, before, own, len(rows))
    return Confidence(read, rounded_trees(matrix, surplus / variance, TREES, "squared_error", variance))


def calibrated_on(
    found: Confidence, probabilities: np.ndarray, truth: np.ndarray, task: Task, weight: np.ndarray | None = None
) -> Confidence:
    """The same with slope and shifts at which probabilities of test rows are right.

    Args:
        found: without them.
        probabilities: of test rows, as `found` corrects them.
        truth: of the test rows.
        task: of the contest.
        weight: of the rows in the metric, ``(n,)``; None for one each.
    """
    output = Output("probabilities", {"probabilities": probabilities})
    return dataclasses.replace(found, rule=goals.decide(truth, output, task, "log_loss", weight))
