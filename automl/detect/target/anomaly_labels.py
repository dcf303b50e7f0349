"""The label of a goal without target: which rows it marks as anomalies. It selects and scores; nobody learns it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from automl.detect.parse import words
from automl.detect.quoting import percent
from automl.detect.target.classes import NEGATIVES, POSITIVES
from automl.errors import DataError, RecipeError
from automl.records import Finding, Recipe
from automl.system import shell
from automl.system.counts import counted

__all__ = ["ANOMALY", "CLASSES", "NORMAL", "AnomalyLabels", "read_labels"]

NORMAL, ANOMALY = CLASSES = ("normal", "anomaly")
MOST_SHOWN = 8


@dataclass(frozen=True, slots=True, eq=False)
class AnomalyLabels:
    """A label that was read.

    Attributes:
        target: one column of "normal", "anomaly" or None (no label in this row).
        normal: the value of the label that is normal, as the user wrote it; None where several are.
        evidence: which value is taken for what, and why.
        findings: what is odd about the label.
    """

    target: pd.DataFrame
    normal: str | None
    evidence: str
    findings: tuple[Finding, ...] = ()


def read_labels(label: pd.DataFrame, recipe: Recipe, where: str) -> AnomalyLabels:
    """Read the label of a search for anomalies.

    Args:
        label: its column, as it was read.
        recipe: may say which value is normal.
        where: the data's name.

    Raises:
        DataError: no row has a label, or all rows have the same.
        RecipeError: `normal` is no value of the label, or has to be given since there are several values.
    """
    if label.shape[1] != 1:
        raise RecipeError(
            f"label: expected one column, got {label.shape[1]} ({', '.join(map(repr, label.columns[:MOST_SHOWN]))}); "
            "name the one that says which rows are anomalies"
        )
    name = str(label.columns[0])
    cells = words(label[name])
    known = np.array([cell is not None for cell in cells])
    found, counts = np.unique(cells[known].astype(str), return_counts=True)
    values = found.tolist()
    if not values:
        raise DataError(
            f"label {name!r} of {where} is empty in every row; leave it out to search for anomalies without a score"
        )
    if len(values) == 1:
        raise DataError(
            f"label {name!r} of {where} is {values[0]!r} in all {int(counts[0]):,} rows that have one; expected normal "
            "rows and anomalies, to choose and to score by. Leave the label out to search without a score"
        )
    normal, why = _normal(name, values, counts, recipe)
    is_anomaly = cells != normal
    target = np.where(is_anomaly, ANOMALY, NORMAL).astype(object)
    target[~known] = None
    share = float(is_anomaly[known].mean())
    kept = f"; only rows with {normal!r} are learnt from" if recipe.normal is not None else ""
    evidence = f"label {name!r}: {normal!r} is normal, {why}; {percent(share)} of {known.sum():,} rows are not{kept}"
    gone = int((~known).sum())
    findings = (
        (
            Finding(
                "unlabelled_rows", "low",
                f"{counted(gone, 'row')} of {where} have no label {name!r}: they are learnt from"
                f"{' not at all, since only rows known to be normal are' if recipe.normal is not None else ''}, "
                "and score nothing.",
                "Label some more of them, if alarms are to be judged on more rows.", (name,), count=gone,
            ),
        )
        if gone
        else ()
    )  # fmt: skip
    return AnomalyLabels(pd.DataFrame({name: pd.Series(target, dtype=object)}), normal, evidence, findings)


def _normal(name: str, values: list[str], counts: np.ndarray, recipe: Recipe) -> tuple[str, str]:
    """The value that is normal, and why it is taken for that."""
    if recipe.normal is not None:
        asked = recipe.normal.strip()
        same = [value for value in values if _same(value, asked)]
        if not same:
            raise RecipeError(
                f"normal: expected a value of label {name!r} ({_listed(values)}), got {asked!r}; name the value whose "
                "rows are normal"
            )
        return same[0], "as you said"
    if len(values) > 2:
        raise RecipeError(
            f"label {name!r} has {len(values):,} values ({_listed(values)}); pass {shell.flag('--normal', values[0])} "
            "(or another one) to say which of them is normal: all others are then anomalies"
        )
    lower = [value.lower() for value in values]
    told = [value in POSITIVES or other in NEGATIVES for value, other in zip(lower, reversed(lower), strict=True)]
    if told[0] != told[1]:
        return values[int(told[0])], "by its name"
    rare = int(counts.argmin())
    return values[1 - rare], "the more frequent one"


def _same(value: str, asked: str) -> bool:
    """Whether two words are the same value: 0 and 0.0 are."""
    if value.strip().lower() == asked.lower():
        return True
    try:
        return float(value) == float(asked)
    except ValueError:
        return False


def _listed(values: list[str]) -> str:
    shown = ", ".join(repr(value) for value in values[:MOST_SHOWN])
    return shown + (", ..." if len(values) > MOST_SHOWN else "")
