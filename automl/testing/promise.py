"""A promise of a plug-in: kept, or an AssertionError that says which was broken."""

from __future__ import annotations

from typing import Any


def promise(holds: Any, words: str) -> None:
    """Raise AssertionError with these words unless the promise was kept (also under ``python -O``)."""
    if not bool(holds):
        raise AssertionError(words)
