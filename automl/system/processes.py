"""A process that ends with its parent, and one that goes on as a fresh one. Imports next to nothing."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

__all__ = ["allow", "end_with", "go_on", "possible"]

LOOK_SECONDS = 0.5


_command: list[str] = []


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


def allow(command: Sequence[str]) -> None:
    """Say that this process is nobody's but ours, and what it was started with; only the command line knows that.

    Args:
        command: such as `sys.orig_argv`. One with ``--`` is not taken: what is put behind
            it would not be read as flags.
    """
    _command[:] = [] if "--" in command else command


def possible() -> bool:
    """Whether `go_on` would do anything."""
    return bool(_command) and hasattr(os, "execv") and os.name == "posix"


def go_on(folder: Path) -> None:
    """Replace this process by one that resumes the run in a folder. From any thread; returns only where it cannot.

    Nothing is tidied up: what the folder holds is what a killed run leaves. Files that this process has open, the
    folder's lock among them, close.
    """
    if not possible():
        return
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    with contextlib.suppress(OSError):
        os.execv(sys.executable, [sys.executable, *_command[1:], "--out", str(folder), "--resume"])
