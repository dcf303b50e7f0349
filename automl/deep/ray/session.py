"""The Ray session: the user's Ray, or a local one that no other machine can reach and that ends with this process."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import re
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automl.deep.ray import watchdog
from automl.errors import MissingExtra, RecipeError
from automl.system.resources import usable_cores

__all__ = ["Place", "Session", "places"]

CONNECT_SECONDS = 5.0
LONGEST_FOLDER = 30  # a socket's path may have 107 characters, and Ray adds some 75 to the folder's
END_SECONDS = 10.0
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": "^",  # otherwise Ray prints messages about lost workers on standard output
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # avoids a warning about Ray's next version
}
LOOPBACK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"  # "0": one machine only, all ports on 127.0.0.1


@dataclass(frozen=True, slots=True)
class Place:
    """The resources of the workers.

    Attributes:
        n_workers: workers that there is room for.
        n_cpus: cores that each worker reserves.
        n_gpus: GPUs that each worker reserves.
        n_threads: threads of TensorFlow in each worker; None for as many as the machine has cores.
    """

    n_workers: int
    n_cpus: int
    n_gpus: int
    n_threads: int | None


def places(n_workers: int, nodes: list[Mapping[str, float]]) -> Place:
    """Divide machines among workers: one GPU for each if there are GPUs, otherwise the same number of cores for each.

    Args:
        n_workers: workers asked for.
        nodes: for each machine, its number of "CPU" and "GPU".
    """
    gpus = [(int(node.get("GPU", 0)), int(node.get("CPU", 0))) for node in nodes]
    n_gpus = sum(n for n, _ in gpus)
    if n_gpus:
        n_cpus = max(1, min(cpus // n for n, cpus in gpus if n))
        return Place(min(n_workers, n_gpus), n_cpus, 1, n_cpus)
    cpus = [n for _, n in gpus]
    n_cpus = max(1, sum(cpus) // n_workers)
    while n_cpus > 1 and sum(n // n_cpus for n in cpus) < n_workers:
        n_cpus -= 1
    n_fitting = sum(n // n_cpus for n in cpus)
    return Place(min(n_workers, n_fitting), n_cpus, 0, None if n_cpus == max(cpus, default=1) else n_cpus)


class Session:
    """A connection to Ray.

    A Ray that this process already uses is taken as it is. A local Ray is started by `start` only, since that takes
    some seconds that would be lost if the data turned out to be bad.

    Args:
        address: None or "local" for a local Ray of this process; "auto", "ray://host:port" or "host:port" for another
            Ray, to which the constructor connects.

    Raises:
        MissingExtra: Ray is not installed.
        RecipeError: nothing answers at the address.
    """

    def __init__(self, address: str | None) -> None:
        if importlib.util.find_spec("ray") is None:
            raise MissingExtra(
                "several workers run through Ray, which is not installed: pip install 'automl-keras[ray]', or leave "
                "out `workers` and `ray_address` (--workers, --ray-address) to train in this process"
            )
        self.address = None if address == "local" else address
        self._ours = False
        self._watch: subprocess.Popen[bytes] | None = None
        if self.address is not None:
            self._connect(self.address)

    @property
    def is_local(self) -> bool:
        """Whether this is a local Ray that this process starts itself."""
        return self.address is None

    def _connect(self, address: str) -> None:
        # With the address "auto", Ray 2.60 dropped actors before they ran. With the address that "auto" stands for, it
        # did not.
        place = _recorded_address() if address == "auto" else address
        host = re.fullmatch(r"(?:ray://)?\[?(.*?)\]?:(\d+)", place)
        if host is not None:  # Ray itself would keep trying for minutes
            try:
                socket.create_connection((host[1], int(host[2])), timeout=CONNECT_SECONDS).close()
            except (OSError, OverflowError) as error:
                raise RecipeError(_unreachable(address, error)) from error
        with _environment(QUIET):
            import ray

            if ray.is_initialized():
                return
            try:
                ray.init(address=place or address, log_to_driver=False, logging_level=logging.ERROR)
            except Exception as error:  # several kinds: no Ray there, another version, no permission
                raise RecipeError(_unreachable(address, error)) from error
        self._ours = True

    def start(self, n_workers: int) -> Place:
        """Start a local Ray if needed, and divide its machines among workers.

        Call it in a thread that lives as long as the run, such as the main thread: the system ends Ray's processes when
        the thread that started them ends.

        Raises:
            RecipeError: there is no room for a single worker.
        """
        if self.is_local:
            self._start(n_workers)
        import ray

        place = places(n_workers, [node["Resources"] for node in ray.nodes() if node["Alive"]])
        if place.n_workers < 1:
            raise RecipeError(
                f"the Ray at {self.address} has no core for a worker; add machines to it or wait for them"
            )
        return place

    def _start(self, n_workers: int) -> None:
        with _environment(QUIET):
            import ray
        if ray.is_initialized():
            return
        session, folder = uuid.uuid4().hex, _folder()
        command = [sys.executable, str(Path(watchdog.__file__)), session, str(folder)]
        # A separate process session, so that Ctrl-C or the end of this process group does not end the watchdog first.
        self._watch = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        self._ours = True
        n_cores = usable_cores()
        try:
            with _environment({**QUIET, LOOPBACK: "0", watchdog.MARK: session}), _one_machine():
                ray.init(
                    address="local", num_cpus=max(n_cores, n_workers), include_dashboard=False, log_to_driver=False,
                    logging_level=logging.ERROR, _temp_dir=str(folder),
                )  # fmt: skip
        except Exception as error:
            self.close()
            raise RecipeError(
                f"Ray does not start on this machine ({_first_line(error)}); leave out `workers` (--workers) to train "
                "in this process"
            ) from error

    def close(self) -> None:
        """Disconnect from a Ray of the user's; end a local Ray with all of its processes."""
        if self._ours:
            self._ours = False
            import ray

            with contextlib.suppress(Exception):  # it may have ended already
                ray.shutdown()
        if self._watch is not None:
            watchdog, self._watch = self._watch, None
            assert watchdog.stdin is not None
            watchdog.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                watchdog.wait(END_SECONDS)


def _folder() -> Path:
    """Make a folder for Ray's sockets and logs, with a path that is short enough for sockets."""
    parent = tempfile.gettempdir()
    if len(parent) > LONGEST_FOLDER and Path("/tmp").is_dir():
        parent = "/tmp"
    return Path(tempfile.mkdtemp(prefix="automl-ray-", dir=parent))


def _recorded_address() -> str:
    """The address that the last Ray of this machine recorded, or "". That Ray may have ended since."""
    with _environment(QUIET), contextlib.suppress(Exception):
        services = importlib.import_module("ray._private.services")
        return str(services.get_ray_address_from_environment("auto", None) or "")
    return ""


def _unreachable(address: str, error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if "InvalidAuthToken" in str(cause):
            return (
                f"the Ray at {address} asks for a token; set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN in the environment "
                "of this process, as Ray's page on token authentication says"
            )
        cause = cause.__cause__ or cause.__context__
    how = "no Ray runs on this machine" if address == "auto" else f"no Ray can be reached at {address}"
    return (
        f"{how} ({_first_line(error)}); start one with `ray start --head`, give another `ray_address` (--ray-address), "
        "or leave it out"
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for imports and processes started inside the block."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _one_machine() -> Iterator[None]:
    """Apply `LOOPBACK` to this process too, which may have imported Ray before."""
    constants: Any = importlib.import_module("ray._private.ray_constants")
    before = constants.ENABLE_RAY_CLUSTER
    constants.ENABLE_RAY_CLUSTER = False
    try:
        yield
    finally:
        constants.ENABLE_RAY_CLUSTER = before
