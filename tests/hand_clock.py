"""A clock for tests: what hangs on time hangs on it, however fast or busy the machine is."""

from __future__ import annotations

import time
from typing import Any


class HandClock:
    """Stands in the place of the module `time` in a module of ours.

    Args:
        now: what it shows at first.
        tick: seconds that pass with each look at it, so that a loop that looks once a round ends after a known number.

    Attributes:
        now: what `monotonic` gives; set it, or let `sleep` move it.
    """

    def __init__(self, now: float = 1000.0, tick: float = 0.0) -> None:
        self.now, self.tick = now, tick

    def monotonic(self) -> float:
        self.now += self.tick
        return self.now

    perf_counter = monotonic

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)
