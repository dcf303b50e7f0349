"""Forecasts of local tasks through fev itself: it reads, parts and scores, and its leaderboard is printed.

    python benchmarks/fev_library.py tasks.yaml [--out summary.csv] [--seconds 60] [--seed 0]
        [--models automl,seasonal_naive]

Needs an environment with automl and fev (`pip install fev`, or from a clone of autogluon/fev). `fev_tasks.py` runs the
same tasks without it. What fev allows beyond that reader runs here too: cutoffs as dates,
`generate_univariate_targets_from`, and its other metrics. Datasets are local Parquet or Arrow files, their paths
relative to the file of tasks; a hub is not asked. Quantile levels other than 0.1, 0.5 and 0.9 are refused.

The same forecasts are also scored by `fev_metrics.py`. The last line printed is JSON; `largest_difference` in it is the
largest relative difference between the two, over all tasks, models and metrics.
Source: autogluon/fev 0.9.0, src/fev/task.py, adapters.py and analysis.py.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
import yaml
from fev_format import OURS, FevTask, Window
from fev_metrics import METRICS, Case
from fev_tasks import Forecast, Forecaster, ours, write

__all__ = ["scored", "seasonal_naive", "tasks_of", "windows_of"]


def tasks_of(path: Path) -> list[Any]:
    """The tasks of a file, as `fev.Task`.

    Args:
        path: a YAML file with a key ``tasks``.

    Raises:
        ImportError: fev is not installed.
        ValueError: the file holds no tasks, one of a hub, or one with other quantile levels than ours.
    """
    try:
        import fev
    except ImportError as error:
        raise ImportError("fev is not installed here: pip install fev, or use benchmarks/fev_tasks.py") from error
    content = yaml.safe_load(path.read_text("utf-8"))
    listed = content.get("tasks") if isinstance(content, dict) else None
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise ValueError(f"{path}: expected a key 'tasks' with a list of mappings, as fev.Benchmark.from_yaml reads")
    found = []
    for place, one in enumerate(listed, 1):
        if one.get("dataset_config") is not None or "://" in str(one.get("dataset_path", "")):
            raise ValueError(f"task {place}: only local files are read; load the dataset and save it as Parquet")
        local = str((path.parent / str(one["dataset_path"])).resolve())
        task = fev.Task(**{**one, "dataset_path": local, "task_name": one.get("task_name") or Path(local).stem})
        other = [level for level in task.quantile_levels if level not in OURS]
        if other:
            raise ValueError(f"task {place}: quantile level {other[0]} is none of {', '.join(map(str, OURS))}")
        found.append(task)
    return found


def windows_of(task: Any) -> tuple[FevTask, list[Window]]:
    """What fev gives a model of a task, in the form that our forecasters take, without the truth.

    Args:
        task: a `fev.Task`.
    """
    import fev

    task.load_full_dataset(num_proc=1)
    told = {name: value for name, value in task.to_dict().items() if name != "generate_univariate_targets_from"}
    found = []
    for window in task.iter_windows(num_proc=1):
        past, future, static = fev.convert_input_data(window, adapter="pandas")
        parts = [part if static is None else part.merge(static, on=task.id_column) for part in (past, future)]
        for part in parts:
            part[task.id_column] = part[task.id_column].astype(str)
            part[task.timestamp_column] = pd.to_datetime(part[task.timestamp_column])
        found.append(Window(parts[0], parts[1], np.empty(0)))
    return FevTask(**told), found


def seasonal_naive(task: FevTask, parts: Sequence[Window]) -> tuple[list[Forecast], float, float]:
    """The value a season ago, and normal quantiles about it.

    The deviation of the changes over a season, times the root of the number of seasons ahead.
    Source: Hyndman and Athanasopoulos, Forecasting: Principles and Practice (3rd ed., 2021), sections 5.2 and 5.5.
    """
    found = []
    steps = np.arange(task.horizon)
    for part in parts:
        values, widths = [], []
        for _, past in part.past.groupby(task.id_column, sort=False):
            series = past[task.targets].ffill().bfill().fillna(0.0).to_numpy(float)  # (t, d)
            season = task.seasonality if len(series) > task.seasonality else 1
            last = series[-season:]
            values.append(last[steps % len(last)])
            changes = series[season:] - series[:-season]
            spread = np.sqrt((changes**2).mean(axis=0)) if len(changes) else np.zeros(len(task.targets))
            widths.append(spread * np.sqrt(steps // season + 1.0)[:, None])
        points, wide = np.stack(values), np.stack(widths)
        levels = {str(level): points + NormalDist().inv_cdf(level) * wide for level in task.quantile_levels}
        found.append({"predictions": points, **levels})
    return found, 0.0, 0.0


def scored(task: Any, name: str, forecaster: Forecaster) -> tuple[dict[str, Any], float]:
    """fev's summary of one task, and the largest relative difference between its scores and ours.

    Args:
        task: a `fev.Task`.
        name: of the model.
        forecaster: what forecasts.

    Raises:
        ValueError: fev refuses the forecasts.
    """
    known, parts = windows_of(task)
    forecasts, training, inference = forecaster(known, parts)
    keys = ["predictions", *map(str, task.quantile_levels)]
    given = [
        {target: [{key: one[key][row, :, place].tolist() for key in keys} for row in range(len(one["predictions"]))]
         for place, target in enumerate(known.targets)}
        for one in forecasts
    ]  # fmt: skip
    summary: dict[str, Any] = task.evaluation_summary(
        given, model_name=name, training_time_s=training, inference_time_s=inference
    )
    return summary, _difference(task, known, parts, forecasts, summary)


def _difference(
    task: Any, known: FevTask, parts: Sequence[Window], forecasts: Sequence[Forecast], summary: Mapping[str, Any]
) -> float:
    """The largest relative difference between fev's means over windows and those by `fev_metrics.py`."""
    cases = []
    for window, part, forecast in zip(task.iter_windows(num_proc=1), parts, forecasts, strict=True):
        truth = window.get_ground_truth().with_format(None)  # as NumPy it would be of single precision
        values = np.stack([np.array(list(truth[name]), float) for name in known.targets], axis=-1)
        pasts = [past[known.targets].to_numpy(float) for _, past in part.past.groupby(known.id_column, sort=False)]
        cases.append(Case(values, forecast, pasts, known.seasonality, known.quantile_levels))
    largest = 0.0
    for metric in [known.eval_metric, *known.extra_metrics]:
        if isinstance(metric, str) and metric.upper() in METRICS:
            own = float(np.mean([METRICS[metric.upper()](case) for case in cases]))
            theirs = float(summary[metric.upper()])
            largest = max(largest, abs(own - theirs) / max(abs(theirs), 1e-12))
    return largest


def main() -> None:
    """Run the models on the tasks, write fev's summaries and print its leaderboard."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", help="a YAML file in fev's format")
    parser.add_argument("--out", default="summary.csv")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--models", default="automl,seasonal_naive")
    args = parser.parse_args()
    models: dict[str, Forecaster] = {"automl": ours(args.seconds, args.seed), "seasonal_naive": seasonal_naive}
    chosen = args.models.split(",")
    if not set(chosen) <= set(models):
        sys.exit(f"--models {args.models}: expected some of {', '.join(models)}")
    try:
        tasks = tasks_of(Path(args.tasks))
    except (ImportError, OSError, ValueError, TypeError, yaml.YAMLError) as error:
        sys.exit(f"{args.tasks}: {error}")
    summaries, failed, largest = [], {}, 0.0
    for task in tasks:
        for name in chosen:
            try:
                summary, difference = scored(task, name, models[name])
            except Exception as error:  # one task's failure ends no other
                failed[f"{task.task_name} {name}"] = f"{type(error).__name__}: {error}".splitlines()[0]
                print(f"{task.task_name} {name}: failed, {failed[f'{task.task_name} {name}']}", flush=True)
                continue
            summaries.append(summary)
            largest = max(largest, difference)
            print(f"{task.task_name:<20}{name:<16}{summary['test_error']:.4f}", flush=True)
            write(Path(args.out), summaries)
    if len(chosen) > 1 and summaries and not failed:
        import fev

        print(fev.leaderboard(pd.DataFrame(summaries), baseline_model=chosen[-1]).to_string())
    scores = [{"task": one["task_name"], "model": one["model_name"], "test_error": one["test_error"],
               "training_time_s": one["training_time_s"]} for one in summaries]  # fmt: skip
    print(json.dumps({"scores": scores, "failed": failed, "largest_difference": largest, "out": args.out}))


if __name__ == "__main__":
    main()
