"""Ends the processes of a local Ray once the process that started it is gone; `ray.session` runs this as a script.

Ray's own helpers notice only after a minute or more that their head was killed. This script waits for the end of its
standard input, which the system closes however its parent ends. Then it kills every process that carries the session's
mark in its environment, and removes the session's folder. It imports nothing of automl.
"""

from __future__ import annotations

import shutil
import sys
import time

import psutil

__all__ = ["MARK", "marked_processes"]

MARK = "AUTOML_RAY_SESSION"
GIVE_UP_SECONDS = 20.0
QUIET_SECONDS = 1.0


def marked_processes(session: str) -> list[psutil.Process]:
    """The processes of a session. Processes of other users cannot be read; they do not belong to it."""
    processes = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == session and process.status() != psutil.STATUS_ZOMBIE:
                processes.append(process)
        except (psutil.Error, OSError):
            continue
    return processes


def _watch(session: str, folder: str) -> None:
    """Wait for the end of standard input, then kill the session's processes until no new ones appear."""
    sys.stdin.buffer.read()
    begun = quiet_since = time.monotonic()
    while (now := time.monotonic()) - quiet_since < QUIET_SECONDS and now - begun < GIVE_UP_SECONDS:
        for process in marked_processes(session):
            quiet_since = now
            try:
                process.kill()
            except (psutil.Error, OSError):
                continue
        time.sleep(0.1)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    _watch(sys.argv[1], sys.argv[2])
