"""Local tables as TabArena's own tasks, which need none of its servers: rows, their parts, and a table of errors.

Source: TabArena, examples/benchmarking/run_quickstart_tabarena_custom_datasets.py and
packages/tabarena/src/tabarena/benchmark/task/user_task.py (autogluon/tabarena, August 2026).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import leaderboard_sets as sets  # it lies beside the other benchmarks

__all__ = ["Rows", "errors", "load", "run", "table", "typed"]

MOST_LEVELS = 100
"""A column of words with more different values is text to TabArena, with fewer a category."""
NOT_INSTALLED = "TabArena is not installed here; see the README beside this file"
Rows = tuple[dict[str, Any], pd.DataFrame, np.ndarray]
"""An entry of the catalog, all rows, and which of them are test rows."""


def typed(frame: pd.DataFrame, target: str, is_classification: bool, date: str | None) -> pd.DataFrame:
    """The rows in the types that TabArena takes: numbers, categories, texts and dates.

    Args:
        frame: rows as read from CSV.
        target: name of the target; it becomes a category where classes are predicted.
        is_classification: whether they are.
        date: name of a column of dates.
    """
    made = frame.copy()
    for name in made.columns:
        if name == date:
            made[name] = pd.to_datetime(made[name], errors="coerce")
        elif name == target:
            made[name] = made[name].astype("category") if is_classification else made[name]
        elif not pd.api.types.is_numeric_dtype(made[name]) or pd.api.types.is_bool_dtype(made[name]):
            made[name] = made[name].astype("category" if made[name].nunique() <= MOST_LEVELS else "string")
    return made


def load(folder: Path, chosen: Iterable[str], seed: int) -> tuple[list[Rows], dict[str, str]]:
    """Read tables and part their rows as `benchmarks/leaderboard.py` does.

    Args:
        folder: where the parted rows are written.
        chosen: ``path:target`` or paths of YAML files with a list of sets.
        seed: of the parting, where an entry names no test rows.

    Returns:
        The rows of each table, and by name why one cannot be used.
    """
    catalog, unusable = sets.write(folder, sets.entries(chosen), seed)
    found = []
    for entry in catalog:
        frame = pd.read_csv(folder / entry["file"], low_memory=False)
        is_test = np.load(folder / "splits" / f"{entry['name']}.npy") == 1
        found.append((entry, typed(frame, entry["target"], entry["metric"] != "r2", entry.get("date")), is_test))
    return found, unusable


def run(rows: Sequence[Rows], experiments: Sequence[Any], out: Path) -> list[dict[str, Any]]:
    """Run experiments on tables through TabArena, in this process; what lies in `out` is not run again.

    Args:
        rows: see `load`.
        experiments: what `build_experiments` of TabArena's bundles returns.
        out: folder of tasks and results.

    Returns:
        TabArena's results, one for each experiment and table.

    Raises:
        ImportError: TabArena is not installed.
    """
    try:
        from tabarena.benchmark.task import UserTask
        from tabarena.benchmark.task.metadata import TaskMetadataCollection
        from tabarena.contexts import AbstractArenaContext
    except ImportError as error:
        raise ImportError(NOT_INSTALLED) from error

    tasks, described = [], []
    for entry, frame, is_test in rows:
        # The name tells the rows too: TabArena finds earlier results by it.
        task = UserTask(task_name=f"{entry['name']}/{entry['fingerprint']}", task_cache_path=out / "tasks")
        made = task.create_task(
            dataset=frame, target_feature=entry["target"], dataset_name=entry["name"],
            problem_type="regression" if entry["metric"] == "r2" else "classification",
            splits={0: {0: (np.flatnonzero(~is_test).tolist(), np.flatnonzero(is_test).tolist())}},
        )  # fmt: skip
        task.save_task(made)
        tasks.append(task)
        described.append(made.metadata)
    context = AbstractArenaContext(task_metadata=TaskMetadataCollection.from_source(described), methods=[])
    found: list[dict[str, Any]] = context.build_and_run_jobs(
        list(experiments), expname=str(out / "runs"), user_tasks=tasks, register=False, debug_mode=True
    )
    return found


def errors(results: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of each result its table, metric, system, TabArena's error (lower is better) and seconds of training."""
    return [
        {
            # TabArena writes a hash behind the name.
            "set": str(one["task_metadata"]["name"]).rpartition("-")[0],
            "metric": str(one["metric"]), "system": str(one["framework"]),
            "error": float(one["metric_error"]), "train_seconds": float(one["time_train_s"]),
            "predict_seconds": float(one["time_infer_s"]),
        }
        for one in results
    ]  # fmt: skip


def table(lines: Sequence[Mapping[str, Any]]) -> str:
    """Errors in Markdown: a row for each table, a column for each system with its seconds, the best in bold."""
    systems = list(dict.fromkeys(line["system"] for line in lines))
    rows = [f"| set | error | {' | '.join(systems)} |", "|---" * (len(systems) + 2) + "|"]
    for name in dict.fromkeys(line["set"] for line in lines):
        found = {line["system"]: line for line in lines if line["set"] == name}
        best = min(line["error"] for line in found.values())
        cells = [_cell(found.get(system), best) for system in systems]
        rows.append(f"| {name} | {next(iter(found.values()))['metric']} | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _cell(line: Mapping[str, Any] | None, best: float) -> str:
    if line is None:
        return "failed"
    mark = "**" if line["error"] == best else ""
    return f"{mark}{line['error']:.4f}{mark} ({line['train_seconds']:.0f} s)"
