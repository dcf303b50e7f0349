"""The target by itself: values beyond all others, classes that hardly occur, too few rows for a network."""

from __future__ import annotations

import numpy as np

from automl.audit.view import View, file_rows, named
from automl.detect.quoting import rounded
from automl.records import Finding, Severity

__all__ = ["few_rows", "rare_classes", "target_outliers"]

BEYOND = 10.0
MOST_SHARE = 0.01
FEWEST = 10
FEW_ROWS, ROWS_A_COLUMN, ROWS_A_CLASS = 500, 10, 20


def target_outliers(view: View) -> Finding | None:
    """Few values of the target far beyond all others, both as they are and on a scale of sizes.

    Far is ten spans between the 10th and 90th percentile. Where all values are positive their logarithms must lie as
    far out too, or every skewed amount would count.
    """
    target = view.dataset.target
    if view.goal.is_classification or target is None:
        return None
    found: dict[str, np.ndarray] = {}
    for name in target.columns:
        values = target[name].to_numpy(np.float64)
        far = _far(values, BEYOND)
        if (values > 0).all():
            far &= _far(np.log(values), BEYOND / 5)
        rows = np.flatnonzero(far)
        if 0 < len(rows) <= max(1, MOST_SHARE * len(values)):
            found[str(name)] = rows
    if not found:
        return None
    name, rows = max(found.items(), key=lambda one: len(one[1]))
    values = target[name].to_numpy(np.float64)
    worst = rows[np.argsort(-np.abs(values[rows] - np.median(values)), kind="stable")]
    low, high = np.quantile(values, [0.01, 0.99])
    lie = f"values of {name!r} lie" if len(rows) > 1 else f"value of {name!r} lies"
    message = (
        f"{len(rows):,} {lie} far beyond all others, such as about {rounded(values[worst[0]])} where 98 of 100 "
        f"lie between {rounded(low)} and {rounded(high)}: squared errors and R² then speak of these rows alone."
    )  # fmt: skip
    step = "Correct them if they are typing errors or stand for missing; else a metric such as MAE minds them less."
    severity: Severity = "medium"
    return Finding("target_outliers", severity, message, step, tuple(found), file_rows(view.dataset, worst), len(rows))


def _far(values: np.ndarray, spans: float) -> np.ndarray:
    low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
    span = high - low
    if span <= 0:
        return np.zeros(len(values), bool)
    return np.asarray(np.abs(values - middle) > spans * span)


def rare_classes(view: View) -> Finding | None:
    """Classes of two to nine rows: too few to learn, and a test that knows one or none of them."""
    if not view.goal.is_one_class or view.dataset.target is None:
        return None
    counts = view.dataset.target.iloc[:, 0].value_counts()
    rare = counts[(counts > 1) & (counts < FEWEST)]
    if not len(rare) or len(rare) > 0.5 * len(counts):
        return None
    names = [str(name) for name in rare.index[::-1]]
    have = "has" if len(rare) == 1 else "have"
    message = (
        f"{len(rare):,} of {len(counts):,} classes {have} fewer than {FEWEST} rows ({named(names)}): too few to learn, "
        "and the test hardly tells how well they are known."
    )  # fmt: skip
    step = "Gather more rows of them, or merge them with a class that may stand for them."
    rows = np.flatnonzero(view.dataset.target.iloc[:, 0].isin(rare.index).to_numpy())
    return Finding("rare_classes", "medium", message, step, view.task.target, file_rows(view.dataset, rows), len(rare))


def few_rows(view: View) -> Finding | None:
    """Fewer training rows than networks usually need to keep up, for so many columns or classes."""
    if view.goal.in_windows:
        return None
    n = view.dataset.n_rows if view.split is None else len(view.split.train)
    n_columns, n_classes = len(view.used), len(view.task.classes) if view.goal.is_multiclass else 0
    needs = {
        f"{FEW_ROWS} in all": FEW_ROWS,
        f"{ROWS_A_COLUMN} for each of {n_columns} columns": ROWS_A_COLUMN * n_columns,
        f"{ROWS_A_CLASS} for each of {n_classes} classes": ROWS_A_CLASS * n_classes,
    }
    most = max(needs, key=lambda words: needs[words])
    if n >= needs[most]:
        return None
    message = (
        f"{n:,} training rows are few for a network (less than {most}): shallow models mostly do as well on so few, "
        "and the interval of the gain will be wide."
    )
    step = "Read a win of either side with its interval; more rows help the deep side most."
    return Finding("few_rows", "low", message, step, (), (), n)
