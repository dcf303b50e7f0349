"""Arrays in memory and in .npz files → a frame (1 and 2 dimensions) or an array (3 and 4), with its targets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.errors import DataError
from automl.intake.cell_types import framed, objects, plain_array, series
from automl.intake.frames import as_frame, as_series, from_records, is_frame, tidy
from automl.intake.limits import MIB, OVERRIDE, refuse_beyond, refuse_columns, whole_mib
from automl.intake.raw import Hints, Raw, listed, nearest
from automl.records import Finding, Mask
from automl.storage.npz import ArraysError, read_npy, read_npz

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["array_inputs", "from_npz", "from_pair", "sounds", "target_frame"]

INPUT_KEYS = ("X", "x", "data", "features", "images", "inputs", "arr_0")
MOST_RATE = 1_000_000
HELD_SHARE = 1 / 3
"""Of the memory that reading may take, for an archive's arrays: they are copied once or twice on their way."""
RATE_KEYS = ("rate", "sample_rate", "sampling_rate", "samplerate", "sr", "fs")
"""Samples a second: an array ``(n, samples)`` beside it is of sounds."""
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
        n_bytes = math.prod(values.shape) * max(np.dtype(values.dtype).itemsize, 1)
        refuse_beyond(where, n_bytes, whole_mib(None) * HELD_SHARE, f"a sparse matrix of shape {values.shape}")
        values = values.toarray()
    if isinstance(values, list | tuple) and len(shapes := _shapes(values)) > 1:
        raise DataError(f"{where}: rows must be of one shape, got {listed(shapes)}; resize or pad them alike")
    array = plain_array(values, where)
    if array.dtype.names:
        return _fields(array, where)
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
    refuse_columns(where, 1 if array.ndim == 1 else array.shape[1])
    if array.ndim == 1 and array.dtype.kind in "UO" and all(isinstance(value, str | None) for value in array):
        return pd.DataFrame({_text_name(array): series(array.astype(object))})
    return _columns(array)


def _columns(array: np.ndarray) -> pd.DataFrame:
    """Columns x0, x1, ... of one or two dimensions."""
    import pandas as pd

    table = array[:, None] if array.ndim == 1 else array
    if table.dtype.kind in "OU" or table.dtype == np.dtype("M8") or table.dtype == np.dtype("m8"):
        return pd.DataFrame({f"x{i}": series(objects(table[:, i])) for i in range(table.shape[1])})
    frame = pd.DataFrame(table)
    frame.columns = pd.Index([f"x{i}" for i in range(frame.shape[1])])
    return frame


def _fields(array: np.ndarray, where: str) -> pd.DataFrame:
    """A record array: one column a field; a field of several dimensions, or of fields, is read as text."""

    if array.ndim != 1:
        raise DataError(f"{where} is a record array of shape {array.shape}: expected (n,), one record a row")
    fields = {}
    for name in array.dtype.names or ():
        own = plain_array(array[name], where)
        fields[name] = own if own.ndim == 1 and not own.dtype.names else objects(own.tolist())
    return framed(fields)


def _shapes(values: list[Any] | tuple[Any, ...]) -> list[tuple[int, ...]]:
    """The first few different shapes of rows; none where they are objects."""
    found: set[tuple[int, ...]] = set()
    for value in values:
        if isinstance(value, str | bytes | Mapping | set | frozenset) or not hasattr(value, "__len__"):
            found.add(())
            continue
        try:
            found.add(np.shape(value))
        except Exception:  # rows in it are of several lengths, or it only calls itself an array
            found.add((-1,))
    return sorted(found)[:5]


def _text_name(values: Any) -> str:
    """A list of strings is called "image" or "sound" where all end as such files do, else "text"."""
    from pathlib import PurePath

    from automl.intake.files import MEDIA_SUFFIXES

    endings = {PurePath(value).suffix.lower() for value in values[:100] if value}
    return next((sort for sort, suffixes in MEDIA_SUFFIXES.items() if endings and endings <= suffixes), "text")


def target_frame(values: Any, names: tuple[str, ...], taken: Any, where: str) -> pd.DataFrame:
    """Targets as a frame: "y", or "y0", "y1", ..., or the names that were given.

    Args:
        values: shape (n,) or (n, n_targets): array, list, series or frame (whose names are kept).
        names: the user's names, used when their number fits.
        taken: names of input columns, to be avoided.
    """
    import pandas as pd

    if (masks := _masks(values)) is not None:
        frame, columns = masks, list(masks.columns)
    elif is_frame(values):
        frame, _ = tidy(as_frame(values), where)
        columns = list(frame.columns)
    else:
        raw = _targets(values, where)
        columns = list(raw.columns)
        frame, _ = tidy(raw, where)
    if not columns:
        raise DataError(f"{where}: y has no columns (shape {frame.shape}): expected (n,) or (n, n_targets)")
    if names and len(names) == len(columns):
        columns = list(names)
    elif names:
        raise DataError(f"{where}: y has {len(columns)} columns ({listed(columns)}) but target names {listed(names)}")
    for i, name in enumerate(columns):
        while columns[i] in taken:
            columns[i] = f"target_{name}" if columns[i] == name else f"{columns[i]}_"
    frame.columns = pd.Index(columns, dtype=object)
    return frame


def _masks(values: Any) -> pd.DataFrame | None:
    """Masks ``(n, height, width)`` of whole numbers as a column of them; None for other targets."""
    import pandas as pd

    if is_frame(values) or not hasattr(values, "dtype") or np.ndim(values) not in (3, 4):
        return None
    array = np.asarray(values)
    array = array[..., 0] if array.ndim == 4 and array.shape[3] == 1 else array
    if array.ndim != 3 or array.dtype.kind not in "buif":
        return None
    if array.dtype.kind == "f":
        if not (np.isfinite(array).all() and (array == np.rint(array)).all()):
            return None
        array = array.astype(np.int32)
    array = array.astype(np.uint8) if array.dtype == bool else array
    return pd.DataFrame({"y": pd.Series([Mask(codes) for codes in array], dtype=object)})


def _targets(values: Any, where: str) -> pd.DataFrame:
    """Columns "y", or "y0", "y1", ... of anything that is like an array."""
    import pandas as pd

    values = values if (column := as_series(values)) is None else column
    if isinstance(values, pd.Series | pd.Index):
        own = values.to_numpy() if isinstance(values, pd.MultiIndex) else values.array
        return pd.DataFrame({"y": series(own)})
    if type(values).__module__.partition(".")[0] == "pyarrow":
        return pd.DataFrame({"y": series(values)})
    if hasattr(values, "toarray") and type(values).__module__.startswith("scipy"):
        values = values.toarray()
    if isinstance(values, list | tuple) and len(_shapes(values)) > 1:
        values = objects(values)
    array = plain_array(values, f"{where}: y")
    if array.dtype.names:
        return _fields(array, f"{where}: y")
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim not in {1, 2}:
        masks = "; masks are whole numbers (n, height, width) without NaN" if array.ndim in {3, 4} else ""
        raise DataError(f"{where}: y has shape {array.shape}: expected (n,) or (n, n_targets){masks}")
    frame = _columns(array)
    frame.columns = pd.Index(["y"] if array.ndim == 1 else [f"y{i}" for i in range(frame.shape[1])])
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


def from_npz(data: bytes, form: str, name: str, where: str, hints: Hints, limit_mib: float = math.inf) -> Raw:
    """An .npz with X and y (or x_train, y_train, x_test, y_test), or an .npy; never unpickled.

    Raises:
        DataError: no array that can be the inputs, damaged, holding Python objects, or more than may be held.
    """
    most = limit_mib * MIB * HELD_SHARE
    try:
        arrays = {"X": read_npy(data, most)} if form == "npy" else read_npz(data, most)
    except ArraysError as error:
        step = f"; {OVERRIDE}" if "MiB" in str(error) else ""
        raise DataError(
            f"{where} cannot be read ({error}); save plain arrays with np.savez(path, X=X, y=y){step}"
        ) from error
    return from_arrays(arrays, name, where, hints)


def from_arrays(arrays: dict[str, Any], name: str, where: str, hints: Hints) -> Raw:
    """Named arrays: X and y, or parted into train and test."""
    rate = _rate(arrays, where)
    parts = {key.lower(): values for key, values in arrays.items()}
    if rate is not None:
        parts |= {key: sounds(parts[key], where) for key in ("x_train", "x_test") if key in parts}
        arrays = {key: sounds(own, where) if key in INPUT_KEYS else own for key, own in arrays.items()}
    return replace(_of_named(arrays, parts, name, where, hints), rate=rate)


def _of_named(arrays: dict[str, Any], parts: dict[str, Any], name: str, where: str, hints: Hints) -> Raw:
    if {"x_train", "x_test"} <= set(parts):
        import pandas as pd

        inputs = [array_inputs(parts[key], f"{key} of {where}") for key in ("x_train", "x_test")]
        if np.shape(inputs[0])[1:] != np.shape(inputs[1])[1:]:
            shapes = f"{np.shape(inputs[0])} and {np.shape(inputs[1])}"
            raise DataError(f"{where}: x_train and x_test have shapes {shapes}; rows must be of one shape")
        joined = pd.concat(inputs, ignore_index=True) if is_frame(inputs[0]) else np.concatenate(inputs)
        target = None
        if {"y_train", "y_test"} <= set(parts):
            target = np.concatenate([plain_array(parts[key], f"{key} of {where}") for key in ("y_train", "y_test")])
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


def _rate(arrays: Mapping[str, Any], where: str) -> float | None:
    """Samples a second, where the arrays name them.

    Raises:
        DataError: it is no such number.
    """
    key = next((key for key in RATE_KEYS if key in arrays), None)
    if key is None:
        return None
    try:
        rate = float(np.asarray(arrays[key]).reshape(()))
    except (TypeError, ValueError) as error:
        shape = np.shape(arrays[key])
        raise DataError(f"{key} of {where} has shape {shape}: expected one number, samples a second") from error
    if not 0 < rate <= MOST_RATE:
        raise DataError(f"{key} of {where} is {rate:g}: expected samples a second, from 1 to {MOST_RATE:,}")
    return rate


def sounds(values: Any, where: str) -> np.ndarray:
    """Sounds ``(n, channels, samples)`` of an array ``(n, samples)``, ``(samples,)`` or with channels.

    Raises:
        DataError: it holds no samples, or no numbers.
    """
    array = plain_array(values, where)
    if array.dtype.kind not in "buif" or array.ndim not in (1, 2, 3) or not array.size:
        raise DataError(
            f"{where} has a rate and an array of shape {array.shape} and type {array.dtype}: expected sounds as "
            "numbers, (n, samples) or (n, channels, samples)"
        )
    return array[None, None] if array.ndim == 1 else array[:, None] if array.ndim == 2 else array


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
        return from_records(values)
    return array_inputs(values, where)
