"""What is compared of series that went on: their newest blocks, forecasts that came true, and the next ones."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.predict.rows import future
from automl.predict.watching import instability
from automl.predict.watching.backtest import MEASURED, Backtest, Units, compared
from automl.predict.watching.blocks import STATISTICS, finite_mean
from automl.predict.watching.drift import separation
from automl.predict.watching.history import part_blocks, watched_columns
from automl.predict.watching.instability import Shift, differences, jump, last_blocks, p_value_of, separated

if TYPE_CHECKING:
    from automl.predict.watching.continued import Continued
    from automl.predict.watching.history import Past
    from automl.records import Dataset, Task

__all__ = ["ahead", "columns", "errors", "shift_of", "unseen"]

WORSE = {"size": 1, "coverage": -1}
"""The direction in which a measure is for the worse: what is for the better has changed and not drifted."""


def unseen(found: Continued) -> Iterator[Shift]:
    """That series are there which the contest did not have."""
    if found.unseen:
        share = sum(one.n_new for one in found.parts if one.known is None) / max(found.n_new, 1)
        named = f"new: {', '.join(found.unseen)[:60]}"
        yield Shift("names of series", "series", "same", share, 0.0, 0.0, share, 0, named)


def columns(dataset: Dataset, task: Task, found: Continued, past: Past) -> Iterator[Shift]:
    """Each statistic of each column, in the newest blocks beside those of the past."""
    assert dataset.times is not None
    for name, (values, measured) in watched_columns(dataset, task).items():
        before, now, scales, gaps = [], [], [], []
        for one in found.parts:
            blocks = {} if one.known is None else one.known.blocks.get(name, {})
            if one.known is None or not blocks or one.n_new < past.block:
                continue
            rows = slice(one.start, one.end)
            scale = one.known.scales[name]
            new = part_blocks(values[rows], measured[rows], dataset.times[rows], scale, past.block, task, name)
            before.append(blocks)
            now.append(new)
            scales.append(scale)
            gaps.append(one.n_missing + one.n_new % past.block)
        if before:
            kind = "target" if name in task.target else "covariate"
            distance = round(float(np.median(gaps)) / past.block)
            for key in before[0]:
                shift = shift_of(key, name, kind, before, now, scales, distance, past.block)
                if shift is not None:
                    yield shift


def shift_of(
    key: str, name: str, kind: str, before: Sequence[Mapping[str, np.ndarray]], now: Sequence[Mapping[str, np.ndarray]],
    scales: Sequence[float], distance: int, length: int,
) -> Shift | None:  # fmt: skip
    """One statistic over all series; None where the history is too short to say what is usual.

    Args:
        key: of `STATISTICS`.
        name: of the column.
        kind: of the column.
        before: of each series its statistics by block, as they are remembered.
        now: those of its new rows.
        scales: its usual change.
        distance: blocks between the end of the history and the first of the new ones.
        length: steps of a block.
    """
    history = _aligned([one[key] for one in before if key in one])
    latest = _aligned([one[key] for one in now if key in one])
    if len(history) != len(latest) or not len(history):
        return None
    taken = instability.taken_blocks(history.shape[1], latest.shape[1])
    usual = differences(history, taken, distance + latest.shape[1] - taken)
    newest, last = finite_mean(latest[:, -taken:]), finite_mean(history[:, -last_blocks(history.shape[1]) :])
    moved = newest - last
    finite = np.isfinite(moved)
    enough = np.isfinite(usual).sum() >= instability.LEAST_BLOCKS
    nearest = usual if enough else differences(history, 1, 0)  # a history too short for that distance
    if not finite.any() or np.isfinite(nearest).sum() < instability.LEAST_BLOCKS:
        return None
    difference, middle = float(moved[finite].mean()), float(np.nanmean(nearest))
    p_value, statistic = p_value_of(difference, usual, taken), STATISTICS[key]
    if not distance and latest.shape[1] > 1:
        p_value = min(1.0, 2 * min(p_value, jump(history, latest)))
    apart = separated((difference - middle) / statistic.unit)
    if statistic.is_share:
        p_value, apart = _of_shares(history, latest, length, p_value, float(np.nanstd(nearest)))
    shown_before, shown_now = (_shown(key, one[finite], np.asarray(scales)[finite]) for one in (last, newest))
    where = "higher" if difference > middle else "lower"
    said = statistic.name if key == "step" else f"{name} ({statistic.name})"
    return Shift(said, kind, "same", apart, p_value, shown_before, shown_now, len(nearest), where)


def _of_shares(
    history: np.ndarray, latest: np.ndarray, length: int, p_value: float, spread: float
) -> tuple[float, float]:  # fmt: skip
    """The p-value and the separation of shares of all new steps: more than before, by their number and their blocks.

    Source: the predictive beta-binomial distribution with Jeffreys' prior.
    """
    from scipy.stats import betabinom

    total, n_before = np.nansum(history) * length, np.isfinite(history).sum() * length
    n_now = int(np.isfinite(latest).sum()) * length
    count = round(float(np.nansum(latest)) * length)
    p, q = total / max(n_before, 1), count / max(n_now, 1)
    if q <= p:
        return 1.0, 0.0
    by_count = float(betabinom.sf(count - 1, n_now, 0.5 + total, 0.5 + n_before - total))
    apart = separation(np.array([p, 1 - p]), np.array([q, 1 - q]))
    return (max(by_count, p_value) if spread > 0 else by_count), apart


def _aligned(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Blocks of several series, those of the same time below each other, ``(n_series, n_blocks)``; NaN before."""
    longest = max((len(one) for one in rows), default=0)
    return np.array([np.pad(one, (longest - len(one), 0), constant_values=np.nan) for one in rows])


def _shown(key: str, values: np.ndarray, scales: np.ndarray) -> float:
    """The mean over series in the column's own units."""
    if key in ("level", "trend"):
        return float((values * scales).mean())
    if key == "season":
        return float(1.0 - np.exp(-values).mean())
    return float(np.exp(values).mean() if STATISTICS[key].of_logs else values.mean())


# --------------------------------------------------------------------------- forecasts


def errors(known: Backtest | None, new: Units | None) -> Iterator[Shift]:
    """Measures of the new windows beside those of the contest."""
    if known is None or new is None:
        return
    for key, words in MEASURED.items():
        if key not in known.measures or key not in new.measures:
            continue
        middle, now, p_value = compared(known.measures[key], new.measures[key])
        if not (math.isfinite(middle) and math.isfinite(now)):
            continue
        shown = (math.exp(middle), math.exp(now)) if key == "size" else (middle, now)
        if key == "size":
            apart = separated((now - middle) / math.log(2.0))
        elif key == "bias":
            apart = separated((now - middle) / math.exp(float(np.nanmean(known.measures["size"]))))
        else:
            apart = separation(np.array([middle, 1 - middle]), np.array([now, 1 - now]))
        better = key in WORSE and (now - middle) * WORSE[key] <= 0
        yield Shift(
            words, "errors", "same", 0.0 if better else apart, p_value, *shown, len(known.scores),
            "higher" if now > middle else "lower",
        )  # fmt: skip


def ahead(dataset: Dataset, task: Task, found: Continued, past: Past, predictor: Any) -> Iterator[Shift]:
    """The level of the forecasts of the steps that come next, beside how far levels moved before."""
    horizon = task.horizon or 1
    if task.covariates_known or horizon % (task.season or 1):
        return
    followed, windows = future(replace(dataset, given=None), task)
    values = np.asarray(predictor.output(followed, windows).arrays["values"], np.float64)
    for place, name in enumerate(task.target):
        rows = [(row, one) for row, one in enumerate(found.parts)
                if one.known is not None and one.n_new and one.known.blocks.get(name)]  # fmt: skip
        if not rows:
            continue
        levels = [one.known.blocks[name]["level"] for _, one in rows if one.known is not None]
        scales = np.array([one.known.scales[name] for _, one in rows if one.known is not None])
        level = np.array([values[row, :, place].mean() for row, _ in rows]) / scales
        n_away = float(np.median([one.n_missing + one.n_new for _, one in rows]))
        history = _aligned(levels)
        usual = differences(history, 1, round(n_away / past.block))
        last = finite_mean(history[:, -last_blocks(history.shape[1]) :])
        finite = np.isfinite(level - last)
        if np.isfinite(usual).sum() < instability.LEAST_BLOCKS or not finite.any():
            continue
        difference, middle = float((level - last)[finite].mean()), float(np.nanmean(usual))
        before, now = (float((one * scales)[finite].mean()) for one in (last, level))
        yield Shift(
            f"{name} (level of the next forecast)", "forecast", "same", separated(difference - middle),
            p_value_of(difference, usual), before, now, len(usual), "higher" if difference > middle else "lower",
        )  # fmt: skip
