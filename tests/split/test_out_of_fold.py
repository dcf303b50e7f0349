"""Folds hold each row that chose nothing once, and none of those that did; groups and classes stay as a split needs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.flow.prepare import prepare
from automl.recipe import make
from automl.split import fold_splits, rows_that_chose


def prepared(n=300, rare=0, **more):
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    labels = np.where(y == 0, "no", "yes").astype(object)
    labels[n - rare :] = [f"rare {k}" for k in range(rare)]
    frame = pd.DataFrame({"a": y + rng.normal(size=n), "g": [f"g{i // 3}" for i in range(n)], "y": labels})
    return prepare(make(data=frame, target="y", metric="accuracy", **more))


@pytest.mark.parametrize(("n_holdouts", "n_chose"), [(1, 1), (3, 3)])
def test_each_row_that_chose_nothing_is_in_one_fold_and_the_others_always_learn(n_holdouts, n_chose):
    made = prepared()
    own = made.split
    assert len(own.folds) == 3
    parts = fold_splits(made.dataset, made.task, own, n_holdouts, 5)
    chose = rows_that_chose(own, n_holdouts)
    assert set(chose) == set(np.concatenate([valid for _, valid in own.folds[:n_chose]]))
    predicted = np.concatenate([part.test for part in parts])
    assert sorted(predicted) == sorted(set(range(300)) - set(chose)) and set(own.test) <= set(predicted)
    labels = made.dataset.target.iloc[:, 0].to_numpy()
    for part in parts:
        assert sorted([*part.train, *part.valid, *part.test]) == list(range(300))
        assert np.array_equal(part.valid, own.valid) and set(chose) <= {*part.train, *part.valid}
        assert abs(np.mean(labels[part.test] == "yes") - 0.5) < 0.03  # stratified
    assert max(len(part.test) for part in parts) - min(len(part.test) for part in parts) <= 1
    again = fold_splits(made.dataset, made.task, own, n_holdouts, 5)
    assert [part.test.tolist() for part in again] == [part.test.tolist() for part in parts]


def test_groups_stay_whole():
    made = prepared(group="g")
    groups = made.dataset.groups
    for part in fold_splits(made.dataset, made.task, made.split, 1, 5):
        assert not set(groups[part.test]) & set(groups[np.concatenate([part.train, part.valid])])
        assert len(part.unit_ids) == len(part.test) and len(set(part.unit_ids)) == len(set(groups[part.test]))


def test_classes_of_fewer_than_three_rows_are_never_predicted():
    made = prepared(rare=2)
    labels = made.dataset.target.iloc[:, 0].to_numpy(object)
    for part in fold_splits(made.dataset, made.task, made.split, 1, 5):
        assert not {"rare 0", "rare 1"} & set(labels[part.test])


def test_folds_without_rows_are_left_out():
    made = prepared(n=20)
    parts = fold_splits(made.dataset, made.task, made.split, 3, 20)
    assert 0 < len(parts) < 20 and all(len(part.test) for part in parts)
