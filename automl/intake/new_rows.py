"""Rows to predict: the same readers, held against the task that a model was trained for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from automl.errors import DataError
from automl.intake import arrays, files, folders
from automl.intake.assemble import checked_weight
from automl.intake.cell_types import objects
from automl.intake.folder_layout import sort_of_file
from automl.intake.frames import as_series, is_frame, tidy
from automl.intake.inline import may_be_picture
from automl.intake.matching import matched
from automl.intake.other_libraries import without_library
from automl.intake.raw import Hints, Raw, listed
from automl.intake.row_index import UNREAD_ROWS, index_columns, index_of
from automl.intake.source import read
from automl.records import FILE_KINDS, QUANTITY_KINDS, UNUSED_KINDS, Dataset, Kind, Modality, Task

__all__ = ["delimited_rows", "new_rows"]

OF_TRAINING = frozenset({"images_in_cells", "given_split"})
"""Findings of readers that say how training data are read, and nothing of new rows."""


def new_rows(
    data: Any, task: Task, modality: Modality | None = None, root: str | None = None, weight: str | None = None
) -> Dataset:  # fmt: skip
    """Read rows to predict.

    Args:
        data: whatever `load` reads; a dict or list of dicts (one or several rows); for images a path, a list of
            paths or a folder; for texts one text, a list of texts or a folder of .txt files.
        task: what the model was trained for; `task.columns` names its columns.
        modality: the record of the task's modality; None where rows are those of a table.
        root: folder of relative image paths; by default that of the file or folder read.
        weight: a column of weights, which is read if it is there; None for none.

    Returns:
        Raw inputs with the task's columns that are there (time and series columns among them), target columns, if
        any, parted off. `index` labels all rows that were passed, `row_numbers` are the positions of those that could
        be read. Columns are not typed yet, and there is no fingerprint: nothing is resumed with new rows.

    Raises:
        DataError: nothing to predict, all needed columns missing, or arrays of other dimensions.
    """
    data = without_library(data, "the new data")
    raw = _single(data, task) or read(data, "the new data", _hints(task))
    if len(raw.inputs) == 0:
        raise DataError(f"{raw.where} holds no rows: expected at least one to predict")
    raw = replace(raw, findings=tuple(finding for finding in raw.findings if finding.check not in OF_TRAINING))
    inputs, target, findings = raw.inputs, raw.target, raw.findings
    has_weights = weight is not None and is_frame(inputs) and weight in inputs
    weights = checked_weight(inputs[weight]) if has_weights else None
    rate = raw.rate
    if rate is None and task.sound and not is_frame(inputs):
        rate = task.sound["own_rate"] or None
    if not task.columns and task.horizon is None:  # a forecast may read nothing but its target
        inputs = _as_array(inputs, modality, raw.where)
    elif is_frame(inputs):
        inputs, target, noticed = matched(raw, task, index_columns(data, raw))
        findings += noticed
    elif modality is None or not modality.takes_array:
        wanted = len(task.columns)
        raise DataError(f"{raw.where} has shape {inputs.shape}: expected a table of {wanted} columns, as trained on")
    if target is not None:
        target = target[[name for name in target.columns if name in task.target]]
        target = None if target.shape[1] < len(task.target) or not task.target else target[list(task.target)]
    index, positions = index_of(data, raw, len(inputs))
    return Dataset(
        name=raw.name,
        inputs=inputs,
        target=target,
        root=root if root is not None else raw.root,
        weight=weights,
        findings=findings,
        row_numbers=positions,
        index=index,
        rate=rate,
    )


def _hints(task: Task) -> Hints:
    """How columns are read: "NA" stays among words, and training decides how cells are written, not this file."""
    words = frozenset(column.name for column in task.columns if column.kind in {"categorical", "boolean"})
    text = (c.name for c in task.columns if "levels" in c.seen or ("low" in c.seen and c.kind in QUANTITY_KINDS))
    names = tuple(dict.fromkeys((*(column.name for column in task.columns), *task.target)))
    return Hints(words=words, text=frozenset(text), names=names, encoding=task.encoding)


def _single(data: Any, task: Task) -> Raw | None:
    """Forms that only the task gives a meaning: single texts, image paths, folders without classes."""
    import pandas as pd

    if (row := as_series(data)) is not None and not isinstance(data, pd.Series):
        data = row
    if isinstance(data, pd.Series) and set(data.index) & {column.name for column in task.columns}:
        return read([data.to_dict()], "the new data", Hints())
    if (
        isinstance(data, Mapping)
        and task.columns
        and _is_one_row(data, frozenset(column.name for column in task.columns))
    ):
        return read([dict(data)], "the new data", Hints())
    if task.sound and isinstance(data, np.ndarray) and data.dtype.kind in "buif" and data.ndim in (1, 2):
        return Raw("data", "the new data", arrays.sounds(data, "the new data"))
    text = _column(task, "text")
    medium, image = next(((kind, name) for kind in FILE_KINDS if (name := _column(task, kind))), ("", None))
    if isinstance(data, str | PathLike):
        suffix = PurePath(str(data)).suffix.lower()
        if image and _is_medium(str(data), medium):
            return Raw(
                "data", "the new data", pd.DataFrame({image: [files.shown(str(files.find(str(data))))]}, dtype=object)
            )
        if text and isinstance(data, str) and not _names_file(data):
            frame, noticed = tidy(pd.DataFrame({text: [data]}, dtype=object), "the new data")
            return Raw("data", "the new data", frame, findings=noticed)
        if text and suffix == ".txt" and Path(str(data)).is_file() and _is_text_only(task):
            frame, _, findings = folders.texts([Path(str(data))])
            frame.columns = pd.Index([text])
            return Raw(files.stem(Path(str(data))), files.shown(str(data)), frame, findings=findings)
    if medium == "image_path" and (
        may_be_picture(data) or (isinstance(data, list) and data and all(map(may_be_picture, data)))
    ):
        cells = data if isinstance(data, list) else [data]
        frame, noticed = tidy(pd.DataFrame({str(image): objects(cells)}), "the new data")
        return Raw("data", "the new data", frame, findings=noticed)
    if isinstance(data, list | tuple | np.ndarray) and len(data) and all(isinstance(v, str | PathLike) for v in data):
        values = [str(value) if isinstance(value, PathLike) else value for value in data]
        if image or text:
            if not image and sum(column.kind == "text" for column in task.columns) > 1:
                names = [column.name for column in task.columns if column.kind == "text"]
                raise DataError(
                    f"the model reads several texts a row ({listed(names)}): pass a frame or a dict of columns"
                )
            frame, noticed = tidy(pd.DataFrame({image or text: values}, dtype=object), "the new data")
            return Raw("data", "the new data", frame, findings=noticed)
    return None


def _is_medium(path: str, kind: Kind | str) -> bool:
    """Whether a path is that of an image, or of a sound: by its ending, or by the content of the file."""
    sort = next(sort for sort, own in folders.SORT_KINDS.items() if own == kind)
    if PurePath(path).suffix.lower() in files.MEDIA_SUFFIXES[sort]:
        return True
    try:
        found = Path(path).expanduser()
        return found.is_file() and sort_of_file(found) == sort
    except (OSError, ValueError, RuntimeError):
        return False


def _is_one_row(data: Mapping[Any, Any], known: frozenset[str]) -> bool:
    """Whether a mapping holds cells and no columns: a single value or an image, or the list of one cell.

    Args:
        data: what is to be predicted.
        known: names of the columns trained on.
    """
    if not data or any(not _is_many(value) or may_be_picture(value) for value in data.values()):
        return True
    lists = [value for name, value in data.items() if name not in known and f"{name}_0" in known]
    return any(len(value) and not _is_many(value[0]) and not isinstance(value[0], str) for value in lists)


def _is_many(value: Any) -> bool:
    return hasattr(value, "__len__") and not isinstance(value, str | bytes | Mapping)


def _column(task: Task, kind: str) -> str | None:
    return next((column.name for column in task.columns if column.kind == kind), None)


def _is_text_only(task: Task) -> bool:
    return [column.kind for column in task.columns if column.kind not in UNUSED_KINDS] == ["text"]


def _names_file(text: str) -> bool:
    """Whether a string is meant as a path: it exists, or looks like one of a file we could read."""
    if len(text) > 1000 or "\n" in text:
        return False
    try:
        if Path(files.sheet_of(text)[0]).expanduser().exists():
            return True
    except (OSError, ValueError, RuntimeError):  # the last: no such user's home
        return False
    from automl.intake.tables import is_table

    return is_table(Path(files.sheet_of(text)[0])) and not any(char.isspace() for char in text.strip())


def _as_array(inputs: Any, modality: Modality | None, where: str) -> np.ndarray:
    """New arrays for a model trained on arrays."""
    form = None if modality is None else modality.array
    if form is None:
        raise DataError(f"the model reads a table of no column that is known: {where} holds nothing that it can read")
    if is_frame(inputs):
        numeric = all(dtype.kind in "buif" for dtype in inputs.dtypes)
        if not numeric or inputs.shape[1] < 2:
            raise DataError(f"{where} is a table of {listed(inputs.columns)}: expected an array of shape {form.shape}")
        inputs = inputs.to_numpy()
    array = np.asarray(inputs)
    if form.is_one(array):
        array = array[None]
    if array.ndim not in form.n_dims:
        raise DataError(f"{where} has shape {np.shape(inputs)}: expected {form.shape}, as trained on")
    return array


def delimited_rows(content: bytes, where: str, task: Task) -> Any:
    """Delimited text in memory as a frame of rows to predict, read as a file of new rows is.

    Args:
        content: the text in any encoding.
        where: how messages speak of it.
        task: what the model was trained for.

    Raises:
        DataError: it is no such text, or lines of it are no rows.
    """
    from automl.intake.limits import whole_mib
    from automl.intake.tables import read as read_table

    table = read_table(content, "delimited", where, _hints(task), whole_mib(None))
    if table.rows is not None:
        said = next((one.message for one in table.findings if one.check in UNREAD_ROWS), "some lines are no rows.")
        raise DataError(f"{where}: {said} Write each row with one cell for each column")
    return table.frame
