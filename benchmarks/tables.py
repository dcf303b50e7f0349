"""Tables: how the deep finalist, the shallow one and their blend stand to each other, to boosted trees and to others.

    python benchmarks/tables.py [--data DIR] [--seconds 60,300] [--seeds 0,1,2] [--only adult,letter | --held-out]
        [--out FILE] [--keep DIR]
        [--peers autogluon,flaml,autokeras --peer-python autogluon=/path/to/python --peer-python flaml=...]

Sets and test rows are those of the data folder (see `contest.py`), which may be one that `public_tables.py` wrote:
`--held-out` takes the sets that its catalog holds out, in place of `--only`; they choose nothing. An error is
e = 1 - score of the test rows (ROC AUC, accuracy or R²; lower is better). Ratios of errors, geometric means over the
sets, with Student's interval over seeds:

- deep/shallow: both finalists. blend/better: the blend against the better of both sides on the test rows.
- deep/trees: against scikit-learn's HistGradientBoosting with its defaults and native categories (texts by skrub's
  `tabular_pipeline`), fitted here on all rows that are not test; shallow/trees likewise.
- champion/peer and recommended/peer: the champion (deep, shallow or blend, named by validation rows) and the
  recommended side against another toolkit on the same rows, a run of 60 s for each of `--peer-seeds`; a toolkit whose
  Python is not given is left out. champion/best: against the better of all peers on each set. Ranks: mean place over
  the sets of the champion among the peers, 1 for the best.

Also: seconds from the call to the first deep model that beats the floor on validation rows; after loading the saved
model in a new process, milliseconds for one row of a frame, and rows a second in batches of 1,024 and of all test rows
at once (median of five). Each contest runs in a process of its own. What `--out` holds already is not run again.
Prints a table, then one last line of JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
SETS = ("adult", "letter", "california_housing", "diamonds", "movies")
PEER_SECONDS = 60
KEY = ("job", "set", "seconds", "seed")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--seconds", default="60,300")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--only", default=",".join(SETS))
    parser.add_argument("--held-out", action="store_true", help="the sets that the catalog holds out")
    parser.add_argument("--peers", default="")
    parser.add_argument("--peer-seeds", default="0")
    parser.add_argument("--peer-python", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--out", default="", help="file of JSON lines, one a job")
    parser.add_argument("--keep", default="", help="existing folder for the runs (default: a temporary one)")
    parser.add_argument("--one", default="", help=argparse.SUPPRESS)
    parser.add_argument("--loaded", nargs=2, default=None, help=argparse.SUPPRESS)
    return parser.parse_args()


# --------------------------------------------------------------------------- the sets


def entry_of(folder: Path, name: str) -> dict[str, Any]:
    """A set's entry in the catalog."""
    entry: dict[str, Any] = next(e for e in json.loads((folder / "catalog.json").read_text()) if e["name"] == name)
    return entry


def goal_of(entry: dict[str, Any]) -> str:
    """binary, multiclass or regression."""
    return {"roc_auc": "binary", "accuracy": "multiclass"}.get(entry["metric"], "regression")


def frames(folder: Path, entry: dict[str, Any]) -> tuple[Any, Any]:
    """Training and test rows as a user would read them."""
    import pandas as pd

    frame = pd.read_csv(folder / entry["file"], parse_dates=[entry["date"]] if "date" in entry else False)
    test = np.load(folder / "splits" / f"{entry['name']}.npy").astype(bool)
    return frame[~test].reset_index(drop=True), frame[test].reset_index(drop=True)


def truth_of(frame: Any, entry: dict[str, Any]) -> np.ndarray:
    """The target: labels as str, values as float."""
    column = frame[entry["target"]]
    if goal_of(entry) == "regression":
        return np.asarray(column, dtype=np.float64)
    return column.astype(str).to_numpy(dtype=np.str_)


def held_out(folder: Path) -> list[str]:
    """Names of the sets that the catalog holds out.

    Raises:
        SystemExit: it holds none out.
    """
    names = [entry["name"] for entry in json.loads((folder / "catalog.json").read_text()) if entry.get("held_out")]
    if not names:
        sys.exit(f"{folder / 'catalog.json'} holds no set out; --held-out needs a folder that public_tables.py wrote")
    return names


# --------------------------------------------------------------------------- jobs, each in a process of its own


def contest(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    """One contest, and its saved model opened in another process."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    from contest import entry_data

    import automl

    entry = entry_of(folder, job["set"])
    name = f"{job['set']}-{job['seconds']}s-seed{job['seed']}-"
    out = Path(tempfile.mkdtemp(prefix=name, dir=job.get("keep") or None)) / "run"
    options = entry_data(folder, entry)
    finished = automl.fit(
        **options, metric=entry["metric"], budget=job["seconds"], seed=job["seed"], out=str(out), quiet=True, analysis=0
    )
    result = finished.result
    runs = result["runs"]
    sides = {s: next((r for r in runs if r["side"] == s and r["finalist"]), None) for s in ("deep", "shallow")}
    scores = {side: run and run["test_score"] for side, run in sides.items()}
    scores["blend"] = next((r["test_score"] for r in runs if r["side"] == "blend"), None)
    scores["floor"] = next(r["test_score"] for r in runs if r["side"] == "floor" and r["test_score"] is not None)
    recommended = next((r for r in runs if r["name"] == result["recommended"]), None)
    command = [sys.executable, __file__, "--loaded", str(out / "model"), str(options["test"])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    loaded = json.loads(done.stdout.splitlines()[-1]) if not done.returncode else {"failed": done.stderr[-500:]}
    return {
        "scores": scores, "recommended": recommended and recommended["side"], "champion": result["champion"],
        "families": {side: run and family_of(run) for side, run in sides.items()},
        "verdict": result["verdict"], "reason": result["reason"], "wall_seconds": result["wall_seconds"],
        "stopped": result["stopped"], "n_seeds": sides["deep"] and sides["deep"]["n_seeds"],
        "trials": {side: sum(r["side"] == side for r in runs) for side in ("deep", "shallow")},
        "first_deep_seconds": first_deep(finished.outcome.runs, result["task"]["higher_is_better"]),
        "loaded": loaded,
    }  # fmt: skip


def family_of(run: dict[str, Any]) -> str:
    """What a finalist is: its name, or the names of an ensemble's members."""
    members = run["choices"].get("ensemble")
    return "+".join(members) if members else str(run["name"])


def first_deep(runs: Iterable[Any], higher_is_better: bool) -> float | None:
    """Seconds from the call to the end of the first deep run that beats every floor on validation rows."""
    sign = 1.0 if higher_is_better else -1.0
    scored = [run for run in runs if run.valid_score is not None and math.isfinite(run.valid_score)]
    floor = max((sign * run.valid_score for run in scored if run.side == "floor"), default=-math.inf)
    won = [r for r in scored if r.side == "deep" and sign * r.valid_score > floor]
    return min((r.at_seconds for r in won if r.at_seconds > 0), default=None)  # an ensemble has no time of its own


def measure_loaded(path: str, rows: str) -> dict[str, Any]:
    """Seconds to load and to predict first; then one row and batches, with each side's finalist."""
    begun = time.perf_counter()
    import pandas as pd

    import automl

    model = automl.load(path)
    found: dict[str, Any] = {"load_seconds": time.perf_counter() - begun}
    frame = pd.read_csv(rows, dtype=str, keep_default_na=False)
    for side in sorted(set(model.predictors) & {"deep", "shallow"}):
        one = model.side(side)
        begun = time.perf_counter()
        one.predict(frame.iloc[:1])
        first = time.perf_counter() - begun
        times = []
        for i in range(1, 51):
            row = frame.iloc[i % len(frame) : i % len(frame) + 1]
            begun = time.perf_counter()
            one.predict(row)
            times.append(time.perf_counter() - begun)
        one.predict(frame.iloc[:1024])  # a batch of this size is traced once
        begun = time.perf_counter()
        for i in range(0, len(frame), 1024):
            one.predict(frame.iloc[i : i + 1024])
        rate = len(frame) / (time.perf_counter() - begun)
        whole = []
        for _ in range(5):
            begun = time.perf_counter()
            one.predict(frame)
            whole.append(len(frame) / (time.perf_counter() - begun))
        found[side] = {
            "first_ms": 1000 * first, "row_ms": 1000 * statistics.median(times), "rows_per_second": rate,
            "whole_rows_per_second": statistics.median(whole),
        }  # fmt: skip
    return found


def trees(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    """HistGradientBoosting as it comes: scikit-learn's defaults, native categories."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.metrics import accuracy_score, r2_score, roc_auc_score
    from skrub import tabular_pipeline

    entry = entry_of(folder, job["set"])
    train, test = frames(folder, entry)
    y, truth = truth_of(train, entry), truth_of(test, entry)
    kind = HistGradientBoostingRegressor if goal_of(entry) == "regression" else HistGradientBoostingClassifier
    X, T = train.drop(columns=entry["target"]), test.drop(columns=entry["target"])
    begun = time.perf_counter()
    model = tabular_pipeline(kind(random_state=job["seed"], categorical_features="from_dtype")).fit(X, y)
    seconds = time.perf_counter() - begun
    if entry["metric"] == "roc_auc":
        score = roc_auc_score(truth == model.classes_[1], model.predict_proba(T)[:, 1])
    else:
        score = (accuracy_score if entry["metric"] == "accuracy" else r2_score)(truth, model.predict(T))
    return {"scores": {"trees": float(score)}, "fit_seconds": seconds}


def peer(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Another toolkit on the same rows."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    import peers

    entry = entry_of(folder, job["set"])
    train, test = frames(folder, entry)
    scratch = Path(tempfile.mkdtemp())
    train.to_csv(scratch / "train.csv", index=False)
    test.drop(columns=entry["target"]).assign(**{entry["target"]: ""}).to_csv(scratch / "test.csv", index=False)
    options = {
        "train": str(scratch / "train.csv"), "test": str(scratch / "test.csv"), "target": entry["target"],
        "goal": goal_of(entry), "metric": entry["metric"], "seconds": job["seconds"], "seed": job["seed"],
        "folder": str(scratch), "dates": [entry["date"]] if "date" in entry else [],
    }  # fmt: skip
    found = peers.run(job["job"], job["python"], options, truth_of(test, entry))
    return {**found, "scores": {job["job"]: found["score"]} if "score" in found else {}}


def one(job: dict[str, Any], folder: Path) -> None:
    """Run one job here and print its line."""
    run = {"contest": contest, "trees": trees}.get(job["job"], peer)
    print(json.dumps({**{key: job[key] for key in KEY}, **run(job, folder)}), flush=True)


# --------------------------------------------------------------------------- all of them


def jobs_of(args: argparse.Namespace) -> list[dict[str, Any]]:
    """What is to be run, short ones first within a budget."""
    names = held_out(Path(args.data)) if args.held_out else args.only.split(",")
    seeds = [int(s) for s in args.seeds.split(",")]
    found = [{"job": "trees", "set": name, "seconds": 0, "seed": seed} for name in names for seed in seeds]
    for seconds in (int(s) for s in args.seconds.split(",")):
        found += [
            {"job": "contest", "set": n, "seconds": seconds, "seed": s, "keep": args.keep} for s in seeds for n in names
        ]
    pythons = dict(text.partition("=")[::2] for text in args.peer_python)
    for name in (name for name in args.peers.split(",") if name):
        if name not in pythons:
            print(f"{name}: left out, no --peer-python {name}=PATH", flush=True)
            continue
        found += [
            {"job": name, "set": n, "seconds": PEER_SECONDS, "seed": int(seed), "python": pythons[name]}
            for seed in args.peer_seeds.split(",")
            for n in names
        ]
    return found


def key_of(line: dict[str, Any]) -> tuple[Any, ...]:
    """What tells a job apart."""
    return tuple(line[key] for key in KEY)


def run_all(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Lines of all jobs, those of the file first."""
    path = Path(args.out) if args.out else None
    known = [json.loads(t) for t in path.read_text().splitlines() if t.strip()] if path and path.exists() else []
    done = {key_of(line): line for line in known if "failed" not in line}
    lines = []
    for job in jobs_of(args):
        line = done.get(key_of(job)) or run_apart(job, args.data)
        if key_of(job) not in done and path:
            with path.open("a") as file:
                file.write(json.dumps(line) + "\n")
        lines.append(line)
        print(show(line), flush=True)
    return lines


def run_apart(job: dict[str, Any], data: str) -> dict[str, Any]:
    """A job in a process of its own, whose temporary files go with it."""
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(
            [sys.executable, __file__, "--data", data, "--one", json.dumps(job)], capture_output=True, text=True,
            check=False, env=os.environ | {"TMPDIR": scratch},
        )  # fmt: skip
    if done.returncode:
        return {**{key: job[key] for key in KEY}, "failed": done.stderr.strip()[-1500:], "scores": {}}
    line: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return line


def show(line: dict[str, Any]) -> str:
    """One line for people."""
    scores = "  ".join(f"{name} {value:.4f}" for name, value in line["scores"].items() if value is not None)
    rest = line["failed"].splitlines()[-1] if line.get("failed") else ""
    if line["job"] == "contest" and not rest:
        first = line["first_deep_seconds"]
        rest = f"champion {line.get('champion')}; {line['verdict']}, {line['reason']}; first deep " + (
            "-" if first is None else f"{first:.1f} s"
        )
    return f"{line['set']:<20}{line['job']:<10}{line['seconds']:>5} s  seed {line['seed']}  {scores}  {rest}"


# --------------------------------------------------------------------------- figures


def summary(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Ratios, times and latencies of each budget."""
    errors: dict[tuple[str, str, int, int], float] = {}
    for line in lines:
        for name, score in line["scores"].items():
            if score is not None:
                errors[name, line["set"], line["seconds"], line["seed"]] = 1.0 - score
    contests = [line for line in lines if line["job"] == "contest" and line["scores"]]
    peer_names = sorted({line["job"] for line in lines} - {"contest", "trees"})
    found: dict[str, Any] = {}
    for seconds in sorted({line["seconds"] for line in contests}):
        these = [line for line in contests if line["seconds"] == seconds]
        ratios: dict[str, list[tuple[str, int, float]]] = {}
        for line in these:
            own = {name: 1.0 - score for name, score in line["scores"].items() if score is not None}
            place = (line["set"], line["seed"])
            pairs = {
                "deep/shallow": (own.get("deep"), own.get("shallow")),
                "blend/better": (
                    own.get("blend"),
                    min((own[s] for s in ("deep", "shallow") if s in own), default=None),
                ),
                "deep/trees": (own.get("deep"), errors.get(("trees", line["set"], 0, line["seed"]))),
                "shallow/trees": (own.get("shallow"), errors.get(("trees", line["set"], 0, line["seed"]))),
            }
            others = {name: of_peer(errors, name, line["set"], line["seed"]) for name in peer_names}
            for name, other in others.items():
                pairs[f"champion/{name}"] = (own.get(line.get("champion")), other)
                pairs[f"recommended/{name}"] = (own.get(line["recommended"]), other)
            best = min((other for other in others.values() if other is not None), default=None)
            pairs["champion/best"] = (own.get(line.get("champion")), best)
            for name, (a, b) in pairs.items():
                if a is not None and b is not None and a > 0 and b > 0:
                    ratios.setdefault(name, []).append((*place, a / b))
        firsts = [line["first_deep_seconds"] for line in these if line["first_deep_seconds"] is not None]
        found[str(seconds)] = {
            "contests": len(these),
            "ratios": {name: geometric(values) for name, values in ratios.items()},
            "ranks": ranks(these, errors, peer_names),
            "first_deep_seconds": {"median": median(firsts), "most": max(firsts, default=None), "n": len(firsts)},
            **{side: latency(these, side) for side in ("deep", "shallow")},
        }
    return {"failed": [list(key_of(line)) for line in lines if line.get("failed")], "budgets": found}


def of_peer(errors: Mapping[tuple[str, str, int, int], float], name: str, entry: str, seed: int) -> float | None:
    """A peer's error on a set: of this seed, else of the first that it was run with."""
    seeds = [key[3] for key in sorted(errors) if key[:3] == (name, entry, PEER_SECONDS)]
    return errors[name, entry, PEER_SECONDS, seed if seed in seeds else seeds[0]] if seeds else None


def ranks(
    lines: Sequence[dict[str, Any]], errors: Mapping[tuple[str, str, int, int], float], peer_names: Sequence[str]
) -> dict[str, float]:
    """Mean place of the champion and of each peer; one that failed comes last."""
    places: dict[str, list[int]] = {}
    for line in lines:
        score = line["scores"].get(line.get("champion"))
        found = {name: of_peer(errors, name, line["set"], line["seed"]) for name in peer_names}
        reached = {"champion": math.inf if score is None else 1.0 - score} | {
            n: math.inf if e is None else e for n, e in found.items()
        }
        for name, error in reached.items():
            places.setdefault(name, []).append(1 + sum(other < error for other in reached.values()))
    return {name: statistics.fmean(found) for name, found in places.items()} if peer_names else {}


def geometric(values: Sequence[tuple[str, int, float]]) -> dict[str, Any]:
    """Geometric mean over sets, then over seeds with Student's interval at 95 %; and that of each set.

    Args:
        values: (set, seed, ratio). A seed's mean is over its sets, so a seed that lacks a set is left out.
    """
    from scipy.stats import t

    names, seeds = sorted({v[0] for v in values}), sorted({v[1] for v in values})
    by_seed = {seed: [math.log(v[2]) for v in values if v[1] == seed] for seed in seeds}
    means = [statistics.fmean(logs) for logs in by_seed.values() if len(logs) == len(names)]
    found: dict[str, Any] = {"mean": None, "interval": None, "n_seeds": len(means)}
    if means:
        middle = statistics.fmean(means)
        found["mean"] = math.exp(middle)
        if len(means) > 1:
            half = float(t.ppf(0.975, len(means) - 1)) * statistics.stdev(means) / math.sqrt(len(means))
            found["interval"] = [math.exp(middle - half), math.exp(middle + half)]
    found["sets"] = {n: math.exp(statistics.fmean(math.log(v[2]) for v in values if v[0] == n)) for n in names}
    return found


def median(values: Sequence[float]) -> float | None:
    """The median, None of nothing."""
    return statistics.median(values) if values else None


def latency(lines: Sequence[dict[str, Any]], side: str) -> dict[str, float | None]:
    """Medians over contests of what one row and a batch cost after loading."""
    sides = [line["loaded"][side] for line in lines if side in line["loaded"]]
    names = ("first_ms", "row_ms", "rows_per_second", "whole_rows_per_second")
    return {name: median([one[name] for one in sides if name in one]) for name in names}


def report(found: dict[str, Any]) -> None:
    """The figures for people."""
    for seconds, budget in found["budgets"].items():
        print(f"\n{seconds} s, {budget['contests']} contests")
        for name, ratio in budget["ratios"].items():
            low, high = ratio["interval"] or (math.nan, math.nan)
            sets = "  ".join(f"{n} {value:.3f}" for n, value in ratio["sets"].items())
            mean = math.nan if ratio["mean"] is None else ratio["mean"]
            print(f"  e({name.replace('/', ')/e(')}) {mean:.3f} [{low:.3f}, {high:.3f}]  {sets}")
        if budget["ranks"]:
            print("  mean rank " + ", ".join(f"{name} {rank:.1f}" for name, rank in budget["ranks"].items()))


def main() -> None:
    args = arguments()
    if args.loaded:
        print(json.dumps(measure_loaded(*args.loaded)))
        return
    if args.one:
        one(json.loads(args.one), Path(args.data))
        return
    found = summary(run_all(args))
    report(found)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
