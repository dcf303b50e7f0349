"""New names for rows, in the manner of a column of identifiers; none that the column held is stored."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl.records import MIN_LEVEL_ROWS

__all__ = ["NewIdentifiers", "fit_new_identifiers", "restore_new_identifiers"]

LETTERS: Mapping[str, str] = {
    "digit": "0123456789",
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "lower": "abcdefghijklmnopqrstuvwxyz",
    "upper": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "letter": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "alphanumeric": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
}
"""Sorts of characters, the narrowest first."""
LONGEST = 64
MOST_ROWS = 50_000
TRIES = 20
_WHOLE = re.compile(r"[1-9]\d*|0")


@dataclass(eq=False)
class NewIdentifiers:
    """Whole numbers that count on, or strings of a pattern.

    Attributes:
        start: the first of the numbers, beyond all that the column held; None for a pattern.
        pattern: for each place a sort of `LETTERS`, or the one character that all rows have there after a "=".
        missing: share of rows without a name.
    """

    start: int | None
    pattern: list[str]
    missing: float

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """``(n,)`` strings, all different where the pattern has room; None where missing."""
        if self.start is not None:
            names = [str(self.start + place) for place in range(n)]
        else:
            found: dict[str, None] = {}
            for _ in range(TRIES):
                found.update(dict.fromkeys(self._strings(n - len(found), rng)))
                if len(found) >= n:
                    break
            names = [*found, *self._strings(n - len(found), rng)]
        out = np.array([*names, None], dtype=object)[:n]
        out[rng.random(n) < self.missing] = None
        return out

    def _strings(self, n: int, rng: np.random.Generator) -> list[str]:
        if n <= 0:
            return []
        columns = [
            np.full(n, part[1:]) if part.startswith("=") else rng.choice(list(LETTERS[part]), n)
            for part in self.pattern
        ]
        return ["".join(row) for row in zip(*columns, strict=True)]

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings and lists."""
        return {"start": None if self.start is None else str(self.start), "pattern": self.pattern,
                "missing": self.missing}  # fmt: skip


def restore_new_identifiers(state: Mapping[str, Any]) -> NewIdentifiers:
    """What `NewIdentifiers.state` described.

    Raises:
        ValueError: a place of the pattern is of no sort.
    """
    pattern = [str(part) for part in state["pattern"]]
    if len(pattern) > LONGEST or not all(part in LETTERS or (len(part) == 2 and part[0] == "=") for part in pattern):
        raise ValueError("expected a pattern of known sorts of characters for new identifiers")
    start = state["start"]
    return NewIdentifiers(None if start is None else int(start), pattern, float(state["missing"]))


def fit_new_identifiers(cells: Sequence[str | None]) -> NewIdentifiers:
    """Fit to the cells of training rows."""
    known = [cell for cell in cells if cell]
    missing = 1.0 - len(known) / max(len(cells), 1)
    if known and all(_WHOLE.fullmatch(cell) for cell in known):
        return NewIdentifiers(_beyond(max(int(cell) for cell in known)), [], missing)
    if len(known) < MIN_LEVEL_ROWS:
        return NewIdentifiers(1, [], missing)
    some = known[:: max(len(known) // MOST_ROWS, 1)]
    length = min(Counter(len(cell) for cell in some).most_common(1)[0][0], LONGEST)
    alike = [cell for cell in some if len(cell) >= length]
    if len(alike) < MIN_LEVEL_ROWS:
        return NewIdentifiers(1, [], missing)
    pattern = [_sort([cell[place] for cell in alike]) for place in range(length)]
    return NewIdentifiers(None, pattern, missing)


def _beyond(largest: int) -> int:
    """A round number above, which tells of the largest no more than its first digit."""
    unit = int(10 ** (len(str(largest)) - 1))
    return (largest // unit + 1) * unit


def _sort(characters: Sequence[str]) -> str:
    """What stands at one place of the pattern."""
    different = set(characters)
    if len(different) == 1:
        return "=" + characters[0]
    return next((name for name, letters in LETTERS.items() if different <= set(letters)), "alphanumeric")
