"""Answers that are probably wrong: labels that confident models contradict, values far from what alike rows have."""

from __future__ import annotations

import numpy as np
import pandas as pd

from automl.audit.leakage import copies, leaks
from automl.audit.models import class_probabilities, predicted_values, text_probabilities
from automl.audit.view import Target, View, file_rows
from automl.detect.quoting import rounded
from automl.records import Finding, Severity

__all__ = ["doubtful_labels", "doubtful_values"]

LEAST_ROWS = 100
MOST_CLASSES = 100
SURE_SHARE = 0.4
LEAST_FLOOR = 0.01
SLACK = 1.0
"""Standard errors by which a floor may be too high by chance."""
STEADY, STEADY_IF_STRONG = 0.65, 0.4
STRONG = 0.5
MOST_FLOOR = 0.3
LEAST_SUSPECTS = 5
MEDIUM_SHARE = 0.02
NEIGHBOURS = 50
FAR = 8.0
FAR_SHARE = 0.01
MOST_SAME = 0.2
"""Of a target, as the zeros of claims, above which the usual miss is no measure of the others."""
SAME_PLACE = 0.05
"""Of all rows, by which the places of a value and of what is said of it may differ."""


def doubtful_labels(view: View) -> Finding | None:
    """Rows whose label a model that has not seen them contradicts with confidence, where that is more than chance.

    Suspects are the off-diagonal counts of confident learning: rows that reach another class's mean self-confidence and
    not their own. Classes that overlap give such rows too, so they are told only where errors have a floor (see
    `error_floor`): overlap falls off among the rows a model is surest of, wrong labels do not.

    Source: Northcutt, Jiang & Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels", section 3.1.
    """
    if view.task.goal not in ("binary", "multiclass") or not view.targets:
        return None
    target = view.targets[0]
    labels = target.values[view.known]
    if len(labels) < LEAST_ROWS or target.n_classes > MOST_CLASSES:
        return None
    view.before_learning()
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
        f"Even where it is surest, {max(floor, 0):.0%} of labels disagree, which caps every score."
    ).replace("%", " %")
    step = "Look at these rows, the doubtful ones first, and correct or remove what is wrong."
    severity: Severity = "medium" if share >= MEDIUM_SHARE else "low"
    return Finding("doubtful_labels", severity, message, step, (target.name,), file_rows(view.dataset, rows), len(at))


def _probabilities(view: View, target: Target, labels: np.ndarray) -> np.ndarray | None:
    if view.modality.is_text and view.frame is not None:
        texts = view.known_frame[[c.name for c in view.used]].agg(" ".join, axis=1)
        return text_probabilities(texts, labels, target.n_classes)
    told_too_much = [*copies(view), *(one.column for one, severity, _ in leaks(view) if severity == "high")]
    inputs = view.matrix(view.known, told_too_much)
    return class_probabilities(inputs, labels, target.n_classes) if inputs.shape[1] else None


def error_floor(predicted: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """The share of contradicted labels that is left among the surest rows, and its standard error.

    A straight line through (rank, contradicted or not) over the surest two fifths, read at its sure end. No floor where
    the line climbs: its sure end, less a standard error, must be two thirds of its mean, or two fifths where the model
    does well otherwise (apart from the floor, half of the errors of naming the commonest class or fewer). With logistic
    classes of any overlap and balance (log-odds normal with spread 0.75 to 6, means 0 to -3) these bounds took none for
    wrong labels, and found 10 % of wrong labels wherever the best model does well in that sense, before the standard
    error was taken off; it is there for tables of some hundreds of rows, whose errors are steady by chance.

    Args:
        told: ``(n, n_classes)`` probabilities.
        labels: ``(n,)`` codes.
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
    # Few rows give steady errors by chance, and a high floor would make the model look strong.
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
    """Rows whose value lies far from what a model that has not seen them says, by the usual miss of alike rows.

    Trees never say more than they have seen, so that they miss the greatest and least of honest values by much; a row
    whose place among all values is the one that the model gives it is not doubted.
    """
    if view.task.goal != "regression" or not view.modality.is_table or not view.targets:
        return None
    target = view.targets[0]
    values = target.values[view.known]
    inputs = view.matrix(view.known, list(copies(view)))
    if len(values) < LEAST_ROWS or not inputs.shape[1]:
        return None
    if np.unique(values, return_counts=True)[1].max() > MOST_SAME * len(values):
        return None  # most misses are next to nothing, and each of the other values would lie far off
    view.before_learning()
    predicted = predicted_values(inputs, values)
    at = far_values(predicted, values)
    share = len(at) / len(values)
    if len(at) < LEAST_SUSPECTS or share < FAR_SHARE:
        return None
    message = (
        f"{len(at):,} of {len(values):,} sampled training values of {target.name!r} lie {FAR:.0f} times the usual miss "
        f"or more from what alike rows say (first about {rounded(values[at[0]])} where about "
        f"{rounded(predicted[at[0]])} was expected)."
    )
    step = "Look at these rows: wrong units, slipped decimal points and swapped rows look like this."
    rows = file_rows(view.dataset, view.known[at])
    severity: Severity = "medium" if share >= MEDIUM_SHARE else "low"
    return Finding("doubtful_values", severity, message, step, (target.name,), rows, len(at))


def far_values(predicted: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Positions of values far from what is said of them and in another place, farthest first.

    Equal numbers share their place, and what is said alike is judged alike, so that the order of rows plays no part.

    Args:
        told: ``(n,)`` what a model says, in the target's unit.
        values: ``(n,)`` what stands there.
    """
    n = len(values)
    miss = np.abs(values - predicted)
    place, place_predicted = (pd.Series(one).rank(method="average").to_numpy(np.float64) for one in (values, predicted))
    block = ((place_predicted - 0.5) / n * max(1, n // NEIGHBOURS)).astype(np.int64)
    usual = pd.Series(miss).groupby(block).transform("median").to_numpy(np.float64)
    usual = np.maximum(usual, 0.5 * np.median(miss))
    far = miss / np.maximum(1.4826 * usual, 1e-12)
    at = np.flatnonzero((far > FAR) & (np.abs(place - place_predicted) > SAME_PLACE * n))
    return np.asarray(at[np.argsort(-far[at], kind="stable")])
