"""A Ray to run on: the user's, or one of our own that no other machine can reach and that ends with this process."""

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
LONGEST_FOLDER = 30  # a socket's path, which lies some 75 characters below, may have 107
END_SECONDS = 10.0
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": "^",  # what Ray tells of lost workers goes to standard output otherwise
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # leaves a warning away that is about Ray's next version
}
LOOPBACK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"  # "0": one machine only, all ports on 127.0.0.1


@dataclass(frozen=True, slots=True)
class Place:
    """What each worker has to itself.

    Attributes:
        n_workers: how many there are places for.
        n_cpus: that a worker reserves.
        n_gpus: that a worker reserves.
        n_threads: for TensorFlow; None for all that the machine has.
    """

    n_workers: int
    n_cpus: int
    n_gpus: int
    n_threads: int | None


def places(n_workers: int, nodes: list[Mapping[str, float]]) -> Place:
    """Part machines among workers: a GPU each where there are GPUs, else the same number of cores each.

    Args:
        n_workers: that were asked for.
        nodes: "CPU" and "GPU" of each machine.
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

    A Ray that this process already uses is taken as it is. A local Ray starts with `start`, since that takes some
    seconds that are better spent once the data are known to be good.

    Args:
        address: None and "local" for a Ray of our own; "auto", "ray://host:port" or "host:port" for another one, to
            which a connection is made at once.

    Raises:
        MissingExtra: Ray is not installed. RecipeError: nothing answers at the address.
    """

    def __init__(self, address: str | None) -> None:
        if importlib.util.find_spec("ray") is None:
            raise MissingExtra(
                "several workers run through Ray, which is not installed: pip install 'automl-keras[ray]', or leave "
                "`workers` and `ray_address` (--workers, --ray-address) away to train in this process"
            )
        self.address = None if address == "local" else address
        self._ours = False
        self._watch: subprocess.Popen[bytes] | None = None
        if self.address is not None:
            self._connect(self.address)

    @property
    def is_local(self) -> bool:
        """Whether this is a Ray of our own on this machine."""
        return self.address is None

    def _connect(self, address: str) -> None:
        # Under the address "auto" itself, actors of Ray 2.60 were dropped before they ran; under the one it means, not.
        place = _recorded_address() if address == "auto" else address
        host = re.fullmatch(r"(?:ray://)?\[?(.*?)\]?:(\d+)", place)
        if host is not None:  # Ray itself would try for minutes
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
            except Exception as error:  # of several kinds: no Ray there, another version, no right to connect
                raise RecipeError(_unreachable(address, error)) from error
        self._ours = True

    def start(self, n_workers: int) -> Place:
        """Start a Ray of our own if need be, and part what there is among workers.

        To be called in a thread that lives as long as the run, the main one: the system ends Ray's processes when the
        thread that started them ends.

        Raises:
            RecipeError: there is no place for a single worker.
        """
        if self.is_local:
            self._start(n_workers)
        import ray

        found = places(n_workers, [node["Resources"] for node in ray.nodes() if node["Alive"]])
        if found.n_workers < 1:
            raise RecipeError(
                f"the Ray at {self.address} has no core for a worker; add machines to it or wait for them"
            )
        return found

    def _start(self, n_workers: int) -> None:
        with _environment(QUIET):
            import ray
        if ray.is_initialized():
            return
        session, folder = uuid.uuid4().hex, _folder()
        command = [sys.executable, str(Path(watchdog.__file__)), session, str(folder)]
        # In a session of its own, so that a Ctrl-C or the end of our process group does not end it first.
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
                f"Ray does not start on this machine ({_first_line(error)}); leave `workers` away (--workers) to train "
                "in this process"
            ) from error

    def close(self) -> None:
        """Leave a Ray that we joined; end one that we started, with all of its processes."""
        if self._ours:
            self._ours = False
            import ray

            with contextlib.suppress(Exception):  # it may be gone already
                ray.shutdown()
        if self._watch is not None:
            watchdog, self._watch = self._watch, None
            assert watchdog.stdin is not None
            watchdog.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                watchdog.wait(END_SECONDS)


def _folder() -> Path:
    """A new folder for Ray's sockets and logs, whose path is short enough for sockets."""
    parent = tempfile.gettempdir()
    if len(parent) > LONGEST_FOLDER and Path("/tmp").is_dir():
        parent = "/tmp"
    return Path(tempfile.mkdtemp(prefix="automl-ray-", dir=parent))


def _recorded_address() -> str:
    """Where a Ray on this machine was last started, as it has noted itself; it may be gone. Empty if there is none."""
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
        "or leave it away"
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Environment variables for what is imported and started inside."""
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
    """What `LOOPBACK` asks of Ray's processes, for this one, which may have imported Ray before."""
    constants: Any = importlib.import_module("ray._private.ray_constants")
    before = constants.ENABLE_RAY_CLUSTER
    constants.ENABLE_RAY_CLUSTER = False
    try:
        yield
    finally:
        constants.ENABLE_RAY_CLUSTER = before
