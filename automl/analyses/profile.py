"""Profile: missing values, levels and spread of each input column over the training rows."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd

from automl.analyses.shared import scoring
from automl.records import Analysis, AnalysisContext, AnalysisFacts, Column

__all__ = ["PROFILE"]

MOST_ROWS = 20_000
MOST_COLUMNS = 100
N_BINS = 20
MOST_LEVELS = 20
TAIL = 0.005
"""Share of the values at each end that counts in the outermost bins."""


def unfit(context: AnalysisContext) -> str | None:
    """Only tables have columns of their own kinds."""
    inputs = context.dataset.inputs
    if not isinstance(inputs, pd.DataFrame) or not inputs.shape[1]:
        return "the inputs are no table"
    return None


def cost(facts: AnalysisFacts) -> float:
    """Counting the values of each column."""
    return 0.1 + 0.01 * min(facts.n_columns, MOST_COLUMNS)


def run(context: AnalysisContext) -> dict[str, Any] | None:
    """One row a column, of at most `MOST_ROWS` training rows drawn at random; `shape` holds what is drawn of each."""
    train = scoring.subsample(np.asarray(context.split.train), MOST_ROWS, context.seed)
    rows: list[dict[str, Any]] = []
    shapes = {}
    for column in context.task.columns:
        if column.name not in context.dataset.inputs.columns:
            continue
        if len(rows) == MOST_COLUMNS or not context.has_time_for(0.02):
            break
        values = context.dataset.inputs[column.name].iloc[train]
        row, shape = _profile(column, values)
        rows.append(row)
        shapes[column.name] = shape
    if not rows:
        return None
    left_out = sum(one.name in context.dataset.inputs.columns for one in context.task.columns) - len(rows)
    return {"n_rows": len(train), "left_out": left_out, "shapes": shapes, "rows": rows}


def _profile(column: Column, values: pd.Series) -> tuple[dict[str, Any], list[float]]:
    """Figures of a column, and shares of its values: in bins of numbers and lengths, or of levels, the most first."""
    known = values[values.notna()]
    row: dict[str, Any] = {
        "column": column.name, "kind": column.kind, "missing": float(1.0 - len(known) / max(len(values), 1)),
        "levels": None, "low": None, "median": None, "high": None, "spread_of": "",
    }  # fmt: skip
    if known.empty:
        return row, []
    numbers = _numbers(column, known)
    if numbers is None:
        counts = known.astype(str).value_counts()
        row |= {"levels": len(counts), "spread_of": "levels"}
        if len(counts) > max(MOST_LEVELS, 0.5 * len(known)) or column.kind == "text":
            lengths = known.astype(str).str.len().to_numpy(dtype=np.float64)
            row |= {"spread_of": "lengths"}
            return row, _histogram(lengths)
        return row, [float(n) / len(known) for n in counts.to_numpy()[:MOST_LEVELS]]
    low, median, high = np.quantile(numbers, [0.0, 0.5, 1.0])
    is_time = column.kind == "datetime" or pd.api.types.is_datetime64_any_dtype(known)
    ends = [_day(v) if is_time else float(v) for v in (low, median, high)]
    row |= {"levels": len(np.unique(numbers)), "low": ends[0], "median": ends[1], "high": ends[2],
            "spread_of": "values"}  # fmt: skip
    return row, _histogram(numbers)


def _day(seconds: float) -> str:
    return str(pd.Timestamp(int(seconds), unit="s").date())


def _numbers(column: Column, known: pd.Series) -> np.ndarray | None:
    """The finite values as numbers, times as seconds since 1970; None where they are no numbers."""
    if column.kind == "datetime" or pd.api.types.is_datetime64_any_dtype(known):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of times whose form pandas has to guess
            times = pd.to_datetime(known, errors="coerce", utc=True).dropna()
        return np.asarray(times.astype("datetime64[s, UTC]").astype("int64"), float) if len(times) else None
    if column.kind not in ("numeric", "embedded_number"):
        return None
    numbers = np.asarray(pd.to_numeric(known, errors="coerce"), dtype=np.float64)
    numbers = numbers[np.isfinite(numbers)]
    return numbers if len(numbers) else None


def _histogram(values: np.ndarray) -> list[float]:
    """Shares of the values in equally wide bins; the outermost ones hold the tails."""
    low, high = np.quantile(values, [TAIL, 1 - TAIL])
    if not high > low:
        return [1.0]
    counts, _ = np.histogram(values.clip(low, high), N_BINS, (low, high))
    return [float(f"{n / len(values):.4g}") for n in counts]


EXAMPLE = {
    "n_rows": 100,
    "left_out": 0,
    "shapes": {"size": [0.1, 0.3, 0.4, 0.2], "colour": [0.5, 0.3, 0.2]},
    "rows": [
        {"column": "size", "kind": "numeric", "missing": 0.05, "levels": 90, "low": -2.0, "median": 0.1, "high": 2.2,
         "spread_of": "values"},
        {"column": "colour", "kind": "categorical", "missing": 0.0, "levels": 3, "low": None, "median": None,
         "high": None, "spread_of": "levels"},
    ],
}  # fmt: skip

PROFILE = Analysis(
    name="profile", order=26, run=run, unfit=unfit, cost=cost, example=EXAMPLE, reads="runs", scored=False,
)  # fmt: skip
