"""How many trials each side makes in a short contest on small tables, and when the first shallow model is there.

    python benchmarks/small_tables.py [--budget 60s,30s] [--only 2200x73,3900x20]
        [--core 0 [--processor-clock]]

The tables are made (classes from clusters, some columns cut into levels). Each contest runs in a process of its own;
with `--core` it is pinned to that core, and with `--processor-clock` too its budget is in processor seconds, as in
`contest.py`, so that other work on that core changes little. Printed are the trials of each side, the time of the first
shallow model after the call, and the part of the budget that was not used. The last line is JSON.
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
import pandas as pd
from sklearn.datasets import make_classification

ROOT = Path(__file__).resolve().parent.parent
TABLES = {"2200x73": (2200, 73, 20, 2), "3900x20": (3900, 20, 6, 4), "15000x20": (15_000, 20, 6, 2)}
LEVELS = (3, 5, 8, 12, 25, 60)
CONTEST = """
import json, sys, time
begun = time.monotonic()
import automl
outcome = automl.fit(sys.argv[1], target="target", budget=sys.argv[2], quiet=True, analysis=0, out=sys.argv[3]).outcome
wall = time.monotonic() - begun
runs = [(run.side, run.name, run.at_seconds, run.cost.fit_seconds, run.valid_score) for run in outcome.runs]
print(json.dumps({"wall_seconds": wall, "runs": runs, "clock": {key: outcome.clock.get(key) for key in
                  ("spent", "offered", "phases")}}))
"""


def table(n_rows: int, n_columns: int, n_levelled: int, n_classes: int) -> pd.DataFrame:
    """Rows of several classes; the first columns hold levels, the others numbers."""
    x, y = make_classification(
        n_rows, n_columns, n_informative=min(n_columns // 2, 14), n_redundant=n_columns // 6, n_classes=n_classes,
        flip_y=0.1, class_sep=0.8, n_clusters_per_class=3, random_state=0,
    )  # fmt: skip
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(x.round(4), columns=[f"x{i}" for i in range(n_columns)])
    for i in range(n_levelled):
        n_levels = LEVELS[i % len(LEVELS)]
        place = np.argsort(np.argsort(x[:, i])) * n_levels // n_rows + rng.integers(0, 2, n_rows)
        frame[f"x{i}"] = [f"level {k}" for k in place]
    frame["target"] = np.array(["no", "yes", "maybe", "other"])[y]
    return frame


def contest(path: Path, budget: str, core: str, on_processor_clock: bool) -> dict[str, Any]:
    """One contest in a process of its own, and what its result says."""
    from contest import environment

    with tempfile.TemporaryDirectory() as folder:
        pinned = ["taskset", "-c", core] if core else []
        own = environment(on_processor_clock)
        paths = os.pathsep.join(filter(None, [own.get("PYTHONPATH", ""), str(ROOT)]))
        own |= {"PYTHONPATH": paths, "TF_CPP_MIN_LOG_LEVEL": "3"}
        command = [*pinned, sys.executable, "-c", CONTEST, str(path), budget, folder]
        done = subprocess.run(command, capture_output=True, text=True, env=own, check=True)
    told = json.loads(done.stdout.strip().splitlines()[-1])
    wall, seconds = told["wall_seconds"], float(budget.removesuffix("s"))
    ended = {side: [run[2] for run in told["runs"] if run[0] == side] for side in ("deep", "shallow")}
    return {
        "deep": len(ended["deep"]),
        "shallow": len(ended["shallow"]),
        "first_shallow_seconds": min(ended["shallow"], default=None),
        "unused_share": round(max(0.0, 1 - wall / seconds), 3),
        "over_seconds": round(max(0.0, wall - seconds), 1),
        "spent": told["clock"]["spent"],
        "offered": told["clock"]["offered"],
        "phases": told["clock"]["phases"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budget", default="60s,30s", help="in seconds, with commas between several")
    parser.add_argument("--only", default="2200x73,3900x20")
    parser.add_argument("--core", default="", help="the core that contests are pinned to; all cores by default")
    parser.add_argument("--processor-clock", action="store_true", help="budgets in processor seconds")
    args = parser.parse_args()
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in args.only.split(","):
            path = Path(folder) / f"{name}.csv"
            table(*TABLES[name]).to_csv(path, index=False)
            for budget in args.budget.split(","):
                one = found[f"{name} {budget}"] = contest(path, budget, args.core, args.processor_clock)
                words = "  ".join(f"{key} {value}" for key, value in one.items())
                print(f"{name:<10}{budget:>5}  {words}", flush=True)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
