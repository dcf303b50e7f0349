"""The worker process of shallow fits, the parent's side: without TensorFlow, killed at a fit's deadline, its memory
measured.

The child is a fresh interpreter that gets only the number of the pipe to read. So it never runs the user's main module;
multiprocessing's own spawn would, and would need the `if __name__ == "__main__"` guard in every script. Parent and
child unpickle only each other's bytes from this pipe, never a file.

Messages to the child: ("data", Payload), ("fit", FitSpec). Messages from it: ("ready", facts), ("checkpoint", model),
("done", Fitted), ("failed", reason), and ("late", reason) if the time was over before a model was usable. Models travel
as pickled bytes.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from automl.shallow.messages import PIECE_BYTES, FitSpec, Fitted, Part, Payload
from automl.system.resources import usable_cores
from automl.system.threads import ASLEEP

__all__ = ["UNSTARTED", "Child", "Worker", "spawn"]

UNSTARTED = (OSError, RuntimeError, MemoryError)
"""What Python raises if no process, pipe or thread can be created."""

GRACE_SECONDS = 0.2
START = (
    "import sys; sys.path[:] = {path!r}; from automl.system.processes import end_with; end_with({parent}); "
    "from automl.shallow.child import main; main({fd})"
)


@dataclass(frozen=True, slots=True, eq=False)
class Child:
    """A worker process that loads its libraries, and then waits for the data.

    Attributes:
        process: the process.
        pipe: the parent's end of the pipe.
    """

    process: subprocess.Popen[bytes]
    pipe: Connection

    def close(self) -> None:
        """Kill the process and wait for its end; a second call does nothing."""
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(OSError):
            self.pipe.close()


def spawn() -> Child:
    """Start a child. It needs no data yet, so it can load its libraries while the data are read.

    Raises:
        OSError, RuntimeError, MemoryError: no process or pipe can be created.
    """
    parent_end, child_end = Pipe()
    code = START.format(path=[str(p) for p in sys.path], fd=child_end.fileno(), parent=os.getpid())
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            pass_fds=(child_end.fileno(),),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            # Ctrl-C is left to the parent. In a session of its own it would leave the parent's scheduling group, too
            # (sched(7), "The autogroup feature"), and get more of a busy processor than the deep side's fits.
            process_group=0,
            env=os.environ | _threads(),
        )  # fmt: skip
    except BaseException:
        parent_end.close()
        raise
    finally:
        child_end.close()
    return Child(process, parent_end)


class Worker:
    """The parent's side of the worker process: starts the child at once, and waits for it only before a fit.

    Args:
        payload: the data that every fit reads.
        child: a child that was started before; None to start one.

    Attributes:
        failed_starts: how many times in a row a child could not be started, or died before it was ready.

    Raises:
        OSError, RuntimeError, MemoryError: no process, pipe or thread can be created.
    """

    def __init__(self, payload: Payload, child: Child | None = None) -> None:
        self.payload = payload
        self.failed_starts = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.pipe: Connection | None = None
        self.ready: dict[str, Any] | None = None
        self.sender: threading.Thread | None = None
        self.start(child)

    def start(self, child: Child | None = None) -> None:
        """Start a child, if none is given, and send it the data, without waiting for it."""
        child = child or spawn()
        process, pipe = child.process, child.pipe
        self.process, self.pipe, self.ready = process, pipe, None
        sender = threading.Thread(target=_send, args=(pipe, ("data", self.payload), process.kill), daemon=True)
        try:
            sender.start()
        except RuntimeError:
            self.close()
            raise
        self.sender = sender

    def wait(self, deadline: float | None, stopping: Callable[[], bool] = lambda: False) -> str | None:
        """Wait until the child has loaded its libraries and the data.

        Args:
            deadline: `time.monotonic` value to wait until, or None.
            stopping: returns whether the user wants to stop.

        Returns:
            None if the child is ready, otherwise why it is not.
        """
        if self.process is None or self.process.poll() is not None:
            self.close()
            try:
                self.start()
            except UNSTARTED as error:
                self.failed_starts += 1
                return f"the worker process cannot start: {error}"
        if self.ready is not None:
            return None
        message = self._receive(deadline, stopping)
        if message is None:
            return "the time was over before the worker had started"
        if message[0] != "ready":
            self.close()
            self.failed_starts += 1
            return str(message[1])
        self.ready, self.failed_starts = message[1], 0
        return None

    def fit(self, model: bytes, take: np.ndarray | None, deadline: float | None,
            stopping: Callable[[], bool] = lambda: False, part: int = 0,
            searched: bytes | None = None, learnt: Part | None = None) -> Fitted:  # fmt: skip
        """Fit one model. At the deadline the child is killed, its last checkpoint is used, and a new child starts.

        Args:
            model: the unfitted model, pickled.
            take: positions of the training items to use; None for all.
            deadline: `time.monotonic` value to end by, or None.
            stopping: returns whether the user wants to stop; called ten times a second.
            part: number of the hold-out; 0 is the first.
            searched: see `FitSpec`.
            learnt: see `FitSpec`.
        """
        try:
            reason = self.wait(deadline, stopping)
            if reason is not None:
                late = deadline is not None and time.monotonic() >= deadline
                return Fitted(failure=reason, stopped=reason if late else "")
            return self._fit(FitSpec(model, take, deadline, part, searched, learnt), stopping)
        except BaseException:
            self.close()
            raise

    def _fit(self, spec: FitSpec, stopping: Callable[[], bool]) -> Fitted:
        assert self.pipe is not None
        deadline = spec.deadline
        checkpoint: bytes | None = None
        begun = time.monotonic()
        # The fit ends a little before the deadline, to leave time for predicting the validation items.
        ends = None if deadline is None else deadline - min(0.1 * (deadline - begun), 3.0)
        self.pipe.send(("fit", replace(spec, deadline=ends)))
        limit = None if deadline is None else deadline + GRACE_SECONDS
        while True:
            message = self._receive(limit, stopping)
            if message is None:
                seconds = time.monotonic() - begun
                self.close()
                with contextlib.suppress(*UNSTARTED):  # `wait` tries again
                    self.start()
                reason = "stopped by the user" if stopping() else f"time ran out after {seconds:.1f} s"
                failure = "" if checkpoint else f"{reason}, before a complete model was there"
                return Fitted(checkpoint, fit_seconds=seconds, stopped=reason, failure=failure)
            kind, content = message
            if kind == "checkpoint":
                checkpoint = content
            elif kind == "done":
                fitted: Fitted = content
                return fitted
            else:
                seconds = time.monotonic() - begun
                if checkpoint is None:
                    stopped = content if kind == "late" else ""
                    return Fitted(fit_seconds=seconds, failure=content, stopped=stopped)
                return Fitted(checkpoint, fit_seconds=seconds, stopped=content)

    def _receive(self, limit: float | None, stopping: Callable[[], bool]) -> tuple[str, Any] | None:
        """The next message; None at the limit or if the user stops; a "failed" message if the child died."""
        assert self.pipe is not None and self.process is not None
        while True:
            left = 0.1 if limit is None else min(0.1, limit - time.monotonic())
            try:
                if self.pipe.poll(max(left, 0.0)):
                    message: tuple[str, Any] = pickle.loads(self.pipe.recv_bytes())  # safe: from our own child
                    return message
            except (EOFError, ConnectionError):
                code = self.process.wait(5)
                why = "killed, most likely for lack of memory" if code == -signal.SIGKILL else f"exit code {code}"
                return "failed", f"the worker process died ({why})"
            if (limit is not None and time.monotonic() >= limit) or stopping():
                return None

    def close(self) -> None:
        """Kill the child and wait for its end; a second call does nothing."""
        process, pipe, self.process, self.pipe, self.ready = self.process, self.pipe, None, None, None
        if process is not None:
            process.kill()
            process.wait()
        sender, self.sender = self.sender, None
        if sender is not None:
            sender.join()  # if the pipe were closed before, its number could already belong to another file
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _threads() -> dict[str, str]:
    """Environment variables of native threads: use all cores, and sleep while waiting.

    On a busy machine (2 cores, load 8) spinning threads made a fit of boosted trees 16 times slower and a matrix
    product 60 times. On an idle machine sleeping costs almost nothing. OpenBLAS always spins, so it gets half the
    cores.
    """
    cores = usable_cores()
    return {
        "OMP_NUM_THREADS": str(cores),
        **ASLEEP,
        "OPENBLAS_NUM_THREADS": str(max(1, cores // 2)),
        "MKL_NUM_THREADS": str(cores),
    }


def _send(pipe: Connection, message: Any, give_up: Callable[[], None]) -> None:
    """Send a large message. Its arrays are sent from memory in pieces of some megabytes, so that none exists twice."""
    try:
        _send_parts(pipe, message)
    except (OSError, ValueError):  # the child was killed meanwhile
        pass
    except MemoryError:  # the child would wait for the rest for ever
        give_up()


def _send_parts(pipe: Connection, message: Any) -> None:
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(message, 5, buffer_callback=buffers.append)
    parts = [memoryview(head), *(buffer.raw() for buffer in buffers)]
    pipe.send([part.nbytes for part in parts])
    del head
    while parts:
        part = parts.pop(0)
        for begin in range(0, part.nbytes, PIECE_BYTES):
            pipe.send_bytes(part[begin : begin + PIECE_BYTES])
