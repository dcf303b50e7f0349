"""Proof by destruction: runs killed at random moments, each resumed to its verdict, none lost.

    python benchmarks/destruction.py [--data DIR] [--kills 50] [--budget 25] [--seed 0] [--only adult,basic_motions]

Each round starts a contest in a session of its own and sends it SIGKILL at a moment drawn from 1 s to the budget, then
goes on with `--resume` until it ends; in half of the rounds the resumed call is killed too. Checked each time: no
process outlives the kill and journals never shrink. At the end: exit code 0, a verdict, a result.json that its schema
allows, every run that had ended before a kill in it, once, and a wall time within the budget and what each resumed
call may need for its start. Whether both sides have a finalist is counted. The data folder is that of
`benchmarks/contest.py`. Prints a table and a last line of JSON; exit code 1 if anything was wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path
from typing import Any

from contest import ROOT, entry_data

sys.path.insert(0, str(ROOT / "tests" / "report"))

from schema_breaks import breaks

SETS = ("adult", "basic_motions", "sunspots")
CALL = """
import json, sys
if __name__ == "__main__":
    import numpy, automl
    options = json.loads(sys.argv[1])
    for key in ("data", "test"):
        if isinstance(options[key], list):
            options[key] = tuple(numpy.load(path) for path in options[key])
    automl.fit(**options)
"""
START_SECONDS = 20.0  # Python, TensorFlow, reading and encoding, which each call pays anew
LATE_SECONDS = 3.0
SLACK_SECONDS = 120.0
JOURNALS = ("trials.log", "shallow.log")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--budget", type=float, default=25.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default=",".join(SETS))
    return parser.parse_args()


def prepared(folder: Path, name: str, scratch: Path) -> dict[str, Any]:
    """Arguments of `automl.fit` as JSON: what is in memory goes to files."""
    import numpy as np

    entry = next(e for e in json.loads((folder / "catalog.json").read_text()) if e["name"] == name)
    options = entry_data(folder, entry)
    for key in ("data", "test"):
        if isinstance(options[key], tuple):
            paths = [scratch / f"{name}-{key}-{place}.npy" for place in range(2)]
            for path, array in zip(paths, options[key], strict=True):
                np.save(path, array)
            options[key] = [str(path) for path in paths]
    return {**options, "metric": entry["metric"]}


def start(options: dict[str, Any], scratch: Path) -> subprocess.Popen[bytes]:
    script = scratch / "call.py"
    script.write_text(CALL)
    with open(scratch / "errors.txt", "wb") as errors:
        return subprocess.Popen(
            [sys.executable, str(script), json.dumps(options)], stdout=errors, stderr=errors, start_new_session=True,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        )  # fmt: skip


def descendants(pid: int) -> dict[int, str]:
    """Processes below this one, with the time each was started (ids are used again)."""
    parents, started = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(stat.parent.name)], started[int(stat.parent.name)] = int(fields[1]), fields[19]
    found, waiting = {}, [pid]
    while waiting:
        parent = waiting.pop()
        children = [child for child, of in parents.items() if of == parent]
        waiting += children
        found.update({child: started[child] for child in children})
    return found


def alive(processes: dict[int, str]) -> list[int]:
    """Those of them that still run."""
    left = []
    for pid, started in processes.items():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[19] == started and fields[0] != "Z":
            left.append(pid)
    return left


def kill(process: subprocess.Popen[bytes]) -> list[int]:
    """Kill the run itself, not its children; those that outlive it by more than `LATE_SECONDS`."""
    below = descendants(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    ends = time.monotonic() + LATE_SECONDS
    while alive(below) and time.monotonic() < ends:
        time.sleep(0.1)
    return alive(below)


def entries(path: Path) -> list[dict[str, Any]]:
    """Whole lines of a journal."""
    found = []
    for line in path.read_bytes().splitlines() if path.exists() else ():
        checksum, _, text = line.partition(b" ")
        try:
            if int(checksum, 16) == zlib.crc32(text):
                found.append(json.loads(text))
        except ValueError:
            continue
    return found


def state(out: Path) -> tuple[dict[str, int], set[str]]:
    """Entries of each journal, and the names of runs that have ended."""
    found = {name: entries(out / name) for name in JOURNALS}
    return {name: len(own) for name, own in found.items()}, {
        e["name"] for own in found.values() for e in own if "name" in e
    }


def one(options: dict[str, Any], budget: float, draw: random.Random, scratch: Path) -> dict[str, Any]:
    """One round: start, kill, resume (and perhaps kill again), to the end."""
    out = scratch / "run"
    shutil.rmtree(out, ignore_errors=True)
    moments = [draw.uniform(1.0, budget) for _ in range(draw.choice((1, 2)))]
    wrong: list[str] = []
    ended: set[str] = set()
    lengths = dict.fromkeys(JOURNALS, 0)
    n_kills = 0
    begun = time.monotonic()
    options = {**options, "budget": f"{budget:g}s", "out": str(out), "quiet": True, "resume": True}
    for moment in moments:
        process = start(options, scratch)
        try:
            process.wait(moment)
            break  # it has ended by itself: nothing to kill
        except subprocess.TimeoutExpired:
            outlived = kill(process)
        n_kills += 1
        if outlived:
            wrong.append(f"{len(outlived)} processes outlived the kill")
        now, names = state(out)
        if any(now[name] < lengths[name] for name in JOURNALS) or ended - names:
            wrong.append(f"a journal shrank: {lengths} to {now}")
        lengths, ended = now, ended | names
    process = start(options, scratch)
    try:
        code = process.wait(budget + START_SECONDS + SLACK_SECONDS)
    except subprocess.TimeoutExpired:
        kill(process)
        code = -1
    wall = time.monotonic() - begun
    result: dict[str, Any] = {}
    if code != 0:
        wrong.append(f"exit code {code}: {(scratch / 'errors.txt').read_text()[-300:].strip()}")
    else:
        result = json.loads((out / "result.json").read_text())
        schema = json.loads((ROOT / "docs" / "result.schema.json").read_text())
        wrong += list(breaks(result, schema, "result.json"))
        if result["verdict"] not in ("deep", "shallow", "tie"):
            wrong.append(f"verdict {result['verdict']!r}")
        names = [run["name"] for run in result["runs"]]
        if ended - set(names):
            wrong.append(f"runs lost: {sorted(ended - set(names))}")
        if len(names) > len(set(names)):
            wrong.append("runs twice")
        if any(state(out)[0][name] < lengths[name] for name in JOURNALS):
            wrong.append("a journal shrank at last")
        allowed = budget + START_SECONDS * n_kills + 3.0
        if result["wall_seconds"] > allowed:
            wrong.append(f"wall time {result['wall_seconds']:.1f} s, allowed {allowed:.1f}")
    return {
        "kills": [round(moment, 1) for moment in moments[:n_kills]],
        "n_before": len(ended),
        "n_runs": len(result.get("runs", ())),
        "verdict": result.get("verdict"),
        "reason": result.get("reason"),
        "finalists": sorted(run["side"] for run in result.get("runs", ()) if run["finalist"]),
        "counted_seconds": result.get("wall_seconds"),
        "wall_seconds": wall,
        "wrong": wrong,
    }


def main() -> int:
    args = arguments()
    draw = random.Random(args.seed)
    names = args.only.split(",")
    print(f"{'set':<16}{'killed at s':<16}{'before':>7}{'runs':>6}  {'verdict':<9}{'reason':<11}{'counted s':>10}"
          f"{'wall s':>8}  wrong", flush=True)  # fmt: skip
    rounds: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as place:
        options = {name: prepared(Path(args.data), name, Path(place)) for name in names}
        n_kills = 0
        while n_kills < args.kills:
            name = names[len(rounds) % len(names)]
            done = {"name": name, **one(options[name], args.budget, draw, Path(place))}
            n_kills += len(done["kills"])
            rounds.append(done)
            killed = ", ".join(f"{moment:.1f}" for moment in done["kills"]) or "-"
            print(f"{name:<16}{killed:<16}{done['n_before']:>7}{done['n_runs']:>6}  {done['verdict'] or '-':<9}"
                  f"{done['reason'] or '-':<11}{done['counted_seconds'] or 0:>10.1f}{done['wall_seconds']:>8.1f}  "
                  f"{'; '.join(done['wrong']) or '-'}", flush=True)  # fmt: skip
    bad = [done for done in rounds if done["wrong"]]
    print(json.dumps({
        "kills": sum(len(done["kills"]) for done in rounds),
        "rounds": len(rounds),
        "verdicts": sum(done["verdict"] is not None for done in rounds),
        "lost": len(bad),
        "without_both_finalists": sum(done["finalists"] != ["deep", "shallow"] for done in rounds),
        "most_seconds_over_budget": max((done["counted_seconds"] or 0.0) - args.budget for done in rounds),
        "rounds_with_faults": bad,
    }))  # fmt: skip
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
