"""Worker processes of shallow fits that are forked from one with its libraries loaded.

Contests of tests get theirs from here, which spares each the two seconds of processor time that a fresh interpreter
needs for scikit-learn. The process that is forked has one thread and has computed nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from multiprocessing import Pipe

from automl.shallow.worker import Child, _threads

SERVER = """
import json, os, signal, socket, sys
sys.path[:] = {path!r}
from automl.baselines import tabular
from automl.shallow.child import main
from automl.system.processes import end_with

signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended children need not be waited for
parent = socket.socket(fileno={fd})
while True:
    message, pipes, *_ = socket.recv_fds(parent, 1 << 20, 1)
    if not message:
        os._exit(0)
    server, child = os.getpid(), os.fork()
    if not child:
        parent.close()
        os.setpgid(0, 0)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        sys.path[:] = json.loads(message)
        end_with(server)
        main(pipes[0])
    os.close(pipes[0])
    parent.send(str(child).encode())
"""


class Forked:
    """A process that is no child of this one, with what is used of `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._killed = False
        try:
            self._handle = os.pidfd_open(pid)
        except ProcessLookupError:
            self.returncode = 1

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._handle], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
            self.returncode = -signal.SIGKILL if self._killed else 0
            os.close(self._handle)
        return self.returncode

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def kill(self) -> None:
        if self.poll() is None:
            self._killed = True
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)


class Server:
    """Starts the process that is forked once it is needed."""

    def __init__(self) -> None:
        self.socket: socket.socket | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def spawn(self) -> Child:
        """As `automl.shallow.worker.spawn`."""
        if self.socket is None:
            self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            code = SERVER.format(path=[str(place) for place in sys.path], fd=theirs.fileno())
            with theirs:
                self.process = subprocess.Popen(
                    [sys.executable, "-c", code], pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | _threads(),
                )  # fmt: skip
        ours, child = Pipe()
        with child:
            socket.send_fds(self.socket, [json.dumps([str(place) for place in sys.path]).encode()], [child.fileno()])
            pid = int(self.socket.recv(32))
        return Child(Forked(pid), ours)

    def close(self) -> None:
        """End the process, and with it its children."""
        if self.socket is not None and self.process is not None:
            self.socket.close()
            self.process.wait()
