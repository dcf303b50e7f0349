"""The deep side with rows that have no label: what it learns of them, and whose labels it may know."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from test_deep_side import side, template, trials

from automl.deep.training.pretraining import Pretraining
from automl.records import Column, Dataset


@pytest.fixture
def pretrained(task_parts):
    """The small task, with 40 training rows and 300 rows without a label."""
    dataset, task, split, *rest = task_parts
    rng = np.random.default_rng(7)
    rows = Dataset("rows", pd.DataFrame(rng.normal(size=(300, 3)), columns=["a", "b", "c"]))
    split = dataclasses.replace(split, train=split.train[:40], n_unlabelled=300)
    return dataclasses.replace(dataset, unlabelled=rows), task, split, *rest


def test_the_first_trial_starts_from_pretrained_weights_and_the_second_from_drawn_ones(pretrained) -> None:
    deep = side(pretrained, template(), max_trials=2)
    first, second = trials(deep)
    assert (first.choices["start"], second.choices["start"]) == ("pretrained", "drawn")
    assert deep.trainer.pretraining is not None and len(deep.trainer.pretraining.seconds) == 1
    assert deep.choose(None) is not None and deep.refit(math.inf)
    assert len(deep.outputs("test", 1)[0].arrays["labels"]) == 80


def test_the_same_seed_gives_the_same_scores_with_pretraining(pretrained) -> None:
    scores = [[run.valid_score for run in trials(side(pretrained, template(), max_trials=3))] for _ in range(2)]
    assert scores[0] == scores[1]


def test_no_label_of_a_row_that_validates_or_tests_reaches_the_pretrained_weights(pretrained) -> None:
    dataset, task, split, *rest = pretrained
    held_out = np.concatenate([split.valid, split.test])
    target = dataset.target.copy()
    target.loc[held_out, "y"] = np.where(target["y"].to_numpy()[held_out] == "yes", "no", "yes")
    other = dataclasses.replace(dataset, target=target)
    learnt = []
    for data in (dataset, other):
        deep = side((data, task, split, *rest), template(), max_trials=1)
        trials(deep)
        learnt.append(next(iter(deep.trainer.pretraining._weights.values())))
    for one, same in zip(*learnt, strict=True):
        np.testing.assert_array_equal(one, same)


def test_each_hold_out_has_a_teacher_of_its_own_training_rows(pretrained, monkeypatch) -> None:
    dataset, task, split, *rest = pretrained
    everything = np.arange(120)
    valid = [everything[80:], everything[:40], everything[40:80]]
    folds = tuple((np.setdiff1d(everything, rows), rows) for rows in valid)
    split = dataclasses.replace(split, train=folds[0][0], valid=folds[0][1], folds=folds)
    seen: dict[int, np.ndarray] = {}
    pseudo_labels = Pretraining._pseudo_labels

    def watched(self, labelled, holdout):
        seen[holdout] = labelled
        return pseudo_labels(self, labelled, holdout)

    monkeypatch.setattr(Pretraining, "_pseudo_labels", watched)
    deep = side((dataset, task, split, *rest), template(), max_trials=1)
    (run,) = trials(deep)
    assert run.n_holdouts == 3 and set(seen) == {0, 1, 2}
    order = np.concatenate([split.train, split.valid])
    for number, (train, _) in enumerate(folds):
        np.testing.assert_array_equal(np.sort(order[seen[number]]), train)


def test_a_repeat_without_these_rows_starts_from_drawn_weights_and_trains_the_whole_schedule(pretrained) -> None:
    dataset, task, split, *_ = pretrained
    task = dataclasses.replace(task, columns=tuple(Column(name, "numeric", 1.0, "made up") for name in "abc"))
    deep = side(pretrained, template(), max_trials=1)
    trials(deep)
    deep.choose(None)
    assert deep.refit(math.inf)
    with_them = deep.repeat(task, split, 1, math.inf)
    without = deep.repeat(task, split, 1, math.inf, dataclasses.replace(dataset, unlabelled=None))
    assert not np.allclose(with_them.arrays["probabilities"], without.arrays["probabilities"])


def test_a_resumed_side_keeps_its_trials_and_pretrains_again_for_the_refit(pretrained, tmp_path) -> None:
    (run,) = trials(side(pretrained, template(), max_trials=1, folder=tmp_path))
    again = side(pretrained, template(), max_trials=1, folder=tmp_path)
    assert [one.name for one in again.earlier_runs()] == [run.name]
    assert again.trainer.pretraining is not None and not again.trainer.pretraining.seconds
    again.choose(None)
    assert again.refit(math.inf) and again.trainer.pretraining.seconds
