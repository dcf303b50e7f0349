"""Kills at random moments: each run is resumed to a verdict, and none is lost.

    python benchmarks/destruction.py [--kills 50] [--budget 25] [--seed 0]

Contests on three small sets that ship with scikit-learn, each in a session of its own, killed with SIGKILL at a moment
drawn with a fixed seed (one in three is killed twice), then resumed with `--resume` until it ends. For each it checks
that the exit code is 0, that there is a verdict with finalists of both sides, that no trial written before the kill is
missing afterwards, that no process of the killed run lives on, and how long all calls took together. Prints a line for
each, and a last line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

SETS = ("sklearn:breast_cancer", "sklearn:diabetes", "sklearn:digits_images")
LIMIT_SECONDS = 180


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--budget", type=int, default=25)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def start(data: str, out: Path, budget: int) -> subprocess.Popen[bytes]:
    """A contest in a session of its own; it is resumed where its folder holds something."""
    command = [
        str(Path(sys.executable).with_name("automl")),
        "fit",
        data,
        "--budget",
        str(budget),
        "--out",
        str(out),
        "--quiet",
    ]
    if out.is_dir() and any(out.iterdir()):
        command.append("--resume")
    return subprocess.Popen(
        command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ}
    )


def trials(out: Path) -> set[str]:
    """Names of the deep trials that the journal holds to their end."""
    found = set()
    for line in (
        (out / "trials.log").read_text("utf-8", "replace").splitlines() if (out / "trials.log").exists() else ()
    ):
        try:
            entry = json.loads(line.partition(" ")[2])
        except ValueError:
            continue
        if "name" in entry:
            found.add(entry["name"])
    return found


def kill(process: subprocess.Popen[bytes]) -> int:
    """SIGKILL to the parent alone, as an out-of-memory killer does; how many of its children outlive it."""
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    _, alive = psutil.wait_procs(children, timeout=5)
    for one in alive:
        one.kill()
    return len(alive)


def one(data: str, moments: list[float], budget: int) -> dict[str, Any]:
    """One run, killed at these moments (seconds after each start), then resumed to its end."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        orphans, before, begun = 0, set[str](), time.monotonic()
        n_kills = 0
        for moment in moments:
            process = start(data, out, budget)
            try:
                process.wait(moment)
                break  # it was over before the moment came
            except subprocess.TimeoutExpired:
                orphans += kill(process)
                n_kills += 1
                before |= trials(out)
        last = start(data, out, budget)
        try:
            _, said = last.communicate(timeout=LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            kill(last)
            said = b"it did not end"
        line: dict[str, Any] = {"data": data, "killed_at": moments, "kills": n_kills, "exit": last.returncode,
                                "orphans": orphans, "seconds": round(time.monotonic() - begun, 1)}  # fmt: skip
        try:
            result = json.loads((out / "result.json").read_text())
        except (OSError, ValueError):
            return {**line, "fine": False, "why": said.decode()[-300:]}
        names = {run["name"] for run in result["runs"]}
        finalists = {run["side"] for run in result["runs"] if run["finalist"]}
        lost = sorted(before - names)
        fine = last.returncode == 0 and not lost and not orphans and finalists == {"deep", "shallow"}
        return {**line, "fine": fine, "verdict": result["verdict"], "trials_before": len(before), "lost": lost,
                "finalists": sorted(finalists), "wall_seconds": round(result["wall_seconds"], 1),
                "budget_seconds": round(result["budget_seconds"], 1)}  # fmt: skip


def main() -> None:
    args = arguments()
    rng = random.Random(args.seed)
    lines: list[dict[str, Any]] = []
    while sum(line["kills"] for line in lines) < args.kills:
        moments = [round(rng.uniform(0.5, args.budget + 4), 2) for _ in range(2 if rng.random() < 1 / 3 else 1)]
        lines.append(one(SETS[len(lines) % len(SETS)], moments, args.budget))
        print(json.dumps(lines[-1]), flush=True)
    print(
        json.dumps(
            {
                "kills": sum(line["kills"] for line in lines),
                "runs": len(lines),
                "not_fine": sum(not line["fine"] for line in lines),
                "lost_trials": sum(len(line.get("lost", ())) for line in lines),
                "orphans": sum(line["orphans"] for line in lines),
            }
        )
    )


if __name__ == "__main__":
    main()
