"""Values read from files that anybody may have written: each is checked for its type and range before it is used.

A checksum tells of damage, not of origin: whoever writes a journal's line can write its checksum too.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from automl.records import Cost

__all__ = [
    "MOST_SECONDS", "Misfit", "cost", "flag", "listed", "mapping", "number", "numbers", "one_of", "optional_number",
    "parse", "run_number", "short", "text", "whole",
]  # fmt: skip

Word = TypeVar("Word", bound=str)

MOST_SECONDS = 1e12
LARGEST = 1e150  # its square is a number, too
MOST_DEPTH = 64
MOST_BITS = 256  # a random generator's state has 128
MOST_CHARACTERS = 20_000


class Misfit(ValueError):
    """A stored value is none that automl writes there. The sentence fits behind a colon."""


def parse(content: bytes | str) -> Any:
    """Read JSON as automl writes it.

    Args:
        content: UTF-8 or text.

    Raises:
        Misfit: it is no JSON, is nested too deep, or holds NaN, an infinity or a number or text of no use.
    """
    try:
        value = json.loads(content.decode("utf-8") if isinstance(content, bytes) else content, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Misfit(f"it is no JSON that can be read ({error})") from error
    _check(value)
    return value


def _refuse(name: str) -> Any:
    raise Misfit(f"{name} is no number")


def _check(value: Any) -> None:
    """Refuse what later code could stumble over. A loop of its own, since nesting is one of the things to refuse."""
    level = [value]
    for _ in range(MOST_DEPTH):
        below: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                for key in one:
                    _check_plain(key)
                below += one.values()
            elif isinstance(one, list):
                below += one
            else:
                _check_plain(one)
        if not below:
            return
        level = below
    raise Misfit(f"it is nested deeper than {MOST_DEPTH} levels")


def _check_plain(value: Any) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise Misfit("it holds a number that is too large")
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise Misfit("it holds a number that is too large")
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise Misfit("it holds half a character (a lone surrogate)") from None


def short(value: Any) -> str:
    """The value as a few characters."""
    said = repr(value)
    return said if len(said) <= 60 else said[:57] + "..."


def _get(found: Mapping[str, Any], key: str) -> Any:
    if key not in found:
        raise Misfit(f"{key} is missing")
    return found[key]


def number(found: Mapping[str, Any], key: str, low: float = -LARGEST, high: float = LARGEST) -> float:
    """A finite number within these bounds; raises Misfit."""
    value = _get(found, key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise Misfit(f"{key}: expected a number from {low:g} to {high:g}, got {short(value)}")
    return float(value)


def optional_number(found: Mapping[str, Any], key: str, low: float = -LARGEST, high: float = LARGEST) -> float | None:
    """The same, or None where None stands there; raises Misfit."""
    return None if _get(found, key) is None else number(found, key, low, high)


def whole(found: Mapping[str, Any], key: str, low: int, high: int) -> int:
    """A whole number within these bounds; raises Misfit."""
    value = _get(found, key)
    if type(value) is not int or not low <= value <= high:
        raise Misfit(f"{key}: expected a whole number from {low} to {high}, got {short(value)}")
    return value


def flag(found: Mapping[str, Any], key: str) -> bool:
    """True or False; raises Misfit."""
    value = _get(found, key)
    if not isinstance(value, bool):
        raise Misfit(f"{key}: expected true or false, got {short(value)}")
    return value


def text(found: Mapping[str, Any], key: str, most: int = MOST_CHARACTERS) -> str:
    """Words of at most so many characters; raises Misfit."""
    value = _get(found, key)
    if not isinstance(value, str) or len(value) > most:
        raise Misfit(f"{key}: expected a text of at most {most} characters, got {short(value)}")
    return value


def one_of(found: Mapping[str, Any], key: str, allowed: tuple[Word, ...]) -> Word:
    """One of these words; raises Misfit."""
    value = _get(found, key)
    for word in allowed:
        if value == word:
            return word
    raise Misfit(f"{key}: expected one of {', '.join(allowed)}, got {short(value)}")


def listed(found: Mapping[str, Any], key: str, most: int) -> list[Any]:
    """A list of at most so many items; raises Misfit."""
    value = _get(found, key)
    if not isinstance(value, list) or len(value) > most:
        raise Misfit(f"{key}: expected a list of at most {most}, got {short(value)}")
    return value


def numbers(found: Mapping[str, Any], key: str, most: int) -> list[float]:
    """A list of at most so many finite numbers; raises Misfit."""
    return [number({key: one}, key) for one in listed(found, key, most)]


def mapping(found: Mapping[str, Any], key: str, most: int = 1000) -> dict[str, Any]:
    """A mapping of at most so many keys; raises Misfit."""
    value = _get(found, key)
    if not isinstance(value, dict) or len(value) > most:
        raise Misfit(f"{key}: expected a mapping of at most {most}, got {short(value)}")
    return value


def cost(found: Mapping[str, Any], key: str) -> Cost:
    """What a run cost; raises Misfit."""
    own = mapping(found, key)
    known = {field.name for field in fields(Cost)}
    if not own.keys() <= known:
        raise Misfit(f"{key}: {short(sorted(own.keys() - known))} is no cost")
    measured: dict[str, Any] = {name: optional_number(own, name, 0.0, LARGEST) for name in own}
    for name in ("fit_seconds", "offered_seconds"):
        measured[name] = number(own, name, 0.0, MOST_SECONDS)
    if own.get("n_parameters") is not None:
        measured["n_parameters"] = whole(own, "n_parameters", 0, 2**53)
    return Cost(**measured)


def run_number(name: Any, family: str, most: int) -> int:
    """The number in a run's name, ``<family>-<number>``, which also names its files; raises Misfit."""
    place = name.removeprefix(f"{family}-") if isinstance(name, str) else ""
    of_digits = place.isascii() and place.isdigit() and len(place) < 10
    if of_digits and 1 <= int(place) <= most and name == f"{family}-{int(place)}":
        return int(place)
    raise Misfit(f"name: expected {family}- and a number up to {most}, got {short(name)}")
