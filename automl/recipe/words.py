"""Words for error messages: the nearest valid name, and a description of the value that arrived."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["arrived", "cut", "nearest", "nearest_key"]

LONGEST = 100
FEWEST_LETTERS = 4
"""A word of fewer letters begins too many keys."""

# Names that other tools use for our keys.
ALIASES = {
    "budget_seconds": "budget", "time_limit": "budget", "time": "budget", "timeout": "budget", "y": "target",
    "label_column": "target", "targets": "target", "dataset": "data", "train": "data", "path": "data", "file": "data",
    "output": "out", "folder": "out", "random_state": "seed", "latency_ms": "latency", "date_column": "time_column",
    "date": "time_column", "timestamp": "time_column", "task": "goal", "scoring": "metric", "models": "templates",
    "sample_weight": "weight", "weights": "weight", "groups": "group", "kinds": "columns", "trials": "max_trials",
    "steps": "horizon", "series_column": "series", "group_column": "group", "exclude": "drop", "ignore": "drop",
    "ignored_columns": "drop", "drop_columns": "drop", "exclude_columns": "drop", "leave_out": "drop",
}  # fmt: skip


def nearest(word: str, words: Iterable[str], cutoff: float = 0.5) -> str:
    """`` (did you mean 'x'?)`` with the nearest of `words`, or an empty text."""
    close = difflib.get_close_matches(word[:LONGEST].lower(), list(words), n=1, cutoff=cutoff)
    return f" (did you mean {close[0]!r}?)" if close else ""


def nearest_key(
    word: str, keys: Iterable[str], elsewhere: Iterable[str] = (), where: str | Mapping[str, str] = ""
) -> str:
    """The same for a recipe's keys, including the names that other tools use for them.

    A key of this place that begins with the word comes before nearer ones of other places.

    Args:
        word: what the user wrote.
        keys: that are valid in its place.
        elsewhere: keys that are valid in another place.
        where: how to speak of that place, such as "which belongs under search"; or that for each key.
    """
    plain = word[:LONGEST].strip().lower().replace("-", "_").replace(" ", "_")
    here, others = list(keys), list(elsewhere)
    plain = ALIASES.get(plain, plain)
    begun = [key for key in here if len(plain) >= FEWEST_LETTERS and key.startswith(plain) and plain not in others]
    close = begun or difflib.get_close_matches(plain, [*here, *others], n=1, cutoff=0.5)
    if not close:
        return ""
    place = "" if close[0] in here else f", {where if isinstance(where, str) else where[close[0]]}"
    return f" (did you mean {close[0]!r}{place}?)"


def arrived(value: Any) -> str:
    """A description of a value for someone who writes YAML."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"{str(value).lower()} (a yes/no value; quote the word if you mean it as text)"
    if isinstance(value, str):
        return f"the text {cut(value, 60)!r}"
    if isinstance(value, int | float):
        return "a very large number" if abs(value) >= 2**128 else f"the number {value}"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return "a mapping"
    quote = "; quote it if you mean it as text" if isinstance(value, datetime.date) else ""
    return f"a {type(value).__name__} ({cut(str(value), 60)}{quote})"


def cut(text: str, most: int) -> str:
    """The text, shortened if it is longer than `most` characters."""
    return text if len(text) <= most else text[: most - 3] + "..."
