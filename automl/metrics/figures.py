"""How a figure of a metric is written: the one place for sentences, pages and terminals.

The same score must read the same in the verdict, in a table and in a line of progress.
"""

from __future__ import annotations

import math

__all__ = ["NO_SCORE", "figure", "figures", "places", "signed"]

NO_SCORE = "no score"
"""What stands for a score that is not defined."""

LEAST_PLACES = 4
"""Decimals of a figure below ten, so that columns of them line up."""
DIGITS, SIGNED_DIGITS = 3, 2
"""Digits of small figures; a difference is less certain than a score."""
MOST_FURTHER = 3
"""Further decimals that tell figures apart, or from zero."""
MOST_PLACES = 7
HUGE, NOTHING = 1e9, 1e-9
"""Larger figures are written with an exponent; smaller ones are what arithmetic leaves of zero."""


def places(*values: float, digits: int = DIGITS) -> int:
    """The decimals with which these figures are written beside each other: more where they are small or close.

    Args:
        *values: figures of one metric; those that are not finite do not count.
        digits: of the largest one, if it is small.
    """
    finite = [abs(value) if abs(value) >= NOTHING else 0.0 for value in values if math.isfinite(value)]
    largest = max(finite, default=1.0)
    if largest >= 10:
        own = max(0, LEAST_PLACES - math.floor(math.log10(largest)))
    else:
        own = max(LEAST_PLACES, digits - 1 - math.floor(math.log10(largest))) if largest > 0 else LEAST_PLACES
    apart = max(finite) - min(finite) if len(finite) > 1 else 0.0
    is_none = apart < NOTHING * max(largest, 1.0)
    return own if is_none or apart >= 10.0**-own else min(own + MOST_FURTHER, math.ceil(-math.log10(apart)))


def figure(value: float, decimals: int | None = None) -> str:
    """A score as text, with a real minus sign; a rounded zero has none.

    Args:
        value: the score.
        decimals: that it is written with; None for those of a figure that stands alone.
    """
    if not math.isfinite(value):
        return NO_SCORE
    value = value if abs(value) >= NOTHING else 0.0
    decimals = places(value) if decimals is None else decimals
    if decimals > MOST_PLACES or abs(value) >= HUGE:
        return f"{value:.3g}".replace("-", "−")
    text = f"{value:,.{decimals}f}".replace("-", "−")
    return text.lstrip("−") if not any(c in "123456789" for c in text) else text


def figures(*values: float) -> tuple[str, ...]:
    """Scores that stand beside each other, with decimals that tell them apart."""
    shared = places(*values)
    return tuple(figure(value, shared) for value in values)


def signed(*values: float) -> tuple[str, ...]:
    """Differences of scores that stand beside each other, such as a gain and its interval, with their signs.

    One that is not zero does not read as zero: which side of zero it is on may decide.
    """
    shared = places(max(map(_size, values)), digits=SIGNED_DIGITS)
    smallest = min((abs(v) for v in values if math.isfinite(v) and abs(v) >= NOTHING), default=1.0)
    if 0 < smallest < 0.5 * 10.0**-shared:
        shared = min(math.ceil(-math.log10(smallest)), shared + MOST_FURTHER)
    return tuple(_with_sign(value, figure(value, shared)) for value in values)


def _size(value: float) -> float:
    return abs(value) if math.isfinite(value) else 0.0


def _with_sign(value: float, text: str) -> str:
    return f"+{text}" if value > 0 and any(c in "123456789" for c in text) else text
