"""Errors of a forecaster by origin: those of the contest's backtest, and those of new rows whose truth has come.

Windows that start at the same time are one unit; where there are too few times and several series, those of a series
are one, as if series went their own ways. Units follow each other, so means over them are as certain as those
of fewer independent ones (`automl.verdict.dependence`). Validation windows tell how errors vary beside the test
windows: neither was learnt from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl import goals, metrics
from automl.predict.watching.blocks import finite_mean
from automl.predict.watching.expected import LEVEL, Expected
from automl.storage.values import Misfit, flag, listed, optional_number, whole
from automl.verdict.dependence import inflation, left_out

if TYPE_CHECKING:
    from automl.records import Contestant, Dataset, Output, Split, Task

__all__ = [
    "LEAST_UNITS", "MEASURED", "Backtest", "Units", "backtest_of", "compared", "expected_of", "interval_of",
    "read_backtest", "units",
]  # fmt: skip

MOST_UNITS = 300
"""Latest origins of a part."""
LEAST_UNITS = 4
"""Origins without which no interval is told."""
MOST_STEPS = 10_000
SMALLEST = 1e-6
DIGITS = 5
MEASURED: Mapping[str, str] = {
    "size": "size of errors", "bias": "bias of errors", "coverage": "share between the outermost quantiles",
}  # fmt: skip
"""What is measured of each unit: the logarithm of the mean absolute error and the mean error, both in usual changes of
the series, and how often the truth lay between the outermost quantiles that the model predicts."""


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """Measures by origin, in the order of time.

    Attributes:
        scores: ``(n_units,)`` pseudo-values of the metric, whose mean is about its value over all.
        measures: by key of `MEASURED`, ``(n_units,)``; no coverage for a model without quantiles.
        by_step: ``(horizon,)`` mean absolute error in usual changes at each step; NaN where no truth is known.
        n_windows: of these units.
        n_known: all units with a truth, of which the latest `MOST_UNITS` are here.
    """

    scores: np.ndarray
    measures: Mapping[str, np.ndarray]
    by_step: np.ndarray
    n_windows: int
    n_known: int


@dataclass(frozen=True, slots=True, eq=False)
class Backtest:
    """What is remembered of the errors of one side.

    Attributes:
        n_test: units of the test, the last ones.
        by_series: whether units are series, since there are too few times of start.
        scores: ``(n_units,)`` as of `Units`, of validation (if it is known) and test.
        measures: as of `Units`.
        by_step: ``(horizon,)`` over all windows of validation and test; NaN where no truth was known.
        n_windows: of validation and test.
    """

    n_test: int
    by_series: bool
    scores: np.ndarray
    measures: Mapping[str, np.ndarray]
    by_step: np.ndarray
    n_windows: int


def units(
    dataset: Dataset, task: Task, windows: np.ndarray, output: Output, context: Mapping[str, Any],
    by_series: bool = False,
) -> Units | None:  # fmt: skip
    """Measure predictions by origin.

    Args:
        dataset: with the truth.
        task: a forecast.
        windows: ``(n, horizon)`` rows.
        output: predictions of them.
        context: what the metric reads beside; "scale" ``(n, n_targets)`` are the usual changes.
        by_series: whether series are the units in the place of times of start.

    Returns:
        None where no truth is known.
    """
    truth = goals.truth(dataset, task, windows)
    kept = np.isfinite(truth).any(axis=(1, 2))
    assert dataset.times is not None
    unit_of = np.asarray(context["series"]) if by_series else dataset.times[windows[:, 0]]
    starts, of_window = np.unique(unit_of[kept], return_inverse=True)
    latest = of_window >= len(starts) - MOST_UNITS
    chosen = np.flatnonzero(kept)[latest]
    if not len(chosen):
        return None
    unit = of_window[latest] - of_window[latest].min()
    arrays = {name: np.asarray(one)[chosen] for name, one in output.arrays.items()}
    own = type(output)(output.kind, arrays)
    weights = dataset.weight_of(windows[chosen])
    weight = np.ones(len(chosen)) if weights is None else weights
    known = {name: one[chosen] if isinstance(one, np.ndarray) and len(one) == len(windows) else one
             for name, one in context.items()}  # fmt: skip
    scaled = (np.asarray(arrays["values"], np.float64) - truth[chosen]) / np.asarray(known["scale"])[:, None, :]
    absolute = _by_unit(np.abs(scaled), unit)
    measures = {"size": np.log(np.maximum(absolute, SMALLEST)), "bias": _by_unit(scaled, unit)}
    if "quantiles" in arrays:
        outermost = np.asarray(arrays["quantiles"], np.float64)
        inside = (outermost[..., 0] <= truth[chosen]) & (truth[chosen] <= outermost[..., -1])
        measures["coverage"] = _by_unit(np.where(np.isfinite(truth[chosen]), inside, np.nan), unit)
    steps = finite_mean(np.abs(scaled).transpose(1, 0, 2).reshape(scaled.shape[1], -1))
    scores = _pseudo_values(task, truth[chosen], own, weight, known, unit)
    return Units(scores, measures, steps, len(chosen), len(starts))


def _pseudo_values(
    task: Task, truth: np.ndarray, output: Output, weight: np.ndarray, context: Mapping[str, Any], unit: np.ndarray
) -> np.ndarray:
    """What each unit adds to the score, so that any metric has a mean over units.

    Source: Quenouille 1956, "Notes on bias in estimation"; Tukey's pseudo-values.
    """
    n = int(unit.max()) + 1
    whole_score = metrics.score(task.metric, truth, output, weight, context)
    if n == 1:
        return np.array([whole_score])
    without = left_out(lambda weights: metrics.bootstrap(task.metric, truth, output, weights, context), unit, weight)
    return np.asarray(n * whole_score - (n - 1) * without)


def _by_unit(values: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """The mean over all known steps and targets of each unit."""
    flat = values.reshape(len(values), -1)
    finite = np.isfinite(flat)
    count = np.bincount(unit, finite.sum(axis=1))
    total = np.bincount(unit, np.where(finite, flat, 0.0).sum(axis=1))
    return np.asarray(np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0))


def backtest_of(dataset: Dataset, task: Task, split: Split, contestant: Contestant) -> dict[str, Any] | None:
    """What is remembered of a side, as JSON types."""
    parts = _parts(dataset, task, split, contestant)
    by_series = sum(len(one.scores) for _, one in parts) < LEAST_UNITS and dataset.series is not None
    if by_series:  # validation windows are of the same series, so they are no further units
        parts = [one for one in _parts(dataset, task, split, contestant, by_series=True) if one[0] == "test"]
    if not parts or parts[-1][0] != "test":
        return None
    found = [one for _, one in parts]
    measured = [key for key in MEASURED if all(key in one.measures for one in found)]
    n_windows = sum(one.n_windows for one in found)
    steps, weights = np.stack([one.by_step for one in found]), np.array([[one.n_windows] for one in found], np.float64)
    told = finite_mean(np.where(np.isfinite(steps), weights, np.nan), 0)
    by_step = finite_mean(steps * weights, 0) / np.where(told > 0, told, np.nan)
    return {
        "n_test": len(found[-1].scores), "by_series": by_series,
        "scores": _plain(np.concatenate([one.scores for one in found])),
        "measures": {key: _plain(np.concatenate([one.measures[key] for one in found])) for key in measured},
        "by_step": _plain(by_step), "n_windows": n_windows,
    }  # fmt: skip


def _parts(
    dataset: Dataset, task: Task, split: Split, contestant: Contestant, by_series: bool = False
) -> list[tuple[str, Units]]:
    """The units of validation and of test, as far as there are any."""
    parts = []
    given = (
        ("valid", split.items("valid"), contestant.valid_output), ("test", split.items("test"), contestant.output)
    )  # fmt: skip
    for part, items, output in given:
        if output is None or "values" not in output.arrays or len(output.arrays["values"]) != len(items):
            continue
        context = goals.scoring_context(dataset, task, split, items)
        found = units(dataset, task, items, output, context, by_series)
        if found is not None:
            parts.append((part, found))
    return parts


def _plain(values: np.ndarray) -> list[float | None]:
    return [float(f"{one:.{DIGITS}g}") if np.isfinite(one) else None for one in values]


def read_backtest(content: Any) -> Backtest:
    """The record of `backtest_of`, every field checked.

    Raises:
        Misfit: it is not what automl writes.
    """
    if not isinstance(content, dict) or not isinstance(content.get("measures"), dict):
        raise Misfit("backtest: expected a mapping")
    scores = _read(content, "scores", 2 * MOST_UNITS)
    measures = {key: _read(content["measures"], key, 2 * MOST_UNITS) for key in content["measures"]}
    if not measures.keys() <= MEASURED.keys() or {len(one) for one in measures.values()} - {len(scores)}:
        raise Misfit("backtest: measures that do not fit")
    n_test = whole(content, "n_test", 1, max(len(scores), 1))
    return Backtest(
        n_test,
        flag(content, "by_series"),
        scores,
        measures,
        _read(content, "by_step", MOST_STEPS),
        whole(content, "n_windows", 1, 2**53),
    )


def _read(content: Mapping[str, Any], key: str, most: int) -> np.ndarray:
    told = [optional_number({key: one}, key) for one in listed(content, key, most)]
    return np.array([np.nan if one is None else one for one in told], np.float64)


# --------------------------------------------------------------------------- comparing


def _error(history: np.ndarray, n_before: int, n_new: int) -> tuple[float, float] | None:
    """The standard error of the mean of `n_new` units less that of `n_before`, and its degrees of freedom.

    Args:
        history: ``(n,)`` units in the order of time, of which both means are taken to be.
        n_before: units of the earlier mean; 0 for one that is known.
        n_new: units of the later mean; 0 for the earlier one alone.
    """
    known = history[np.isfinite(history)]
    if len(known) < LEAST_UNITS:
        return None
    factor, effective = inflation(known)
    parts = [min(factor, n) / n for n in (n_before, n_new) if n]
    return float(known.std(ddof=1)) * math.sqrt(sum(parts)), max(effective - 1.0, 1.0)


def interval_of(
    history: np.ndarray, middle: float, n_before: int, n_new: int, best: float | None
) -> tuple[float, float] | None:
    """Where the mean of `n_new` units lies with 95 %, if it is `middle` that is estimated by `n_before` of them.

    Args:
        history: as in `_error`.
        middle: the mean of the earlier units.
        n_before: as in `_error`.
        n_new: as in `_error`.
        best: the best value of the metric, which no end is beyond; None for none.

    Source: Bayley and Hammersley 1946, "The effective number of independent observations in an autocorrelated time
    series"; a prediction interval for the mean of later units.
    """
    from scipy.stats import t as student

    found = _error(history, n_before, n_new)
    if found is None:
        return None
    half = found[0] * float(student.isf((1 - LEVEL) / 2, found[1]))
    low, high = middle - half, middle + half
    if best is not None:
        low, high = (max(low, best), high) if middle >= best else (low, min(high, best))
    return low, high


def compared(history: np.ndarray, now: np.ndarray) -> tuple[float, float, float]:
    """The mean of earlier units, that of new ones, and the p-value that they do not differ (1 where none is told)."""
    from scipy.stats import t as student

    before, after = history[np.isfinite(history)], now[np.isfinite(now)]
    if not len(before) or not len(after):
        return math.nan, math.nan, 1.0
    middle, mean = float(before.mean()), float(after.mean())
    found = _error(before, len(before), len(after))
    if found is None or found[0] <= 0:
        return middle, mean, 1.0
    return middle, mean, float(2 * student.sf(abs(mean - middle) / found[0], found[1]))


def expected_of(known: Backtest | None, score: float | None, metric: str, n_new: int) -> Expected | None:
    """The score to be expected of `n_new` further origins: that of the test, as well as its units tell it."""
    if known is None or score is None:
        return None
    best = metrics.named(metric).best
    ends = interval_of(known.scores, score, known.n_test, max(n_new, 1), best)
    return None if ends is None else Expected(score, *ends, LEVEL, max(n_new, 1), "backtest")
