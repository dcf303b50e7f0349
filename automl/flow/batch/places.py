"""Where contests run: in processes of this machine, each on cores of its own, or as tasks of a Ray."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from automl.system.resources import usable_cores

__all__ = ["LocalPlaces", "Places", "RayPlaces", "run_command"]

TAIL_BYTES = 4_000
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Places(Protocol):
    """Runs commands, several at once.

    Attributes:
        n_slots: commands that run at once.
    """

    n_slots: int

    def run(self, slot: int, arguments: Sequence[str], log: Path) -> tuple[int, str]:
        """Run ``automl`` with these arguments until it ends; returns its exit code and the end of what it said."""
        ...

    def words(self, slot: int) -> str:
        """Where a slot's commands run, in words."""
        ...

    def stop(self) -> None:
        """Ask all running commands to conclude, as Ctrl-C does; again to end at once."""
        ...

    def close(self) -> None:
        """Free what was started."""
        ...


def run_command(arguments: Sequence[str], log: Path, started: Any = None) -> tuple[int, str]:
    """Run ``automl`` in a process of its own, which ends with this one; returns exit code and end of its log.

    Args:
        arguments: after ``automl``.
        log: file for what it prints; its folder exists.
        started: called with the process once it runs, or None.
    """
    command = [sys.executable, "-m", "automl.cli.child", str(os.getpid()), *arguments]
    # A session of its own: a Ctrl-C at the terminal reaches this process alone, which passes it on once.
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
        if started is not None:
            started(process)
        code = process.wait()
    return code if code >= 0 else 1, _tail(log)


def _tail(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - TAIL_BYTES))
        lines = file.read().decode("utf-8", errors="replace").strip().splitlines()
    return "\n".join(lines[-5:])


class LocalPlaces:
    """Processes of this machine; the usable cores are parted evenly among them.

    Args:
        n_slots: commands that run at once.
    """

    def __init__(self, n_slots: int) -> None:
        self.n_slots = n_slots
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopping = False

    def cores(self, slot: int) -> tuple[int, ...]:
        """The cores of a slot; several slots share one where there are fewer cores than slots. Empty if not known."""
        if not hasattr(os, "sched_getaffinity"):
            return ()
        usable = sorted(os.sched_getaffinity(os.getpid()))
        each = max(1, len(usable) // self.n_slots)
        first = slot * each % len(usable)
        return tuple(usable[first : first + each])

    def run(self, slot: int, arguments: Sequence[str], log: Path) -> tuple[int, str]:
        """See `Places`. The thread that calls this is bound to the slot's cores, and so is what it starts."""
        cores = self.cores(slot)
        if cores:
            os.sched_setaffinity(0, cores)  # of this thread alone
        process: list[subprocess.Popen[bytes]] = []

        def started(one: subprocess.Popen[bytes]) -> None:
            with self._lock:
                process.append(one)
                self._running.add(one)
                if self._stopping:
                    one.send_signal(signal.SIGINT)

        try:
            return run_command(arguments, log, started)
        finally:
            with self._lock:
                self._running.difference_update(process)

    def words(self, slot: int) -> str:
        """See `Places`."""
        cores = self.cores(slot)
        return f"on core {', '.join(map(str, cores))}" if cores else "on this machine"

    def stop(self) -> None:
        """See `Places`."""
        with self._lock:
            self._stopping = True
            for one in self._running:
                if one.poll() is None:
                    one.send_signal(signal.SIGINT)

    def close(self) -> None:
        """Nothing is left to free."""


class RayPlaces:
    """Tasks of a Ray; each reserves an even part of its cores. Recipes and folders must be the same on all machines.

    Args:
        n_slots: commands that run at once.
        address: as `automl.deep.ray.session.Session` takes it.
        ray: Ray's module, or what stands in for it; None to import it.
    """

    def __init__(self, n_slots: int, address: str | None, ray: Any = None) -> None:
        from automl.deep.ray.session import Session

        self._session = None if ray is not None else Session(address)
        place = self._session.start(n_slots) if self._session is not None else None
        self._ray: Any = import_module("ray") if ray is None else ray
        self.address = address
        self.n_slots = n_slots if place is None else place.n_workers
        self.n_cpus = max(1, usable_cores() // n_slots) if place is None else place.n_cpus
        environment: Mapping[str, str] = dict.fromkeys(THREADS, str(self.n_cpus))
        self._task = self._ray.remote(num_cpus=self.n_cpus, max_retries=0)(_on_ray)
        self._environment = environment
        self._waiting: set[Any] = set()
        self._lock = threading.Lock()

    def run(self, slot: int, arguments: Sequence[str], log: Path) -> tuple[int, str]:
        """See `Places`."""
        reference = self._task.remote(list(arguments), str(log.resolve()), os.getcwd(), self._environment)
        with self._lock:
            self._waiting.add(reference)
        try:
            code, words = self._ray.get(reference)
        except Exception as error:  # a lost machine, a full object store, a task that was cancelled
            return 1, f"Ray lost it: {(str(error).strip().splitlines() or [type(error).__name__])[0][:300]}"
        finally:
            with self._lock:
                self._waiting.discard(reference)
        return int(code), str(words)

    def words(self, slot: int) -> str:
        """See `Places`."""
        return f"on {self.n_cpus} cores of Ray"

    def stop(self) -> None:
        """Cancel the tasks; what they had found is in their folders, and ``--resume`` goes on with it."""
        with self._lock:
            for reference in self._waiting:
                self._ray.cancel(reference)

    def close(self) -> None:
        """Leave the Ray, or end one that was started here."""
        if self._session is not None:
            self._session.close()


def _on_ray(arguments: list[str], log: str, folder: str, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a command on the machine that Ray chose."""
    os.environ.update(environment)
    os.chdir(folder)
    path = Path(log)
    path.parent.mkdir(parents=True, exist_ok=True)
    process: list[subprocess.Popen[bytes]] = []
    try:
        return run_command(arguments, path, process.append)
    except BaseException:
        for one in process:
            one.send_signal(signal.SIGINT)
        raise
