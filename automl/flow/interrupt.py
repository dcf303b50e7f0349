"""Handles Ctrl-C, SIGTERM and a closed terminal (SIGHUP): the first signal concludes the run, a second one stops it."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

__all__ = ["Interrupt"]

SAME_SECONDS = 0.25
"""Signals within this time are one request: `timeout` and a shell that ends signal both this process and its group."""

HANG_UP = getattr(signal, "SIGHUP", None)  # None on Windows
SIGNALS = tuple(number for number in (signal.SIGINT, signal.SIGTERM, HANG_UP) if number is not None)
Handler = Callable[[int, FrameType | None], Any] | int | None


class Interrupt:
    """Inside the block, the first signal sets `asked`; a later one raises KeyboardInterrupt.

    A closed terminal may send SIGHUP several times (the shell and the system each do), so a later SIGHUP has no effect.
    A signal that is ignored (`nohup`) or has a handler of the user's own is left as it is. The exception is an ignored
    SIGINT, since shells ignore it for whatever runs in the background. Signals can be caught in the main thread only,
    so nothing changes in other threads.

    Args:
        now: a clock that returns seconds.

    Attributes:
        asked: whether the user wants to stop.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.asked = False
        self._now = now
        self._asked_at = 0.0
        self._before: dict[int, Handler] = {}

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                before = signal.getsignal(number)
                if before in _replaced(number):
                    self._before[number] = before
                    signal.signal(number, self._on_signal)
        return self

    def hold(self) -> None:
        """Install the handlers again, since a library may have replaced them (Ray ends the process at SIGTERM)."""
        for number in self._before:
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        now = self._now()
        if not self.asked:
            self.asked, self._asked_at = True, now
        elif number != HANG_UP and now - self._asked_at > SAME_SECONDS:
            raise KeyboardInterrupt

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before.clear()


def _replaced(number: int) -> tuple[Handler, ...]:
    """The handlers that may be replaced, since they are not the user's own."""
    if number == signal.SIGINT:
        return signal.SIG_DFL, signal.SIG_IGN, signal.default_int_handler
    return (signal.SIG_DFL,)
