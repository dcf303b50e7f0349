"""Rows with changed inputs: copies of test items in which columns, channels or steps are exchanged or set."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from automl import goals
from automl.analyses.shared.scoring import predictors
from automl.detect.rows import take
from automl.records import NUMERIC_KINDS, AnalysisContext, AnalysisFacts, Dataset, Output, Task

__all__ = [
    "Factor", "Stack", "allowance", "chunk_rows", "exchanged", "factors_of", "item_seconds", "part_of", "stack",
    "stacked_seconds",
]  # fmt: skip

MOST_ROWS = 16_384
MOST_PICTURES = 2_048
MOST_CELLS = 40_000_000
"""Rows that one prediction call is given at most, fewer where an item is large."""
CALL_ROWS = 1024
PROBE_ITEMS, PROBE_COPIES, PROBE_SHARE = 100, 8, 0.05
N_SEGMENTS = 8
MOST_CHANNELS = 12
LONGEST_HISTORY = 400


@dataclass(frozen=True, slots=True)
class Factor:
    """What is exchanged together between items.

    Attributes:
        name: in words.
        kind: "column", "group" (of correlated columns), "channel", "segment", "lags", "calendar" or "covariate".
        columns: of a table, those of levels that stand next to numbers among them.
        channel: of a series, or None for all.
        steps: from and to, of a series or counted from the start of a forecast window (negative before it).
    """

    name: str
    kind: str
    columns: tuple[str, ...] = ()
    channel: int | None = None
    steps: tuple[int, int] | None = None


def factors_of(context: AnalysisContext) -> list[Factor]:
    """Columns of a table, channels and segments of series, parts of what a forecast reads; none of pictures."""
    dataset, task = context.dataset, context.task
    if goals.named(task).in_windows:
        return _of_windows(dataset, task)
    if hasattr(dataset.inputs, "columns"):
        return _of_table(dataset, task)
    return _of_series(dataset.inputs, task) if dataset.inputs.ndim == 3 and dataset.inputs.dtype != np.uint8 else []


def _of_table(dataset: Dataset, task: Task) -> list[Factor]:
    """One a column; texts that a backbone reads together are one."""
    there = set(dataset.inputs.columns)
    made: list[Factor] = []
    texts: list[str] = []
    for column in task.columns:
        if column.name not in there:
            continue
        level = column.level_column
        names = (column.name, *([level.name] if level is not None and level.name in there else []))
        if column.kind == "text" and dataset.vectors is not None:
            texts += names
        else:
            made.append(Factor(column.name, "column", names))
    return [*made, *([Factor(" and ".join(texts), "column", tuple(texts))] if texts else [])]


def _of_series(inputs: np.ndarray, task: Task) -> list[Factor]:
    """Channels (columns of a table by their names), where there are several, and equal segments of all channels."""
    n_channels, length = inputs.shape[1:]
    names = [column.name for column in task.columns if column.kind in NUMERIC_KINDS] if task.window else []
    names = names if len(names) == n_channels else [f"channel {i}" for i in range(n_channels)]
    channels = [Factor(names[i], "channel", channel=i) for i in range(min(n_channels, MOST_CHANNELS))]
    edges = np.unique(np.linspace(0, length, N_SEGMENTS + 1).round().astype(int)).tolist()
    segments = [Factor(f"steps {a} to {b - 1}", "segment", steps=(a, b)) for a, b in itertools.pairwise(edges)]
    return [*(channels if n_channels > 1 else []), *segments]


def _of_windows(dataset: Dataset, task: Task) -> list[Factor]:
    """Blocks of lags, the calendar, and covariates."""
    horizon = int(task.horizon or 1)
    ends = [0, horizon, 2 * horizon, 4 * horizon, LONGEST_HISTORY]
    blocks = [(a, b) for a, b in itertools.pairwise(ends) if a < b]
    made = [
        Factor(f"lags {a + 1} to {b}" if b < LONGEST_HISTORY else f"lags from {a + 1} on", "lags", steps=(-b, -a))
        for a, b in blocks
    ]
    if dataset.times is not None:
        made.append(Factor("calendar", "calendar"))
    there = getattr(dataset.inputs, "columns", ())
    made += [Factor(c.name, "covariate", (c.name,)) for c in task.columns if c.name in there]
    return made


# --------------------------------------------------------------------------- copies


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """Copies of items, one after another.

    Attributes:
        dataset: of the copies.
        items: of the copies: rows, or windows.
        n: items of one copy.
        places: windows only: ``(n_items, history + horizon)`` rows of each window and of what lies before it.
    """

    dataset: Dataset
    items: np.ndarray
    n: int
    places: np.ndarray | None = None


def stack(dataset: Dataset, items: np.ndarray, n_copies: int) -> Stack:
    """So many copies of rows, or of windows with what lies before them, each window a series of its own."""
    if items.ndim == 1:
        return Stack(take(dataset, np.tile(items, n_copies)), np.arange(len(items) * n_copies), len(items))
    return _stacked_windows(dataset, np.tile(items, (n_copies, 1)), len(items))


def _stacked_windows(dataset: Dataset, windows: np.ndarray, n: int) -> Stack:
    """Blocks of rows that each end with a window.

    Neighbouring blocks have different labels, since a change of the label begins a series: a row with a label of its
    own lies between blocks of the same series. Of a single series, the labels alternate.
    """
    horizon = windows.shape[1]
    starts = _first_rows(dataset)
    begins = np.maximum(starts[windows[:, 0]], windows[:, 0] - LONGEST_HISTORY)
    panel = dataset.series is not None
    rows, items, places, breaks, labels, at = [], [], [], [], [], 0
    offsets = np.arange(-LONGEST_HISTORY, horizon)
    for i, (begin, window) in enumerate(zip(begins.tolist(), windows, strict=True)):
        own = np.concatenate([np.arange(begin, window[0]), window])
        if panel:
            own = np.concatenate([[begin], own])
            breaks.append(at)
        first = at + int(panel)
        rows.append(own)
        start = first + (int(window[0]) - begin)
        items.append(np.arange(start, start + horizon))
        places.append(np.maximum(start + offsets, first))
        labels.append(np.full(len(own), str(i % 2)))
        at += len(own)
    taken = take(dataset, np.concatenate(rows))
    if taken.series is None:
        series = np.concatenate(labels).astype(object)
    else:
        series = np.asarray(taken.series, dtype=object).copy()
        series[breaks] = "\0"
    return Stack(replace(taken, series=series), np.stack(items), n, np.stack(places))


def _first_rows(dataset: Dataset) -> np.ndarray:
    starts = np.zeros(dataset.n_rows, np.int64)
    if dataset.series is not None:
        changes = np.flatnonzero(dataset.series[1:] != dataset.series[:-1]) + 1
        starts[changes] = changes
    return np.maximum.accumulate(starts)


def exchanged(made: Stack, factors: Sequence[Factor], permutations: Sequence[np.ndarray]) -> Dataset:
    """The dataset of the copies, in each of which one factor's values come from other items.

    Args:
        made: as many copies as there are factors.
        factors: one for each copy.
        permutations: for each copy ``(n,)``: from which item the values come.
    """
    if made.places is not None:
        return _exchanged_windows(made, factors, permutations)
    dataset, n = made.dataset, made.n
    if hasattr(dataset.inputs, "columns"):
        return _exchanged_columns(dataset, n, factors, permutations)
    inputs = dataset.inputs.copy()
    for k, (factor, order) in enumerate(zip(factors, permutations, strict=True)):
        block = inputs[k * n : (k + 1) * n]
        channels = slice(None) if factor.channel is None else slice(factor.channel, factor.channel + 1)
        steps = slice(None) if factor.steps is None else slice(*factor.steps)
        block[:, channels, steps] = block[order][:, channels, steps]
    return replace(dataset, inputs=inputs)


def _exchanged_columns(
    dataset: Dataset, n: int, factors: Sequence[Factor], permutations: Sequence[np.ndarray]
) -> Dataset:
    sources: dict[str, np.ndarray] = {}
    for k, (factor, order) in enumerate(zip(factors, permutations, strict=True)):
        for name in factor.columns:
            source = sources.setdefault(name, np.arange(dataset.n_rows))
            source[k * n : (k + 1) * n] = k * n + order
    inputs = dataset.inputs.copy(deep=False)
    pictures, vectors = dict(dataset.pictures), dataset.vectors
    for name, source in sources.items():
        inputs[name] = inputs[name].take(source).set_axis(inputs.index)
        if name in pictures:
            pictures[name] = pictures[name][source]
        elif vectors is not None and name == _first_text(dataset, sources):
            vectors = vectors[source]
    return replace(dataset, inputs=inputs, pictures=pictures, vectors=vectors)


def _first_text(dataset: Dataset, sources: dict[str, np.ndarray]) -> str | None:
    """Texts that a backbone reads are exchanged together, so the first of them stands for all."""
    texts = [name for name in sources if dataset.inputs[name].dtype.kind not in "biufM"]
    return texts[0] if texts else None


def _exchanged_windows(made: Stack, factors: Sequence[Factor], permutations: Sequence[np.ndarray]) -> Dataset:
    dataset, n, places = made.dataset, made.n, made.places
    assert places is not None and dataset.target is not None
    target = dataset.target.copy()
    inputs = dataset.inputs.copy() if hasattr(dataset.inputs, "columns") else dataset.inputs
    times = None if dataset.times is None else dataset.times.copy()
    for k, (factor, order) in enumerate(zip(factors, permutations, strict=True)):
        own = places[k * n : (k + 1) * n]
        theirs = own[order]
        if factor.kind == "lags":
            assert factor.steps is not None
            span = slice(LONGEST_HISTORY + factor.steps[0], LONGEST_HISTORY + factor.steps[1])
            before = own[:, span] < own[:, [LONGEST_HISTORY]]
            into, source = own[:, span][before], theirs[:, span][before]
            target.iloc[into] = target.to_numpy()[source]
        elif factor.kind == "calendar" and times is not None and dataset.times is not None:
            shift = dataset.times[theirs[:, LONGEST_HISTORY]] - dataset.times[own[:, LONGEST_HISTORY]]
            times[own.ravel()] = (dataset.times[own] + shift[:, None]).ravel()
        else:
            for name in factor.columns:
                values = inputs[name].to_numpy(copy=True)
                values[own.ravel()] = values[theirs.ravel()]
                inputs[name] = values
    return replace(dataset, target=target, inputs=inputs, times=times)


# --------------------------------------------------------------------------- predictions


def chunk_rows(dataset: Dataset) -> int:
    """How many copies of rows are predicted in one call."""
    if dataset.pictures:
        return MOST_PICTURES
    if hasattr(dataset.inputs, "columns"):
        return MOST_ROWS
    return int(np.clip(MOST_CELLS // max(1, int(np.prod(dataset.inputs.shape[1:]))), 64, MOST_ROWS))


def part_of(output: Output, at: slice | np.ndarray) -> Output:
    """Some of the predicted items."""
    return Output(output.kind, {name: array[at] for name, array in output.arrays.items()})


def stacked_seconds(facts: AnalysisFacts, n_rows: float) -> float:
    """About how long both finalists take for so many rows in large calls.

    A call has a cost of its own, which makes up most of the time of a small one: so fewer test items than `CALL_ROWS`
    say nothing of the time that each takes.
    """
    return facts.pass_seconds * max(1.0, n_rows / max(facts.n_test, CALL_ROWS))


def item_seconds(context: AnalysisContext, until: float) -> float:
    """Seconds that both finalists take for one more item of a call, measured on a small and a larger one.

    Args:
        context: of the analysis.
        until: `time.monotonic` value; infinite where nothing need be known, which gives 0.
    """
    if math.isinf(until):
        return 0.0
    items = context.split.items("test")[:PROBE_ITEMS]
    seconds = []
    for n_copies in (1, PROBE_COPIES):
        made, begun = stack(context.dataset, items, n_copies), time.monotonic()
        for predictor in predictors(context).values():
            predictor.output(made.dataset, made.items)
        seconds.append(time.monotonic() - begun)
        if seconds[0] > PROBE_SHARE * (until - time.monotonic()):
            return seconds[0] / len(items)
    return max(seconds[1] - seconds[0], 0.1 * seconds[1]) / (len(items) * (PROBE_COPIES - 1))


def allowance(context: AnalysisContext, share: float) -> float:
    """`time.monotonic` value until which an analysis may go on: a share of what is left, so that others have some."""
    return time.monotonic() + share * context.remaining_seconds
