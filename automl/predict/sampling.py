"""New rows from a generator, some thousands at a time, so that any number of them can be had."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from automl.errors import DataError, RecipeError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from automl.predict.sampled_items import Items
    from automl.records import Task

__all__ = ["as_mapping", "check_numbers", "chunks", "sampled"]

CHUNK_ROWS = 16_384
FIRST_ROWS = 1_024
"""Rows that are made first where a condition is to be met; then twice as many, and so on."""
MOST_AT_ONCE = 10_000_000
"""Rows in one frame; more are streamed to a file."""
SEED_ROWS = 2**33
"""Row numbers that belong to one seed: the noise of a row depends on its number alone."""
MOST_SEED = 2**29
LOOKED_ROWS = 8 * CHUNK_ROWS
"""Rows after which a condition that none of them meets is given up."""


def check_numbers(n: int, seed: int, most: int | None = MOST_AT_ONCE) -> None:
    """Refuse numbers of rows and seeds that cannot be.

    Args:
        n: rows that are asked for.
        seed: of the rows.
        most: rows at most; None for as many as one seed has.

    Raises:
        RecipeError: one of them is no whole number, or out of bounds; says which.
    """
    for name, value, low, high in (("n", n, 1, SEED_ROWS), ("seed", seed, 0, MOST_SEED - 1)):
        if isinstance(value, bool) or not hasattr(value, "__index__") or not low <= value <= high:
            raise RecipeError(f"{name}: expected a whole number from {low} to {high:,}, got {value!r:.60}")
    if most is not None and n > most:
        raise RecipeError(
            f"n: expected at most {most:,} rows in one frame, got {n:,}; stream them to a file with "
            f"automl sample MODEL -n {n} --out FILE"
        )


def chunks(
    predictor: Any, task: Task, n: int, seed: int, condition: Mapping[str, Any] | None = None
) -> Iterator[pd.DataFrame]:
    """Frames of new rows, together n of them, which depend on the seed and the condition alone.

    Args:
        predictor: of a side.
        task: its goal makes rows.
        n: rows.
        seed: other rows for another seed.
        condition: values that columns are to have. Rows are drawn until enough of them do, so that the others of their
            columns are as the generator has them together with these values.

    Raises:
        DataError: the goal makes no rows, or none has these values. RecipeError: a column of the condition is none.
    """
    import pandas as pd

    if not condition:
        yield from _drawn(predictor, task, n, seed)
        return
    found = n_looked = 0
    for frame in _drawn(predictor, task, SEED_ROWS, seed, min(CHUNK_ROWS, max(FIRST_ROWS, 2 * n))):
        n_looked += len(frame)
        own = frame[_meets(frame, condition)].head(n - found)
        if not len(own) and not found and n_looked >= LOOKED_ROWS:
            raise _none_meets(frame, condition, n_looked)
        if len(own):
            own.index = pd.RangeIndex(found, found + len(own))
            found += len(own)
            yield own
        if found >= n:
            return


def as_mapping(condition: Mapping[str, Any] | object | None, task: Task) -> Mapping[str, Any] | None:
    """A condition as a mapping from columns to values.

    Args:
        condition: a mapping; or a single value, of the column that the contest was about (`Task.condition`).
        task: of the model.

    Raises:
        RecipeError: a single value is given, but the contest was about no column.
    """
    if condition is None or isinstance(condition, Mapping):
        return condition
    if task.condition is None:
        raise RecipeError(
            f"condition: expected columns and their values, such as {{'churned': 'yes'}}, got {condition!r:.60}; a "
            "value alone is enough where the recipe named its column by condition"
        )
    return {task.condition: condition}


def _meets(frame: pd.DataFrame, condition: Mapping[str, Any]) -> Any:
    """Which rows have the values of a condition, ``(n,)``; None stands for a missing one."""
    meets = None
    for name, value in condition.items():
        if name not in frame:
            raise RecipeError(
                f"condition: expected columns of the rows, got {name!r}; they are {', '.join(map(str, frame))}"
            )
        own = _equal(frame[name], value)
        meets = own if meets is None else meets & own
    return meets


def _equal(cells: pd.Series, value: Any) -> pd.Series:
    import pandas as pd

    if value is None:
        return cells.isna()
    if pd.api.types.is_numeric_dtype(cells.dtype):
        number = pd.to_numeric(str(value), errors="coerce")
        return (cells == number).fillna(False).astype(bool)
    return cells.map(str) == str(value)


def _none_meets(frame: pd.DataFrame, condition: Mapping[str, Any], n_looked: int) -> DataError:
    shown = ", ".join(f"{name} = {value!r}" for name, value in condition.items())
    rare = next((name for name, value in condition.items() if not _equal(frame[name], value).any()), None)
    usual = "" if rare is None else (
        f"; usual values of {rare!r} are " + ", ".join(map(repr, frame[rare].value_counts().index[:5].tolist()))
    )  # fmt: skip
    return DataError(
        f"none of {n_looked:,} generated rows has {shown}{usual}. Ask for values that occur, or sample without a "
        "condition"
    )


def _drawn(predictor: Any, task: Task, n: int, seed: int, first_rows: int = CHUNK_ROWS) -> Iterator[pd.DataFrame]:
    """Frames of new rows without any condition, the first of so many rows, each twice as large; see `chunks`."""
    import numpy as np
    import pandas as pd

    from automl import goals
    from automl.records import Dataset

    goal = goals.named(task)
    if not goal.makes_rows:
        raise DataError(f"sample needs a model of goal 'generate'; this one does {task.goal}: use predict")
    nothing = Dataset("sample", pd.DataFrame(index=pd.RangeIndex(0)))
    first = (seed + 1) * SEED_ROWS
    counted = [column.name for column in task.columns if column.kind == "identifier"]
    begin, size = 0, min(first_rows, CHUNK_ROWS)
    while begin < n:
        rows = np.arange(first + begin, first + min(begin + size, n), dtype=np.int64)
        frame = pd.DataFrame(goal.to_frame(predictor.output(nothing, rows).arrays, task))
        for name in counted:
            frame[name] = _counted_on(frame[name], begin)
        frame.index = pd.RangeIndex(begin, begin + len(rows))
        yield frame
        begin, size = begin + len(rows), min(2 * size, CHUNK_ROWS)


def _counted_on(names: pd.Series, begin: int) -> pd.Series:
    """Identifiers that are whole numbers count on from chunk to chunk; others were drawn."""
    if not names.dropna().map(lambda name: str(name).isdigit()).all():
        return names
    return names.map(lambda name: None if name is None else int(name) + begin)


def sampled(
    predictor: Any, task: Task, n: int, seed: int, condition: Any = None
) -> pd.DataFrame | np.ndarray | Items:  # fmt: skip
    """n new rows in one frame, or items in an array; see `chunks` and `automl.predict.sampled_items.as_given`."""
    import pandas as pd

    from automl.predict.sampled_items import as_given

    parts = list(chunks(predictor, task, n, seed, as_mapping(condition, task)))
    return as_given(pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0], task)
