"""Frames of any library and of any column type → a plain pandas frame that the rest of automl understands."""

from __future__ import annotations

import datetime
import decimal
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from automl.errors import DataError
from automl.intake.raw import listed
from automl.records import Finding

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["as_frame", "from_columns", "from_records", "is_frame", "tidy"]

FEW_ROWS = 64


class Note(NamedTuple):
    """What was done to a column: a time zone dropped; cells without their NULs, or without half characters, now."""

    zoned: bool = False
    nulls: int = 0
    halves: int = 0


AS_IT_WAS = Note()


def is_frame(data: Any) -> bool:
    """Whether something is a table of pandas, polars or pyarrow (asked by name: none is imported for it)."""
    kind = type(data)
    library = kind.__module__.partition(".")[0]
    return library in {"pandas", "polars", "pyarrow"} and kind.__name__ in {"DataFrame", "LazyFrame", "Table"}


def as_frame(data: Any) -> pd.DataFrame:
    """A pandas frame of a pandas, polars or pyarrow table."""
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        return data
    if type(data).__name__ == "LazyFrame":
        data = data.collect()
    if type(data).__module__.startswith("polars"):
        return pd.DataFrame({name: _polars_column(data[name]) for name in data.columns}, columns=data.columns)
    frame: pd.DataFrame = data.to_pandas()
    return frame


def _polars_column(column: Any) -> Any:
    if str(column.dtype) in {"String", "Categorical", "Object"} or str(column.dtype).startswith(
        ("List", "Struct", "Enum")
    ):
        return np.array([*column.to_list(), None], dtype=object)[:-1]
    return column.to_pandas()


def from_columns(columns: Mapping[Any, Any], where: str) -> pd.DataFrame:
    """A frame of a mapping from name to column; scalars make one row."""
    import pandas as pd

    lengths = {
        str(name): len(values)
        for name, values in columns.items()
        if hasattr(values, "__len__") and not isinstance(values, str | bytes | Mapping) and np.ndim(values) != 0
    }
    if not lengths:
        return from_records([columns])
    if len(lengths) < len(columns) or len(set(lengths.values())) > 1:
        raise DataError(
            f"{where}: the columns of a dict must be of one length, got {lengths}"
            + (f" and single values in {listed(c for c in map(str, columns) if c not in lengths)}" if lengths else "")
        )
    made = {}
    for name, values in columns.items():
        if np.ndim(values) > 1 and not isinstance(values, list | tuple):
            raise DataError(
                f"{where}: column {str(name)!r} has {np.ndim(values)} dimensions, expected 1; "
                "pass images or sequences as a pair (X, y)"
            )
        made[name] = values.to_list() if type(values).__module__.startswith("polars") else values
        if hasattr(values, "reset_index"):
            made[name] = values.reset_index(drop=True)
        elif isinstance(made[name], tuple):
            made[name] = list(made[name])
    return pd.DataFrame({name: _series(values) for name, values in made.items()})


def _series(values: Any) -> pd.Series:
    """A series whose strings may hold lone surrogates, which pandas' own string type cannot (see `tidy`)."""
    import pandas as pd

    try:
        return pd.Series(values)
    except UnicodeEncodeError:
        return pd.Series(values, dtype=object)


def from_records(records: list[Any]) -> pd.DataFrame:
    """A frame of a list of mappings; nested mappings become columns "outer.inner"."""
    import pandas as pd

    if any(isinstance(value, Mapping) for record in records[:1000] for value in record.values()):
        return pd.json_normalize(list(records))
    names = list(dict.fromkeys(name for record in records for name in record))
    columns = {name: _series([record.get(name) for record in records]) for name in names}
    return pd.DataFrame(columns, columns=names)


def tidy(frame: pd.DataFrame, where: str, clean: bool = False) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Unique text names, a RangeIndex, and columns of plain types; what had to be changed is reported.

    A named or dated index becomes a column (it often is the time). Lists and dicts become JSON text; dates lose
    their time zone (in UTC); intervals become text; NUL characters are removed, lone surrogates become "?".

    Args:
        clean: the columns come from our own text reader, which has done the latter already.
    """
    import pandas as pd

    frame = _with_index(frame)
    names, findings = _unique(frame.columns, where)
    if not clean and not _few_and_plain(frame):
        columns, notes = [], {}
        for i, name in enumerate(names):
            column, notes[name] = _plain(frame.iloc[:, i])
            columns.append(column)
        frame = pd.concat(columns, axis=1) if columns else frame
        findings += _noted(notes)
    else:
        frame = frame.copy(deep=False)
    frame.columns = pd.Index(names, dtype=object)
    return frame.reset_index(drop=True), findings


def _few_and_plain(frame: pd.DataFrame) -> bool:
    """Whether all columns of a few rows are plain already: looking at each in turn takes longer than predicting."""
    import pandas as pd

    if len(frame) > FEW_ROWS:
        return False
    for dtype in frame.dtypes:
        if not (dtype.kind in "biuf" and isinstance(dtype, np.dtype)) and not (
            isinstance(dtype, pd.StringDtype) and dtype.na_value is not pd.NA
        ):
            return False
    cells = frame.to_numpy(dtype=object).ravel().tolist()
    return not any(isinstance(cell, str) and ("\0" in cell or not _is_text(cell)) for cell in cells)


def _noted(notes: Mapping[str, Note]) -> tuple[Finding, ...]:
    findings = []
    if zoned := [name for name, note in notes.items() if note.zoned]:
        message = f"Times with a zone were read as UTC in {listed(zoned, 5)}."
        step = "Add the local hour as a column of its own if it matters."
        findings.append(Finding("time_zone", "low", message, step, columns=tuple(zoned), count=len(zoned)))
    step = "Check how these cells were written."
    if nulls := {name: note.nulls for name, note in notes.items() if note.nulls}:
        count = sum(nulls.values())
        message = f"NUL characters were removed from {count} cells of {listed(nulls, 5)}."
        findings.append(Finding("nul_characters", "low", message, step, columns=tuple(nulls), count=count))
    if halves := {name: note.halves for name, note in notes.items() if note.halves}:
        count = sum(halves.values())
        message = (
            f"Halves of characters (lone surrogates) were replaced by '?' in {count} cells of {listed(halves, 5)}."
        )
        findings.append(Finding("lone_surrogates", "low", message, step, columns=tuple(halves), count=count))
    return tuple(findings)


def _with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """An index that says something (a name, dates) becomes columns; a mere numbering is dropped."""
    import pandas as pd

    index = frame.index
    if isinstance(index, pd.MultiIndex):
        labels = [str(name) if name is not None else f"level_{i}" for i, name in enumerate(index.names)]
        levels = {label: index.get_level_values(i) for i, label in enumerate(labels)}
    elif isinstance(index, pd.DatetimeIndex | pd.PeriodIndex) or (index.name is not None and index.name not in frame):
        label = str(index.name) if index.name is not None else "time"
        levels = {label: index}
    else:
        return frame.reset_index(drop=True)
    levels = {label: level for label, level in levels.items() if label not in frame.columns}
    dated = pd.DataFrame({label: pd.Series(level.array) for label, level in levels.items()})
    return pd.concat([dated, frame.reset_index(drop=True)], axis=1)


def _unique(columns: Any, where: str) -> tuple[list[str], tuple[Finding, ...]]:
    """Names as text; the later of equal ones get a number ("price.1")."""
    names = [".".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in columns]
    seen, renamed, used = set(names), [], set[str]()
    for i, name in enumerate(names):
        if name in used:
            number = 1
            while f"{name}.{number}" in seen:
                number += 1
            renamed.append(name)
            names[i] = f"{name}.{number}"
            seen.add(names[i])
        used.add(names[i])
    if not renamed:
        return names, ()
    again = list(dict.fromkeys(renamed))
    message = (
        f"Several columns of {where} have the same name ({listed(again)}); the later ones are called 'name.1', ..."
    )
    step = "Give each column a name of its own."
    return names, (Finding("duplicate_columns", "medium", message, step, columns=tuple(again), count=len(renamed)),)


def _plain(column: pd.Series) -> tuple[pd.Series, Note]:
    """A column of a plain type, and what was done."""
    import pandas as pd

    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype) and isinstance(dtype.categories.dtype, pd.IntervalDtype):
        column = column.cat.rename_categories([str(category) for category in dtype.categories])
    if isinstance(dtype, pd.IntervalDtype):
        column = column.astype(object)
    elif isinstance(dtype, pd.CategoricalDtype | pd.SparseDtype):
        values = np.asarray(column)
        column = pd.Series(values if values.dtype != object else _nones(values), index=column.index)
    elif isinstance(dtype, pd.PeriodDtype):
        return column.dt.to_timestamp(), AS_IT_WAS
    elif isinstance(dtype, pd.ArrowDtype):
        import pyarrow as pa

        column = pd.Series(pa.array(column.array).to_pandas(), index=column.index)
    elif isinstance(dtype, pd.StringDtype) and dtype.na_value is pd.NA:
        column = pd.Series(_nones(column.to_numpy(dtype=object)), index=column.index, dtype=object)
    elif pd.api.types.is_extension_array_dtype(dtype) and hasattr(dtype, "numpy_dtype"):
        column = _nullable(column, dtype)
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return column.dt.tz_convert("UTC").dt.tz_localize(None), Note(zoned=True)
    if column.dtype.kind == "m":
        return column.dt.total_seconds(), AS_IT_WAS
    if column.dtype.kind == "c":
        raise DataError(
            f"column {column.name!r} holds complex numbers; pass its real and imaginary parts as two columns"
        )
    if column.dtype == object:
        return _plain_objects(column)
    if isinstance(column.dtype, pd.StringDtype):
        return _cleaned(column)
    return column, AS_IT_WAS


def _nones(values: Any) -> Any:
    """Object values with every kind of missing as None."""
    import pandas as pd

    values = np.array(values, dtype=object)
    values[pd.isna(values)] = None
    return values


def _nullable(column: pd.Series, dtype: Any) -> pd.Series:
    import pandas as pd

    if not column.isna().any():
        return column.astype(dtype.numpy_dtype)
    if dtype.numpy_dtype.kind == "b":
        return pd.Series(_nones(column.to_numpy(dtype=object)), index=column.index, dtype=object)
    return pd.Series(column.to_numpy(dtype="float64", na_value=np.nan), index=column.index)


def _plain_objects(column: pd.Series) -> tuple[pd.Series, Note]:
    """Columns of Python objects: one plain type where all are of one, else left as they are."""
    import pandas as pd

    values = _nones(column.to_numpy(dtype=object))
    present = values[[value is not None for value in values]]
    kinds = set(map(type, present))
    if not kinds:
        return pd.Series(np.full(len(values), np.nan), index=column.index), AS_IT_WAS
    if kinds <= {str}:
        return _cleaned(pd.Series(values, index=column.index, dtype=object))
    if kinds <= {int, float, bool, np.float64, np.float32, np.int64, np.int32, decimal.Decimal}:
        return _plain_numbers(values, kinds, column.index), AS_IT_WAS
    if kinds <= {datetime.date, datetime.datetime, pd.Timestamp}:
        dated = pd.to_datetime(pd.Series(values, index=column.index), errors="coerce", utc=True)
        return dated.dt.tz_localize(None), AS_IT_WAS
    plain = np.array([_as_plain(value) for value in values] + [None], dtype=object)[:-1]
    return _cleaned(pd.Series(plain, index=column.index, dtype=object))


def _plain_numbers(values: Any, kinds: set[type], index: Any) -> pd.Series:
    import pandas as pd

    if bool in kinds and len(kinds) > 1:
        return pd.Series(values, index=index, dtype=object)
    n_missing = sum(value is None for value in values)
    if kinds == {bool}:
        return pd.Series(values, index=index, dtype=object if n_missing else bool)
    whole = kinds <= {int, np.int64, np.int32}
    if whole and max(abs(int(value)) for value in values if value is not None) > (2**53 if n_missing else 2**63 - 1):
        return pd.Series([None if v is None else str(v) for v in values], index=index, dtype=object)
    if whole and not n_missing:
        return pd.Series(values.astype("int64"), index=index)
    return pd.Series([np.nan if value is None else float(value) for value in values], index=index)


def _as_plain(value: Any) -> Any:
    import pandas as pd

    if isinstance(value, pd.Interval):
        return str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, set | frozenset):
        value = sorted(value, key=str)
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, np.generic):
        return value.item()
    return value


def _cleaned(column: pd.Series) -> tuple[pd.Series, Note]:
    """A column of text without NULs and lone surrogates, and in how many cells there were any."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        cells = pa.array(column, pa.large_string(), from_pandas=True)
        note = Note(nulls=int(pc.sum(pc.match_substring(cells, "\0")).as_py() or 0))
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        texts = [value for value in column if isinstance(value, str)]
        note = Note(nulls=sum("\0" in text for text in texts), halves=sum(not _is_text(text) for text in texts))
    if note == AS_IT_WAS:
        return column, note
    import pandas as pd

    made = [_clean(value) if isinstance(value, str) else value for value in column]
    return pd.Series(_nones(made), index=column.index, dtype=object), note


def _is_text(value: str) -> bool:
    """Whether it can be written as UTF-8 (lone surrogates cannot)."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _clean(value: str) -> str:
    return value.replace("\0", "").encode("utf-8", errors="replace").decode("utf-8")
