"""Whether an exported file predicts what the model does, and how long it takes for one row."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from automl.errors import DataError
from automl.export.formats import Arrays, Format

__all__ = ["Run", "differences", "latencies", "refuse_far"]

Run = Callable[[Arrays], dict[str, np.ndarray]]
CALLS = 31
WARM_UP = 2
LABELS_APART = 0.002
"""Of the rows, those whose label may be another one in float32: chances at a threshold may fall on either side."""


def differences(found: Arrays, wanted: Arrays) -> dict[str, float]:
    """The largest difference of each output.

    Args:
        found: what the file predicts, by name.
        wanted: what the model predicts.

    Returns:
        Of "values" and "quantiles" as a share of the largest magnitude that the model predicts of the same target, the
        largest share of all targets; of "labels" the share of the rows that differ, of others as they are.

    Raises:
        DataError: an output lacks or has another shape.
    """
    apart = {}
    for name, truth in wanted.items():
        if name not in found or found[name].shape != truth.shape:
            got = found[name].shape if name in found else "nothing"
            raise DataError(f"the export gives {got} as {name}, the model {truth.shape}; please report this")
        gaps = np.abs(np.asarray(found[name], np.float64) - np.asarray(truth, np.float64))
        if name == "labels":
            apart[name] = float((gaps > 0).mean()) if gaps.size else 0.0
        elif name in ("values", "quantiles"):
            apart[name] = _largest_share(gaps, np.abs(np.asarray(truth, np.float64)), name == "quantiles")
        else:
            apart[name] = float(gaps.max(initial=0.0))
    return apart


def _largest_share(gaps: np.ndarray, sizes: np.ndarray, is_quantiles: bool) -> float:
    """The largest gap as a share of the largest size of its target.

    Args:
        gaps: ``(n, n_targets)``, or of a forecast ``(n, horizon, n_targets)``; quantiles have an axis of levels more.
        sizes: of the same shape.
        is_quantiles: whether the last axis is that of levels.
    """
    target_axis = gaps.ndim - (2 if is_quantiles else 1) if gaps.ndim > 1 else None
    other = tuple(axis for axis in range(gaps.ndim) if axis != target_axis)
    most, size = gaps.max(axis=other, initial=0.0), sizes.max(axis=other, initial=0.0)
    return float(np.max(most / np.maximum(size, np.finfo(np.float64).tiny), initial=0.0))


def refuse_far(apart: Mapping[str, float], found: Format, n_rows: int) -> None:
    """Refuse an export that predicts otherwise than the model.

    Raises:
        DataError: a difference is above the format's tolerance, or not a number.
    """
    for name, gap in apart.items():
        most = (0.0 if found.wide else max(LABELS_APART, 1.0 / n_rows)) if name == "labels" else found.tolerance
        if not gap <= most:
            raise DataError(
                f"the export differs from the model by {gap:.3g} in {name} (of {n_rows} rows), above the tolerance of "
                f"{most:g} for {found.name}, so nothing was written; use another format, or check with --rows FILE"
            )


def latencies(calls: Mapping[str, Callable[[], Any]]) -> dict[str, float]:
    """The median time of each call in milliseconds, by name."""
    found = {}
    for name, call in calls.items():
        for _ in range(WARM_UP):
            call()
        times = []
        for _ in range(CALLS):
            begun = time.perf_counter()
            call()
            times.append(time.perf_counter() - begun)
        found[name] = round(1e3 * statistics.median(times), 4)
    return found
