"""One object owns the budget: what each side and phase was offered and has spent."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

__all__ = ["Clock"]


class Clock:
    """The budget of a run, in monotonic seconds: those since `started` and those that earlier calls have used.

    Args:
        budget_seconds: for the whole run, from `started` to the conclusion.
        started: `time.monotonic` value at the call; now when None.

    Each side may use half of the seconds that remain when the contest starts; what a side leaves unused at its
    end passes over to the other.

    Attributes:
        spent: seconds that each side has used.
        phases: seconds by phase.
        offered: seconds that each side could have used in the whole contest: what it has spent, and what was still
            on offer to it when it was last asked. The same for both, but where one side declined time that went to
            the other. Empty without a bound on time.
    """

    def __init__(self, budget_seconds: float, started: float | None = None) -> None:
        self.started = time.monotonic() if started is None else started
        self.budget_seconds = float(budget_seconds)
        self.earlier_seconds = 0.0
        self.spent: dict[str, float] = {"deep": 0.0, "shallow": 0.0}
        self.offered: dict[str, float] = {}
        self.phases: dict[str, float] = {}
        self._declined: dict[str, float] = {}
        self._open: dict[str, float] = {}

    def go_on(self, budget_seconds: float, earlier_seconds: float, spent: Mapping[str, float],
              phases: Mapping[str, float]) -> None:  # fmt: skip
        """Take over what earlier calls of the same run have used; their time of day plays no part.

        Args:
            budget_seconds: offered to all calls together.
            earlier_seconds: used by earlier calls.
            spent: of those, by side and by phase.
            phases: of those, by side and by phase.
        """
        self.budget_seconds, self.earlier_seconds = float(budget_seconds), float(earlier_seconds)
        for own, earlier in ((self.spent, spent), (self.phases, phases)):
            for name, seconds in earlier.items():
                own[name] = own.get(name, 0.0) + seconds

    @property
    def call_seconds(self) -> float:
        """Seconds since this call."""
        return time.monotonic() - self.started

    @property
    def elapsed(self) -> float:
        """Seconds of all calls of this run together."""
        return self.earlier_seconds + self.call_seconds

    @property
    def remaining(self) -> float:
        """Seconds left of the budget; may be negative."""
        return self.budget_seconds - self.elapsed

    def deadline(self, seconds: float) -> float:
        """`time.monotonic` value `seconds` from now, never past the budget's end."""
        return time.monotonic() + min(seconds, self.remaining)

    def offer(self, side: str, seconds: float) -> None:
        """Note what a side may use in all, those seconds that it has spent among them."""
        if math.isfinite(seconds):
            self.offered[side] = max(0.0, seconds, self._declined.get(side, 0.0))

    def decline(self, side: str) -> None:
        """Note that a side has no use for what it was offered: that it is gone later does not take the offer back."""
        self._declined[side] = self.offered.get(side, 0.0)

    def spent_so_far(self) -> dict[str, float]:
        """What each side has spent, with what is under way; for another thread too."""
        now = time.monotonic()
        found = dict(self.spent)
        for side, begun in list(self._open.items()):
            found[side] = found.get(side, 0.0) + now - begun
        return found

    @contextmanager
    def spend(self, side: str) -> Iterator[None]:
        """Charge what happens inside to a side."""
        begun = self._open[side] = time.monotonic()
        try:
            yield
        finally:
            del self._open[side]
            self.spent[side] = self.spent.get(side, 0.0) + time.monotonic() - begun

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Record what happens inside under a phase's name."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self.phases[name] = self.phases.get(name, 0.0) + time.monotonic() - begun
