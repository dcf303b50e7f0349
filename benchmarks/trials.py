"""What a trial costs, and what many cheap ones bring: KerasTuner's own search, a bare loop, and ours.

    python benchmarks/trials.py speed   [--only adult,sign_digits] [--trials 30] [--out FILE]
    python benchmarks/trials.py quality [--seconds 30,60,120] [--seeds 0,1,2,3,4] [--methods ours,random,bayesian]
    python benchmarks/trials.py policy  [--seconds 60] [--seeds 0,1,2]      each of our policies against none
    python benchmarks/trials.py memory  [--trials 200]

All train the shipped template (mlp on `adult` with 8,000 training rows, cnn on `sign_digits`) on the same encoded
arrays. Each method runs in a process of its own; TensorFlow's import is not counted.

*speed*: settings drawn with a fixed seed from the template's space, three epochs each; "one shape" keeps the choices of
the first start and draws the knobs; scoring what the others trained is not counted.
*quality*: best validation score after T seconds and the test score of that model (ours may be an ensemble);
KerasTuner's trials use early stopping with the best weights restored, and are judged by the task's metric each epoch.
What `--out` holds already is not run again. The last line printed is JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
POLICIES = {
    "both": {},
    "no early stopping": {"early_stopping": False},
    "no shape reuse": {"reuse_shapes": False},
    "neither": {"early_stopping": False, "reuse_shapes": False},
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["speed", "quality", "policy", "memory"])
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--only", default="adult,sign_digits")
    parser.add_argument("--trials", type=int, default=0)
    parser.add_argument("--seconds", default="30,60,120")
    parser.add_argument("--seeds", default="0,1,2,3,4")
    parser.add_argument("--methods", default="ours,random,bayesian")
    parser.add_argument("--out", default="")
    parser.add_argument("--one", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


def one(job: dict[str, Any], args: argparse.Namespace) -> None:
    """Run one job in this process and print its line."""
    import keras  # noqa: F401
    import keras_tuner  # noqa: F401
    import tensorflow  # noqa: F401
    from trials_methods import Set, memory_growth, quality_of_keras_tuner, quality_of_ours, speed

    data = Set(Path(args.data), job["set"])
    if job["part"] == "speed":
        found: Any = speed(data, job["method"], job["n"], job["one_shape"])
    elif job["part"] == "memory":
        found = memory_growth(data, job["n"])
    elif job["part"] == "policy":
        found = quality_of_ours(data, job["seconds"], job["seed"], **POLICIES[job["method"]])
    elif job["method"] == "ours":
        found = quality_of_ours(data, job["seconds"], job["seed"])
    else:
        found = quality_of_keras_tuner(data, job["method"], job["seconds"], job["seed"])
    print(json.dumps({"job": job, "found": found}), flush=True)


def jobs(args: argparse.Namespace) -> list[dict[str, Any]]:
    sets = args.only.split(",")
    seeds = [int(seed) for seed in args.seeds.split(",")]
    seconds = [float(s) for s in args.seconds.split(",")]
    part = {"part": args.part}
    if args.part == "speed":
        return [
            {**part, "set": name, "method": method, "one_shape": shape, "n": args.trials or 30}
            for name in sets for shape in (False, True) for method in ("random", "bare", "ours")
        ]  # fmt: skip
    if args.part == "memory":
        return [{**part, "set": sets[0], "n": args.trials or 200}]
    methods = list(POLICIES) if args.part == "policy" else args.methods.split(",")
    return [
        {**part, "set": name, "method": method, "seconds": seconds, "seed": seed}
        for seed in seeds for name in sets for method in methods
    ]  # fmt: skip


def run(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Every job in a process of its own; those in `--out` already are read from there."""
    known = {}
    if args.out and Path(args.out).exists():
        for line in Path(args.out).read_text().splitlines():
            entry = json.loads(line)
            known[json.dumps(entry["job"], sort_keys=True)] = entry
    found = []
    for job in jobs(args):
        entry = known.get(json.dumps(job, sort_keys=True))
        if entry is None:
            command = [sys.executable, __file__, args.part, "--data", args.data, "--one", json.dumps(job)]
            environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
            done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
            if done.returncode != 0:
                sys.exit(f"{job} failed:\n{done.stderr[-3000:]}")
            entry = json.loads(done.stdout.strip().splitlines()[-1])
            if args.out:
                with Path(args.out).open("a") as file:
                    file.write(json.dumps(entry) + "\n")
        print(json.dumps(job), {k: v for k, v in entry["found"].items() if k != "ms"}
              if isinstance(entry["found"], dict) else entry["found"], flush=True)  # fmt: skip
        found.append(entry)
    return found


def show_speed(entries: list[dict[str, Any]]) -> dict[str, Any]:
    table = {(e["job"]["set"], e["job"]["one_shape"], e["job"]["method"]): e["found"] for e in entries}
    heads = f"{'set':<12} {'settings':<10} {'RandomSearch':>13} {'bare loop':>10} {'ours':>8}"
    print(f"\n{heads} {'ratio':>9} {'ratio':>7}")
    ratios = {}
    for name, shape in dict.fromkeys((s, o) for s, o, _ in table):
        ms = {method: table[name, shape, method]["ms_mean"] for method in ("random", "bare", "ours")}
        ratios[f"{name} {'one shape' if shape else 'drawn'}"] = {
            "over_random_search": ms["random"] / ms["ours"], "over_bare_loop": ms["bare"] / ms["ours"],
        }  # fmt: skip
        print(f"{name:<12} {'one shape' if shape else 'drawn':<10} {ms['random']:>10.0f} ms {ms['bare']:>7.0f} ms "
              f"{ms['ours']:>5.0f} ms {ms['random'] / ms['ours']:>8.1f}x {ms['bare'] / ms['ours']:>6.1f}x")  # fmt: skip
    return ratios


def show_quality(entries: list[dict[str, Any]], against: str) -> dict[str, Any]:
    """Medians over seeds, and comparisons seed by seed; a search without a model by then counts as the worst."""
    scores: dict[tuple[str, float], dict[str, list[dict[str, Any]]]] = {}
    for entry in entries:
        for found in entry["found"]:
            place = scores.setdefault((entry["job"]["set"], found["seconds"]), {})
            place.setdefault(entry["job"]["method"], []).append({**found, "seed": entry["job"]["seed"]})
    wins = {"valid": 0, "test": 0, "of": 0}
    print(f"\n{'set':<12} {'after':>6}  {'method':<18} {'valid':>8} {'test':>8} {'trials':>7}   medians over seeds")
    better = worse = equal = 0
    for (name, seconds), methods in scores.items():
        medians = {}
        for method, found in methods.items():
            valid, test, trials = (
                statistics.median([-math.inf if f[key] is None else f[key] for f in found])
                for key in ("valid", "test", "trials")
            )
            medians[method] = valid
            print(f"{name:<12} {seconds:>4.0f} s  {method:<18} {valid:>8.4f} {test:>8.4f} {trials:>7.0f}")
        own = {f["seed"]: f for f in methods.get(against, [])}
        for method, value in medians.items():
            if method != against and against in medians:
                for other in methods[method]:
                    mine = own.get(other["seed"])
                    if mine is not None:
                        wins["of"] += 1
                        for key in ("valid", "test"):
                            wins[key] += (mine[key] or -math.inf) > (other[key] or -math.inf)
                better += medians[against] > value
                worse += medians[against] < value
                equal += medians[against] == value
    print(f"{against} has the better median in {better}, an equal one in {equal}, a worse one in {worse} places; "
          f"seed by seed the better validation score in {wins['valid']}, the better test score in {wins['test']} of "
          f"{wins['of']}")  # fmt: skip
    return {"better": better, "equal": equal, "worse": worse, "seed_by_seed": wins}


def main() -> None:
    args = arguments()
    if args.one:
        one(json.loads(args.one), args)
        return
    entries = run(args)
    if args.part == "speed":
        last: Any = show_speed(entries)
    elif args.part == "memory":
        last = entries[0]["found"]
    else:
        last = show_quality(entries, "ours" if args.part == "quality" else "both")
    print(json.dumps({args.part: last}))


if __name__ == "__main__":
    main()
