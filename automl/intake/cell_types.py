"""Cells and columns of any type → plain ones, at the door: whatever a cell's own class does, nothing behind it sees.

A plain column holds numbers, dates (in a zone of pandas' own, if any), texts, ordered categories that are texts, or
Python's own values of several kinds (text, truth, number, date). A cell of any other class becomes text: what its class
writes, or the class's name where that fails, too.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from automl.errors import DataError
from automl.intake.cell_values import as_float, cause, cell, clean, digits, is_text, label, own, text_of
from automl.intake.picture_cells import pictures_of
from automl.intake.zones import in_plain_zone, zone_name

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "AS_IT_WAS",
    "Note",
    "dimensions",
    "framed",
    "is_plain",
    "objects",
    "plain",
    "plain_array",
    "series",
]

PLAIN = frozenset(map(np.dtype, ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"]))
"""Numbers that every library understands: none of two bytes, of more than eight, or of the other byte order."""


class Note(NamedTuple):
    """What was done to a column.

    Attributes:
        zoned: its times have a zone.
        nulls: cells that were freed of NULs.
        halves: cells that were freed of half characters.
        pictures: cells that hold images.
        unreadable: cells of bytes that are neither images nor text, and are empty now.
    """

    zoned: bool = False
    nulls: int = 0
    halves: int = 0
    pictures: int = 0
    unreadable: int = 0


AS_IT_WAS = Note()


# --------------------------------------------------------------------------- arrays


def dimensions(values: Any) -> int:
    """How many dimensions something has; rows of several lengths make one."""
    try:
        return int(np.ndim(values))
    except Exception:  # what calls itself an array may raise anything
        return 1


def objects(values: Iterable[Any]) -> np.ndarray:
    """``(n,)`` of any Python values, none of them taken apart."""
    held = list(values)
    made = np.empty(len(held), dtype=object)
    for place, value in enumerate(held):
        made[place] = value
    return made


def is_plain(dtype: Any) -> bool:
    """Whether a column's type is one of `PLAIN` (a type of pandas is not looked up: some cannot be hashed)."""
    return isinstance(dtype, np.dtype) and dtype in PLAIN


def plain_array(values: Any, where: str) -> np.ndarray:
    """Anything that is like an array as one of a plain type.

    Masked cells become missing. Bytes become text. Numbers get a type that every library understands.

    Args:
        values: an array of any library, or a nested list.
        where: for the message.

    Raises:
        DataError: it is none: rows of several shapes, or a class of its own that fails.
    """
    if isinstance(values, np.ma.MaskedArray):
        values = _unmasked(values)
    try:
        array = np.asarray(values)
    except Exception as error:  # what calls itself an array may raise anything
        raise DataError(f"{where} cannot be read as an array ({cause(error)}); rows must be of one shape") from error
    if array.dtype.names:
        return array
    kind = array.dtype.kind
    if kind in "SV":
        made = np.empty(array.shape, dtype=object)
        made.ravel()[:] = objects(text_of(value) for value in array.ravel().tolist())
        return made
    if kind == "T":
        return array.astype(object)
    return _plain_numbers_of(array) if kind in "biuf" else _native(array)


def _unmasked(values: Any) -> np.ndarray:
    """A masked array with its masked cells as missing."""
    if values.dtype.names or not np.ma.getmaskarray(values).any():
        return np.asarray(values.data)
    if values.dtype.kind in "biuf":
        return np.asarray(values.astype(np.float64).filled(np.nan))
    if values.dtype.kind in "mM":
        return np.asarray(values.filled(np.array("NaT", values.dtype)))
    return np.asarray(values.astype(object).filled(None))


def _plain_numbers_of(array: np.ndarray) -> np.ndarray:
    if is_plain(array.dtype):
        return array
    array = _native(array)
    if array.dtype.kind != "f":
        return array
    return array.astype(np.float32 if array.dtype.itemsize < 4 else np.float64)


def _native(array: np.ndarray) -> np.ndarray:
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def series(values: Any) -> pd.Series:
    """A series of anything; its strings may hold lone surrogates, which pandas' own string type cannot."""
    import pandas as pd

    library = type(values).__module__.partition(".")[0]
    try:
        if library == "pyarrow":
            values = values.to_pylist()
        elif library == "polars":
            values = values.to_list()
        return pd.Series(values)
    except MemoryError:
        raise
    except Exception:  # what calls itself an array may raise anything
        return pd.Series(objects(values), dtype=object)


def framed(columns: Mapping[Any, Any]) -> pd.DataFrame:
    """A frame of columns of anything, whose names may be anything, too (see `label`)."""
    import pandas as pd

    frame = pd.DataFrame({place: series(values) for place, values in enumerate(columns.values())})
    frame.columns = pd.Index(objects(columns), dtype=object)
    return frame


# --------------------------------------------------------------------------- columns


def plain(column: pd.Series) -> tuple[pd.Series, Note]:
    """A column of a plain type, and what was done.

    Raises:
        DataError: it holds complex numbers.
    """
    try:
        return _plain(column)
    except (DataError, MemoryError):
        raise
    except Exception:  # a type of another library, or dates beyond what pandas holds: cell by cell
        return _plain_objects(objects(column), column.index)


def _plain(column: pd.Series) -> tuple[pd.Series, Note]:
    import pandas as pd

    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype) and isinstance(dtype.categories.dtype, pd.IntervalDtype):
        column = column.cat.rename_categories([str(category) for category in dtype.categories])
    if isinstance(dtype, pd.CategoricalDtype) and dtype.ordered and (grades := _grades(column)) is not None:
        return grades, AS_IT_WAS
    if isinstance(dtype, pd.CategoricalDtype | pd.SparseDtype):
        values = np.asarray(column)
        column = pd.Series(values, index=column.index) if values.dtype != object else _named(_nones(values), column)
    elif isinstance(dtype, pd.PeriodDtype):
        return column.dt.to_timestamp(), AS_IT_WAS
    elif isinstance(dtype, pd.ArrowDtype):
        import pyarrow as pa

        column = pd.Series(pa.array(column.array).to_pandas(), index=column.index, name=column.name)
    elif isinstance(dtype, pd.StringDtype) and dtype.na_value is pd.NA:
        column = pd.Series(_nones(column.to_numpy(dtype=object)), index=column.index, dtype=object)
    elif pd.api.types.is_extension_array_dtype(dtype) and hasattr(dtype, "numpy_dtype"):
        column = _nullable(column, dtype)
    elif not isinstance(dtype, np.dtype | pd.StringDtype | pd.DatetimeTZDtype):
        column = column.astype(object)
    return _plain_dtype(column)


def _grades(column: pd.Series) -> pd.Series | None:
    """An ordered categorical with its categories as text, in their order; None where two are spelled alike."""
    import pandas as pd

    levels = [text_of(own(level)).replace("\0", "") for level in column.cat.categories]
    if len(set(levels)) < len(levels) or not all(map(is_text, levels)):
        return None
    grades = pd.Categorical.from_codes(column.cat.codes.to_numpy(), categories=pd.Index(levels), ordered=True)
    return pd.Series(grades, index=column.index, name=column.name)


def _plain_dtype(column: pd.Series) -> tuple[pd.Series, Note]:
    """A column of NumPy's types, of texts, or of times with a zone."""
    import pandas as pd

    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return in_plain_zone(column), Note(zoned=True)
    if isinstance(column.dtype, pd.StringDtype):
        return _cleaned(column)
    if is_plain(column.dtype):
        return column, AS_IT_WAS
    if column.dtype.kind == "m":
        return column.dt.total_seconds(), AS_IT_WAS
    if column.dtype.kind == "c":
        raise DataError(
            f"column {label(column.name)!r} holds complex numbers; pass its real and imaginary parts as two columns"
        )
    if column.dtype.kind in "biuf":
        return pd.Series(_plain_numbers_of(column.to_numpy()), index=column.index), AS_IT_WAS
    if column.dtype.kind == "M":
        return column, AS_IT_WAS
    values = column.to_numpy()
    return _plain_objects(values if values.dtype == object else objects(values.tolist()), column.index)


def _named(values: np.ndarray, like: pd.Series) -> pd.Series:
    import pandas as pd

    try:
        return pd.Series(values, index=like.index, name=like.name)
    except UnicodeEncodeError:
        return pd.Series(values, index=like.index, name=like.name, dtype=object)


def _nones(values: Any) -> np.ndarray:
    """Object values with every kind of missing as None."""
    import pandas as pd

    cells: np.ndarray = np.array(values, dtype=object)
    try:
        cells[pd.isna(cells)] = None
    except Exception:  # a cell that cannot be compared with itself
        gone = [v is pd.NA or v is pd.NaT or (type(v) is float and v != v) for v in cells]
        cells[gone] = None
    return cells


def _nullable(column: pd.Series, dtype: Any) -> pd.Series:
    import pandas as pd

    if not column.isna().any():
        return column.astype(dtype.numpy_dtype)
    if dtype.numpy_dtype.kind == "b":
        return pd.Series(_nones(column.to_numpy(dtype=object)), index=column.index, dtype=object)
    return pd.Series(column.to_numpy(dtype="float64", na_value=np.nan), index=column.index)


def _plain_objects(values: np.ndarray, index: Any) -> tuple[pd.Series, Note]:
    """Columns of Python objects: one plain type where all are of one, else plain values of several kinds."""
    import pandas as pd

    values = _nones(values)
    if (found := pictures_of(values)) is not None:
        n_found = sum(cell is not None for cell in found)
        n_present = sum(value is not None for value in values)
        return pd.Series(found, index=index, dtype=object), Note(pictures=n_found, unreadable=n_present - n_found)
    values = objects(own(value) for value in values)
    present = [value for value in values if value is not None]
    kinds = set(map(type, present))
    if not kinds:
        return pd.Series(np.full(len(values), np.nan), index=index), AS_IT_WAS
    if kinds == {str}:
        return _cleaned(pd.Series(values, index=index, dtype=object))
    if kinds <= {int, float, bool, decimal.Decimal, fractions.Fraction}:
        return _plain_numbers(values, kinds, index), AS_IT_WAS
    if kinds <= {datetime.date, datetime.datetime, pd.Timestamp}:
        return _dated(pd.Series(values, index=index, dtype=object), present)
    if kinds <= {datetime.timedelta, pd.Timedelta}:
        seconds = [np.nan if value is None else value.total_seconds() for value in values]
        return pd.Series(seconds, index=index), AS_IT_WAS
    return _cleaned(pd.Series(objects(map(cell, values)), index=index, dtype=object))


def _dated(column: pd.Series, present: list[Any]) -> tuple[pd.Series, Note]:
    """Dates and times: in their zone where all are in one, in UTC where they are in several, else without a zone."""
    import pandas as pd

    moments = pd.to_datetime(column, errors="coerce", utc=True)
    zones = {zone_name(value.tzinfo) for value in present if getattr(value, "tzinfo", None) is not None}
    if not zones:
        return moments.dt.tz_localize(None), AS_IT_WAS
    is_one = len(zones) == 1 and all(getattr(value, "tzinfo", None) is not None for value in present)
    return (moments.dt.tz_convert(zones.pop()) if is_one else moments), Note(zoned=True)


def _plain_numbers(values: np.ndarray, kinds: set[type], index: Any) -> pd.Series:
    import pandas as pd

    if bool in kinds and len(kinds) > 1:
        return pd.Series(objects(map(cell, values)), index=index, dtype=object)
    n_missing = sum(value is None for value in values)
    if kinds == {bool}:
        return pd.Series(values, index=index, dtype=object if n_missing else bool)
    if kinds == {int}:
        largest = max(abs(value) for value in values if value is not None)
        if largest > (2**53 if n_missing else 2**63 - 1):
            return pd.Series(objects(None if v is None else digits(v) for v in values), index=index, dtype=object)
        if not n_missing:
            return pd.Series(values.astype("int64"), index=index)
    return pd.Series([np.nan if value is None else as_float(value) for value in values], index=index, dtype=np.float64)


# --------------------------------------------------------------------------- cells


# --------------------------------------------------------------------------- texts


def _cleaned(column: pd.Series) -> tuple[pd.Series, Note]:
    """A column of text without NULs and lone surrogates, and in how many cells there were any."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        cells = pa.array(column, pa.large_string(), from_pandas=True)
        note = Note(nulls=int(pc.sum(pc.match_substring(cells, "\0")).as_py() or 0))
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        texts = [value for value in column if isinstance(value, str)]
        note = Note(nulls=sum("\0" in text for text in texts), halves=sum(not is_text(text) for text in texts))
    if note == AS_IT_WAS:
        return column, note
    import pandas as pd

    made = [clean(value) if isinstance(value, str) else value for value in column]
    return pd.Series(_nones(objects(made)), index=column.index, dtype=object), note
