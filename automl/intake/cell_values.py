"""A cell of any class → one of Python's own values, or text that can be written anywhere.

Whatever the cell's class does, nothing here raises: what its class cannot write is called by the class's name.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import json
import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np

from automl.intake.files import MEDIA_SUFFIXES, shown

__all__ = ["as_float", "cause", "cell", "clean", "digits", "is_text", "label", "own", "text_of"]

KEPT = (str, bool, int, float, datetime.date, datetime.time)
LONGEST_NUMBER = 2**1024
"""From here on a whole number is no float, and it stays text."""


def own(value: Any) -> Any:
    """A number of NumPy, or of a class that is derived from Python's, as Python's own."""
    if value is None or type(value) in KEPT:
        return value
    try:
        if isinstance(value, np.datetime64 | np.timedelta64):
            return _time_of(value)
        if isinstance(value, np.generic):
            plain_value = value.item()
            return float(plain_value) if isinstance(plain_value, np.floating) else plain_value
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, bool | int):
            return int.__int__(value)
        if isinstance(value, float):
            return float.__float__(value)
    except Exception:  # a class of somebody's own
        return _name_of(value)
    return value


def _time_of(value: Any) -> Any:
    """A date or a length of time of NumPy as one of pandas; text where pandas does not reach."""
    import pandas as pd

    try:
        return pd.Timestamp(value) if isinstance(value, np.datetime64) else pd.Timedelta(value)
    except ValueError:
        return str(value)


def cell(value: Any) -> Any:
    """One cell as None, or as one of Python's own values that `KEPT` lists."""
    import pandas as pd

    if value is None or type(value) in (*KEPT, datetime.datetime, pd.Timestamp):
        return digits(value) if type(value) is int and abs(value) >= LONGEST_NUMBER else value
    try:
        return as_float(value) if isinstance(value, decimal.Decimal | fractions.Fraction) else text_of(value)
    except Exception:  # nested without end, or a class of somebody's own
        return _name_of(value)


def as_float(value: Any) -> float:
    """A number as a float: infinite where it is too large, missing where it signals that it is none."""
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    except ValueError:
        return float("nan")


def digits(value: int) -> str:
    """A whole number as text: Python writes no more than 4,300 digits."""
    return str(value) if abs(value) < LONGEST_NUMBER else hex(value)


def text_of(value: Any) -> str:
    """What a value of any class is written as."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).rstrip(b"\0").decode("utf-8", errors="replace")
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, set | frozenset):
        value = sorted(value, key=str)
    if isinstance(value, list | tuple | dict):
        try:
            return json.dumps(value, ensure_ascii=False, default=_member)
        except TypeError:  # keys that are no text
            return str(value)
    if _writes_its_address(type(value)):
        return _name_of(value)
    return str.__str__(str(value))


def _writes_its_address(kind: Any) -> bool:
    """Whether a class has no words of its own: an address in memory differs from run to run."""
    return kind.__str__ is object.__str__ and kind.__repr__ is object.__repr__


def _member(value: Any) -> Any:
    """A member of a list or dict that JSON does not know."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, numbers.Number):
        return str(value)
    return text_of(value) if not isinstance(value, Mapping) else dict(value)


def _name_of(value: Any) -> str:
    return f"<{type(value).__name__}>"


def cause(error: Exception) -> str:
    """What an error says, its class where that fails."""
    try:
        return str(error)[:200] or type(error).__name__
    except Exception:  # a class of somebody's own
        return type(error).__name__


def label(name: Any) -> str:
    """A column's name as text that can be written anywhere."""
    try:
        if isinstance(name, tuple):
            return ".".join(map(label, name))
        return clean(text_of(name) if not isinstance(name, str) else str.__str__(name))
    except Exception:  # a class of somebody's own
        return _name_of(name)


def is_text(value: str) -> bool:
    """Whether it can be written as UTF-8 (lone surrogates cannot)."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def clean(value: str) -> str:
    """Text without NULs and halves of characters; paths of pictures and sounds keep the bytes of names, spelled out."""
    value = value.replace("\0", "")
    if is_text(value):
        return value
    if value.lower().endswith(tuple(suffix for suffixes in MEDIA_SUFFIXES.values() for suffix in suffixes)):
        return shown(value)
    return value.encode("utf-8", errors="replace").decode("utf-8")
