"""A table file of any supported format → a frame."""

from __future__ import annotations

import io
import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.errors import DataError
from automl.intake import delimited
from automl.intake.files import as_text
from automl.intake.frames import from_columns, from_records, tidy
from automl.intake.raw import Hints, listed
from automl.records import Finding

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read"]


def read(data: bytes, form: str, name: str, hints: Hints) -> tuple[pd.DataFrame, Any, tuple[Finding, ...]]:
    """Read one table.

    Args:
        data: the file's bytes, decompressed. form: "delimited", "json", "parquet", "feather" or "excel".
        name: of the file, for messages.

    Returns:
        The frame (RangeIndex), positions of its rows in the file (None when all are there), findings.

    Raises:
        DataError: the file is damaged, empty or not a table.
    """
    if form == "delimited":
        frame, findings = delimited.read(data, name, hints)
        rows = None if _is_numbering(frame) else frame.index.to_numpy()
        frame, noticed = tidy(frame.reset_index(drop=True), name, clean=True)
        return frame, rows, findings + noticed
    findings = ()
    if form == "json":
        frame, findings = _json(data, name)
    elif form == "excel":
        frame, findings = _excel(data, name, hints)
    else:
        frame = _columnar(data, form, name)
    if len(frame) == 0 or frame.shape[1] == 0:
        raise DataError(f"{name} holds {len(frame)} rows and {frame.shape[1]} columns: expected a table with rows")
    frame, noticed = tidy(frame, name)
    return frame, None, findings + noticed


def _is_numbering(frame: pd.DataFrame) -> bool:
    return len(frame) == 0 or (frame.index[0] == 0 and frame.index[-1] == len(frame) - 1)


def _columnar(data: bytes, form: str, name: str) -> pd.DataFrame:
    """Parquet or Feather."""
    import pyarrow as pa

    try:
        if form == "parquet":
            from pyarrow import parquet

            table = parquet.ParquetFile(pa.BufferReader(data)).read()
        else:
            from pyarrow import feather

            table = feather.read_table(pa.BufferReader(data))
        # Arrow gives each column up as it becomes one of pandas: both at once would double the peak.
        frame: pd.DataFrame = table.to_pandas(split_blocks=True, self_destruct=True)
        del table
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(
            f"{name} cannot be read as {form} ({error}); write the file again or export it as CSV"
        ) from error
    return frame


def _json(data: bytes, name: str) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """JSON lines, a list of records, a dict of columns, or pandas' "split" layout."""
    text, findings = as_text(data, name)
    text = text.strip()
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg != "Extra data" and "\n" not in text:
            raise DataError(
                f"{name} cannot be read as JSON ({error}); expected a list of records or JSON lines"
            ) from error
        return from_records(_lines(text, name)), findings
    if isinstance(whole, dict) and {"columns", "data"} <= set(whole):
        import pandas as pd

        return pd.DataFrame(whole["data"], columns=whole["columns"]), findings
    if isinstance(whole, dict):
        lists = [value for value in whole.values() if isinstance(value, list)]
        records = [value for value in lists if value and isinstance(value[0], dict)]
        if len(records) == 1 and len(lists) == 1:
            whole = records[0]  # {"data": [{...}, ...], "schema": ...}
        elif whole and all(isinstance(value, dict) for value in whole.values()):
            import pandas as pd

            return pd.DataFrame({key: pd.Series(value) for key, value in whole.items()}).reset_index(
                drop=True
            ), findings
        else:
            return from_columns(whole, name), findings
    if not isinstance(whole, list) or not all(isinstance(record, dict) for record in whole):
        raise DataError(
            f"{name} holds JSON that is no table: expected a list of records, JSON lines or a dict of columns"
        )
    return from_records(whole), findings


def _lines(text: str, name: str) -> list[dict[str, Any]]:
    records = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise DataError(
                f"{name}, line {number}: not valid JSON ({error.msg}); expected one record a line"
            ) from error
        if not isinstance(record, dict):
            raise DataError(f'{name}, line {number}: expected a record such as {{"price": 3}}, got {line[:60]!r}')
        records.append(record)
    return records


def _excel(data: bytes, name: str, hints: Hints) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """The first sheet with cells; text cells are read as in CSV, so that "00123" stays text."""
    import zipfile

    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            sheets = {sheet.title: _cells(sheet) for sheet in book.worksheets}
            book.close()
        except (zipfile.BadZipFile, KeyError, ValueError, OSError, TypeError, AttributeError, SyntaxError) as error:
            raise DataError(f"{name} cannot be read as Excel ({error}); open it and save it as .xlsx or CSV") from error
    filled = [title for title, rows in sheets.items() if len(rows) > 1]
    if not filled:
        raise DataError(f"{name} has no sheet with a header and rows; its sheets are {listed(sheets)}")
    findings: tuple[Finding, ...] = ()
    if len(filled) > 1:
        message = f"{name} has {len(filled)} sheets with rows; {filled[0]!r} was read, not {listed(filled[1:])}."
        findings = (Finding("several_sheets", "medium", message, "Save the sheet you mean as a file of its own."),)
    header, *rows = sheets[filled[0]]
    names = [str(cell).strip() if cell is not None else f"Unnamed: {i}" for i, cell in enumerate(header)]
    columns = [
        _column(list(column), title, hints) for column, title in zip(zip(*rows, strict=True), names, strict=True)
    ]
    import pandas as pd

    frame = pd.concat(columns, axis=1)
    frame.columns = pd.Index(names)
    return frame, findings


def _cells(sheet: Any) -> list[tuple[Any, ...]]:
    """Rows of a sheet without its empty rows and trailing empty columns."""
    sheet.reset_dimensions()
    rows = [row for row in sheet.iter_rows(values_only=True) if any(cell is not None for cell in row)]
    width = max((i + 1 for row in rows for i, cell in enumerate(row) if cell is not None), default=0)
    return [(*row, *[None] * (width - len(row)))[:width] for row in rows]


def _column(values: list[Any], name: str, hints: Hints) -> pd.Series:
    import pandas as pd

    if not any(isinstance(value, str) for value in values):
        return pd.Series(values, dtype=object).infer_objects()
    if any(value is not None and not isinstance(value, str) for value in values):
        mixed = [None if isinstance(value, str) and value.strip() in {"", "#N/A", "NaN"} else value for value in values]
        return pd.Series(mixed, dtype=object)
    import pyarrow as pa

    from automl.intake.cells import typed_frame

    table = pa.table({"f0": pa.chunked_array([pa.array([value or "" for value in values], pa.large_string())])})
    return typed_frame(table, [name], ",", hints)[0].iloc[:, 0]


def is_table(path: Path) -> bool:
    """Whether a path's name is that of a table file, compressed or not."""
    from automl.intake.files import COMPRESSIONS, TABLE_SUFFIXES

    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in COMPRESSIONS:
        suffixes = suffixes[:-1]
    return bool(suffixes) and suffixes[-1] in TABLE_SUFFIXES
