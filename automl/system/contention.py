"""Measures what other programs take of the processors: how long this process and its children waited for one.

Linux counts for each thread the time that it ran and the time that it was ready to run and waited for a processor
(``/proc/<pid>/task/<tid>/schedstat``). Elsewhere nothing is measured.

Source: Linux, Documentation/scheduler/sched-stats.rst, "/proc/<pid>/schedstat": time spent on the CPU in nanoseconds,
time spent waiting on a runqueue in nanoseconds, number of timeslices.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from automl.system.resources import usable_cores

__all__ = ["ProcessorUse", "Reading", "read", "used"]

PROC = Path("/proc")
NANOSECONDS = 1e-9

Reading = Mapping[tuple[int, int], tuple[float, float]]
"""(process, thread) → seconds that it ran, and seconds that it waited for a processor, since it began."""


@dataclass(frozen=True, slots=True)
class ProcessorUse:
    """What was had of the processors during some time.

    Attributes:
        wall_seconds: the time.
        processor_seconds: of all threads together.
        lost_seconds: processor seconds that the threads were ready to use, and that other programs had.
    """

    wall_seconds: float = 0.0
    processor_seconds: float = 0.0
    lost_seconds: float = 0.0

    @property
    def share(self) -> float | None:
        """Of the processor seconds that were wanted, those that were had; None where nothing was measured."""
        wanted = self.processor_seconds + self.lost_seconds
        return self.processor_seconds / wanted if self.processor_seconds > 0 else None

    def plus(self, other: ProcessorUse) -> ProcessorUse:
        """Both together."""
        return ProcessorUse(
            self.wall_seconds + other.wall_seconds,
            self.processor_seconds + other.processor_seconds,
            self.lost_seconds + other.lost_seconds,
        )


def read(root: Path = PROC, process: int | None = None) -> Reading | None:
    """The counters of all threads of a process and of its children, theirs included; None where there are none.

    Args:
        root: where the kernel shows processes.
        process: None for this one.
    """
    found: dict[tuple[int, int], tuple[float, float]] = {}
    waiting, seen = [os.getpid() if process is None else process], set[int]()
    while waiting:
        pid = waiting.pop()
        seen.add(pid)
        with contextlib.suppress(OSError, ValueError):  # it has ended, or the kernel shows no threads
            for thread in os.listdir(root / str(pid) / "task"):
                folder = root / str(pid) / "task" / thread
                with contextlib.suppress(OSError, ValueError):
                    ran, waited = (folder / "schedstat").read_text().split()[:2]
                    found[pid, int(thread)] = int(ran) * NANOSECONDS, int(waited) * NANOSECONDS
                with contextlib.suppress(OSError, ValueError):
                    children = {int(child) for child in (folder / "children").read_text().split()}
                    waiting += children - seen
    return found or None


def used(
    before: Reading | None, after: Reading | None, wall_seconds: float, n_cores: int | None = None
) -> ProcessorUse:
    """What was had of the processors between two readings.

    Threads that wait for each other's processor lose nothing to other programs. So of the waiting time only as much is
    lost as was left of the usable cores. A thread that ended in between is not counted.

    Args:
        before: the first reading.
        after: the second one.
        wall_seconds: time between both.
        n_cores: cores that the process may run on; None to ask the system.
    """
    if before is None or after is None or wall_seconds <= 0:
        return ProcessorUse()
    ran = waited = 0.0
    for thread, (ran_in_all, waited_in_all) in after.items():
        ran_before, waited_before = before.get(thread, (0.0, 0.0))
        ran += max(0.0, ran_in_all - ran_before)
        waited += max(0.0, waited_in_all - waited_before)
    unused = max(0.0, (usable_cores() if n_cores is None else n_cores) * wall_seconds - ran)
    return ProcessorUse(wall_seconds, ran, min(waited, unused))
