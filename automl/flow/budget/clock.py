"""The clock: owns the time budget, and records what each side was allotted and has spent."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from automl.system.contention import ProcessorUse, Reading, used

__all__ = ["Clock"]

MOST_SLOWNESS = 8.0


class Clock:
    """The budget of a run, in monotonic seconds: those since `started` plus those that earlier calls have used.

    Each side is allotted half of the seconds that remain when the contest starts. Time that a side leaves unused goes
    to the other.

    Args:
        budget_seconds: seconds for the whole run, from `started` to the conclusion.
        started: `time.monotonic` value at the call; None for now.
        read: reads what this process and its children have had of the processors, before and after each fit.

    Attributes:
        spent: seconds that each side has used.
        processors: what each side had of the processors in this call, during the time that it was charged with.
        phases: seconds by phase.
        slowness: how many times as long work takes as on a machine without other programs, see `watch`.
        offered: seconds allotted to each side in the whole contest: those it has spent, plus those that were still
            available to it when it was last asked. They are equal, unless one side declined time, which then went to
            the other. Empty without a time limit.
    """

    def __init__(
        self, budget_seconds: float, started: float | None = None, read: Callable[[], Reading | None] = lambda: None
    ) -> None:
        self.started = time.monotonic() if started is None else started
        self.budget_seconds = float(budget_seconds)
        self.earlier_seconds = 0.0
        self.spent: dict[str, float] = {"deep": 0.0, "shallow": 0.0}
        self.offered: dict[str, float] = {}
        self.phases: dict[str, float] = {}
        self.processors: dict[str, ProcessorUse] = {}
        self.slowness = 1.0
        self._read = read
        self._declined: dict[str, float] = {}
        self._open: dict[str, float] = {}

    def go_on(self, budget_seconds: float, earlier_seconds: float, spent: Mapping[str, float],
              phases: Mapping[str, float]) -> None:  # fmt: skip
        """Add the time that earlier calls of the same run have used; when they ran plays no part.

        Args:
            budget_seconds: budget of all calls together.
            earlier_seconds: seconds used by earlier calls.
            spent: seconds of earlier calls by side.
            phases: seconds of earlier calls by phase.
        """
        self.budget_seconds, self.earlier_seconds = float(budget_seconds), float(earlier_seconds)
        for own, earlier in ((self.spent, spent), (self.phases, phases)):
            for name, seconds in earlier.items():
                own[name] = own.get(name, 0.0) + seconds

    @property
    def call_seconds(self) -> float:
        """Seconds since the start of this call."""
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
        """The `time.monotonic` value `seconds` from now, at most the end of the budget."""
        return time.monotonic() + min(seconds, self.remaining)

    def offer(self, side: str, seconds: float) -> None:
        """Record the seconds that a side may use in all, including those that it has spent."""
        if math.isfinite(seconds):
            self.offered[side] = max(0.0, seconds, self._declined.get(side, 0.0))

    def decline(self, side: str) -> None:
        """Record that a side does not use the rest of its time; `offered` still counts it, though the other gets it."""
        self._declined[side] = self.offered.get(side, 0.0)

    def spent_so_far(self) -> dict[str, float]:
        """Seconds that each side has spent, including its current step; may be called from another thread."""
        now = time.monotonic()
        spent = dict(self.spent)
        for side, begun in list(self._open.items()):
            spent[side] = spent.get(side, 0.0) + now - begun
        return spent

    @contextmanager
    def spend(self, side: str) -> Iterator[None]:
        """Charge the time of the block to a side."""
        before = self._read()
        begun = self._open[side] = time.monotonic()
        try:
            yield
        finally:
            del self._open[side]
            seconds = time.monotonic() - begun
            self.spent[side] = self.spent.get(side, 0.0) + seconds
            had = used(before, self._read(), seconds)
            self.processors[side] = self.processors.get(side, ProcessorUse()).plus(had)

    def charge(self, side: str, seconds: float) -> None:
        """Charge seconds to a side that worked beside the other one."""
        self.spent[side] = self.spent.get(side, 0.0) + seconds

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Take from the block how slow other programs make this machine: what follows is likely to be as slow."""
        before, begun = self._read(), time.monotonic()
        try:
            yield
        finally:
            share = used(before, self._read(), time.monotonic() - begun).share
            self.slowness = 1.0 if share is None else min(max(1.0 / share, 1.0), MOST_SLOWNESS)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add the time of the block to a phase."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self.phases[name] = self.phases.get(name, 0.0) + time.monotonic() - begun
