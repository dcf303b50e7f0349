"""Runs one contest after another in processes of their own; what a file holds already is not run again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

__all__ = ["resumed"]


def resumed(
    script: str, names: Iterable[str], out: str, same: dict[str, Any], show: Callable[[dict[str, Any]], None]
) -> list[dict[str, Any]]:
    """The line of each name, those of earlier runs included.

    Args:
        script: path of the benchmark, which prints the line of one contest as JSON that begins with its name when it
            is called with its own arguments and ``--one NAME``.
        names: of the contests.
        out: file of lines that grows; empty for none.
        same: values that a line must have to be one of this call, such as the seed.
        show: prints a new line for people.
    """
    path = Path(out) if out else None
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path and path.exists() else []
    known = {line["name"] for line in lines if all(line.get(key) == value for key, value in same.items())}
    for name in names:
        if name in known:
            continue
        line = _run([sys.executable, script, *sys.argv[1:], "--one", name])
        if line is None:
            continue
        lines.append(json.loads(line))
        if path:
            with path.open("a") as file:
                file.write(line + "\n")
        show(lines[-1])
    return lines


def _run(command: Sequence[str]) -> str | None:
    """The line that a contest printed; None, and its messages on standard error, where it failed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = [line for line in done.stdout.splitlines() if line.startswith('{"name"')]
    if not found:
        print(f"{command[-1]}: failed\n{done.stderr[-1500:]}", file=sys.stderr, flush=True)
        return None
    return found[-1]
