"""What a column held, as counts in bins or of levels: enough to compare new rows with it, and no row.

Bins are cut at round numbers near the deciles of the training rows. Levels are those that at least `MIN_LEVEL_ROWS` of
them hold; all others are counted together, as gaps are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from automl import modalities
from automl.records import FILE_KINDS, MIN_LEVEL_ROWS, ORDERED_KINDS, UNUSED_KINDS

if TYPE_CHECKING:
    import pandas as pd

    from automl.records import Dataset, Task

__all__ = ["Feature", "Summary", "features_of", "summary_of"]

N_BINS = 10
MOST_LEVELS = 50
MOST_COLUMNS = 1_000
STEPS = 64
"""An edge is a multiple of a power of two of at most such a part of the middle range."""
LONGEST_LEVEL = 120
MOST_CHANNELS = 100
SAID: Mapping[str, tuple[str, str, str]] = {
    "image_path": ("image", "brightness", "contrast"), "audio_path": ("sound", "level", "spread of levels"),
}  # fmt: skip
"""What is measured of files: kind, mean and deviation of their pixels; those of a spectrogram are levels."""
ITEMS_AT_ONCE = 256


@dataclass(frozen=True, slots=True, eq=False)
class Feature:
    """One thing to compare: a column, or a number that is made of it.

    Attributes:
        name: of the column, with what is measured of it in brackets where that is not its value.
        kind: of the column.
        values: ``(n,)`` float64 with NaN for gaps, or object with None for gaps.
    """

    name: str
    kind: str
    values: np.ndarray


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of a feature over some rows.

    Attributes:
        name: of the feature.
        kind: of the column.
        edges: ascending numbers between the bins; empty for levels.
        levels: texts; empty for numbers.
        counts: rows in each bin or of each level; then those of other levels (0 for numbers); then gaps.
    """

    name: str
    kind: str
    edges: tuple[float, ...]
    levels: tuple[str, ...]
    counts: tuple[int, ...]

    @property
    def n_rows(self) -> int:
        """Rows that were counted."""
        return sum(self.counts)

    @property
    def gaps(self) -> float:
        """The share of rows without a value."""
        return self.counts[-1] / max(self.n_rows, 1)

    def counted(self, values: np.ndarray) -> tuple[int, ...]:
        """The counts of other rows in the same bins or levels.

        Args:
            values: ``(n,)``, as of a `Feature` of the same kind.
        """
        return tuple(np.bincount(self.places(values), minlength=len(self.counts)).tolist())

    def places(self, values: np.ndarray) -> np.ndarray:
        """Which of the counts each value belongs to, ``(n,)`` int64.

        Args:
            values: ``(n,)``, as of a `Feature` of the same kind.
        """
        return _level_places(values, self.levels) if values.dtype == object else _bin_places(values, self.edges)


def summary_of(feature: Feature) -> Summary:
    """The summary of a feature's values."""
    if feature.values.dtype == object:
        levels = _levels(feature.values)
        return _counted(feature, Summary(feature.name, feature.kind, (), levels, (0,) * (len(levels) + 2)))
    edges = _edges(feature.values)
    return _counted(feature, Summary(feature.name, feature.kind, edges, (), (0,) * (len(edges) + 3)))


def _counted(feature: Feature, empty: Summary) -> Summary:
    return replace(empty, counts=empty.counted(feature.values))


def _edges(values: np.ndarray) -> tuple[float, ...]:
    """Round numbers near the deciles; between two values where there are only few, as of a yes or no."""
    known = values[np.isfinite(values)]
    if len(known) < MIN_LEVEL_ROWS:
        return ()
    cuts = np.quantile(known, np.linspace(0, 1, N_BINS + 1)[1:-1])
    rounded = np.unique(round_edges(known, cuts, STEPS))
    return tuple(float(edge) for edge in rounded if math.isfinite(edge))


def round_edges(values: np.ndarray, cuts: np.ndarray, steps: int) -> np.ndarray:
    """Round numbers near some cuts, NaN where the values have no middle range.

    Args:
        values: ``(n,)`` that are cut; NaN for gaps.
        cuts: ``(n_cuts,)`` numbers.
        steps: an edge is a multiple of a power of two of at most such a part of the middle range of the values.
    """
    known = values[np.isfinite(values)]
    low, high = np.quantile(known, [0.05, 0.95]) if len(known) else (0.0, 0.0)
    size = (
        float(high - low)
        or float(np.ptp(known) if len(known) else 0.0)
        or max(abs(float(np.max(known, initial=0))), 1.0)
    )
    if not math.isfinite(size):
        return np.full(len(cuts), np.nan)
    step = 2.0 ** math.floor(math.log2(max(size / steps, 2.0**-1000)))
    return np.asarray(np.ceil(cuts / step - 0.5) * step + step / 2)


def _bin_places(values: np.ndarray, edges: tuple[float, ...]) -> np.ndarray:
    places = np.searchsorted(np.asarray(edges), values, side="right")
    return np.where(np.isfinite(values), places, len(edges) + 2)


def _levels(values: np.ndarray) -> tuple[str, ...]:
    import pandas as pd

    counts = pd.Series(values, dtype=object).dropna().astype(str).value_counts()
    frequent = counts[counts >= MIN_LEVEL_ROWS].index[:MOST_LEVELS]
    return tuple(level for level in frequent if len(level) <= LONGEST_LEVEL)


def _level_places(values: np.ndarray, levels: tuple[str, ...]) -> np.ndarray:
    import pandas as pd

    cells = pd.Series(values, dtype=object)
    gaps = cells.isna().to_numpy()
    places = np.full(len(cells), len(levels) + 1, np.int64)
    codes = pd.Index(list(levels), dtype=object).get_indexer(pd.Index(cells[~gaps].astype(str), dtype=object))
    places[~gaps] = np.where(codes < 0, len(levels), codes)
    return places


# --------------------------------------------------------------------------- what is compared


def features_of(dataset: Dataset, task: Task, rows: np.ndarray) -> Iterator[Feature]:
    """What is compared of some rows: numbers, dates and levels as they are, texts and pictures by numbers.

    Args:
        dataset: with inputs typed by the task's columns.
        task: names the columns.
        rows: row numbers ``(n,)``.
    """
    import pandas as pd

    if not isinstance(dataset.inputs, pd.DataFrame):
        yield from _of_array(np.asarray(dataset.inputs), rows, task)
        return
    for column in task.columns[:MOST_COLUMNS]:
        if column.kind in UNUSED_KINDS or column.name not in dataset.inputs.columns:
            continue
        if column.kind in FILE_KINDS:
            if column.name in dataset.pictures:
                yield from _of_pictures(dataset.pictures[column.name], rows, column.name, SAID[column.kind])
            continue
        cells = dataset.inputs[column.name].iloc[rows]
        if column.kind in ORDERED_KINDS:
            yield Feature(column.name, column.kind, _numbers(cells))
        elif column.kind == "categorical":
            yield Feature(column.name, column.kind, _objects(cells))
        else:
            yield from _of_words(cells, column.name, column.kind)


def _numbers(cells: pd.Series) -> np.ndarray:
    values = cells.to_numpy()
    if values.dtype.kind == "M":
        return np.where(np.isnat(values), np.nan, values.astype("datetime64[s]").astype(np.float64))
    return np.asarray(cells.to_numpy(np.float64, na_value=np.nan))


def _objects(cells: pd.Series) -> np.ndarray:
    kept = cells.astype(object)
    return np.asarray(kept.where(kept.notna(), None), dtype=object)


def _of_words(cells: pd.Series, name: str, kind: str) -> Iterator[Feature]:
    there = cells.notna().to_numpy()
    texts = cells.astype(object).where(there, "").astype(str)
    lengths = np.where(there, texts.str.len().to_numpy(np.float64), np.nan)
    n_words = np.where(there, texts.str.count(r"\S+").to_numpy(np.float64), np.nan)
    yield Feature(f"{name} (characters)", kind, lengths)
    yield Feature(f"{name} (words)", kind, n_words)


def _of_pictures(pixels: np.ndarray, rows: np.ndarray, name: str, said: tuple[str, str, str]) -> Iterator[Feature]:
    kind, *parts = said
    for part, values in zip(parts, _by_item(pixels, rows), strict=True):
        yield Feature(f"{name} ({part})" if name else part, kind, values[:, 0])


def _of_array(items: np.ndarray, rows: np.ndarray, task: Task) -> Iterator[Feature]:
    record = modalities.named(task)
    if not record.is_series or items.ndim != 3:
        yield from _of_pictures(items, rows, "", SAID["audio_path" if record.is_sounds else "image_path"])
        return
    means, spreads = _by_item(items, rows, min(items.shape[1], MOST_CHANNELS))
    for channel in range(means.shape[1]):
        yield Feature(f"channel {channel} (mean)", "series", means[:, channel])
        yield Feature(f"channel {channel} (spread)", "series", spreads[:, channel])


def _by_item(items: np.ndarray, rows: np.ndarray, n_channels: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of each item (or of each of its first channels), some items at a time.

    Returns:
        Two arrays ``(n, n_channels)``, or ``(n, 1)`` where whole items are measured.
    """
    width = max(n_channels, 1)
    means, spreads = np.empty((len(rows), width)), np.empty((len(rows), width))
    for start in range(0, len(rows), ITEMS_AT_ONCE):
        some = items[rows[start : start + ITEMS_AT_ONCE]]
        flat = (some[:, :n_channels] if n_channels else some).reshape(len(some), width, -1).astype(np.float64)
        means[start : start + len(some)] = flat.mean(axis=2)
        spreads[start : start + len(some)] = flat.std(axis=2)
    return means, spreads
