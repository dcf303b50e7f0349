"""Local tables, all toolkits that are installed: the same rows and budget, one core each, and one page.

    python benchmarks/leaderboard.py sales.csv:price churn.parquet:left [sets.yaml] --out FOLDER
        [--seconds 60] [--seed 0] [--cores 0] [--retry]
        [--peer-python autogluon=/path/to/python --peer-python flaml=...]

A set is ``path:target``, or an entry of a YAML list (path, target and, where wanted, metric, test, name, date; see
`leaderboard_sets.py`). Systems: automl (its champion, which is named by validation rows before any test row is scored),
scikit-learn's HistGradientBoosting with its defaults ("boosting"), and the toolkits of `peers.py` that this Python
can import or whose Python is given. Each runs in a process of its own, bound to one core of ``--cores``; with several
cores, as many run at a time. Metrics are ROC AUC, accuracy or R²: higher is better.

FOLDER holds the rows as they were parted (`data`), a line of JSON for each run that ended (`lines.jsonl`) and
`leaderboard.html`, written anew after each run. What has ended is not run again with the same rows, budget and seed;
what failed only with ``--retry``. The last line printed is JSON.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import queue
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import leaderboard_page as pages
import leaderboard_sets as sets
import peers
import tables

__all__ = ["installed", "jobs_of", "run_all"]

OURS, SIMPLE = "automl", "boosting"
MODULES = {"autogluon": "autogluon.tabular", "flaml": "flaml", "autokeras": "autokeras"}
KEY = ("system", "set", "seconds", "seed", "fingerprint")
GRACE_SECONDS = 600
Line = dict[str, Any]


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", metavar="SET", help="path:target, or a .yaml file with a list of sets")
    parser.add_argument("--out", default="leaderboard", help="folder of rows, lines and page")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0, help="of the split and of all systems")
    parser.add_argument("--cores", default="", help="numbers of cores, with commas; the first allowed one by default")
    parser.add_argument("--retry", action="store_true", help="run again what failed")
    parser.add_argument("--peer-python", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--one", default="", help=argparse.SUPPRESS)
    return parser.parse_args(given)


# --------------------------------------------------------------------------- systems


def installed(given: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Peers that can run, with the path of their Python; and why the others cannot.

    Args:
        given: ``NAME=PATH``.

    Raises:
        SystemExit: a name is unknown or no file is there.
    """
    pythons = dict(text.partition("=")[::2] for text in given)
    for name, path in pythons.items():
        if name not in peers.SCRIPTS or not Path(path).is_file():
            sys.exit(
                f"--peer-python takes NAME=PATH with one of {', '.join(peers.SCRIPTS)} and a file, not {name}={path}"
            )
    found, left_out = {}, {}
    for name in peers.SCRIPTS:
        if name in pythons or _importable(MODULES.get(name, name)):
            found[name] = pythons.get(name, sys.executable)
        else:
            left_out[name] = (
                f"this Python has no {MODULES.get(name, name)}; give one that has: --peer-python {name}=PATH"
            )
    return found, left_out


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def ours(job: Mapping[str, Any], folder: Path) -> Line:
    """A contest, and what its champion reached on the test rows."""
    from contest import entry_data

    import automl

    entry = tables.entry_of(folder, job["set"])
    result = automl.fit(
        **entry_data(folder, entry), metric=entry["metric"], budget=job["seconds"], seed=job["seed"], quiet=True,
        analysis=0, out=str(Path(tempfile.mkdtemp()) / "run"),
    ).result  # fmt: skip
    side = result["champion"]
    run = next((r for r in result["runs"] if r["side"] == side and (r["finalist"] or side == "blend")), None)
    if run is None or run["test_score"] is None:
        return {"failed": f"the contest named no champion within its {job['seconds']} s ({result['reason']})"}
    return {"score": run["test_score"], "wall_seconds": result["wall_seconds"], "side": side}


def one(job: dict[str, Any], folder: Path) -> Line:
    """Run one job in this process."""
    if job["system"] == OURS:
        return ours(job, folder)
    if job["system"] == SIMPLE:
        found = tables.trees(job, folder)
        return {"score": found["scores"]["trees"], "wall_seconds": found["fit_seconds"]}
    found = tables.peer(job | {"job": job["system"]}, folder)
    return {key: found[key] for key in ("score", "wall_seconds", "failed") if key in found}


# --------------------------------------------------------------------------- all of them


def jobs_of(catalog: Sequence[Mapping[str, Any]], pythons: Mapping[str, str], seconds: int, seed: int) -> list[Line]:
    """Every system on every set; set after set, ours first."""
    systems = {OURS: "", SIMPLE: ""} | dict(pythons)
    return [
        {"system": system, "set": entry["name"], "seconds": seconds, "seed": seed, "python": python,
         "fingerprint": entry["fingerprint"]}
        for entry in catalog for system, python in systems.items()
    ]  # fmt: skip


def key_of(line: Mapping[str, Any]) -> tuple[Any, ...]:
    """What tells a run apart."""
    return tuple(line.get(key) for key in KEY)


def known_lines(path: Path, retry: bool) -> dict[tuple[Any, ...], Line]:
    """Runs that a file holds; a line that a killed process left unfinished is passed over."""
    found = {}
    for text in path.read_text("utf-8").splitlines() if path.exists() else []:
        try:
            line = json.loads(text)
        except json.JSONDecodeError:
            continue
        if isinstance(line, dict) and not (retry and "failed" in line):
            found[key_of(line)] = line
    return found


def apart(job: Line, folder: Path, core: int) -> Line:
    """A job in a process of its own, on one core, whose temporary files go with it."""
    limit = job["seconds"] + peers.GRACE_SECONDS + GRACE_SECONDS
    with tempfile.TemporaryDirectory() as scratch:
        own = {"TMPDIR": scratch, "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
        command = [sys.executable, __file__, "--out", str(folder), "--cores", str(core), "--one", json.dumps(job)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, env=os.environ | own, timeout=limit
            )
        except subprocess.TimeoutExpired:
            return {"failed": f"not done after {limit} s"}
    if done.returncode:
        return {"failed": in_words(done.returncode, done.stderr)}
    line: Line = json.loads(done.stdout.strip().splitlines()[-1])
    return line


def in_words(code: int, said: str) -> str:
    """Why a process failed: its last words, or what its exit code means."""
    last = [text.strip() for text in said.splitlines() if text.strip()][-1:]
    if code < 0:
        return f"ended by signal {-code}" + (", often for lack of memory" if code == -9 else "")
    return last[0][-300:] if last else f"exit code {code}"


def plain(found: Line) -> Line:
    """A run's outcome with a failure in one line of words, a score that is no number among them."""
    if "failed" in found:
        return found | {"failed": in_words(1, str(found["failed"]))}
    if not math.isfinite(found.get("score", math.nan)):
        return {key: value for key, value in found.items() if key != "score"} | {"failed": "its score is not a number"}
    return found


def run_all(
    jobs: Sequence[Line], path: Path, retry: bool, cores: Sequence[int], run: Callable[[Line, int], Line]
) -> Iterator[Line]:
    """The line of each job, those that a file holds first; the others are added to it as they end.

    Args:
        jobs: see `jobs_of`.
        path: file of lines of JSON.
        retry: whether failed ones run again.
        cores: as many jobs as these run at a time.
        run: runs a job on a core.
    """
    known = known_lines(path, retry)
    yield from (known[key_of(job)] for job in jobs if key_of(job) in known)
    free: queue.SimpleQueue[int] = queue.SimpleQueue()
    for core in cores:
        free.put(core)

    def on_a_core(job: Line) -> Line:
        core = free.get()
        try:
            return {key: job[key] for key in KEY} | plain(run(job, core))
        finally:
            free.put(core)

    if path.exists() and not path.read_bytes().endswith(b"\n"):
        with path.open("a", encoding="utf-8") as file:
            file.write("\n")
    with ThreadPoolExecutor(len(cores)) as pool:
        for ended in as_completed([pool.submit(on_a_core, job) for job in jobs if key_of(job) not in known]):
            line = ended.result()
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
            yield line


def show(line: Mapping[str, Any]) -> str:
    """One line for people."""
    told = f"failed: {line['failed']}" if "failed" in line else f"{line['score']:.4f}  {line['wall_seconds']:.0f} s"
    return f"{line['set']:<24}{line['system']:<12}{told}"


def cores_of(text: str) -> list[int]:
    """Numbers of cores; the first that this process may use if none is given."""
    allowed = sorted(os.sched_getaffinity(0))
    cores = [int(part) for part in text.split(",") if part.strip()] or allowed[:1]
    if not set(cores) <= set(allowed):
        sys.exit(f"--cores {text}: this process may use the cores {', '.join(map(str, allowed))}")
    return cores


def main() -> None:
    args = arguments()
    out, cores = Path(args.out), cores_of(args.cores)
    if args.one:
        os.sched_setaffinity(0, set(cores))
        print(json.dumps(one(json.loads(args.one), out)))
        return
    if not args.sets:
        sys.exit("name at least one set: path:target, or a .yaml file with a list of sets")
    catalog, unusable = sets.write(out / "data", sets.entries(args.sets), args.seed)
    pythons, left_out = installed(args.peer_python)
    for name, why in (*unusable.items(), *left_out.items()):
        print(f"{name}: left out, {why}", flush=True)
    lines: list[Line] = []
    page = pages.Page(catalog, [OURS, SIMPLE, *pythons], args.seconds, args.seed, unusable, left_out)
    jobs = jobs_of(catalog, pythons, args.seconds, args.seed)
    for line in run_all(jobs, out / "lines.jsonl", args.retry, cores, lambda job, core: apart(job, out / "data", core)):
        lines.append(line)
        print(show(line), flush=True)
        pages.write(out / "leaderboard.html", page, lines)
    pages.write(out / "leaderboard.html", page, lines)
    print(json.dumps(pages.figures(page, lines) | {"page": str(out / "leaderboard.html")}))


if __name__ == "__main__":
    main()
