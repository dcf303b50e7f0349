"""Odd data for `fuzz.py`: frames, files and arrays, with arguments to go with them."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from fuzz_cells import COLUMNS, TARGETS, few, name, some, words

__all__ = ["Made", "damaged", "made", "other_rows", "safe_text"]

ROWS = (0, 1, 2, 7, 20, *[40] * 6, *[60] * 6, *[120] * 6, 300, 300)
GOALS = (
    "binary",
    "multiclass",
    "multilabel",
    "regression",
    "forecast",
    "anomaly",
    "represent",
    "generate",
    "segment",
    "nope",
)
METRICS = (
    "roc_auc",
    "accuracy",
    "rmse",
    "mae",
    "log_loss",
    "f1",
    "r2",
    "mase",
    "nope",
    "average_precision",
    "balanced_accuracy",
)
KINDS = ("numeric", "categorical", "boolean", "datetime", "text", "url", "embedded_number", "list", "image_path",
    "identifier",
         "constant", "unknown", "nope")  # fmt: skip
DELIMITERS = (",", ",", ",", ",", ",", ";", "\t", "|", " ", ":", "\x01", "::")
ENCODINGS = (*["utf-8"] * 12, "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252", "utf-32", "shift_jis", "utf-7")
COMPRESSIONS: Mapping[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}
DTYPES = ("float64", "float32", "float16", "int8", "uint8", "uint64", "bool", "complex64", "object", "S3", "U3",
    "M8[D]", "m8[s]",
          ">f8", "longdouble", "void")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Made:
    """An input: data and options of `automl.inspect`, and what is told of it."""

    data: Any
    options: dict[str, Any] = field(default_factory=dict)
    told: str = ""


def made(rng: np.random.Generator, folder: Path) -> Made:
    """Data of some form, with arguments; files lie in `folder`."""
    if rng.random() < 0.22:
        return arrays(rng, folder)
    columns = table(rng)
    roles = [key for key, _, _ in columns]
    target = columns[-1][0] if columns and rng.random() < 0.93 else None
    form, write = some(rng, 1, [*FORMS.items()])[0] if rng.random() < 0.97 else ("series", as_series)
    told = f"{form}: {len(columns[0][2]) if columns else 0} rows of {', '.join(kind for _, kind, _ in columns)}"
    data, options = write(rng, columns, folder), {}
    if target is not None:
        options["target"] = (
            target if rng.random() < 0.95 else some(rng, 1, [[target, roles[0]], "absent", [], roles[:3], ""])[0]
        )
    if rng.random() < 0.2:
        options |= arguments(rng, roles)
    if rng.random() < 0.05:
        options["test"] = write(rng, columns, folder)
    if isinstance(data, Path) and rng.random() < 0.1:
        data.write_bytes(damaged(rng, data.read_bytes()))
        told += ", damaged"
    return Made(str(data) if isinstance(data, Path) else data, options, told)


def table(rng: np.random.Generator) -> list[tuple[Any, str, Any]]:
    """Columns as (name, kind, cells); the last is most often one that may be a target."""
    n = some(rng, 1, ROWS)[0]
    width = int(min(40, 1 + rng.geometric(0.25))) if rng.random() > 0.03 else int(rng.integers(2))
    kinds = some(rng, width, [*COLUMNS])
    if rng.random() < 0.5:  # half of them are usual columns, so that something is left to learn
        kinds = [
            kind if rng.random() < 0.4 else some(rng, 1, ["floats", "levels", "small ints", "times"])[0]
            for kind in kinds
        ]
    if kinds and rng.random() < 0.15:
        kinds[0] = some(rng, 1, ["regular times", "regular texts", "times", "epochs"])[0]
    if kinds and rng.random() < 0.75:
        kinds[-1] = some(rng, 1, TARGETS)[0]
    names = [name(rng, place) for place in range(width)]
    if names and rng.random() < 0.8:
        names[-1] = "yy"
    return [(key, kind, COLUMNS[kind](rng, n)) for key, kind in zip(names, kinds, strict=True)]


def other_rows(rng: np.random.Generator, names: list[Any], folder: Path) -> Any:
    """Rows with some of these columns, of other kinds, in any form."""
    n = some(rng, 1, [0, 1, 1, 3, 12])[0]
    kept = [key for key in names if rng.random() < 0.9]
    columns = [
        (key, kind, COLUMNS[kind](rng, n)) for key, kind in zip(kept, some(rng, len(kept), [*COLUMNS]), strict=True)
    ]
    return some(rng, 1, [*FORMS.values()])[0](rng, columns, folder)


def arguments(rng: np.random.Generator, names: list[Any]) -> dict[str, Any]:
    """One or two odd arguments."""
    some_name = some(rng, 1, [*names, "absent", "", 0])[0]
    choices: dict[str, Callable[[], Any]] = {
        "goal": lambda: some(rng, 1, GOALS)[0],
        "metric": lambda: some(rng, 1, METRICS)[0],
        "group": lambda: some_name,
        "time_column": lambda: names[0] if names else "t",
        "series": lambda: some_name,
        "label": lambda: some_name,
        "horizon": lambda: some(rng, 1, [1, 3, 10, 10**6, 0, -1, "x"])[0],
        "columns": lambda: {some_name: some(rng, 1, KINDS)[0]},
        "weight": lambda: some(rng, 1, [some_name, np.ones(3), np.zeros(60), np.full(60, np.nan), rng.random(60), []])[
            0
        ],
        "seed": lambda: some(rng, 1, [0, 7, 2**32 - 1, 2**32, -1, "a"])[0],
    }
    keys = few(rng, int(rng.integers(1, 3)), [*choices], 2)
    return {key: choices[key]() for key in keys}


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


def arrays(rng: np.random.Generator, folder: Path) -> Made:
    """Arrays of 0 to 5 dimensions, lists of texts, `.npz`, folders of pictures and texts."""
    kind = some(
        rng,
        1,
        [
            "array",
            "pair",
            "pair",
            "pair",
            "pair",
            "texts",
            "npz",
            "npz",
            "pictures",
            "folder of texts",
            "sparse",
            "odd",
        ],
    )[0]
    if kind == "texts":
        texts = [safe_text(cell) for cell in COLUMNS[some(rng, 1, [*COLUMNS])[0]](rng, some(rng, 1, ROWS)[0])]
        labels = few(rng, len(texts), ["a", "b", None, 1])
        return Made((texts, labels) if rng.random() < 0.7 else texts, {}, "texts")
    if kind == "pictures":
        return pictures(rng, folder)
    if kind == "folder of texts":
        for label in ("a", "b"):
            (folder / "t" / label).mkdir(parents=True)
            for i, text in enumerate(words(rng, 12, 0, 9)):
                (folder / "t" / label / f"{i}.txt").write_bytes(rng.bytes(20) if rng.random() < 0.1 else text.encode())
        return Made(str(folder / "t"), {}, "folder of texts")
    if kind == "sparse":
        import scipy.sparse

        matrix = scipy.sparse.random(60, 5, 0.2, format=some(rng, 1, ["csr", "coo", "lil"])[0], rng=rng)
        return Made((matrix, rng.integers(0, 2, 60)), {}, "sparse")
    if kind == "odd":
        return Made(some(rng, 1, [None, 5, "", [], {}, (), (1, 2, 3), b"x", "/dev/null", ".", range(9), np.array(3),
            iter([1]),
                                  {"X": [[1]]}, object(), ([], []), "https://x", "sklearn:nope", "automl:nope",
                                  "\x00"])[0],
                    {}, "odd")  # fmt: skip
    shape = [
        some(rng, 1, [1, 2, 8, 30, 60, 60, 60])[0],
        *(int(v) for v in rng.choice([1, 3, 8, 16, 28], some(rng, 1, [0, 1, 1, 2, 2, 3, 4])[0])),
    ]
    while np.prod(shape) > 200_000:
        shape.pop()
    array = values(rng, tuple(shape))
    labels = (
        values(rng, (shape[0] if rng.random() < 0.9 else 5,)) if rng.random() < 0.4 else rng.integers(0, 3, shape[0])
    )
    told = f"{kind} {array.dtype} {array.shape}"
    if kind == "npz":
        path = folder / "d.npz"
        np.savez(
            path, **{some(rng, 1, ["X", "x", "data", "arr_0"])[0]: array, some(rng, 1, ["y", "target", "z"])[0]: labels}
        )
        if rng.random() < 0.3:
            path.write_bytes(damaged(rng, path.read_bytes()))
        return Made(str(path), {}, told)
    return Made(
        (array, labels) if kind == "pair" else array, arguments(rng, ["x0", "x1"]) if rng.random() < 0.1 else {}, told
    )


def values(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """An array of an odd or a usual type."""
    dtype = some(rng, 1, DTYPES)[0] if rng.random() < 0.6 else "float64"
    size = int(np.prod(shape))
    if dtype == "object":
        cells = np.empty(size, dtype=object)
        cells[:] = some(rng, size, [1, 2.5, None, "a", b"b", np.nan] if rng.random() < 0.5 else [1, 2.5, 3])
        return cells.reshape(shape)
    if dtype == "void":
        return np.array([(1, 2.5)] * size, dtype=[("a", "i4"), ("b", "f8")]).reshape(shape)
    with np.errstate(all="ignore"):
        array = (rng.integers(0, 9, shape) if dtype[0] in "SUMm" else rng.normal(3, 3, shape)).astype(dtype)
    if array.dtype.kind == "f" and rng.random() < 0.3:
        array[rng.random(shape) < 0.1] = some(rng, 1, [np.nan, np.inf, -np.inf])[0]
    return array


def pictures(rng: np.random.Generator, folder: Path) -> Made:
    """A folder of classes with some pictures that are none."""
    from PIL import Image

    for label in ("a", "b"):
        (folder / "p" / label).mkdir(parents=True)
        for i in range(10):
            shape = tuple(int(v) for v in rng.integers(1, 40, 2))
            mode = some(rng, 1, ["RGB", "RGB", "L", "RGBA", "P", "1", "I", "F", "CMYK"])[0]
            suffix = (
                ".tiff" if mode in ("F", "CMYK", "I") else some(rng, 1, [".png", ".gif" if mode == "P" else ".png"])[0]
            )
            path = folder / "p" / label / f"{i}{suffix}"
            Image.fromarray(rng.integers(0, 255, (*shape, 3), dtype=np.uint8)).convert(mode).save(path)
            if rng.random() < 0.15:
                path.write_bytes(damaged(rng, path.read_bytes()))
    return Made(str(folder / "p"), {}, "pictures")


def damaged(rng: np.random.Generator, content: bytes) -> bytes:
    """Bytes flipped, cut out, put in or doubled."""
    data = bytearray(content)
    for _ in range(int(rng.integers(1, 6))):
        at = int(rng.integers(0, len(data) + 1))
        kind = int(rng.integers(5))
        if kind == 0 and at < len(data):
            data[at] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            del data[at : at + int(rng.integers(1, 50))]
        elif kind == 2:
            data[at:at] = rng.bytes(int(rng.integers(1, 20)))
        elif kind == 3 and at < len(data):
            data[at] = int(rng.choice([0, 255, 10, 34, 44, 92]))
        elif kind == 4 and rng.random() < 0.2:
            del data[at:]
    return bytes(data)
