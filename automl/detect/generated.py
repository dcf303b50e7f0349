"""Tasks that make new rows: typed columns, each of which is generated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from automl import goals
from automl.detect import modality
from automl.detect.columns.checks import audit, duplicate_rows
from automl.detect.columns.convert import as_frame, read
from automl.detect.conditions import condition_evidence, condition_of_table
from automl.detect.findings import reading_findings
from automl.detect.generated_items import advice_on, metric_of, refuse_target
from automl.detect.rows import in_file
from automl.errors import DataError
from automl.goals.shared.row_columns import FEW_VALUES
from automl.records import QUANTITY_KINDS, Column, Dataset, Finding, Recipe, Task
from automl.system import shell
from automl.system.counts import counted

__all__ = ["detect_table"]

GENERATED_KINDS = ("numeric", "embedded_number", "boolean", "categorical", "url", "datetime")
REPEATED_KINDS = ("identifier", "constant")
LARGEST_WHOLE = 2**53


def detect_table(
    dataset: Dataset, recipe: Recipe, whole: pd.DataFrame, columns: Sequence[Column], group: str | None
) -> tuple[Dataset, Task]:
    """The task of a table whose rows are to be generated.

    Args:
        dataset: raw; the label is among the inputs, and generated like every other column.
        recipe: as asked.
        whole: inputs and label side by side.
        columns: kinds of all of these.
        group: name of the column of groups, or None.

    Raises:
        DataError: a column cannot be generated, or too few vary. RecipeError: the recipe contradicts itself.
    """
    refuse_target(recipe)
    name, found, why = modality.of_columns(whole, list(columns), dataset.name)
    _refuse_columns(found, dataset.name)
    raw, frame = dataset, as_frame(whole)
    inputs = read(frame, found)
    repeated = duplicate_rows(raw.inputs, None)
    findings = [
        *dataset.findings,
        *in_file((*audit(frame, inputs, found), *reading_findings(frame, inputs, found)), raw),
    ]
    findings += [*in_file([repeated] if repeated else [], raw), *_left_out(found)]
    metric = metric_of(recipe, goals.default_metric(recipe.goal or ""))
    told = "set by you" if recipe.metric else "a classifier tells rows from generated ones"
    evidence = [why, f"goal {recipe.goal}: set by you", f"metric {metric}: {told}"]
    if recipe.label is not None:
        evidence.append(f"label {recipe.label!r}: models that learn from generated rows are to predict it")
    kept = [_as_generated(column, inputs) for column in found]
    condition = condition_of_table(recipe, kept, inputs, dataset.name)
    evidence += condition_evidence(condition)
    task = Task(
        modality=name, goal=str(recipe.goal), target=(), metric=metric, classes=(), positive=None, label=recipe.label,
        columns=tuple(kept), group_column=group, evidence=tuple(evidence), condition=condition,
    )  # fmt: skip
    return replace(dataset, inputs=inputs, target=None, findings=tuple(findings), series=None), task


def _refuse_columns(columns: Sequence[Column], name: str) -> None:
    other = [c for c in columns if c.kind not in (*GENERATED_KINDS, *REPEATED_KINDS)]
    if other:
        shown = ", ".join(f"{c.name!r} ({c.kind})" for c in other[:8]) + (" and more" if len(other) > 8 else "")
        drop = " ".join(shell.flag("--drop", c.name) for c in other[:8])
        raise DataError(
            f"goal 'generate' makes numbers, levels and dates; {name} has {shown}. Leave "
            f"{'it' if len(other) == 1 else 'them'} out ({drop}), or name another kind by columns (--columns)."
            f"{advice_on(columns)}"
        )
    usable = [c for c in columns if c.kind in GENERATED_KINDS]
    if len(usable) < 2:
        raise DataError(
            f"goal 'generate' expects at least two columns that vary; {name} has "
            f"{counted(len(usable), 'such column')}. Add columns; one alone can be drawn from its own values"
        )


def _left_out(columns: Sequence[Column]) -> list[Finding]:
    made = [c.name for c in columns if c.kind == "identifier"]
    if not made:
        return []
    return [
        Finding(
            "identifiers_counted", "low",
            f"{', '.join(map(repr, made))} {'tells' if len(made) == 1 else 'tell'} rows apart and is not learnt from; "
            "generated rows are numbered from 1.",
            "Name another kind by columns (--columns) if it is more than a name.", tuple(made), count=len(made),
        )
    ]  # fmt: skip


def _as_generated(column: Column, inputs: pd.DataFrame) -> Column:
    """What new rows are to look like: whether numbers and dates have gaps and few values, and numbers are whole."""
    if column.kind not in (*QUANTITY_KINDS, "datetime"):
        return column
    cells = inputs[column.name].dropna()
    reading = {**column.reading, "gaps": len(cells) < len(inputs), "few": int(cells.nunique()) <= FEW_VALUES}
    if column.kind != "datetime":
        reading["whole"] = (
            len(cells) > 0 and bool((cells == cells.round()).all()) and float(cells.abs().max()) < LARGEST_WHOLE
        )
    return replace(column, reading=reading)
