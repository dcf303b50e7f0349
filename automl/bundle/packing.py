"""Packs states of encoders, codecs and decisions as JSON plus arrays, and restores them exactly, without pickle."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from automl.errors import BundleError

__all__ = ["pack", "unpack"]

# A dict with one of these keys stands for a value that JSON cannot express.
MARKS = ("$array", "$words", "$scalar", "$tuple", "$pairs", "$bytes")


def pack(value: Any, arrays: dict[str, np.ndarray], path: str = "") -> Any:
    """Convert a value to JSON types; arrays are put into `arrays`, each under a name of its own.

    Args:
        value: None, bool, numbers, strings, bytes, lists, tuples, mappings, NumPy scalars and arrays, nested freely.
        arrays: filled with the arrays that the JSON refers to.
        path: position of the value in the state, for messages.

    Raises:
        BundleError: the state holds something else (such as an estimator), which could not be restored safely.
    """
    if value is None or (isinstance(value, bool | int | float | str) and not isinstance(value, np.generic)):
        return value
    if isinstance(value, np.ndarray | np.generic):
        return pack_array(value, arrays, path)
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode("ascii")}
    if isinstance(value, list | tuple):
        items = [pack(item, arrays, f"{path}/{i}") for i, item in enumerate(value)]
        return {"$tuple": items} if isinstance(value, tuple) else items
    if isinstance(value, Mapping):
        if all(type(key) is str and not key.startswith("$") for key in value):
            return {key: pack(item, arrays, f"{path}/{key}") for key, item in value.items()}
        return {"$pairs": [[pack(k, arrays, f"{path}/key"), pack(v, arrays, f"{path}/{k}")] for k, v in value.items()]}
    raise BundleError(
        f"cannot save a {type(value).__name__} (at {path or '/'}): states hold plain numbers, strings, lists, mappings "
        "and arrays; let the part's state() return those"
    )


def pack_array(value: np.ndarray | np.generic, arrays: dict[str, np.ndarray], path: str) -> Any:
    """Store an array by reference; an array of Python objects (strings, None) item by item."""
    array = np.asarray(value)
    if array.dtype.hasobject:
        items = [pack(item, arrays, path) for item in array.ravel().tolist()]
        return {"$words": items, "shape": list(array.shape)}
    name = f"a{len(arrays)}"
    arrays[name] = array
    return {"$scalar" if isinstance(value, np.generic) else "$array": name}


def unpack(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """Reverse `pack`.

    Args:
        value: parsed JSON; its nesting must stay within Python's recursion limit.
        arrays: the arrays that it refers to.

    Raises:
        BundleError: a mark has a content that `pack` never writes.
    """
    if isinstance(value, list):
        return [unpack(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    mark = next((mark for mark in MARKS if mark in value), None)
    if mark is None:
        return {key: unpack(item, arrays) for key, item in value.items()}
    try:
        if value.keys() != ({mark, "shape"} if mark == "$words" else {mark}):
            raise ValueError(f"it is together with {sorted(value.keys() - {mark})}")
        return _unpack_marked(mark, value[mark], value.get("shape"), arrays)
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        if isinstance(error, BundleError):
            raise
        raise BundleError(f"encoder.json holds an invalid {mark} ({error}); save the model again") from error


def _unpack_marked(mark: str, content: Any, shape: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """The value of a marked dict."""
    if mark in ("$array", "$scalar"):
        if not isinstance(content, str) or content not in arrays:
            raise BundleError(f"encoder.npz lacks the array {content!r} that encoder.json refers to; save it again")
        if mark == "$scalar" and arrays[content].ndim:
            raise ValueError("it is an array")
        return arrays[content] if mark == "$array" else arrays[content][()]
    if mark == "$bytes":
        return base64.b64decode(content, validate=True)
    if not isinstance(content, list):
        raise ValueError(f"it is a {type(content).__name__}")
    if mark == "$tuple":
        return tuple(unpack(item, arrays) for item in content)
    if mark == "$pairs":
        return {unpack(key, arrays): unpack(item, arrays) for key, item in content}
    if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError(f"its shape is {shape!r}")
    if math.prod(shape) != len(content):
        raise ValueError(f"{len(content)} words do not fill the shape {shape}")
    words = np.empty(len(content), dtype=object)
    words[:] = [unpack(item, arrays) for item in content]
    return words.reshape(shape)
