"""What is odd about new rows beside those that a model was trained on, as findings."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from automl.detect import NewColumn
from automl.detect.quoting import is_personal, percent, rounded, shape
from automl.records import Finding, Severity

__all__ = ["LARGE_SHARE", "MEANT", "SCALES", "most_expected", "odd_cells", "odd_findings", "other_brightness"]

LARGE_SHARE = 0.2
"""Of a column's cells: more of them that cannot be read are refused, and what concerns so many is grave."""
SHOWN_COLUMNS, SHOWN_ROWS, LONGEST = 5, 20, 30
DEVIATIONS = 3.0
"""Standard deviations of a binomial count that chance is allowed."""
MORE = 0.05
"""Of the rows, beyond a share that training had: what is rare there is rarer in the rows that were learnt from."""
FEWEST = 0.005
"""Of the rows; fewer that training had not are nothing to tell: large tables have them."""
MANY_FAR, FEW_FAR = 1.0, 3.0
"""Widths of the training range beyond it where many numbers, or a few, are odd: single ones lie out in clean data."""
SCALES = ((1, 64.0), (5, 8.0))
"""Numbers that all lie beyond the usual sizes by such a factor are on another scale, if there are at least so many."""
MOST_PIXELS, LEAST_DEPTH = 1_000_000, 128
"""Pixels that are looked at; steps of brightness beside which values up to 1 are another scale."""
BLOCK_CELLS = 2_000_000
LEAST_YEARS = 10 * 365.25 * 86400
MEANT = {"numeric": "numbers", "embedded_number": "numbers", "boolean": "yes or no", "datetime": "dates"}
"""What cells are read as, by the kinds of columns whose cells may be unreadable."""
Concerned = tuple[NewColumn, int, str]
"""A column, how many of its cells are concerned, and what is to be said of them."""


def odd_findings(compared: Sequence[NewColumn], positions: np.ndarray) -> tuple[Finding, ...]:
    """All that is odd about the columns of new rows.

    Args:
        compared: the used columns that are there.
        positions: of the rows among those that were passed, ``(n,)``.
    """
    checks = (unreadable_cells, other_notation, new_gaps, unknown_levels, out_of_range)
    return tuple(f for check in checks if (f := check(compared, positions)) is not None)


def odd_cells(check: str, column: NewColumn) -> np.ndarray | None:
    """Which rows ``(n,)`` bool a check concerns in one column; None of checks that concern a column as a whole."""
    if check == "unreadable_cells":
        return column.unread
    if check == "new_gaps":
        return column.gaps
    if check == "unknown_levels":
        return column.unknown
    return _far(column) if check == "out_of_range" else None


def unreadable_cells(compared: Sequence[NewColumn], positions: np.ndarray) -> Finding | None:
    """Cells that hold something and cannot be read, as missing ones are predicted from."""
    concerned = [(c, n, _of(n, c) + _such_as(c.examples, c)) for c in compared if (n := int(c.unread.sum()))]
    message = "Cells that cannot be read as in training count as missing"
    step = "Write them as training did, or leave them empty."
    at = _rows((c.unread for c, _, _ in concerned), positions)
    return _finding("unreadable_cells", concerned, message, step, _gravely, at)


def other_notation(compared: Sequence[NewColumn], positions: np.ndarray) -> Finding | None:
    """Cells that were read otherwise than training's, as they show another notation."""
    concerned = []
    for c in compared:
        if c.otherwise:
            how = " and ".join(f"{words} ({n:,})" for words, n in c.otherwise.most_common(3))
            concerned.append((c, c.otherwise.total(), how))
    message = "Cells that are written otherwise than in training were read by their own notation"
    step = "If they mean something else, write them as training did."
    return _finding("other_notation", concerned, message, step, lambda share: "medium")


def new_gaps(compared: Sequence[NewColumn], positions: np.ndarray) -> Finding | None:
    """Values that are missing more often than training would lead to expect."""
    concerned = []
    for c in compared:
        n, before = int(c.gaps.sum()), c.column.seen.get("missing", 1.0)
        if n and n > _expected(c, before):
            concerned.append((c, n, f"{_of(n, c)} ({percent(before) if before else 'none'} in training)"))
    step = "Predictions are less certain; fill them if you can."
    return _finding("new_gaps", concerned, "Values are missing that training had", step, _by_share)


def unknown_levels(compared: Sequence[NewColumn], positions: np.ndarray) -> Finding | None:
    """Levels that no five training rows had, where they are more than training would lead to expect."""
    concerned = []
    for c in compared:
        n = int(c.unknown.sum())
        if n > _expected(c, c.column.seen.get("rare", 1.0)):
            concerned.append((c, n, _of(n, c) + _such_as(c.examples, c)))
    message = "Levels that fewer than five training rows had count as unknown"
    return _finding("unknown_levels", concerned, message, "Check how they are spelled.", _by_share)


def out_of_range(compared: Sequence[NewColumn], positions: np.ndarray) -> Finding | None:
    """Numbers and dates far outside what training held, or all on another scale."""
    concerned = []
    for c in _that_may_be_far(compared):
        far = _far(c)
        n = int(far.sum())
        if n and n >= FEWEST * len(far):
            assert c.values is not None
            concerned.append((c, n, f"{_of(n, c)} ({_span(c, far)})"))
    message = "Numbers lie far outside what training held"
    step = "Check their unit; a model knows nothing of such values."
    return _finding("out_of_range", concerned, message, step, _gravely)


def other_brightness(images: Any, limits: tuple[float, float] | None) -> tuple[Finding, ...]:
    """Arrays of images on another scale than those of training, such as 0 to 1 where these went to 255.

    Args:
        images: as they came; anything that is no array of numbers tells nothing.
        limits: the values that were black and white in training, or None.
    """
    if limits is None or not isinstance(images, np.ndarray) or images.dtype.kind not in "iuf" or not images.size:
        return ()
    low, high = limits
    some = images.reshape(-1)[:: max(images.size // MOST_PIXELS, 1)].astype(np.float64)
    some = some[np.isfinite(some)]
    beyond = np.maximum(low - some, some - high) > high - low
    is_dim = images.dtype.kind == "f" and high - low >= LEAST_DEPTH and some.max(initial=0.0) <= 1 and some.any()
    if not is_dim and not (beyond.size and beyond.mean() > LARGE_SHARE):
        return ()
    here = f"{rounded(some.min())} to {rounded(some.max())}"
    message = f"Pixels are on another scale than in training (training: {low:g} to {high:g}; here: {here})."
    step = "Scale them as the training images were."
    return (Finding("out_of_range", "high", message, step, count=len(images)),)


# --------------------------------------------------------------------------- how much is odd


def _expected(c: NewColumn, share: float) -> float:
    """The most rows that are nothing to tell where training had this share."""
    return most_expected(len(c.gaps), share)


def most_expected(n: int, share: float) -> float:
    """The most of n rows that are nothing to tell where training had this share."""
    if not share:
        return FEWEST * n - 1e-9
    return max(n * share + DEVIATIONS * math.sqrt(n * share * (1.0 - share)), n * (share + MORE))


def _that_may_be_far(compared: Sequence[NewColumn]) -> list[NewColumn]:
    """The columns for which `_far` may find a cell: of many, most have none, and all are looked at together."""
    placed = [(i, c.values) for i, c in enumerate(compared) if c.values is not None and "low" in c.column.seen]
    seen = [compared[i].column.seen for i, _ in placed]
    may: set[int] = set()
    step = max(1, BLOCK_CELLS // max(len(compared[0].gaps), 1)) if compared else 1
    for start in range(0, len(placed), step):
        part = slice(start, start + step)
        values = np.stack([one for _, one in placed[part]])
        low, high = (np.array([one[end] for one in seen[part]], np.float64)[:, None] for end in ("low", "high"))
        usual = np.array([one.get("usual", (0.0, np.inf)) for one in seen[part]], np.float64)
        sizes = np.where(values == 0, np.nan, np.abs(values))
        with np.errstate(invalid="ignore"):
            outside = (values < low) | (values > high)
            scaled = np.fmax.reduce(sizes, axis=1) < usual[:, 0], np.fmin.reduce(sizes, axis=1) > usual[:, 1]
        odd = outside.any(axis=1) | scaled[0] | scaled[1]
        may |= {placed[start + at][0] for at in np.flatnonzero(odd).tolist()}
    return [c for i, c in enumerate(compared) if i in may]


def _far(c: NewColumn) -> np.ndarray:
    """Which cells ``(n,)`` hold a number far beyond the training range, or on another scale."""
    values, seen = c.values, c.column.seen
    if values is None or "low" not in seen:
        return np.zeros(len(c.gaps), bool)
    low, high = seen["low"], seen["high"]
    width = max(high - low, LEAST_YEARS if c.column.kind == "datetime" else 0.0)
    beyond = np.maximum(low - values, values - high) / width
    far: np.ndarray = beyond > MANY_FAR
    if far.mean() <= LARGE_SHARE:
        far = beyond > FEW_FAR
    sizes = np.abs(values[~np.isnan(values) & (values != 0)])
    if "usual" in seen and len(sizes):
        small, large = seen["usual"]
        for least, factor in SCALES:
            if len(sizes) >= least and (sizes.max() < small / factor or sizes.min() > large * factor):
                far |= ~np.isnan(values) & (values != 0)
    return far


def _span(c: NewColumn, far: np.ndarray) -> str:
    assert c.values is not None
    here, seen = c.values[far], c.column.seen
    if c.column.kind == "datetime":
        years = [np.datetime64(int(second), "s").astype("datetime64[Y]") for second in (here.min(), here.max())]
        known = [np.datetime64(int(second), "s").astype("datetime64[Y]") for second in (seen["low"], seen["high"] - 1)]
        return f"training: {known[0]} to {known[1]}; here: {_ends(*map(str, years))}"
    return f"training: {rounded(seen['low'])} to {rounded(seen['high'])}; here: " + _ends(
        rounded(here.min()), rounded(here.max())
    )


def _ends(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


# --------------------------------------------------------------------------- in words


def _of(n: int, c: NewColumn) -> str:
    return f"in {n:,} of {len(c.gaps):,} rows"


def _such_as(examples: Iterable[str], c: NewColumn) -> str:
    """Some cells in quotes, by their shape alone where the column looks like a person, a contact or a secret."""
    examples = list(examples)
    if is_personal(c.column.name, examples):
        examples = list(dict.fromkeys(map(shape, examples)))
    shown = ", ".join(repr(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…") for text in examples)
    return f" (such as {shown})" if shown else ""


def _rows(masks: Iterable[np.ndarray], positions: np.ndarray) -> tuple[int, ...]:
    """The first rows that one of these concerns."""
    together = np.zeros(len(positions), bool)
    for mask in masks:
        together |= mask
    return tuple(positions[together][:SHOWN_ROWS].tolist())


def _gravely(share: float) -> Severity:
    return "high" if share > LARGE_SHARE else "medium"


def _by_share(share: float) -> Severity:
    return "medium" if share > LARGE_SHARE else "low"


def _finding(
    check: str,
    concerned: Sequence[Concerned],
    message: str,
    step: str,
    severity: Callable[[float], Severity],
    rows: tuple[int, ...] = (),
) -> Finding | None:
    """One finding for all columns; its severity is that of the gravest."""
    if not concerned:
        return None
    said = "; ".join(f"{c.column.name!r} {words}" for c, _, words in concerned[:SHOWN_COLUMNS])
    more = f"; and in {len(concerned) - SHOWN_COLUMNS} more columns" if len(concerned) > SHOWN_COLUMNS else ""
    grave = severity(max(n / max(len(c.gaps), 1) for c, n, _ in concerned))
    names = tuple(c.column.name for c, _, _ in concerned)
    return Finding(check, grave, f"{message}: {said}{more}.", step, names, rows, sum(n for _, n, _ in concerned))
