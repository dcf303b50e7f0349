"""The ledger: stores the seconds that a run has used, so that a resumed run gets only the rest of its budget."""

from __future__ import annotations

import contextlib
import json
import math
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from automl.errors import FolderError
from automl.flow.budget.clock import Clock
from automl.storage import files
from automl.storage.values import MOST_SECONDS, Misfit, mapping, number, optional_number, parse, text

if TYPE_CHECKING:
    from automl.records import Recipe

__all__ = ["Ledger", "RecordedTime"]

NAME = "spent.json"
EVERY_SECONDS = 2.0
MOST_BYTES = 2**20
MOST_PHASES = 100
STARTED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}")


@dataclass(frozen=True, slots=True)
class RecordedTime:
    """The times that earlier calls recorded in a run's folder.

    Attributes:
        asked_seconds: the budget that was last asked for.
        offered_seconds: the budget of all calls together.
        wall_seconds: seconds that they used.
        spent: seconds by side.
        phases: seconds by phase.
        started: when the first call began (ISO 8601).
    """

    asked_seconds: float
    offered_seconds: float
    wall_seconds: float
    spent: dict[str, float] = field(default_factory=dict)
    phases: dict[str, float] = field(default_factory=dict)
    started: str = ""


class Ledger:
    """Writes the clock's state to ``spent.json``: every two seconds inside the block, and after each step.

    The monotonic seconds of each process are added up, so setting the system's clock changes nothing.

    Args:
        folder: folder of the run.
        recipe: what was asked for.
        clock: the budget; the constructor adds what earlier calls have used.
        note: called with a message if the file cannot be read or written.

    Attributes:
        recorded: the times of earlier calls, or None.
        started: when the first call began (ISO 8601).
    """

    def __init__(self, folder: Path, recipe: Recipe, clock: Clock, note: Callable[[str], None]) -> None:
        self.path, self.clock, self.note = folder / NAME, clock, note
        self.recorded = self._read()
        self.asked_seconds = recipe.budget_seconds
        self.started = time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(time.time() - clock.call_seconds))
        self._reported = False
        self._over = threading.Event()
        self._writing = threading.Lock()
        self._thread = threading.Thread(target=self._keep_writing, daemon=True)
        recorded = self.recorded
        if recorded is None:
            return
        offered = recorded.offered_seconds
        if recipe.budget_given and recipe.budget_seconds != recorded.asked_seconds:
            offered = recorded.wall_seconds + recipe.budget_seconds
        else:
            self.asked_seconds = recorded.asked_seconds
        self.started = recorded.started or self.started
        clock.go_on(offered, recorded.wall_seconds, recorded.spent, recorded.phases)

    def _read(self) -> RecordedTime | None:
        files.refuse_link(self.path)
        if not self.path.is_file():
            return None
        try:
            return _recorded(parse(files.read_bytes(self.path, MOST_BYTES)))
        except (Misfit, FolderError):
            with files.guard(self.path):
                aside = files.put_aside(self.path)
            self.note(
                f"the time that earlier calls used could not be read; the file was put aside as {aside.name}, and the "
                "budget starts again"
            )
            return None

    def write(self) -> None:
        """Write the clock's state. A failed write is reported once, and the run goes on."""
        clock = self.clock
        content = {
            "asked_seconds": _number(self.asked_seconds),
            "offered_seconds": _number(clock.budget_seconds),
            "wall_seconds": clock.elapsed,
            "spent": clock.spent_so_far(),
            "phases": dict(clock.phases),
            "started": self.started,
        }
        with self._writing:
            try:
                files.write_text(self.path, json.dumps(content, indent=1) + "\n")
            except FolderError as error:
                if not self._reported:
                    self._reported = True
                    self.note(f"{error}; the run goes on, but if it is killed, --resume will not know the time it used")

    def _keep_writing(self) -> None:
        while not self._over.wait(EVERY_SECONDS):
            self.write()

    def __enter__(self) -> Ledger:
        self.write()
        with contextlib.suppress(RuntimeError):  # without a thread (`ulimit -u`) the file is written after steps only
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join()
        self.write()


def _number(seconds: float) -> float | None:
    return seconds if math.isfinite(seconds) else None


def _bound(stored: dict[str, Any], key: str) -> float:
    """A stored budget; None stands for no bound."""
    seconds = optional_number(stored, key, 0.0, MOST_SECONDS)
    return math.inf if seconds is None else seconds


def _each(stored: dict[str, Any], key: str) -> dict[str, float]:
    """Seconds by side or by phase."""
    own = mapping(stored, key, MOST_PHASES)
    return {name[:60]: number(own, name, 0.0, MOST_SECONDS) for name in own}


def _recorded(stored: Any) -> RecordedTime:
    if not isinstance(stored, dict):
        raise Misfit("it is no mapping")
    started = text(stored, "started", 40)
    if started and not STARTED.fullmatch(started):
        raise Misfit(f"started: {started!r} is no time")
    phases = _each(stored, "phases")
    if "seeds" in phases:  # what earlier versions called this phase
        phases["refits"] = phases.pop("seeds") + phases.get("refits", 0.0)
    return RecordedTime(
        _bound(stored, "asked_seconds"), _bound(stored, "offered_seconds"),
        number(stored, "wall_seconds", 0.0, MOST_SECONDS), _each(stored, "spent"), phases, started,
    )  # fmt: skip
