"""How new rows continue the series of a contest: which of them are new, and from where forecasts of them can start."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from automl.detect.series.grid import block_bounds
from automl.goals.shared.scoring import seasonal_scale, series_codes
from automl.predict.watching.history import TAIL_SIZES, TAIL_STEPS, cells_of, tail_of
from automl.split.forecast import windows
from automl.system.counts import counted

if TYPE_CHECKING:
    from automl.predict.watching.history import Known, Past
    from automl.records import Dataset, Task

__all__ = ["Continued", "Part", "continued", "findings_of", "is_other_step", "scales_of", "windows_of"]

NAMED = 3
OTHER_STEP = math.log(1.9)
UNITS = ((86_400.0, "day"), (3_600.0, "hour"), (60.0, "minute"), (1.0, "second"))


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One series of the new rows.

    Attributes:
        name: "" where there is but one.
        first: its first row.
        start: its first new row; `end` where it has none.
        end: the row after its last one.
        n_missing: steps between the last one known and the first new row.
        known: what is remembered of it; None if the contest did not have it.
    """

    name: str
    first: int
    start: int
    end: int
    n_missing: int
    known: Known | None

    @property
    def n_new(self) -> int:
        """New rows."""
        return self.end - self.start


@dataclass(frozen=True, slots=True, eq=False)
class Continued:
    """All series of the new rows.

    Attributes:
        parts: each of them.
        unseen: names that the contest did not have.
        absent: names that the contest had and that have no new row.
        step_seconds: usual time between new rows; None where they have no times, or none follows another.
    """

    parts: tuple[Part, ...]
    unseen: tuple[str, ...]
    absent: tuple[str, ...]
    step_seconds: float | None = None

    @property
    def n_new(self) -> int:
        """New rows of all series."""
        return sum(one.n_new for one in self.parts)


def continued(dataset: Dataset, task: Task, past: Past) -> Continued:
    """Part rows, sorted by series and time, into those that are known and those that are new.

    On a calendar a row is new from half a step after the last known one on: the same day may be written at another
    hour, or in another zone.
    """
    assert dataset.times is not None
    times = dataset.times.astype("datetime64[ns]").astype(np.int64)
    last = max(one.end for one in past.series.values())
    step = max(past.step_seconds * 1e9, 1.0)
    near = int(step / 2) if task.frequency is not None else 0
    parts = []
    for first, end in block_bounds(dataset.series, dataset.n_rows):
        name = "" if dataset.series is None else str(dataset.series[first])
        known = past.series.get(name)
        if task.time_column is None:
            start = first if known is None else _after_tail(dataset, first, end, known.tail)
            parts.append(Part(name, first, start, end, 0, known))
            continue
        if known is None and past.complete:
            start = first
        else:
            known_until = min((last if known is None else known.end) + near, 2**63 - 1)
            start = first + int(np.searchsorted(times[first:end], known_until, side="right"))
        away = 0 if known is None or start == end else round((int(times[start]) - known.end) / step) - 1
        parts.append(Part(name, first, start, end, max(away, 0), known))
    unseen = tuple(one.name for one in parts if one.known is None and one.n_new and past.complete)
    there = {one.name for one in parts if one.n_new}
    absent = tuple(name for name in past.series if name not in there)
    return Continued(tuple(parts), unseen, absent, None if task.time_column is None else _step_of(times, parts))


def _step_of(times: np.ndarray, parts: Sequence[Part]) -> float | None:
    """The median of seconds between new rows."""
    steps = np.concatenate([np.empty(0), *(np.diff(times[one.start : one.end]) for one in parts)])
    return float(np.median(steps)) / 1e9 if len(steps) else None


def _after_tail(dataset: Dataset, first: int, end: int, tail: str) -> int:
    """The row after the last ones of the contest; the first one where these are not among the rows."""
    n_bytes = len(tail) // 2
    if n_bytes in TAIL_SIZES:
        cells = cells_of(dataset, slice(first, end))
        for stop in range(len(cells), TAIL_STEPS - 1, -1):
            if tail_of(cells[stop - TAIL_STEPS : stop], n_bytes) == tail:
                return first + stop
    return first


def windows_of(found: Continued, task: Task) -> tuple[np.ndarray, int]:
    """Windows of new rows ``(n, horizon)`` that can be forecast from earlier rows, one after another in each series.

    Returns:
        The windows, and the fewest rows before the first one of a series; of one that the contest had, if there is any:
        what came before a new series is in no file.
    """
    horizon = task.horizon or 1
    least = max(horizon, task.season or 1, 2)
    starts = [(max(one.start, one.first + least), one) for one in found.parts if one.n_new]
    made = [windows(np.arange(start, one.end), horizon, horizon) for start, one in starts if one.end - start >= horizon]
    long = [(start - one.first, one.known is not None) for start, one in starts if one.end - start >= horizon]
    before = [n for n, is_known in long if is_known] or [n for n, _ in long]
    return (np.concatenate(made), min(before)) if made else (np.empty((0, horizon), np.int64), 0)


def scales_of(dataset: Dataset, task: Task, found: Continued, windows: np.ndarray) -> np.ndarray:
    """The denominators of MASE of windows, ``(n, n_targets)``: those of the contest, or of the rows before them."""
    codes = series_codes(dataset)
    before = np.ones(dataset.n_rows, bool)
    before[windows.ravel()] = False
    own = seasonal_scale(dataset, task.season or 1, np.flatnonzero(before))
    for code, one in enumerate(found.parts):
        if one.known is not None:
            remembered: Mapping[str, float] = one.known.scales
            own[code] = [remembered.get(name, own[code][place]) for place, name in enumerate(task.target)]
    return np.asarray(own[codes[windows[:, 0]]])


def findings_of(found: Continued, n_before: int, n_windows: int, past: Past) -> list[tuple[str, str, str]]:
    """What is odd about how the series go on: check, message and step of each."""
    odd = []
    away = [one for one in found.parts if one.n_missing and one.n_new]
    if away:
        odd.append((
            "missing_steps",
            f"{counted(max(one.n_missing for one in away), 'step')} between the last one of the contest and the first "
            f"new row {_are(len(away))} missing{_of(away[0])}.",
            "Give the rows between, so that forecasts can be compared there, too.",
        ))  # fmt: skip
    if is_other_step(found, past) and found.step_seconds is not None:
        odd.append((
            "other_step",
            f"New rows come every {_lasting(found.step_seconds)}, those of the contest every "
            f"{_lasting(past.step_seconds)}.",
            "Give rows at the steps of the contest; the horizon is else another time.",
        ))  # fmt: skip
    if found.unseen:
        odd.append((
            "unseen_series",
            f"{counted(len(found.unseen), 'series', 'series')} the contest did not have: {_some(found.unseen)}.",
            "A model knows nothing of them but their own past; update it with their rows.",
        ))  # fmt: skip
    if found.absent:
        odd.append((
            "ended_series", f"{counted(len(found.absent), 'series', 'series')} of the contest without a new row: "
            f"{_some(found.absent)}.", "Look whether their rows are late.",
        ))  # fmt: skip
    if n_windows and n_before < past.context:
        odd.append((
            "short_history",
            f"The first forecasts see {counted(n_before, 'row')} of history, and models may look back "
            f"{past.context:,}.", "Put more of the rows before into the new data: scores may else be too bad.",
        ))  # fmt: skip
    return odd


def is_other_step(found: Continued, past: Past) -> bool:
    """Whether new rows come about twice as often as those of the contest, or half as often."""
    if not found.step_seconds or past.step_seconds <= 0:
        return False
    return abs(math.log(found.step_seconds / past.step_seconds)) >= OTHER_STEP


def _lasting(seconds: float) -> str:
    """A length of time in its largest unit."""
    unit, name = next((one for one in UNITS if seconds >= one[0]), (1.0, "second"))
    return f"{seconds / unit:.3g} {name}s" if round(seconds / unit, 2) != 1 else name


def _are(n: int) -> str:
    return "is" if n == 1 else "are"


def _of(one: Part) -> str:
    return f" (series {one.name!r})" if one.name else ""


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(map(repr, names[:NAMED])) + (" and others" if len(names) > NAMED else "")
