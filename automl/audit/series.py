"""Series with long gaps, or whose frequency changes.

`detect.series.grid` has filled gaps already; `Dataset.observed` says which values are the file's own.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from automl.audit.view import View, file_rows, quoted, severity_of
from automl.records import Finding, Severity

__all__ = ["changed_frequency", "long_gaps"]

LEAST_STEPS = 6
LONG_SHARE = 0.05
TIMES_LONGER = 2


def changed_frequency(view: View) -> Finding | None:
    """Series whose values are further apart in one part than in another."""
    changed, rows, ratio = [], [], 0.0
    for name, real, steps in _steps(view):
        if len(steps) < 2 * LEAST_STEPS:
            continue
        at = _turn(steps)
        if at is not None:
            before, after = float(np.median(steps[:at])), float(np.median(steps[at:]))
            changed.append(name)
            rows.append(int(real[at]))
            ratio = max(ratio, max(before, after) / min(before, after))
    if not changed:
        return None
    who = "The series changes its frequency"
    if view.task.series_column is not None:
        who = f"{len(changed):,} series change their frequency ({quoted(changed)})"
    message = (
        f"{who}: one part has a value at each step, another one at every {ratio:.0f} steps. The steps between are "
        "filled from the past, which is all that a model sees of them."
    )
    step = (
        "Bring all of it to the longer step (for example with pandas resample), or start where the frequency changes."
    )
    return Finding("changed_frequency", "high" if len(changed) == len(_steps(view)) else "medium", message, step,
                   (), file_rows(view.dataset, np.array(rows)), len(changed))  # fmt: skip


def _turn(steps: np.ndarray) -> int | None:
    """Where the usual length of steps changes: the cut that separates two lengths best; None where there is none."""
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
    """Gaps of many steps in a row, which values of the past fill badly."""
    season = view.task.season or 1
    least = max(LEAST_STEPS, season)
    names, rows, longest, missing, total = [], [], 0, 0, 0
    for name, real, steps in _steps(view):
        total += int(steps.sum())
        if len(steps) >= 2 * LEAST_STEPS and _turn(steps) is not None:
            continue  # its frequency changes, which is another finding
        wide = np.flatnonzero(steps > least)
        if len(wide):
            names.append(name)
            rows += real[wide].tolist()
            longest = max(longest, int(steps.max()) - 1)
            missing += int((steps[wide] - 1).sum())
    if not names:
        return None
    where = "the series" if view.task.series_column is None else quoted(names)
    message = (
        f"{len(rows):,} gap{'s' if len(rows) > 1 else ''} of up to {longest:,} steps in a row "
        f"{'lie' if len(rows) > 1 else 'lies'} in {where}: {'they are' if len(rows) > 1 else 'it is'} "
        "longer than a season and filled from the values before it."
    )  # fmt: skip
    step = "Fill the gaps yourself, or forecast from after the last one."
    severity: Severity = "medium" if longest >= 2 * season else severity_of(missing, LONG_SHARE * max(total, 1))
    return Finding("long_gaps", severity, message, step, (), file_rows(view.dataset, np.array(rows)), len(rows))


def _steps(view: View) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """For each series: its name, the rows with an observed value but the last, and the steps to the next such row."""
    dataset = view.dataset
    if not view.goal.in_windows or dataset.n_rows < 2:
        return []
    edges = [0, dataset.n_rows]
    if dataset.series is not None:
        edges = [0, *(np.flatnonzero(dataset.series[1:] != dataset.series[:-1]) + 1).tolist(), dataset.n_rows]
    seen = np.ones(dataset.n_rows, bool)
    if dataset.observed is not None:
        seen = np.asarray(dataset.observed.any(axis=1))
    steps = []
    for first, end in pairwise(edges):
        real = first + np.flatnonzero(seen[first:end])
        name = "" if dataset.series is None else str(dataset.series[first])
        steps.append((name, real[:-1], np.diff(real)))
    return steps
