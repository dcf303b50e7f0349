"""The client for TabArena: what it asks a contest for, and what it hands back. TabArena itself is not needed."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

import automl
from automl import metrics

FILE = Path(__file__).resolve().parents[2] / "integrations" / "tabarena" / "automl_system.py"
if not FILE.exists():
    pytest.skip("integrations are not installed", allow_module_level=True)


def loaded(name, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(FILE.parent), *sys.path])
    spec = importlib.util.spec_from_file_location(name, FILE.with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def client(monkeypatch):
    return loaded("automl_system", monkeypatch)


@pytest.fixture
def own(monkeypatch):
    return loaded("own_tasks", monkeypatch)


class FakeModel:
    def predict_proba(self, X, on_odd):
        assert on_odd == "ignore"
        return pd.DataFrame({"1": 0.25, "0": 0.75}, index=X.index)

    def side(self, name):
        return f"the {name} side"


def fit(client, monkeypatch, system, **more):
    """Fit with a contest that only notes what it was called with."""
    asked = {}

    def fake(data, target, **options):
        asked.update(options, data=data, target=target)
        return SimpleNamespace(model=FakeModel())

    monkeypatch.setattr(automl, "fit", fake)
    X = pd.DataFrame({"x": [1, 2]}, index=[7, 3])
    options = {"target_name": "y", "problem_type": "binary", "eval_metric": "roc_auc", **more}
    system.fit(X, pd.Series([0, 1], index=[7, 3]), **options)
    return asked


def test_every_metric_of_ours_exists(client):
    assert [name for name in client.METRICS.values() if metrics.find(name) is None] == []
    assert client.metric_of(SimpleNamespace(name="root_mean_squared_error")) == "rmse"
    assert client.metric_of("pinball_loss") is None


def test_a_fit_hands_over_rows_metric_and_limits(client, monkeypatch):
    system = client.System()
    asked = fit(client, monkeypatch, system, time_limit=100, random_state=4, group=["a", "b"], time="day")
    assert (asked["goal"], asked["metric"], asked["seed"]) == ("binary", "roc_auc", 4)
    assert asked["budget"] == pytest.approx(95) and asked["time_column"] == "day" and asked["group"] is None
    assert list(asked["data"]) == ["x", "y"] and asked["target"] == "y"
    folder = Path(system.folder)
    system.cleanup()
    assert not folder.exists()


def test_probabilities_have_the_classes_of_the_training_rows(client, monkeypatch):
    system = client.System()
    fit(client, monkeypatch, system)
    found = system.predict_proba(pd.DataFrame({"x": [5]}, index=[9]), [0, 1])
    assert found.index.tolist() == [9] and found.columns.tolist() == [0, 1] and found.iloc[0].tolist() == [0.75, 0.25]
    with pytest.raises(ValueError, match="knows the classes"):
        system.predict_proba(pd.DataFrame({"x": [5]}), ["no", "yes"])
    system.cleanup()


def test_arguments_of_a_contest_go_before_the_limits(client, monkeypatch):
    system = client.System(arguments={"max_trials": 2, "budget": "none"})
    asked = fit(client, monkeypatch, system, time_limit=100)
    assert (asked["max_trials"], asked["budget"], asked["metric"]) == (2, "none", "roc_auc")
    system.cleanup()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no process to cores")
def test_cores_are_given_back_after_a_fit(client, monkeypatch):
    bound = [{0, 1, 2, 3}]
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: bound[-1])
    monkeypatch.setattr(os, "sched_setaffinity", lambda process, cores: bound.append(cores))
    with pytest.raises(ZeroDivisionError), client.on_cores(2):
        1 / 0  # noqa: B018
    assert bound[1:] == [{0, 1}, {0, 1, 2, 3}]
    with client.on_cores(None):
        assert len(bound) == 3


def test_own_tables_get_the_types_that_tabarena_takes(own, tmp_path):
    n = 120
    table = pd.DataFrame({"word": ["a", "b"] * 60, "text": [f"t{i}" for i in range(n)], "n": range(n),
                          "day": "2024-01-01", "y": [0, 1, 1] * 40})  # fmt: skip
    table.to_csv(tmp_path / "t.csv", index=False)
    listed = tmp_path / "list.yaml"
    listed.write_text("- {path: t.csv, target: y, date: day}\n- {path: none.csv, target: y}\n")
    ((entry, rows, is_test),), unusable = own.load(tmp_path / "data", [str(listed)], 0)
    assert [str(kind) for kind in rows.dtypes][:3] == ["category", "string", "int64"]
    assert rows["day"].dtype.kind == "M" and str(rows["y"].dtype) == "category"
    assert entry["name"] == "t" and is_test.sum() == 30 and list(unusable) == ["none"]


def test_errors_are_a_table_with_the_best_in_bold(own):
    result = {"task_metadata": {"name": "sales-2023-ab12"}, "metric": "rmse", "time_train_s": 3.2, "time_infer_s": 0.1}
    lines = own.errors([result | {"framework": "automl", "metric_error": 2}, result | {"framework": "Linear",
                        "metric_error": 1.5}])  # fmt: skip
    assert own.table(lines).splitlines()[2] == "| sales-2023 | rmse | 2.0000 (3 s) | **1.5000** (3 s) |"


def test_a_side_can_be_asked_for(client, monkeypatch):
    system = client.System(side="shallow", seconds=30)
    assert fit(client, monkeypatch, system)["budget"] == 30
    assert system.model == "the shallow side"
    system.cleanup()


def test_without_tabarena_the_class_says_what_to_do(client):
    if importlib.util.find_spec("tabarena") is not None:
        pytest.skip("tabarena is installed")
    with pytest.raises(ImportError, match="README"):
        client.exec_model()


@pytest.mark.filterwarnings("default")  # of TabArena and of what it loads
def test_tabarena_runs_a_contest_on_an_own_table(client, own, tmp_path):
    if importlib.util.find_spec("tabarena") is None:
        pytest.skip("tabarena is not installed; integrations/tabarena/README.md says how")
    x = [i % 17 - 8 for i in range(160)]
    pd.DataFrame({"x": x, "z": x[::-1], "y": ["no" if i < 0 else "yes" for i in x]}).to_csv(tmp_path / "t.csv")
    rows, _ = own.load(tmp_path / "data", [f"{tmp_path / 't.csv'}:y"], 0)
    config = {"arguments": {"max_trials": 1, "budget": "none"}}
    results = own.run(rows, client.experiments_of(60, 1, [], config), tmp_path / "out")
    (line,) = own.errors(results)
    assert (line["set"], line["metric"], line["system"]) == ("t", "roc_auc", "automl_c1_default")
    assert line["error"] < 0.2  # 1 - ROC AUC: the classes are in their places
