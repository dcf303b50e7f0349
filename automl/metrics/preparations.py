"""Each metric as a preparation: it does the work that weights do not change and returns a function of weightings."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from automl.metrics.feature_distance import feature_distance
from automl.metrics.known import is_known
from automl.metrics.losses import ITEM_LOSSES, ONE_MINUS, Context, item_shares
from automl.metrics.masks import iou
from automl.metrics.probe import cross_fitted
from automl.metrics.two_sample import told_apart

__all__ = ["PREPARE", "Evaluator"]

Evaluator = Callable[[np.ndarray], np.ndarray]
"""From weightings ``(n_weightings, n)`` to scores ``(n_weightings,)``."""


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Quotient, NaN where the denominator is not positive."""
    undefined = np.full(np.broadcast(above, below).shape, np.nan)
    return np.asarray(np.divide(above, below, out=undefined, where=below > 0))


def _mean_over_defined(columns: np.ndarray) -> np.ndarray:
    """Mean over the last axis without NaN values; NaN where all values are NaN."""
    defined = ~np.isnan(columns)
    return _ratio(np.where(defined, columns, 0.0).sum(axis=-1), defined.sum(axis=-1))


def _mean_of_losses(name: str, truth: np.ndarray, array: np.ndarray, context: Context) -> Evaluator:
    losses = ITEM_LOSSES[name](truth, array, context)
    shares = item_shares(name, truth, context)
    both = np.column_stack([losses * shares, shares])

    def evaluate(weights: np.ndarray) -> np.ndarray:
        sums = weights @ both
        mean = _ratio(sums[:, 0], sums[:, 1])
        return 1.0 - mean if name in ONE_MINUS else mean

    return evaluate


def _columns_of(truth: np.ndarray, probabilities: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs (is positive, score): one pair for a binary task, otherwise one per class or label."""
    if truth.ndim == 2:
        return [(truth[:, k] == 1, probabilities[:, k]) for k in range(truth.shape[1])]
    if probabilities.shape[1] == 2:
        return [(truth == 1, probabilities[:, 1])]
    return [(truth == k, probabilities[:, k]) for k in range(probabilities.shape[1])]


def _auc_column(positive: np.ndarray, scores: np.ndarray) -> Evaluator:
    """Weighted Mann-Whitney statistic, where ties count half: one sort, then cumulative sums for each weighting.

    Source: Hanley & McNeil, The meaning and use of the area under a ROC curve, Radiology 1982.
    """
    order = np.argsort(scores, kind="stable")
    ups, downs = order[positive[order]], order[~positive[order]]
    # for each positive: how many negatives score less, and how many score no more
    less, not_more = (np.searchsorted(scores[downs], scores[ups], side=side) for side in ("left", "right"))
    tied = bool((less != not_more).any())

    def evaluate(weights: np.ndarray) -> np.ndarray:
        by_item = weights.T
        up = by_item[ups]
        below = np.zeros((len(downs) + 1, len(weights)))
        np.cumsum(by_item[downs], axis=0, out=below[1:])
        won = np.einsum("ij,ij->j", up, below[less])
        if tied:
            won = 0.5 * (won + np.einsum("ij,ij->j", up, below[not_more]))
        return _ratio(won, up.sum(axis=0) * below[-1])

    return evaluate


def _precision_column(positive: np.ndarray, scores: np.ndarray) -> Evaluator:
    """Average precision: precision at each distinct score, weighted by the recall gained there."""
    order = np.argsort(-scores, kind="stable")
    sign = positive[order]
    ups = order[sign]
    last = np.searchsorted(-scores[order], -scores[ups], side="right") - 1  # the end of each positive's run of ties
    among = np.searchsorted(-scores[ups], -scores[ups], side="right") - 1

    def evaluate(weights: np.ndarray) -> np.ndarray:
        by_item = weights.T
        up = by_item[ups]
        hits, ranked = np.cumsum(up, axis=0), np.cumsum(by_item[order], axis=0)
        at = ranked[last]
        precision = np.divide(hits[among], at, out=np.zeros_like(up), where=at > 0)
        return _ratio(np.einsum("ij,ij->j", up, precision), up.sum(axis=0))

    return evaluate


def _ranking(
    column: Callable[[np.ndarray, np.ndarray], Evaluator], truth: np.ndarray, array: np.ndarray, context: Context
) -> Evaluator:
    parts = [column(positive, scores) for positive, scores in _columns_of(truth, array)]

    def evaluate(weights: np.ndarray) -> np.ndarray:
        return _mean_over_defined(np.stack([part(weights) for part in parts], axis=-1))

    return evaluate


def _probe_accuracy(truth: np.ndarray, vectors: np.ndarray, context: Context) -> Evaluator:
    scores = cross_fitted(vectors, truth, _n_classes(truth, context))
    return _mean_of_losses("accuracy", truth, scores.argmax(axis=1), context)


def _probe_auc(truth: np.ndarray, vectors: np.ndarray, context: Context) -> Evaluator:
    scores = cross_fitted(vectors, truth, _n_classes(truth, context))
    return _ranking(_auc_column, truth, scores, context)


def _n_classes(truth: np.ndarray, context: Context) -> int:
    return max(int(context.get("classes", 0)), int(truth.max(initial=0)) + 1)


def _indistinct(truth: np.ndarray, samples: np.ndarray, context: Context) -> Evaluator:
    """``1 - 2 |AUC - ½|`` of a classifier's cross-fitted scores: 1 if held-out and generated rows are alike.

    Of several draws ``(n, n_draws)`` each is told apart by itself, and their scores are averaged.
    """
    draws = [told_apart(truth, draw) for draw in samples.reshape(len(samples), -1).T]
    areas = [_auc_column(np.repeat([False, True], len(pairs)), pairs.T.ravel()) for pairs in draws]

    def evaluate(weights: np.ndarray) -> np.ndarray:
        both = np.concatenate([weights, weights], axis=1)
        return np.asarray(np.mean([1.0 - 2.0 * np.abs(area(both) - 0.5) for area in areas], axis=0))

    return evaluate


def _feature_distance(truth: np.ndarray, samples: np.ndarray, context: Context) -> Evaluator:
    """Fréchet distance of features of held-out and generated rows, the mean over draws.

    Features are fitted on the context's "reference", or on the truth without one: a structured array of training rows,
    or a tuple that holds it alone. Only in a tuple it is never taken for a value of each item where it is as long.
    """
    reference = context.get("reference", truth)
    reference = reference[0] if isinstance(reference, tuple) else reference
    return feature_distance(truth, list(samples.reshape(len(samples), -1).T), reference)


def _unscored(truth: np.ndarray, scores: np.ndarray, context: Context) -> Evaluator:
    """Zeros: without a label no model is better than another."""
    return lambda weights: np.zeros(len(weights))


def _one_hot(truth: np.ndarray, labels: np.ndarray, context: Context) -> tuple[np.ndarray, np.ndarray]:
    """Truth and labels as 0/1 columns, one per class or label."""
    if truth.ndim == 2:
        return truth.astype(np.float64), labels.astype(np.float64)
    n_classes = max(int(context.get("classes", 0)), int(truth.max(initial=0)) + 1, int(labels.max(initial=0)) + 1)
    codes = np.arange(n_classes)
    return (truth[:, None] == codes).astype(np.float64), (labels[:, None] == codes).astype(np.float64)


def _balanced_accuracy(truth: np.ndarray, labels: np.ndarray, context: Context) -> Evaluator:
    actual, said = _one_hot(truth, labels, context)
    both = actual * said

    def evaluate(weights: np.ndarray) -> np.ndarray:
        return _mean_over_defined(_ratio(weights @ both, weights @ actual))

    return evaluate


def _f1(truth: np.ndarray, labels: np.ndarray, context: Context) -> Evaluator:
    """F1 of the positive class (binary), or the mean F1 of all classes or labels that occur or are predicted."""
    actual, said = _one_hot(truth, labels, context)
    if truth.ndim == 1 and actual.shape[1] <= 2:
        actual, said = (truth == 1)[:, None] * 1.0, (labels == 1)[:, None] * 1.0
    both, either = 2.0 * actual * said, actual + said

    def evaluate(weights: np.ndarray) -> np.ndarray:
        return _mean_over_defined(_ratio(weights @ both, weights @ either))

    return evaluate


def _quadratic_kappa(truth: np.ndarray, labels: np.ndarray, context: Context) -> Evaluator:
    """Agreement of ordered classes beyond chance; disagreements count by their squared distance.

    ``1 - E[(a - b)²] / (E[a²] + E[b²] - 2 E[a] E[b])``, where a and b are the codes of truth and prediction. This is
    equal to the usual definition by a table of counts.

    Source: Cohen, "Weighted kappa", Psychological Bulletin 70 (1968).
    """
    a, b = truth.astype(np.float64), labels.astype(np.float64)
    moments = np.column_stack([(a - b) ** 2, a, b, a**2 + b**2, np.ones(len(a))])

    def evaluate(weights: np.ndarray) -> np.ndarray:
        sums = weights @ moments
        apart, mean_a, mean_b, squares = (_ratio(sums[:, k], sums[:, 4]) for k in range(4))
        return 1.0 - _ratio(apart, squares - 2.0 * mean_a * mean_b)

    return evaluate


def _by_target(array: np.ndarray) -> np.ndarray:
    """``(n, [horizon,] n_targets)`` as ``(n, steps, n_targets)``."""
    return array.reshape(len(array), -1, array.shape[-1])


def _known_share(truth: np.ndarray) -> np.ndarray:
    """The share of known steps of each item and target, ``(n, n_targets)``."""
    known = is_known(truth)
    return np.ones((len(truth), truth.shape[-1])) if known is None else _by_target(known).mean(axis=1)


def _step_means(cells: np.ndarray) -> np.ndarray:
    """Means over the steps of an item, ``(n, n_targets)``; steps that are not known (NaN) count as zero."""
    return np.asarray(np.where(np.isnan(cells), 0.0, cells).mean(axis=1))


def _r2(truth: np.ndarray, values: np.ndarray, context: Context) -> Evaluator:
    """Share of variance explained, mean over targets; for a constant truth 1 or 0, as in scikit-learn."""
    actual, share = _by_target(truth), _known_share(truth)
    middle = _ratio(_step_means(actual).sum(axis=0), share.sum(axis=0))
    centred = actual - middle
    errors = _step_means((actual - _by_target(values)) ** 2)
    first, second = _step_means(centred), _step_means(centred**2)
    smallest = 1e-13 * np.maximum(second.max(axis=0, initial=0.0), np.finfo(np.float64).tiny)

    def evaluate(weights: np.ndarray) -> np.ndarray:
        total = weights @ share
        lost = _ratio(weights @ errors, total)
        spread = _ratio(weights @ second, total) - _ratio(weights @ first, total) ** 2
        varies = spread > smallest
        part = 1.0 - np.divide(lost, spread, out=np.where(lost == 0, 0.0, 1.0), where=varies)
        return _mean_over_defined(np.where(np.isnan(lost), np.nan, part))

    return evaluate


def _rmse(truth: np.ndarray, values: np.ndarray, context: Context) -> Evaluator:
    errors, share = _step_means((_by_target(truth) - _by_target(values)) ** 2), _known_share(truth)

    def evaluate(weights: np.ndarray) -> np.ndarray:
        return _mean_over_defined(np.sqrt(_ratio(weights @ errors, weights @ share)))

    return evaluate


PREPARE: dict[str, Callable[[np.ndarray, np.ndarray, Context], Evaluator]] = {
    **{name: partial(_mean_of_losses, name) for name in ITEM_LOSSES},
    "unscored": _unscored,
    "indistinct": _indistinct,
    "feature_distance": _feature_distance,
    "probe_accuracy": _probe_accuracy,
    "probe_roc_auc": _probe_auc,
    "roc_auc": partial(_ranking, _auc_column),
    "average_precision": partial(_ranking, _precision_column),
    "balanced_accuracy": _balanced_accuracy,
    "f1": _f1,
    "quadratic_kappa": _quadratic_kappa,
    "r2": _r2,
    "iou": iou,
    "rmse": _rmse,
}
