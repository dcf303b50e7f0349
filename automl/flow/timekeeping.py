"""How much of the budget earlier calls have used, kept in the run folder so that a resumed run knows."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

from automl import folder as files
from automl.clock import Clock
from automl.errors import FolderError

__all__ = ["TIME_FILE", "Timekeeper", "offer"]

TIME_FILE = "time.json"
EVERY_SECONDS = 2.0


class Timekeeper:
    """Writes down every two seconds, at most, what was used; monotonic seconds, so that set clocks change nothing.

    Args:
        folder: of the run. clock: of this call. asked_seconds: the budget as the user gave it.
    """

    def __init__(self, folder: Path, clock: Clock, asked_seconds: float) -> None:
        self.path, self.clock, self.asked_seconds = folder / TIME_FILE, clock, asked_seconds
        self._last = -math.inf

    def note(self) -> None:
        """Write, if the last time was some seconds ago; a disk that is full changes nothing for this call."""
        if time.monotonic() - self._last < EVERY_SECONDS:
            return
        self._last = time.monotonic()
        content: dict[str, Any] = {"used_seconds": self.clock.elapsed, "spent": dict(self.clock.spent)}
        if math.isfinite(self.asked_seconds):
            content["asked_seconds"] = self.asked_seconds
        try:
            files.write_text(self.path, json.dumps(content) + "\n")
        except FolderError:
            return


def offer(folder: Path, asked_seconds: float, clock: Clock) -> str | None:
    """Set a resumed run's clock: what is left of the budget, or a new budget where another one is asked for.

    Args:
        folder: of the earlier call. asked_seconds: now. clock: of this call, changed in place.

    Returns:
        What was found, in words; None when there is nothing to go on with.
    """
    try:
        content = json.loads((folder / TIME_FILE).read_text("utf-8"))
        used = float(content["used_seconds"])
        spent = {str(side): float(seconds) for side, seconds in content["spent"].items()}
        asked_then = content.get("asked_seconds")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    same = asked_then is not None and abs(float(asked_then) - asked_seconds) < 1e-6
    now = max(asked_seconds - used, 0.0) if same else asked_seconds
    clock.started -= used
    clock.budget_seconds = used + now
    clock.spent |= spent
    if not math.isfinite(now):
        return f"going on after {used:.0f} s"
    return f"going on after {used:.0f} s, with {now:.0f} s {'left of the budget' if same else 'of a new budget'}"
