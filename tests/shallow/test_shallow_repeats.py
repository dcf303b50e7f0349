"""The shallow finalist on other splits: it learns from their training and validation rows, with its settings."""

from __future__ import annotations

import dataclasses
import math
import pickle

import numpy as np
import pytest
from hand_clock import HandClock
from test_shallow_refits import Looks, named

from automl import goals
from automl.errors import OutOfTime, TrialError
from automl.records import Split
from automl.shallow.child import run_fit
from automl.shallow.data import refit_part
from automl.shallow.messages import FitSpec, Fitted


def another(split: Split, seed: int = 1) -> Split:
    """Another draw with other sizes of the parts."""
    rows = np.random.default_rng(seed).permutation(len(split.train) + len(split.valid) + len(split.test))
    train, valid, test = np.sort(rows[:150]), np.sort(rows[150:180]), np.sort(rows[180:])
    return dataclasses.replace(split, train=train, valid=valid, test=test, folds=())


def test_a_repeat_learns_from_the_rows_of_its_split_and_no_other(problem):
    (dataset, task, split), side = named(problem, "linear", "tabular", "binary")
    other = another(split)
    learnt = refit_part(dataset, task, other)
    spec = FitSpec(pickle.dumps(Looks()), None, None, searched=pickle.dumps(Looks()), learnt=learnt)
    model = pickle.loads(run_fit(side.worker.payload, spec, lambda model: None).model)
    rows = np.concatenate([other.train, other.valid])
    np.testing.assert_array_equal(model.rows, rows)
    np.testing.assert_array_equal(model.truth, goals.truth(dataset, task, rows))
    assert model.context.valid_rows is None and not np.isin(model.rows, other.test).any()
    assert model.context.chosen == {"growth": pytest.approx(len(rows) / len(split.train))}


@pytest.mark.parametrize("family", ["linear", "boosting", "forest"])
def test_its_fits_get_these_rows_the_finalists_settings_and_what_was_chosen(problem, family, monkeypatch):
    (_, task, split), side = named(problem, family, "tabular", "binary")
    (member,) = side.candidates.composition.members
    asked, fit = [], side.worker.fit

    def of(model, take, deadline, stopping, searched=None, learnt=None):
        asked.append((model, take, deadline, searched, learnt))
        return fit(model, take, deadline, stopping, searched=searched, learnt=learnt)

    monkeypatch.setattr(side.worker, "fit", of)
    other = another(split)
    output = side.repeat(task, other, 1, math.inf)
    ((model, take, deadline, searched, learnt),) = asked
    expected = member.search.baseline.make(task, member.settings, side.seed + 101_000)
    assert model == pickle.dumps(expected)
    assert take is None and deadline is None and searched is member.model
    np.testing.assert_array_equal(learnt.items, np.concatenate([other.train, other.valid]))
    assert len(output.arrays["probabilities"]) == len(other.test)


def test_the_target_of_its_test_rows_plays_no_part(problem, monkeypatch):
    (dataset, task, split), side = named(problem, "boosting", "tabular", "binary")
    other = another(split)
    before = side.repeat(task, other, 1, math.inf).arrays["probabilities"]
    target = dataset.target.copy()
    target.iloc[other.test] = target.iloc[other.test[::-1]].to_numpy()
    changed = dataclasses.replace(dataset, target=target)
    data = dataclasses.replace(side.training_data, dataset=changed)
    monkeypatch.setattr(side.candidates, "training_data", data)
    monkeypatch.setattr(side.worker, "payload", dataclasses.replace(side.worker.payload, dataset=changed))
    np.testing.assert_array_equal(side.repeat(task, other, 1, math.inf).arrays["probabilities"], before)


def test_the_same_repeat_is_the_same_again_and_the_finalist_stays(problem):
    (_, task, split), side = named(problem, "forest", "tabular", "binary")
    assert side.refit(math.inf)
    run, scored = side.finalist_run(), side.outputs("test", 1)[0].arrays["probabilities"]
    one, again = (side.repeat(task, another(split), 1, math.inf).arrays["probabilities"] for _ in range(2))
    other = side.repeat(task, another(split, 2), 2, math.inf).arrays["probabilities"]
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    assert side.finalist_run() == run
    np.testing.assert_array_equal(side.outputs("test", 1)[0].arrays["probabilities"], scored)


@pytest.mark.parametrize(
    ("fitted", "error"),
    [(Fitted(failure="no memory"), TrialError), (Fitted(stopped="time ran out", failure="none"), OutOfTime)],
)
def test_a_fit_that_fails_or_ends_early_is_told(problem, monkeypatch, fitted, error):
    (_, task, split), side = named(problem, "linear", "tabular", "binary")
    monkeypatch.setattr(side.worker, "fit", lambda *args, **options: fitted)
    with pytest.raises(TrialError, match="linear-1") as caught:
        side.repeat(task, another(split), 1, math.inf)
    assert type(caught.value) is error


def test_a_fit_that_fails_after_its_time_was_over_is_late_and_no_failure(problem, monkeypatch):
    (_, task, split), side = named(problem, "linear", "tabular", "binary")
    clock = HandClock()
    monkeypatch.setattr("automl.shallow.finalist.time", clock)
    monkeypatch.setattr(side.worker, "fit", lambda *args, **options: (clock.sleep(9.0), Fitted(failure="odd"))[1])
    with pytest.raises(OutOfTime, match="linear-1"):
        side.repeat(task, another(split), 1, 8.0)
    with pytest.raises(TrialError, match="linear-1: odd"):
        side.repeat(task, another(split), 1, 10.0)
    monkeypatch.setattr(side.worker, "fit", lambda *args, **options: pytest.fail("it was begun"))
    with pytest.raises(OutOfTime, match="linear-1"):
        side.repeat(task, another(split), 1, 0.0)


def test_a_model_whose_length_nothing_bounds_is_not_repeated(problem, monkeypatch):
    (_, task, split), side = named(problem, "linear", "tabular", "binary")
    (member,) = side.candidates.composition.members
    member.model = pickle.dumps(object())
    monkeypatch.setattr(side.worker, "fit", lambda *args, **options: pytest.fail("it was fitted"))
    with pytest.raises(TrialError, match="nothing bounds the length"):
        side.repeat(task, another(split), 1, math.inf)
