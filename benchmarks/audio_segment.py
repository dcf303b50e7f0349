"""Contests of masks: U-Net against pixel forests, by time and by number of pictures; and those of sounds.

    python benchmarks/audio_segment.py [--only pictures-200,...] [--budget 60] [--seed 0] [--out FILE] [--audio]

Pictures are 64 x 64 pixels of discs, squares and triangles under noise, some behind bars, drawn by
``automl/data/make_occluded.py``; discs and squares are to be found. ``pictures-N`` learns from N of them (validation
pictures among these); the same 100 others test. What was expected beforehand: filter responses and trees win with five
pictures, the network with two hundred. Each contest runs in a process of its own; what `--out` holds already is not run
again. Printed: test Dice, IoU and boundary F1 of both finalists and the floor, and their best validation scores by
family. `--audio` also runs the contests of sounds (`audio_contests.py`). The last line of JSON holds all of it.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SIDE, N_MOST, N_TEST = 64, 200, 100
CASES = ("pictures-5", "pictures-20", "pictures-50", "pictures-200")
SOUNDS = "audio_contests"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(CASES))
    parser.add_argument("--budget", default="60")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="", help="file of results, one JSON object a line; those in it are kept")
    parser.add_argument("--keep", default="", help="folder for the runs (default: a temporary one)")
    parser.add_argument("--audio", action="store_true", help="run the contests of sounds, too")
    parser.add_argument("--one", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


def drawn(n: int) -> dict[str, Any]:
    """What `fit` takes: n pictures to learn from, and the test pictures, the same for every n."""
    spec = importlib.util.spec_from_file_location("make_occluded", ROOT / "automl" / "data" / "make_occluded.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    X, y = module.make(N_MOST + N_TEST, SIDE, seed=7)
    return {"data": (X[:n, ..., None], y[:n]), "test": (X[N_MOST:, ..., None], y[N_MOST:])}


def one(name: str, args: argparse.Namespace) -> None:
    """Run one contest in this process and print its line."""
    import automl

    out = Path(args.keep or tempfile.mkdtemp()) / f"{name}-{args.budget}-{args.seed}"
    case = drawn(int(name.partition("-")[2]))
    result = automl.fit(**case, budget=args.budget, seed=args.seed, out=str(out), quiet=True, analysis=0.05)
    told = result.result
    rows = (told["tradeoff"].get("metrics") or {}).get("rows", [])
    sides = ("deep", "shallow", "floor")
    line: dict[str, Any] = {
        "name": name, "seed": args.seed, "budget": args.budget, "verdict": told["verdict"], "reason": told["reason"],
        "recommended": told["recommended"], "gain": told["gain"], "interval": told["interval"],
        "wall_seconds": told["wall_seconds"],
        "score": {r["side"]: r["test_score"] for r in told["runs"] if r["test_score"] is not None},
        "finalists": {r["side"]: r["name"] for r in told["runs"] if r["finalist"]},
        "metrics": {row["metric"]: {side: row.get(side) for side in sides} for row in rows},
        "trials": {s: sum(r["side"] == s and r["status"] == "done" for r in told["runs"]) for s in sides[:2]},
        "fit_seconds": {r["side"]: r["fit_seconds"] for r in told["runs"] if r["finalist"]},
        "families": _best(told["runs"]),
    }  # fmt: skip
    print(json.dumps(line), flush=True)


def _best(runs: list[dict[str, Any]]) -> dict[str, float]:
    """Validation score of the best run of each family."""
    best: dict[str, float] = {}
    for run in runs:
        if run["valid_score"] is not None:
            family = run["name"].rpartition("-")[0] or run["name"]
            best[family] = max(best.get(family, 0.0), run["valid_score"])
    return best


def main() -> None:
    args = arguments()
    if args.one:
        one(args.one, args)
        return
    path = Path(args.out) if args.out else None
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path and path.exists() else []
    known = {(line["name"], line["seed"], line["budget"]) for line in lines}
    for name in filter(None, args.only.split(",")):
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
        for key in ("score", "families", "fit_seconds"):
            values = {k: v for k, v in lines[-1][key].items() if v is not None}
            print(f"{name:<14}{key:<12}" + "  ".join(f"{k} {v:.3f}" for k, v in values.items()), flush=True)
        print(
            f"{name:<14}{lines[-1]['verdict']} ({lines[-1]['reason']}), {lines[-1]['wall_seconds']:.0f} s", flush=True
        )
    if args.audio:
        _sounds()
    print(json.dumps(lines))


def _sounds() -> None:
    """The contests of sounds, with their own defaults."""
    script = Path(__file__).with_name(f"{SOUNDS}.py")
    if not script.exists():
        print(f"{script.name} is not there: no contests of sounds", file=sys.stderr, flush=True)
        return
    subprocess.run([sys.executable, str(script)], check=False)


if __name__ == "__main__":
    main()
