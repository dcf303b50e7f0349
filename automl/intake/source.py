"""Whatever the user passes as data → `Raw` rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from automl.errors import DataError
from automl.intake import arrays, files, folders, streamed, tables
from automl.intake.cell_types import dimensions
from automl.intake.frames import as_frame, as_series, from_columns, is_frame, tidy
from automl.intake.limits import whole_mib, within_memory
from automl.intake.other_libraries import without_library
from automl.intake.raw import Hints, Raw, listed

__all__ = ["read", "read_path"]


def read(data: Any, where: str, hints: Hints) -> Raw:
    """Read a path or an object in memory.

    Args:
        data: a path; a frame of pandas, polars or pyarrow; a data set of Hugging Face or TensorFlow; a dict of columns
            or of the arrays X and y; an array; a list of rows, records or strings; a pair of inputs and targets.
        where: how messages speak of an object in memory.

    Raises:
        DataError: it cannot be read; says what was expected, what arrived and what to do.
    """
    if isinstance(data, str | PathLike):
        return read_path(Path(data) if isinstance(data, PathLike) else data, hints)
    data = without_library(data, where)
    name = _name(data)
    if isinstance(data, tuple):
        if len(data) != 2:
            raise DataError(f"{where} is a tuple of {len(data)}: expected a pair (X, y)")
        inputs, findings = _inputs(data[0], f"X of {where}")
        raw = arrays.from_pair(inputs, data[1], "data", where, hints)
        return Raw(name, where, raw.inputs, raw.target, findings=findings)
    if isinstance(data, Mapping) and any(dimensions(data[key]) >= 2 for key in arrays.INPUT_KEYS if key in data):
        return arrays.from_arrays(dict(data), name, where, hints)
    if isinstance(data, Mapping) and any(dimensions(data.get(key, 0)) >= 2 for key in ("x_train", "X_train")):
        return arrays.from_arrays(dict(data), name, where, hints)
    inputs, findings = _inputs(data, where)
    raw = arrays.from_pair(inputs, None, "data", where, hints)
    return Raw(name, where, raw.inputs, findings=findings)


def _name(data: Any) -> str:
    """What an object in memory is called: the name in its `attrs`, as data sets that ship with automl have one."""
    attrs = getattr(data, "attrs", None)
    name = attrs.get("name") if isinstance(attrs, Mapping) else None
    return name if isinstance(name, str) and name.strip() else "data"


def _inputs(data: Any, where: str) -> tuple[Any, Any]:
    column = as_series(data)
    if column is not None:
        data = column.to_frame(column.name if column.name is not None else "x0")
    if is_frame(data):
        return tidy(as_frame(data), where)
    if isinstance(data, Mapping):
        return tidy(from_columns(data, where), where)
    if isinstance(data, list):
        found = arrays.from_list(data, where)
    elif hasattr(data, "__array__") or hasattr(data, "toarray"):
        found = arrays.array_inputs(data, where)
    else:
        raise DataError(
            f"{where} is of type {type(data).__name__}: expected a path, a frame, a dict of columns, an array, "
            "a list of rows or strings, or a pair (X, y)"
        )
    return tidy(found, where) if is_frame(found) else (found, ())


def read_path(given: str | Path, hints: Hints) -> Raw:
    """Read a file or a folder."""
    given, sheet = files.sheet_of(str(given))
    path = files.find(given)
    hints = replace(hints, sheet=sheet)
    if path.is_dir():
        try:
            return _folder(path, hints)
        except OSError as error:
            where = files.shown(str(error.filename or path))
            raise DataError(f"cannot read {where!r}: {error.strerror or error}; check its permissions") from error
    short, where, limit_mib = files.stem(path), files.shown(path.name), whole_mib(hints.room)
    with within_memory(where):
        part = streamed.read_part(path, hints)
        if part is not None:
            return Raw(
                short, where, part.frame, root=str(path.parent), rows=part.rows, findings=part.findings,
                n_source_rows=part.n_source_rows, encoding=part.encoding,
            )  # fmt: skip
        data, name = files.content(path, limit_mib)
        form = files.form(data, name)
        if form in {"npz", "npy"}:
            return arrays.from_npz(data, form, short, where, hints, limit_mib)
        table = tables.read(data, form, where, hints, limit_mib)
    return Raw(
        short, where, table.frame, root=str(path.parent), rows=table.rows, findings=table.findings,
        encoding=table.encoding,
    )  # fmt: skip


def _folder(path: Path, hints: Hints) -> Raw:
    table = folders.table_in(path)
    has_classes = folders.has_subfolders(path)
    if table is not None and (not has_classes or (hints.target and hints.target != ("class",))):
        return read_path(table, hints)
    named = [files.shown(child.name) for child in folders.tables_in(path)]
    if not has_classes and len([name for name in named if not name.endswith(".txt")]) > 1:
        raise DataError(
            f"the folder {files.shown(path.name)!r} holds several tables ({listed(named)}); pass one of them (and "
            "test=)"
        )
    return folders.read(path)
