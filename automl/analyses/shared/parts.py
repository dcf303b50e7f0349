"""Copies of items without one of their parts: a run of words, a patch of a picture, a stretch of a series."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import Any

import numpy as np

from automl import modalities
from automl.detect.rows import take
from automl.records import Dataset, Task

__all__ = ["N_PATCHES", "of_pictures", "of_series", "of_texts"]

MOST_WORDS = 40
"""Words that are left out one by one; of longer texts, runs of words are."""
MOST_SHOWN_WORDS = 400
N_PATCHES = 7
"""Patches along each edge of a picture."""
N_SEGMENTS = 12
GREY = 127


def of_texts(dataset: Dataset, task: Task, rows: np.ndarray) -> tuple[Dataset, list[list[str]]]:
    """Each text as it is, then without each run of words.

    Args:
        dataset: of a contest.
        task: its text columns.
        rows: ``(n,)`` row numbers.

    Returns:
        The copies of all items, one item after another; and the words of each part of each item.
    """
    columns = [c.name for c in task.columns if c.kind == "text" and c.name in dataset.inputs.columns]
    cells: dict[str, list[Any]] = {name: [] for name in columns}
    parts, sources = [], []
    for row in rows.tolist():
        texts = {name: _cell(dataset.inputs[name].iloc[row]) for name in columns}
        places = [(name, *found.span()) for name in columns for found in re.finditer(r"\S+", texts[name])]
        places = places[:MOST_SHOWN_WORDS]
        runs = [run for run in np.array_split(np.arange(len(places)), min(MOST_WORDS, len(places)) or 1) if len(run)]
        runs = [run for whole in runs for run in _by_column(whole, places)]
        for gone in [None, *runs]:
            for name in columns:
                spans = [] if gone is None else [places[k][1:] for k in gone if places[k][0] == name]
                cells[name].append(_without(texts[name], spans))
            sources.append(row)
        parts.append([texts[places[run[0]][0]][places[run[0]][1] : places[run[-1]][2]] for run in runs])
    taken = take(dataset, np.asarray(sources, np.int64))
    inputs = taken.inputs.copy()
    for name in columns:
        inputs[name] = np.asarray(cells[name], object)
    return replace(taken, inputs=inputs), parts


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _by_column(run: np.ndarray, places: list[tuple[str, int, int]]) -> list[np.ndarray]:
    """A run of words, parted where another column begins."""
    breaks = [k for k in range(1, len(run)) if places[run[k]][0] != places[run[k - 1]][0]]
    return np.split(run, breaks)


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    return text if not spans else f"{text[: spans[0][0]]} {text[spans[-1][1] :]}".strip()


def of_pictures(
    dataset: Dataset, task: Task, rows: np.ndarray, fill: np.ndarray | int = GREY
) -> tuple[Dataset, list[list[str]]]:
    """Each picture as it is, then with another patch in each place of a grid; returns as `of_texts` does.

    Args:
        dataset: of a contest.
        task: of the contest.
        rows: ``(n,)`` row numbers.
        fill: what patches are filled with: a brightness, or the pixels ``(h, w[, c])`` of another picture.
    """
    with_all = np.broadcast_to(fill, dataset.inputs.shape[1:])
    height, width = dataset.inputs.shape[1:3]
    down = np.unique(np.linspace(0, height, N_PATCHES + 1).round().astype(int))
    across = np.unique(np.linspace(0, width, N_PATCHES + 1).round().astype(int))
    places = [(a, b, c, d) for a, b in itertools.pairwise(down) for c, d in itertools.pairwise(across)]
    place = modalities.named(task).place
    names = [
        f"{_span('row', a, b)}, {_span('column', c, d)}" if place is None else place(task, a, b, c, d)
        for a, b, c, d in places
    ]
    taken = take(dataset, np.repeat(rows, 1 + len(places)))
    inputs = np.array(taken.inputs)
    for i in range(len(rows)):
        for k, (a, b, c, d) in enumerate(places):
            inputs[i * (1 + len(places)) + 1 + k, a:b, c:d] = with_all[a:b, c:d]
    return replace(taken, inputs=inputs), [names] * len(rows)


def _span(noun: str, start: int, end: int) -> str:
    return f"{noun} {start}" if end == start + 1 else f"{noun}s {start} to {end - 1}"


def of_series(dataset: Dataset, task: Task, rows: np.ndarray) -> tuple[Dataset, list[list[str]]]:
    """Each series as it is, then with each segment replaced by its channels' means; see `of_texts`."""
    length = dataset.inputs.shape[2]
    edges = np.unique(np.linspace(0, length, N_SEGMENTS + 1).round().astype(int)).tolist()
    places = list(itertools.pairwise(edges))
    taken = take(dataset, np.repeat(rows, 1 + len(places)))
    inputs = np.array(taken.inputs)
    with np.errstate(invalid="ignore"):
        means = np.nanmean(np.asarray(dataset.inputs[rows], np.float64), axis=2)
    for i in range(len(rows)):
        for k, (a, b) in enumerate(places):
            inputs[i * (1 + len(places)) + 1 + k, :, a:b] = means[i][:, None]
    return replace(taken, inputs=inputs), [[_span("step", a, b) for a, b in places]] * len(rows)
