"""Proof by destruction: runs killed at random moments, again and again, each resumed to its verdict, none lost.

    python benchmarks/destruction.py [--data DIR] [--kills 50] [--each 5] [--budget 15] [--seed 0] [--only adult]

Each run is started in a session of its own and gets SIGKILL up to `--each` times before it may end; each call goes
on with `--resume` and is offered the budget anew. A kill comes at a moment drawn from the whole life of a call
(imports, reading and reporting too), or, one time in three, a few milliseconds after some file was begun to be written.

Checked after each kill: no process outlives it, no journal shrinks. At the end: exit code 0, a verdict, a result.json
that its schema allows, every trial that had ended before a kill in it, once; every trial begun either ended or, one at
most, left for lack of time; none run to its end twice; no process and no temporary file left; every stored file whole;
the bundle's checksums right. What was put aside is counted. The data folder is that of `benchmarks/contest.py`.
Prints a table and a last line of JSON; exit code 1 if anything was wrong.
"""

from __future__ import annotations

import argparse
import hashlib
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
from collections import Counter
from pathlib import Path
from typing import Any

from contest import ROOT, entry_data

sys.path.insert(0, str(ROOT / "tests"))

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
WRITE_SECONDS = 4.0  # how long a write is waited for
LATE_SECONDS = 3.0
SLACK_SECONDS = 120.0
WRITES_SHARE = 1 / 3
LOOK_SECONDS = 0.002
JOURNALS = ("trials.log", "shallow.log")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--each", type=int, default=5)
    parser.add_argument("--budget", type=float, default=15.0)
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


def unfinished(out: Path) -> list[str]:
    """Temporary files and folders, wherever they are in a run's folder."""
    return sorted(str(path.relative_to(out)) for path in out.rglob(".*") if path.suffix in (".tmp", ".old"))


def wait_to_kill(process: subprocess.Popen[bytes], out: Path, moment: float, *, at_a_write: bool) -> bool:
    """Wait for the moment, or for the first file begun after it; whether the process still runs."""
    try:
        process.wait(moment)
        return False
    except subprocess.TimeoutExpired:
        pass
    known = set(unfinished(out)) if out.exists() else set()
    ends = time.monotonic() + WRITE_SECONDS
    while at_a_write and process.poll() is None and time.monotonic() < ends:
        if out.exists() and set(unfinished(out)) - known:
            break
        time.sleep(LOOK_SECONDS)
    return process.poll() is None


def to_the_end(process: subprocess.Popen[bytes], seconds: float) -> tuple[int, list[int]]:
    """Wait for a call's end; its exit code, and which of its processes outlived it."""
    below: dict[int, str] = {}
    ends = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < ends:
        below |= descendants(process.pid)
        time.sleep(0.5)
    if process.poll() is None:
        return -1, kill(process)
    ends = time.monotonic() + LATE_SECONDS
    while alive(below) and time.monotonic() < ends:
        time.sleep(0.1)
    return int(process.returncode), alive(below)


def damaged(out: Path) -> list[str]:
    """Stored arrays whose checksum is wrong, and files of the bundle that are not what it says."""
    found = []
    for path in [*out.glob("weights/[!.]*.npz"), *out.glob("shallow/[!.]*.npz")]:
        content = path.read_bytes()
        if zlib.crc32(content[:-4]) != int.from_bytes(content[-4:], "big"):
            found.append(str(path.relative_to(out)))
    bundle = json.loads((out / "model" / "bundle.json").read_text())
    for name, digest in bundle["files"].items():
        if hashlib.sha256((out / "model" / name).read_bytes()).hexdigest() != digest:
            found.append(f"model/{name}")
    return found


def faults_of(out: Path, result: dict[str, Any], ended: set[str], lengths: dict[str, int]) -> list[str]:
    """What is wrong with a run that came to its end."""
    schema = json.loads((ROOT / "docs" / "result.schema.json").read_text())
    wrong = list(breaks(result, schema, "result.json"))
    if result["verdict"] not in ("deep", "shallow", "tie"):
        wrong.append(f"verdict {result['verdict']!r}")
    names = [run["name"] for run in result["runs"]]
    trials = entries(out / "trials.log")
    begun = {entry["begun"] for entry in trials if "begun" in entry}
    ends = Counter(entry["name"] for entry in trials if "name" in entry)
    lost = (ended | set(ends)) - set(names)
    if lost:
        wrong.append(f"runs lost: {sorted(lost)}")
    if len(names) > len(set(names)):
        wrong.append("runs twice in result.json")
    if any(n > 1 for n in ends.values()):
        wrong.append(f"trials run to their end twice: {sorted(name for name, n in ends.items() if n > 1)}")
    if len(begun - set(ends)) > 1:
        wrong.append(f"trials begun of which nothing is known: {sorted(begun - set(ends))}")
    if any(state(out)[0][name] < lengths[name] for name in JOURNALS):
        wrong.append("a journal shrank at last")
    if unfinished(out):
        wrong.append(f"temporary files are left: {unfinished(out)}")
    if damaged(out):
        wrong.append(f"damaged: {damaged(out)}")
    return wrong


def one(options: dict[str, Any], budget: float, n_kills: int, draw: random.Random, scratch: Path) -> dict[str, Any]:
    """One run: started, killed and gone on with, to the end."""
    out = scratch / "run"
    shutil.rmtree(out, ignore_errors=True)
    wrong: list[str] = []
    ended: set[str] = set()
    lengths = dict.fromkeys(JOURNALS, 0)
    kills: list[str] = []
    begun = time.monotonic()
    for place in range(n_kills + 1):
        # A budget that differs from the last is offered anew.
        own = {**options, "budget": f"{budget + 0.1 * place:g}s", "out": str(out), "quiet": True, "resume": True}
        process = start(own, scratch)
        if place == n_kills:
            break
        moment, at_a_write = draw.uniform(0.5, budget), draw.random() < WRITES_SHARE
        if not wait_to_kill(process, out, moment, at_a_write=at_a_write):
            break  # it has ended by itself
        outlived = kill(process)
        kills.append(f"{moment:.1f}{'w' if at_a_write else ''}")
        if outlived:
            wrong.append(f"{len(outlived)} processes outlived the kill at {kills[-1]}")
        now, names = state(out)
        if any(now[name] < lengths[name] for name in JOURNALS) or ended - names:
            wrong.append(f"a journal shrank: {lengths} to {now}")
        lengths, ended = now, ended | names
    code, outlived = to_the_end(process, budget + SLACK_SECONDS)
    if outlived:
        wrong.append(f"{len(outlived)} processes outlived the last call")
    result: dict[str, Any] = {}
    if code != 0:
        wrong.append(f"exit code {code}: {(scratch / 'errors.txt').read_text()[-300:].strip()}")
    else:
        result = json.loads((out / "result.json").read_text())
        wrong += faults_of(out, result, ended, lengths)
    return {
        "kills": kills,
        "n_before": len(ended),
        "n_runs": len(result.get("runs", ())),
        "verdict": result.get("verdict"),
        "reason": result.get("reason"),
        "finalists": sorted(run["side"] for run in result.get("runs", ()) if run["finalist"]),
        "given_up": sum("not started again" in (run["failure"] or "") for run in result.get("runs", ())),
        "put_aside": sorted(str(path.relative_to(out)) for path in out.rglob("*.unreadable")),
        "seconds_over_budget": result.get("wall_seconds", 0.0) - result.get("budget_seconds", 0.0),
        "wall_seconds": time.monotonic() - begun,
        "wrong": wrong,
    }


def main() -> int:
    args = arguments()
    draw = random.Random(args.seed)
    names = args.only.split(",")
    print(f"{'set':<16}{'killed at s (w: in a write)':<34}{'before':>7}{'runs':>6}  {'verdict':<9}{'reason':<11}"
          f"{'over s':>8}{'wall s':>8}  wrong", flush=True)  # fmt: skip
    rounds: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as place:
        options = {name: prepared(Path(args.data), name, Path(place)) for name in names}
        n_kills = 0
        while n_kills < args.kills:
            name = names[len(rounds) % len(names)]
            each = min(args.each, args.kills - n_kills)
            done = {"name": name, **one(options[name], args.budget, each, draw, Path(place))}
            n_kills += len(done["kills"])
            rounds.append(done)
            print(f"{name:<16}{', '.join(done['kills']) or '-':<34}{done['n_before']:>7}{done['n_runs']:>6}  "
                  f"{done['verdict'] or '-':<9}{done['reason'] or '-':<11}{done['seconds_over_budget']:>8.1f}"
                  f"{done['wall_seconds']:>8.1f}  {'; '.join(done['wrong']) or '-'}", flush=True)  # fmt: skip
    bad = [done for done in rounds if done["wrong"]]
    print(json.dumps({
        "kills": sum(len(done["kills"]) for done in rounds),
        "rounds": len(rounds),
        "verdicts": sum(done["verdict"] is not None for done in rounds),
        "lost": len(bad),
        "without_both_finalists": sum(done["finalists"] != ["deep", "shallow"] for done in rounds),
        "trials_given_up": sum(done["given_up"] for done in rounds),
        "put_aside": [name for done in rounds for name in done["put_aside"]],
        "most_seconds_over_budget": max(done["seconds_over_budget"] for done in rounds),
        "wall_seconds": round(sum(done["wall_seconds"] for done in rounds)),
        "rounds_with_faults": bad,
    }))  # fmt: skip
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
