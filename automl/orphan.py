"""A process that ends with its parent. Imports next to nothing, so that it holds while other modules still load."""

from __future__ import annotations

import contextlib
import os
import threading
import time

__all__ = ["end_with"]

LOOK_SECONDS = 0.5


def end_with(parent: int) -> None:
    """End this process, whatever its main thread does, within half a second of its parent's end.

    Args:
        parent: process id, told by the parent itself: it may be gone by the time that this is called.
    """
    with contextlib.suppress(RuntimeError):  # no thread may start (`ulimit -u`): work goes before order
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os._exit(1)
