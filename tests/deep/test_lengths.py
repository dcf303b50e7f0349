"""How the time is shared by trials, and when a shortened one is trained for longer."""

from __future__ import annotations

import dataclasses
import math
from types import SimpleNamespace

import numpy as np
import pytest
from hand_clock import HandClock
from tiny_network import TINY

from automl.deep import DeepSide, side
from automl.deep.lengths import SMALL_ROWS, Lengths
from automl.deep.messages import TrialResult
from automl.deep.training.records import Fit
from automl.records import InputSpec
from automl.testing.examples import example_specs, example_task

PICTURES = Lengths(640, 0, True)
SETTINGS = {"batch_size": 32, "epochs": 10}


def inputs(*kinds):
    return [InputSpec(kind, kind, (1,), "float32") for kind in kinds]


def candidate(n_steps, seconds=3.0, stopped_early=False):
    fit = SimpleNamespace(n_steps=n_steps, seconds=seconds, compile_seconds=1.0, stopped_early=stopped_early)
    return SimpleNamespace(settings=SETTINGS, fit=fit, run=SimpleNamespace(n_holdouts=1))


@pytest.mark.parametrize(
    ("n_rows", "kind", "goal", "first"),
    [
        (9_999, "tokens", "binary", False),
        (10_000, "tokens", "binary", True),
        (10_000, "series", "forecast", False),
        (10_000, "numbers", "binary", False),
    ],
)
def test_many_rows_go_without_refits_for_longer_schedules_unless_they_are_windows_or_of_a_table(
    n_rows, kind, goal, first
):
    task, specs = example_task(goal), example_specs((kind,), goal)
    assert Lengths.of(n_rows, task, specs).steps_first == first


@pytest.mark.parametrize(
    ("n_steps", "best_share", "stopped_early", "longer"),
    [
        (100, 0.9, False, 2.0),  # half of the 200 steps that the settings ask for
        (20, 1.0, False, 3.0),
        (100, 0.7, False, 1.0),  # validation ended it
        (100, 1.0, True, 1.0),
        (200, 1.0, False, 1.0),
    ],
)
def test_a_refit_may_have_more_of_a_schedule_that_only_the_clock_shortened(n_steps, best_share, stopped_early, longer):
    one = candidate(n_steps, stopped_early=stopped_early)
    one.fit.best_share = best_share
    assert Lengths(640, 0, False, refits_longer=True).longer_refit(one) == longer
    assert Lengths(640, 0, False).longer_refit(one) == 1.0


def test_refits_have_longer_schedules_on_larger_tables_alone():
    task = example_task("binary")
    of = {(n, kind): Lengths.of(n, task, inputs(kind)).refits_longer for n in (4_000, 40_000)
          for kind in ("numbers", "tokens", "image")}  # fmt: skip
    assert [key for key, longer in of.items() if longer] == [(40_000, "numbers")]


def test_a_trial_leaves_time_for_its_own_refit():
    """Its leader's takes 1.3 × 1.25 × 2 s, which is kept back; what a longer one takes more comes out of the 10 s."""
    leader, table = candidate(40), Lengths(64_000, 0, False)
    seconds = table.seconds_before_refit(10.0, leader, 1.25)
    assert seconds + 1.3 * 1.25 * (seconds - 2.0) == pytest.approx(10.0)
    assert table.seconds_before_refit(1.5, leader, 1.25) == 1.5  # shorter than the leader
    assert PICTURES.seconds_before_refit(10.0, leader, 1.25) == 10.0
    assert Lengths(640, 6, False).seconds_before_refit(10.0, leader, 1.25) == 10.0


def test_of_few_rows_only_pictures_go_without_refits_for_longer_schedules():
    task = example_task("multiclass")
    kinds = {
        kind: Lengths.of(1000, task, inputs("numbers", kind)) for kind in ("categories", "tokens", "image", "series")
    }
    assert [kind for kind, rules in kinds.items() if rules.steps_first] == ["image"]
    assert [rules.least_share() for rules in kinds.values()] == [0.2, 0.1, 0.1, 0.1]


@pytest.mark.parametrize(
    ("kinds", "goal", "wanted"),
    [
        (("numbers", "categories"), "binary", 6),
        (("series",), "multiclass", 3),
        (("series",), "forecast", 0),
        (("image",), "binary", 0),
        (("numbers", "image"), "binary", 0),
    ],
)
def test_small_tables_and_few_whole_series_want_several_trials(kinds, goal, wanted):
    task, specs = example_task(goal), example_specs(kinds, goal)
    assert Lengths.of(SMALL_ROWS - 1, task, specs).wanted_trials == wanted
    assert Lengths.of(SMALL_ROWS, task, specs).wanted_trials == 0


@pytest.mark.parametrize("rules", [PICTURES, Lengths(64_000, 0, False)])
def test_the_first_trials_take_a_fifth_and_a_third_and_later_ones_all(rules):
    assert [rules.share(n, 1 if n else None) for n in range(4)] == [1 / 5, 1 / 3, 1.0, 1.0]
    assert rules.share(1, 5) == rules.share(7, 5) == 1 / 5


def test_on_larger_tables_the_second_trial_has_its_third_of_the_time_with_that_of_a_refit():
    table = Lengths(64_000, 0, False, refits_longer=True)
    assert [table.share(n, 1 if n else None) for n in range(4)] == [1 / 5, 2 / 5, 1.0, 1.0]


def test_several_workers_keep_most_of_the_schedules_of_their_first_trials():
    large, small = Lengths(64_000, 0, True), Lengths(640, 6, False)
    assert [large.share(n, 1 if n else None, 4) for n in range(3)] == [0.4, 1.0, 1.0]
    assert large.least_share(4) is None and small.least_share(4) == 0.2


def test_on_few_rows_the_wanted_trials_share_the_time_and_the_first_of_them_with_a_refit():
    table, series = Lengths(640, 6, False), Lengths(640, 3, False)
    assert [table.share(n, 1 if n else None) for n in (0, 1, 3, 9)] == [1 / 7, 1 / 5, 1 / 3, 1 / 2]
    assert [series.share(n, 1 if n else None) for n in range(4)] == [1 / 4, 1 / 2, 1 / 2, 1 / 2]


@pytest.mark.parametrize(("n_steps", "longer"), [(40, True), (133, True), (134, False), (200, False)])
def test_a_trial_with_two_thirds_of_its_schedule_is_long_enough(n_steps, longer):
    assert PICTURES.is_shortened(candidate(n_steps)) == longer
    assert not Lengths(640, 6, False).is_shortened(candidate(n_steps))
    assert not PICTURES.is_shortened(candidate(n_steps, stopped_early=True))


def test_it_is_trained_longer_after_two_trials_and_if_there_is_time():
    assert PICTURES.may_be_longer(candidate(40), 2, 3.0)
    assert not PICTURES.may_be_longer(candidate(40), 1, 3.0)
    assert not PICTURES.may_be_longer(candidate(40), 2, 2.9)


class Scripted:
    """A pool whose trials cost 0.1 s a step, and score the better the longer they are trained."""

    n_workers = 1

    def __init__(self):
        self.specs = []

    def run(self, ask, on_epoch, on_snapshot, until=math.inf):
        work = ask()
        if work is None:
            return
        spec = work[0]
        self.specs.append(spec)
        planned = int(spec.settings["epochs"]) * (240 // int(spec.settings["batch_size"]))
        seconds = spec.seconds if spec.soft_seconds is None else spec.soft_seconds
        n_steps = int(min(planned, max(10 * seconds, spec.least_share * planned)))
        raw = np.linspace(-1, 1, 80, dtype=np.float32)[:, None] * (1 if len(self.specs) == 2 else -1)
        curve = ({"epoch": 1.0, "share": 1.0, "seconds": 1.0, "loss": 1.0, "valid_score": 0.5},)
        fit = Fit([], raw, 0.5 + n_steps / 1e4, curve, 1.0, n_steps / 10, 0.0, "done", n_steps, best_step=n_steps)
        yield TrialResult(spec, spec.settings, "done", fit, None, (), fit.seconds, None, 1, "cpu")

    def close(self):
        pass


@pytest.fixture
def deep(task_parts, monkeypatch):
    monkeypatch.setattr(side, "time", HandClock())
    starts = [{"learning_rate": 0.01}, {"learning_rate": 0.02}, {"learning_rate": 0.03}]
    template = dataclasses.replace(TINY, starts=lambda specs, facts: [{**start, "epochs": 10} for start in starts])
    made = DeepSide(*task_parts, {"tiny": template}, metric="roc_auc", seed=0)
    made.pool = Scripted()
    made.proposals.lengths = Lengths(240, 0, True)
    return made


def test_the_best_of_two_short_trials_is_trained_for_longer_once(deep):
    left = 10.0
    for _ in range(4):
        if deep.step(left):
            left -= deep.pool.specs[-1].soft_seconds or deep.ranked[0].fit.seconds
    rates = [spec.settings["learning_rate"] for spec in deep.pool.specs]
    best = deep.ranked[0].settings["learning_rate"]
    assert rates[:2] == [0.01, 0.02] and rates[2] == best
    assert [spec.soft_seconds for spec in deep.pool.specs[:3]] == [pytest.approx(2.0), pytest.approx(8 / 3), None]
    assert rates.count(best) == 2


def test_where_a_refit_brings_more_time_is_kept_back_for_it_meanwhile_and_for_that_of_a_longer_trial(deep):
    deep.proposals.lengths = Lengths(240, 0, False)
    left = 10.0
    for _ in range(3):
        kept = 1.15 * deep.seconds_a_refit()
        assert deep.step(left - kept)
        left -= deep.ranked[0].fit.seconds if len(deep.ranked) == 1 else deep.pool.specs[-1].soft_seconds
        assert 0.0 < deep.seconds_a_refit() <= left
    assert len(deep.pool.specs) == 3 and all(spec.soft_seconds for spec in deep.pool.specs)


def test_nothing_is_kept_back_for_refits_while_the_best_trial_waits_for_steps_that_bring_more(deep):
    deep.step(10.0)
    assert deep.seconds_a_refit() == 0.0
    deep.step(8.0)
    assert deep.seconds_a_refit() == 0.0
    deep.step(5.3)
    assert deep.seconds_a_refit() > 0.0


def test_without_a_clock_nothing_is_shortened_or_trained_again(deep):
    for _ in range(3):
        deep.step(math.inf)
    assert [spec.settings["learning_rate"] for spec in deep.pool.specs] == [0.01, 0.02, 0.03]
    assert [spec.soft_seconds for spec in deep.pool.specs] == [None] * 3


def test_a_template_that_was_not_tried_is_expected_to_compile_as_long_as_the_others(task_parts):
    templates = {name: dataclasses.replace(TINY, name=name) for name in ("tiny", "other")}
    made = DeepSide(*task_parts, templates, metric="roc_auc", seed=0)
    made.pool = Scripted()
    made.step(10.0)
    tried, untried = (s for s in sorted(made.searches, key=lambda search: -search.n_runs))
    tried.compile_seconds = 5.0
    assert untried.n_runs == 0 and made.proposals.least_seconds(untried) == made.proposals.least_seconds(tried) > 5.0
