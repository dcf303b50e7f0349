"""Trials as MLflow runs, against the library itself."""

import json

import pytest

from automl.errors import MissingExtra
from automl.flow.progress import loggers as room
from automl.flow.progress.mlflow_contest import log_contest
from automl.flow.progress.mlflow_runs import MLflow

EVENTS = (
    {"event": "start", "side": "deep", "name": "mlp-1", "settings": {"width": 8, "learning_rate": 0.01}},
    {"event": "epoch", "side": "deep", "name": "mlp-1", "epoch": 1.5, "loss": 0.7, "valid_score": 0.6},
    {"event": "run", "side": "deep", "name": "mlp-1", "score": 0.6, "status": "done"},
    {"event": "start", "side": "deep", "name": "mlp-2", "settings": {"width": 16}},
    {"event": "run", "side": "deep", "name": "mlp-2", "score": None, "status": "failed", "failure": "no memory"},
)


@pytest.mark.filterwarnings("ignore")  # the library's own
def test_each_trial_is_a_run_below_the_contests(tmp_path, monkeypatch):
    pytest.importorskip("mlflow", reason="needs the extra mlflow")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    listener = MLflow(tmp_path / "mlflow", "cars")
    for event in EVENTS:
        listener.event(event)
    listener.close()
    assert listener.problem is None

    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=(tmp_path / "mlflow").as_uri())
    (experiment,) = [one for one in client.search_experiments() if one.name == "automl"]
    found = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    assert set(found) == {"cars", "mlp-1", "mlp-2"}
    first, second = found["mlp-1"].data, found["mlp-2"].data
    assert first.params == {"width": "8", "learning_rate": "0.01"}
    assert first.metrics == {"loss": 0.7, "valid_score": 0.6, "score": 0.6}
    assert first.tags["mlflow.parentRunId"] == found["cars"].info.run_id
    assert second.tags["failure"] == "no memory" and found["mlp-2"].info.status == "FAILED"
    assert found["cars"].info.status == "FINISHED"


@pytest.mark.filterwarnings("ignore")
def test_a_server_that_cannot_be_written_to_ends_the_logging_alone(tmp_path, monkeypatch):
    pytest.importorskip("mlflow", reason="needs the extra mlflow")
    (tmp_path / "mlflow").write_text("something else is in the way")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    listener = MLflow(tmp_path / "mlflow", "cars")
    for event in EVENTS:
        listener.event(event)
    listener.close()
    assert listener.problem is not None and "trials are not logged" in listener.problem


def test_a_missing_library_is_told_with_the_extra_that_brings_it(monkeypatch):
    monkeypatch.setattr(room, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"automl-keras\[mlflow\]"):
        room.check_loggers(("mlflow",))
    room.check_loggers(("tensorboard",))


class Client:
    """Takes what MLflow takes."""

    def __init__(self):
        self.params, self.metrics, self.tags = {}, {}, {}

    def log_param(self, run_id, key, value):
        from mlflow.utils.validation import _validate_param

        _validate_param(key, value)
        assert key not in self.params
        self.params[key] = value

    def log_metric(self, run_id, key, value):
        self.metrics[key] = value

    def set_tag(self, run_id, key, value):
        self.tags[key] = value


def test_names_of_columns_that_mlflow_refuses_do_not_end_the_logging_of_a_contest(tmp_path):
    pytest.importorskip("mlflow", reason="needs the extra mlflow")
    kinds = {"price ($)": "numeric", "price (€)": "numeric", "größe": "numeric"}
    result = {
        "recipe": json.dumps({"columns": kinds, "seed": 1}), "fingerprint": "f", "automl_version": "0", "gain": 0.1,
        "task": {"goal": "binary", "modality": "tabular", "metric": "accuracy", "target": ["y"]},
        "split": {"n_train": 1, "n_valid": 1, "n_test": 1}, "interval": None, "wall_seconds": 2.0, "runs": [],
        "recommended": "mlp-1", "trust": {"level": "high"},
    }  # fmt: skip
    client = Client()
    log_contest(client, "r", tmp_path, result)
    assert {key for key in client.params if key.startswith("columns")} == {"columns.price ___", "columns.größe"}
    assert client.params["seed"] == "1" and client.metrics["gain"] == 0.1 and client.tags["trust"] == "high"
