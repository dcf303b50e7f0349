"""Threads of native libraries in the process that also does everything else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["ASLEEP", "one_thread", "sleep_while_waiting"]

ASLEEP = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0"}
"""Environment variables that let OpenMP's threads sleep while they wait. Spinning ones take the core from the thread
that they wait for: where another program runs, a fit takes up to a hundred times as long."""


def sleep_while_waiting() -> None:
    """Set `ASLEEP`, but for what is set. Who owns the process calls it before a library with OpenMP is loaded."""
    for name, value in ASLEEP.items():
        os.environ.setdefault(name, value)


@contextmanager
def one_thread() -> Iterator[None]:
    """OpenMP with one thread, for small fits in a process of the user's, where threads spin (see `ASLEEP`)."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="openmp"):
        yield
