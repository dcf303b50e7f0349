"""Loads TensorFlow in a thread beside other work; if it cannot load, the deep side is left out and a reason given."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from automl.errors import RecipeError
from automl.records import DeviceWish
from automl.system import resources
from automl.system.printable import printable
from automl.system.quiet import quiet_libraries
from automl.system.resources import usable_cores

__all__ = ["LOADER", "LeftOut", "Loading", "failed_loading", "import_deep", "lacking"]

LOADER = "automl-tensorflow"
"""The name of the loading thread. The command line looks for this thread before it ends."""

# Measured on 2 cores: loading takes 1,300 MiB of address space, the first network 1,000 MiB more. With less TensorFlow
# aborts the process. Each core adds threads, each with its own stack and arena.
LOADED_MIB, CORE_MIB = 1300, 300
NEEDED_MIB = 2400
THREADS, THREADS_A_CORE = 8, 4
LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why the deep side is left out.

    Attributes:
        reason: the reason, as a clause.
        step: what the user can do, as a sentence.
        quoted: the part of the reason that an exception said, see `records.Finding`.
    """

    reason: str
    step: str = "Give a longer budget."
    quoted: str = ""


def import_deep(wish: DeviceWish) -> None:
    """Load TensorFlow, Keras and KerasTuner, and look for devices.

    TensorFlow's libraries write messages about missing GPUs to the terminal. They are suppressed here; `automl doctor`
    reports what matters of them.

    Args:
        wish: which devices to look for.
    """
    with quiet_libraries():
        import automl.deep.side  # noqa: F401
        from automl.deep.training import device

        with contextlib.suppress(RecipeError):  # the deep side raises it again, where the user sees it
            device.prepare(wish)


class Loading:
    """Loads TensorFlow in a separate thread.

    Args:
        wish: which devices to look for.
        load: the function that loads it.
    """

    def __init__(self, wish: DeviceWish, load: Callable[[DeviceWish], None] = import_deep) -> None:
        self._wish, self._load = wish, load
        self._problem: LeftOut | None = None
        self._thread: threading.Thread | None = None
        self._go = threading.Event()
        self._began: float | None = None
        self._ended: float | None = None
        self._wait_seconds = 0.0
        self._given_up = False
        self._lock = threading.Lock()

    def start(self, wait_seconds: float = 0.0) -> None:
        """Start to load, unless TensorFlow would abort this process because of its limits.

        Args:
            wait_seconds: the longest time to wait for `go` before.
        """
        self._wait_seconds = wait_seconds
        self._problem = lacking()
        if self._problem is not None:
            return
        self._thread = threading.Thread(target=self._run, daemon=True, name=LOADER)
        try:
            self._thread.start()
        except RuntimeError as error:
            self._thread, self._problem = None, failed_loading(error)

    def go(self) -> None:
        """End the wait that `start` was told."""
        self._go.set()

    def give_up(self) -> bool:
        """Do without TensorFlow, if it has not begun to load; return whether that is so."""
        with self._lock:
            self._given_up = self._began is None
        self._go.set()
        return self._given_up

    def seconds_within(self, begun: float, ended: float) -> float:
        """Seconds that TensorFlow was being loaded between two `time.monotonic` values."""
        if self._began is None:
            return 0.0
        return max(0.0, min(ended, self._ended or ended) - max(begun, self._began))

    @property
    def is_running(self) -> bool:
        """Whether TensorFlow is being loaded, or waits for `go`."""
        return self._thread is not None and self._thread.is_alive()

    def wait(self, stopping: Callable[[], bool] = lambda: False) -> LeftOut | None:
        """Wait until TensorFlow is loaded.

        Args:
            stopping: returns whether the user wants to stop; if so, waiting ends.

        Returns:
            None if it is loaded, otherwise why the deep side is left out.
        """
        self.go()
        while self._thread is not None and self.is_running:
            if stopping():
                return LeftOut("the run was stopped while TensorFlow loaded", "Go on with --resume, or run again.")
            self._thread.join(LOOK_SECONDS)
        return self._problem

    def _run(self) -> None:
        if self._wait_seconds > 0:
            self._go.wait(self._wait_seconds)
        with self._lock:
            if self._given_up:
                return
            self._began = time.monotonic()
        try:
            self._load(self._wish)
        except BaseException as error:  # a broken library may raise anything while it loads
            self._problem = failed_loading(error)
        finally:
            self._ended = time.monotonic()


def failed_loading(error: BaseException) -> LeftOut:
    """The reason for an error that TensorFlow raised while it was loaded or set up."""
    first = (str(error).strip().splitlines() or [""])[0]
    words = printable(f"{type(error).__name__}: {first}".removesuffix(": "))
    words = words if len(words) <= 300 else f"{words[:299]}…"
    return LeftOut(
        f"TensorFlow could not be loaded ({words})",
        "`automl doctor` tells what is wrong with it; a limit on memory, threads or open files may be the reason.",
        words,
    )


def lacking() -> LeftOut | None:
    """The limit of this process that TensorFlow would exceed, or None.

    It is checked beforehand, since TensorFlow then aborts the process where other libraries raise an error.
    """
    cores = usable_cores()
    needed = NEEDED_MIB + CORE_MIB * cores - (LOADED_MIB if "tensorflow" in sys.modules else 0)
    left = resources.address_space_mib()
    if left < needed:
        return LeftOut(
            f"TensorFlow takes about {needed:,} MiB of address space here, of which the limit of this process "
            f"(`ulimit -v` or `-d`) leaves {left:,.0f}",
            f"Raise the limit by {needed - left:,.0f} MiB or more to have the deep side.",
        )
    n_threads = THREADS + THREADS_A_CORE * cores
    if not _threads_start(n_threads):
        return LeftOut(
            f"TensorFlow starts some {n_threads} threads, more than this process may (`ulimit -u`, or a container's "
            "limit)",
            "Raise the limit to have the deep side.",
        )
    return None


def _threads_start(n: int) -> bool:
    """Whether n threads can run at once; they are started for the check and end again."""
    over = threading.Event()
    threads = []
    try:
        for _ in range(n):
            thread = threading.Thread(target=over.wait, daemon=True)
            thread.start()
            threads.append(thread)
    except (RuntimeError, MemoryError):
        return False
    finally:
        over.set()
        for thread in threads:
            thread.join()
    return True
