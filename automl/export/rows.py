"""Rows for checking an export where none are given: made from what the model knows of its training rows.

A saved model holds no training row. It knows ends, levels and quantiles of its columns, each held by several rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from automl import goals
from automl.errors import DataError
from automl.records import FILE_KINDS, NUMERIC_KINDS, Column, Encoder, Task

__all__ = ["MOST_ROWS", "made_rows"]

MOST_ROWS = 1_000
GAP_SHARE = 0.05
WORDS_A_TEXT = 12
SEED = 0


def made_rows(
    task: Task, encoder: Encoder | None, n_rows: int = MOST_ROWS, described: Iterable[Any] = ()
) -> Any:  # fmt: skip
    """Rows in the form that `predict` takes: a frame, or an array of pictures, sounds or series.

    Args:
        task: of the model.
        encoder: of its networks or, of a shallow model, of the contest's; None where there are none.
        n_rows: how many.
        described: features of shallow models, which may know words where no encoder does (`made_up_words`).

    Raises:
        DataError: rows of this task cannot be made up; says what to pass.
    """
    rng = np.random.default_rng(SEED)
    if goals.named(task).in_windows:
        raise DataError("rows: a forecast is checked on a history; pass one with --rows FILE (rows= in Python)")
    if not task.columns:
        return _items(task, encoder, n_rows, rng)
    known = _known(encoder)
    for features in described:
        words: Mapping[str, Any] = getattr(features, "made_up_words", dict)()
        known |= {name: found for name, found in words.items() if name not in known}
    cells = {}
    for column in task.columns:
        if column.kind in (*FILE_KINDS, "identifier") or "parts" in column.reading:
            if column.kind in FILE_KINDS:
                raise DataError(f"rows: column {column.name!r} names files; pass rows with --rows FILE")
            continue
        cells[column.name] = _column(column, known, n_rows, rng)
    return pd.DataFrame(cells)


def _items(task: Task, encoder: Encoder | None, n_rows: int, rng: np.random.Generator) -> np.ndarray:
    if task.sound:
        n_samples = round(task.sound["samples"] * task.sound["own_rate"] / task.sound["rate"])
        return rng.normal(0.0, 0.1, (n_rows, n_samples))
    if task.image_shape:
        pictures = rng.integers(0, 256, (n_rows, *task.image_shape)).astype(np.uint8)
        if task.pixel_range is not None:
            low, high = task.pixel_range
            return low + (high - low) * pictures.astype(np.float64) / 255.0
        return pictures
    length = getattr(encoder, "length", None)
    if encoder is None or length is None:
        raise DataError("rows: arrays of this task cannot be made up; pass rows with --rows FILE (rows= in Python)")
    stats = encoder.specs[0].stats
    steps = rng.normal(stats["mean"], stats["std"], (n_rows, int(length), len(stats["mean"])))
    return np.asarray(steps.transpose(0, 2, 1))


def _known(encoder: Encoder | None) -> dict[str, Any]:
    """Levels, words and quantiles by column."""
    known: dict[str, Any] = {}
    parts: Mapping[str, Any] = getattr(encoder, "parts", {}) if encoder is not None else {}
    categories = parts.get("categories")
    if categories is not None:
        known |= dict(zip(categories.columns, categories.levels, strict=True))
    tokens = parts.get("tokens") or getattr(encoder, "part", None)
    if tokens is not None:
        known |= {name: list(tokens.words) for name in tokens.columns}
    for spec in encoder.specs if encoder is not None else ():
        if spec.kind == "numbers":
            pairs = zip(spec.stats["columns"], spec.stats["quantiles"], strict=True)
            known |= {name: quantiles for name, quantiles in pairs if quantiles and name not in known}
    return known


def _column(column: Column, known: Mapping[str, Any], n: int, rng: np.random.Generator) -> Any:
    reading, seen = column.reading, column.seen
    gaps = rng.random(n) < GAP_SHARE
    if column.kind == "boolean":
        words = [str(reading.get("true", "true")), str(reading.get("false", "false"))]
        return _with_gaps(rng.choice(words, n), gaps)
    if column.kind in NUMERIC_KINDS:
        return np.where(gaps, np.nan, _numbers(seen, known.get(column.name), n, rng))
    if column.kind == "datetime":
        return _dates(seen, gaps, rng)
    words = [str(word) for word in known.get(column.name) or seen.get("levels") or ["some", "other", "words"]]
    if column.kind == "text":
        return [" ".join(rng.choice(words, rng.integers(1, WORDS_A_TEXT))) for _ in range(n)]
    if column.kind == "list":
        separator = str(reading.get("separator") or ",")
        return [separator.join(rng.choice(words, rng.integers(1, 4))) for _ in range(n)]
    return _with_gaps(rng.choice([*words, "never seen"], n), gaps)


def _with_gaps(words: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    made = words.astype(object)
    made[gaps] = None
    return made


def _numbers(seen: Mapping[str, Any], quantiles: Any, n: int, rng: np.random.Generator) -> np.ndarray:
    """Half between the ends, a few beyond them, half at quantiles of the training rows where these are known."""
    points = list(quantiles or ())
    low = float(seen.get("low", points[0] if points else 0.0))
    high = float(seen.get("high", points[-1] if points else 1.0))
    values = rng.uniform(low - 0.1 * (high - low), high + 0.1 * (high - low), n)
    if points:
        values = np.where(rng.random(n) < 0.5, rng.choice(points, n), values)
    is_whole = points and all(float(point).is_integer() for point in points)
    return np.round(values) if is_whole else values


def _dates(seen: Mapping[str, Any], gaps: np.ndarray, rng: np.random.Generator) -> pd.Series:
    begin, end = int(seen.get("low", 946_684_800)), int(seen.get("high", 1_893_456_000))  # of 2000 and 2030
    seconds = rng.integers(begin, max(end, begin + 1), len(gaps))
    times = seconds.astype("datetime64[s]").astype("datetime64[ns]")
    times[gaps] = np.datetime64("NaT")
    return pd.Series(times)
