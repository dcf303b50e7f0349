"""What is known of each test item in words that people use: cells of columns, lengths, brightness, times, series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from automl import modalities
from automl.intake.spectrograms import decibels
from automl.records import AnalysisContext
from automl.report import words

__all__ = ["MISSING", "Subgroup", "Trait", "sensitive_traits", "subgroups_of", "traits_of"]

MISSING = "(missing)"
FEW_LEVELS = 8
"""A column of numbers with so few values is read as levels."""
MOST_LEVELS = 12
MOST_TRAITS = 60
N_BINS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Trait:
    """One thing that is known of each item.

    Attributes:
        name: of the column, or what was measured.
        values: ``(n,)`` float64 with NaN, or texts (object) without gaps.
        is_time: whether numbers are seconds since 1970.
    """

    name: str
    values: np.ndarray
    is_time: bool = False

    @property
    def is_numbers(self) -> bool:
        """Whether values are numbers rather than levels."""
        return self.values.dtype.kind == "f"

    def written(self, value: float) -> str:
        """A number, or a time as its date."""
        if not self.is_time:
            return words.rough(float(value), 4)
        return str(np.datetime64(int(value), "s"))[:16].replace("T00:00", "").replace("T", " ")


@dataclass(frozen=True, slots=True, eq=False)
class Subgroup:
    """Items that share something: a level, or a range of numbers.

    Attributes:
        column: name of the trait.
        words: the condition, such as "age < 30".
        inside: ``(n,)`` bool.
    """

    column: str
    words: str
    inside: np.ndarray


def traits_of(context: AnalysisContext, items: np.ndarray) -> list[Trait]:
    """At most `MOST_TRAITS` of the items; those of sensitive columns come first.

    Args:
        context: of the analysis.
        items: rows, or windows.
    """
    first = items if items.ndim == 1 else items[:, 0]
    found = sensitive_traits(context, items)
    there = {trait.name for trait in found}
    if items.ndim == 1:
        found += [trait for trait in _of_inputs(context, first) if trait.name not in there]
    return (found + _of_order(context, items, first))[:MOST_TRAITS]


def sensitive_traits(context: AnalysisContext, items: np.ndarray) -> list[Trait]:
    """The columns that the user calls sensitive, as they were written."""
    frame = context.dataset.aside_of(items)
    if frame is None:
        return []
    return [trait for name in frame.columns if (trait := _of_cells(str(name), frame[name])) is not None]


def _of_inputs(context: AnalysisContext, rows: np.ndarray) -> list[Trait]:
    dataset, task = context.dataset, context.task
    found: list[Trait] = []
    if hasattr(dataset.inputs, "columns"):
        kinds = {column.name: column.kind for column in task.columns}
        for name in dataset.inputs.columns:
            cells = dataset.inputs[name].take(rows)
            if name in dataset.pictures:
                found.append(Trait(f"brightness of {name}", _brightness(dataset.pictures[name][rows])))
            elif kinds.get(name) == "text":
                found.append(Trait(f"length of {name} in words", _n_words(cells)))
            elif (trait := _of_cells(str(name), cells)) is not None:
                found.append(trait)
        return found
    if modalities.named(task).items == "sounds":
        return _of_sounds(decibels(np.asarray(dataset.inputs[rows])))
    if dataset.inputs.ndim == 4 or dataset.inputs.dtype == np.uint8:
        pictures = dataset.inputs[rows]
        return [Trait("brightness", _brightness(pictures)), Trait("contrast", _contrast(pictures))]
    series = np.asarray(dataset.inputs[rows], np.float64)
    with np.errstate(invalid="ignore"):
        for channel in range(min(3, series.shape[1])):
            name = f" of channel {channel}" if series.shape[1] > 1 else ""
            found.append(Trait(f"mean{name}", np.nanmean(series[:, channel], axis=1)))
            found.append(Trait(f"spread{name}", np.nanstd(series[:, channel], axis=1)))
    return found


def _of_order(context: AnalysisContext, items: np.ndarray, first: np.ndarray) -> list[Trait]:
    """Time, and the series of a panel or the groups of rows."""
    dataset, found = context.dataset, []
    if dataset.times is not None:
        times = np.asarray(dataset.times[first]).astype("datetime64[s]").astype(np.int64).astype(np.float64)
        found.append(Trait("time", times, is_time=True))
        if items.ndim == 2:
            found += _calendar(times)
    if items.ndim == 2 and dataset.series is not None:
        found.append(Trait(context.task.series_column or "series", _texts(pd.Series(dataset.series[first]))))
    if items.ndim == 2 and context.outcome.history is not None:
        past = np.asarray(context.outcome.history["values"], np.float64)[:, :, 0]
        if len(past) == len(items):
            known = np.isfinite(past)
            level = np.where(known, past, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
            found.append(Trait("level before the window", np.where(known.any(axis=1), level, np.nan)))
    return found


def _calendar(seconds: np.ndarray) -> list[Trait]:
    dates = pd.DatetimeIndex(seconds.astype("datetime64[s]"))
    parts = {"month": dates.month_name(), "weekday": dates.day_name()}
    if (dates.hour != dates.hour[0]).any():
        parts["hour"] = pd.Index([f"{hour:02d} h" for hour in dates.hour])
    return [Trait(name, np.asarray(values, object)) for name, values in parts.items() if values.nunique() > 1]


def _of_cells(name: str, cells: pd.Series) -> Trait | None:
    """A column of a table as numbers or levels; None where nearly every row has a level of its own."""
    if cells.dtype.kind == "M":
        seconds = cells.astype("datetime64[s]").to_numpy().astype("datetime64[s]")
        gone = np.isnat(seconds)
        return Trait(name, np.where(gone, np.nan, seconds.astype(np.int64).astype(np.float64)), is_time=True)
    n_levels = cells.nunique()
    if cells.dtype.kind in "iuf" or (cells.dtype.kind != "b" and n_levels > FEW_LEVELS and _is_numeric(cells)):
        numbers = pd.to_numeric(cells, errors="coerce").to_numpy(np.float64, na_value=np.nan)
        numbers = np.where(np.isfinite(numbers), numbers, np.nan)
        if n_levels > FEW_LEVELS:
            return Trait(name, numbers)
        return Trait(name, np.asarray([MISSING if v != v else words.rough(float(v), 6) for v in numbers], object))
    if n_levels > max(2 * MOST_LEVELS, len(cells) // 4):
        return None
    return Trait(name, _texts(cells))


def _is_numeric(cells: pd.Series) -> bool:
    known = cells.dropna()
    return len(known) > 0 and bool(pd.to_numeric(known, errors="coerce").notna().all())


def _texts(cells: pd.Series) -> np.ndarray:
    gone = cells.isna().to_numpy()
    return np.asarray([MISSING if g else str(cell) for cell, g in zip(cells, gone, strict=True)], object)


def _n_words(cells: pd.Series) -> np.ndarray:
    return np.asarray([len(cell.split()) if isinstance(cell, str) else np.nan for cell in cells], np.float64)


def _flat(pictures: np.ndarray) -> np.ndarray:
    return np.asarray(pictures, np.float32).reshape(len(pictures), -1)


def _brightness(pictures: np.ndarray) -> np.ndarray:
    return np.asarray(_flat(pictures).mean(axis=1), np.float64)


def _of_sounds(level: np.ndarray) -> list[Trait]:
    """Loudness, quietest moment and balance of tones of decibels ``(n, frames, bands)``."""
    frames = 10.0 * np.log10(np.mean(10.0 ** (level.astype(np.float64) / 10.0), axis=2))  # (n, frames)
    upper = level.shape[2] // 2
    return [
        Trait("loudness in dB", frames.max(axis=1)),
        Trait("background in dB", np.quantile(frames, 0.1, axis=1)),
        Trait(
            "high against low tones in dB",
            level[:, :, upper:].mean(axis=(1, 2)) - level[:, :, :upper].mean(axis=(1, 2)),
        ),
    ]


def _contrast(pictures: np.ndarray) -> np.ndarray:
    return np.asarray(_flat(pictures).std(axis=1), np.float64)


# --------------------------------------------------------------------------- subgroups


def subgroups_of(traits: list[Trait], least: int, *, rest: bool = False) -> list[Subgroup]:
    """Levels and ranges with at least so many items, and at least so many others.

    Args:
        traits: of the items.
        least: number of items.
        rest: whether levels that are too rare make up one group together.
    """
    found: list[Subgroup] = []
    for trait in traits:
        made = _ranges(trait) if trait.is_numbers else _levels(trait, least, rest)
        n = len(trait.values)
        found += [one for one in made if least <= int(one.inside.sum()) <= n - least]
    return found


def _levels(trait: Trait, least: int, rest: bool) -> list[Subgroup]:
    levels, counts = np.unique(trait.values.astype(str), return_counts=True)
    frequent = [str(level) for level in levels[np.argsort(-counts, kind="stable")][:MOST_LEVELS]]
    frequent = [level for level in frequent if (trait.values == level).sum() >= least]
    made = [Subgroup(trait.name, f"{trait.name} = {level}", trait.values == level) for level in frequent]
    others = ~np.isin(trait.values.astype(str), frequent)
    if rest and others.any():
        made.append(Subgroup(trait.name, f"{trait.name} = another", others))
    return made


def _ranges(trait: Trait) -> list[Subgroup]:
    """Quarters of the items by their numbers, and those without a number."""
    known = np.isfinite(trait.values)
    made: list[Subgroup] = []
    if known.any():
        edges = np.unique(np.quantile(trait.values[known], np.linspace(0, 1, N_BINS + 1)[1:-1], method="higher"))
        edges = edges[edges > trait.values[known].min()]
        bins = np.searchsorted(edges, trait.values, side="right")
        for k in range(len(edges) + 1):
            made.append(Subgroup(trait.name, _range_words(trait, edges, k), known & (bins == k)))
    if not known.all():
        made.append(Subgroup(trait.name, f"{trait.name} is missing", ~known))
    return made if len(made) > 1 else []


def _range_words(trait: Trait, edges: Any, k: int) -> str:
    if k == 0:
        return f"{trait.name} < {trait.written(edges[0])}" if len(edges) else f"{trait.name} is there"
    if k == len(edges):
        return f"{trait.name} ≥ {trait.written(edges[-1])}"
    return f"{trait.written(edges[k - 1])} ≤ {trait.name} < {trait.written(edges[k])}"
