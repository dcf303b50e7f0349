"""An Excel workbook's first filled sheet → a frame."""

from __future__ import annotations

import io
import math
import warnings
import zipfile
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from automl.errors import DataError
from automl.intake.limits import MIB, refuse_beyond
from automl.intake.raw import Hints, listed
from automl.records import Finding

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read"]

GROWTH = 8
"""From the text of a workbook's parts to Python objects."""
CELL_BYTES = 60
MOST_ROWS = 1_048_576
"""Of a sheet, by Excel's own rule; a row's number in the file is anybody's to choose."""
PIECE_BYTES = 1 << 16
XML = (".xml", ".rels")


def read(data: bytes, name: str, hints: Hints, limit_mib: float = math.inf) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Read the first sheet with cells; text cells are read as in CSV, so that "00123" stays text.

    Args:
        data: the file's bytes.
        name: of the file, for messages.
        hints: what is known of it.
        limit_mib: that reading it may take.

    Returns:
        The frame, and what was noticed.

    Raises:
        DataError: damaged, without rows, more than may be held, or with definitions of its own in its XML.
    """
    import openpyxl
    import pandas as pd

    try:
        _check_parts(data, name, limit_mib)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            sheets = {sheet.title: _cells(sheet, name, limit_mib) for sheet in book.worksheets}
            book.close()
    except (DataError, MemoryError):
        raise
    except Exception as error:  # openpyxl raises many kinds on a damaged file
        cause = error if str(error) else type(error).__name__
        raise DataError(f"{name} cannot be read as Excel ({cause}); open it and save it as .xlsx or CSV") from error
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
    frame = pd.concat(columns, axis=1)
    frame.columns = pd.Index(names)
    return frame, findings


def _check_parts(data: bytes, name: str, limit_mib: float) -> None:
    """Refuse a workbook whose parts are too large, or whose XML defines words that stand for others."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = archive.infolist()
        refuse_beyond(name, GROWTH * sum(info.file_size for info in infos), limit_mib, "its sheets and texts")
        for info in infos:
            if info.filename.endswith(XML):
                _refuse_definitions(archive, info, name)


def _refuse_definitions(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> None:
    """No workbook needs a document type; one whose entities stand for one another fills any memory."""

    def refuse(*_: Any) -> None:
        raise DataError(
            f"{name} cannot be read as Excel (its part {info.filename!r} defines a document type, as no workbook does);"
            " open it and save it as .xlsx or CSV"
        )

    begun = []
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = lambda *_: begun.append(True)
    with archive.open(info) as part:
        while not begun and (piece := part.read(PIECE_BYTES)):
            parser.Parse(piece, False)


def _cells(sheet: Any, name: str, limit_mib: float) -> list[tuple[Any, ...]]:
    """Rows of a sheet without its empty rows and trailing empty columns."""
    sheet.reset_dimensions()
    rows, n_cells, width = [], 0, 0
    for number, row in enumerate(sheet.iter_rows(values_only=True)):
        if number > MOST_ROWS:
            raise DataError(f"{name} has a row beyond {MOST_ROWS:,}, where a sheet ends; save it again as .xlsx or CSV")
        own = next((i + 1 for i in range(len(row) - 1, -1, -1) if row[i] is not None), 0)
        if not own:
            continue
        width, n_cells = max(width, own), n_cells + own
        rows.append(row[:own])
        if CELL_BYTES * max(n_cells, width * len(rows)) > limit_mib * MIB:
            refuse_beyond(name, CELL_BYTES * width * len(rows), limit_mib, f"{width:,} columns and so many rows")
    return [(*row, *[None] * (width - len(row))) for row in rows]


def _column(values: list[Any], name: str, hints: Hints) -> pd.Series:
    import pandas as pd

    if not any(isinstance(value, str) for value in values):
        return pd.Series(values, dtype=object)
    if any(value is not None and not isinstance(value, str) for value in values):
        mixed = [None if isinstance(value, str) and value.strip() in {"", "#N/A", "NaN"} else value for value in values]
        return pd.Series(mixed, dtype=object)
    import pyarrow as pa

    from automl.intake.cells import typed_frame

    cells = [(value or "").encode("utf-8", "replace").decode("utf-8") for value in values]
    table = pa.table({"f0": pa.chunked_array([pa.array(cells, pa.large_string())])})
    return typed_frame(table, [name], ",", hints)[0].iloc[:, 0]
