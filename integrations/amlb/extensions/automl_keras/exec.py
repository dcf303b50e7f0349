"""Runs one task of the AutoML benchmark with automl, in an environment of automl's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

METRICS = {
    "auc": "roc_auc", "logloss": "log_loss", "acc": "accuracy", "balacc": "balanced_accuracy", "f1": "f1",
    "rmse": "rmse", "mae": "mae", "r2": "r2",
}  # fmt: skip
"""The benchmark's names of metrics → automl's. For others automl decides by the goal's default."""
GOALS = {"binary": "binary", "multiclass": "multiclass", "regression": "regression"}
WAIT_SECONDS = 2


def arguments(config: Any, problem_type: str, target: str) -> dict[str, Any]:
    """Arguments of `automl.fit` for a task: its time, memory, seed and metric, and nothing that is tuned to it.

    Args:
        config: the task's settings.
        problem_type: "binary", "multiclass" or "regression".
        target: name of the target column.

    Raises:
        ValueError: the task is of another type.
    """
    if problem_type not in GOALS:
        raise ValueError(f"expected a task of type {', '.join(GOALS)}, got {problem_type!r}: choose other tasks")
    own = {name: value for name, value in (config.framework_params or {}).items() if not name.startswith("_")}
    made: dict[str, Any] = {
        "target": target, "goal": GOALS[problem_type], "metric": METRICS.get(config.metric),
        "budget": float(config.max_runtime_seconds), "seed": int(config.seed) % 2**31, "analysis": 0.0, "quiet": True,
    }  # fmt: skip
    if config.max_mem_size_mb:
        made["search"] = {"memory": f"{config.max_mem_size_mb / 1024:.2f}GB"}
    return {**made, **own}


def predictions(result: Any, rows: Any, is_classification: bool) -> dict[str, Any]:
    """Labels or values of the rows and, for classes, their probabilities, in the form that the benchmark takes."""
    if not is_classification:
        return {"predictions": result.predict(rows).to_numpy(), "probabilities": None, "probabilities_labels": None}
    shares = result.predict_proba(rows)
    return {
        # An array of objects would be pickled, and the runner's older NumPy cannot read the pickles of NumPy 2.
        "predictions": result.predict(rows).to_numpy(dtype=str),
        "probabilities": shares.to_numpy(),
        "probabilities_labels": [str(name) for name in shares.columns],
    }


def run(dataset: Any, config: Any) -> Any:
    """Fit a contest on the task's training rows, and predict its test rows with the recommended model.

    Args:
        dataset: paths of both parts, name and classes of the target, and the problem's type.
        config: the task's settings.
    """
    os.environ.setdefault("OMP_NUM_THREADS", str(config.cores))
    import pandas as pd
    from frameworks.shared.callee import output_subdir, result

    import automl

    train, test = pd.read_parquet(dataset.train.path), pd.read_parquet(dataset.test.path)
    target = dataset.target.name
    folder = Path(output_subdir("contest", config)) / "run"
    begun = time.monotonic()
    made = automl.fit(train, out=folder, **arguments(config, dataset.problem_type, target))
    trained = time.monotonic()
    found = predictions(made, test.drop(columns=target), config.type == "classification")
    ended = time.monotonic()
    if "leaderboard" in (config.framework_params or {}).get("_save_artifacts", ()):
        made.leaderboard().to_csv(Path(output_subdir("artifacts", config)) / "leaderboard.csv", index=False)
    kept = {name: made.result.get(name) for name in ("verdict", "reason", "gain", "recommended")}
    return result(
        output_file=config.output_predictions_file, target_is_encoded=False,
        models_count=len(made.result["runs"]), training_duration=trained - begun, predict_duration=ended - trained,
        contest=json.dumps(kept), **found,
    )  # fmt: skip


if __name__ == "__main__":
    from frameworks.shared.callee import call_run

    call_run(run)
    # The runner takes closed pipes for the end and asks at once for the exit code, which the system may not have yet:
    # it then reports a timeout. A process that outlives this one keeps the pipes open.
    subprocess.Popen(["sleep", str(WAIT_SECONDS)], start_new_session=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
