"""Keeps what native libraries write to standard error off the user's terminal."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

__all__ = ["quiet_libraries"]

LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
"""The variable that TensorFlow reads when it is loaded: from "2" on it writes no hints and no warnings."""


@contextlib.contextmanager
def quiet_libraries() -> Iterator[None]:
    """Suppress what native libraries write to standard error; streams of `system.terminal` can still write.

    If TensorFlow is loaded inside, it stays quiet afterwards, unless the user has set `LOG_LEVEL`.
    """
    os.environ.setdefault(LOG_LEVEL, "2")
    try:
        saved = os.dup(2)
    except OSError:  # no standard error at all
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)
