"""An Excel workbook → a frame of the sheet that holds the table."""

from __future__ import annotations

import io
import math
import warnings
import zipfile
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from automl.errors import DataError
from automl.intake.delimited import repeated_finding, without_empty
from automl.intake.limits import MIB, refuse_beyond
from automl.intake.raw import Hints, listed, nearest
from automl.intake.sheets import Sheet, merged_ranges, parse_sheet
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
NEARLY = 0.5
"""Of the largest table's cells: the first sheet of so many is taken."""


def read(data: bytes, name: str, hints: Hints, limit_mib: float = math.inf) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Read the sheet that was asked for, that holds the target, or whose table is the largest.

    Text cells are read as in CSV, so that "00123" stays text. Merged cells are filled.

    Args:
        data: the file's bytes.
        name: of the file, for messages.
        hints: what is known of it.
        limit_mib: that reading it may take.

    Returns:
        The frame, and what was noticed.

    Raises:
        DataError: damaged, without rows, more than may be held, with definitions of its own in its XML, or without the
            sheet that was asked for.
    """
    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, warnings.catch_warnings():
            _check_parts(archive, name, limit_mib)
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            sheets = [_sheet(archive, sheet, name, limit_mib) for sheet in book.worksheets]
            book.close()
    except (DataError, MemoryError):
        raise
    except Exception as error:  # openpyxl raises many kinds on a damaged file
        cause = error if str(error) else type(error).__name__
        raise DataError(f"{name} cannot be read as Excel ({cause}); open it and save it as .xlsx or CSV") from error
    sheet, findings = _chosen(sheets, name, hints)
    frame, noticed = _frame(sheet, name, hints)
    return frame, findings + noticed


def _check_parts(archive: zipfile.ZipFile, name: str, limit_mib: float) -> None:
    """Refuse a workbook whose parts are too large, or whose XML defines words that stand for others."""
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


def _sheet(archive: zipfile.ZipFile, sheet: Any, name: str, limit_mib: float) -> Sheet:
    """A sheet's rows without its trailing empty columns; of several empty rows one stays."""
    sheet.reset_dimensions()
    rows: list[list[Any]] = []
    numbers: list[int] = []
    n_cells = width = 0
    for number, row in enumerate(sheet.iter_rows(values_only=True)):
        if number > MOST_ROWS:
            raise DataError(f"{name} has a row beyond {MOST_ROWS:,}, where a sheet ends; save it again as .xlsx or CSV")
        own = next((i + 1 for i in range(len(row) - 1, -1, -1) if row[i] is not None), 0)
        if not own and not (rows and rows[-1]):
            continue
        width, n_cells = max(width, own), n_cells + own
        rows.append(list(row[:own]))
        numbers.append(number)
        if CELL_BYTES * max(n_cells, width * len(rows)) > limit_mib * MIB:
            refuse_beyond(name, CELL_BYTES * width * len(rows), limit_mib, f"{width:,} columns and so many rows")
    ranges = merged_ranges(archive, str(getattr(sheet, "_worksheet_path", "")))
    return parse_sheet(sheet.title, rows, numbers, ranges, sheet.sheet_state != "visible")


# --------------------------------------------------------------------------- which sheet


def _chosen(sheets: list[Sheet], name: str, hints: Hints) -> tuple[Sheet, tuple[Finding, ...]]:
    """The sheet to read, and what is to be said of the others."""
    if hints.sheet:
        return _named(sheets, name, hints.sheet), ()
    filled = [sheet for sheet in sheets if sheet.n_rows > 1]
    if not filled:
        raise DataError(f"{name} has no sheet with a header and rows; its sheets are {listed(s.title for s in sheets)}")
    wanted = {sheet.title: len(set(hints.wanted) & set(sheet.heading(name, hints).names)) for sheet in filled}
    best = [sheet for sheet in filled if wanted[sheet.title] == max(wanted.values())]
    best = [sheet for sheet in best if not sheet.is_hidden] or best
    sizes = {sheet.title: sheet.n_cells(name, hints) for sheet in best}
    chosen = next(sheet for sheet in best if sizes[sheet.title] >= NEARLY * max(sizes.values()))
    others = [sheet.title for sheet in filled if sheet is not chosen]
    if not others:
        return chosen, ()
    why = "the first" if chosen is filled[0] else "its table is the largest"
    why = "it has the names that are asked for" if len(best) < len(filled) and wanted[chosen.title] else why
    message = f"{name} has {len(filled)} sheets with rows; {chosen.title!r} was read ({why}), not {listed(others)}."
    step = f"To read another, write its name behind the file's: '{name}#{others[0]}'."
    return chosen, (Finding("several_sheets", "medium", message, step),)


def _named(sheets: list[Sheet], name: str, title: str) -> Sheet:
    own = [sheet for sheet in sheets if sheet.title == title]
    own = own or [sheet for sheet in sheets if sheet.title.strip().lower() == title.strip().lower()]
    if not own:
        titles = [sheet.title for sheet in sheets]
        raise DataError(f"{name} has no sheet {title!r}; its sheets are {listed(titles)}{nearest(title, titles)}")
    if own[0].n_rows < 2:
        raise DataError(f"the sheet {own[0].title!r} of {name} has no header and rows; name another")
    return own[0]


# --------------------------------------------------------------------------- its cells


def _frame(sheet: Sheet, name: str, hints: Hints) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    import pandas as pd

    heading = sheet.heading(name, hints)
    rows, n_repeated, below = sheet.body(heading, name)
    if not rows:
        raise DataError(f"the sheet {sheet.title!r} of {name} holds a header and no rows: expected rows below it")
    names = heading.names
    columns = [
        _column(list(column), title, hints) for column, title in zip(zip(*rows, strict=True), names, strict=True)
    ]
    frame = pd.concat(columns, axis=1)
    frame.columns = pd.Index(names)
    frame, emptied = without_empty(frame, name)
    again = (repeated_finding(name, (), n_repeated),) if n_repeated else ()
    return frame, (*heading.findings, *below, *again, *sheet.merged(heading, name), *emptied)


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
