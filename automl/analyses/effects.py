"""Effects: how the predictions of both finalists change with one column, on average and for single rows."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from automl import goals
from automl.analyses.shared import scoring
from automl.analyses.shared.answers import answer_numbers, answer_words
from automl.analyses.shared.changed import Factor, allowance, factors_of, item_seconds, part_of, stack, stacked_seconds
from automl.records import FILE_KINDS, Analysis, AnalysisContext, AnalysisFacts
from automl.report import words

__all__ = ["EFFECTS"]

N_COLUMNS = 4
MOST_ROWS, LEAST_ROWS = 200, 50
N_GRID = 12
MOST_LEVELS = 8
N_CURVES = 12
SHARE = 0.4
LEAST_SHARE = 0.02
"""Of the largest drop of a side: columns that matter less to both are not drawn, unless none matters."""


def unfit(context: AnalysisContext) -> str | None:
    """Columns are needed, and items that are rows."""
    if goals.named(context.task).in_windows or not hasattr(context.dataset.inputs, "columns"):
        return "the inputs have no columns"
    return None if _columns(context) else "no column holds numbers or levels"


def cost(facts: AnalysisFacts) -> float:
    """One column on a grid, for `LEAST_ROWS` rows."""
    return 0.2 + stacked_seconds(facts, LEAST_ROWS * N_GRID)


def run(context: AnalysisContext) -> dict[str, Any] | None:
    """Partial dependence and individual curves of the most important columns."""
    until = allowance(context, SHARE)
    rows = scoring.subsample(context.split.test, _n_rows(context, until), context.seed)
    panels: list[dict[str, Any]] = []
    seconds = 0.0
    for factor in _columns(context)[:N_COLUMNS]:
        if context.stopping() or (panels and time.monotonic() + seconds > until):
            break
        begun = time.monotonic()
        panel = _panel(context, factor, rows)
        seconds = time.monotonic() - begun
        if panel is not None:
            panels.append(panel)
    if not panels:
        return None
    flat = [
        {"column": panel["column"], "answer": panel["answer"], "side": side, "value": value, "mean": curve["mean"][i],
         "low": curve["low"][i], "high": curve["high"][i]}
        for panel in panels
        for side, curve in panel["sides"].items()
        for i, value in enumerate(panel["written"])
    ]  # fmt: skip
    return {"n_rows": len(rows), "panels": panels, "rows": flat}


def _n_rows(context: AnalysisContext, until: float) -> int:
    each = item_seconds(context, until)
    if not each:
        return MOST_ROWS
    return int(np.clip((until - time.monotonic()) / (1.5 * each * N_GRID * N_COLUMNS), LEAST_ROWS, MOST_ROWS))


def _columns(context: AnalysisContext) -> list[Factor]:
    """Columns of numbers, times or levels, the most important for either side first."""
    inputs, kinds = context.dataset.inputs, {column.name: column.kind for column in context.task.columns}
    plain = [
        factor
        for factor in factors_of(context)
        if kinds.get(factor.name) not in ("text", *FILE_KINDS, "list", None)
        and factor.name not in context.dataset.pictures
        and inputs[factor.name].nunique() > 1
    ]
    measured = context.outcome.analyses.get("importance", {}).get("rows", ())
    share: dict[str, float] = {}
    for side in scoring.SIDES:
        drops = {
            r["factor"]: max(r["drop"] or 0.0, 0.0) for r in measured if r["side"] == side and r["kind"] != "group"
        }
        most = max(drops.values(), default=0.0) or 1.0
        for name, drop in drops.items():
            share[name] = share.get(name, 0.0) + drop / most
    ordered = sorted(plain, key=lambda factor: -share.get(factor.name, 0.0))
    return [factor for factor in ordered if share.get(factor.name, 0.0) >= LEAST_SHARE] or ordered


def _panel(context: AnalysisContext, factor: Factor, rows: np.ndarray) -> dict[str, Any] | None:
    """The curves of one column on both sides; cells of the grid are cells of test rows."""
    cells = context.dataset.inputs[factor.name]
    sources, numeric = _grid(cells, context.split.test)
    if len(sources) < 2:
        return None
    made = stack(context.dataset, rows, len(sources))
    inputs = made.dataset.inputs.copy(deep=False)
    for name in factor.columns:
        taken = context.dataset.inputs[name].take(np.repeat(sources, len(rows)))
        inputs[name] = taken.set_axis(inputs.index)
    changed = replace(made.dataset, inputs=inputs)
    curves = {}
    for side, predictor in scoring.predictors(context).items():
        output = predictor.output(changed, made.items)
        numbers = answer_numbers(context.task, part_of(output, slice(None)))
        curves[side] = numbers.reshape(len(sources), len(rows), -1)
    means = np.stack([curve.mean(axis=1) for curve in curves.values()])  # (sides, grid, answers)
    place = int(np.ptp(means, axis=1).max(axis=0).argmax())
    chosen = np.linspace(0, len(rows) - 1, min(N_CURVES, len(rows))).round().astype(int)
    grid = cells.take(sources)
    return {
        "column": factor.name,
        "answer": answer_words(context.task, place),
        "numeric": numeric,
        "x": _positions(grid) if numeric else list(range(len(sources))),
        "written": [_written(value) for value in grid],
        "sides": {side: _curve(curve[:, :, place], chosen) for side, curve in curves.items()},
    }


def _curve(values: np.ndarray, chosen: np.ndarray) -> dict[str, Any]:
    """Mean, middle four fifths and single curves of ``(n_grid, n_rows)``."""
    low, high = np.quantile(values, [0.1, 0.9], axis=1)
    return {
        "mean": values.mean(axis=1).tolist(), "low": low.tolist(), "high": high.tolist(),
        "curves": values[:, chosen].T.tolist(),
    }  # fmt: skip


def _grid(cells: pd.Series, rows: np.ndarray) -> tuple[np.ndarray, bool]:
    """Rows whose cells make the grid, and whether they are numbers: quantiles of those, the commonest levels."""
    own = cells.take(rows)
    numeric = own.dtype.kind in "iufM" and own.nunique() > MOST_LEVELS
    if numeric:
        known = rows[own.notna().to_numpy()]
        order = np.argsort(cells.take(known).to_numpy(), kind="stable")
        places = np.linspace(0.02, 0.98, N_GRID) * (len(known) - 1)
        sources = known[order[places.round().astype(int)]]
        _, first = np.unique(cells.take(sources).to_numpy(), return_index=True)
        return sources[np.sort(first)], True
    if own.dtype.kind in "iuf":
        values = np.sort(own.dropna().unique())
        return np.array([rows[int(np.flatnonzero((own == v).to_numpy())[0])] for v in values], np.int64), False
    texts = own.astype(object).where(own.notna(), None).map(str).to_numpy()
    counts = pd.Series(texts).value_counts()
    return np.array([rows[int(np.flatnonzero(texts == v)[0])] for v in counts.index[:MOST_LEVELS]], np.int64), False


def _positions(grid: pd.Series) -> list[float]:
    if grid.dtype.kind == "M":
        return (grid.astype("int64") / 1e9).tolist()
    return [float(value) for value in grid]


def _written(value: Any) -> str:
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return "(missing)"
    if isinstance(value, (int, float, np.number)) and not isinstance(value, (bool, np.bool_)):
        return words.rough(float(value), 4)
    return words.shorten(str(value)[:10] if isinstance(value, pd.Timestamp) else value, 40)


EXAMPLE = {
    "n_rows": 40,
    "panels": [
        {"column": "size", "answer": "probability of yes", "numeric": True, "x": [1.0, 2.0, 3.0],
         "written": ["1", "2", "3"],
         "sides": {
             "deep": {"mean": [0.1, 0.5, 0.9], "low": [0.0, 0.4, 0.8], "high": [0.2, 0.6, 1.0],
                      "curves": [[0.1, 0.5, 0.9], [0.2, 0.4, 1.0]]},
             "shallow": {"mean": [0.2, 0.5, 0.8], "low": [0.1, 0.4, 0.7], "high": [0.3, 0.6, 0.9],
                         "curves": [[0.2, 0.5, 0.8]]},
         }},
        {"column": "colour", "answer": "probability of yes", "numeric": False, "x": [0, 1], "written": ["red", "blue"],
         "sides": {"deep": {"mean": [0.1, 0.5], "low": [0.0, 0.4], "high": [0.2, 0.6], "curves": [[0.1, 0.5]]}}},
    ],
    "rows": [
        {"column": "size", "answer": "probability of yes", "side": "deep", "value": "1", "mean": 0.1, "low": 0.0,
         "high": 0.2},
    ],
}  # fmt: skip

EFFECTS = Analysis(
    name="effects", order=44, run=run, unfit=unfit, cost=cost, example=EXAMPLE,
    source="Friedman 2001 (partial dependence); Goldstein et al. 2015 (individual conditional expectation)",
)  # fmt: skip
