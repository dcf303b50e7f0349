"""Counts with their nouns: "1 row", "1,250 rows"."""

from __future__ import annotations

__all__ = ["counted", "noun"]


def counted(n: int, one: str, many: str | None = None) -> str:
    """A count with its noun in the right number: ``1 row``, ``1,250 rows``.

    Args:
        n: the count.
        one: the noun for one of them, with its adjectives: "usable row".
        many: the noun for several; None where it only gets an s.
    """
    return f"{n:,} {noun(n, one, many)}"


def noun(n: int, one: str, many: str | None = None) -> str:
    """A noun, or a verb, in the number of a count: ``noun(1, "is", "are")`` is "is"; see `counted`."""
    return one if n == 1 else f"{one}s" if many is None else many
