"""Predictions in the kind of frame in which the rows came: of polars, of Arrow, else of pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from automl.intake.frames import library_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["in_kind_of"]


def in_kind_of(rows: Any, made: pd.DataFrame | pd.Series) -> Any:
    """Predictions as the library of the rows has them.

    Args:
        rows: as they were passed to a model. Of a pair ``(X, y)``, X counts.
        made: a frame or a column of pandas.

    Returns:
        For polars a DataFrame or a Series (of a LazyFrame too), for Arrow a Table; for anything else `made` itself.
        Neither of the two has an index. Empty cells are null there.
    """
    rows = rows[0] if isinstance(rows, tuple) and rows else rows
    library = library_of(rows)
    if library == "polars":
        return _in_polars(made)
    if library == "pyarrow":
        return _in_arrow(made)
    return made


def _in_polars(made: pd.DataFrame | pd.Series) -> Any:
    import pandas as pd
    import polars as pl

    if isinstance(made, pd.Series):
        return _polars_column(made)
    return pl.DataFrame([_polars_column(made.iloc[:, place]) for place in range(made.shape[1])])


def _polars_column(column: pd.Series) -> Any:
    import polars as pl

    if column.dtype != object:
        return pl.from_pandas(column.reset_index(drop=True), nan_to_null=True).alias(_name(column))
    return pl.Series(_name(column), _cells(column), strict=False)


def _in_arrow(made: pd.DataFrame | pd.Series) -> Any:
    import pandas as pd
    import pyarrow as pa

    columns = [made] if isinstance(made, pd.Series) else [made.iloc[:, place] for place in range(made.shape[1])]
    arrays = [pa.array(_cells(one)) if one.dtype == object else pa.array(one, from_pandas=True) for one in columns]
    return pa.Table.from_arrays(arrays, names=[_name(one) for one in columns])


def _name(column: pd.Series) -> str:
    return "" if column.name is None else str(column.name)


def _cells(column: pd.Series) -> list[Any]:
    """Cells of Python's own types: tuples and masks as lists, and None for what is empty."""
    return [_cell(cell) for cell in column.tolist()]


def _cell(cell: Any) -> Any:
    import pandas as pd

    if isinstance(cell, tuple | np.ndarray):
        return list(cell) if isinstance(cell, tuple) else cell.tolist()
    return None if cell is pd.NA or (isinstance(cell, float) and cell != cell) else cell
