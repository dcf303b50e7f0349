"""Shallow fits in a worker process, or in this process if no worker can be started."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from automl.shallow.in_process import InProcessWorker
from automl.shallow.messages import Fitted, Part, Payload
from automl.shallow.worker import UNSTARTED, Child, Worker, spawn

__all__ = ["FallbackWorker", "early_child"]

STARTS = 2


def early_child() -> Child | None:
    """A worker process that is started before the data are read; None if none can be started now."""
    try:
        return spawn()
    except UNSTARTED:
        return None


class FallbackWorker:
    """A `Worker` that falls back to this process if limits on memory, processes or file descriptors prevent a child.

    Args:
        payload: the data that every fit reads.
        note: called with a message if fits go on in this process.
        child: a worker process that was started before; None to start one.

    Attributes:
        problem: why fits run in this process; None if they do not.
        place: the worker in use.
    """

    def __init__(self, payload: Payload, note: Callable[[str], None], child: Child | None = None) -> None:
        self.payload, self.note = payload, note
        self.problem: str | None = None
        self.place: Worker | InProcessWorker
        try:
            self.place = Worker(payload, child)
        except UNSTARTED as error:
            self.place = self._in_process(f"a process for them cannot start: {error}")

    def wait(self, deadline: float | None, stopping: Callable[[], bool] = lambda: False) -> str | None:
        """See `Worker.wait`."""
        failure = self.place.wait(deadline, stopping)
        if failure is not None and isinstance(self.place, Worker) and self.place.failed_starts >= STARTS:
            self.place.close()
            self.place = self._in_process(failure)
            return None
        return failure

    def fit(self, model: bytes, take: np.ndarray | None, deadline: float | None,
            stopping: Callable[[], bool] = lambda: False, part: int = 0,
            searched: bytes | None = None, learnt: Part | None = None) -> Fitted:  # fmt: skip
        """See `Worker.fit`."""
        return self.place.fit(model, take, deadline, stopping, part, searched, learnt)

    def close(self) -> None:
        """End the worker process, if there is one."""
        self.place.close()

    def _in_process(self, problem: str) -> InProcessWorker:
        self.problem = problem
        self.note(f"shallow models are fitted in the main process, where a fit cannot be ended in time ({problem})")
        return InProcessWorker(self.payload)
