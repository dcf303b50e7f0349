"""The target by itself: outliers, rare classes, too few rows for a network."""

from __future__ import annotations

import numpy as np

from automl import goals
from automl.audit.view import View, file_rows, quoted
from automl.detect.quoting import rounded
from automl.records import Finding, Severity, encoded_columns
from automl.split import LEAST_OF_A_CLASS

__all__ = ["few_rows", "rare_classes", "target_outliers", "untested_classes"]

BEYOND = 10.0
MOST_SHARE = 0.01
FEWEST = 10
FEW_ROWS, ROWS_A_COLUMN, ROWS_A_CLASS = 500, 10, 20


def target_outliers(view: View) -> Finding | None:
    """Few values of the target that lie far from all others.

    Far from the median is `BEYOND` times the distance between the 10th and the 90th percentile. Where all values are
    positive, their logarithms must lie far out too, or every skewed amount would count.
    """
    if view.goal.is_classification or view.goal.has_classes or view.dataset.target is None or not view.task.target:
        return None
    values_of_rows = goals.truth(view.dataset, view.task, np.arange(view.dataset.n_rows))
    columns = dict(zip(view.task.target, values_of_rows.T, strict=True))
    outliers: dict[str, np.ndarray] = {}
    for name, column in columns.items():
        known = np.flatnonzero(~np.isnan(column))
        values = column[known]
        far = _far(values, BEYOND)
        if (values > 0).all():
            far &= _far(np.log(values), BEYOND / 5)
        rows = known[far]
        if 0 < len(rows) <= max(1, MOST_SHARE * len(values)):
            outliers[name] = rows
    if not outliers:
        return None
    name, rows = max(outliers.items(), key=lambda one: len(one[1]))
    values = columns[name]
    worst = rows[np.argsort(-np.abs(values[rows] - np.nanmedian(values)), kind="stable")]
    low, high = np.nanquantile(values, [0.01, 0.99])
    lie = f"values of {name!r} lie" if len(rows) > 1 else f"value of {name!r} lies"
    message = (
        f"{len(rows):,} {lie} far from all others, such as about {rounded(values[worst[0]])} where 98 of 100 "
        f"lie between {rounded(low)} and {rounded(high)}: squared errors and R² then depend on these rows alone."
    )  # fmt: skip
    step = (
        "Correct typing errors and codes for missing values; else choose a metric such as MAE, which weighs them less."
    )
    rows_in_file = file_rows(view.dataset, worst)
    return Finding("target_outliers", "medium", message, step, tuple(outliers), rows_in_file, len(rows))


def _far(values: np.ndarray, spans: float) -> np.ndarray:
    """Which values are further from the median than so many distances between the 10th and 90th percentile."""
    low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
    span = high - low
    if span <= 0:
        return np.zeros(len(values), bool)
    return np.asarray(np.abs(values - middle) > spans * span)


def rare_classes(view: View) -> Finding | None:
    """Classes of two to nine rows: too few to learn, with hardly a row in the test."""
    if not view.goal.is_one_class or view.dataset.target is None:
        return None
    counts = view.dataset.target.iloc[:, 0].value_counts()
    rare = counts[(counts > 1) & (counts < FEWEST)]
    if not len(rare) or len(rare) > 0.5 * len(counts):
        return None
    names = [str(name) for name in rare.index[::-1]]
    have = "has" if len(rare) == 1 else "have"
    message = (
        f"{len(rare):,} of {len(counts):,} classes {have} fewer than {FEWEST} rows ({quoted(names)}): too few to "
        "learn, and too few in the test to measure how well they are predicted."
    )
    step = "Collect more rows of them, or merge them with a similar class."
    rows = np.flatnonzero(view.dataset.target.iloc[:, 0].isin(rare.index).to_numpy())
    return Finding("rare_classes", "medium", message, step, view.task.target, file_rows(view.dataset, rows), len(rare))


def untested_classes(view: View) -> Finding | None:
    """Classes of three rows and more that the split leaves out of training, validation or the test.

    A shuffled split gives each of them one row in every part; groups, an order in time and test rows of the user's own
    may not.
    """
    if not view.goal.is_one_class or view.split is None or view.dataset.target is None:
        return None
    labels = view.dataset.target.iloc[:, 0]
    counts = labels.value_counts()
    common = set(counts.index[counts >= LEAST_OF_A_CLASS])
    parts = {"training": view.split.train, "validation": view.split.valid, "test": view.split.test}
    absent = {part: common - set(labels.iloc[rows]) for part, rows in parts.items() if len(rows)}
    names = sorted(set().union(*absent.values()))
    if not names:
        return None
    said = "; ".join(f"no {part} row of {quoted(sorted(own))}" for part, own in absent.items() if own)
    message = (
        f"The split leaves {said}. A class without training rows is never predicted, and one without validation or "
        f"test rows is not scored. {view.split.rule[:1].upper()}{view.split.rule[1:]}."
    )
    step = "Gather rows of these classes in more groups and times, or split by another column."
    severity: Severity = "high" if absent.get("training") or view.goal.is_binary else "medium"
    return Finding("untested_classes", severity, message, step, view.task.target, (), len(names))


def few_rows(view: View) -> Finding | None:
    """Fewer training rows than a network usually needs to keep up with a shallow model."""
    if view.goal.in_windows:
        return None
    n = view.dataset.n_rows if view.split is None else len(view.split.train)
    n_columns, n_classes = len(encoded_columns(view.used)), len(view.task.classes) if view.goal.is_multiclass else 0
    needs = {
        f"{FEW_ROWS} in all": FEW_ROWS,
        f"{ROWS_A_COLUMN} for each of {n_columns} columns": ROWS_A_COLUMN * n_columns,
        f"{ROWS_A_CLASS} for each of {n_classes} classes": ROWS_A_CLASS * n_classes,
    }
    most = max(needs, key=lambda words: needs[words])
    if n >= needs[most]:
        return None
    message = (
        f"{n:,} training rows are few for a network (less than {most}): shallow models mostly do as well, and the "
        "interval of the gain will be wide."
    )
    step = "Read the gain of either side with its interval; more rows help the deep side most."
    return Finding("few_rows", "low", message, step, (), (), n)
