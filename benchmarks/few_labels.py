"""Few labels: what both sides gain from rows without one (`pretrain`), on pictures and a table.

    python benchmarks/few_labels.py [--data DIR] [--budget 60 | --trials 2] [--labels 250] [--seeds 0,1]
        [--only fashion,adult] [--processor-clock] [--out FILE]

DIR is the data folder of `contest.py`. Of the training rows of `fashion_mnist15k` (15,000 pictures) or `adult` (39,000
rows of a table) a random few keep their label; which, depends on the seed. Each seed has two contests on the same file,
in processes of their own: without `pretrain` the rows that lack a label are dropped. The test rows are those of the
data's own split. With `--trials` the contests are bounded by fits and not by time, so that a busy machine changes
nothing but the seconds; each side is then one model (no ensembles), and the deep side searches `cnn` or `mlp` alone.

Printed: test scores of both finalists (accuracy; ROC AUC of adult), how they learnt from rows without a label, and
the processor seconds of the contest's own process. The last line of JSON holds the means over seeds.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from contest import environment

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = {"fashion": "cnn", "adult": "mlp"}
MOST_ROWS = 11_250
"""Training rows of a set: those of the pictures, so that the table is no larger."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--budget", default="60")
    parser.add_argument("--trials", type=int, default=0)
    parser.add_argument("--labels", type=int, default=250)
    parser.add_argument("--seeds", default="0,1")
    parser.add_argument("--only", default="fashion,adult")
    parser.add_argument("--processor-clock", action="store_true", help="budgets are processor seconds")
    parser.add_argument("--out", default="")
    parser.add_argument("--one", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


def pictures(folder: Path, n_labels: int, rng: np.random.Generator) -> dict[str, Any]:
    """Clothes in ten classes."""
    with np.load(folder / "fashion_mnist15k.npz") as arrays:
        X, y = arrays["X"].reshape(-1, 28, 28).astype("uint8"), arrays["y"].astype(int).astype(str).astype(object)
    test = np.load(folder / "splits" / "fashion_mnist15k.npy") == 1
    few = y[~test].copy()
    few[rng.permutation(len(few))[n_labels:]] = None
    return {"data": (X[~test], few), "test": (X[test], y[test])}


def table(folder: Path, n_labels: int, rng: np.random.Generator) -> dict[str, Any]:
    """Adults with a high income or not."""
    import pandas as pd

    entry = next(e for e in json.loads((folder / "catalog.json").read_text()) if e["name"] == "adult")
    frame, target = pd.read_csv(folder / entry["file"]), entry["target"]
    test = np.load(folder / "splits" / "adult.npy") == 1
    train = frame[~test].iloc[np.sort(rng.permutation(int((~test).sum()))[:MOST_ROWS])].reset_index(drop=True)
    train[target] = train[target].astype(object)
    train.loc[rng.permutation(len(train))[n_labels:], target] = None
    return {"data": train, "target": target, "test": frame[test]}


def one(name: str, seed: int, pretrains: bool, args: argparse.Namespace) -> None:
    """Run one contest in this process and print its line."""
    import automl

    make = {"fashion": pictures, "adult": table}[name]
    case = make(Path(args.data), args.labels, np.random.default_rng(seed))
    bound: dict[str, Any] = {"budget": args.budget}
    if args.trials:
        bound = {"budget": "none", "max_trials": args.trials, "templates": TEMPLATE[name], "ensemble": False}
    with tempfile.TemporaryDirectory() as folder:
        result = automl.fit(
            **case, **bound, seed=seed, pretrain=pretrains, analysis=0, quiet=True, out=str(Path(folder) / "run")
        )
        told = result.result
    line: dict[str, Any] = {"name": name, "seed": seed, "pretrain": pretrains, "labels": args.labels,
                            "wall_seconds": told["wall_seconds"], "n_unlabelled": told["split"]["n_unlabelled"],
                            "processor_seconds": resource.getrusage(resource.RUSAGE_SELF).ru_utime}  # fmt: skip
    for side in ("deep", "shallow"):
        own = [run for run in told["runs"] if run["side"] == side and run["status"] != "failed"]
        finalist = next((run for run in own if run["finalist"]), None)
        line[side] = finalist and finalist["test_score"]
        line[f"{side}_name"] = finalist and finalist["name"]
        line[f"{side}_how"] = finalist and {
            k: v for k, v in finalist["choices"].items() if k in ("start", "unlabelled")
        }
        line[f"{side}_trials"] = len(own)
    print(json.dumps(line), flush=True)


def main() -> None:
    args = arguments()
    if args.one:
        name, seed, pretrains = args.one.split(":")
        one(name, int(seed), pretrains == "1", args)
        return
    lines: list[dict[str, Any]] = []
    for name in args.only.split(","):
        for seed in args.seeds.split(","):
            for pretrains in (0, 1):
                done = subprocess.run(
                    [sys.executable, __file__, *sys.argv[1:], "--one", f"{name}:{seed}:{pretrains}"],
                    capture_output=True, text=True, check=False, env=environment(args.processor_clock),
                )  # fmt: skip
                found = [line for line in done.stdout.splitlines() if line.startswith('{"name"')]
                if not found:
                    print(f"{name} {seed}: failed\n{done.stderr[-1500:]}", file=sys.stderr, flush=True)
                    continue
                lines.append(json.loads(found[-1]))
                print(found[-1], flush=True)
                if args.out:
                    with Path(args.out).open("a") as file:
                        file.write(found[-1] + "\n")
    print(json.dumps(means(lines)))


def means(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean test scores by set, with and without, and the mean gain of each side over seeds that ran both ways."""
    made: dict[str, Any] = {}
    for name in dict.fromkeys(line["name"] for line in lines):
        for side in ("deep", "shallow"):
            pairs: dict[int, dict[bool, float]] = {}
            for line in lines:
                if line["name"] == name and line[side] is not None:
                    pairs.setdefault(line["seed"], {})[line["pretrain"]] = line[side]
            both = [pair for pair in pairs.values() if len(pair) == 2]
            if both:
                made[f"{name}_{side}"] = {
                    "without": statistics.fmean(pair[False] for pair in both),
                    "with": statistics.fmean(pair[True] for pair in both),
                    "gain": statistics.fmean(pair[True] - pair[False] for pair in both), "seeds": len(both),
                }  # fmt: skip
    return made


if __name__ == "__main__":
    main()
