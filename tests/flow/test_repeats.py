"""Repeats of the comparison on other splits: which splits, how many fit into the time, and what becomes of failures."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hand_clock import HandClock
from tiny_network import TINY_OPTIONS

import automl
from automl import goals
from automl.errors import DataError, OutOfTime, RecipeError, TrialError
from automl.flow import other_fits
from automl.flow import repeats as module
from automl.flow.budget import clock as clocks
from automl.flow.budget.clock import Clock
from automl.flow.other_fits import OtherFits, refuse_fixed_tests
from automl.flow.prepare import Prepared, prepare
from automl.flow.repeats import Repeats, other_splits
from automl.recipe import make
from automl.records import Output, Run, Split, Task

N = 200


def frame(n: int = N) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    return pd.DataFrame({"a": y + rng.normal(size=n), "g": [f"g{i // 2 % 8}" for i in range(n)], "y": y})


def asked(**more: Any) -> Any:
    return make(**{"data": frame(), "target": "y", "metric": "accuracy", "repeats": 3, **more})


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return prepare(asked())


# --------------------------------------------------------------------------- splits


def test_other_splits_follow_the_rule_and_no_two_test_the_same_rows(prepared: Prepared) -> None:
    found = [made for made, _ in zip(other_splits(prepared, 0), range(5), strict=False)]
    assert len({made.test.tobytes() for made in (*found, prepared.split)}) == 6
    labels = prepared.dataset.target.iloc[:, 0].to_numpy()
    for made in found:
        assert sorted([*made.train, *made.valid, *made.test]) == list(range(N)) and made.folds == ()
        assert len(made.test) == len(prepared.split.test)
        assert len(set(labels[made.test])) == 2
        assert abs(np.mean(labels[made.test] == labels[0]) - 0.5) < 0.03  # stratified
    again = [made for made, _ in zip(other_splits(prepared, 0), range(5), strict=False)]
    assert [made.test.tolist() for made in again] == [made.test.tolist() for made in found]


def test_groups_stay_whole_and_where_there_are_few_the_splits_end() -> None:
    small = frame(40)
    small["g"] = [f"g{i // 2 % 4}" for i in range(40)]
    some = prepare(asked(data=small, group="g"))
    found = list(other_splits(some, 0))
    assert 0 < len(found) <= 3  # one of four groups tests
    for made in found:
        assert not set(some.dataset.groups[made.test]) & set(some.dataset.groups[np.union1d(made.train, made.valid)])


def test_rows_split_in_time_and_given_test_rows_are_refused_before_the_contest() -> None:
    dated = frame()
    dated["day"] = pd.date_range("2020-01-01", periods=N, freq="D")
    for recipe, said in (
        (asked(data=dated, time_column="day"), "the rows are split in time"),
        (asked(test=frame().head(20)), "the test rows are given"),
    ):
        with pytest.raises(RecipeError, match=f"repeats: .*{said}.*leave repeats out"):
            refuse_fixed_tests("repeats", prepare(recipe))
    refuse_fixed_tests("repeats", prepare(asked()))
    refuse_fixed_tests("repeats", prepare(asked(group="g")))


def test_a_forecast_is_refused_in_a_contest(tmp_path: Any) -> None:
    months = pd.DataFrame({"t": pd.date_range("2010-01-01", periods=80, freq="MS"), "y": np.sin(np.arange(80.0))})
    with pytest.raises(RecipeError, match=r"repeats: .*split in time"):
        automl.fit(months, "y", goal="forecast", horizon=4, repeats=2, out=str(tmp_path / "o"), quiet=True)
    assert not (tmp_path / "o").exists()


# --------------------------------------------------------------------------- time and failures


class Side:
    """A side that takes `takes` seconds for a repeat, expects `expects`, and is right on a share of the rows."""

    def __init__(self, hands: HandClock, takes: float, right: float, expects: float | None = None) -> None:
        self.hands, self.takes, self.right = hands, takes, right
        self.expects = takes if expects is None else expects
        self.asked: list[tuple[Split, int, float]] = []
        self.errors: dict[int, Exception] = {}

    def seconds_a_repeat(self, n_members: int = 1) -> float:
        return self.expects

    def repeat(self, task: Task, split: Split, number: int, seconds: float, dataset: Any = None) -> Output:
        self.asked.append((split, number, seconds))
        self.hands.sleep(self.takes)
        if number in self.errors:
            raise self.errors[number]
        truth = goals.truth(PREPARED[0].dataset, task, split.test)
        wrong = np.arange(len(truth)) >= self.right * len(truth)
        p = np.where(wrong, 1 - truth, truth).astype(float)
        return Output("probabilities", {"probabilities": np.column_stack([1 - p, p])})


PREPARED: list[Prepared] = []
CHOSEN = {side: Run(f"{side}-1", side, "done", "x", refitted=True) for side in ("deep", "shallow")}  # type: ignore[arg-type]


class Predictor:
    def __init__(self, prepared: Prepared) -> None:
        truth = np.arange(20) % 2
        p = np.where(truth == 1, 0.9, 0.1)
        output = Output("probabilities", {"probabilities": np.column_stack([1 - p, p])})
        self.decision = goals.decide(truth, output, prepared.task, "accuracy")


@pytest.fixture
def hands(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> HandClock:
    clock = HandClock(0.0)
    monkeypatch.setattr(clocks, "time", clock)
    PREPARED[:] = [prepared]
    return clock


def planned(hands: HandClock, budget: float = 100.0, repeats: int = 5, **sides: Side) -> Repeats:
    sides = sides or {"deep": Side(hands, 6.0, 0.9), "shallow": Side(hands, 1.0, 0.8)}
    recipe = asked(repeats=repeats)
    return Repeats(recipe, OtherFits(recipe, PREPARED[0], Clock(budget, 0.0), sides), budget / 2)  # type: ignore[arg-type]


def made(plan: Repeats, **more: Any) -> Any:
    predictors = dict.fromkeys(("deep", "shallow"), Predictor(plan.prepared))
    options = {"chosen": CHOSEN, "stopping": lambda: False, "say": lambda text: None, "tail_seconds": 2.0, **more}
    return plan.make(predictors, **options)


def test_both_sides_meet_on_the_same_rows_and_the_gains_are_told(hands: HandClock) -> None:
    plan = planned(hands)
    found = made(plan)
    deep, shallow = plan.fits.sides["deep"], plan.fits.sides["shallow"]
    assert [(s.test.tolist(), k) for s, k, _ in deep.asked] == [(s.test.tolist(), k) for s, k, _ in shallow.asked]
    assert [number for _, number, _ in deep.asked] == [1, 2, 3, 4, 5]
    assert found.gains == pytest.approx([0.1] * 5) and found.gain == pytest.approx(0.1) and found.asked == 5
    assert found.interval == pytest.approx((0.1, 0.1))


def test_time_for_all_is_kept_back_or_for_as_many_as_half_of_it_is_enough_for(hands: HandClock) -> None:
    each = other_fits.SLACK * 7.0
    assert planned(hands, budget=100.0).seconds() == pytest.approx(5 * each)  # 45.5 of 50 s
    assert planned(hands, budget=80.0).seconds() == pytest.approx(4 * each)
    assert planned(hands, budget=30.0).seconds() == 0.0  # one alone gives no interval
    assert planned(hands, budget=float("inf")).seconds() == 0.0
    assert planned(hands, repeats=0).seconds() == 0.0
    assert planned(hands, shallow=Side(hands, 1.0, 0.8)).seconds() == 0.0


def test_a_fit_on_a_part_of_the_rows_says_nothing_of_how_long_a_whole_one_takes(hands: HandClock) -> None:
    plan = planned(hands, deep=Side(hands, 1.0, 0.9, expects=6.0), shallow=Side(hands, 1.0, 0.8))
    fits, whole = plan.fits, plan.prepared.split
    predictors = dict.fromkeys(("deep", "shallow"), Predictor(plan.prepared))
    few = dataclasses.replace(whole, train=whole.train[::4], valid=whole.valid[::4])
    before = fits.seconds()
    fits.outputs(plan.prepared.task, few, 1, predictors, 0.0)
    assert fits.seconds() == before
    fits.outputs(plan.prepared.task, whole, 2, predictors, 0.0)
    assert fits.seconds() == pytest.approx(2.0)


def test_where_ensembles_are_too_dear_time_is_kept_back_for_single_models(hands: HandClock) -> None:
    """Finalists are not named yet: three members a side are reckoned with, and one where that leaves no room."""

    class Dear(Side):
        def seconds_a_repeat(self, n_members: int = 1) -> float:
            return n_members * self.takes

    sides = {"deep": Dear(hands, 9.0, 0.9), "shallow": Dear(hands, 1.0, 0.8)}
    each = other_fits.SLACK * 10.0
    assert planned(hands, budget=200.0, **sides).seconds() == pytest.approx(2 * 3 * each)
    assert planned(hands, budget=100.0, **sides).seconds() == pytest.approx(3 * each)
    assert planned(hands, budget=40.0, **sides).seconds() == 0.0


def test_what_does_not_fit_is_left_out_and_said(hands: HandClock) -> None:
    plan = planned(hands)
    hands.now = 100.0 - 2.0 - 7.0 - 7.0 - 6.9  # enough for two; a third lacks a tenth of a second
    found = made(plan)
    assert len(found.gains) == 2 and found.interval is not None
    assert found.note.startswith("2 of 5 repeats were made")
    assert "3 repeats were left out: the budget left no time for them." in found.note


def test_a_fit_is_given_what_the_other_side_and_the_report_do_not_need(hands: HandClock) -> None:
    plan = planned(hands, budget=50.0)
    made(plan)
    (_, _, deep), (_, _, shallow) = plan.fits.sides["deep"].asked[0], plan.fits.sides["shallow"].asked[0]
    assert deep == pytest.approx(50.0 - 2.0 - other_fits.SLACK * 1.0) and shallow == pytest.approx(50.0 - 6.0 - 2.0)


def test_after_the_first_the_measured_time_counts(hands: HandClock) -> None:
    plan = planned(hands, budget=40.0, deep=Side(hands, 18.0, 0.9, expects=1.0), shallow=Side(hands, 1.0, 0.8))
    found = made(plan)
    assert len(found.gains) == 2 and "no time" in found.note  # 19 s each; the first estimate promised more


def test_without_a_clock_all_are_made(hands: HandClock) -> None:
    found = made(planned(hands, budget=float("inf"), repeats=7))
    assert len(found.gains) == 7 and "left out" not in found.note


def test_failures_are_counted_and_told_and_the_others_go_on(hands: HandClock) -> None:
    plan = planned(hands)
    plan.fits.sides["deep"].errors[2] = TrialError("tiny-1: the loss became nan")
    plan.fits.sides["shallow"].errors[4] = ValueError("odd rows")
    found = made(plan)
    assert len(found.gains) == 3 and found.failures == ("tiny-1: the loss became nan", "odd rows")
    assert "2 repeats failed; the first: tiny-1: the loss became nan." in found.note and "left out" not in found.note


def test_a_fit_that_the_clock_ends_is_left_out_and_no_failure(hands: HandClock) -> None:
    plan = planned(hands)
    plan.fits.sides["deep"].errors[4] = OutOfTime("the time was over")
    found = made(plan)
    assert len(found.gains) == 3 and not found.failures
    assert "2 repeats were left out: the budget left no time for them." in found.note


def test_an_error_after_the_time_was_over_is_no_failure(hands: HandClock) -> None:
    plan = planned(hands)
    hands.now = 100.0 - 2.0 - 7.0 - 7.0 - 6.0  # the third ends late: its deep fit takes all that is left
    plan._each = lambda: dict.fromkeys(plan.sides, 1.0)  # type: ignore[method-assign]
    plan.fits.sides["deep"].errors[3] = TrialError("tiny-1: the loss became nan")
    found = made(plan)
    assert len(found.gains) == 2 and not found.failures
    assert "3 repeats were left out: the budget left no time for them." in found.note


def test_an_interrupt_leaves_the_rest_out(hands: HandClock) -> None:
    plan = planned(hands)
    found = made(plan, stopping=lambda: len(plan.fits.sides["shallow"].asked) >= 2)
    assert len(found.gains) == 2 and "3 repeats were left out: the run was interrupted." in found.note


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"shallow": CHOSEN["shallow"]}, "only one side has a finalist"),
        ({}, "no side has a finalist"),
        ({side: Run(side, side, "done", "x") for side in CHOSEN}, "could not be refitted"),
    ],
)
def test_without_two_refitted_finalists_none_is_made(hands: HandClock, chosen: Any, said: str) -> None:
    plan = planned(hands)
    found = made(plan, chosen=chosen)
    assert not plan.fits.sides["deep"].asked and found.gains == () and found.interval is None
    assert said in found.note and found.note.startswith("0 of 5 repeats were made.")


def test_where_their_time_went_to_the_search_they_are_made_if_there_is_time_again(hands: HandClock) -> None:
    plan = planned(hands)
    plan.wanted = 0
    assert plan.seconds() == 0.0
    assert len(made(plan).gains) == 5
    late = planned(hands)
    late.wanted, hands.now = 0, 95.0
    assert "5 repeats were left out: the budget left no time for them." in made(late).note


def test_where_there_are_no_further_splits_it_is_said(hands: HandClock, monkeypatch: pytest.MonkeyPatch) -> None:
    splits = [made for made, _ in zip(other_splits(PREPARED[0], 0), range(2), strict=False)]
    monkeypatch.setattr(module, "other_splits", lambda prepared, seed: iter(splits))
    found = made(planned(hands))
    assert len(found.gains) == 2 and "3 repeats were left out: there are no further splits" in found.note


def test_where_a_split_cannot_be_made_it_is_said_and_what_was_made_stands(
    hands: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, calls = module.split.split, []

    def failing(*rest: Any, **more: Any) -> Split:
        calls.append(rest)
        if len(calls) > 2:
            raise ValueError("odd groups.")
        return good(*rest, **more)

    monkeypatch.setattr(module.split, "split", failing)
    found = made(planned(hands))
    assert len(found.gains) == 2 and not found.failures
    assert "3 repeats were left out: no further split could be made: odd groups." in found.note


def test_where_every_draw_is_refused_the_refusal_is_the_reason(
    hands: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*rest: Any, **more: Any) -> Split:
        raise DataError("no row of a class trains")

    monkeypatch.setattr(module.split, "split", refused)
    assert "no further split could be made: no row of a class trains." in made(planned(hands)).note


def test_no_further_hold_outs_are_drawn_for_repeats(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*rest: Any) -> Split:
        raise AssertionError("drawn in vain")

    monkeypatch.setattr("automl.split.rule.with_folds", fail)
    assert next(other_splits(prepared, 0)).folds == ()


def test_an_interrupt_before_the_refits_is_the_reason_and_not_that_there_are_none(hands: HandClock) -> None:
    chosen = {side: Run(side, side, "done", "x") for side in CHOSEN}  # type: ignore[arg-type]
    note = made(planned(hands), stopping=lambda: True, chosen=chosen).note
    assert "5 repeats were left out: the run was interrupted." in note and "refitted" not in note


def test_none_asked_for_says_nothing(hands: HandClock) -> None:
    assert made(planned(hands, repeats=0)) is None


# --------------------------------------------------------------------------- a contest


def test_without_refits_no_time_is_kept_back_for_them(hands: HandClock) -> None:
    plan = planned(hands)
    assert plan.seconds() > 0
    plan.give_up()
    assert plan.seconds() == 0.0


def test_a_contest_shows_them_beside_its_verdict_which_stays(tmp_path: Any) -> None:
    """The second call resumes the first, as after a kill, and asks for repeats."""
    options = {"budget": "none", "max_trials": 1, "quiet": True, "out": str(tmp_path / "run"), **TINY_OPTIONS}
    plain = automl.fit(frame(), "y", **options)
    assert plain.result["repeats"] is None and "repeat" not in str(plain)
    found = automl.fit(frame(), "y", repeats=2, resume=True, **options)
    stored = json.loads((tmp_path / "run" / "result.json").read_text())["repeats"]
    assert stored["asked"] == stored["n"] == 2 and stored["n_failed"] == 0 and len(stored["gains"]) == 2
    assert stored["interval"][0] <= stored["gain"] <= stored["interval"][1] and stored["level"] == 0.95
    for page in ("report.html", "report.md"):
        text = (tmp_path / "run" / page).read_text()
        assert "2 of 2 repeats were made" in text and "2 of 2 made: gain" in text
    assert "2 of 2 repeats were made" in str(found)
    for key in ("verdict", "reason", "gain", "interval", "recommended", "champion"):
        assert plain.result[key] == found.result[key]
