"""The end of the time that checks without a bound in work may take."""

from __future__ import annotations

import math
import sys
import time
from dataclasses import dataclass

__all__ = ["Deadline", "TooLate"]

LEARN_SECONDS, IMPORT_SECONDS = 0.7, 1.3
MEASURED_SECONDS, LEAST_CORE = 0.02, 0.03


class TooLate(Exception):
    """Too little time is left to fit a model."""


@dataclass(slots=True)
class Deadline:
    """Until when checks may fit models: for ever, until `start` is called.

    Attributes:
        until: `time.monotonic` value.
        begun: wall and processor seconds when it was set.
    """

    until: float = math.inf
    begun: tuple[float, float] = (0.0, 0.0)

    def start(self, seconds: float) -> None:
        """Set the deadline so many seconds from now."""
        self.begun = (time.monotonic(), time.thread_time())
        self.until = self.begun[0] + seconds

    @property
    def is_over(self) -> bool:
        """Whether it has passed."""
        return time.monotonic() >= self.until

    def before_learning(self) -> None:
        """Check that there is time to fit a model. Call it before each fit, since a fit cannot be stopped.

        Raises:
            TooLate: the fit would end after the deadline, at the share of a core that the checks have had so far.
        """
        if math.isinf(self.until):
            return
        wall, cpu = time.monotonic() - self.begun[0], time.thread_time() - self.begun[1]
        share = 1.0 if wall < MEASURED_SECONDS else min(1.0, max(cpu / wall, LEAST_CORE))
        needed = LEARN_SECONDS + (0.0 if "sklearn.ensemble" in sys.modules else IMPORT_SECONDS)
        if time.monotonic() + needed / share > self.until:
            raise TooLate
