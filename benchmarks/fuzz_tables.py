"""Tables of odd cells in all forms that `fuzz.py` gives: frames of several libraries, records and files."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from fuzz_cells import some

__all__ = ["FORMS", "as_series", "safe_text"]

DELIMITERS = (",", ",", ",", ",", ",", ";", "\t", "|", " ", ":", "\x01", "::")
ENCODINGS = (*["utf-8"] * 12, "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252", "utf-32", "shift_jis", "utf-7")
COMPRESSIONS: Mapping[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}


def safe_text(cell: Any) -> str:
    try:
        return str(cell)
    except Exception:
        return "spite"


def frame_of(columns: list[tuple[Any, str, Any]]) -> pd.DataFrame:
    """A pandas frame, whatever the names and cells are."""
    if not columns:
        return pd.DataFrame()
    series = []
    for _, _, cells in columns:
        if isinstance(cells, pd.Series):
            series.append(cells.reset_index(drop=True))
            continue
        held = np.empty(len(cells), dtype=object)
        for place, cell in enumerate(cells):
            held[place] = cell
        series.append(pd.Series(held, dtype=object))
    frame = pd.concat(series, axis=1)
    frame.columns = pd.Index([key for key, _, _ in columns], dtype=object, tupleize_cols=False)
    return frame


def as_frame(rng: np.random.Generator, columns: Any, folder: Path) -> Any:
    frame = frame_of(columns)
    n = len(frame)
    kind = int(rng.integers(12))
    if kind == 0:
        frame.index = pd.Index([0] * n)
    elif kind == 1:
        frame.index = pd.date_range("1990", periods=n, freq="D", tz="UTC")
    elif kind == 2 and n:
        frame.index = pd.MultiIndex.from_arrays([range(n), ["a"] * n])
    elif kind == 3 and frame.shape[1] == 2:
        frame.columns = pd.MultiIndex.from_tuples([("a", 1), ("a", 2)])
    elif kind == 4:
        frame = frame.iloc[::-1]
    elif kind in (5, 6):
        try:
            frame = frame.infer_objects() if kind == 5 else frame.convert_dtypes()
        except Exception:  # pandas itself does not take all of these cells
            return frame
    return frame


def as_polars(rng: np.random.Generator, columns: Any, folder: Path) -> Any:
    import polars as pl

    try:
        return pl.DataFrame({safe_text(key): [*cells] for key, _, cells in columns}, strict=False)
    except BaseException:  # polars panics on some objects, which then come as a pandas frame
        return frame_of(columns)


def as_arrow(rng: np.random.Generator, columns: Any, folder: Path) -> Any:
    import pyarrow as pa

    arrays, names = [], []
    for key, kind, cells in columns:
        try:
            if kind == "numpy scalars":  # pyarrow itself crashes on some of them in one list
                raise TypeError(kind)
            arrays.append(pa.array([*cells]))
        except Exception:
            arrays.append(pa.array([safe_text(cell).encode("utf-8", "replace").decode() for cell in cells]))
        names.append(safe_text(key).encode("utf-8", "replace").decode())
    return pa.Table.from_arrays(arrays, names=names)


def as_dict(rng: np.random.Generator, columns: Any, folder: Path) -> Any:
    return {key: cells for key, _, cells in columns if not isinstance(key, float)}


def as_records(rng: np.random.Generator, columns: Any, folder: Path) -> Any:
    held = [[*cells] for _, _, cells in columns]
    n = len(held[0]) if held else 0
    records = [{key: cells[row] for (key, _, _), cells in zip(columns, held, strict=True)} for row in range(n)]
    if n > 2 and rng.random() < 0.3:
        records[1] = some(rng, 1, [{}, {"other": 1}, None, [], 5])[0]
    return records


def as_rows(rng: np.random.Generator, columns: Any, folder: Path) -> Any:
    return [list(row) for row in zip(*[[*cells] for _, _, cells in columns], strict=True)]


def as_pair(rng: np.random.Generator, columns: Any, folder: Path) -> Any:
    if len(columns) < 2:
        return (frame_of(columns), [1, 2])
    cells = columns[-1][2]
    target = some(
        rng, 1, [cells, pd.Series([*cells], dtype=object), frame_of(columns[-1:]), [*cells][:-1], [[c] for c in cells]]
    )[0]
    return (frame_of(columns[:-1]), target)


def as_series(rng: np.random.Generator, columns: Any, folder: Path) -> Any:
    return frame_of(columns[:1]).iloc[:, 0] if columns else pd.Series([], dtype=object)


def file(folder: Path, stem: str, suffix: str, content: bytes, rng: np.random.Generator) -> Path:
    """A file, in one of eight cases compressed."""
    if rng.random() < 0.12:
        ending = some(rng, 1, [*COMPRESSIONS, ".zip"])[0]
        if ending == ".zip":
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w") as archive:
                archive.writestr(zipfile.ZipInfo(f"{stem}{suffix}"), content)
            content = buffer.getvalue()
        else:
            content = COMPRESSIONS[ending](content)
        suffix += ending
    number = len([*folder.iterdir()])
    path = folder / f"{stem}{number}{suffix}"
    path.write_bytes(content)
    return path


def as_delimited(rng: np.random.Generator, columns: Any, folder: Path) -> Any:
    buffer, delimiter = io.StringIO(), some(rng, 1, DELIMITERS)[0]
    quoting = some(rng, 1, [csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONE])[0]
    rows = [[safe_text(key) for key, _, _ in columns], *([safe_text(c) for c in row] for row in
            zip(*[[*cells] for _, _, cells in columns], strict=True))]  # fmt: skip
    if rng.random() < 0.05:
        rows = rows[1:]
    if rng.random() < 0.15 and rows:
        rows = [row + ["extra"] * int(rng.integers(0, 3)) if rng.random() < 0.2 else row for row in rows]
    if len(delimiter) > 1 or quoting == csv.QUOTE_NONE:
        text = "\n".join(delimiter.join(row) for row in rows)
    else:
        csv.writer(buffer, delimiter=delimiter, quoting=quoting,
                   lineterminator=some(rng, 1, ["\n", "\n", "\r\n", "\r"])[0]).writerows(rows)  # fmt: skip
        text = buffer.getvalue()
    suffix = ".tsv" if delimiter == "\t" else some(rng, 1, [".csv", ".csv", ".txt", ".dat"])[0]
    errors = some(rng, 1, ["surrogateescape", "replace", "backslashreplace"])[0]
    encoding = some(rng, 1, ENCODINGS)[0]
    try:
        content = text.encode(encoding, errors)
    except UnicodeError:
        content = text.encode(encoding, "replace")
    return file(folder, "d", suffix, content, rng)


def as_parquet(rng: np.random.Generator, columns: Any, folder: Path) -> Any:
    import pyarrow.feather
    import pyarrow.parquet

    arrow, buffer = as_arrow(rng, columns, folder), io.BytesIO()
    if rng.random() < 0.2:
        odd = {
            b"pandas": some(
                rng, 1, [b"{", b"[]", b'{"index_columns": ["gone"], "columns": []}', b'{"index_columns": 5}']
            )[0]
        }
        arrow = arrow.replace_schema_metadata(odd)
    try:
        if rng.random() < 0.5:
            pyarrow.parquet.write_table(arrow, buffer)
            return file(folder, "d", ".parquet", buffer.getvalue(), rng)
        pyarrow.feather.write_feather(arrow, buffer)
        return file(folder, "d", ".feather", buffer.getvalue(), rng)
    except Exception:
        return as_delimited(rng, columns, folder)


def as_json(rng: np.random.Generator, columns: Any, folder: Path) -> Any:
    def plain(cell: Any) -> Any:
        try:
            return json.loads(json.dumps(cell))
        except Exception:
            return safe_text(cell)

    records = [{safe_text(key): plain(cell) for (key, _, _), cell in zip(columns, row, strict=True)} for row in
               zip(*[[*cells] for _, _, cells in columns], strict=True)]  # fmt: skip
    if rng.random() < 0.5:
        text = "\n".join(json.dumps(record) for record in records)
        return file(folder, "d", ".jsonl", text.encode(), rng)
    form = int(rng.integers(5))
    whole: Any = records
    if form == 1:
        whole = {safe_text(key): [plain(cell) for cell in cells] for key, _, cells in columns}
    elif form == 2:
        whole = {"data": records, "meta": {"n": 1}}
    elif form == 3:
        whole = {
            "columns": [safe_text(key) for key, _, _ in columns],
            "index": [],
            "data": [[*r.values()] for r in records],
        }
    return file(folder, "d", ".json", json.dumps(whole).encode(), rng)


def as_excel(rng: np.random.Generator, columns: Any, folder: Path) -> Any:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    for row in [[key for key, _, _ in columns], *zip(*[[*cells] for _, _, cells in columns[:6]], strict=True)][:40]:
        shown = []
        for cell in row:
            text = safe_text(cell)
            plain = isinstance(cell, float | str | bool | None) or (isinstance(cell, int) and len(text) < 20)
            shown.append(cell if plain and len(text) < 300 else text[:300])
        try:
            sheet.append(shown)
        except Exception:
            continue
    buffer = io.BytesIO()
    try:
        book.save(buffer)
    except Exception:  # openpyxl does not write all that it appends
        return as_delimited(rng, columns, folder)
    book.close()
    return file(folder, "d", ".xlsx", buffer.getvalue(), rng)


FORMS: dict[str, Callable[[np.random.Generator, Any, Path], Any]] = {
    "frame": as_frame, "frame again": as_frame, "a frame": as_frame, "polars": as_polars, "arrow": as_arrow,
    "dict": as_dict,
    "records": as_records, "rows": as_rows, "pair": as_pair, "delimited": as_delimited, "csv": as_delimited,
    "csv again": as_delimited, "a csv": as_delimited, "parquet": as_parquet, "json": as_json, "excel": as_excel,
}  # fmt: skip
