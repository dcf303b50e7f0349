"""Series with holes, or whose steps change on the way.

`detect.series.grid` has filled them by then; the rows that it inserted repeat the number of the row before.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from automl.audit.view import View, file_rows, named
from automl.records import Finding, Severity

__all__ = ["changed_frequency", "long_gaps"]

LEAST_STEPS = 6
LONG_SHARE = 0.05
TIMES_LONGER = 2


def changed_frequency(view: View) -> Finding | None:
    """Series that are written at longer steps in one part than in another."""
    found, rows, ratio = [], [], 0.0
    for name, real, steps in _steps(view):
        if len(steps) < 2 * LEAST_STEPS:
            continue
        at = _turn(steps)
        if at is not None:
            before, after = float(np.median(steps[:at])), float(np.median(steps[at:]))
            found.append(name)
            rows.append(int(real[at]))
            ratio = max(ratio, max(before, after) / min(before, after))
    if not found:
        return None
    who = "The series changes its frequency"
    if view.task.series_column is not None:
        who = f"{len(found):,} series change their frequency ({named(found)})"
    message = (
        f"{who}: one part has a value a step, another one every {ratio:.0f}. The steps between were interpolated, and "
        "a model learns the straight lines between them."
    )
    step = (
        "Bring all of it to the longer step (for example with pandas resample), or start where the frequency changes."
    )
    return Finding("changed_frequency", "high" if len(found) == len(list(_steps(view))) else "medium", message, step,
                   (), file_rows(view.dataset, np.array(rows)), len(found))  # fmt: skip


def _turn(steps: np.ndarray) -> int | None:
    """Where steps begin to be of another usual length, or None: the cut that parts two lengths best."""
    longer = steps >= TIMES_LONGER * np.median(steps) if np.median(steps) == steps.min() else steps > steps.min()
    if longer.sum() < LEAST_STEPS or (~longer).sum() < LEAST_STEPS:
        return None
    total = np.cumsum(longer)
    n = np.arange(1, len(steps) + 1)
    before = total / n
    after = (total[-1] - total) / np.maximum(len(steps) - n, 1)
    gain = np.abs(after - before)
    inner = slice(LEAST_STEPS - 1, len(steps) - LEAST_STEPS)
    at = int(np.argmax(gain[inner])) + LEAST_STEPS
    return at if gain[at - 1] >= 0.8 else None


def long_gaps(view: View) -> Finding | None:
    """Holes of many steps in a row, which a straight line fills badly."""
    season = view.task.season or 1
    least = max(LEAST_STEPS, season)
    found, rows, longest, missing, total = [], [], 0, 0, 0
    for name, real, steps in _steps(view):
        total += int(steps.sum())
        if _turn(steps) is not None if len(steps) >= 2 * LEAST_STEPS else False:
            continue
        wide = np.flatnonzero(steps > least)
        if len(wide):
            found.append(name)
            rows += real[wide].tolist()
            longest = max(longest, int(steps.max()) - 1)
            missing += int((steps[wide] - 1).sum())
    if not found:
        return None
    where = "the series" if view.task.series_column is None else named(found)
    message = (
        f"{len(rows):,} gap{'s' if len(rows) > 1 else ''} of up to {longest:,} steps in a row "
        f"{'lie' if len(rows) > 1 else 'lies'} in {where}: {'they are' if len(rows) > 1 else 'it is'} "
        "longer than a season, and the straight line that fills it is none of its data."
    )  # fmt: skip
    step = "Fill the gaps yourself, or forecast from after the last one."
    severity: Severity = "medium" if missing >= LONG_SHARE * max(total, 1) or longest >= 2 * season else "low"
    return Finding("long_gaps", severity, message, step, (), file_rows(view.dataset, np.array(rows)), len(rows))


def _steps(view: View) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Of each series: its name, the rows not inserted (but the last), and how many rows on the next such one is."""
    dataset = view.dataset
    if not view.goal.in_windows or dataset.row_numbers is None or dataset.n_rows < 2:
        return []
    edges = [0, dataset.n_rows]
    if dataset.series is not None:
        edges = [0, *(np.flatnonzero(dataset.series[1:] != dataset.series[:-1]) + 1).tolist(), dataset.n_rows]
    found = []
    for first, end in pairwise(edges):
        numbers = dataset.row_numbers[first:end]
        real = first + np.concatenate([[0], np.flatnonzero(np.diff(numbers) != 0) + 1])
        name = "" if dataset.series is None else str(dataset.series[first])
        found.append((name, real[:-1], np.diff(real)))
    return found
