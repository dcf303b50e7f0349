"""The seconds that a run has used, kept on disk, so that a resumed run has what is left of its budget and no more."""

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
    """What earlier calls have left in a run's folder.

    Attributes:
        asked_seconds: the budget last asked for.
        offered_seconds: to all calls together.
        wall_seconds: used by them.
        spent: seconds by side and by phase.
        phases: seconds by side and by phase.
        started: when the first call began (ISO).
    """

    asked_seconds: float
    offered_seconds: float
    wall_seconds: float
    spent: dict[str, float] = field(default_factory=dict)
    phases: dict[str, float] = field(default_factory=dict)
    started: str = ""


class Ledger:
    """Writes what the clock says to ``spent.json``: every two seconds while inside, and after each step.

    Seconds are monotonic ones of each process, added up; a clock that is set meanwhile changes nothing.

    Args:
        folder: of the run.
        recipe: as asked.
        clock: brought up to date with what earlier calls have used.
        note: told once when the file cannot be read or written.

    Attributes:
        earlier: what was found, or None.
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
                f"what earlier calls have used of the budget could not be read and was put aside as {aside.name}; "
                "the budget starts anew"
            )
            return None

    def write(self) -> None:
        """Put the clock's state on disk; a full disk is told once and ends nothing."""
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
                    self.note(f"{error}; the run goes on, but a killed one would not know what time it had used")

    def _keep_writing(self) -> None:
        while not self._over.wait(EVERY_SECONDS):
            self.write()

    def __enter__(self) -> Ledger:
        self.write()
        with contextlib.suppress(RuntimeError):  # no thread may start (`ulimit -u`): it is written after each step
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


def _bound(found: dict[str, Any], key: str) -> float:
    """A stored budget; None stands for no bound."""
    seconds = optional_number(found, key, 0.0, MOST_SECONDS)
    return math.inf if seconds is None else seconds


def _each(found: dict[str, Any], key: str) -> dict[str, float]:
    """Seconds by side or by phase."""
    own = mapping(found, key, MOST_PHASES)
    return {name[:60]: number(own, name, 0.0, MOST_SECONDS) for name in own}


def _recorded(found: Any) -> RecordedTime:
    if not isinstance(found, dict):
        raise Misfit("it is no mapping")
    started = text(found, "started", 40)
    if started and not STARTED.fullmatch(started):
        raise Misfit(f"started: {started!r} is no time")
    return RecordedTime(
        _bound(found, "asked_seconds"), _bound(found, "offered_seconds"),
        number(found, "wall_seconds", 0.0, MOST_SECONDS), _each(found, "spent"), _each(found, "phases"), started,
    )  # fmt: skip
