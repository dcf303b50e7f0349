"""A trial that does not end is ended: a template's own code may loop or wait for ever, in Python or in a graph.

What ends it, measured on TensorFlow 2.21:

- *Python code* (building, tracing, a `call` that loops, a sleep): a signal, whose handler raises `NeverEnded` in the
  main thread, once a second until the trial has let go.
- *A graph* (a loop without an end inside a training step): the function is cancelled. TensorFlow asks for that between
  rounds of a loop and between steps. A loop whose condition is a constant is not asked, nor is a Python function
  that a graph calls; such a trial cannot be ended by this process. It is written down as stuck, so that a resumed run
  does not start it again; the command line then goes on in a fresh process (`automl.system.processes`).

Outside the main thread Python runs no signal handlers, so there only a graph is cancelled.
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["NeverEnded", "Watchdog", "watching"]

GRACE_SECONDS = 2.0
SILENCE_SHARE, LEAST_SILENCE_SECONDS = 0.5, 30.0
STOP_SECONDS = 10.0
STUCK_SECONDS = 8.0
LOOK_SECONDS = 0.25
REPEAT_SECONDS = 1.0
# Ignored where nobody handles it: one that comes late, when the trial is over, does no harm.
SIGNAL = getattr(signal, "SIGURG", None)


class NeverEnded(BaseException):
    """A trial was ended from outside. No `Exception`: a template's own ``except Exception`` must not keep it."""


class Watchdog:
    """What is known of a trial's time while it runs.

    Args:
        seconds: offered, infinite for no clock.
        stopping: whether the user wants to stop.

    Attributes:
        over: why it was told to end, "" while it was not.
    """

    def __init__(self, seconds: float, stopping: Callable[[], bool]) -> None:
        self.seconds, self._stopping = seconds, stopping
        self.begun = self._alive = time.monotonic()
        self._stop_seen: float | None = None
        self._blocked = 0
        self._cancel: Callable[[], None] = lambda: None
        self.over = ""

    def stopping(self) -> bool:
        """Whether the user wants to stop; asked between steps, so it is a sign of life as well."""
        self._alive = time.monotonic()
        return self._stopping()

    def unbroken(self, call: Callable[..., None] | None) -> Callable[..., None] | None:
        """A callback of ours, such as one that writes a file, which nothing may break into."""
        if call is None:
            return None

        def whole(*args: Any) -> None:
            self._blocked += 1
            try:
                call(*args)
            finally:
                self._blocked -= 1

        return whole

    @contextmanager
    def cancellable(self) -> Iterator[None]:
        """Graphs called inside can be cancelled; for one try, since any error in a graph cancels what comes after."""
        try:
            from tensorflow.python.eager import cancellation
        except ImportError:  # no public part of TensorFlow; without it only Python code can be ended
            yield
            return
        manager = cancellation.CancellationManager()
        self._cancel = manager.start_cancel
        if self.over:
            self._cancel()
        with cancellation.CancellationManagerContext(manager):
            yield

    def cancel(self) -> None:
        """Cancel the graphs of the try under way."""
        self._cancel()

    def check(self) -> str:
        """Why the trial has to end now, or ""."""
        now = time.monotonic()
        if self._stop_seen is None and self._stopping():
            self._stop_seen = now
        if now > self.begun + self.seconds + GRACE_SECONDS:
            return f"it had not ended {now - self.begun - self.seconds:.0f} s after its time was over"
        silence = max(LEAST_SILENCE_SECONDS, SILENCE_SHARE * self.seconds)
        if now > self._alive + silence:  # infinite without a clock
            return f"none of its steps ended for {now - self._alive:.0f} s"
        if self._stop_seen is not None and now > self._stop_seen + STOP_SECONDS:
            return f"it did not end within {STOP_SECONDS:.0f} s of being asked to"
        return ""

    def handle(self, number: int, frame: FrameType | None) -> None:
        """The signal's handler."""
        if self.over and not self._blocked:
            raise NeverEnded(self.over)


@contextmanager
def watching(
    seconds: float, stopping: Callable[[], bool], on_stuck: Callable[[str], None] = lambda why: None
) -> Iterator[Watchdog]:
    """End what happens inside when it runs on after its time.

    Args:
        seconds: offered, from now; infinite for no clock.
        stopping: whether the user wants to stop.
        on_stuck: told, from another thread, of what could not be ended.

    Raises:
        NeverEnded: out of whatever ran in the main thread; where a graph was cancelled TensorFlow's `CancelledError`.
    """
    watchdog = Watchdog(seconds, stopping)
    over = threading.Event()
    in_main = threading.current_thread() is threading.main_thread() and SIGNAL is not None
    thread = threading.Thread(target=_end_in_time, args=(watchdog, over, in_main, on_stuck), daemon=True)
    before = signal.signal(SIGNAL, watchdog.handle) if in_main and SIGNAL is not None else None
    try:
        thread.start()
        yield watchdog
    finally:
        over.set()
        if in_main and SIGNAL is not None:
            signal.signal(SIGNAL, signal.SIG_DFL if before is None else before)


def _end_in_time(watchdog: Watchdog, over: threading.Event, in_main: bool, on_stuck: Callable[[str], None]) -> None:
    """What the thread beside a trial does."""
    while not over.wait(LOOK_SECONDS):
        watchdog.over = watchdog.check()
        if watchdog.over:
            break
    told, tell_at = time.monotonic(), STUCK_SECONDS
    while not over.is_set():
        if in_main and SIGNAL is not None:
            signal.pthread_kill(threading.main_thread().ident or 0, SIGNAL)
        watchdog.cancel()
        if time.monotonic() - told > tell_at:
            tell_at = math.inf
            on_stuck(watchdog.over)
        over.wait(REPEAT_SECONDS)
