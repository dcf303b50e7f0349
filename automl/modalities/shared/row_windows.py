"""Rows of a table in time as windows: each row with the rows before it, for goals that judge every row of a series."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["MOST_STEPS", "USUAL_STEPS", "in_time", "row_windows", "window_steps"]

LEAST_STEPS, USUAL_STEPS, MOST_STEPS = 16, 64, 128
MOST_CELLS = 2**28
"""Numbers of all windows together (one GiB of float32): beyond, windows are shorter."""
LEAST_DEPENDENCE = 0.2
LOOKED_ROWS = 20_000


def row_windows(values: np.ndarray, order: np.ndarray, series: np.ndarray, steps: int) -> np.ndarray:
    """Each row with the ``steps - 1`` rows before it, ``(n, channels, steps)`` float32, oldest step first.

    The first rows of a series have too few before them; the first row stands in for those.

    Args:
        values: ``(n, channels)``.
        order: ``(n,)`` row numbers, sorted by series and time.
        series: ``(n,)`` codes of the rows' series.
        steps: length of a window.
    """
    n = len(values)
    made = np.empty((n, values.shape[1], steps), np.float32)
    sorted_codes = series[order]
    starts = np.flatnonzero(np.r_[True, sorted_codes[1:] != sorted_codes[:-1]])
    for begin, end in zip(starts, [*starts[1:], n], strict=True):
        own = order[begin:end]
        before = np.repeat(values[own[:1]], steps - 1, axis=0)
        padded = np.concatenate([before, values[own]]).astype(np.float32)
        made[own] = np.lib.stride_tricks.sliding_window_view(padded, steps, axis=0)
    return made


def window_steps(values: np.ndarray, order: np.ndarray, season: int | None) -> int:
    """How many rows a window has: a season where one is known or seen in the earlier half of the rows, else 64.

    Args:
        values: ``(n, channels)`` without gaps.
        order: ``(n,)`` row numbers in time.
        season: rows of a season as the user said, or None.
    """
    n, channels = values.shape
    room = max(LEAST_STEPS, MOST_CELLS // max(1, n * channels))
    most = min(MOST_STEPS, room, max(LEAST_STEPS, n // 8))
    found = season or _period(values[order[: max(len(order) // 2, 2)][:LOOKED_ROWS]])
    return int(np.clip(found or USUAL_STEPS, LEAST_STEPS, most))


def _period(values: np.ndarray) -> int | None:
    """The lag at which rows are most alike after they were unlike; the median over channels, None where there is none.

    Source: the autocorrelation, as in Liu & Paparrizos, "The Elephant in the Room: Towards A Reliable Time-Series
        Anomaly Detection Benchmark" (TSB-AD), NeurIPS 2024, appendix (window from the period of the series).
    """
    lags = [lag for channel in values.T if (lag := _period_of(channel)) is not None]
    return int(np.median(lags)) if lags else None


def _period_of(values: np.ndarray) -> int | None:
    centred = values - values.mean()
    n = len(centred)
    if n < 3 * LEAST_STEPS or not centred.any():
        return None
    spectrum = np.fft.rfft(centred, 2 * n)
    likeness = np.fft.irfft(spectrum * np.conj(spectrum))[: n // 2]
    likeness = likeness / max(float(likeness[0]), 1e-300)
    below = np.flatnonzero(likeness < 0)
    if not len(below):
        return None
    later = likeness[below[0] :]
    best = int(later.argmax())
    return int(below[0]) + best if later[best] > LEAST_DEPENDENCE else None


def in_time(frame: pd.DataFrame, time: str, series: str | None) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers sorted by series and time, and ``(n,)`` codes of the series.

    Args:
        frame: typed; its time column holds dates.
        time: name of the time column.
        series: name of the column of series, or None.
    """
    stamps = frame[time].to_numpy("datetime64[ns]").view(np.int64)
    codes = np.zeros(len(frame), np.int64) if series is None else np.asarray(pd.factorize(frame[series])[0], np.int64)
    return np.lexsort((stamps, codes)), codes
