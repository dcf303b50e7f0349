"""Forecasts of local tasks in fev's format, and the summary that fev's analysis reads.

    python benchmarks/fev_tasks.py tasks.yaml --out summary.csv [--seconds 60] [--seed 0] [--name automl]

The file holds a key ``tasks`` with a list of mappings with the fields of `fev.Task`, as `fev.Benchmark.from_yaml`
reads it. A dataset is a local Parquet, CSV or JSON file (an array of records, or a record a line), its path relative to
the file of tasks: long, a row a step, or as fev stores it, a row a series with lists. Each task runs with `automl.fit`
on what lies before its first cutoff; the model then forecasts every window from the rows before it, with the covariates
that are known beforehand. fev allows a fit for each window; one fit is what a deployed model would have. Scores are
computed as fev computes them, and the file has the columns of `Task.evaluation_summary`, so that
`fev.leaderboard(["summary.csv", ...])` reads it beside those of other models.

Not run, and said so: datasets of a hub (``dataset_config``), `generate_univariate_targets_from`, cutoffs and steps
as dates, and quantile levels other than those of our models (0.1 and 0.9; the median is the point forecast).
Source: autogluon/fev, src/fev/task.py, analysis.py and metrics.py (Apache-2.0).
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from fev_metrics import METRICS, NEED_QUANTILES, Case

__all__ = ["FevTask", "Window", "read", "summary", "windows"]

FEV_VERSION = "0.6.0"
"""The oldest fev whose summaries these are comparable with (`LAST_BREAKING_VERSION` of its analysis)."""
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


Forecast = dict[str, np.ndarray]
"""By "predictions" and by quantile level as text, values of shape (n_series, horizon, n_targets)."""
Forecaster = Callable[[FevTask, Sequence[Window]], tuple[list[Forecast], float, float]]
"""From a task and its windows to a forecast of each, seconds of training and seconds of predicting."""


# --------------------------------------------------------------------------- tasks


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


# --------------------------------------------------------------------------- ours


def ours(seconds: int, seed: int) -> Forecaster:
    """Our forecasts: one contest on what lies before the first cutoff, its recommended model on every window."""

    def forecast(task: FevTask, parts: Sequence[Window]) -> tuple[list[Forecast], float, float]:
        import automl

        begun = time.monotonic()
        several = parts[0].past[task.id_column].nunique() > 1
        with tempfile.TemporaryDirectory() as folder:
            fitted = automl.fit(
                parts[0].past if several else parts[0].past.drop(columns=task.id_column), task.targets,
                goal="forecast", horizon=task.horizon, time_column=task.timestamp_column,
                series=task.id_column if several else None, known=task.known_dynamic_columns or None,
                season=task.seasonality if task.seasonality > 1 else None, budget=seconds, seed=seed, quiet=True,
                analysis=0, out=Path(folder) / "run",
            )  # fmt: skip
            trained = time.monotonic()
            found = [_of(fitted.model, task, part, several) for part in parts]
        return found, trained - begun, time.monotonic() - trained

    return forecast


def _of(model: Any, task: FevTask, part: Window, several: bool) -> Forecast:
    """Forecasts of one window in the order of its series.

    Raises:
        ValueError: the model gives other series or steps than the window has.
    """
    series = [task.id_column] if several else []
    beforehand = [*series, task.timestamp_column, *task.known_dynamic_columns]
    past = part.past if several else part.past.drop(columns=task.id_column)
    frame = model.predict(past, future=part.future[beforehand] if task.known_dynamic_columns else None)
    ids = part.future[task.id_column].drop_duplicates()
    if several:
        frame = frame.assign(**{task.id_column: frame[task.id_column].astype(str)})
        frame = frame.sort_values([task.id_column, task.timestamp_column], kind="stable")
    if len(frame) != len(part.future) or (several and list(frame[task.id_column].drop_duplicates()) != list(ids)):
        raise ValueError(f"{task.task_name}: the model gave {len(frame)} steps, the window has {len(part.future)}")
    shape = (len(ids), task.horizon)
    values = np.stack([frame[name].to_numpy(float).reshape(shape) for name in task.targets], axis=-1)
    found = {"predictions": values}
    for level in task.quantile_levels:
        names = [name if level == 0.5 else f"{name}_q{round(100 * level):02d}" for name in task.targets]
        found[str(level)] = np.stack([frame[name].to_numpy(float).reshape(shape) for name in names], axis=-1)
    return found


# --------------------------------------------------------------------------- the summary


def summary(task: FevTask, name: str, forecaster: Forecaster, folder: Path) -> dict[str, Any]:
    """The line of one task, with the columns of `fev.Task.evaluation_summary`.

    Args:
        task: the task.
        name: of the model.
        forecaster: what forecasts; it gets windows without their truth.
        folder: which the path of the dataset is relative to.

    Raises:
        ValueError: a forecast lacks a level, has another shape than the truth, or values that are no numbers.
    """
    frame = frame_of(task, folder)
    parts = windows(task, frame)
    blind = [Window(part.past, part.future, np.empty(0)) for part in parts]
    forecasts, training, inference = forecaster(task, blind)
    metrics = [task.eval_metric, *task.extra_metrics]
    scores: dict[str, list[float]] = {metric.upper(): [] for metric in metrics}
    for part, found in zip(parts, forecasts, strict=True):
        for key in ("predictions", *map(str, task.quantile_levels)):
            if key not in found or found[key].shape != part.truth.shape or not np.isfinite(found[key]).all():
                raise ValueError(f"{task.task_name}: {key!r} is to be numbers of shape {part.truth.shape}")
        pasts = [group[task.targets].to_numpy(float) for _, group in part.past.groupby(task.id_column, sort=False)]
        for metric, own in scores.items():
            own.append(METRICS[metric](Case(part.truth, found, pasts, task.seasonality, task.quantile_levels)))
    means = {metric: float(np.mean(own)) for metric, own in scores.items()}
    return {
        "model_name": name, **asdict(task), "test_error": means[task.eval_metric.upper()],
        "training_time_s": training, "inference_time_s": inference,
        "num_forecasts": sum(part.truth.shape[0] * part.truth.shape[2] for part in parts),
        "dataset_fingerprint": hashlib.sha256(frame.to_csv(index=False).encode()).hexdigest()[:16],
        "trained_on_this_dataset": False, "fev_version": FEV_VERSION, **means,
    }  # fmt: skip


def write(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """Write summaries as CSV in place of an earlier file at once."""
    from automl.storage.files import write_text

    columns = dict.fromkeys(key for line in lines for key in line)
    text = io.StringIO()
    table = csv.DictWriter(text, list(columns), lineterminator="\n")
    table.writeheader()
    table.writerows(lines)
    write_text(path, text.getvalue())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", help="a YAML file in fev's format")
    parser.add_argument("--out", default="summary.csv")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--name", default="automl", help="of the model in the summary")
    args = parser.parse_args()
    try:
        tasks = read(Path(args.tasks))
    except (OSError, ValueError, TypeError, yaml.YAMLError) as error:
        sys.exit(f"{args.tasks}: {error}")
    lines, failed = [], {}
    for task in tasks:
        try:
            lines.append(summary(task, args.name, ours(args.seconds, args.seed), Path(args.tasks).parent))
        except Exception as error:  # one task's failure ends no other
            failed[str(task.task_name)] = f"{type(error).__name__}: {error}".splitlines()[0]
            print(f"{task.task_name}: failed, {failed[str(task.task_name)]}", flush=True)
            continue
        print(f"{task.task_name}: {task.eval_metric} {lines[-1]['test_error']:.4f}", flush=True)
        write(Path(args.out), lines)
    print(json.dumps({"tasks": len(tasks), "failed": failed, "out": args.out,
                      "test_errors": {line["task_name"]: line["test_error"] for line in lines}}))  # fmt: skip


if __name__ == "__main__":
    main()
