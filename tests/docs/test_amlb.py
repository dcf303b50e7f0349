"""The framework folder of the AutoML benchmark; the modules of the benchmark are fakes with the same calls."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
import yaml

import automl
from automl import recipe
from automl.metrics import METRICS

FOLDER = Path(__file__).resolve().parents[2] / "integrations" / "amlb"


def loaded(name):
    path = FOLDER / "extensions" / "automl_keras" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"amlb_{name.strip('_')}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def shared(monkeypatch, tmp_path):
    """The modules of the benchmark, and what was handed to them."""
    seen = {}
    callee, caller = ModuleType("frameworks.shared.callee"), ModuleType("frameworks.shared.caller")
    callee.result = lambda **found: seen.update(found) or found
    callee.output_subdir = lambda name, config: str(tmp_path / name)
    caller.run_in_venv = lambda *given, **named: seen.update(named) or "done"
    for name, module in {
        "frameworks": ModuleType("frameworks"), "frameworks.shared": ModuleType("frameworks.shared"),
        "frameworks.shared.callee": callee, "frameworks.shared.caller": caller,
    }.items():  # fmt: skip
        monkeypatch.setitem(sys.modules, name, module)
    (tmp_path / "artifacts").mkdir()
    return seen


def config(**more):
    return SimpleNamespace(
        **{"metric": "auc", "max_runtime_seconds": 60, "seed": 2**33 + 5, "max_mem_size_mb": 4096, "cores": 2,
           "framework_params": {"_save_artifacts": ["leaderboard"]}, "type": "classification",
           "output_predictions_file": "predictions.csv", **more}
    )  # fmt: skip


def test_the_arguments_are_those_of_the_task():
    made = loaded("exec").arguments(config(framework_params={"_own": 1, "min_gain": 0.1}), "binary", "y")
    asked = recipe.make(data=pd.DataFrame({"y": [1]}), **made)
    assert (asked.budget_seconds, asked.metric, asked.seed, asked.min_gain) == (60.0, "roc_auc", 5, 0.1)
    assert asked.search.memory_mib == 4096 and asked.goal == "binary" and asked.analysis == 0


def test_every_metric_is_one_of_automl():
    assert set(loaded("exec").METRICS.values()) <= set(METRICS)


def test_tasks_of_time_series_are_refused():
    with pytest.raises(ValueError, match="'timeseries'"):
        loaded("exec").arguments(config(), "timeseries", "y")


class Result:
    """What `automl.fit` returns, of a model that always says the same."""

    result: ClassVar = {
        "runs": [1, 2],
        "verdict": "tie",
        "reason": "equivalent",
        "gain": 0.0,
        "recommended": "linear-1",
    }

    def predict(self, rows):
        return pd.Series([1] * len(rows))

    def predict_proba(self, rows):
        return pd.DataFrame({0: [0.25] * len(rows), 1: [0.75] * len(rows)})

    def leaderboard(self):
        return pd.DataFrame({"model": ["linear"]})


def test_a_task_is_run_and_its_labels_are_words(shared, monkeypatch, tmp_path):
    rows = pd.DataFrame({"a": [1.0, 2.0], "y": ["0", "1"]})
    for part in ("train", "test"):
        rows.to_parquet(tmp_path / f"{part}.parquet")
    asked = {}
    monkeypatch.setattr(automl, "fit", lambda data, **named: asked.update(named, data=data) or Result(), raising=False)
    dataset = SimpleNamespace(
        train=SimpleNamespace(path=tmp_path / "train.parquet"), test=SimpleNamespace(path=tmp_path / "test.parquet"),
        target=SimpleNamespace(name="y", classes=["0", "1"]), problem_type="binary",
    )  # fmt: skip
    loaded("exec").run(dataset, config())
    assert asked["data"].equals(rows) and asked["target"] == "y" and "test" not in asked
    assert shared["predictions"].tolist() == ["1", "1"] and shared["probabilities_labels"] == ["0", "1"]
    np.testing.assert_array_equal(shared["probabilities"], [[0.25, 0.75]] * 2)
    assert shared["predictions"].dtype.kind == "U"  # an array of objects would be a pickle of NumPy 2
    assert "truth" not in shared and shared["models_count"] == 2  # the runner has the truth itself
    assert (tmp_path / "artifacts" / "leaderboard.csv").is_file()


def test_the_runner_hands_over_paths_and_needs_an_environment(shared, monkeypatch):
    part = SimpleNamespace(data_path=lambda form: f"rows.{form}")
    dataset = SimpleNamespace(
        train=part, test=part, target=SimpleNamespace(name="y", values=["a"]), type=SimpleNamespace(name="binary")
    )
    runner = loaded("__init__")
    monkeypatch.delenv("AUTOML_KERAS_PYTHON", raising=False)
    with pytest.raises(RuntimeError, match="AUTOML_KERAS_PYTHON"):
        runner.run(dataset, config())
    monkeypatch.setenv("AUTOML_KERAS_PYTHON", "python")
    assert runner.run(dataset, config()) == "done"
    assert shared["input_data"]["train"] == {"path": "rows.parquet"} and shared["python_exec"] == "python"


def test_the_definitions_are_those_that_the_runner_reads():
    defined = yaml.safe_load((FOLDER / "frameworks.yaml").read_text())["automl_keras"]
    assert defined["module"] == "extensions.automl_keras"
    assert not [name for name in defined["params"] if not name.startswith("_")]  # nothing is tuned to the benchmark
    tasks = yaml.safe_load((FOLDER / "benchmarks" / "offline.yaml").read_text())
    assert all({"train", "test", "target", "type"} <= set(task["dataset"]) for task in tasks[1:])
