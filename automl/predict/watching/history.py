"""What a saved forecaster remembers of its series: for each the last time, the usual change and statistics by block.

All rows of the contest are history, test rows too: nothing learns from these numbers, and what follows is compared
with what came last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.detect.series.grid import block_bounds
from automl.goals.shared.contexts import reach
from automl.goals.shared.scoring import seasonal_scale
from automl.predict.watching.blocks import STATISTICS, block_length, blocks_of
from automl.records import NUMERIC_KINDS
from automl.storage.values import Misfit, listed, mapping, number, optional_number, text, whole

if TYPE_CHECKING:
    from automl.records import Dataset, Split, Task

__all__ = ["Known", "Past", "history_of", "part_blocks", "read_history", "tail_of", "watched_columns"]

MOST_NAMES = 10_000
"""Series whose names, last times and usual changes are kept."""
MOST_SERIES, MOST_BLOCKS, MOST_NUMBERS = 200, 200, 60_000
"""Series with statistics, their latest blocks, and numbers of all of them together."""
MOST_COLUMNS, MOST_WORDS, MOST_STEPS = 50, 500, 2**31
OF_COVARIATES = ("level", "spread", "gaps")
TAIL_STEPS, TAIL_BYTES = 16, 3
"""Steps from which the end of a series without times is known again, and the size of what is kept of them."""
DIGITS = 7


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """One series.

    Attributes:
        name: "" where there is but one.
        end: its last time, in nanoseconds since 1970.
        tail: a digest of its last values, where rows have no times; else "".
        scales: by column, the usual change: the denominator of MASE for targets.
        blocks: by column, and then by key of `STATISTICS`, ``(n_blocks,)``; empty for series without statistics.
    """

    name: str
    end: int
    tail: str
    scales: Mapping[str, float]
    blocks: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """All series of a contest.

    Attributes:
        block: steps of a block.
        context: steps that models may look back.
        step_seconds: usual time between rows.
        complete: whether all series are named.
        series: by name.
    """

    block: int
    context: int
    step_seconds: float
    complete: bool
    series: Mapping[str, Known]


def watched_columns(dataset: Dataset, task: Task) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Targets, then covariates of numbers: values ``(n_rows,)`` and which of them were measured, by name."""
    assert dataset.target is not None
    found = {}
    for place, name in enumerate(task.target):
        values = dataset.target[name].to_numpy(np.float64)
        measured = np.isfinite(values) if dataset.observed is None else dataset.observed[:, place]
        found[name] = (values, measured)
    for column in task.columns:
        if column.kind in NUMERIC_KINDS and column.name in dataset.inputs.columns and column.name not in found:
            values = dataset.inputs[column.name].to_numpy(np.float64, na_value=np.nan)
            found[column.name] = (values, np.isfinite(values))
    return dict(list(found.items())[:MOST_COLUMNS])


def part_blocks(
    values: np.ndarray, measured: np.ndarray, times: np.ndarray, scale: float, past_block: int, task: Task, name: str
) -> dict[str, np.ndarray]:  # fmt: skip
    """Statistics of some rows of one series; of covariates fewer, and of times for the first target."""
    is_target = name in task.target
    timed = name == task.target[0] and task.time_column is not None
    seconds = times.astype("datetime64[ns]").astype(np.int64) / 1e9 if timed else None
    found = blocks_of(values, measured, scale, past_block, task.season or 1, seconds)
    return {key: _rounded(one) for key, one in found.items() if is_target or key in OF_COVARIATES}


def history_of(dataset: Dataset, task: Task, split: Split) -> dict[str, Any] | None:
    """What is remembered, as JSON types; None where the rows have no times or windows."""
    if dataset.times is None or split.train_windows is None or dataset.target is None:
        return None
    season = task.season or 1
    columns, bounds = watched_columns(dataset, task), block_bounds(dataset.series, dataset.n_rows)
    first_tested = np.full(dataset.n_rows, dataset.n_rows)
    for first, end in bounds:
        tested = split.test[(split.test >= first) & (split.test < end)]
        first_tested[first:end] = tested.min() if len(tested) else end
    scales = seasonal_scale(dataset, season, np.flatnonzero(np.arange(dataset.n_rows) < first_tested))
    length = block_length(task.horizon or 1, season, max(end - first for first, end in bounds))
    of_each = sum(min(end - first, MOST_BLOCKS * length) // length for first, end in bounds) * len(columns) * 5
    n_kept = max(1, min(MOST_SERIES, int(len(bounds) * MOST_NUMBERS / max(of_each, 1))))
    kept = set(np.linspace(0, len(bounds) - 1, min(n_kept, len(bounds))).astype(int).tolist())
    series = []
    for place, (first, end) in enumerate(bounds[:MOST_NAMES]):
        part = slice(max(first, end - MOST_BLOCKS * length), end)
        own = {name: float(one) for name, one in zip(task.target, scales[place], strict=True)}
        blocks = {}
        for name, (values, measured) in columns.items() if place in kept else ():
            own.setdefault(name, usual_change(np.where(measured, values, np.nan)[first:end], season))
            found = part_blocks(values[part], measured[part], dataset.times[part], own[name], length, task, name)
            blocks[name] = {key: [None if np.isnan(one) else one for one in found[key].tolist()] for key in found}
        series.append({
            "name": _name(dataset, first), "end": int(dataset.times[end - 1].astype("datetime64[ns]").astype(np.int64)),
            "tail": "" if task.time_column else tail_of(dataset, slice(first, end)), "scales": own, "blocks": blocks,
        })  # fmt: skip
    steps = np.concatenate([np.diff(dataset.times[a:b].astype("datetime64[ns]").astype(np.int64)) for a, b in bounds])
    return {
        "block": length, "context": int(reach(dataset, task, split.train_windows)[0][-1]),
        "step_seconds": float(np.median(steps)) / 1e9 if len(steps) else 1.0,
        "complete": len(bounds) <= MOST_NAMES, "series": series,
    }  # fmt: skip


def usual_change(values: np.ndarray, season: int) -> float:
    """The mean absolute difference of values a season apart; 1 for what never changes."""
    for lag in (season, 1):
        apart = np.abs(values[lag:] - values[:-lag]) if len(values) > lag else values[:0]
        apart = apart[np.isfinite(apart)]
        if len(apart) and apart.mean() > 0:
            return float(apart.mean())
    return 1.0


def tail_of(dataset: Dataset, rows: slice) -> str:
    """A digest of the last values of some rows of one series, too short to tell them from it."""
    assert dataset.target is not None
    values = dataset.target.iloc[rows].to_numpy(np.float64)[-TAIL_STEPS:]
    said = ",".join(f"{one:.6g}" for one in values.ravel())
    return blake2b(said.encode(), digest_size=TAIL_BYTES).hexdigest() if len(values) == TAIL_STEPS else ""


def _name(dataset: Dataset, row: int) -> str:
    return "" if dataset.series is None else str(dataset.series[row])[:MOST_WORDS]


def _rounded(values: np.ndarray) -> np.ndarray:
    """Of `DIGITS` digits, as they are stored, so that what never moves is the same before and now; NaN for none."""
    return np.array([float(f"{one:.{DIGITS}g}") if np.isfinite(one) else np.nan for one in values], np.float64)


# --------------------------------------------------------------------------- reading


def read_history(content: Any) -> Past:
    """The record of `history_of`, every field checked.

    Raises:
        Misfit: it is not what automl writes.
    """
    if not isinstance(content, dict):
        raise Misfit("series: expected a mapping")
    series = [_read_series(one) for one in listed(content, "series", MOST_NAMES)]
    names = {one.name for one in series}
    if not series or len(names) != len(series) or not isinstance(content.get("complete"), bool):
        raise Misfit("series: expected names that differ")
    return Past(
        whole(content, "block", 1, MOST_STEPS), whole(content, "context", 1, MOST_STEPS),
        number(content, "step_seconds", 0.0), content["complete"], {one.name: one for one in series},
    )  # fmt: skip


def _read_series(content: Any) -> Known:
    if not isinstance(content, dict):
        raise Misfit("series: expected mappings")
    scales = {name: number({name: one}, name) for name, one in mapping(content, "scales", MOST_COLUMNS).items()}
    blocks = {}
    for name, found in mapping(content, "blocks", MOST_COLUMNS).items():
        if name not in scales or not isinstance(found, dict) or not found.keys() <= STATISTICS.keys():
            raise Misfit("series: statistics that are none")
        blocks[name] = {key: _read_blocks(found, key) for key in found}
        if len({len(one) for one in blocks[name].values()}) > 1:
            raise Misfit("series: statistics of several lengths")
    if not all(one > 0 for one in scales.values()):
        raise Misfit("series: expected usual changes above zero")
    return Known(
        text(content, "name", MOST_WORDS), whole(content, "end", -(2**63), 2**63 - 1),
        text(content, "tail", MOST_WORDS), scales, blocks,
    )  # fmt: skip


def _read_blocks(found: Mapping[str, Any], key: str) -> np.ndarray:
    values: Sequence[Any] = listed(found, key, MOST_BLOCKS)
    told = [optional_number({key: one}, key) for one in values]
    return np.array([np.nan if one is None else one for one in told], np.float64)
