"""Analyses after the verdict: their order, time, failures, and that they change nothing."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tiny_network import TINY_OPTIONS

import automl
from automl.errors import DataError, OutOfTime
from automl.flow import analyses as module
from automl.flow.budget.clock import Clock
from automl.recipe import make
from automl.records import Analysis, AnalysisContext, Run
from automl.testing.examples import example_problem
from automl.testing.outcomes import example_outcome

pytestmark = pytest.mark.analyses
COSTS = {"false_alarm": 1, "miss": 20}


def frame(n: int = 240) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    return pd.DataFrame({"a": y + rng.normal(size=n), "b": rng.normal(size=n), "y": y})


def contest(tmp_path: Any, **more: Any) -> automl.Result:
    asked = {"budget": "none", "max_trials": 1, "quiet": True, "out": tmp_path / "run", **TINY_OPTIONS, **more}
    return automl.fit(frame(), "y", **asked)


def only(monkeypatch: pytest.MonkeyPatch, *members: Analysis) -> None:
    monkeypatch.setattr(module, "in_order", lambda: members)


def found(context: AnalysisContext) -> dict[str, Any]:
    return {"rows": [{"side": side, "value": 1.5} for side in context.facts.predict_seconds], "nan": float("nan")}


def late(context: AnalysisContext) -> None:
    raise OutOfTime("the fit")


def faulty(context: AnalysisContext) -> None:
    raise ValueError("a cell of the data")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[automl.Result, Path]:
    """A contest with analyses of every end, which tests only read, and its folder."""
    place = tmp_path_factory.mktemp("told")
    with pytest.MonkeyPatch.context() as patch:
        only(
            patch,
            Analysis("found", 1, found), Analysis("late", 2, late), Analysis("faulty", 3, faulty),
            Analysis("elsewhere", 4, found, unfit=lambda context: "not for tables"),
            Analysis("fits", 5, found, refits=True),
            Analysis("planted", 6, lambda context: {"rows": [{"level": "planted-level"}]}),
        )  # fmt: skip
        return contest(place), place / "run"


@pytest.fixture(scope="module")
def whole(
    tmp_path_factory: pytest.TempPathFactory, analysed: Callable[[], AbstractContextManager[None]]
) -> tuple[automl.Result, Path]:
    """A contest with all analyses, which tests only read, and its folder."""
    place = tmp_path_factory.mktemp("whole")
    with analysed():
        return contest(place, costs=COSTS), place / "run"


def test_what_analyses_find_is_stored_and_drawn_and_reasons_stand_for_those_not_made(
    told: tuple[automl.Result, Path],
) -> None:
    result, folder = told
    stored = json.loads((folder / "result.json").read_text("utf-8"))
    assert stored["tradeoff"] == {
        "found": {"rows": [{"side": "deep", "value": 1.5}, {"side": "shallow", "value": 1.5}], "nan": None},
        "planted": {"rows": [{"level": "planted-level"}]},
    }
    assert stored["tradeoff_left_out"] == {
        "late": "the budget left no time for them",
        "faulty": "it failed: a cell of the data",
        "fits": module.NO_REFITS_UNTIMED,
    }
    assert list(result.analysis("found")["value"]) == [1.5, 1.5]
    with pytest.raises(DataError, match="there is no analysis 'nothing'"):
        result.analysis("nothing")


def test_a_saved_model_holds_nothing_of_what_analyses_found(told: tuple[automl.Result, Path], tmp_path: Path) -> None:
    told[0].save(tmp_path / "model")
    held = [
        path for path in (tmp_path / "model").rglob("*") if path.is_file() and b"planted-level" in path.read_bytes()
    ]
    assert held == []


def test_a_share_of_zero_makes_none_and_the_verdict_is_the_same(
    tmp_path: Path, whole: tuple[automl.Result, Path]
) -> None:
    one, other = contest(tmp_path / "one", analysis=0.0, costs=COSTS), whole[0]
    assert one.outcome.analyses == {} and "overfitting" in other.outcome.analyses
    assert one.result["verdict"] == other.result["verdict"] and one.result["gain"] == other.result["gain"]


def test_refits_fit_both_sides_on_other_rows(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, Any]] = []

    def half(context: AnalysisContext) -> dict[str, Any]:
        assert context.refit is not None
        part = dataclasses.replace(context.split, train=context.split.train[::2], valid=context.split.valid[::2])
        target = context.dataset.target
        assert target is not None
        one, two = target["y"].unique()
        flipped = dataclasses.replace(context.dataset, target=target.replace({one: two, two: one}))
        seen.extend(dict(context.refit(part, number, data)) for number, data in ((1, None), (2, flipped)))
        return {"rows": []}

    only(monkeypatch, Analysis("half", 1, half))
    assert contest(tmp_path).outcome.analyses_left_out == {}
    as_is, other = seen
    assert set(as_is) == set(other) == {"deep", "shallow"}
    for side in as_is:
        one, two = as_is[side].arrays["probabilities"], other[side].arrays["probabilities"]
        assert np.corrcoef(one[:, 1], two[:, 1])[0, 1] < 0, "flipped labels turn the predictions round"


def test_an_analysis_that_costs_more_than_is_left_is_not_begun(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, Analysis("costly", 1, faulty, cost=lambda facts: 1e9), Analysis("cheap", 2, found))
    result = contest(tmp_path, budget="1h")
    assert result.outcome.analyses_left_out == {"costly": "the budget left no time for them"}
    assert "cheap" in result.outcome.analyses


def test_each_analysis_is_a_frame_of_the_result_and_a_line_of_its_card(whole: tuple[automl.Result, Path]) -> None:
    result, folder = whole
    assert set(result.outcome.analyses_left_out.values()) <= {module.NO_REFITS_UNTIMED}
    board = result.leaderboard()
    assert list(board["finalist"]) == sorted(board["finalist"], reverse=True) and {"model", "run"} <= set(board)
    assert "gain" in result.metrics() and set(result.calibration()["side"]) == {"deep", "shallow"}
    costs = result.thresholds().set_index(["side", "rule"])["cost"]
    assert ("deep", "chosen on validation rows") in costs and costs["floor", "always flag"] < 1
    assert list(result.profile()["column"]) == ["a", "b"] and (result.compute()["fit_wh"] > 0).all()
    card = result._repr_html_()
    assert "Metrics: " in card and "Thresholds: " in card and "Compute: " in card
    page = (folder / "report.html").read_text("utf-8")
    for title in ("All metrics", "Thresholds and the cost of errors", "Compute and energy", "taken apart"):
        assert title in page


def test_overfitting_compares_rows_learnt_from_with_test_rows(tmp_path: Any) -> None:
    table = contest(tmp_path).analysis("overfitting")
    assert list(table["side"]) == ["deep", "shallow"]
    assert (
        (table["n_test"] == 48).all() and (table["low"] <= table["gap"]).all() and (table["gap"] <= table["high"]).all()
    )
    page = (tmp_path / "run" / "report.html").read_text("utf-8")
    assert "Overfitting" in page and not math.isnan(table["learnt"].iloc[0])


def test_no_time_is_kept_back_before_each_side_has_a_model() -> None:
    recipe = make(data=frame(), target="y", budget="100s", analysis=0.2)
    fits = SimpleNamespace(sides={"deep": None, "shallow": None})
    runs: list[Run] = []
    kept = module.Analyses(recipe, fits, Clock(100.0), runs)  # type: ignore[arg-type]
    assert kept.seconds() == 0.0
    runs += [Run("a-1", "shallow", "done", "a", valid_score=0.5), Run("b-1", "deep", "failed", "b")]
    assert kept.seconds() == 0.0
    runs.append(Run("b-2", "deep", "cut", "b", valid_score=0.5))
    assert kept.seconds() == 20.0


def test_they_are_made_also_where_one_side_found_no_model() -> None:
    recipe = make(data=frame(), target="y", budget="1000000s", analysis=0.2)
    fits = SimpleNamespace(sides={"deep": None, "shallow": None})
    runs = [Run("a-1", "shallow", "done", "a", valid_score=0.5), Run("b-1", "deep", "failed", "b")]
    made = module.Analyses(recipe, fits, Clock(1_000_000.0), runs)  # type: ignore[arg-type]
    assert made.seconds() == 0.0, "the search keeps nothing back"
    assert made._ends(0.0) - time.monotonic() > 100_000, "and yet they have their share of what is left"


def test_a_finalist_that_cannot_be_timed_costs_the_analyses_and_not_the_verdict() -> None:
    class Faulty:
        def output(self, dataset: Any, rows: Any) -> Any:
            raise ValueError("no memory")

    problem, task, split, _ = example_problem("binary", "tabular")
    fits = SimpleNamespace(sides={}, prepared=SimpleNamespace(split=split, dataset=problem, task=task))
    recipe = make(data=frame(), target="y", budget="none", max_trials=1)
    analyses = module.Analyses(recipe, fits, Clock(math.inf))  # type: ignore[arg-type]
    before = dataclasses.replace(example_outcome("binary"), analyses={})
    after = analyses.make(before, {"deep": Faulty()}, {}, lambda: False, lambda text: None, 0.0)
    assert after.comparison is before.comparison and after.analyses == {}
    assert set(after.analyses_left_out.values()) == {"it failed: no memory"}
