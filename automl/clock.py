"""One object owns the budget: what each side and phase was offered and has spent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Clock"]


class Clock:
    """The budget of one call, in monotonic seconds since `started`.

    Args:
        budget_seconds: for the whole call, from `started` to the conclusion.
        started: `time.monotonic` value at the call; now when None.

    Each side may use half of the seconds that remain when the contest starts; what a side leaves unused at its
    end passes over to the other.
    """

    def __init__(self, budget_seconds: float, started: float | None = None) -> None:
        self.started = time.monotonic() if started is None else started
        self.budget_seconds = float(budget_seconds)
        self.spent: dict[str, float] = {"deep": 0.0, "shallow": 0.0}
        self.phases: dict[str, float] = {}

    @property
    def elapsed(self) -> float:
        """Seconds since the call."""
        return time.monotonic() - self.started

    @property
    def remaining(self) -> float:
        """Seconds left of the budget; may be negative."""
        return self.budget_seconds - self.elapsed

    def deadline(self, seconds: float) -> float:
        """`time.monotonic` value `seconds` from now, never past the budget's end."""
        return min(time.monotonic() + seconds, self.started + self.budget_seconds)

    @contextmanager
    def spend(self, side: str) -> Iterator[None]:
        """Charge what happens inside to a side."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self.spent[side] = self.spent.get(side, 0.0) + time.monotonic() - begun

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Record what happens inside under a phase's name."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self.phases[name] = self.phases.get(name, 0.0) + time.monotonic() - begun
