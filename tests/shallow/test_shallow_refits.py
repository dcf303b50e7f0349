"""Refits of the shallow side's finalist: what they learn from, for how long, and what becomes of those that fail."""

from __future__ import annotations

import dataclasses
import math
import pickle

import numpy as np
import pytest
from test_shallow_side import TABLE, side_of

from automl import catalog, goals
from automl.records import Baseline, FitContext
from automl.shallow.child import run_fit
from automl.shallow.finalist import Candidates
from automl.shallow.messages import FitSpec, Part, Payload

BASELINES = catalog.members(Baseline, "automl.baselines")


def named(problem, family, *asked, **options):
    """A side whose finalist is the default of one family."""
    made = problem(*asked)
    floor = {"tabular": "tabular_floor", "sequence": "sequence_floor"}.get(asked[0], "naive")
    floor = "naive" if asked[1] == "forecast" else floor
    side = side_of(made, (floor, family), max_trials=1, apart=False, **options)
    while side.step(math.inf) is not None:
        pass
    assert side.choose(None) is not None
    return made, side


class Looks:
    """A model that says what it was fitted on."""

    def fit(self, dataset, split_rows, truth, weight, context):
        self.rows, self.truth, self.context = split_rows, truth, context

    def predict(self, dataset, rows):
        raise AssertionError("a refit predicts nothing")

    def chosen(self, growth):
        return {"growth": growth}


def test_a_refit_learns_from_training_and_validation_rows_and_no_other(problem):
    dataset, task, split = problem("tabular", "binary")
    _, side = named(problem, "linear", "tabular", "binary")
    payload = side.worker.payload
    spec = FitSpec(pickle.dumps(Looks()), None, None, searched=pickle.dumps(Looks()))
    model = pickle.loads(run_fit(payload, spec, lambda model: None).model)
    learnt = np.concatenate([split.train, split.valid])
    np.testing.assert_array_equal(model.rows, learnt)
    np.testing.assert_array_equal(model.truth, goals.truth(dataset, task, learnt))
    assert model.context.valid_rows is None and model.context.valid_truth is None
    assert model.context.chosen == {"growth": pytest.approx(len(learnt) / len(split.train))}
    assert not np.isin(model.rows, split.test).any()


@pytest.mark.parametrize(
    ("asked", "family"),
    [
        (("tabular", "binary"), "linear"), (("tabular", "multiclass"), "boosting"),
        (("tabular", "regression"), "boosting"), (("tabular", "multilabel"), "forest"),
        (("tabular", "binary"), "vectors"), (("tabular", "multiclass"), "neighbours"),
        (("sequence", "multiclass"), "convolutions"), (("sequence", "forecast"), "lagged_ridge"),
        (("sequence", "forecast"), "lagged_boosting"),
    ],
)  # fmt: skip
def test_what_validation_chose_is_taken_over(problem, asked, family):
    _, side = named(problem, family, *asked)
    (searched,) = side.models(1)
    assert side.refit(math.inf)
    (refitted,) = side.models(1)
    growth = side.worker.payload.growth
    assert growth > 1
    before, after = searched.chosen(growth), refitted.chosen(1.0)
    assert before.keys() == after.keys() and before
    for name, value in before.items():
        np.testing.assert_array_equal(np.asarray(value), np.asarray(after[name]), err_msg=name)


def test_rounds_grow_with_the_rows(problem):
    _, side = named(problem, "boosting", "tabular", "binary")
    (searched,) = side.models(1)
    assert side.refit(math.inf)
    (refitted,) = side.models(1)
    rounds = len(searched.learner.models[0]._predictors)
    assert len(refitted.learner.models[0]._predictors) == max(1, round(rounds * side.worker.payload.growth))


def test_validation_predictions_stay_those_of_the_searched_model(problem):
    (dataset, _, split), side = named(problem, "boosting", "tabular", "binary")
    before, searched = side.outputs("valid", 1), side.models(1)[0]
    assert side.refit(math.inf)
    (after,) = side.outputs("valid", 1)
    np.testing.assert_array_equal(before[0].arrays["probabilities"], after.arrays["probabilities"])
    assert not np.array_equal(
        side.outputs("test", 1)[0].arrays["probabilities"],
        searched.predict(dataset, split.test).arrays["probabilities"],
    )


def test_a_refit_that_fails_leaves_the_searched_model(problem, monkeypatch):
    _, side = named(problem, "boosting", "tabular", "binary")
    expected = side.outputs("test", 1)[0].arrays["probabilities"]
    monkeypatch.setattr(Candidates, "_refitted", lambda self, candidate, seconds: None)
    assert not side.refit(math.inf) and not side.finalist_run().refitted
    np.testing.assert_array_equal(side.outputs("test", 1)[0].arrays["probabilities"], expected)


def test_a_model_that_does_not_say_what_was_chosen_is_not_refitted(problem, monkeypatch):
    _, side = named(problem, "linear", "tabular", "binary")
    monkeypatch.delattr("automl.baselines.model.Model.chosen")
    assert not side.refit(math.inf)


def test_a_member_that_cannot_be_refitted_leaves_the_ensemble(problem, monkeypatch):
    monkeypatch.setattr("automl.shallow.finalist.select", lambda outputs, *rest: (0.5, 0.3, 0.2))
    side = side_of(problem("tabular", "binary"), TABLE, max_trials=3, apart=False)
    while side.step(math.inf) is not None:
        pass
    assert side.choose(None, ensemble=True).family == "ensemble"
    first, second, third = side.candidates.composition.members
    refitted = Candidates._refitted
    monkeypatch.setattr(
        Candidates, "_refitted", lambda self, one, seconds: None if one is second else refitted(self, one, seconds)
    )
    assert side.refit(math.inf)
    run = side.finalist_run()
    assert run.refitted and run.choices["ensemble"] == {first.run.name: 0.7143, third.run.name: 0.2857}
    assert run.valid_score == side.training_data.score(side.outputs("valid", 1)[0])
    assert len(side.models(1)) == 2


def test_members_for_which_there_is_no_time_stay_as_they_were_searched(problem, monkeypatch):
    monkeypatch.setattr("automl.shallow.finalist.select", lambda outputs, *rest: (0.3, 0.5, 0.2))
    split = problem("tabular", "binary")[2]
    side = side_of(problem("tabular", "binary"), TABLE, max_trials=3, apart=False)
    while side.step(math.inf) is not None:
        pass
    side.choose(None, ensemble=True)
    members = side.candidates.composition.members
    expected = dict(zip(members, (1e9, 0.01, 1e9), strict=True))
    monkeypatch.setattr(side.candidates, "_refit_seconds", expected.get)
    assert side.seconds_a_refit(1) == 0.01 and side.seconds_a_refit() > 1e9
    assert side.refit(1e6)
    run = side.finalist_run()
    assert run.refitted and run.choices["as_searched"] == [members[0].run.name, members[2].run.name]
    assert side.candidates._pickled(1) == [members[0].model, members[1].refits[0], members[2].model]
    assert side.weights() == (0.3, 0.5, 0.2) and side.seconds_a_refit() == math.inf
    assert len(side.outputs("test", 1)[0].arrays["probabilities"]) == len(split.items("test"))


def test_a_fit_of_some_rows_is_refitted_on_the_same_share_of_them(problem):
    _, side = named(problem, "linear", "tabular", "binary")
    data = side.training_data
    take = data.sample(len(data.items) // 2, 0)
    again = data.refit_sample(take, 0)
    assert len(again) == round(len(take) * len(data.refit.items) / len(data.items))
    assert again.max() < len(data.refit.items) and data.refit_sample(None, 0) is None


def test_without_a_clock_refits_are_the_same_again(problem):
    outputs = []
    for _ in range(2):
        _, side = named(problem, "forest", "tabular", "binary")
        assert side.refit(math.inf) and side.refit(math.inf)
        outputs.append([output.arrays["probabilities"] for output in side.outputs("test", 2)])
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert not np.array_equal(*outputs[0])


def test_where_training_rows_alone_had_no_gaps_each_target_takes_over_what_all_chose(problem):
    dataset, task, split = problem("tabular", "regression")
    truth = goals.truth(dataset, task, np.arange(dataset.n_rows)).astype(float)
    searched = BASELINES["boosting"].make(task, {"max_iter": 12, **DEFAULTS}, 0)
    context = FitContext(None, None, split.valid, truth[split.valid])
    searched.fit(dataset, split.train, truth[split.train], None, context)
    gaps = truth.copy()
    gaps[split.valid[0]] = np.nan
    learnt = np.concatenate([split.train, split.valid])
    part = Part(learnt, gaps[learnt], None, split.valid[:0], truth[:0])
    payload = Payload(dataset, (dataclasses.replace(part, items=split.train),), (), part)
    model = pickle.dumps(BASELINES["boosting"].make(task, {"max_iter": 12, **DEFAULTS}, 0))
    fitted = run_fit(payload, FitSpec(model, None, None, searched=pickle.dumps(searched)), lambda model: None)
    rounds = searched.chosen(payload.growth)["rounds"]
    assert [one["rounds"] for one in pickle.loads(fitted.model).chosen(1.0)["each"]] == [[n] for n in rounds]


DEFAULTS = {"text_dimensions": 3, "target_means": True}


def test_refits_of_an_earlier_naming_cost_nothing_and_count_at_once(problem, monkeypatch):
    _, side = named(problem, "linear", "tabular", "binary")
    assert side.seconds_a_refit() == side.seconds_a_repeat() > 0 and side.refit(math.inf)
    expected = side.outputs("test", 1)[0].arrays["probabilities"]
    monkeypatch.setattr(side.worker, "fit", lambda *args, **options: pytest.fail("it was made again"))
    assert not side.choose(None).refitted
    assert side.seconds_a_refit() == 0.0 < side.seconds_a_repeat()
    assert side.refit(0.0) and side.finalist_run().refitted
    np.testing.assert_array_equal(side.outputs("test", 1)[0].arrays["probabilities"], expected)
    assert not side.refit(0.0)


def test_a_further_refit_is_expected_to_take_as_long_as_the_last(problem):
    _, side = named(problem, "linear", "tabular", "binary")
    assert side.refit(math.inf)
    (candidate,) = side.candidates.composition.members
    assert candidate.refit_seconds > 0
    candidate.refit_seconds = 2.0
    assert side.seconds_a_refit() == pytest.approx(1.1 * 2.0 + 0.05)
