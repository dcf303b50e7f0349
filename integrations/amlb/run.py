"""automl and anchors on local tables through the runner of the AutoML benchmark, by one command.

    python integrations/amlb/run.py churn.csv:left sales.csv:price --amlb automlbenchmark --amlb-python amlb/bin/python
        [--out amlb-runs] [--folds 2] [--seconds 60] [--cores 1] [--anchors constantpredictor,DecisionTree,RandomForest]
        [--python kit/bin/python] [--arguments '{"max_trials": 3}']

Run it with the Python of an environment that has automl-keras (else name one with ``--python``); ``--amlb`` is a clone
of openml/automlbenchmark and ``--amlb-python`` the Python of an environment with its requirements. A task is
``path:target`` or an entry of a YAML file, as `benchmarks/leaderboard.py` reads it; fold k are the rows that
it would part with seed k. OUT gets the user folder of the runner (`user`: definitions, tasks, rows), its own folders of
results, `results.csv`, which the runner adds to, and `scores.md`. What `results.csv` holds is not run again. The last
line printed is JSON.

Anchors run in the same harness: constantpredictor and DecisionTree need no set-up; for others the runner's own
set-up runs first, in an environment inside the clone.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import leaderboard_sets as sets  # it lies beside the other benchmarks

__all__ = ["main", "prepare", "scores", "table"]

HERE = Path(__file__).resolve().parent
OURS = "automl_keras"
NO_SETUP = ("constantpredictor", "DecisionTree")
"""Frameworks that run in the runner's own environment."""
PINS = ("numpy==1.24.2", "pandas==1.5.3", "scikit-learn==1.2.2")
"""The runner's own versions. Its set-up of RandomForest takes the newest ones, which its old pyarrow cannot be imported
with."""
TYPES = {"roc_auc": "binary", "r2": "regression"}
"""The metric by which a set is parted → type of the task; others are of several classes."""


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="+", metavar="TASK", help="path:target, or a .yaml file with a list of sets")
    parser.add_argument("--amlb", required=True, help="a clone of openml/automlbenchmark")
    parser.add_argument("--amlb-python", required=True, help="Python of an environment with its requirements")
    parser.add_argument("--python", default=sys.executable, help="Python with automl-keras, pyarrow and psutil")
    parser.add_argument("--out", default="amlb-runs")
    parser.add_argument("--folds", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=60, help="of each task and fold")
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--anchors", default="constantpredictor,DecisionTree", help="frameworks of the benchmark")
    parser.add_argument("--arguments", default="{}", help="further arguments of automl.fit, as JSON")
    return parser.parse_args(given)


# --------------------------------------------------------------------------- the user folder


def prepare(
    user: Path, tasks: Iterable[str], folds: int, seconds: int, cores: int, more: Mapping[str, Any]
) -> dict[str, str]:
    """Write the runner's user folder: definitions, rows of each fold, and the mark that automl needs no set-up.

    Args:
        user: the folder; files of an earlier call are written over.
        tasks: ``path:target`` or paths of YAML files.
        folds: how many folds; one for a task that names its test rows.
        seconds: of a task and fold.
        cores: of a task.
        more: arguments of `automl.fit`, for all tasks.

    Returns:
        By name why a task cannot be run.

    Raises:
        SystemExit: a task is named wrongly.
    """
    from automl._version import __version__

    shutil.copytree(HERE / "extensions", user / "extensions", dirs_exist_ok=True)
    shutil.copy(HERE / "config.yaml", user / "config.yaml")
    mark = user / "extensions" / OURS / ".setup" / "installed"
    mark.parent.mkdir(exist_ok=True)
    mark.write_text(f"{__version__}\n", "utf-8")
    framework = yaml.safe_load((HERE / "frameworks.yaml").read_text("utf-8"))
    framework[OURS]["version"] = __version__
    framework[OURS]["params"].update(more)
    _write_yaml(user / "frameworks.yaml", framework)
    limits = {"folds": folds, "max_runtime_seconds": seconds, "cores": cores}
    _write_yaml(user / "constraints.yaml", {constraint(seconds, cores): limits})
    definitions: list[dict[str, Any]] = [{"name": "__defaults__", **limits}]
    unusable: dict[str, str] = {}
    for entry in sets.entries(tasks):
        try:
            definitions.append(_definition(user / "data", entry, folds))
        except (OSError, ValueError) as error:
            unusable[entry["name"]] = str(error) or type(error).__name__
    _write_yaml(user / "benchmarks" / "local.yaml", definitions)
    return unusable


def constraint(seconds: int, cores: int) -> str:
    """Name of the limits; the runner knows by it what has run."""
    return f"{seconds}s_{cores}c"


def _definition(folder: Path, entry: Mapping[str, Any], folds: int) -> dict[str, Any]:
    """Write the rows of a task and return its definition.

    Raises:
        OSError: a file cannot be read.
        ValueError: it is no table with this target.
    """
    import numpy as np
    import pandas as pd

    n_folds = 1 if entry.get("test") else folds
    paths: dict[str, list[str]] = {"train": [], "test": []}
    told: dict[str, Any] = {}
    for fold in range(n_folds):
        parted = folder / f"fold-{fold}"
        catalog, unusable = sets.write(parted, [entry], fold)
        if unusable:
            raise ValueError(unusable[entry["name"]])
        told = catalog[0]
        rows = pd.read_csv(parted / told["file"], dtype=str, keep_default_na=False)
        is_test = np.load(parted / "splits" / f"{told['name']}.npy") == 1
        for part, chosen in (("train", ~is_test), ("test", is_test)):
            path = folder / f"{told['name']}_{part}_{fold}.csv"
            rows[chosen].to_csv(path, index=False)
            paths[part].append(str(path.resolve()))
    # Each file is listed: a folder would be scanned, and files that an earlier run converted lie in it.
    dataset = paths | {"target": told["target"], "type": TYPES.get(told["metric"], _classes(told, folder))}
    return {
        "name": told["name"],
        "id": f"local/{told['name']}/{told['fingerprint']}",
        "dataset": dataset,
        "folds": n_folds,
    }


def _classes(told: Mapping[str, Any], folder: Path) -> str:
    """Type of a task whose metric is accuracy."""
    import pandas as pd

    target = pd.read_csv(folder / "fold-0" / told["file"], usecols=[told["target"]], dtype=str)[told["target"]]
    return "binary" if target.nunique() == 2 else "multiclass"


def _write_yaml(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")


# --------------------------------------------------------------------------- the runner


def run(framework: str, args: argparse.Namespace, out: Path) -> None:
    """Run all tasks with a framework; what is in `results.csv` is passed over."""
    given = ["local", constraint(args.seconds, args.cores), "-u", str(out / "user")]
    setup = ["-s", "auto" if framework in NO_SETUP else "skip"]
    resume = ["--resume"] if (out / "results.csv").is_file() else []
    own = {"AUTOML_KERAS_PYTHON": str(Path(args.python).absolute())}
    _runner(args, out, own, framework, *given, *setup, *resume)


def set_up(framework: str, args: argparse.Namespace, out: Path) -> bool:
    """Let the runner set a framework up, where that has not been done; whether it is set up now."""
    mark = Path(args.amlb) / "frameworks" / framework / ".setup" / "installed"
    if framework in (OURS, *NO_SETUP) or mark.is_file():
        return True
    pins = out / "pins.txt"
    pins.write_text("\n".join(PINS) + "\n", "utf-8")
    _runner(args, out, {"PIP_CONSTRAINT": str(pins)}, framework, "-s", "only")
    return mark.is_file()


def _runner(args: argparse.Namespace, out: Path, own: Mapping[str, str], *given: str) -> None:
    """Call the runner, whose own words go where ours go; what it reached is in its files."""
    command = [str(Path(args.amlb_python).absolute()), str(HERE / "runner.py"), *given, "-o", str(out)]
    subprocess.run(command, cwd=args.amlb, env=os.environ | own, check=False)


# --------------------------------------------------------------------------- scores


def scores(path: Path) -> list[dict[str, str]]:
    """The lines of the runner's `results.csv`, the last one of each framework, task and fold.

    Args:
        path: the file; without it there are none.
    """
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        found = {(line["framework"], line["task"], line["fold"]): line for line in csv.DictReader(file)}
    return list(found.values())


def table(lines: Sequence[Mapping[str, str]], frameworks: Sequence[str]) -> str:
    """A table in Markdown: a row for each task and fold, a column for each framework, the best in bold.

    Args:
        lines: see `scores`. `result` is higher for a better one: losses have a minus.
        frameworks: the columns.
    """
    by_place: dict[tuple[str, int, str], dict[str, str]] = {}
    for line in lines:
        place = (line["task"], int(float(line["fold"])), line["metric"])
        by_place.setdefault(place, {})[line["framework"]] = line["result"]
    rows = [f"| task | fold | metric | {' | '.join(frameworks)} |", "|---" * (len(frameworks) + 3) + "|"]
    for (task, fold, metric), found in sorted(by_place.items()):
        values = {name: float(found[name]) for name in frameworks if found.get(name)}
        best = max(values.values(), default=None)
        cells = [_cell(values.get(name), best) for name in frameworks]
        rows.append(f"| {task} | {fold} | {metric} | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _cell(value: float | None, best: float | None) -> str:
    if value is None:
        return "failed"
    return f"**{value:.4f}**" if value == best else f"{value:.4f}"


def main(given: Sequence[str] | None = None) -> None:
    """Prepare, set up, run and print the table."""
    args = arguments(given)
    for path, what in ((Path(args.amlb) / "runbenchmark.py", "--amlb"), (Path(args.amlb_python), "--amlb-python")):
        if not path.is_file():
            sys.exit(f"{what}: there is no file {path}; see the README beside this script")
    more = json.loads(args.arguments)
    out = Path(args.out).resolve()
    left_out = prepare(out / "user", args.tasks, args.folds, args.seconds, args.cores, more)
    frameworks = [OURS, *(name for name in args.anchors.split(",") if name)]
    for framework in list(frameworks):
        if set_up(framework, args, out):
            run(framework, args, out)
        else:
            left_out[framework] = "its set-up in the runner failed"
            frameworks.remove(framework)
    lines = scores(out / "results.csv")
    text = table(lines, frameworks)
    (out / "scores.md").write_text(text, "utf-8")
    failed = {f"{one['framework']} {one['task']} {one['fold']}": one["info"] for one in lines if not one["result"]}
    for name, why in left_out.items():
        print(f"{name}: left out, {why}")
    print(text)
    print(json.dumps({"scores": len(lines) - len(failed), "failed": failed, "left_out": left_out,
                      "results": str(out / "results.csv")}))  # fmt: skip


if __name__ == "__main__":
    main()
