"""Frames of any library and of any column type → a plain pandas frame that the rest of automl understands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from automl.errors import DataError
from automl.intake.cell_types import Note, dimensions, framed, is_plain, objects, plain
from automl.intake.cell_values import cause, is_text, label
from automl.intake.columnar import plain_frame
from automl.intake.inline import may_be_picture
from automl.intake.limits import refuse_beyond, refuse_columns, whole_mib
from automl.intake.raw import listed
from automl.records import Finding

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["as_frame", "as_series", "from_columns", "from_records", "is_frame", "library_of", "tidy"]

LIBRARIES = frozenset({"pandas", "polars", "pyarrow"})
FRAMES = frozenset({"DataFrame", "LazyFrame", "Table", "RecordBatch"})
COLUMNS = frozenset({"Series", "ChunkedArray", "Array"})
CONVERTERS = ("to_pandas", "_to_pandas", "toPandas", "to_pandas_df", "compute")
"""Of Modin, cuDF, Spark, Vaex and Dask."""
FEW_ROWS = 64
MANY_COLUMNS, SHORT_ROWS = 64, 10_000
"""From so many columns of numbers on, those of a short table are taken together."""
RECORD_CELL_BYTES = 16
FEW_CHARACTERS, SMALL_BYTES = 1_000, 1 << 26


def is_frame(data: Any) -> bool:
    """Whether something is a table of pandas, polars, pyarrow, a class derived from one, or of a library that makes
    frames of pandas (asked by name: none is imported for it).
    """
    return _frame_of(data) is not None or _converter(data) is not None


def as_series(data: Any) -> pd.Series | None:
    """A plain column of pandas of one of pandas, polars, or a library that makes columns of pandas; None of others."""
    import pandas as pd

    if isinstance(data, pd.Series):
        return data if type(data) is pd.Series else pd.Series(data)
    libraries = [library for library, name in _bases(data) if name == "Series"]
    if "polars" in libraries:
        return pd.Series(_polars_column(data), name=data.name or None)
    method = next((name for name in CONVERTERS if libraries and callable(getattr(type(data), name, None))), None)
    return None if method is None else as_series(getattr(data, method)())


def _bases(data: Any) -> list[tuple[str, str]]:
    """Library and name of a value's class and of those that it is derived from."""
    return [(kind.__module__.partition(".")[0], kind.__name__) for kind in type(data).__mro__]


def _frame_of(data: Any) -> str | None:
    """The library whose table something is, or is derived from."""
    for library, name in _bases(data):
        if library in LIBRARIES and name in FRAMES:
            return library
    return None


def library_of(data: Any) -> str | None:
    """The library of a table or a column: "pandas", "polars" or "pyarrow"; None of anything else."""
    known = [library for library, name in _bases(data) if library in LIBRARIES and name in COLUMNS]
    return _frame_of(data) or (known[0] if known else None)


def _converter(data: Any) -> str | None:
    """The method by which a table of another library makes one of pandas."""
    if isinstance(data, Mapping | list | tuple | str) or not hasattr(type(data), "columns"):
        return None
    return next((method for method in CONVERTERS if callable(getattr(type(data), method, None))), None)


def as_frame(data: Any) -> pd.DataFrame:
    """A plain pandas frame of any table that `is_frame` has found.

    Raises:
        DataError: its own library cannot convert it.
    """
    import pandas as pd

    library = _frame_of(data)
    if isinstance(data, pd.DataFrame):
        return data if type(data) is pd.DataFrame else pd.DataFrame(data)
    try:
        if library is None:
            return as_frame(getattr(data, str(_converter(data)))())
        if hasattr(data, "collect"):
            data = data.collect()
        if library == "polars":
            return framed({name: _polars_column(data[name]) for name in data.columns})
        return plain_frame(_table(data), spend=False)
    except (DataError, MemoryError):
        raise
    except Exception as error:  # other libraries raise many kinds
        raise DataError(f"the table cannot be read ({cause(error)}); pass it as a frame of pandas") from error


def _table(data: Any) -> Any:
    """A table of Arrow, of a batch of rows too."""
    import pyarrow as pa

    return pa.Table.from_batches([data]) if isinstance(data, pa.RecordBatch) else data


def _polars_column(column: Any) -> Any:
    if str(column.dtype).startswith(("Int", "UInt", "Float", "Boolean", "Date", "Enum")):
        try:
            return column.alias("").to_pandas()  # a NUL in its name would end the process: Arrow's names are C strings
        except Exception:  # numbers of more bytes, dates beyond what pandas holds
            pass
    return objects(column.to_list())


def from_columns(columns: Mapping[Any, Any], where: str) -> pd.DataFrame:
    """A frame of a mapping from name to column; scalars make one row."""
    import pandas as pd

    lengths = {label(name): len(values) for name, values in columns.items() if _is_column(values)}
    if not lengths:
        return from_records([columns])
    if len(lengths) < len(columns) or len(set(lengths.values())) > 1:
        raise DataError(
            f"{where}: the columns of a dict must be of one length, got {lengths}"
            + (f" and single values in {listed(c for c in map(label, columns) if c not in lengths)}" if lengths else "")
        )
    made = {}
    for name, values in columns.items():
        if not isinstance(values, list | tuple) and dimensions(values) > 1:
            raise DataError(
                f"{where}: column {label(name)!r} has {dimensions(values)} dimensions, expected 1; "
                "pass images or sequences as a pair (X, y)"
            )
        made[name] = values.reset_index(drop=True) if isinstance(values, pd.Series) else values
    return framed({name: list(values) if isinstance(values, tuple) else values for name, values in made.items()})


def _is_column(values: Any) -> bool:
    """Whether it holds cells, and is no single value."""
    if isinstance(values, str | bytes | Mapping):
        return False
    try:
        return len(values) >= 0 and dimensions(values) != 0
    except Exception:  # it has no length, or a class of its own that fails
        return False


def from_records(records: list[Any]) -> pd.DataFrame:
    """A frame of a list of mappings; nested mappings become columns "outer.inner".

    Raises:
        DataError: they are nested without end, or have so many different names that the table cannot be held.
    """

    if any(isinstance(value, Mapping) for record in records[:1000] for value in record.values()):
        try:
            records = [_flat(record) for record in records]
        except RecursionError as error:
            raise DataError("records are nested too deeply to be a table; flatten them first") from error
    names = list(dict.fromkeys(name for record in records for name in record))
    refuse_columns("the table of these records", len(names))
    n_bytes = RECORD_CELL_BYTES * len(names) * len(records)
    why = f"{len(records):,} records with {len(names):,} different names"
    refuse_beyond("the table of these records", n_bytes, whole_mib(None), why)
    return framed({name: [record.get(name) for record in records] for name in names})


def _flat(record: Mapping[Any, Any], outer: str | None = None) -> dict[Any, Any]:
    """A record whose own values come first, and those of mappings in it after them."""
    own, inner = {}, {}
    for name, value in record.items():
        full = name if outer is None else f"{outer}.{label(name)}"
        if isinstance(value, Mapping) and not may_be_picture(value):
            inner.update(_flat(value, label(full)))
        else:
            own[full] = value
    return {**own, **inner}


def tidy(frame: pd.DataFrame, where: str, clean: bool = False) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Unique text names, a RangeIndex, and columns of plain types; what had to be changed is reported.

    A named or dated index becomes a column (it often is the time). Lists and dicts become JSON text; dates lose
    their time zone (in UTC); intervals become text; NUL characters are removed, lone surrogates become "?".

    Args:
        frame: of any column types.
        where: for messages.
        clean: the columns come from our own text reader, which has done the latter already.

    Raises:
        DataError: a column holds complex numbers, or there are too many columns.
    """
    import pandas as pd

    refuse_columns(where, frame.shape[1])
    _refuse_expansion(frame, where)
    frame = _with_index(frame.set_axis(pd.Index(list(map(label, frame.columns)), dtype=object), axis=1))
    names, findings = _unique(frame.columns, where)
    if not clean and not _few_and_plain(frame):
        notes: dict[str, Note] = {}
        columns: dict[int, pd.Series] = {}
        stored = [i for i, dtype in enumerate(frame.dtypes.tolist()) if is_plain(dtype)]
        stored = stored if len(stored) >= MANY_COLUMNS and len(frame) <= SHORT_ROWS else []
        for i in sorted({*range(len(names))} - {*stored}):
            columns[i], notes[names[i]] = plain(frame.iloc[:, i])
        made = pd.concat(list(columns.values()), axis=1, keys=list(columns)) if columns else frame.iloc[:, :0]
        if stored:  # numbers stay as they are, in one block of each type
            rest = frame.iloc[:, stored].copy().set_axis(stored, axis=1)
            made = pd.concat([rest, made], axis=1)[list(range(len(names)))]
        frame = made if names else frame
        findings += _findings_of(notes)
    else:
        frame = frame.copy(deep=False)
    frame.columns = pd.Index(names, dtype=object)
    return frame.reset_index(drop=True), findings


def _refuse_expansion(frame: pd.DataFrame, where: str) -> None:
    """Refuse columns that hold what comes back once, and would not fit written out."""
    import pandas as pd

    n_bytes = 0.0
    for place, dtype in enumerate(frame.dtypes):
        if isinstance(dtype, pd.SparseDtype):
            n_bytes += 8.0 * len(frame)
        elif isinstance(dtype, pd.CategoricalDtype) and (longest := _longest(dtype.categories)) > FEW_CHARACTERS:
            n_bytes += float(longest) * int((frame.iloc[:, place].cat.codes.to_numpy() >= 0).sum())
    if n_bytes > SMALL_BYTES:
        refuse_beyond(where, n_bytes, whole_mib(None), "sparse columns and categories, once they are written out")


def _longest(categories: Any) -> int:
    """Characters of the longest category that is text."""
    return max((len(category) for category in categories if isinstance(category, str)), default=0)


def _few_and_plain(frame: pd.DataFrame) -> bool:
    """Whether all columns of a few rows are plain already: looking at each in turn takes longer than predicting."""
    import pandas as pd

    if len(frame) > FEW_ROWS:
        return False
    for dtype in frame.dtypes:
        if not is_plain(dtype) and not (isinstance(dtype, pd.StringDtype) and dtype.na_value is not pd.NA):
            return False
    cells = frame.to_numpy(dtype=object).ravel().tolist()
    return not any(isinstance(cell, str) and ("\0" in cell or not is_text(cell)) for cell in cells)


def _findings_of(notes: Mapping[str, Note]) -> tuple[Finding, ...]:
    findings = []
    if zoned := [name for name, note in notes.items() if note.zoned]:
        message = f"Times in {listed(zoned, 5)} have a zone; models read them in UTC."
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
    if held := {name: note.pictures for name, note in notes.items() if note.pictures}:
        count = sum(held.values())
        message = f"The cells of {listed(held, 5)} hold images ({count:,}) and are read as such."
        step = "Drop such a column to do without."
        findings.append(Finding("images_in_cells", "low", message, step, columns=tuple(held), count=count))
    if odd := {name: note.unreadable for name, note in notes.items() if note.unreadable}:
        count = sum(odd.values())
        message = f"{count:,} cells of {listed(odd, 5)} hold neither images nor text, and are read as empty."
        step = "Convert the bytes or arrays that they hold to numbers, text or images of 8 bits, or drop the column."
        findings.append(Finding("binary_cells", "high", message, step, columns=tuple(odd), count=count))
    return tuple(findings)


def _with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """An index that says something (a name, dates) becomes columns; a mere numbering is dropped."""
    import pandas as pd

    index = frame.index
    if isinstance(index, pd.MultiIndex):
        labels = [label(name) if name is not None else f"level_{i}" for i, name in enumerate(index.names)]
        levels = {name: index.get_level_values(i) for i, name in enumerate(labels)}
    elif isinstance(index, pd.DatetimeIndex | pd.PeriodIndex) or index.name is not None:
        levels = {label(index.name) if index.name is not None else "time": index}
    else:
        return frame.reset_index(drop=True)
    levels = {name: level for name, level in levels.items() if name not in frame.columns}
    if not levels:
        return frame.reset_index(drop=True)
    dated = pd.DataFrame({name: pd.Series(level.array) for name, level in levels.items()})
    return pd.concat([dated, frame.reset_index(drop=True)], axis=1)


def _unique(columns: Any, where: str) -> tuple[list[str], tuple[Finding, ...]]:
    """Names as text; the later of equal ones get a number ("price.1")."""
    names = list(columns)
    seen, renamed, used, numbers = set(names), [], set[str](), dict[str, int]()
    for i, name in enumerate(names):
        if name in used:
            number = numbers.get(name, 1)
            while f"{name}.{number}" in seen:
                number += 1
            numbers[name] = number
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
