"""Targets that are probably wrong: labels that a confident model contradicts, values far from those of similar rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from automl.audit.leakage import copies, leaks
from automl.audit.models import class_probabilities, predicted_values, text_probabilities
from automl.audit.view import Target, View, file_rows, severity_of
from automl.detect.quoting import percent, rounded
from automl.records import Finding

__all__ = ["doubtful_labels", "doubtful_values"]

LEAST_ROWS = 100
MOST_CLASSES = 100
SURE_SHARE = 0.4
LEAST_FLOOR = 0.01
SLACK = 1.0
"""Standard errors that are taken off the error floor, which may be high by chance."""
STEADY, STEADY_IF_STRONG = 0.65, 0.4
STRONG = 0.5
MOST_FLOOR = 0.3
LEAST_SUSPECTS = 5
MEDIUM_SHARE = 0.02
NEIGHBOURS = 50
FAR = 8.0
FAR_SHARE = 0.01
MOST_SAME = 0.2
"""Share of one value (such as the zeros of claims) above which the usual error says nothing of other values."""
SAME_RANK = 0.05
"""Share of all rows by which the ranks of a value and of its prediction may differ."""


def doubtful_labels(view: View) -> Finding | None:
    """Rows whose label is confidently contradicted, more often than by chance, by a model that has not seen them.

    Suspects are the off-diagonal counts of confident learning: rows that reach another class's mean self-confidence and
    not their own. Overlapping classes give such rows too, so suspects are reported only where errors have a floor (see
    `error_floor`): among the rows that a model is surest of, errors from overlap vanish, and wrong labels stay.

    Source: Northcutt, Jiang & Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels", section 3.1.
    """
    if not view.goal.is_one_class or not view.targets:
        return None
    target = view.targets[0]
    labels = target.values[view.known]
    if len(labels) < LEAST_ROWS or target.n_classes > MOST_CLASSES:
        return None
    view.deadline.before_learning()
    predicted = _probabilities(view, target, labels)
    if predicted is None:
        return None
    floor, error = error_floor(predicted, labels)
    if floor - 1.96 * error < LEAST_FLOOR or floor > MOST_FLOOR:
        return None
    at = suspects(predicted, labels)
    if len(at) < LEAST_SUSPECTS:
        return None
    rows = view.known[at]
    share = len(at) / len(labels)
    classes = view.task.classes
    first = at[0]
    message = (
        f"{len(at):,} of {len(labels):,} sampled training labels look wrong: a model that did not see them is sure of "
        f"another class (first {classes[labels[first]]!r}, which looks like "
        f"{classes[int(predicted[first].argmax())]!r}). "
        f"Even where it is surest, {percent(max(floor, 0))} of labels disagree, which limits every score."
    )
    step = "Look at these rows, which are sorted by doubt, and correct or remove what is wrong."
    severity = severity_of(share, MEDIUM_SHARE)
    return Finding("doubtful_labels", severity, message, step, (target.name,), file_rows(view.dataset, rows), len(at))


def _probabilities(view: View, target: Target, labels: np.ndarray) -> np.ndarray | None:
    """Out-of-fold class probabilities of the known sample; None where no input is left to learn from."""
    if view.modality.is_text and view.frame is not None:
        texts = view.known_frame[[c.name for c in view.used]].agg(" ".join, axis=1)
        return text_probabilities(texts, labels, target.n_classes)
    leaking = [*copies(view), *(one.column for one, severity, _ in leaks(view) if severity == "high")]
    inputs = view.matrix(view.known, leaking)
    return class_probabilities(inputs, labels, target.n_classes) if inputs.shape[1] else None


def error_floor(predicted: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """The share of contradicted labels among the rows that the model is surest of, and its standard error.

    A line is fitted through (rank by confidence, contradicted or not) over the surest two fifths of the rows. The floor
    is its value at the surest row. There is none where the line rises much: the floor, less a standard error, must be
    `STEADY` of the line's mean, or `STEADY_IF_STRONG` for a strong model. A strong model makes, apart from the floor,
    at most `STRONG` of the errors of predicting the commonest class.

    The bounds were tried on logistic classes of any overlap and balance (log-odds normal with spread 0.75 to 6, means 0
    to -3), without the standard error. No overlap passed for wrong labels, and 10 % of wrong labels were found wherever
    the best model is strong. The standard error is for tables of some hundred rows, whose errors are steady by chance.

    Args:
        predicted: ``(n, n_classes)`` probabilities.
        labels: ``(n,)`` codes.

    Returns:
        The floor and its standard error, both 0 where there is no floor.
    """
    ordered = np.sort(predicted, axis=1)
    margin = ordered[:, -1] - (ordered[:, -2] if predicted.shape[1] > 1 else 0.0)
    sure = np.argsort(-margin, kind="stable")[: int(SURE_SHARE * len(labels))]
    wrong = (predicted.argmax(axis=1) != labels)[sure].astype(np.float64)
    rank = (np.arange(len(sure)) + 0.5) / len(sure)
    mean = wrong.mean()
    slope = ((rank - 0.5) * (wrong - mean)).mean() / ((rank - 0.5) ** 2).mean()
    floor = mean - 0.5 * max(slope, 0.0)
    all_wrong = float((predicted.argmax(axis=1) != labels).mean())
    blind = 1 - np.bincount(labels).max() / len(labels)
    error = float(2 * np.sqrt(max(mean * (1 - mean), 1e-9) / len(sure)))
    # The errors of few rows are steady by chance, and a floor that is too high would make the model look strong.
    least = floor - SLACK * error
    is_strong = all_wrong - least <= STRONG * (blind - least)
    if least < (STEADY_IF_STRONG if is_strong else STEADY) * mean:
        return 0.0, 0.0
    return float(floor), error


def suspects(predicted: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Positions of labels that confident learning doubts, most doubtful first."""
    n_classes = predicted.shape[1]
    known = np.bincount(labels, minlength=n_classes)
    confidence = np.bincount(labels, predicted[np.arange(len(labels)), labels], minlength=n_classes) / np.maximum(
        known, 1
    )
    confidence[known == 0] = np.inf
    reached = np.where(predicted >= confidence, predicted, -1.0)
    best = reached.argmax(axis=1)
    doubted = (reached.max(axis=1) >= 0) & (best != labels)
    margin = predicted.max(axis=1) - predicted[np.arange(len(labels)), labels]
    at = np.flatnonzero(doubted)
    return at[np.argsort(-margin[at], kind="stable")]


def doubtful_values(view: View) -> Finding | None:
    """Rows whose value lies far from the prediction of a model that has not seen them.

    Far is measured by the usual error of rows with similar predictions. Trees cannot predict beyond the values that
    they have seen, so they miss sound extremes by much: a row is doubted only if its rank differs from the predicted
    one.
    """
    if not view.goal.is_numeric or not view.modality.is_table or not view.targets:
        return None
    target = view.targets[0]
    values = target.values[view.known]
    inputs = view.matrix(view.known, list(copies(view)))
    if len(values) < LEAST_ROWS or not inputs.shape[1]:
        return None
    if np.unique(values, return_counts=True)[1].max() > MOST_SAME * len(values):
        return None  # most errors are nearly zero, and every other value would lie far off
    view.deadline.before_learning()
    predicted = predicted_values(inputs, values)
    at = far_values(predicted, values)
    share = len(at) / len(values)
    if len(at) < LEAST_SUSPECTS or share < FAR_SHARE:
        return None
    message = (
        f"{len(at):,} of {len(values):,} sampled training values of {target.name!r} differ from their prediction by "
        f"{FAR:.0f} times the usual error or more (first about {rounded(values[at[0]])} where about "
        f"{rounded(predicted[at[0]])} was predicted)."
    )
    step = "Look at these rows: wrong units, slipped decimal points and swapped rows look like this."
    rows = file_rows(view.dataset, view.known[at])
    return Finding("doubtful_values", severity_of(share, MEDIUM_SHARE), message, step, (target.name,), rows, len(at))


def far_values(predicted: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Positions of values that are far from their prediction and differ in rank, farthest first.

    Equal numbers share their rank, so that the order of rows does not matter.

    Args:
        predicted: ``(n,)`` in the target's unit.
        values: ``(n,)`` true ones.
    """
    n = len(values)
    error = np.abs(values - predicted)
    rank, rank_predicted = (pd.Series(one).rank(method="average").to_numpy(np.float64) for one in (values, predicted))
    block = ((rank_predicted - 0.5) / n * max(1, n // NEIGHBOURS)).astype(np.int64)
    usual = pd.Series(error).groupby(block).transform("median").to_numpy(np.float64)
    usual = np.maximum(usual, 0.5 * np.median(error))
    far = error / np.maximum(1.4826 * usual, 1e-12)
    at = np.flatnonzero((far > FAR) & (np.abs(rank - rank_predicted) > SAME_RANK * n))
    return np.asarray(at[np.argsort(-far[at], kind="stable")])
