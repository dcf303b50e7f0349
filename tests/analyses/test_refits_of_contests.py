"""Analyses that fit both finalists again, in contests: tables, and forecasts from the latest windows."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tiny_network import TINY_OPTIONS

import automl
from automl.analyses import data_need, label_noise, membership_refits
from automl.analyses.data_need import DATA_NEED
from automl.analyses.label_noise import LABEL_NOISE
from automl.analyses.membership import MEMBERSHIP
from automl.analyses.membership_refits import MEMBERSHIP_REFITS
from automl.flow import analyses as module

pytestmark = pytest.mark.analyses


def contest(monkeypatch: pytest.MonkeyPatch, tmp_path: Any, data: pd.DataFrame, *members: Any, **more: Any) -> Any:
    """A contest without a time limit, in which the analyses that fit are made all the same."""
    made = tuple(dataclasses.replace(one, refits=False) for one in members)
    monkeypatch.setattr(data_need, "FIRST", (1 / 4, 1 / 16))
    monkeypatch.setattr(label_noise, "FIRST", (0.4,))
    monkeypatch.setattr(membership_refits, "MOST_PAIRS", 2)
    for one in (data_need, label_noise):
        monkeypatch.setattr(one, "FURTHER", ())
    monkeypatch.setattr(module, "in_order", lambda: made)
    asked = {"budget": "none", "max_trials": 1, "quiet": True, "out": tmp_path / "run", **TINY_OPTIONS, **more}
    return automl.fit(data, "y", **asked)


def test_of_a_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    rng = np.random.default_rng(0)
    y = np.arange(700) % 2
    data = pd.DataFrame({"a": y + rng.normal(size=700), "b": rng.normal(size=700), "y": np.where(y, "yes", "no")})
    result = contest(monkeypatch, tmp_path, data, DATA_NEED, LABEL_NOISE, MEMBERSHIP, MEMBERSHIP_REFITS)
    assert result.outcome.analyses_left_out == {}
    need = result.analysis("data_need")
    assert sorted(need["n_learnt"].unique()) == [35, 140, 560] and set(need["side"]) == {"deep", "shallow"}
    assert (need["score"] > 0.6).all(), "few rows are enough for one column that tells"
    noise = result.analysis("label_noise")
    assert sorted(noise["share"].unique()) == [0.0, 0.4]
    assert (result.analysis("membership")["auc"] < 0.65).all()
    assert (result.analysis("membership_refits")["auc"] < 0.65).all()
    page = (tmp_path / "run" / "report.html").read_text("utf-8")
    assert all(title in page for title in ("Data need", "Wrong training labels", "What a model gives away"))
    assert json.loads((tmp_path / "run" / "result.json").read_text("utf-8"))["tradeoff"]["data_need"]["n_items"] == 560


@pytest.mark.thorough
def test_of_a_forecast(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    times = pd.date_range("2020-01-01", periods=900, freq="D")
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"t": times, "y": np.sin(np.arange(900) * 2 * np.pi / 7) + 0.1 * rng.normal(size=900)})
    result = contest(
        monkeypatch, tmp_path, data, DATA_NEED, LABEL_NOISE, MEMBERSHIP, MEMBERSHIP_REFITS, time_column="t", horizon=7
    )
    assert result.outcome.analyses_left_out == {}
    found = result.outcome.analyses["data_need"]
    assert found["items"] == "windows" and not found["drawn"]
    assert {row["share"] for row in found["rows"]} == {1 / 16, 1 / 4, 1.0}
    assert set(result.outcome.analyses) == {"data_need", "membership"}, "the others are not for forecasts"
    assert result.outcome.analyses["membership"]["shifted"]
