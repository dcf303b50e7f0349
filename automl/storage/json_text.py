"""JSON with a line for each value, as `json.dumps` writes it with an indent, but quickly.

The library's quick encoder writes no indents, and the slow one took a second for each file that names 20,000 columns.
"""

from __future__ import annotations

import functools
import json
from typing import Any

__all__ = ["indented"]

NESTED = (dict, list, tuple)


def indented(value: Any, *, allow_nan: bool = True) -> str:
    """The text of ``json.dumps(value, ensure_ascii=False, indent=1)``.

    Args:
        value: of JSON's own types.
        allow_nan: whether NaN and infinities may be written.

    Raises:
        TypeError: it holds something else.
        ValueError: it holds a number that may not be written.
    """
    return _text(value, 0, allow_nan)


def _text(value: Any, level: int, allow_nan: bool) -> str:
    encode = _encoder(level, allow_nan)
    if not isinstance(value, NESTED) or not value:
        return str(encode(value))
    begin, end = "\n" + " " * (level + 1), "\n" + " " * level
    items = value.values() if isinstance(value, dict) else value
    if not any(isinstance(item, NESTED) for item in items):
        flat = encode(value)
        return f"{flat[0]}{begin}{flat[1:-1]}{end}{flat[-1]}"
    if not isinstance(value, dict):
        return f"[{begin}{f',{begin}'.join([_text(item, level + 1, allow_nan) for item in value])}{end}]"
    parts = [f"{_key(key, encode)}: {_text(item, level + 1, allow_nan)}" for key, item in value.items()]
    return f"{{{begin}{f',{begin}'.join(parts)}{end}}}"


def _key(key: Any, encode: Any) -> str:
    if isinstance(key, str):
        return str(encode(key))
    whole: str = encode({key: None})  # numbers, truths and None become texts
    return whole[1 : whole.rindex(":")]


@functools.lru_cache(maxsize=64)
def _encoder(level: int, allow_nan: bool) -> Any:
    """Writes what holds nothing nested, with the line ends of a level."""
    separators = (",\n" + " " * (level + 1), ": ")
    return json.JSONEncoder(ensure_ascii=False, allow_nan=allow_nan, separators=separators).encode
