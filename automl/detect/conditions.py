"""The column given whose values items are generated: which one a recipe names, and whether it can be."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from automl.errors import DataError, RecipeError
from automl.records import MIN_LEVEL_ROWS
from automl.system.counts import counted

if TYPE_CHECKING:
    import pandas as pd

    from automl.records import Column, Recipe

__all__ = ["LABEL", "condition_evidence", "condition_of_items", "condition_of_table", "refuse_condition"]

LABEL = "label"
"""Stands for the column that `label` names, or for the class of items, where no column is called so."""
MOST_VALUES = 50
GIVEN_KINDS = ("categorical", "boolean", "url")


def refuse_condition(recipe: Recipe) -> None:
    """Refuse `condition` where nothing is generated.

    Raises:
        RecipeError: it is set.
    """
    if recipe.condition is not None:
        raise RecipeError("condition belongs to the goal generate; pass goal (--goal) generate, or leave it out")


def condition_of_table(recipe: Recipe, columns: Sequence[Column], inputs: pd.DataFrame, name: str) -> str | None:
    """The column of a table given whose values rows are generated; None without `condition`.

    Args:
        recipe: as asked.
        columns: as they are generated; the reading of a number says whether it has few values.
        inputs: typed.
        name: of the data, for messages.

    Raises:
        RecipeError: the recipe names no generated column. DataError: its values cannot be given.
    """
    if recipe.condition is None:
        return None
    by = {column.name: column for column in columns if column.kind not in ("identifier", "constant")}
    wanted = recipe.condition
    if wanted not in by and wanted == LABEL:
        if recipe.label is None:
            raise RecipeError(
                "condition is 'label', but no label is named; name its column by label (--label), or as condition"
            )
        wanted = recipe.label
    if wanted not in by:
        near = get_close_matches(wanted, list(by), n=1, cutoff=0.4)
        shown = ", ".join(map(repr, list(by)[:10])) + (" and more" if len(by) > 10 else "")
        hint = f"did you mean {near[0]!r}?" if near else f"they are {shown}"
        raise RecipeError(f"condition: expected a column of {name} that is generated, got {wanted!r}; {hint}")
    column = by[wanted]
    counts = inputs[wanted].value_counts()
    n_common = int((counts >= MIN_LEVEL_ROWS).sum())
    is_level = column.kind in GIVEN_KINDS or bool(column.reading.get("few"))
    if not is_level or not 2 <= n_common <= MOST_VALUES:
        found = counted(n_common, "value") if is_level else f"numbers or dates of {counted(len(counts), 'value')}"
        raise DataError(
            f"condition: {wanted!r} has {found} of at least {MIN_LEVEL_ROWS} rows; expected 2 to {MOST_VALUES} levels, "
            "or so few different numbers. Name another column, or put its values into bins"
        )
    return wanted


def condition_of_items(recipe: Recipe, label: str | None, things: str) -> str | None:
    """The class given which pictures or series are generated; None without `condition`.

    Args:
        recipe: as asked.
        label: name of the column of classes, or None.
        things: what is generated, in words.

    Raises:
        RecipeError: there are no classes, or the recipe names something else.
    """
    if recipe.condition is None:
        return None
    if things == "texts":
        raise RecipeError("condition: texts are generated without a class yet; leave condition out")
    if label is None:
        raise RecipeError(
            f"condition: {recipe.condition!r} is to be given, but the {things} have no classes; pass them as a pair "
            "(items, classes), a folder with one subfolder a class, or label (--label), or leave condition out"
        )
    if recipe.condition not in (label, LABEL):
        raise RecipeError(
            f"condition: {things} are generated given their class, which is called {label!r}; got "
            f"{recipe.condition!r}. Name {label!r} or 'label'"
        )
    return label


def condition_evidence(condition: str | None) -> tuple[str, ...]:
    """What the task says of its condition; nothing without one."""
    if condition is None:
        return ()
    return (f"condition {condition!r}: items are scored given its values, drawn by their shares among training rows",)
