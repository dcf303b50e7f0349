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
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from fev_format import FevTask, Window, frame_of, read, windows
from fev_metrics import METRICS, Case

__all__ = ["Forecast", "Forecaster", "frame_of", "ours", "read", "summary", "windows", "write"]

FEV_VERSION = "0.6.0"
"""The oldest fev whose summaries these are comparable with (`LAST_BREAKING_VERSION` of its analysis)."""

Forecast = dict[str, np.ndarray]
"""By "predictions" and by quantile level as text, values of shape (n_series, horizon, n_targets)."""
Forecaster = Callable[[FevTask, Sequence[Window]], tuple[list[Forecast], float, float]]
"""From a task and its windows to a forecast of each, seconds of training and seconds of predicting."""


# --------------------------------------------------------------------------- ours


def ours(seconds: int, seed: int) -> Forecaster:
    """Our forecasts: one contest on what lies before the first cutoff, its recommended model on every window."""

    def forecast(task: FevTask, parts: Sequence[Window]) -> tuple[list[Forecast], float, float]:
        import automl

        begun = time.monotonic()
        several = any(part.past[task.id_column].nunique() > 1 for part in parts)
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
