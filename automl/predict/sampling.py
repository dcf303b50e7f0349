"""New rows from a generator, some thousands at a time, so that any number of them can be had."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from automl.errors import DataError, RecipeError

if TYPE_CHECKING:
    import pandas as pd

    from automl.records import Task

__all__ = ["check_numbers", "chunks", "sampled"]

CHUNK_ROWS = 16_384
MOST_AT_ONCE = 10_000_000
"""Rows in one frame; more are streamed to a file."""
SEED_ROWS = 2**33
"""Row numbers that belong to one seed: the noise of a row depends on its number alone."""
MOST_SEED = 2**29


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


def chunks(predictor: Any, task: Task, n: int, seed: int) -> Iterator[pd.DataFrame]:
    """Frames of new rows, together n of them, which depend on the seed alone.

    Args:
        predictor: of a side.
        task: its goal makes rows.
        n: rows.
        seed: other rows for another seed.

    Raises:
        DataError: the goal makes no rows.
    """
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
    for begin in range(0, n, CHUNK_ROWS):
        rows = np.arange(first + begin, first + min(begin + CHUNK_ROWS, n), dtype=np.int64)
        frame = pd.DataFrame(goal.to_frame(predictor.output(nothing, rows).arrays, task))
        for name in counted:
            frame[name] = _counted_on(frame[name], begin)
        frame.index = pd.RangeIndex(begin, begin + len(rows))
        yield frame


def _counted_on(names: pd.Series, begin: int) -> pd.Series:
    """Identifiers that are whole numbers count on from chunk to chunk; others were drawn."""
    if not names.dropna().map(lambda name: str(name).isdigit()).all():
        return names
    return names.map(lambda name: None if name is None else int(name) + begin)


def sampled(predictor: Any, task: Task, n: int, seed: int) -> pd.DataFrame:
    """n new rows in one frame; see `chunks`."""
    import pandas as pd

    parts = list(chunks(predictor, task, n, seed))
    whole = pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]
    return whole
