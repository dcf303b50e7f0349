"""Parses values of a recipe that are written as text: times, amounts of memory, addresses and lists of columns."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, cast

from automl.errors import RecipeError
from automl.recipe.words import cut, nearest
from automl.records import KINDS, Kind

__all__ = [
    "NO_BUDGET",
    "check_columns",
    "parse_address",
    "parse_budget",
    "parse_columns",
    "parse_latency",
    "parse_memory",
    "parse_share",
]

MIB = {"": 1.0, "m": 1.0, "g": 1024.0, "t": 1024.0**2}
NO_BUDGET = "none"
"""A budget that does not bound the time: `max_trials` does, and no measured time decides anything."""

LONGEST = 60
LONGEST_ADDRESS = 300
SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
MILLISECONDS = {"": 1.0, "ms": 1.0}


def parse_budget(value: Any) -> float:
    """Seconds of a budget written as ``90``, ``"90"``, ``"90s"``, ``"5m"`` or ``"2h"``; infinite for ``"none"``.

    Raises:
        RecipeError: it is written otherwise, or is not above zero.
    """
    if isinstance(value, str) and value.strip().lower() == NO_BUDGET:
        return math.inf
    return _above_zero(value, SECONDS, 'budget: expected a time such as 90, "90s", "5m" or "2h", or "none"')


def parse_latency(value: Any) -> float:
    """Milliseconds of a latency written as ``20`` or ``"20ms"``.

    Raises:
        RecipeError: it is written otherwise, or is not above zero.
    """
    return _above_zero(value, MILLISECONDS, 'latency: expected milliseconds such as 20 or "20ms"')


def parse_share(value: Any) -> float | None:
    """The share of rows that raise an alarm; None for "auto".

    Raises:
        RecipeError: it is no number above 0 and below 0.5.
    """
    if value == "auto":
        return None
    expected = 'contamination: expected a share above 0 and below 0.5, such as 0.01, or "auto"'
    number = _above_zero(value, {"": 1.0, "%": 0.01}, expected)
    if number >= 0.5:
        raise RecipeError(f"{expected}, got {_said(value)}; what is in half of the rows is no anomaly")
    return number


def _above_zero(value: Any, units: Mapping[str, float], expected: str) -> float:
    """The value in the first of these units, from a number or from a text of a number and a unit."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise RecipeError(f"{expected}, got {_said(value)}")
    pattern = rf"\s*(\d+(?:\.\d*)?|\.\d+)\s*({'|'.join(units)})\s*"
    match = re.fullmatch(pattern, value) if isinstance(value, str) and len(value) <= LONGEST else None
    if isinstance(value, str) and match is None:
        raise RecipeError(f"{expected}, got {_said(value)}")
    try:
        number = float(match[1]) * units[match[2]] if match else float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number) or number <= 0:
        raise RecipeError(f"{expected} above zero, got {_said(value)}")
    return number


def _said(value: Any) -> str:
    """The value as Python writes it, shortened if it is long."""
    huge = isinstance(value, int) and value.bit_length() > 128
    return "a very large number" if huge else cut(repr(value), LONGEST)


def parse_memory(value: Any) -> float:
    """MiB of an amount of memory written as ``"8GB"``, ``"500MB"``, ``"8GiB"``, or as a number of MiB.

    Raises:
        RecipeError: it is written otherwise, or is not above zero.
    """
    expected = 'memory: expected an amount such as "8GB" or "500MB"'
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise RecipeError(f"{expected}, got {_said(value)}")
    huge = isinstance(value, int) and value.bit_length() > 64
    text = "" if huge else str(value).strip().lower()
    match = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)\s*(?:([mgt])(?:i?b)?)?", text) if len(text) <= LONGEST else None
    if match is None or not 0 < float(match[1]) < math.inf:
        raise RecipeError(f"{expected} above zero, got {_said(value)}")
    return float(match[1]) * MIB[match[2] or ""]


def parse_address(value: Any) -> str:
    """The address of a Ray cluster: ``auto``, ``local``, ``ray://host:port`` or ``host:port``.

    Raises:
        RecipeError: it is written otherwise.
    """
    text = value.strip() if isinstance(value, str) and len(value) <= LONGEST_ADDRESS else ""
    if text in ("auto", "local") or re.fullmatch(r"(ray://)?([\w.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}", text):
        return str(text)
    raise RecipeError(f'ray_address: expected "auto", "local", "ray://host:port" or "host:port", got {_said(value)}')


def parse_columns(text: str) -> dict[str, Kind]:
    """Columns and kinds written as ``name=kind,name=kind``, as on the command line.

    Raises:
        RecipeError: a part has no ``=``, a name is given twice, or a kind is unknown.
    """
    columns: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, kind = part.rpartition("=")
        if not equals or not name.strip():
            raise RecipeError(f"columns: expected name=kind, got {part!r}; write it as --columns age=numeric,note=text")
        if name.strip() in columns:
            raise RecipeError(f"columns: {name.strip()!r} is given twice; give each column once")
        columns[name.strip()] = kind.strip()
    return check_columns(columns)


def check_columns(columns: Mapping[str, str]) -> dict[str, Kind]:
    """Check the kinds of columns; returns the same mapping.

    Raises:
        RecipeError: a kind is unknown; the message gives the nearest one.
    """
    for name, kind in columns.items():
        if not isinstance(kind, str) or kind not in KINDS:
            raise RecipeError(
                f"columns: {_said(name)} has the unknown kind {_said(kind)}{nearest(str(kind), KINDS)}; "
                f"kinds are {', '.join(KINDS)}"
            )
    return cast("dict[str, Kind]", dict(columns))
