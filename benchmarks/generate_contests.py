"""Contests of generators on real tables: who wins, and what the rows of both finalists are worth.

    python benchmarks/generate_contests.py [--data DIR] [--budget 300] [--only adult,diamonds] [--seed 0] [--out FILE]

DIR is the data folder of `contest.py`; test rows are those of its splits, of which 2,000 score. The label is the set's
target. Each contest runs in a process of its own; what `--out` holds already is not run again. Printed for each
finalist and the floor: `told apart`, the ROC AUC of the classifier that tells test rows from generated ones (mean of
three draws); the score of a model that learnt from generated rows, beside one that learnt from real rows; the memorised
share; the attack's AUC. Then the best validation score of each family. The last line of JSON holds all of it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
DROPPED = {"movies": ["title", "synopsis", "critics_consensus", "genre", "writer", "cast_members"]}
"""Columns that are no numbers, levels or dates."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--budget", default="300")
    parser.add_argument("--only", default="adult")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="")
    parser.add_argument("--keep", default="", help="folder for the runs (default: a temporary one)")
    parser.add_argument("--one", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


def one(name: str, args: argparse.Namespace) -> None:
    """Run one contest in this process and print its line."""
    import pandas as pd

    import automl

    folder = Path(args.data)
    entry = next(e for e in json.loads((folder / "catalog.json").read_text()) if e["name"] == name)
    frame = pd.read_csv(folder / entry["file"], parse_dates=[entry["date"]] if "date" in entry else False)
    test = np.load(folder / "splits" / f"{name}.npy") == 1
    drop = [column for column in DROPPED.get(name, []) if column in frame]
    out = Path(args.keep or tempfile.mkdtemp()) / f"{name}-{args.seed}"
    result = automl.fit(
        frame[~test], test=frame[test], goal="generate", label=entry["target"], drop=drop, budget=args.budget,
        seed=args.seed, out=str(out), quiet=True, analysis=0.2,
    )  # fmt: skip
    told = result.result
    trade, runs = told["tradeoff"], told["runs"]
    line: dict[str, Any] = {
        "name": name, "seed": args.seed, "budget": args.budget, "verdict": told["verdict"], "reason": told["reason"],
        "recommended": told["recommended"], "gain": told["gain"], "interval": told["interval"],
        "wall_seconds": told["wall_seconds"],
        "trials": {s: sum(r["side"] == s and r["status"] != "failed" for r in runs) for s in ("deep", "shallow")},
        "told_apart": {
            r["side"]: 1 - r["test_score"] / 2 for r in runs if r["test_score"] is not None and r["side"] != "blend"
        },
        "finalists": {r["side"]: r["name"] for r in runs if r["finalist"]},
        "learnt_from": {row["side"]: row["score"] for row in (trade.get("utility") or {}).get("rows", [])},
        "memorised": {row["side"]: row["memorised"] for row in (trade.get("memorisation") or {}).get("rows", [])},
        "attack": {row["side"]: row["attack"] for row in (trade.get("memorisation") or {}).get("rows", [])},
        "families": _best(runs),
    }  # fmt: skip
    print(json.dumps(line), flush=True)


def _best(runs: list[dict[str, Any]]) -> dict[str, float]:
    """ROC AUC of the classifier on validation rows for the best run of each family."""
    best: dict[str, float] = {}
    for run in runs:
        if run["valid_score"] is not None:
            family = run["name"].rpartition("-")[0] or run["name"]
            best[family] = min(best.get(family, 1.0), 1 - run["valid_score"] / 2)
    return best


def main() -> None:
    args = arguments()
    if args.one:
        one(args.one, args)
        return
    path = Path(args.out) if args.out else None
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path and path.exists() else []
    known = {(line["name"], line["seed"], line["budget"]) for line in lines}
    for name in args.only.split(","):
        if (name, args.seed, args.budget) in known:
            continue
        command = [sys.executable, __file__, *sys.argv[1:], "--one", name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        found = [line for line in done.stdout.splitlines() if line.startswith('{"name"')]
        if not found:
            print(f"{name}: failed\n{done.stderr[-1500:]}", file=sys.stderr, flush=True)
            continue
        lines.append(json.loads(found[-1]))
        if path:
            with path.open("a") as file:
                file.write(found[-1] + "\n")
        for key in ("told_apart", "learnt_from", "memorised", "attack", "families"):
            values = {k: v for k, v in lines[-1][key].items() if v is not None}
            print(f"{name:<12}{key:<12}" + "  ".join(f"{k} {v:.3f}" for k, v in values.items()), flush=True)
        print(
            f"{name:<12}{lines[-1]['verdict']} ({lines[-1]['reason']}), {lines[-1]['wall_seconds']:.0f} s", flush=True
        )
    print(json.dumps(lines))


if __name__ == "__main__":
    main()
