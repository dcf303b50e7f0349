"""What real runs write fits the schema of `result.json`, whole or one-sided, without a model or interrupted."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from schema_breaks import breaks
from tiny_network import PLUGIN, TINY_OPTIONS

import automl
from automl import report
from automl.flow import contest

SCHEMA = report.result_schema()
BROKEN = """
import dataclasses
import tiny_network

def build(choices, knobs, specs, head):
    raise KeyError("no such layer")

BROKEN = dataclasses.replace(tiny_network.TINY, name="broken", build=build)
"""


def frame(n: int = 240) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    return pd.DataFrame({"a": y + rng.normal(size=n), "b": rng.normal(size=n), "y": y})


def checked(tmp_path: Path, **asked: Any) -> dict[str, Any]:
    """The result of a contest, as its file has it."""
    options = {"budget": "none", "max_trials": 1, "quiet": True, **TINY_OPTIONS, **asked}
    result = automl.fit(frame(), "y", out=tmp_path / "run", **options).result
    assert result == json.loads((tmp_path / "run" / "result.json").read_text("utf-8"))
    assert list(breaks(result, SCHEMA)) == []
    return result


@pytest.mark.analyses
def test_a_whole_run(tmp_path: Path) -> None:
    result = checked(tmp_path)
    assert {"metrics", "overfitting", "profile"} <= set(result["tradeoff"]) and result["tradeoff_left_out"]
    page = (tmp_path / "run" / "report.md").read_text("utf-8")
    assert f"automl analyse {tmp_path / 'run'} --budget" in page
    assert result["uncertainty"]["variances"]["test"] >= 0 and result["coverage"]


@pytest.mark.thorough
def test_a_run_with_repeats_and_fold_pairs(tmp_path: Path) -> None:
    result = checked(tmp_path, repeats=2, fold_pairs=3)
    assert (result["repeats"]["n"], result["fold_pairs"]["n"], result["decided_by"]) == (2, 3, "fold_pairs")


def test_a_one_sided_run(tmp_path: Path) -> None:
    (tmp_path / "broken_network.py").write_text(BROKEN)
    plugins = [PLUGIN, str(tmp_path / "broken_network.py")]
    result = checked(tmp_path, templates=["broken"], plugins=plugins)
    assert (result["reason"], result["gain"], result["interval"]) == ("one_sided", None, None)


def test_a_run_without_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contest, "search_and_refit", lambda *args: ("budget", {}, 1))
    result = checked(tmp_path)
    assert (result["champion"], {run["side"] for run in result["runs"]}) == ("floor", {"floor"})


def test_an_interrupted_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    search = contest.search_and_refit

    def interrupted(*args: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return search(*args)

    monkeypatch.setattr(contest, "search_and_refit", interrupted)
    assert checked(tmp_path)["stopped"] == "interrupt"
