"""Columns of numbers, however they are written: read all at once where they are plain, cell by cell where not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from automl.detect.parse.bins import bins_converter
from automl.detect.parse.numerals import decimal_mark, number, open_mark
from automl.detect.parse.spelling import FEW, by_value, word
from automl.detect.parse.units import converter, factor_of, quantity

__all__ = ["number_reading", "numbers", "sentinels"]

SENTINELS = frozenset(
    [-1.0, *(sign * (10.0**k - 1) for k in range(2, 8) for sign in (1, -1)), -999.25, -99.9, -999.9, 99.9, 999.9, -88.0,
     88.0, -888.0, 888.0, -8888.0, 8888.0, -77.0, 77.0, -777.0, 777.0, 7777.0, 1e20, -1e20, -32768.0, 2147483647.0,
     -2147483648.0]
)  # fmt: skip
"""Numbers that people and machines write for "nothing"."""
LEAST_LEVELS = 10
LEAST_REPEATS = 5
MOST_STAND_INS = 4


def number_reading(texts: Sequence[str]) -> tuple[dict[str, Any], float]:
    """How a column of plain numbers is written, and the share of its texts that are such."""
    decimal = decimal_mark(texts)
    different = Counter(texts)
    n_plain = sum(n for t, n in different.items() if number(t, decimal) is not None)
    reading: dict[str, Any] = {"decimal": decimal}
    if n_plain < len(texts):
        n_loose = sum(n for t, n in different.items() if (q := quantity(t, decimal)) is not None and not q[1])
        if n_loose > n_plain >= 0.95 * len(texts):  # a few "<0.5", "~3" or "2k" among plain ones
            return {**reading, "unit": ""}, n_loose / len(texts)
    if n_plain >= 0.95 * len(texts) and (mark := open_mark(texts)):
        reading["mark"] = mark
    return reading, n_plain / max(len(texts), 1)


def numbers(series: pd.Series, reading: Mapping[str, Any] | None = None) -> np.ndarray:
    """A column as float64; NaN where a cell is no finite number.

    Args:
        series: numbers, texts or a mixture.
        reading: how it is written (all of it may be absent): ``decimal`` ("."); ``unit``, for numbers with a unit;
            ``units``, what a number in each of several units is multiplied by; ``form``, a member of `units.FORMS`;
            ``bins``, what is added to the ends of open ranges (`bins.bins_reading`);
            ``brackets``: "negative" or "plain"; ``missing``: numbers that stand for a gap. (``mark`` tells
            of a mark that no cell explains, see `agree`.)
    """
    reading = reading or {}
    out = _numbers(series, reading)
    if reading.get("missing"):
        out[np.isin(out, np.asarray(reading["missing"], dtype=np.float64))] = np.nan
    return out


def _numbers(series: pd.Series, reading: Mapping[str, Any]) -> np.ndarray:
    if pd.api.types.is_numeric_dtype(series.dtype) and not isinstance(series.dtype, pd.CategoricalDtype):
        if series.dtype.kind == "c":
            return np.full(len(series), np.nan)
        if isinstance(series.dtype, np.dtype):
            out = series.to_numpy().astype(np.float64)
        else:
            out = pd.to_numeric(series).to_numpy(dtype=np.float64, na_value=np.nan).copy()
        out[~np.isfinite(out)] = np.nan
        return out
    convert = _convert(reading)
    few = len(series) <= FEW  # setting up Arrow's functions would take longer
    if few or series.dtype == "category" or pd.api.types.infer_dtype(series, skipna=True) != "string":
        return by_value(series, convert, np.nan).astype(np.float64)
    if "form" in reading or "bins" in reading or factor_of("", reading) not in (None, 1.0):
        return by_value(series, convert, np.nan).astype(np.float64)
    quick = _quick(series, str(reading.get("decimal", ".")), str(reading.get("unit") or ""))
    left = np.isnan(quick) & series.notna().to_numpy()
    if left.any():
        quick[left] = by_value(series[left], convert, np.nan).astype(np.float64)
    return quick


def _convert(reading: Mapping[str, Any]) -> Any:
    read = bins_converter(reading) if "bins" in reading else converter(reading)

    def convert(value: Any) -> float | None:
        if isinstance(value, (int, float, np.integer, np.floating, np.bool_)):
            try:
                return float(value) if np.isfinite(value) else None
            except (OverflowError, TypeError):  # whole numbers beyond what a float holds
                return None
        text = word(value)
        return None if text is None else read(text)

    return convert


def _quick(series: pd.Series, decimal: str, unit: str) -> np.ndarray:
    """The plainly written numbers of a column of texts, all at once; NaN for the others."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pa.array(series, pa.large_string(), from_pandas=True)
    texts = pc.utf8_trim_whitespace(found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found)
    if unit:
        texts = pc.utf8_trim_whitespace(pc.replace_substring(texts, unit, ""))
    group, mark = (r"\.", ",") if decimal == "," else (",", r"\.")
    plain = rf"^[+-]?(?:[0-9]+|[0-9]{{1,3}}(?:{group}[0-9]{{3}})+)(?:{mark}[0-9]+)?$"
    texts = pc.if_else(pc.match_substring_regex(texts, plain), texts, pa.scalar(None, texts.type))
    texts = pc.replace_substring(texts, group[-1], "")
    if decimal == ",":
        texts = pc.replace_substring(texts, ",", ".")
    texts = pc.replace_substring_regex(texts, r"^\+", "")  # Arrow reads no leading plus
    out = np.array(pc.cast(texts, pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
    out[np.isinf(out)] = np.nan
    return out


# --------------------------------------------------------------------------- numbers that stand for a gap


def sentinels(values: np.ndarray) -> tuple[float, ...]:
    """Numbers such as -999 that stand for a gap in a column whose other values they cannot be.

    Such a number is the least or the greatest, comes back (5 times and in half a percent of the rows), and lies as far
    from the others as these are apart. -1 need not: it is one beside numbers that are never negative. Columns of
    fewer than ten other values may be codes and are left as they are.

    Args:
        values: a column as float64, NaN where missing.

    Returns:
        The numbers, ascending; empty in nearly all columns, for the price of the least and the greatest value.
    """
    likely: list[float] = []
    rest = values[~np.isnan(values)] if np.isnan(values).any() else values
    while len(rest) and len(likely) < MOST_STAND_INS:
        at = next((v for v in (float(rest.min()), float(rest.max())) if v in SENTINELS), None)
        if at is None or int((rest == at).sum()) < max(LEAST_REPEATS, 0.005 * len(values)):
            break
        likely.append(at)
        rest = rest[rest != at]
    return tuple(sorted(at for at in likely if _is_outside(at, rest)))


def _is_outside(at: float, rest: np.ndarray) -> bool:
    levels = np.unique(rest)
    if len(levels) < LEAST_LEVELS:
        return False
    low, high = float(levels[0]), float(levels[-1])
    if at == -1.0:
        return low >= 0 and len(levels) >= 2 * LEAST_LEVELS
    if at > high:
        return at - high >= high - low and at >= 3 * max(abs(high), abs(low))
    return low - at >= high - low
