"""How `mutants.py` runs a mutant: which tests, in a copy of the tree, to the first that fails."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

PACKAGE = "automl"
LOOK_SECONDS = 0.5
IDLE_FACTOR = 5.0
"""A test that uses less of the processor may last so many times as long before it counts as one that hangs."""
LEFT_OUT = {".git", ".venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
LIBRARIES = (
    "pandas", "pyarrow.parquet", "scipy.optimize", "scipy.stats", "sklearn.ensemble", "sklearn.linear_model",
    "sklearn.metrics", "sklearn.model_selection", "sklearn.neighbors", "sklearn.pipeline", "skrub", "skops.io",
    "matplotlib.pyplot", "PIL.Image", "openpyxl", "pydantic", "rich.console", "typer", "jinja2", "psutil", "tensorflow",
    "keras", "keras_tuner",
)  # fmt: skip
"""Loaded once, where the package names them."""
ENVIRONMENT = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "MPLBACKEND": "Agg",
    "OMP_WAIT_POLICY": "PASSIVE",
    "GOMP_SPINCOUNT": "0",
}
PLUGIN = """
import json, os, sys

try:
    from hypothesis import HealthCheck, settings
except ImportError:
    pass
else:
    settings.register_profile("mutants", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("mutants")

def say(**what):
    with open(os.environ["MUTANTS_TOLD"], "a") as file:
        file.write(json.dumps(what) + "\\n")

def pytest_runtest_logstart(nodeid, location):
    say(begun=nodeid)

def pytest_runtest_logreport(report):
    if report.failed:
        say(failed=report.nodeid)

def pytest_collectreport(report):
    if report.failed:
        say(failed=report.nodeid)

def pytest_sessionfinish(session):
    package = sys.modules.get("automl")
    if package is not None and package.__file__:
        say(package=os.path.realpath(package.__file__))
"""


@dataclass(frozen=True)
class Mutant:
    """A file with one fault in it."""

    key: str
    path: str
    line: int
    unit: str
    kind: str
    before: str
    after: str
    text: bytes

    @property
    def room(self) -> str:
        return Path(self.path).with_suffix("").parts[1]


# ---------------------------------------------------------------------- which tests


def tests_of(tree: Path, one: Mutant) -> tuple[list[str], list[str]]:
    """Test files that mirror a mutant's file, and the others of its room, the likeliest first."""
    path = Path(one.path)
    stem = path.parent.name if path.stem == "__init__" else path.stem
    parts = [*path.with_suffix("").parts[1:-1], stem]
    module = ".".join([PACKAGE, *path.with_suffix("").parts[1:]]).removesuffix(".__init__")
    holder, _, name = module.rpartition(".")
    direct = re.compile(rf"\b{re.escape(module)}\b|from {re.escape(holder)} import [^\n]*\b{name}\b")
    of_room = re.compile(rf"\b{PACKAGE}\.{one.room}\b|from {PACKAGE} import [^\n]*\b{one.room}\b")
    unit = re.compile(rf"\b{re.escape(one.unit.split('.')[0] or '-')}\b")
    mirror, ranked, elsewhere = [], [], []
    for test in sorted((tree / "tests").rglob("test_*.py")):
        text, file = test.read_text(), test.relative_to(tree).as_posix()
        in_room = file.startswith((f"tests/{one.room}/", f"tests/test_{one.room}.")) or is_contract(file, parts)
        named = f"_{stem}_" in f"_{test.stem[5:]}_"
        near = sum(
            1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(parts, Path(file).parts[1:], strict=False))
        )
        rank = (not unit.search(text), not direct.search(text), -near, file)
        if named and (in_room or test.stem == f"test_{stem}"):
            mirror.append(file)
        elif in_room or direct.search(text):
            ranked.append(rank)
        elif of_room.search(text):
            elsewhere.append(rank)
    return mirror, [file for *_, file in sorted(ranked or (elsewhere if not mirror else []))]


def is_contract(file: str, parts: list[str]) -> bool:
    """Whether a file holds the contract tests of what a room holds."""
    words = re.findall("[a-z]+", Path(file).stem)
    return file.startswith("tests/contract/") and any(
        f"{word}s" in parts or word in parts for word in words if word != "test"
    )


# ---------------------------------------------------------------------- running


class Server:
    """A process that has the libraries loaded, and forks a pytest when it is asked to (`mutants_server.py`)."""

    def __init__(self, tree: Path) -> None:
        text = "\n".join(path.read_text() for path in (tree / PACKAGE).rglob("*.py"))
        named = [
            name for name in LIBRARIES if re.search(rf"^ *(import|from) {name.split('.')[0]}\b", text, re.MULTILINE)
        ]
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("mutants_server.py")), *named],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | ENVIRONMENT,
            bufsize=0,
        )

    def start(self, asked: dict[str, Any]) -> int:
        """Start a pytest; its process."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asked).encode() + b"\n")
        return int(self.answer()["pid"])

    def ended(self, seconds: float) -> int | None:
        """The exit code of what was started, or None if it has not ended in so many seconds."""
        ready, _, _ = select.select([self.process.stdout], [], [], None if seconds == math.inf else seconds)
        return int(self.answer()["code"]) if ready else None

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the process that starts tests has ended")
        return dict(json.loads(line))

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@dataclass
class Copy:
    """A copy of a tree, in which faults are put and tests are run."""

    tree: Path
    folder: Path
    hang_seconds: float
    server: Server

    def __post_init__(self) -> None:
        for name in listed(self.tree):
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self.tree / name, self.folder / name)
        (self.folder / "mutants_plugin.py").write_text(PLUGIN)
        # Checked by content: a changed file never meets the byte code of the unchanged one.
        compiled = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash", PACKAGE]
        subprocess.run(compiled, cwd=self.folder, check=True)

    def tested(self, tests: list[str], seconds: float, *options: str) -> tuple[str, list[str]]:
        """Run tests: `passed`, `failed`, `hang`, `died` or `cut`, and those that failed or were under way then."""
        told = self.folder / "mutants_told.jsonl"
        told.write_text("")
        always = ["-q", "-p", "no:cacheprovider", "-p", "mutants_plugin", "-m", "not slow and not thorough"]
        with tempfile.TemporaryDirectory() as scratch:
            asked = {
                "arguments": [*always, f"--basetemp={scratch}/base", *options, *tests],
                "folder": str(self.folder),
                "environment": {**ENVIRONMENT, "PYTHONPATH": str(self.folder), "MUTANTS_TOLD": str(told)},
                "output": str(self.folder / "mutants_output.txt"),
            }
            pid = self.server.start(asked)
            how, code = self.watched(pid, told, seconds)
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
            if code is None:
                self.server.ended(math.inf)
        said = [json.loads(line) for line in told.read_text().splitlines()]
        failed = [line["failed"] for line in said if "failed" in line]
        begun = [line["begun"] for line in said if "begun" in line][-1:]
        if any(not Path(line["package"]).is_relative_to(self.folder.resolve()) for line in said if "package" in line):
            raise RuntimeError(f"the tests run {said}, not the copy")
        if code in (0, 5):
            return "passed", []
        if how == "ended" and failed:
            return "failed", failed
        return "died" if how == "ended" else how, failed + begun

    def watched(self, pid: int, told: Path, seconds: float) -> tuple[str, int | None]:
        """Wait for the end of a pytest: `ended` and its exit code, or why it was not waited for."""
        begun, used_then, size = time.monotonic(), 0.0, 0
        while True:
            code = self.server.ended(LOOK_SECONDS)
            if code is not None:
                return "ended", code
            used, grown = processor_seconds(pid), told.stat().st_size
            if grown > size:
                size, used_then, begun = grown, used, time.monotonic()
            if used - used_then > self.hang_seconds or time.monotonic() - begun > IDLE_FACTOR * self.hang_seconds:
                return "hang", None
            if used > seconds:
                return "cut", None

    def failing(self, nodes: list[str]) -> set[str]:
        """Which tests, or files of tests, fail in the tree as it is."""
        found = set()
        for option, own in (
            ("--collect-only", [node for node in nodes if "::" not in node]),
            ("--continue-on-collection-errors", [node for node in nodes if "::" in node]),
        ):
            waiting = [own] if own else []
            while waiting:
                tests = waiting.pop()
                how, ended = self.tested(tests, math.inf, option)
                bad = {test for test in tests if any(test.startswith(node) for node in ended)}
                if how not in ("passed", "failed") and not bad:
                    bad = set(tests) if len(tests) == 1 else bad
                    half = len(tests) // 2
                    waiting += [tests[:half], tests[half:]] if half else []
                elif how not in ("passed", "failed"):
                    waiting.append([test for test in tests if test not in bad])
                waiting = [left for left in waiting if left]
                found |= bad
        return found

    def judged(self, one: Mutant, most_seconds: float, left_out: set[str]) -> dict[str, Any]:
        """Run a mutant's tests, and say what came of it."""
        mirror, room = tests_of(self.tree, one)
        begun, own = time.monotonic(), set(left_out)
        result = {"outcome": "survived", "how": "passed", "by": "", "stage": "", "n_files": len(mirror) + len(room)}
        waiting = [("mirror", mirror), ("room", room)]
        while waiting:
            stage, files = waiting[0]
            how, ended = self.with_fault(one, [file for file in files if file not in own], most_seconds, own)
            by = "".join(ended[:1])
            if (stage, how) == ("room", "failed") and by not in own:
                how, _ = self.with_fault(one, [by], most_seconds, set())
                if how == "passed":
                    own.add(by)
                    continue
            result |= {"how": how, "by": by, "stage": stage}
            if how not in ("passed", "cut"):
                result["outcome"] = "caught"
                break
            waiting.pop(0)
        return result | {"unsteady": sorted(own - left_out), "seconds": round(time.monotonic() - begun, 1)}

    def with_fault(self, one: Mutant, tests: list[str], seconds: float, left_out: set[str]) -> tuple[str, list[str]]:
        """Run tests against a mutant to the first that fails."""
        if not tests:
            return "passed", []
        whole = (self.folder / one.path).read_bytes()
        (self.folder / one.path).write_bytes(one.text)
        try:
            return self.tested(
                tests, seconds, "-x", *(f"--deselect={node}" for node in sorted(left_out) if "::" in node)
            )
        finally:
            (self.folder / one.path).write_bytes(whole)


def processor_seconds(session: int) -> float:
    """Processor time of all processes of a session, those that have ended with them."""
    ticks = 0
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
                ticks += sum(map(int, fields[11:15])) if int(fields[3]) == session else 0
    return ticks / os.sysconf("SC_CLK_TCK")


def listed(tree: Path) -> list[str]:
    """Files of a tree that belong to it."""
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if (tree / ".git").exists():
        said = subprocess.run(asked, cwd=tree, check=True, capture_output=True).stdout
        found = [os.fsdecode(name) for name in said.split(b"\0") if name]
    else:
        found = [path.relative_to(tree).as_posix() for path in tree.rglob("*")]
    return [name for name in found if (tree / name).is_file() and not LEFT_OUT & set(Path(name).parts)]
