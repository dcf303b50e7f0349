"""What analyses of generated rows share: the rows of each side, and which rows are equal."""

from __future__ import annotations

import numpy as np

from automl import goals
from automl.analyses.shared import scoring
from automl.records import AnalysisContext, Side
from automl.sides.redrawing import DRAW_ROWS

__all__ = ["equal_keys", "generated", "joined", "no_rows", "real_rows", "sides_with_floor"]

DRAW = 10
"""Of the rows that analyses ask for beyond those that were scored."""


def no_rows(context: AnalysisContext) -> str | None:
    """Why an analysis of generated rows does not apply; None if it does."""
    if not goals.named(context.task).makes_rows:
        return "no rows are generated"
    return None if scoring.predictors(context) else "there is no finalist"


def sides_with_floor(context: AnalysisContext) -> tuple[Side, ...]:
    """The finalists there are, deep first, and the floor."""
    there: tuple[Side, ...] = (*scoring.SIDES, "floor")
    return tuple(side for side in there if side in context.predictors)


def generated(context: AnalysisContext, side: Side, n: int) -> np.ndarray:
    """n new rows of a side ``(n,)``, a structured array; the first are those that were scored, while there are some."""
    own = {one.side: one.output for one in context.outcome.contestants}.get(side)
    known = np.asarray(own.arrays["samples"]).ravel(order="F") if own is not None else None  # draw by draw
    if known is not None and n <= len(known):
        return known[:n]
    n_more = n if known is None else n - len(known)
    rows = DRAW * DRAW_ROWS + np.arange(n_more, dtype=np.int64)
    more = np.asarray(context.predictors[side].output(context.dataset, rows).arrays["samples"])
    return more if known is None else joined(known, more)


def joined(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Two structured arrays with the same fields as one; strings as long as the longer of both needs."""
    names = first.dtype.names or ()
    parts = {name: np.concatenate([first[name], second[name]]) for name in names}
    fields = [(name, part.dtype, part.shape[1:]) for name, part in parts.items()]
    made = np.empty(len(first) + len(second), fields)
    for name, part in parts.items():
        made[name] = part
    return made


def real_rows(context: AnalysisContext, rows: np.ndarray, most: int) -> np.ndarray:
    """At most so many of the user's rows, drawn at random."""
    items = scoring.subsample(rows, most, context.seed)
    return np.asarray(goals.truth(context.dataset, context.task, items))


def equal_keys(rows: np.ndarray) -> np.ndarray:
    """One string ``(n,)`` for each row; equal rows have equal strings."""
    cells = [_keys(rows[name]) for name in rows.dtype.names or ()]
    return np.array(["\x1f".join(row) for row in zip(*cells, strict=True)], object)


def _keys(cells: np.ndarray) -> list[str]:
    if cells.ndim > 1:
        return [cell.tobytes().hex() for cell in cells]
    return cells.tolist() if cells.dtype.kind == "U" else [repr(value) for value in cells.tolist()]
