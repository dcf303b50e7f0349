"""Loading TensorFlow beside other work, and what to say where it cannot load: the shallow side answers all the same."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass

from automl.errors import RecipeError
from automl.flow.progress.console import quiet_libraries
from automl.records import DeviceWish
from automl.system import resources
from automl.system.printable import printable
from automl.system.resources import usable_cores

__all__ = ["LOADER", "LeftOut", "Loading", "failed_loading", "import_deep", "lacking"]

LOADER = "automl-tensorflow"
"""The loading thread's name; the command line looks for it before it ends."""

# Measured on 2 cores: 1,300 MiB of address space to load, 1,000 more for the first network; below that TensorFlow
# aborts the process. Each core brings threads, each with a stack and an arena of its own.
LOADED_MIB, CORE_MIB = 1300, 300
NEEDED_MIB = 2400
THREADS, THREADS_A_CORE = 8, 4
LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why there is no deep side.

    Attributes:
        reason: a clause.
        step: a sentence on what to do.
    """

    reason: str
    step: str = "Give a longer budget."


def import_deep(wish: DeviceWish) -> None:
    """Load TensorFlow, Keras and KerasTuner, and look for devices, while other things are prepared.

    TensorFlow's libraries write lines about missing GPUs straight to the terminal; they are kept from it here, and
    `automl doctor` tells what matters of them.
    """
    with quiet_libraries():
        import automl.deep.side  # noqa: F401
        from automl.deep.training import device

        with contextlib.suppress(RecipeError):  # the deep side asks again, where the user hears of it
            device.prepare(wish)


class Loading:
    """TensorFlow in a thread of its own.

    Args:
        wish: which devices to look for.
        load: what loads.
    """

    def __init__(self, wish: DeviceWish, load: Callable[[DeviceWish], None] = import_deep) -> None:
        self._wish, self._load = wish, load
        self._problem: LeftOut | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, unless limits of this process make it sure that TensorFlow would end it."""
        self._problem = lacking()
        if self._problem is not None:
            return
        self._thread = threading.Thread(target=self._run, daemon=True, name=LOADER)
        try:
            self._thread.start()
        except RuntimeError as error:
            self._thread, self._problem = None, failed_loading(error)

    def wait(self, stopping: Callable[[], bool] = lambda: False) -> LeftOut | None:
        """Wait for it; why there can be no deep side, or None.

        Args:
            stopping: whether the user wants to stop, who need not wait.
        """
        while self._thread is not None and self._thread.is_alive():
            if stopping():
                return LeftOut("the run was stopped while TensorFlow loaded", "Go on with --resume, or run again.")
            self._thread.join(LOOK_SECONDS)
        return self._problem

    def _run(self) -> None:
        try:
            self._load(self._wish)
        except BaseException as error:  # whatever a broken library raises while it loads
            self._problem = failed_loading(error)


def failed_loading(error: BaseException) -> LeftOut:
    """What an error says that came while TensorFlow loaded or set up."""
    first = (str(error).strip().splitlines() or [""])[0]
    words = printable(f"{type(error).__name__}: {first}".removesuffix(": "))
    words = words if len(words) <= 300 else f"{words[:299]}…"
    return LeftOut(
        f"TensorFlow could not be loaded ({words})",
        "`automl doctor` tells what is wrong with it; a limit on memory, threads or open files may be the reason.",
    )


def lacking() -> LeftOut | None:
    """What TensorFlow would end this process for want of, since it aborts where other libraries raise an error."""
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
    """Whether so many threads can run at once; they end again."""
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
