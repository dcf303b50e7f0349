"""Out-of-fold pairs of a contest: which rows, how many folds fit into the time, what becomes of failures."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hand_clock import HandClock
from test_repeats import CHOSEN, Predictor, Side, asked, frame
from tiny_network import TINY_OPTIONS

import automl
from automl import goals
from automl.errors import RecipeError, TrialError
from automl.flow import other_fits
from automl.flow.budget import clock as clocks
from automl.flow.budget.clock import Clock
from automl.flow.fold_pairs import FoldPairs
from automl.flow.other_fits import OtherFits
from automl.flow.prepare import Prepared, prepare
from automl.records import Contestant, Output, Run

PREPARED: list[Prepared] = []


class Floor:
    def predict(self, dataset: Any, items: np.ndarray) -> Output:
        return Output("probabilities", {"probabilities": np.full((len(items), 2), 0.5)})


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return prepare(asked())


@pytest.fixture
def hands(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> HandClock:
    clock = HandClock(0.0)
    monkeypatch.setattr(clocks, "time", clock)
    monkeypatch.setattr("test_repeats.PREPARED", [prepared])
    PREPARED[:] = [prepared]
    return clock


def planned(hands: HandClock, budget: float = 100.0, folds: int = 5, n_holdouts: int = 1, **sides: Side) -> FoldPairs:
    sides = sides or {"deep": Side(hands, 6.0, 0.9), "shallow": Side(hands, 1.0, 0.8)}
    recipe = asked(repeats=0, fold_pairs=folds)
    fits = OtherFits(recipe, PREPARED[0], Clock(budget, 0.0), sides)  # type: ignore[arg-type]
    runs = [Run("deep-1", "deep", "done", "x", n_holdouts=n_holdouts), Run("floor", "floor", "done", "x", n_holdouts=3)]
    return FoldPairs(recipe, fits, budget / 2, runs, lambda n_items: 1.0)


def made(plan: FoldPairs, **more: Any) -> Any:
    predictors = dict.fromkeys(("deep", "shallow"), Predictor(plan.prepared))
    floor = Contestant("floor", "floor", Floor().predict(None, plan.prepared.split.test))
    options = {"chosen": CHOSEN, "stopping": lambda: False, "say": lambda text: None, "tail_seconds": 2.0, **more}
    return plan.make(predictors, floor=floor, floor_model=Floor(), **options)


def test_both_sides_predict_all_rows_that_chose_nothing_by_fits_on_the_others(hands: HandClock) -> None:
    plan = planned(hands)
    found = made(plan)
    deep, shallow = plan.fits.sides["deep"], plan.fits.sides["shallow"]
    assert [part.test.tolist() for part, _, _ in deep.asked] == [part.test.tolist() for part, _, _ in shallow.asked]
    assert [number for _, number, _ in deep.asked] == [201, 202, 203, 204, 205]
    own = plan.prepared.split
    items = found.split.items("test")
    assert sorted(items) == sorted({*own.train, *own.test}) and found.n_chose == len(own.valid) and found.n_folds == 5
    truth = goals.truth(plan.prepared.dataset, plan.prepared.task, items)
    assert np.array_equal(found.truth, truth) and len(found.split.unit_ids) == len(items)
    labels = {one.side: one.output.arrays["labels"] for one in (found.deep, found.shallow)}
    right = {side: float((own == truth).mean()) for side, own in labels.items()}
    assert right == pytest.approx({"deep": 0.9, "shallow": 0.8}, abs=0.03)
    assert found.deep.run == "deep-1" and found.shallow.run == "shallow-1" and len(found.deep.per_seed) == 1
    assert len(found.floor.output.arrays["probabilities"]) == len(items)


def test_rows_of_all_hold_outs_that_judged_a_trial_are_left_out(hands: HandClock) -> None:
    plan = planned(hands, n_holdouts=3)
    found = made(plan)
    chose = np.concatenate([valid for _, valid in plan.prepared.split.folds])
    assert found.n_chose == len(chose) and not set(found.split.items("test")) & set(chose)


def test_time_for_all_folds_is_kept_back_or_for_those_that_hold_twice_the_rows_of_the_test(hands: HandClock) -> None:
    each = other_fits.SLACK * 7.0
    assert planned(hands, budget=100.0).seconds() == pytest.approx(5 * each + 1.0)
    assert planned(hands, budget=60.0).seconds() == pytest.approx(3 * each + 1.0)
    plan = planned(hands, budget=30.0)
    assert plan.least_folds == 3 and plan.seconds() == 0.0  # a fold holds 34 rows, and the test 40
    assert planned(hands, budget=math.inf).seconds() == 0.0
    assert planned(hands, folds=0).seconds() == 0.0
    assert planned(hands, shallow=Side(hands, 1.0, 0.8)).seconds() == 0.0
    plan = planned(hands)
    plan.give_up()
    assert plan.seconds() == 0.0


def test_folds_that_do_not_fit_are_left_out_and_the_others_count(hands: HandClock) -> None:
    plan = planned(hands)
    hands.now = 100.0 - 2.0 - 1.0 - 3 * 7.0 - 6.9  # enough for three; a fourth lacks a tenth of a second
    found = made(plan)
    assert found.n_folds == 3 and found.left_out == other_fits.NO_TIME and len(plan.fits.sides["deep"].asked) == 3
    hands.now = 100.0 - 2.0 - 1.0 - 2 * 7.0 - 6.9
    two = made(planned(hands))
    assert (
        two.deep is None and two.left_out == f"{other_fits.NO_TIME} (after 2 folds)"
    )  # hardly more rows than the test has


def test_a_failure_ends_them_and_is_said(hands: HandClock) -> None:
    plan = planned(hands)
    plan.fits.sides["deep"].errors[204] = TrialError("tiny-1: the loss became nan.")
    found = made(plan)
    assert found.n_folds == 3 and found.left_out == "a fit failed: tiny-1: the loss became nan"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"chosen": {"shallow": CHOSEN["shallow"]}}, "only one side has a finalist"),
        ({"chosen": {side: Run(side, side, "done", "x") for side in CHOSEN}}, "could not be refitted"),  # type: ignore[arg-type]
        ({"stopping": lambda: True}, other_fits.INTERRUPTED),
    ],
)
def test_where_none_can_be_made_it_is_said_why(hands: HandClock, more: Any, said: str) -> None:
    plan = planned(hands)
    found = made(plan, **more)
    assert found.deep is None and said in found.left_out and not plan.fits.sides["deep"].asked


def test_none_asked_for_says_nothing(hands: HandClock) -> None:
    assert made(planned(hands, folds=0)) is None


def test_rows_that_cannot_be_split_otherwise_are_refused_before_the_contest(tmp_path: Any) -> None:
    with pytest.raises(RecipeError, match=r"fold_pairs: .*the test rows are given.*leave fold_pairs out"):
        automl.fit(frame(), "y", test=frame().head(20), fold_pairs=5, out=str(tmp_path / "o"), quiet=True)
    assert not (tmp_path / "o").exists()


def test_a_contest_rests_its_verdict_on_them_and_shows_what_the_test_says(tmp_path: Any) -> None:
    """The second call resumes the first, as after a kill, and asks for out-of-fold pairs."""
    options = {"budget": "none", "max_trials": 1, "quiet": True, "out": str(tmp_path / "run"), **TINY_OPTIONS}
    plain = automl.fit(frame(), "y", **options)
    assert plain.result["fold_pairs"] is None and plain.result["decided_by"] == "test"
    found = automl.fit(frame(), "y", fold_pairs=3, resume=True, **options)
    stored = json.loads((tmp_path / "run" / "result.json").read_text())
    pairs = stored["fold_pairs"]
    assert stored["decided_by"] == "fold_pairs" and (pairs["asked"], pairs["n"]) == (3, 3)
    assert pairs["n_items"] + pairs["n_chose"] == 200 and pairs["n_chose"] >= stored["split"]["n_valid"]
    assert (stored["verdict"], stored["reason"]) == (pairs["verdict"], pairs["reason"])
    assert (plain.result["verdict"], plain.result["reason"]) == (pairs["test_verdict"], pairs["test_reason"])
    for key in ("gain", "interval", "champion"):
        assert plain.result[key] == found.result[key]
    for page in ("report.html", "report.md"):
        text = (tmp_path / "run" / page).read_text()
        assert "The verdict rests on out-of-fold pairs" in text and "On the test rows alone" in text
    assert "out-of-fold rows" in str(found)
