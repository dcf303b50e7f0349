"""Has libraries loaded and forks a pytest for each request of `mutants_runs.py`: loading takes longer than tests.

A request is a line of JSON: `arguments` of pytest, `folder` to run in, `environment`, `output` for what is printed.
Answered are `pid` and, when it has ended, `code`. Nothing is run in this process, so that a child starts as a new one.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import signal
import sys
from typing import Any


def end_with_parent() -> None:
    """Be killed when the process that started this one has ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def child(asked: dict[str, Any]) -> int:
    """Become a pytest."""
    os.setsid()
    end_with_parent()
    for path, flags, number in ((os.devnull, os.O_RDONLY, 0), (asked["output"], os.O_WRONLY | os.O_CREAT, 1)):
        file = os.open(path, flags)
        os.dup2(file, number)
        os.close(file)
    os.dup2(1, 2)
    os.chdir(asked["folder"])
    os.environ.update(asked["environment"])
    sys.path[0:1] = [asked["folder"]]
    sys.argv = ["pytest", *asked["arguments"]]
    import pytest

    return int(pytest.main(asked["arguments"]))


def main() -> int:
    end_with_parent()
    requests, answers = os.fdopen(os.dup(0), "rb", buffering=0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)
    for name in sys.argv[1:]:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    while line := requests.readline():
        pid = os.fork()
        if pid == 0:
            requests.close()
            os.close(answers)
            return child(json.loads(line))
        os.write(answers, json.dumps({"pid": pid}).encode() + b"\n")
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.write(answers, json.dumps({"code": code}).encode() + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
