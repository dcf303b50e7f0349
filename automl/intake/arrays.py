"""Arrays in memory and in .npz files → a frame (1 and 2 dimensions) or an array (3 and 4), with its targets."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.errors import DataError
from automl.intake.frames import as_frame, from_records, is_frame, tidy
from automl.intake.raw import Hints, Raw, listed, nearest
from automl.records import Finding

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["array_inputs", "from_npz", "from_pair", "target_frame"]

INPUT_KEYS = ("X", "x", "data", "features", "images", "inputs", "arr_0")
TARGET_KEYS = ("y", "Y", "target", "targets", "label", "labels", "arr_1")


def array_inputs(values: Any, where: str) -> Any:
    """Rows of inputs from an array or nested list.

    Args:
        values: shape (n,), (n, p), (n, h, w), (n, channels, length) or (n, h, w, c).

    Returns:
        A frame x0, x1, ... for 1 and 2 dimensions ("text" for one dimension of strings), else the array.

    Raises:
        DataError: rows of several shapes, 0 or more than 4 dimensions, or no numbers where numbers are needed.
    """
    import pandas as pd

    if hasattr(values, "toarray") and type(values).__module__.startswith("scipy"):
        if np.prod(values.shape) > 2e8:
            raise DataError(
                f"{where} is a sparse matrix of shape {values.shape}, too large to unpack; reduce its columns"
            )
        values = values.toarray()
    try:
        array = np.asarray(values)
    except ValueError as error:
        shapes = sorted({np.shape(value) for value in values}, key=str)[:5]
        raise DataError(
            f"{where}: rows must be of one shape, got {listed(shapes)}; resize or pad them alike"
        ) from error
    if array.dtype.names:
        return pd.DataFrame({name: array[name] for name in array.dtype.names})
    if array.dtype.kind == "c":
        raise DataError(
            f"{where} holds complex numbers; pass real and imaginary parts as columns or channels of their own"
        )
    if not 1 <= array.ndim <= 4:
        raise DataError(
            f"{where} has shape {array.shape}: expected (n,), (n, columns), (n, height, width), "
            "(n, channels, length) or (n, height, width, channels)"
        )
    if array.ndim >= 3:
        if array.dtype.kind == "O":
            try:
                array = array.astype("float64")
            except (TypeError, ValueError) as error:
                raise DataError(
                    f"{where} has shape {array.shape} but holds objects that are no numbers ({error})"
                ) from error
        if array.dtype.kind not in "buif":
            raise DataError(f"{where} has shape {array.shape} and type {array.dtype}: expected numbers")
        return array
    if array.ndim == 1 and array.dtype.kind in "UO" and all(isinstance(value, str | None) for value in array):
        return pd.DataFrame({_text_name(array): array.astype(object)})
    frame = pd.DataFrame(array[:, None] if array.ndim == 1 else array)
    if array.dtype.kind == "O":
        frame = frame.infer_objects()
    frame.columns = pd.Index([f"x{i}" for i in range(frame.shape[1])])
    return frame


def _text_name(values: Any) -> str:
    """A list of strings is called "image" where all end as image files do, else "text"."""
    from pathlib import PurePath

    from automl.intake.files import IMAGE_SUFFIXES

    sample = [value for value in values[:100] if value]
    images = bool(sample) and all(PurePath(value).suffix.lower() in IMAGE_SUFFIXES for value in sample)
    return "image" if images else "text"


def target_frame(values: Any, names: tuple[str, ...], taken: Any, where: str) -> pd.DataFrame:
    """Targets as a frame: "y", or "y0", "y1", ..., or the names that were given.

    Args:
        values: shape (n,) or (n, n_targets): array, list, series or frame (whose names are kept).
        names: the user's names, used when their number fits. taken: names of input columns, to be avoided.
    """
    import pandas as pd

    if is_frame(values):
        frame, _ = tidy(as_frame(values), where)
        columns = list(frame.columns)
    else:
        values = values.to_list() if type(values).__module__.startswith("polars") else values
        array = values.reset_index(drop=True) if isinstance(values, pd.Series) else np.asarray(values)
        if array.ndim == 2 and array.shape[1] == 1:
            array = array[:, 0]
        if array.ndim not in {1, 2}:
            raise DataError(f"{where}: y has shape {array.shape}: expected (n,) or (n, n_targets)")
        raw = pd.DataFrame(array.to_frame() if isinstance(array, pd.Series) else array).infer_objects()
        columns = ["y"] if array.ndim == 1 else [f"y{i}" for i in range(raw.shape[1])]
        raw.columns = pd.Index(columns)
        frame, _ = tidy(raw, where)
    if names and len(names) == len(columns):
        columns = list(names)
    elif names:
        raise DataError(f"{where}: y has {len(columns)} columns ({listed(columns)}) but target names {listed(names)}")
    for i, name in enumerate(columns):
        while columns[i] in taken:
            columns[i] = f"target_{name}" if columns[i] == name else f"{columns[i]}_"
    frame.columns = pd.Index(columns, dtype=object)
    return frame


def from_pair(inputs: Any, target: Any, name: str, where: str, hints: Hints) -> Raw:
    """Inputs and targets that come apart: ``(X, y)``."""
    if target is None:
        return _checked(Raw(name, where, inputs))
    taken = set(inputs.columns) if is_frame(inputs) else set()
    frame = target_frame(target, hints.target, taken, where)
    if len(inputs) != len(frame):
        raise DataError(f"{where}: X has {len(inputs)} rows and y has {len(frame)}; they must be the same rows")
    return _checked(Raw(name, where, inputs, frame))


def _checked(raw: Raw) -> Raw:
    if len(raw.inputs) == 0 or 0 in np.shape(raw.inputs):
        raise DataError(f"{raw.where} is empty (shape {np.shape(raw.inputs)}): expected rows and columns")
    return raw


def from_npz(data: bytes, form: str, name: str, where: str, hints: Hints) -> Raw:
    """An .npz with X and y (or x_train, y_train, x_test, y_test), or an .npy; never unpickled.

    Raises:
        DataError: no array that can be the inputs, damaged, or holding Python objects.
    """
    try:
        loaded = np.load(io.BytesIO(data), allow_pickle=False)
        arrays = {"X": loaded} if form == "npy" else {key: loaded[key] for key in loaded.files}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        cause = "it holds Python objects" if "pickle" in str(error) else str(error)
        raise DataError(f"{where} cannot be read ({cause}); save plain arrays with np.savez(path, X=X, y=y)") from error
    return from_arrays(arrays, name, where, hints)


def from_arrays(arrays: dict[str, Any], name: str, where: str, hints: Hints) -> Raw:
    """Named arrays: X and y, or parted into train and test."""
    parts = {key.lower(): values for key, values in arrays.items()}
    if {"x_train", "x_test"} <= set(parts):
        import pandas as pd

        inputs = [array_inputs(parts[key], f"{key} of {where}") for key in ("x_train", "x_test")]
        if np.shape(inputs[0])[1:] != np.shape(inputs[1])[1:]:
            shapes = f"{np.shape(inputs[0])} and {np.shape(inputs[1])}"
            raise DataError(f"{where}: x_train and x_test have shapes {shapes}; rows must be of one shape")
        joined = pd.concat(inputs, ignore_index=True) if is_frame(inputs[0]) else np.concatenate(inputs)
        target = None
        if {"y_train", "y_test"} <= set(parts):
            target = np.concatenate([np.asarray(parts["y_train"]), np.asarray(parts["y_test"])])
        raw = from_pair(joined, target, name, where, hints)
        given = np.repeat([False, True], [len(inputs[0]), len(inputs[1])])
        step = "Pass X and y alone to have the rows parted anew."
        note = Finding("given_split", "low", f"{where} names its own test rows (x_test): they are used as such.", step)
        return Raw(raw.name, raw.where, raw.inputs, raw.target, given=given, findings=(*raw.findings, note))
    x_key = next((key for key in INPUT_KEYS if key in arrays), None)
    if x_key is None:
        found = {key: np.shape(values) for key, values in arrays.items()}
        raise DataError(f"{where} holds {found}: expected an array X (and y); save it with np.savez(path, X=X, y=y)")
    wanted = next((key for key in hints.target if key in arrays and key != x_key), None)
    y_key = wanted or next((key for key in TARGET_KEYS if key in arrays and key != x_key), None)
    inputs_x = array_inputs(arrays[x_key], f"{x_key} of {where}")
    inside = is_frame(inputs_x) and set(hints.target) <= set(inputs_x.columns)
    if hints.target and not inside and hints.target not in _names(arrays, y_key):
        near = nearest(hints.target[0], [y_key or x_key])
        raise DataError(f"target {listed(hints.target)} is not in {where}, which holds {listed(arrays)}{near}")
    target = arrays[y_key] if y_key else None
    hints = Hints(hints.target if wanted or (hints.target and not inside) else (), hints.text, hints.words)
    return from_pair(inputs_x, target, name, where, hints)


def _names(arrays: dict[str, Any], y_key: str | None) -> set[tuple[str, ...]]:
    """What the target of named arrays may be called."""
    if y_key is None:
        return set()
    shape = np.shape(arrays[y_key])
    width = 1 if len(shape) < 2 else shape[1]
    return {("y",), (y_key,)} if width == 1 else {tuple(f"y{i}" for i in range(width)), ("y",), (y_key,)}


def from_list(values: list[Any], where: str) -> Any:
    """Inputs from a list: of records, of strings, or of rows of numbers."""
    if values and all(isinstance(value, dict) for value in values):
        return tidy(from_records(values), where)[0]
    return array_inputs(values, where)
