"""Scores: one definition each, weighted, and evaluated for many weightings at once.

Every metric is written once, as a *preparation*: given truth and predictions it does the work that weights do not
change (sorting, losses) and returns a function from weightings ``(n_weightings, n)`` to scores ``(n_weightings,)``.
A single score is the case of one weighting, so the score shown and the interval around it cannot disagree.

Only NumPy is imported.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from automl.errors import DataError, RecipeError, Unfit
from automl.records import Goal, Metric, Output

__all__ = [
    "METRICS", "better", "bootstrap", "default", "evaluator", "gain", "is_uneven", "item_losses", "named", "score",
]  # fmt: skip

Evaluator = Callable[[np.ndarray], np.ndarray]
Context = Mapping[str, Any]

SMALLEST_PROBABILITY = float(np.finfo(np.float32).eps)
"""Log loss clips here on both sides of the contest, so that 32-bit networks and 64-bit models meet the same bound."""

COMMON_SHARE = 0.8
"""Where one of several classes holds this share of the rows, accuracy hardly tells a model from a guess."""
RARE_ROWS = 50
"""Rows of the rarest class from which on its share of right answers is worth a class's weight (ten in a test part)."""

_CHUNK_CELLS = 1_000_000


# --------------------------------------------------------------------------- losses of single items


def _wrong(truth: np.ndarray, labels: np.ndarray, context: Context) -> np.ndarray:
    """1 where the prediction is wrong; a multilabel row is right when all its labels are."""
    hit = truth == labels
    right = hit.all(axis=1) if hit.ndim == 2 else hit
    return np.asarray(~right, dtype=np.float64)


def _log_losses(truth: np.ndarray, probabilities: np.ndarray, context: Context) -> np.ndarray:
    """Negative log-likelihood a row; multilabel: mean over labels."""
    clipped = np.clip(probabilities.astype(np.float64), SMALLEST_PROBABILITY, 1.0 - SMALLEST_PROBABILITY)
    if truth.ndim == 2:
        return np.asarray(-np.where(truth == 1, np.log(clipped), np.log1p(-clipped)).mean(axis=1))
    return np.asarray(-np.log(clipped[np.arange(len(truth)), truth]))


def _absolute_errors(truth: np.ndarray, values: np.ndarray, context: Context) -> np.ndarray:
    return np.asarray(np.abs(truth - values).reshape(len(truth), -1).mean(axis=1))


def _smape_items(truth: np.ndarray, values: np.ndarray, context: Context) -> np.ndarray:
    """Symmetric percentage errors, 0 to 200 (Makridakis et al., The M4 competition, 2020); 0/0 counts as 0."""
    size = np.abs(truth) + np.abs(values)
    share = np.divide(np.abs(truth - values), size, out=np.zeros(truth.shape), where=size > 0)
    return np.asarray(200.0 * share.reshape(len(truth), -1).mean(axis=1))


def _scaled_errors(truth: np.ndarray, values: np.ndarray, context: Context) -> np.ndarray:
    """Absolute scaled errors (Hyndman & Koehler 2006) a window; a target without a usable scale is left out."""
    errors = np.abs(truth - values).mean(axis=1)  # (windows, targets)
    scale = np.asarray(context["scale"], dtype=np.float64).reshape(errors.shape)
    usable = np.isfinite(scale) & (scale > 0)
    if not usable.any():
        return np.asarray(errors.mean(axis=1))
    ratio = np.divide(errors, scale, out=np.zeros_like(errors), where=usable)
    counts = usable.sum(axis=1)
    return np.where(counts > 0, ratio.sum(axis=1) / np.maximum(counts, 1), 0.0)


def _series_shares(truth: np.ndarray, context: Context) -> np.ndarray:
    """What a window counts so that series count alike: one over its series' number of windows."""
    n = len(truth)
    series = context.get("series")
    series = np.zeros(n, dtype=np.int64) if series is None else np.asarray(series)
    _, index, counts = np.unique(series, return_inverse=True, return_counts=True)
    shares = 1.0 / counts[index]
    scale = np.asarray(context["scale"], dtype=np.float64).reshape(n, -1)
    usable = (np.isfinite(scale) & (scale > 0)).any(axis=1)
    return shares * usable if usable.any() else shares


def _pinball_items(truth: np.ndarray, quantiles: np.ndarray, context: Context) -> np.ndarray:
    """Quantile losses (Koenker & Bassett 1978), mean over steps, targets and levels."""
    levels = np.asarray(context["quantiles"], dtype=np.float64)
    error = truth[..., None] - quantiles
    losses = np.maximum(levels * error, (levels - 1.0) * error)
    return np.asarray(losses.reshape(len(truth), -1).mean(axis=1))


ITEM_LOSSES: dict[str, Callable[[np.ndarray, np.ndarray, Context], np.ndarray]] = {
    "accuracy": _wrong,
    "log_loss": _log_losses,
    "mae": _absolute_errors,
    "mase": _scaled_errors,
    "smape": _smape_items,
    "pinball": _pinball_items,
}


# --------------------------------------------------------------------------- preparations


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Quotient, NaN where the denominator is not positive."""
    undefined = np.full(np.broadcast(above, below).shape, np.nan)
    return np.asarray(np.divide(above, below, out=undefined, where=below > 0))


def _mean_over_defined(columns: np.ndarray) -> np.ndarray:
    """Mean over the last axis of what is not NaN; NaN where nothing is."""
    defined = ~np.isnan(columns)
    return _ratio(np.where(defined, columns, 0.0).sum(axis=-1), defined.sum(axis=-1))


def _mean_of_losses(name: str, truth: np.ndarray, array: np.ndarray, context: Context) -> Evaluator:
    losses = ITEM_LOSSES[name](truth, array, context)
    shares = _series_shares(truth, context) if name == "mase" else np.ones(len(truth))
    both = np.column_stack([losses * shares, shares])

    def evaluate(weights: np.ndarray) -> np.ndarray:
        sums = weights @ both
        mean = _ratio(sums[:, 0], sums[:, 1])
        return 1.0 - mean if name == "accuracy" else mean

    return evaluate


def _columns_of(truth: np.ndarray, probabilities: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs (is positive, score): one for binary, one a class or label otherwise."""
    if truth.ndim == 2:
        return [(truth[:, k] == 1, probabilities[:, k]) for k in range(truth.shape[1])]
    if probabilities.shape[1] == 2:
        return [(truth == 1, probabilities[:, 1])]
    return [(truth == k, probabilities[:, k]) for k in range(probabilities.shape[1])]


def _auc_column(positive: np.ndarray, scores: np.ndarray) -> Evaluator:
    """Weighted Mann-Whitney statistic, ties half, from one sort and cumulative sums for each weighting.

    Source: Hanley & McNeil, The meaning and use of the area under a ROC curve, Radiology 1982.
    """
    order = np.argsort(scores, kind="stable")
    ups, downs = order[positive[order]], order[~positive[order]]
    # how many negatives score less, and how many do not score more, than each positive
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
    last = np.searchsorted(-scores[order], -scores[ups], side="right") - 1  # where each positive's run of ties ends
    among = np.searchsorted(-scores[ups], -scores[ups], side="right") - 1

    def evaluate(weights: np.ndarray) -> np.ndarray:
        by_item = weights.T
        up = by_item[ups]
        found, taken = np.cumsum(up, axis=0), np.cumsum(by_item[order], axis=0)
        at = taken[last]
        precision = np.divide(found[among], at, out=np.zeros_like(up), where=at > 0)
        return _ratio(np.einsum("ij,ij->j", up, precision), up.sum(axis=0))

    return evaluate


def _ranking(
    column: Callable[[np.ndarray, np.ndarray], Evaluator], truth: np.ndarray, array: np.ndarray, context: Context
) -> Evaluator:
    parts = [column(positive, scores) for positive, scores in _columns_of(truth, array)]

    def evaluate(weights: np.ndarray) -> np.ndarray:
        return _mean_over_defined(np.stack([part(weights) for part in parts], axis=-1))

    return evaluate


def _one_hot(truth: np.ndarray, labels: np.ndarray, context: Context) -> tuple[np.ndarray, np.ndarray]:
    """Truth and labels as 0/1 columns, one a class or label."""
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
    """F1 of the positive class (binary) or its mean over the classes or labels that occur or are predicted."""
    actual, said = _one_hot(truth, labels, context)
    if truth.ndim == 1 and actual.shape[1] <= 2:
        actual, said = (truth == 1)[:, None] * 1.0, (labels == 1)[:, None] * 1.0
    both, either = 2.0 * actual * said, actual + said

    def evaluate(weights: np.ndarray) -> np.ndarray:
        return _mean_over_defined(_ratio(weights @ both, weights @ either))

    return evaluate


def _quadratic_kappa(truth: np.ndarray, labels: np.ndarray, context: Context) -> Evaluator:
    """Agreement of ordered classes beyond chance, disagreements counted by their squared distance.

    ``1 - E[(a - b)²] / (E[a²] + E[b²] - 2 E[a] E[b])``, a and b the codes of truth and prediction: the table of counts
    that the definition speaks of is needed through these moments alone.

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


def _r2(truth: np.ndarray, values: np.ndarray, context: Context) -> Evaluator:
    """Share of variance explained, mean over targets; as in scikit-learn a constant truth gives 1 or 0."""
    actual = _by_target(truth)
    centred = actual - actual.mean(axis=(0, 1))
    errors = ((actual - _by_target(values)) ** 2).mean(axis=1)
    first, second = centred.mean(axis=1), (centred**2).mean(axis=1)
    smallest = 1e-13 * np.maximum(second.max(axis=0, initial=0.0), np.finfo(np.float64).tiny)

    def evaluate(weights: np.ndarray) -> np.ndarray:
        total = weights.sum(axis=1, keepdims=True)
        lost = _ratio(weights @ errors, total)
        spread = _ratio(weights @ second, total) - _ratio(weights @ first, total) ** 2
        varies = spread > smallest
        share = 1.0 - np.divide(lost, spread, out=np.where(lost == 0, 0.0, 1.0), where=varies)
        return np.asarray(np.where(np.isnan(lost), np.nan, share).mean(axis=1))

    return evaluate


def _rmse(truth: np.ndarray, values: np.ndarray, context: Context) -> Evaluator:
    errors = ((_by_target(truth) - _by_target(values)) ** 2).mean(axis=1)

    def evaluate(weights: np.ndarray) -> np.ndarray:
        total = weights.sum(axis=1, keepdims=True)
        return np.asarray(np.sqrt(_ratio(weights @ errors, total)).mean(axis=1))

    return evaluate


_PREPARE: dict[str, Callable[[np.ndarray, np.ndarray, Context], Evaluator]] = {
    **{name: partial(_mean_of_losses, name) for name in ITEM_LOSSES},
    "roc_auc": partial(_ranking, _auc_column),
    "average_precision": partial(_ranking, _precision_column),
    "balanced_accuracy": _balanced_accuracy,
    "f1": _f1,
    "quadratic_kappa": _quadratic_kappa,
    "r2": _r2,
    "rmse": _rmse,
}


# --------------------------------------------------------------------------- the metrics


def _fn(name: str) -> Callable[..., float]:
    def fn(
        truth: np.ndarray, array: np.ndarray, sample_weight: np.ndarray | None = None, context: Context | None = None
    ) -> float:
        weights = np.ones(len(truth)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        return float(_prepared(name, truth, array, context)(weights[None, :])[0])

    fn.__name__ = name
    fn.__doc__ = f"{name} of predictions ``array`` against ``truth``, weighted."
    return fn


_SORTS: tuple[Goal, ...] = ("binary", "multiclass", "multilabel")
_NUMBERS: tuple[Goal, ...] = ("regression", "forecast")


def _metric(
    name: str, goals: tuple[Goal, ...], reads: str, words: str, *, higher_is_better: bool, best: float
) -> Metric:
    return Metric(name, goals, reads, _fn(name), higher_is_better, best, words)


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        _metric("roc_auc", _SORTS, "probabilities", "ROC AUC", higher_is_better=True, best=1.0),
        _metric("accuracy", _SORTS, "labels", "accuracy", higher_is_better=True, best=1.0),
        _metric(
            "balanced_accuracy", ("binary", "multiclass"), "labels", "balanced accuracy",
            higher_is_better=True, best=1.0,
        ),
        _metric("f1", _SORTS, "labels", "F1", higher_is_better=True, best=1.0),
        _metric(
            "quadratic_kappa", ("multiclass",), "labels", "quadratic weighted kappa", higher_is_better=True, best=1.0
        ),
        _metric("log_loss", _SORTS, "probabilities", "log loss", higher_is_better=False, best=0.0),
        _metric("average_precision", _SORTS, "probabilities", "average precision", higher_is_better=True, best=1.0),
        _metric("r2", _NUMBERS, "values", "R²", higher_is_better=True, best=1.0),
        _metric("rmse", _NUMBERS, "values", "RMSE", higher_is_better=False, best=0.0),
        _metric("mae", _NUMBERS, "values", "mean absolute error", higher_is_better=False, best=0.0),
        _metric("mase", ("forecast",), "values", "MASE", higher_is_better=False, best=0.0),
        _metric("smape", _NUMBERS, "values", "sMAPE (percent)", higher_is_better=False, best=0.0),
        _metric("pinball", ("forecast",), "quantiles", "pinball loss", higher_is_better=False, best=0.0),
    )
}  # fmt: skip
"""Every metric by name."""


def named(name: str) -> Metric:
    """The metric of this name.

    Raises:
        RecipeError: there is none; names the nearest.
    """
    if name in METRICS:
        return METRICS[name]
    near = difflib.get_close_matches(name.lower().replace("-", "_"), METRICS, n=1, cutoff=0.4)
    hint = f"did you mean '{near[0]}'? " if near else ""
    raise RecipeError(f"metric '{name}' is not known; {hint}expected one of: {', '.join(METRICS)}")


def default(goal: str, counts: Sequence[int] = ()) -> str:
    """The metric's name for a goal when the user names none: by the goal, and by how even several classes are.

    Several classes are scored by accuracy, which is what people expect, but for those of which one holds so many rows
    that guessing it would do: there each class counts alike. That needs rows: of a class with a handful of them the
    share that is right is chance, and it would decide as much as any other.

    Args:
        goal: a member of `records.GOALS`.
        counts: rows of each class; none where they are unknown or there are no classes.
    """
    if goal == "multiclass":
        return "balanced_accuracy" if is_uneven(counts) else "accuracy"
    return {"regression": "r2", "forecast": "mase"}.get(goal, "roc_auc")


def is_uneven(counts: Sequence[int]) -> bool:
    """Whether one class holds most rows (`COMMON_SHARE`) and yet each has enough to be scored (`RARE_ROWS`)."""
    return bool(counts) and max(counts) >= COMMON_SHARE * sum(counts) and min(counts) >= RARE_ROWS


def evaluator(name: str, truth: np.ndarray, output: Output, context: Context | None = None) -> Evaluator:
    """The metric of one output, ready to be asked for many weightings.

    Args:
        name: a metric's name. truth: as `records` says. output: predictions of the same rows.
        context: see `records.Metric`.

    Returns:
        A function from float64 weights ``(n_weightings, n)`` to scores ``(n_weightings,)``; NaN where a weighting
        leaves the metric undefined, or everywhere if a prediction is not finite.

    Raises:
        Unfit: the output lacks the array that the metric reads.
        DataError: truth and output differ in rows.
    """
    metric = named(name)
    if metric.reads not in output.arrays:
        raise Unfit(
            f"{name} reads '{metric.reads}', this model predicts {', '.join(sorted(output.arrays)) or 'nothing'}; "
            f"choose a metric that reads one of these"
        )
    return _prepared(name, truth, output.arrays[metric.reads], context)


def _prepared(name: str, truth: np.ndarray, array: np.ndarray, context: Context | None) -> Evaluator:
    truth, array = np.asarray(truth), np.asarray(array)
    if len(truth) != len(array):
        raise DataError(f"{name} expected as many predictions as rows of truth ({len(truth)}), got {len(array)}")
    if array.dtype.kind == "f":
        array = array.astype(np.float64, copy=False)
        if not np.isfinite(array).all():
            return lambda weights: np.full(len(weights), np.nan)
    return _PREPARE[name](truth, array, context or {})


def score(
    name: str, truth: np.ndarray, output: Output, weight: np.ndarray | None = None, context: Context | None = None
) -> float:
    """The metric of an output, weighted; NaN where it is undefined (one class only, a prediction not finite)."""
    weights = np.ones(len(truth)) if weight is None else np.asarray(weight, dtype=np.float64)
    return float(evaluator(name, truth, output, context)(weights[None, :])[0])


def bootstrap(
    name: str, truth: np.ndarray, output: Output, weights: np.ndarray, context: Context | None = None
) -> np.ndarray:
    """The metric for each weighting.

    Args:
        name: a metric's name. truth, output, context: as in `score`.
        weights: ``(n_weightings, n)``, may be fractional or zero.

    Returns:
        Scores ``(n_weightings,)``.
    """
    evaluate = evaluator(name, truth, output, context)
    weights = np.asarray(weights)
    step = max(1, _CHUNK_CELLS // max(1, weights.shape[1]))
    # items first in memory: the sorted metrics then copy whole rows
    parts = [evaluate(np.array(weights[k : k + step].T, np.float64, order="C").T) for k in range(0, len(weights), step)]
    return np.concatenate(parts) if parts else np.empty(0)


def item_losses(
    name: str, truth: np.ndarray, output: Output, context: Context | None = None
) -> tuple[np.ndarray, np.ndarray] | None:
    """Losses of single rows (or windows), where the metric is a weighted mean of such.

    Returns:
        Losses ``(n,)`` (smaller is better) and what each item counts ``(n,)``; None for other metrics.
    """
    if name not in ITEM_LOSSES:
        return None
    array = np.asarray(output.arrays[named(name).reads])
    shares = _series_shares(truth, context or {}) if name == "mase" else np.ones(len(truth))
    return ITEM_LOSSES[name](truth, array, context or {}), shares


def better(name: str, a: float | None, b: float | None) -> bool:
    """Whether score ``a`` beats score ``b``; any number beats None and NaN, which beat nothing."""
    if a is None or np.isnan(a):
        return False
    return b is None or bool(np.isnan(b)) or gain(name, a, b) > 0


def gain(name: str, a: float, b: float) -> float:
    """By how much ``a`` is better than ``b``: positive when it is, whatever the metric's direction."""
    return float(a - b if named(name).higher_is_better else b - a)
