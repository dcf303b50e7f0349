"""The whole catalog of a data folder at one budget: both finalists beside the floor, champion, verdict, times.

    python benchmarks/contest.py [--data DIR] [--budget 60] [--only adult,letter] [--pretrained DIR] [--out FILE]
        [--seed 0] [--split 0]

The folder holds a `catalog.json` with one entry a set (name, file, target, metric, and for forecasts date, horizon,
series) and `splits/<name>.npy` marking the test rows. `--split 1` and above take other test rows, as many: drawn anew
within the classes (within tenths of a target with many values), in forecasts so many test parts earlier, without what
comes after. Each set runs in a process of its own, one after another. What `--out` holds already is not run again.
Prints a table, a line of JSON for each set, and a last line of JSON with the totals.
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
    parser.add_argument("--split", type=int, default=0, help="0 for the test rows of the folder, else others")
    parser.add_argument("--out", default="", help="also append the lines of JSON to this file")
    parser.add_argument("--keep", default="", help="folder for the runs (default: a temporary one)")
    parser.add_argument("--pretrained", default="", help="folder of a backbone for sets of texts")
    parser.add_argument("--one", default="", help=argparse.SUPPRESS)
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
    if args.pretrained and entry["modality"].startswith("text"):
        options["pretrained"] = args.pretrained
    out = Path(args.keep) / name if args.keep else Path(tempfile.mkdtemp()) / name
    called = time.monotonic()
    result = automl.fit(
        **options, metric=entry["metric"], budget=args.budget, seed=args.seed, out=str(out), quiet=True
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
        one(args.one, args)
        return
    names = [e["name"] for e in json.loads((Path(args.data) / "catalog.json").read_text())]
    wanted = [name for name in names if not args.only or name in args.only.split(",")]
    print(f"{'set':<20}{'metric':<10}{'floor':>8}{'shallow':>8}{'deep':>8}{'blend':>8}  {'best':<8}{'verdict':<8}"
          f"{'reason':<11}{'s':>2}{'deep':>5}{'shal':>5}{'wall s':>8}", flush=True)  # fmt: skip
    lines = []
    path = Path(args.out) if args.out else None
    known = [json.loads(text) for text in path.read_text().splitlines()] if path and path.exists() else []
    for name in wanted:
        if old := next((line for line in known if line["name"] == name), None):
            lines.append(old)
            print(show(old), flush=True)
            continue
        done = subprocess.run(
            [sys.executable, __file__, *sys.argv[1:], "--one", name], capture_output=True, text=True, check=False
        )
        if done.returncode:
            print(f"{name:<20}FAILED\n{done.stderr[-3000:]}", flush=True)
            lines.append({"name": name, "failed": True})
            continue
        line = json.loads(done.stdout.strip().splitlines()[-1])
        lines.append(line)
        print(show(line), flush=True)
        if path:
            with path.open("a") as file:
                file.write(json.dumps(line) + "\n")
    for line in lines:
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
