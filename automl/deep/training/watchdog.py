"""The watchdog: ends a trial that runs on after its time, since a template's code may loop or wait for ever.

How a trial is ended (measured on TensorFlow 2.21):

- *Python code* (building, tracing, a `call` that loops, a sleep): by a signal. Its handler raises `NeverEnded` in the
  main thread, once a second until the trial has ended.
- *A graph* (an endless loop inside a training step): by cancelling the function. TensorFlow checks for that between
  steps and between iterations of a loop. It does not check in a loop whose condition is a constant, or in a Python
  function that a graph calls. This process cannot end such a trial. The journal then names it as stuck, so that a
  resumed run does not start it again, and the command line goes on in a fresh process (`automl.system.processes`).

Python runs signal handlers in the main thread only, so in other threads only graphs can be ended.
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
# SIGURG is ignored by default, so a signal that arrives after the end of the trial does no harm.
SIGNAL = getattr(signal, "SIGURG", None)


class NeverEnded(BaseException):
    """The watchdog ended a trial. It is no `Exception`, so that a template's ``except Exception`` cannot catch it."""


class Watchdog:
    """Knows whether a running trial has to be ended.

    Args:
        seconds: time allotted; infinite without a time limit.
        stopping: returns whether the user wants to stop.

    Attributes:
        over: why the trial is being ended; "" as long as it may run.
    """

    def __init__(self, seconds: float, stopping: Callable[[], bool]) -> None:
        self.seconds, self._stopping = seconds, stopping
        self.begun = self._alive = time.monotonic()
        self._stop_seen: float | None = None
        self._blocked = 0
        self._cancel: Callable[[], None] = lambda: None
        self.over = ""

    def stopping(self) -> bool:
        """Whether the user wants to stop. Training asks this between steps, so each call is also a sign of life."""
        self._alive = time.monotonic()
        return self._stopping()

    def unbroken(self, call: Callable[..., None] | None) -> Callable[..., None] | None:
        """Wrap a callback (such as one that writes a file) so that the signal's handler does not interrupt it."""
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
        """Make graphs that are called inside the block cancellable.

        Each try of a trial needs a block of its own, since any error in a graph cancels all later calls.
        """
        try:
            from tensorflow.python.eager import cancellation
        except ImportError:  # not a public part of TensorFlow; without it only Python code can be ended
            yield
            return
        manager = cancellation.CancellationManager()
        self._cancel = manager.start_cancel
        if self.over:
            self._cancel()
        with cancellation.CancellationManagerContext(manager):
            yield

    def cancel(self) -> None:
        """Cancel the graphs of the current try."""
        self._cancel()

    def check(self) -> str:
        """Why the trial has to be ended now, or ""."""
        now = time.monotonic()
        if self._stop_seen is None and self._stopping():
            self._stop_seen = now
        if now > self.begun + self.seconds + GRACE_SECONDS:
            return f"it had not ended {now - self.begun - self.seconds:.0f} s after its time was over"
        silence = max(LEAST_SILENCE_SECONDS, SILENCE_SHARE * self.seconds)
        if now > self._alive + silence:  # infinite without a time limit
            return f"none of its steps ended for {now - self._alive:.0f} s"
        if self._stop_seen is not None and now > self._stop_seen + STOP_SECONDS:
            return f"it did not end within {STOP_SECONDS:.0f} s of being asked to"
        return ""

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Handle the signal: end the trial if it is over."""
        if self.over and not self._blocked:
            raise NeverEnded(self.over)


@contextmanager
def watching(
    seconds: float, stopping: Callable[[], bool], on_stuck: Callable[[str], None] = lambda why: None
) -> Iterator[Watchdog]:
    """End the code inside the block if it runs on after its time.

    Args:
        seconds: time allotted, from now; infinite without a time limit.
        stopping: returns whether the user wants to stop.
        on_stuck: called with the reason, in another thread, if the code could not be ended.

    Raises:
        NeverEnded: Python code in the main thread was ended. A cancelled graph raises TensorFlow's `CancelledError`.
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
    """The watchdog's thread: check the trial, and end it if it is over."""
    while not over.wait(LOOK_SECONDS):
        watchdog.over = watchdog.check()
        if watchdog.over:
            break
    begun, stuck_after = time.monotonic(), STUCK_SECONDS
    while not over.is_set():
        if in_main and SIGNAL is not None:
            signal.pthread_kill(threading.main_thread().ident or 0, SIGNAL)
        watchdog.cancel()
        if time.monotonic() - begun > stuck_after:
            stuck_after = math.inf
            on_stuck(watchdog.over)
        over.wait(REPEAT_SECONDS)
