"""What is told of sounds: silence, clipping, several rates, channels or lengths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from automl.intake.spectrograms import SoundForm
from automl.records import Finding, Severity

if TYPE_CHECKING:
    from automl.intake.sounds import Heard

__all__ = ["sound_findings"]

SHOWN_ROWS = 20
MANY = 0.1
LENGTH_RATIO = 1.25
"""A sound so many times as long, or as short, as the form is of another length."""


def sound_findings(
    heard: Mapping[int, Heard], form: SoundForm, numbers: np.ndarray, name: str, is_new: bool
) -> tuple[Finding, ...]:
    """All that is odd about the sounds that were read.

    Args:
        heard: what was found in each, by row.
        form: to which they were brought.
        numbers: ``(n,)`` positions of the rows in the user's file.
        name: of their column; empty of an array.
        is_new: rows to predict: what is usual of a training set is not told again.
    """
    return tuple(_found(heard, form, numbers, (name,) if name else (), is_new))


def _found(
    heard: Mapping[int, Heard], form: SoundForm, numbers: np.ndarray, columns: tuple[str, ...], is_new: bool
) -> Iterator[Finding]:
    n = len(heard)

    def finding(check: str, rows: list[int], message: str, step: str, severity: Severity | None = None) -> Finding:
        usual: Severity = "medium" if len(rows) > MANY * n else "low"
        shown = tuple(int(numbers[row]) for row in rows[:SHOWN_ROWS])
        return Finding(check, severity or usual, message, step, columns=columns, rows=shown, count=len(rows))

    silent = [row for row, one in heard.items() if one.is_silent]
    if silent:
        message = (
            f"{len(silent):,} of {n:,} sounds are silent (nothing above -80 dB of full scale): nothing can be heard."
        )
        step = "Remove them, or look for what went wrong when they were recorded."
        yield finding("silent_sounds", silent, message, step, "medium" if len(silent) > 0.01 * n else "low")
    clipped = [row for row, one in heard.items() if one.is_clipped]
    if clipped:
        message = f"{len(clipped):,} of {n:,} sounds are clipped: cut off at full scale, which adds overtones."
        yield finding("clipped_sounds", clipped, message, "Record them at a lower level.")
    rates = Counter(one.rate for one in heard.values())
    low = [row for row, one in heard.items() if one.rate < form.rate]
    if low and (is_new or len(rates) > 1):
        message = (
            f"{len(low):,} of {n:,} sounds have fewer than {form.rate:,} samples a second; they were brought to it, "
            "and hold nothing of the higher tones."
        )
        step = "If a class has a rate of its own, a model may tell it by that: record all alike."
        yield finding("mixed_rates", low, message, step, "medium")
    if is_new:
        return
    high = [row for row, one in heard.items() if one.rate > form.rate]
    if high:
        rate = form.rate
        message = (
            f"{len(high):,} of {n:,} sounds were brought to {rate:,} samples a second; tones above {rate // 2:,} Hz "
            f"are not heard (found: {', '.join(f'{own:,}' for own, _ in rates.most_common(4))})."
        )
        yield finding("resampled_sounds", high, message, "Nothing is to be done unless higher tones matter.", "low")
    several = [row for row, one in heard.items() if one.channels > 1]
    if several:
        message = f"{len(several):,} of {n:,} sounds have several channels, which were averaged."
        step = "Pass the channel that matters alone, if they differ."
        yield finding("mixed_channels", several, message, step, "low")
    yield from _lengths(heard, form, finding)


def _lengths(heard: Mapping[int, Heard], form: SoundForm, finding: object) -> Iterator[Finding]:
    assert callable(finding)
    longer = [row for row, one in heard.items() if one.seconds > form.seconds + 1.5 / form.rate + 1e-3]
    if longer:
        most = max(heard[row].seconds for row in longer)
        message = (
            f"{len(longer):,} of {len(heard):,} sounds are longer than {form.seconds:.2f} s (up to {most:.1f} s); of "
            "these the loudest part of that length is read."
        )
        step = "Cut long recordings into pieces, a row each, if what matters may be anywhere in them."
        share = len(longer) / len(heard)
        yield finding("long_sounds", longer, message, step, "medium" if share > MANY or most > 60 else "low")
    shorter = [row for row, one in heard.items() if one.seconds * LENGTH_RATIO < form.seconds]
    if shorter:
        least = min(heard[row].seconds for row in shorter)
        message = (
            f"{len(shorter):,} of {len(heard):,} sounds are much shorter than {form.seconds:.2f} s (down to "
            f"{least:.2f} s); they end in silence."
        )
        yield finding("short_sounds", shorter, message, "If a class is told by its length alone, cut all alike.", "low")
