"""Ensembles as finalists, from the search to a saved model."""

import numpy as np
import pandas as pd
import pytest

import automl


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(500, 3)), columns=["a", "b", "c"])
    return frame.assign(y=frame["a"] - frame["b"] ** 2 + 0.3 * rng.normal(size=500))


def half_and_half(outputs, *rest):
    return (0.25, 0.75, *[0.0] * (len(outputs) - 2)) if len(outputs) > 1 else None


@pytest.mark.slow
def test_both_sides_may_stand_as_ensembles(table, tmp_path, monkeypatch):
    for module in ("automl.deep.finalist", "automl.shallow.finalist"):
        monkeypatch.setattr(f"{module}.select", half_and_half)
    monkeypatch.setattr("automl.flow.budget.allocation.MOST_REFITS", 2)
    # With further hold-outs only models that were judged on all of them are mixed, and that hangs on their scores.
    monkeypatch.setattr("automl.split.folds.FEW_ROWS", 0)
    result = automl.fit(table, target="y", budget="20m", max_trials=2, out=str(tmp_path / "run"), quiet=True)
    finalists = {run["side"]: run for run in result.result["runs"] if run["finalist"]}
    assert {run["name"] for run in finalists.values()} == {"deep-ensemble", "shallow-ensemble"}
    by_name = {run["name"]: run for run in result.result["runs"]}
    for run in finalists.values():
        members = run["choices"]["ensemble"]
        assert sorted(members.values()) == [0.25, 0.75] and set(members) <= set(by_name)
        assert run["fit_seconds"] == pytest.approx(sum(by_name[name]["fit_seconds"] for name in members))
        assert by_name[max(members, key=members.get)]["predict_ms"] is not None
        assert all(by_name[name]["test_score"] is None for name in members)
    assert len({run["n_seeds"] for run in finalists.values()}) == 1

    again = automl.load(result.save(tmp_path / "model"))
    for side in ("deep", "shallow"):
        before = result.model.side(side).predict(table.head(9))
        assert before.equals(again.side(side).predict(table.head(9)))
    text = (result.folder / "report.md").read_text()
    assert "deep-ensemble" in text and "0.75" in text


@pytest.mark.slow
def test_no_ensembles_where_none_are_wanted(table, tmp_path, monkeypatch):
    for module in ("automl.deep.finalist", "automl.shallow.finalist"):
        monkeypatch.setattr(f"{module}.select", half_and_half)
    result = automl.fit(
        table, target="y", budget="20m", max_trials=2, ensemble=False, out=str(tmp_path / "run"), quiet=True
    )
    assert not any(run["name"].endswith("ensemble") for run in result.result["runs"])
