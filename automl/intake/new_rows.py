"""Rows to predict: the same readers, held against the task that a model was trained for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.errors import DataError
from automl.intake import files, folders
from automl.intake.cell_types import objects
from automl.intake.folder_layout import sort_of_file
from automl.intake.frames import as_series, is_frame, tidy
from automl.intake.inline import may_be_picture
from automl.intake.raw import Hints, Raw, listed
from automl.intake.source import read
from automl.intake.vectors import as_trained
from automl.records import UNUSED_KINDS, Dataset, Finding, Modality, Task

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["new_rows"]

OF_TRAINING = frozenset({"images_in_cells", "given_split"})
"""Findings of readers that say how training data are read, and nothing of new rows."""


def new_rows(data: Any, task: Task, modality: Modality, root: str | None = None) -> Dataset:
    """Read rows to predict.

    Args:
        data: whatever `load` reads; a dict or list of dicts (one or several rows); for images a path, a list of
            paths or a folder; for texts one text, a list of texts or a folder of .txt files.
        task: what the model was trained for; `task.columns` names its columns.
        modality: the record of the task's modality.
        root: folder of relative image paths; by default that of the file or folder read.

    Returns:
        Raw inputs with the task's columns that are there (time and series columns among them), target columns, if
        any, parted off. Columns are not typed yet, and there is no fingerprint: nothing is resumed with new rows.

    Raises:
        DataError: nothing to predict, all needed columns missing, or arrays of other dimensions.
    """
    words = frozenset(column.name for column in task.columns if column.kind in {"categorical", "boolean"})
    names = tuple(dict.fromkeys((*(column.name for column in task.columns), *task.target)))
    raw = _single(data, task) or read(data, "the new data", Hints(words=words, names=names, encoding=task.encoding))
    if len(raw.inputs) == 0:
        raise DataError(f"{raw.where} holds no rows: expected at least one to predict")
    raw = replace(raw, findings=tuple(finding for finding in raw.findings if finding.check not in OF_TRAINING))
    inputs, target, findings = raw.inputs, raw.target, raw.findings
    if not task.columns and task.horizon is None:  # a forecast may read nothing but its target
        inputs = _as_array(inputs, modality, raw.where)
    elif is_frame(inputs):
        inputs, target, noticed = _matched(raw, task)
        findings += noticed
    elif not modality.takes_array:
        wanted = len(task.columns)
        raise DataError(f"{raw.where} has shape {inputs.shape}: expected a table of {wanted} columns, as trained on")
    if target is not None:
        target = target[[name for name in target.columns if name in task.target]]
        target = None if target.shape[1] < len(task.target) or not task.target else target[list(task.target)]
    numbers = raw.rows if raw.rows is not None else np.arange(len(inputs))
    return Dataset(
        name=raw.name,
        inputs=inputs,
        target=target,
        root=root if root is not None else raw.root,
        findings=findings,
        row_numbers=np.asarray(numbers, dtype=np.int64),
    )


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
    image, text = _column(task, "image_path"), _column(task, "text")
    if isinstance(data, str | PathLike):
        suffix = PurePath(str(data)).suffix.lower()
        if image and (suffix in files.IMAGE_SUFFIXES or _is_picture(str(data))):
            return Raw(
                "data", "the new data", pd.DataFrame({image: [files.shown(str(files.find(str(data))))]}, dtype=object)
            )
        if text and isinstance(data, str) and not _names_file(data):
            frame, noticed = tidy(pd.DataFrame({text: [data]}, dtype=object), "the new data")
            return Raw("data", "the new data", frame, findings=noticed)
        if text and suffix == ".txt" and Path(str(data)).is_file() and _is_text_only(task):
            frame, findings = folders.texts([Path(str(data))])
            frame.columns = pd.Index([text])
            return Raw(files.stem(Path(str(data))), files.shown(str(data)), frame, findings=findings)
    if image and (may_be_picture(data) or (isinstance(data, list) and data and all(map(may_be_picture, data)))):
        cells = data if isinstance(data, list) else [data]
        frame, noticed = tidy(pd.DataFrame({image: objects(cells)}), "the new data")
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


def _is_picture(path: str) -> bool:
    """Whether an existing file is an image by its content."""
    try:
        found = Path(path).expanduser()
        return found.is_file() and sort_of_file(found) == "image"
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


def _as_array(inputs: Any, modality: Modality, where: str) -> np.ndarray:
    """New arrays for a model trained on arrays."""
    form = modality.array
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


def _matched(raw: Raw, task: Task) -> tuple[pd.DataFrame, pd.DataFrame | None, tuple[Finding, ...]]:
    """Columns of new rows held against those trained on."""
    frame, target, findings = raw.inputs, raw.target, raw.findings
    known = [column.name for column in task.columns]
    frame, noticed = as_trained(frame, frozenset(known))
    findings += noticed
    frame, noticed = _renamed(frame, known, task, raw.where)
    findings += noticed
    answers = [name for name in task.target if name in frame.columns and name not in known]
    if answers and target is None:
        target = frame[answers]
    keys = [name for name in (task.time_column, task.series_column) if name is not None]
    missing_keys = [name for name in keys if name not in frame.columns]
    if missing_keys:
        raise DataError(
            f"{raw.where} lacks {listed(missing_keys)}, which say when and of which series a row is; "
            f"it has {listed(frame.columns)}"
        )
    silent = {*answers, task.label, task.group_column}
    needed = [c.name for c in task.columns if c.kind not in UNUSED_KINDS and c.name not in {*keys, *silent}]
    missing = tuple(name for name in needed if name not in frame.columns)
    if needed and len(missing) == len(needed) and not keys:
        raise DataError(
            f"{raw.where} has none of the {len(needed)} columns trained on ({listed(needed)}); it has "
            f"{listed(frame.columns)}; pass rows with the same column names"
        )
    if missing:
        message = (
            f"{len(missing)} columns trained on are not in the new rows and are read as missing: {listed(missing)}."
        )
        step = "Predictions are less certain; add these columns."
        findings += (Finding("missing_columns", "high", message, step, columns=missing, count=len(missing)),)
    extra = tuple(name for name in frame.columns if name not in {*known, *keys, *silent})
    if extra:
        message = f"{len(extra)} columns of the new rows were not trained on and are ignored: {listed(extra)}."
        step = "Train again with them if they should count."
        findings += (Finding("extra_columns", "low", message, step, columns=extra, count=len(extra)),)
    keep = [name for name in frame.columns if (name in known or name in keys) and name not in answers]
    return frame[keep].copy(), target, findings


def _renamed(frame: pd.DataFrame, known: list[str], task: Task, where: str) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Arrays and folders have no names of their own: theirs are taken from the task by order or by kind."""
    import pandas as pd

    own = list(frame.columns)
    if _lacks_target(own, known, task):
        message = f"{where} has neither header nor target; its {len(own)} columns are taken in the order trained on."
        finding = Finding("unnamed_columns", "medium", message, "Add a line with column names.", count=len(own))
        return frame.set_axis(pd.Index(known), axis=1), (finding,)
    if set(own) & set(known):
        numbered = own == [f"x{i}" for i in range(len(own))] and set(known) == {f"x{i}" for i in range(len(known))}
        if numbered and set(own) != {*known, *task.target}:
            _refuse_width(len(own), len(known), where)
        return frame, ()
    kind = {"image": "image_path", "text": "text"}.get(own[0]) if len(own) == 1 else None
    name = _column(task, kind) if kind else None
    if name is not None:
        return frame.set_axis(pd.Index([name]), axis=1), ()
    if own == [f"x{i}" for i in range(len(own))]:
        _refuse_width(len(own), len(known), where)
        message = f"The {len(own)} columns of {where} have no names; they are taken in the order trained on."
        finding = Finding("unnamed_columns", "medium", message, "Pass a frame with column names.", count=len(own))
        return frame.set_axis(pd.Index(known), axis=1), (finding,)
    return frame, ()


def _lacks_target(own: list[str], known: list[str], task: Task) -> bool:
    """Whether numbered columns are those of a table without a header, from which the numbered target was left out."""
    numbered = [f"x{i}" for i in range(len(known) + len(task.target))]
    return (
        own != known
        and len(own) == len(known)
        and own == numbered[: len(own)]
        and {*known, *task.target} == {*numbered} != {*known}
    )


def _refuse_width(width: int, expected: int, where: str) -> None:
    if width != expected:
        raise DataError(f"{where} has {width} columns: expected {expected}, as trained on, in the same order")
