"""Ends a process with its parent, and replaces a process by a new one that resumes its run. Imports almost nothing."""

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
    """End this process within half a second after its parent ends, whatever its main thread does.

    Args:
        parent: process id of the parent, passed by the parent itself, which may have ended before this call.
    """
    with contextlib.suppress(RuntimeError):  # no thread may start (`ulimit -u`): work on without the watchdog
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os._exit(1)


def allow(command: Sequence[str]) -> None:
    """Allow `go_on` to replace this process. Only the command line calls it, because it owns the whole process.

    Args:
        command: the command that started the process, such as `sys.orig_argv`. A command with ``--`` is not accepted:
            flags added after it would not be read as flags.
    """
    _command[:] = [] if "--" in command else command


def possible() -> bool:
    """Whether `go_on` can replace this process."""
    return bool(_command) and hasattr(os, "execv") and os.name == "posix"


def go_on(folder: Path) -> None:
    """Replace this process by one that resumes the run in a folder. Works from any thread; returns only if it cannot.

    There is no cleanup: the folder is left as by a killed run. The process's open files are closed, among them the lock
    of the folder.
    """
    if not possible():
        return
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    with contextlib.suppress(OSError):
        os.execv(sys.executable, [sys.executable, *_command[1:], "--out", str(folder), "--resume"])
