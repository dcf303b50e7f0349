"""The metrics by name, and functions on them: score, bootstrap scores, losses of single items, comparison of scores."""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from automl.errors import DataError, RecipeError, Unfit
from automl.metrics.given import given
from automl.metrics.known import is_known
from automl.metrics.losses import ITEM_LOSSES, Context, item_shares
from automl.metrics.preparations import PREPARE, Evaluator
from automl.records import GoalName, Metric, Output

COMMON_SHARE = 0.8
"""If one class holds at least this share of the rows, accuracy hardly tells a model from a guess."""
RARE_ROWS = 50
"""The rarest class needs this many rows before its recall may count as much as that of others (ten are then tested)."""

_CHUNK_CELLS = 1_000_000


def _fn(name: str) -> Callable[..., float]:
    def fn(
        truth: np.ndarray, array: np.ndarray, sample_weight: np.ndarray | None = None, context: Context | None = None
    ) -> float:
        weights = np.ones(len(truth)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        return float(_prepared(name, truth, array, context)(weights[None, :])[0])

    fn.__name__ = name
    fn.__doc__ = f"{name} of predictions ``array`` against ``truth``, weighted."
    return fn


_SORTS: tuple[GoalName, ...] = ("binary", "multiclass", "multilabel")
_RANKED: tuple[GoalName, ...] = (*_SORTS, "anomaly")
_UNTARGETED: tuple[GoalName, ...] = ("anomaly", "represent")
_NUMBERS: tuple[GoalName, ...] = ("regression", "forecast")


def _metric(
    name: str,
    goals: tuple[GoalName, ...],
    reads: str,
    words: str,
    *,
    higher_is_better: bool,
    best: float,
    worst: float | None = None,
    fits_items: bool = False,
    meaning: str = "",
) -> Metric:
    return Metric(
        name, goals, reads, _fn(name), higher_is_better, best, words, worst, weighs_classes=name not in ITEM_LOSSES,
        fits_items=fits_items, meaning=meaning,
    )  # fmt: skip


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        _metric(
            "roc_auc", (*_RANKED, "represent"), "probabilities", "ROC AUC", higher_is_better=True, best=1.0, worst=0.0
        ),
        _metric("accuracy", (*_SORTS, "represent"), "labels", "accuracy", higher_is_better=True, best=1.0, worst=0.0),
        _metric(
            "balanced_accuracy", ("binary", "multiclass", "anomaly"), "labels", "balanced accuracy",
            higher_is_better=True, best=1.0, worst=0.0,
        ),
        _metric("f1", _RANKED, "labels", "F1", higher_is_better=True, best=1.0, worst=0.0),
        _metric(
            "quadratic_kappa", ("multiclass",), "labels", "quadratic weighted kappa", higher_is_better=True, best=1.0,
            worst=-1.0,
        ),
        _metric("log_loss", _SORTS, "probabilities", "log loss", higher_is_better=False, best=0.0),
        _metric(
            "average_precision", _RANKED, "probabilities", "average precision",
            higher_is_better=True, best=1.0, worst=0.0,
        ),
        _metric("r2", _NUMBERS, "values", "R²", higher_is_better=True, best=1.0),
        _metric("rmse", _NUMBERS, "values", "RMSE", higher_is_better=False, best=0.0),
        _metric("mae", _NUMBERS, "values", "mean absolute error", higher_is_better=False, best=0.0),
        _metric("mase", ("forecast",), "values", "MASE", higher_is_better=False, best=0.0),
        _metric("smape", _NUMBERS, "values", "sMAPE (percent)", higher_is_better=False, best=0.0, worst=200.0),
        _metric(
            "dice", ("segment",), "masks", "Dice coefficient", higher_is_better=True, best=1.0, worst=0.0,
            meaning="overlap of predicted and true pixels, 2 |A ∩ B| / (|A| + |B|): the mean over the classes of a "
            "picture but the background, then over pictures",
        ),
        _metric(
            "iou", ("segment",), "masks", "IoU", higher_is_better=True, best=1.0, worst=0.0,
            meaning="intersection over union of the pixels of all pictures, the mean over classes but the background",
        ),
        _metric(
            "boundary_f1", ("segment",), "masks", "boundary F1", higher_is_better=True, best=1.0, worst=0.0,
            meaning="F1 of the outlines, which may lie 0.75 % of the picture's diagonal (one pixel at least) apart",
        ),
        _metric(
            "pixel_log_loss", ("segment",), "pixel_probabilities", "log loss of pixels", higher_is_better=False,
            best=0.0,
        ),
        _metric("pinball", ("forecast",), "quantiles", "pinball loss", higher_is_better=False, best=0.0),
        _metric(
            "indistinct", ("generate",), "samples", "indistinctness", higher_is_better=True, best=1.0, worst=0.0,
            fits_items=True, meaning="1 − 2 |AUC − ½| of a classifier that tells generated rows from held-out ones",
        ),
        _metric(
            "feature_distance", ("generate",), "samples", "Fréchet distance", higher_is_better=False, best=0.0,
            fits_items=True, meaning="how far means and covariances of features of generated and held-out items differ",
        ),
    )
}  # fmt: skip
"""Every metric included in automl, by name."""

SEARCH_METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        _metric("unscored", _UNTARGETED, "", "no score (no label)", higher_is_better=True, best=1.0, worst=0.0),
        _metric(
            "probe_accuracy", ("represent",), "vectors", "accuracy of a linear probe", higher_is_better=True, best=1.0,
            worst=0.0, fits_items=True,
        ),
        _metric(
            "probe_roc_auc", ("represent",), "vectors", "ROC AUC of a linear probe", higher_is_better=True, best=1.0,
            worst=0.0, fits_items=True,
        ),
    )
}  # fmt: skip
"""Metrics that a search goes by and nobody asks for: no score at all, and those that probe vectors."""

UNSCORED = "unscored"
"""The metric of a task without a label: every model scores 0, so nothing is chosen and nothing decided by it."""

COARSE = frozenset({"roc_auc", "accuracy", "balanced_accuracy", "f1", "quadratic_kappa", "average_precision"})
"""Metrics that read only labels, or only the order of probabilities: many models may have the same score."""

_PLUGGED: dict[str, Metric] = {}


def plug_in(others: Iterable[Metric]) -> None:
    """Register the metrics of plug-ins by name, in place of those registered before.

    Args:
        others: all metrics of plug-ins (`automl.catalog.extend` finds them).

    Raises:
        RecipeError: one has the name of a metric included in automl.
    """
    metrics: dict[str, Metric] = {}
    for metric in others:
        if metric.name in METRICS:
            raise RecipeError(f"a plug-in brings a metric named {metric.name!r}, which automl has itself; rename yours")
        words = metric.words or metric.name.replace("_", " ")
        metrics[metric.name] = dataclasses.replace(metric, words=words)
    _PLUGGED.clear()
    _PLUGGED.update(metrics)


def find(name: str) -> Metric | None:
    """The metric of this name, from automl or a plug-in; None where there is none."""
    return METRICS.get(name) or _PLUGGED.get(name) or SEARCH_METRICS.get(name)


def names_for(goal: GoalName) -> list[str]:
    """Names of the metrics that declare this goal, sorted; see `automl.goals.metrics_for`."""
    return sorted(metric.name for metric in (METRICS | _PLUGGED).values() if goal in metric.goals)


def named(name: str) -> Metric:
    """The metric of this name.

    Raises:
        RecipeError: there is none; the message gives the nearest name.
    """
    metric = find(name)
    if metric is not None:
        return metric
    known = METRICS | _PLUGGED
    near = difflib.get_close_matches(name.lower().replace("-", "_"), known, n=1, cutoff=0.4)
    hint = f"did you mean '{near[0]}'? " if near else ""
    raise RecipeError(
        f"metric '{name}' is not known; {hint}expected one of: {', '.join(known)}, or one that a plug-in brings "
        "(plugins=['mine.py'])"
    )


def is_uneven(counts: Sequence[int]) -> bool:
    """Whether one class holds most rows (`COMMON_SHARE`) while each class has enough to be scored (`RARE_ROWS`)."""
    return bool(counts) and max(counts) >= COMMON_SHARE * sum(counts) and min(counts) >= RARE_ROWS


def evaluator(name: str, truth: np.ndarray, output: Output, context: Context | None = None) -> Evaluator:
    """The metric of one output, prepared for many weightings.

    Args:
        name: a metric's name.
        truth: see `records.Metric`.
        output: predictions of the same rows.
        context: see `records.Metric`.

    Returns:
        A function from float64 weights ``(n_weightings, n)`` to scores ``(n_weightings,)``. A score is NaN where the
        weighting leaves the metric undefined. All scores are NaN if a prediction is not finite.

    Raises:
        Unfit: the output lacks the array that the metric reads.
        DataError: truth and output differ in rows.
    """
    metric = named(name)
    if name == UNSCORED:
        return PREPARE[name](truth, truth, context or {})
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
    if context and "given" in context:
        draws = array.reshape(len(array), -1).T
        array = np.stack([given(draw, context["given"]) for draw in draws], axis=1).reshape(array.shape)
    if name in PREPARE:
        return PREPARE[name](truth, array, context or {})
    return _one_by_one(named(name), truth, array, context or {})


def _one_by_one(metric: Metric, truth: np.ndarray, array: np.ndarray, context: Context) -> Evaluator:
    """A plug-in's metric, called for each weighting; NaN where all weights are zero."""

    def score_of(weight: np.ndarray) -> float:
        if not weight.sum() > 0:
            return float("nan")
        try:
            with np.errstate(divide="ignore", invalid="ignore"):
                return float(metric.fn(truth, array, weight, context))
        except ZeroDivisionError:
            return float("nan")
        except Exception as error:
            raise RecipeError(
                f"metric {metric.name!r} of a plug-in raised {type(error).__name__}: {error}. It is called as "
                "fn(truth, array, sample_weight, context) and must return one number; correct it, and run "
                "automl.testing.check_metric on it"
            ) from error

    known = is_known(truth)
    if known is not None and not np.isfinite(score_of(np.asarray(known.reshape(len(truth), -1).any(axis=1) * 1.0))):
        raise RecipeError(
            f"metric {metric.name!r} of a plug-in gives no number for a truth that holds NaN where a value is not "
            "known (gaps in the target); leave these cells out of it, and run automl.testing.check_metric on it"
        )
    return lambda weights: np.array([score_of(weight) for weight in weights], dtype=np.float64)


def score(
    name: str, truth: np.ndarray, output: Output, weight: np.ndarray | None = None, context: Context | None = None
) -> float:
    """The weighted metric of an output; NaN where it is undefined (only one class, a prediction that is not finite)."""
    weights = np.ones(len(truth)) if weight is None else np.asarray(weight, dtype=np.float64)
    return float(evaluator(name, truth, output, context)(weights[None, :])[0])


def bootstrap(
    name: str, truth: np.ndarray, output: Output, weights: np.ndarray, context: Context | None = None
) -> np.ndarray:
    """The metric for each weighting.

    Args:
        name: a metric's name.
        truth: as in `score`.
        output: as in `score`.
        context: as in `score`.
        weights: ``(n_weightings, n)``, may be fractional or zero.

    Returns:
        Scores ``(n_weightings,)``.
    """
    evaluate = evaluator(name, truth, output, context)
    weights = np.asarray(weights)
    step = max(1, _CHUNK_CELLS // max(1, weights.shape[1]))
    # The items are the first axis in memory, so that metrics that sort items copy whole rows.
    parts = [evaluate(np.array(weights[k : k + step].T, np.float64, order="C").T) for k in range(0, len(weights), step)]
    return np.concatenate(parts) if parts else np.empty(0)


def item_losses(
    name: str, truth: np.ndarray, output: Output, context: Context | None = None
) -> tuple[np.ndarray, np.ndarray] | None:
    """Losses of single rows (or windows), for metrics that are a weighted mean of losses.

    Returns:
        Losses ``(n,)`` (smaller is better) and the weight of each item ``(n,)``; None for other metrics.
    """
    if name not in ITEM_LOSSES:
        return None
    array = np.asarray(output.arrays[named(name).reads])
    return ITEM_LOSSES[name](truth, array, context or {}), item_shares(name, truth, context or {})


def better(name: str, a: float | None, b: float | None) -> bool:
    """Whether score ``a`` is better than score ``b``. None and NaN are worse than any number."""
    if a is None or np.isnan(a):
        return False
    return b is None or bool(np.isnan(b)) or gain(name, a, b) > 0


def gain(name: str, a: float, b: float) -> float:
    """By how much ``a`` is better than ``b``; positive if it is better, whatever the metric's direction."""
    return float(a - b if named(name).higher_is_better else b - a)


def clipped(name: str, score: float) -> float:
    """A score estimated by other means than the metric itself, moved into the metric's range."""
    metric = named(name)
    low, high = sorted((metric.best, _worst(metric)))
    return min(max(score, low), high)


def most_gain(name: str) -> float:
    """The largest gain that two scores of a metric can have; infinite if scores have no bound."""
    metric = named(name)
    return abs(metric.best - _worst(metric))


def _worst(metric: Metric) -> float:
    """The worst score, infinite where it has no bound."""
    if metric.worst is not None:
        return metric.worst
    return -math.inf if metric.higher_is_better else math.inf
