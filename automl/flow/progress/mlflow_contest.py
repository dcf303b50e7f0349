"""Logs a finished contest to its MLflow run: what was asked for, the verdict, figures, the report and the model.

The model is of MLflow's flavour ``python_function`` with a loader module: its files are those of the bundle, and no
object of ours is pickled. Whoever loads it needs automl, which opens the bundle as `automl.load` does.
"""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from automl._version import __version__

__all__ = ["log_contest"]

LOADER = "automl.mlflow_model"
FILES = ("report.html", "report.md", "result.json", "recipe.yaml", "environment.json")
LONGEST, LONGEST_KEY = 500, 250
MODEL = "model"


def log_contest(client: Any, run_id: str, folder: Path, result: Mapping[str, Any]) -> None:
    """Log a contest.

    Args:
        client: an ``MlflowClient``.
        run_id: of the contest's run.
        folder: of the finished run.
        result: content of ``result.json``.
    """
    for key, value in {_key(key): value for key, value in _params(result).items()}.items():
        client.log_param(run_id, key, str(value)[:LONGEST])
    for key, value in _metrics(result).items():
        client.log_metric(run_id, key, value)
    for key in ("verdict", "reason", "champion", "recommended", "stopped", "decided_by"):
        client.set_tag(run_id, key, str(result.get(key)))
    client.set_tag(run_id, "trust", str(result["trust"]["level"]))
    for name in FILES:
        if (folder / name).is_file():
            client.log_artifact(run_id, str(folder / name))
    if (folder / "model" / "bundle.json").is_file():
        _log_model(client, run_id, folder / "model")


def _key(name: str) -> str:
    """A name as MLflow takes it: a column's may hold what it refuses, such as "price ($)"."""
    return re.sub(r"[^\w.\- :/]", "_", name)[:LONGEST_KEY]


def _params(result: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe's keys, those under another key with its name before them; then the task and the data."""
    asked = yaml.safe_load(str(result.get("recipe") or "")) or {}
    made: dict[str, Any] = {}
    for key, value in asked.items():
        made |= {f"{key}.{name}": one for name, one in value.items()} if isinstance(value, dict) else {key: value}
    task, split = result["task"], result["split"]
    return {
        **made, "goal": task["goal"], "modality": task["modality"], "metric": task["metric"],
        "target": ", ".join(task["target"]), "fingerprint": result["fingerprint"],
        **{key: split[key] for key in ("n_train", "n_valid", "n_test")}, "automl_version": result["automl_version"],
    }  # fmt: skip


def _metrics(result: Mapping[str, Any]) -> dict[str, float]:
    low, high = result["interval"] or (None, None)
    found: dict[str, Any] = {
        "gain": result["gain"], "gain_low": low, "gain_high": high, "wall_seconds": result["wall_seconds"],
    }  # fmt: skip
    for run in result["runs"]:
        if run["test_score"] is not None:
            side = run["side"]
            found |= {f"test_score/{side}": run["test_score"], f"predict_ms/{side}": run["predict_ms"],
                      f"fit_seconds/{side}": run["fit_seconds"]}  # fmt: skip
        if run["name"] == result["recommended"]:
            found["recommended_score"] = run["test_score"]
    for row in (result.get("tradeoff") or {}).get("metrics", {}).get("rows", []):
        found |= {f"{row['metric']}/{side}": row.get(side) for side in ("deep", "shallow")}
    return {key: float(value) for key, value in found.items() if value is not None and math.isfinite(value)}


def _log_model(client: Any, run_id: str, bundle: Path) -> None:
    import mlflow.pyfunc

    with tempfile.TemporaryDirectory(prefix="automl-mlflow-") as place:
        made = Path(place) / MODEL
        mlflow.pyfunc.save_model(
            str(made), loader_module=LOADER, data_path=str(bundle), pip_requirements=[f"automl-keras=={__version__}"]
        )
        client.log_artifacts(run_id, str(made), MODEL)
