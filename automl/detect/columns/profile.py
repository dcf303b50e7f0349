"""What is known of a column before its kind: counts, four figures of its numbers, and a few values as texts.

The learned model meets columns of two sorts: rows of a labelled benchmark, where another program counted and kept five
values, and real columns. Both become a `ColumnProfile` by the definitions written here, so that a number means the same
in use as it did in training. What the benchmark does not define well enough to be computed again is not used.

Source: the benchmark's counts are pandas' (`isna`, `unique`, `mean`, `std` with divisor n, `min`, `max`) after
`read_csv` with its own spellings of "missing"; its samples are the first five different values, filled up with repeats
(Shah et al., "Towards Benchmarking Feature Type Inference for AutoML Platforms", SIGMOD 2021, and the code beside it).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any

import numpy as np
import pandas as pd

from automl.detect.columns.sample import LOOKED_CHARACTERS
from automl.detect.parse import word

__all__ = ["DRAW", "DRAWS", "MISSING", "ROWS", "ColumnProfile", "benchmark_profile", "profile"]

DRAW = 5  # values that a row of the benchmark shows
DRAWS = 4  # times as many are looked at in a real column
ROWS = 50_000  # rows looked at one by one; in a longer column so many, evenly spread, stand for all
MISSING = frozenset(
    {"", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA"}
    | {"NULL", "NaN", "None", "n/a", "nan", "null"}
)  # what pandas reads as missing: the benchmark's files were read so
TRUTHS = frozenset({"true", "false"})


@dataclass(frozen=True)
class ColumnProfile:
    """Statistics of a column.

    Attributes:
        name: of the column.
        n_rows: cells, and those of them that hold nothing or a spelling in `MISSING`.
        n_missing: cells, and those of them that hold nothing or a spelling in `MISSING`.
        n_distinct: different values among the others.
        is_number: every present cell is a number (truth values are none).
        mean: of the numbers (the deviation divides by their count); 0 where `is_number` is false.
        deviation: see `mean`.
        low: see `mean`.
        high: see `mean`.
        samples: different present values as texts, at most `DRAW` times `DRAWS`, in an order that their content gives.
    """

    name: str
    n_rows: int
    n_missing: int
    n_distinct: int
    is_number: bool
    mean: float
    deviation: float
    low: float
    high: float
    samples: tuple[str, ...]

    @property
    def n_present(self) -> int:
        """Cells that hold something."""
        return self.n_rows - self.n_missing

    @property
    def draws(self) -> tuple[tuple[str, ...], ...]:
        """The samples in parts of `DRAW` values, as many as the benchmark shows; a last part is whole or the only one.

        A model that learnt from five values of a column answers for each part, and the answers are averaged.
        """
        whole = max(len(self.samples) // DRAW, 1)
        return tuple(self.samples[i * DRAW : (i + 1) * DRAW] for i in range(whole))


def profile(name: str, series: pd.Series) -> ColumnProfile:
    """Profile a real column; its values in another order give the same profile (up to `ROWS` rows).

    Args:
        name: of the column.
        series: as it was read. Of more than `ROWS` rows, that many, evenly spread, are looked at, and the different
            values of all rows are estimated (see `_distinct`).
    """
    n_rows = len(series)
    seen = series if n_rows <= ROWS else series.iloc[np.linspace(0, n_rows - 1, ROWS).round().astype(np.int64)]
    if isinstance(seen.dtype, pd.CategoricalDtype):
        seen = seen.astype(object)
    if seen.dtype == object:
        seen = seen.infer_objects()
    is_number = pd.api.types.is_numeric_dtype(seen.dtype) and seen.dtype.kind not in "bc"  # nor complex ones
    counts = _counts(seen)
    if not is_number:  # 1.5 and "1.5" are one text
        texts: dict[str, int] = {}
        for value, count in counts.items():
            text = word(value)
            if text is not None and text not in MISSING:
                texts[text] = texts.get(text, 0) + count
        counts = texts
    present = sum(counts.values())
    scale = n_rows / max(len(seen), 1)
    figures = _figures(np.fromiter(counts, np.float64), np.fromiter(counts.values(), np.float64)) if is_number else None
    n_distinct = _distinct(counts, present, scale)
    samples = _drawn(counts if not is_number else (t for v in _few(counts) if (t := word(v)) is not None))
    return _made(name, n_rows, n_rows - round(present * scale), n_distinct, figures, samples)


def benchmark_profile(row: Mapping[str, Any]) -> ColumnProfile:
    """Profile of a column of which only a row of the benchmark's table is left.

    Args:
        row: ``Attribute_name``, ``total_vals``, ``num_nans``, ``num_of_dist_val``, ``mean``, ``std_dev``, ``min_val``,
            ``max_val``, ``sample_1`` to ``sample_5``, as pandas reads them.
    """
    values = [row[f"sample_{i}"] for i in range(1, DRAW + 1)]
    texts = {t: 1 for v in values if (t := word(v)) is not None and t not in MISSING}
    given = [0.0 if pd.isna(row[key]) else float(row[key]) for key in ("mean", "std_dev", "min_val", "max_val")]
    n_distinct = int(row["num_of_dist_val"])
    # The table writes zeros for texts, and so it does for a column of nothing but zeros.
    is_number = (any(given) or (n_distinct == 1 and set(texts) == {"0"})) and not {t.lower() for t in texts} <= TRUTHS
    mean, deviation, low, high = given
    figures = (mean, deviation, low, high) if is_number else None
    name = "" if pd.isna(row["Attribute_name"]) else str(row["Attribute_name"])
    return _made(name, int(row["total_vals"]), int(row["num_nans"]), n_distinct, figures, _drawn(texts))


def _made(
    name: str, n_rows: int, n_missing: int, n_distinct: int, figures: tuple[float, float, float, float] | None,
    samples: tuple[str, ...],
) -> ColumnProfile:  # fmt: skip
    is_number = figures is not None and n_distinct > 0
    mean, deviation, low, high = figures if figures is not None and is_number else (0.0, 0.0, 0.0, 0.0)
    return ColumnProfile(name, n_rows, n_missing, n_distinct, is_number, mean, deviation, low, high, samples)


def _counts(series: pd.Series) -> dict[Any, int]:
    """How often each present value stands."""
    try:
        return _as_dict(series.value_counts(sort=False))
    except TypeError:  # lists and dicts cannot be hashed
        return _as_dict(series.map(word).value_counts(sort=False))


def _as_dict(counted: pd.Series) -> dict[Any, int]:
    return {k: int(n) for k, n in zip(counted.index.tolist(), counted.tolist(), strict=True)}


def _figures(values: np.ndarray, counts: np.ndarray) -> tuple[float, float, float, float]:
    """Mean, standard deviation (divisor n), lowest and highest; the same whatever the order of the rows."""
    keep = np.isfinite(values)
    if not keep.any():
        return 0.0, 0.0, 0.0, 0.0
    order = np.argsort(values[keep])
    values, weights = values[keep][order], counts[keep][order] / counts[keep].sum()
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(values @ weights)
        deviation = float(np.sqrt(np.square(values - mean) @ weights))
    mean, deviation, low, high = (float(np.nan_to_num(f)) for f in (mean, deviation, values[0], values[-1]))
    return mean, deviation, low, high


def _distinct(counts: Mapping[Any, int], present: int, scale: float) -> int:
    """Different values in all rows: counted, or estimated from the rows looked at.

    A value seen once stands for the square root of `scale` others; where no value comes back, all differ.

    Source: the estimator GEE of Charikar, Chaudhuri, Motwani and Narasayya, PODS 2000, section 5.
    """
    if scale <= 1:
        return len(counts)
    once = sum(n == 1 for n in counts.values())
    if once == present:
        return round(present * scale)
    return round(len(counts) - once + once * math.sqrt(scale))


def _few(counts: Mapping[Any, int]) -> dict[Any, int]:
    """Of many different numbers, some that only the numbers themselves decide: writing all as texts takes long."""
    most = 64
    if len(counts) <= most:
        return dict(counts)
    values = np.sort(np.fromiter(counts, np.float64))
    bits = np.ascontiguousarray(values).view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing
    return dict.fromkeys(values[np.argsort(bits, kind="stable")[:most]].tolist(), 1)


def _drawn(texts: Iterable[str]) -> tuple[str, ...]:
    """The first texts in an order that no row decides: that of their hashes."""
    return tuple(nsmallest(DRAW * DRAWS, {text[:LOOKED_CHARACTERS] for text in texts}, key=_hash))


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
