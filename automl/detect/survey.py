"""A table without a named target: what its columns hold, and which of them may be the target."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from automl.detect.columns.checks import audit, duplicate_rows
from automl.detect.columns.convert import as_frame, read
from automl.detect.detection import kinds_of
from automl.detect.findings import reading_findings
from automl.detect.rows import in_file
from automl.detect.target.goal import answer, suggestions
from automl.detect.target.proposals import proposals
from automl.errors import InputError
from automl.records import Column, Dataset, Finding, Recipe
from automl.system import shell

__all__ = ["survey"]


def survey(
    dataset: Dataset, recipe: Recipe
) -> tuple[tuple[Column, ...], tuple[str, ...], tuple[str, ...], tuple[Finding, ...]]:
    """The columns' kinds, likely targets, and what is odd about the columns.

    Args:
        dataset: raw, a table.
        recipe: may set the kinds of columns.

    Returns:
        Columns in order; a sentence for each likely target; flags of each goal that needs none; findings, those of the
        dataset first.
    """
    frame: pd.DataFrame = as_frame(dataset.inputs)
    columns = tuple(kinds_of(frame, recipe, dataset.kinds))
    inputs = read(frame, columns)
    repeated = duplicate_rows(frame, None)
    findings = (
        *audit(frame, inputs, columns),
        *reading_findings(frame, inputs, columns),
        *([repeated] if repeated else []),
    )
    targets = [sentence for name in suggestions(frame, columns) if (sentence := _as_target(frame, name, recipe))]
    return columns, tuple(targets), proposals(columns), (*dataset.findings, *in_file(findings, dataset))


def _as_target(frame: pd.DataFrame, name: str, recipe: Recipe) -> str | None:
    """The goal of predicting a column, as a sentence; None where it cannot be predicted."""
    try:
        answered = answer(frame[[name]], replace(recipe, target=(name,)), "the data", "")
    except InputError:
        return None
    return f"{shell.flag('--target', name)}: {answered.evidence[0].removeprefix('goal ')}"
