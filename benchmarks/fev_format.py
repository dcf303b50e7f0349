"""Tasks of forecasts in fev's format: their fields, their datasets in local files, and their windows.

Source: autogluon/fev, src/fev/task.py and benchmark.py (Apache-2.0); see `fev_tasks.py` for what is not read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from fev_metrics import METRICS, NEED_QUANTILES

__all__ = ["FevTask", "Window", "frame_of", "read", "windows"]

RENAMED = {
    "num_rolling_windows": "num_windows", "rolling_step_size": "window_step_size", "cutoff": "initial_cutoff",
    "target_column": "target", "multiple_target_columns": "generate_univariate_targets_from",
}  # fmt: skip
OURS = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class FevTask:
    """The fields of `fev.Task`, in its order and with its defaults."""

    dataset_path: str
    dataset_config: str | None = None
    horizon: int = 1
    num_windows: int = 1
    initial_cutoff: int | None = None
    window_step_size: int | None = None
    min_context_length: int = 1
    max_context_length: int | None = None
    seasonality: int = 1
    eval_metric: str = "MASE"
    extra_metrics: list[str] = field(default_factory=list)
    quantile_levels: list[float] = field(default_factory=list)
    id_column: str = "id"
    timestamp_column: str = "timestamp"
    target: str | list[str] = "target"
    generate_univariate_targets_from: list[str] | None = None
    known_dynamic_columns: list[str] = field(default_factory=list)
    past_dynamic_columns: list[str] = field(default_factory=list)
    static_columns: list[str] = field(default_factory=list)
    task_name: str | None = None

    @property
    def targets(self) -> list[str]:
        """Names of the targets."""
        return [self.target] if isinstance(self.target, str) else list(self.target)

    @property
    def covariates(self) -> list[str]:
        """Names of all columns beside series, time and targets."""
        return [*self.known_dynamic_columns, *self.past_dynamic_columns, *self.static_columns]


@dataclass(frozen=True)
class Window:
    """One window of a task.

    Attributes:
        past: the rows before the cutoff, all columns.
        future: the `horizon` rows after it: series, time, and covariates known beforehand.
        truth: targets of these rows, shape (n_series, horizon, n_targets).
    """

    past: pd.DataFrame
    future: pd.DataFrame
    truth: np.ndarray


def read(path: Path) -> list[FevTask]:
    """The tasks of a file, with fev's defaults filled in.

    Raises:
        ValueError: the file holds no tasks, or one that cannot be run here.
    """
    content = yaml.safe_load(path.read_text("utf-8"))
    listed = content.get("tasks") if isinstance(content, dict) else None
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise ValueError(f"{path}: expected a key 'tasks' with a list of mappings, as fev.Benchmark.from_yaml reads")
    return [_task(one, place) for place, one in enumerate(listed, 1)]


def _task(given: Mapping[str, Any], place: int) -> FevTask:
    named = {RENAMED.get(key, key): value for key, value in given.items() if key != "lead_time"}
    unknown = sorted(set(named) - {one.name for one in fields(FevTask)})
    if unknown or "dataset_path" not in named:
        raise ValueError(f"task {place}: " + (f"unknown field {unknown[0]!r}" if unknown else "no dataset_path"))
    task = FevTask(**named)
    step = task.horizon if task.window_step_size is None else task.window_step_size
    fault = _fault(task, step)
    if fault:
        raise ValueError(f"task {place} ({task.dataset_path}): {fault}")
    last = -task.horizon - (task.num_windows - 1) * step
    cutoff = last if task.initial_cutoff is None else task.initial_cutoff
    if last < cutoff < 0:
        raise ValueError(f"task {place}: initial_cutoff {cutoff} leaves no room for all windows; at most {last}")
    name = task.task_name or "/".join(Path(task.dataset_path).parts[-3:-1]) or Path(task.dataset_path).stem
    return FevTask(**asdict(task) | {
        "initial_cutoff": cutoff, "window_step_size": step, "task_name": name,
        "quantile_levels": sorted(task.quantile_levels),
        "target": task.target if isinstance(task.target, str) else sorted(task.target),
        **{key: sorted(getattr(task, key))
           for key in ("known_dynamic_columns", "past_dynamic_columns", "static_columns")},
    })  # fmt: skip


def _fault(task: FevTask, step: Any) -> str:
    """Why a task cannot be run here; empty if it can."""
    if task.dataset_config is not None or "://" in task.dataset_path:
        return "only local files are read; load the dataset and save it as Parquet"
    if task.generate_univariate_targets_from:
        return "generate_univariate_targets_from is not supported; write one task for each target"
    if not all(isinstance(value, int) for value in (step, task.initial_cutoff or 0)):
        return "cutoffs and steps are numbers of rows here; dates are not supported"
    if min(task.horizon, task.num_windows, step, task.min_context_length) < 1:
        return "horizon, num_windows, window_step_size and min_context_length are at least 1"
    metrics = [task.eval_metric, *task.extra_metrics]
    unknown = [name for name in metrics if not isinstance(name, str) or name.upper() not in METRICS]
    if unknown:
        return f"metric {unknown[0]!r} is none of {', '.join(METRICS)}"
    if not task.quantile_levels and any(name.upper() in NEED_QUANTILES for name in metrics):
        return "a quantile metric needs quantile_levels"
    other = [level for level in task.quantile_levels if level not in OURS]
    return (
        f"quantile level {other[0]} is none of {', '.join(map(str, OURS))}, which our models predict" if other else ""
    )


def frame_of(task: FevTask, folder: Path) -> pd.DataFrame:
    """The dataset of a task, a row a step, sorted by series (as text) and time.

    Raises:
        ValueError: the file's form is unknown, or a column is missing.
    """
    path = folder / task.dataset_path
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path)
    elif path.suffix in (".json", ".jsonl"):
        text = path.read_text("utf-8")
        whole = text.lstrip().startswith("[")
        frame = pd.DataFrame(json.loads(text) if whole else [json.loads(line) for line in text.splitlines() if line])
    elif ".csv" in path.suffixes:
        frame = pd.read_csv(path)
    else:
        raise ValueError(f"{path}: expected .parquet, .csv, .json or .jsonl")
    wanted = [task.id_column, task.timestamp_column, *task.targets, *task.covariates]
    missing = [name for name in wanted if name not in frame.columns]
    if missing:
        raise ValueError(f"{path} has no column {missing[0]!r}; it has {', '.join(map(str, frame.columns))}")
    frame = frame[wanted]
    if len(frame) and isinstance(frame[task.timestamp_column].iloc[0], list | np.ndarray):
        listed = [task.timestamp_column, *task.targets, *task.known_dynamic_columns, *task.past_dynamic_columns]
        frame = frame.explode(listed, ignore_index=True)
        frame = frame.astype(dict.fromkeys(task.targets, float)).infer_objects()
    frame[task.id_column] = frame[task.id_column].astype(str)
    frame[task.timestamp_column] = pd.to_datetime(frame[task.timestamp_column])
    return frame.sort_values([task.id_column, task.timestamp_column], kind="stable", ignore_index=True)


def windows(task: FevTask, frame: pd.DataFrame) -> list[Window]:
    """The windows of a task; a series that is too short for one is left out of it, as fev does.

    Raises:
        ValueError: all series are too short for a window.
    """
    found = []
    groups = [part for _, part in frame.groupby(task.id_column, sort=False)]
    for place in range(task.num_windows):
        at = (task.initial_cutoff or 0) + place * (task.window_step_size or task.horizon)
        parts = []
        for part in groups:
            end = at if at >= 0 else len(part) + at
            if end >= task.min_context_length and end + task.horizon <= len(part):
                begin = 0 if task.max_context_length is None else max(0, end - task.max_context_length)
                parts.append((part.iloc[begin:end], part.iloc[end : end + task.horizon]))
        if not parts:
            raise ValueError(f"{task.task_name}: all series are too short for the window at {at}")
        ahead = pd.concat([future for _, future in parts], ignore_index=True)
        truth = ahead[task.targets].to_numpy(float).reshape(len(parts), task.horizon, len(task.targets))
        past = pd.concat([past for past, _ in parts], ignore_index=True)
        hidden = [*task.targets, *task.past_dynamic_columns]
        found.append(Window(past, ahead.drop(columns=hidden), truth))
    return found
