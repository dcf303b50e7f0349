"""A contest whose deep side has nothing to show still ends in a report that says why."""

import numpy as np
import pandas as pd
import pytest

import automl

PLUGIN = """
from automl import records

def space(hp, specs, facts):
    hp.Float("learning_rate", 1e-3, 1e-1, sampling="log", default=1e-2)
    hp.Float("weight_decay", 1e-4, 1e-1, sampling="log", default=1e-3)
    hp.Choice("batch_size", [32, 64], default=32)
    hp.Int("epochs", 2, 6, default=4)

def build(choices, knobs, specs, head):
    raise KeyError("no such layer")

BROKEN = records.Template(
    name="broken", family="mlp", goals=("regression",), accepts=("numbers",), space=space, build=build,
    knobs=("learning_rate", "weight_decay"), starts=lambda specs, facts: [{}], unfit=lambda task, specs: None,
    source="none",
)
"""


def test_the_shallow_side_stands_and_the_reason_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("automl.flow.budget.allocation.MOST_REFITS", 1)
    (tmp_path / "broken_plugin.py").write_text(PLUGIN)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(300, 3)), columns=["a", "b", "c"])
    result = automl.fit(
        frame.assign(y=frame["a"] + 0.1 * rng.normal(size=300)), target="y", budget="60m", max_trials=4,
        plugins=[str(tmp_path / "broken_plugin.py")], templates=["broken"], out=str(tmp_path / "run"), quiet=True,
    ).result  # fmt: skip
    failed = [run for run in result["runs"] if run["side"] == "deep"]
    assert len(failed) == 3 and {run["status"] for run in failed} == {"failed"}
    assert "KeyError" in failed[0]["failure"] and "broken_plugin.py, line" in failed[0]["failure"]
    (finding,) = [one for one in result["findings"] if one["check"] == "no_deep_model"]
    assert "None of 3 deep trials" in finding["message"] and "no such layer" in finding["message"]
    assert [run["side"] for run in result["runs"] if run["finalist"]] == ["shallow"]


@pytest.mark.usefixtures("fresh_workers")
def test_neither_tensorflow_nor_a_process_apart_is_needed_for_an_answer(tmp_path, monkeypatch):
    from automl.flow import contest
    from automl.flow.loading import Loading
    from automl.shallow import worker

    def broken(wish):
        raise ImportError("libtensorflow.so: failed to map segment from shared object")

    def refuse(*_, **__):
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("automl.flow.budget.allocation.MOST_REFITS", 1)
    monkeypatch.setattr(contest, "Loading", lambda wish: Loading(wish, broken))
    monkeypatch.setattr(worker.subprocess, "Popen", refuse)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(200, 3)), columns=["a", "b", "c"])
    result = automl.fit(
        frame.assign(y=frame["a"] + 0.1 * rng.normal(size=200)), target="y", budget="60m", max_trials=1,
        out=str(tmp_path / "run"), quiet=True,
    ).result  # fmt: skip
    assert [run["side"] for run in result["runs"] if run["finalist"]] == ["shallow"]
    found = {one["check"]: one for one in result["findings"]}
    assert "failed to map segment" in found["no_deep_model"]["message"]
    assert "temporarily unavailable" in found["fitted_in_main_process"]["message"]
    assert (result["verdict"], result["reason"]) == ("tie", "one_sided") and (
        tmp_path / "run" / "model" / "bundle.json"
    ).is_file()
