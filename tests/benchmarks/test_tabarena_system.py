"""The client for TabArena: what it asks a contest for, and what it hands back. TabArena itself is not needed."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

import automl
from automl import metrics

FILE = Path(__file__).resolve().parents[2] / "integrations" / "tabarena" / "automl_system.py"
if not FILE.exists():
    pytest.skip("integrations are not installed", allow_module_level=True)


@pytest.fixture
def client():
    spec = importlib.util.spec_from_file_location("automl_system", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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


def test_a_side_can_be_asked_for(client, monkeypatch):
    system = client.System(side="shallow", seconds=30)
    assert fit(client, monkeypatch, system)["budget"] == 30
    assert system.model == "the shallow side"
    system.cleanup()


def test_the_class_that_tabarena_runs(client):
    if importlib.util.find_spec("tabarena") is None:
        with pytest.raises(ImportError, match="README"):
            client.exec_model()
        pytest.skip("tabarena is not installed")
    from tabarena.benchmark.exec_models import ExternalSystemModel

    assert issubclass(client.exec_model(), ExternalSystemModel)
