"""The whole catalog of a data folder at one budget: both finalists beside the floor, champion, verdict, times.

    python benchmarks/contest.py [--data DIR] [--budget 60] [--only adult,letter] [--pretrained DIR] [--out FILE]
        [--seed 0] [--split 0] [--analysis 0] [--processor-clock]
        [--peers statsforecast,aeon --peer-python statsforecast=/path/to/python --peer-python aeon=... [--peers-only]]

The folder holds a `catalog.json` with one entry a set (name, file, target, metric, and for forecasts date, horizon,
series) and `splits/<name>.npy` marking the test rows. `--split 1` and above take other test rows, as many: drawn anew
within the classes (within tenths of a target with many values), in forecasts so many test parts earlier, without what
comes after. Each set runs in a process of its own, one after another. What `--out` holds already is not run again.
Prints a table, a line of JSON for each set, and a last line of JSON with the totals. With `--peers` other toolkits for
series run on the same test rows or origins (see `peers_series.py`) and are printed below each set; `--peers-only`
runs them without the contests. With `--processor-clock` budgets are processor seconds of all processes of a contest
together, for a single core that other work shares (Linux).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--budget", default="60")
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--analysis", type=float, default=0.0, help="share of the budget for analyses")
    parser.add_argument("--split", type=int, default=0, help="0 for the test rows of the folder, else others")
    parser.add_argument("--out", default="", help="also append the lines of JSON to this file")
    parser.add_argument("--keep", default="", help="folder for the runs (default: a temporary one)")
    parser.add_argument(
        "--pretrained", default="", help="folder of a backbone for the sets of texts, or of pictures; see --only"
    )
    parser.add_argument("--processor-clock", action="store_true", help="budgets in processor seconds")
    parser.add_argument("--peers", default="", help="toolkits for series: statsforecast, aeon")
    parser.add_argument("--peer-python", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--peers-only", action="store_true", help="no contests of ours")
    parser.add_argument("--one", default="", help=argparse.SUPPRESS)
    parser.add_argument("--peer", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


def other_rows(entry: dict[str, Any], test: np.ndarray, frame: Any, split: int) -> tuple[np.ndarray, np.ndarray]:
    """Marks of training and test rows of another split of a set.

    Args:
        entry: the set in the catalog.
        test: marks of the folder's test rows.
        frame: columns of the set; of arrays the target alone.
        split: which one, from 1.
    """
    if entry["task"] == "forecast":
        series = frame[entry["series"]] if "series" in entry else np.zeros(len(frame))
        train, other = np.zeros_like(test), np.zeros_like(test)
        for _, part in frame.assign(place=np.arange(len(frame))).groupby(series, sort=False):
            rows = part.sort_values(entry["date"], kind="stable")["place"].to_numpy()
            n_test = int(test[rows].sum())
            end = len(rows) - split * n_test
            train[rows[: end - n_test]], other[rows[end - n_test : end]] = True, True
        return train, other
    values = frame[entry["target"]]
    if entry["metric"] == "r2":
        ranks = values.astype(float).rank(method="first").to_numpy()
        strata = ((ranks - 1) * 10 // len(ranks)).astype(int)
    else:
        strata = values.factorize(sort=True)[0]
    rng, other = np.random.default_rng(split), np.zeros_like(test)
    for stratum in np.unique(strata):
        rows = np.flatnonzero(strata == stratum)
        other[rng.permutation(rows)[: round(len(rows) * test.mean())]] = True
    return ~other, other


def entry_data(folder: Path, entry: dict[str, Any], split: int = 0) -> dict[str, Any]:
    """Arguments of `automl.fit` for a set, train and test rows parted as its split says."""
    import pandas as pd

    test = np.load(folder / "splits" / f"{entry['name']}.npy").astype(bool)
    train = ~test
    path = folder / entry["file"]
    options: dict[str, Any] = {}
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            X, y = arrays["X"], arrays["y"]
        if split:
            train, test = other_rows(entry, test, pd.DataFrame({entry["target"]: y}), split)
        return {"data": (X[train], y[train]), "test": (X[test], y[test])}
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    if split:
        train, test = other_rows(entry, test, frame, split)
    if "folder" in entry:
        frame[entry["path"]] = [str(folder / name) for name in frame[entry["path"]]]
    parts = []
    for rows, label in ((train, "train"), (test, "test")):
        part = Path(tempfile.mkdtemp()) / f"{entry['name']}-{label}.csv"
        frame[rows].to_csv(part, index=False)
        parts.append(str(part))
    if entry["task"] == "forecast":
        options = {
            "time_column": entry["date"],
            "horizon": entry["horizon"],
            "series": entry.get("series"),
            "goal": "forecast",
        }
    return {"data": parts[0], "test": parts[1], "target": entry["target"], **options}


def one(name: str, args: argparse.Namespace) -> None:
    """Run one set in this process and print its line."""
    started = time.monotonic()
    import automl

    folder = Path(args.data)
    entry = next(e for e in json.loads((folder / "catalog.json").read_text()) if e["name"] == name)
    options = entry_data(folder, entry, args.split)
    if args.pretrained and entry["modality"].startswith(("text", "image")):
        options["pretrained"] = args.pretrained
    out = Path(args.keep) / name if args.keep else Path(tempfile.mkdtemp()) / name
    called = time.monotonic()
    result = automl.fit(
        **options,
        metric=entry["metric"],
        budget=args.budget,
        seed=args.seed,
        out=str(out),
        quiet=True,
        analysis=args.analysis,
    ).result
    whole = time.monotonic() - called
    runs = result["runs"]
    sides = {side: next((r for r in runs if r["side"] == side and r["finalist"]), None) for side in ("deep", "shallow")}
    floor = next(r for r in runs if r["side"] == "floor" and r["test_score"] is not None)
    blend = next((r for r in runs if r["side"] == "blend"), None)
    line = {
        "name": name,
        "modality": result["task"]["modality"],
        "goal": result["task"]["goal"],
        "metric": result["task"]["metric"],
        "floor": floor["test_score"],
        **{side: run and run["test_score"] for side, run in sides.items()},
        **{f"{side}_valid": run and run["valid_score"] for side, run in sides.items()},
        **{f"{side}_name": run and run["name"] for side, run in sides.items()},
        "blend": blend and blend["test_score"],
        "champion": result["champion"],
        "recommended": next((run["side"] for run in runs if run["name"] == result["recommended"]), None),
        "verdict": result["verdict"],
        "reason": result["reason"],
        "gain": result["gain"],
        "interval": result["interval"],
        "n_seeds": sides["deep"] and sides["deep"]["n_seeds"],
        **{f"{side}_trials": sum(r["side"] == side for r in runs) for side in ("deep", "shallow")},
        **{
            f"{side}_fit_seconds": sum(r["fit_seconds"] for r in runs if r["side"] == side)
            for side in ("deep", "shallow")
        },
        "budget_seconds": result["budget_seconds"],
        "wall_seconds": result["wall_seconds"],
        "offered_seconds": {side: told["offered_seconds"] for side, told in result["sides"].items()},
        "with_report_seconds": whole,
        "with_import_seconds": time.monotonic() - started,
        "higher_is_better": result["task"]["higher_is_better"],
        "stopped": result["stopped"],
    }
    print(json.dumps(line), flush=True)


def environment(on_processor_clock: bool) -> dict[str, str]:
    """The environment of a contest's process; the file of its clock is a new one."""
    if not on_processor_clock:
        return dict(os.environ)
    handle, path = tempfile.mkstemp()
    os.close(handle)
    paths = [str(ROOT / "benchmarks" / "processor_clock"), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PROCESSOR_CLOCK": path, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def one_peer(name: str, args: argparse.Namespace) -> None:
    """Run another toolkit on one set and print its line."""
    from peers_series import compare, pythons

    folder = Path(args.data)
    entry = next(e for e in json.loads((folder / "catalog.json").read_text()) if e["name"] == name)
    found = compare(
        args.peer, pythons(args.peer_python)[args.peer], entry_data(folder, entry), entry["metric"],
        float(args.budget), args.seed,
    )  # fmt: skip
    print(json.dumps({"name": name, "peer": args.peer, "methods": found}), flush=True)


def show_peers(line: dict[str, Any]) -> str:
    """A line for each method of another toolkit."""
    rows = [
        f"  {line['name']:<18}{method:<18}" + (f"{told['score']:8.4f} {told['seconds']:7.1f} s" if "score" in told
                                              else f"failed: {told['failed'][-100:]}")
        for method, told in line["methods"].items()
    ]  # fmt: skip
    return "\n".join(rows)


def show(line: dict[str, Any]) -> str:
    def number(value: Any) -> str:
        return f"{value:8.4f}" if isinstance(value, int | float) else f"{'-':>8}"

    return (
        f"{line['name']:<20}{line['metric']:<10}{number(line['floor'])}{number(line['shallow'])}{number(line['deep'])}"
        f"{number(line['blend'])}  {line['champion'] or '-':<8}{line['verdict']:<8}{line['reason']:<11}"
        f"{line['n_seeds'] or 0:>2}"
        f"{line['deep_trials']:>5}{line['shallow_trials']:>5}{line['wall_seconds']:>8.1f}"
    )


def main() -> None:
    args = arguments()
    if args.one:
        one_peer(args.one, args) if args.peer else one(args.one, args)
        return
    names = [e["name"] for e in json.loads((Path(args.data) / "catalog.json").read_text())]
    wanted = [name for name in names if not args.only or name in args.only.split(",")]
    print(f"{'set':<20}{'metric':<10}{'floor':>8}{'shallow':>8}{'deep':>8}{'blend':>8}  {'best':<8}{'verdict':<8}"
          f"{'reason':<11}{'s':>2}{'deep':>5}{'shal':>5}{'wall s':>8}", flush=True)  # fmt: skip
    lines, beside = [], []
    path = Path(args.out) if args.out else None
    known = [json.loads(text) for text in path.read_text().splitlines()] if path and path.exists() else []

    def run(name: str, *more: str) -> dict[str, Any] | None:
        """The line of one set, from a process of its own; None if it failed."""
        done = subprocess.run(
            [sys.executable, __file__, *sys.argv[1:], "--one", name, *more], capture_output=True, text=True,
            check=False, env=environment(args.processor_clock and not more),
        )  # fmt: skip
        if done.returncode:
            print(f"{name:<20}FAILED\n{done.stderr[-3000:]}", flush=True)
            return None
        line: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        if path:
            with path.open("a") as file:
                file.write(json.dumps(line) + "\n")
        return line

    for name in wanted:
        if not args.peers_only:
            line = next((old for old in known if old["name"] == name and "methods" not in old), None) or run(name)
            lines.append(line or {"name": name, "failed": True})
            if line is not None:
                print(show(line), flush=True)
        for peer in filter(None, args.peers.split(",")):
            line = run(name, "--peer", peer)
            if line is not None and line["methods"]:
                beside.append(line)
                print(show_peers(line), flush=True)
    if args.peers_only:
        print(json.dumps({"peers": beside}))
        return
    for line in [*lines, *beside]:
        print(json.dumps(line))
    good = [line for line in lines if not line.get("failed")]
    unused = [max(0.0, 1 - line["wall_seconds"] / line["budget_seconds"]) for line in good]
    offers = [line["offered_seconds"].values() for line in good if len(line["offered_seconds"]) == 2]
    over = [max(0.0, line["wall_seconds"] - line["budget_seconds"]) for line in good]

    def beats(line: dict[str, Any], side: str) -> bool:
        if line[side] is None:
            return False
        return bool(line[side] > line["floor"]) == line["higher_is_better"] and line[side] != line["floor"]

    print(
        json.dumps(
            {
                "sets": len(lines),
                "failed": [line["name"] for line in lines if line.get("failed")],
                "deep_not_above_floor": [line["name"] for line in good if not beats(line, "deep")],
                "champions": {
                    side: sum(line["champion"] == side for line in good) for side in ("deep", "shallow", "blend")
                },
                "recommended": {
                    side: sum(line["recommended"] == side for line in good)
                    for side in ("deep", "shallow", "blend", "floor")
                },
                "verdicts": {
                    word: sum(line["verdict"] == word for line in good) for word in ("deep", "shallow", "tie")
                },
                "most_seconds_over_budget": max(over, default=0.0),
                "median_unused_share": statistics.median(unused) if unused else None,
                "more_than_a_tenth_unused": sum(share > 0.1 for share in unused),
                "offers_within_a_tenth": sum(max(both) <= 1.1 * min(both) for both in offers),
            }
        )
    )


if __name__ == "__main__":
    main()
