"""Trials of the deep side on several hold-outs."""

from __future__ import annotations

import dataclasses
import math
import statistics

import numpy as np
import pytest
from test_deep_side import side, template, trials

from automl import metrics
from automl.goals.shared.outputs import combine


@pytest.fixture
def folded(task_parts):
    """The small task with three hold-outs."""
    dataset, task, split, *rest = task_parts
    everything = np.arange(320)
    valid = [split.valid, everything[:80], everything[80:160]]
    folds = tuple((np.setdiff1d(everything, rows), rows) for rows in valid)
    return dataset, task, dataclasses.replace(split, folds=((split.train, split.valid), *folds[1:])), *rest


def facts_of(runs):
    return [(run.name, run.choices, run.valid_score, run.n_holdouts) for run in runs]


def first_scores(deep):
    return [entry["scores"][0] for entry in deep.archive.journal.entries_before if entry.get("scores")]


def test_a_trial_is_judged_on_all_hold_outs_where_its_first_score_reaches_the_bar(folded, tmp_path):
    deep = side(folded, template(), max_trials=8, folder=tmp_path)
    runs = trials(deep)
    again = side(folded, template(), max_trials=8, folder=tmp_path)  # reads the journal
    firsts = first_scores(again)
    assert len(firsts) == 8 and {run.n_holdouts for run in runs} == {1, 3}
    for i, run in enumerate(runs):
        reached = i == 0 or firsts[i] >= np.quantile(firsts[:i], 0.75)
        stopped = "earlier trials were better" in (run.failure or "")
        assert run.n_holdouts == (3 if reached and not stopped else 1)
        assert (run.valid_score == firsts[i]) == (run.n_holdouts == 1)


def test_a_score_is_the_mean_of_fits_that_never_saw_their_validation_rows(folded):
    deep = side(folded, template(), max_trials=1)
    seen = []
    trainer = deep.trainer
    network = trainer.network

    def watched(*args):
        made = network(*args)
        train = made._train

        def counted(batches, rates):
            seen.append((made._rows is None, np.unique(batches.numpy())))
            return train(batches, rates)

        made._train = counted
        return made

    trainer.network = watched
    (run,) = trials(deep)
    (kept,) = deep.ranked
    training_data, (dataset, _, split, _, codec, _) = trainer.training_data, folded
    rows = np.concatenate([split.train, split.valid])
    used = [rows[np.unique(np.concatenate([found for first, found in seen if first]))]]
    assert not np.intersect1d(used[0], split.valid).size
    others = np.unique(np.concatenate([found for first, found in seen if not first]))
    assert np.array_equal(np.sort(rows[others]), np.arange(320))  # each row trains somewhere, no test row anywhere
    for (train, valid), own in zip(split.folds[1:], training_data.others, strict=True):
        assert np.array_equal(rows[own.train], train) and np.array_equal(rows[own.valid], valid)
        assert np.array_equal(own.truth, codec.truth(dataset, valid))
    scores = [training_data.judge(raw, i) for i, raw in enumerate(kept.raws)]
    assert len(scores) == 3 and run.valid_score == pytest.approx(statistics.fmean(scores))
    assert scores[0] == kept.fit.score and len({raw.tobytes() for raw in kept.raws}) == 3


def test_the_first_hold_out_gives_what_it_gives_alone(folded, task_parts):
    """Rows of other hold-outs on the device and fits between trials change nothing about a trial."""
    one, several = side(task_parts, template(), max_trials=1), side(folded, template(), max_trials=1)
    trials(one), trials(several)
    assert np.array_equal(one.ranked[0].fit.raw_valid, several.ranked[0].fit.raw_valid)
    for deep in (one, several):
        deep.choose(None)
        assert deep.refit(math.inf)
    for a, b in zip(one.ranked[0].refits[0].weights, several.ranked[0].refits[0].weights, strict=True):
        assert np.array_equal(a, b)


def test_what_a_refit_adds_follows_the_training_rows_on_the_device(task_parts, folded):
    for parts in (task_parts, folded):
        data = side(parts, template()).trainer.data
        assert (data.n_train, data.n_refit) == (240, 320)
        assert data.inputs["numbers"].shape[0] == len(data.target) == len(data.weight) == 320


def test_the_finalist_is_the_best_of_those_judged_on_all(folded):
    deep = side(folded, template(), max_trials=8)
    runs = trials(deep)
    whole = [run.valid_score for run in runs if run.n_holdouts == 3]
    chosen = deep.choose(None)
    assert (chosen.n_holdouts, chosen.valid_score) == (3, max(whole))
    standings = [kept.standing for kept in deep.ranked]
    for place, earlier in enumerate(standings):  # one judged on fewer is before them only if better on the first
        assert all(
            earlier.n_holdouts >= later.n_holdouts or earlier.each[0] > later.each[0]
            for later in standings[place + 1 :]
        )


def test_same_seed_and_resumed_runs_give_the_same_trials(folded, tmp_path):
    whole = trials(side(folded, template(), max_trials=9))
    assert facts_of(trials(side(folded, template(), max_trials=9))) == facts_of(whole)
    for bound in (4, 9):
        deep = side(folded, template(), max_trials=bound, folder=tmp_path)
        again = trials(deep)
    assert facts_of(deep.earlier_runs()) == facts_of(whole[:4])
    assert facts_of(again) == facts_of(whole[4:])


def test_predictions_on_all_hold_outs_return_from_disk(folded, tmp_path):
    first = side(folded, template(), max_trials=3, folder=tmp_path)
    trials(first)
    second = side(folded, template(), max_trials=3, folder=tmp_path)
    assert [kept.run.name for kept in second.ranked] == [kept.run.name for kept in first.ranked]
    for a, b in zip(first.ranked, second.ranked, strict=True):
        assert len(a.raws) == len(b.raws)
        assert all(np.array_equal(x, y) for x, y in zip(a.raws, b.raws, strict=True))
    assert max(len(kept.raws) for kept in second.ranked) == 3


def test_short_of_time_a_trial_is_judged_on_one_hold_out_and_stays_within_it(folded, monkeypatch):
    from automl.sides import holdouts

    monkeypatch.setattr(holdouts, "EXAMINE_SLACK", 1e9)
    deep = side(folded, template(), max_trials=2)
    (run,) = deep.step(3000.0)
    assert run.n_holdouts == 1 and run.status == "done"
    assert deep.holdout_policy.promotion_score() == run.valid_score  # nobody worse overtakes it
    assert deep.choose(None).name == run.name


def test_an_ensemble_is_chosen_on_all_hold_outs_and_among_those_judged_on_all(folded, monkeypatch):
    asked = []

    def chosen(outputs, metric, truth, weight, context):
        asked.append((len(outputs), {len(output.arrays["labels"]) for output in outputs}, truth))
        return (0.5, 0.5, *[0.0] * (len(outputs) - 2))

    monkeypatch.setattr("automl.deep.finalist.select", chosen)
    deep = side(folded, template(), max_trials=6)
    runs = trials(deep)
    found = deep.choose(None, ensemble=True)
    ((n, rows, truth),) = asked
    dataset, task, split, _, codec, _ = folded
    assert n == sum(run.n_holdouts == 3 for run in runs) and rows == {240}
    np.testing.assert_array_equal(truth, codec.truth(dataset, np.concatenate([valid for _, valid in split.folds])))
    scores = [
        metrics.score(task.metric, codec.truth(dataset, valid),
                      combine([codec.decode(kept.raws[i]) for kept in deep.finalist.composition.members]))
        for i, (_, valid) in enumerate(split.folds)
    ]  # fmt: skip
    assert found.n_holdouts == 3 and found.valid_score == pytest.approx(statistics.fmean(scores))


def test_a_setting_that_fails_on_another_hold_out_is_not_judged_on_all(folded, monkeypatch):
    from automl.deep.training.failure import NotFinite

    deep = side(folded, template(), max_trials=1)
    standing = type(deep.trainer.training_data).standing_of_epoch

    def failing(self, raw, holdout=0):
        if holdout == 2:
            raise NotFinite("the loss became nan")
        return standing(self, raw, holdout)

    monkeypatch.setattr(type(deep.trainer.training_data), "standing_of_epoch", failing)
    (run,) = trials(deep)
    assert (run.status, run.n_holdouts) == ("done", 1)


def test_rows_of_other_hold_outs_keep_their_weights(folded):
    dataset, task, split, *rest = folded
    weight = np.linspace(1, 3, dataset.n_rows)
    deep = side((dataclasses.replace(dataset, weight=weight), task, split, *rest), template())
    rows = np.concatenate([split.train, split.valid])
    expected = weight[rows] / weight[split.train].mean()
    np.testing.assert_allclose(deep.trainer.data.weight.numpy(), expected, rtol=1e-6)
    np.testing.assert_array_equal(deep.trainer.training_data.others[0].weight, weight[split.folds[1][1]])
