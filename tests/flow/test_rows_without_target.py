"""Rows without a target: where they go, what refuses them, and a contest that learns from them."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import automl
from automl import recipe as recipes
from automl.errors import RecipeError
from automl.flow.prepare import prepare


def table(n: int = 300, n_labels: int = 90, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 4)), columns=list("abcd"))
    frame["level"] = rng.choice(["x", "y", "z"], n)
    label = np.where(frame["a"] + frame["b"] > 0, "yes", "no").astype(object)
    label[n_labels:] = None
    return frame.assign(y=label)


def test_rows_without_a_target_lie_beside_the_dataset_and_in_no_part_of_the_split() -> None:
    made = prepare(recipes.make(data=table(), target="y", pretrain=True))
    dataset, split = made.dataset, made.split
    assert dataset.n_rows == 90 and dataset.unlabelled is not None
    assert dataset.unlabelled.n_rows == split.n_unlabelled == 210
    assert list(dataset.unlabelled.inputs.columns) == list(dataset.inputs.columns)
    assert (dataset.unlabelled.inputs.dtypes == dataset.inputs.dtypes).all()
    assert max(map(max, (split.train, split.valid, split.test))) < 90
    (found,) = [one for one in dataset.findings if one.check == "rows_without_target"]
    assert found.count == 210 and found.severity == "low"
    plain = prepare(recipes.make(data=table(), target="y"))
    assert plain.dataset.unlabelled is None and plain.split.n_unlabelled == 0
    np.testing.assert_array_equal(plain.split.test, split.test)


def test_given_test_rows_without_a_target_are_never_learnt_from() -> None:
    test = table(100, 60, seed=1)
    made = prepare(recipes.make(data=table(), test=test, target="y", pretrain=True))
    assert made.dataset.unlabelled is not None and made.dataset.unlabelled.n_rows == 210
    assert len(made.split.test) == 60


def test_rows_of_groups_that_validate_or_test_are_left_out() -> None:
    frame = table()
    frame["g"] = np.arange(len(frame)) % 30
    made = prepare(recipes.make(data=frame, target="y", group="g", pretrain=True))
    dataset, split = made.dataset, made.split
    assert dataset.unlabelled is not None and dataset.groups is not None and dataset.unlabelled.groups is not None
    held_out = dataset.groups[np.concatenate([split.valid, split.test])]
    assert dataset.unlabelled.n_rows and not set(held_out) & set(dataset.unlabelled.groups)
    assert "unlabelled_left_out" in {one.check for one in dataset.findings}


def test_rows_that_are_split_in_time_leave_all_others_out() -> None:
    frame = table().assign(day=pd.date_range("2024-01-01", periods=300))
    made = prepare(recipes.make(data=frame, target="y", time_column="day", pretrain=True))
    assert made.split.in_time and made.split.n_unlabelled == 0


def test_without_such_rows_a_note_says_that_there_is_nothing_to_gain() -> None:
    made = prepare(recipes.make(data=table(90), target="y", pretrain=True))
    assert made.split.n_unlabelled == 0
    assert "nothing_to_pretrain_on" in {one.check for one in made.dataset.findings}


@pytest.mark.parametrize("goal", ["anomaly", "represent", "forecast"])
def test_goals_that_cannot_be_pretrained_for_refuse(goal: str) -> None:
    with pytest.raises(RecipeError, match="pretrain: expected"):
        prepare(recipes.make(data=table(), target=None if goal != "forecast" else "a", goal=goal, pretrain=True))


def test_a_dropped_row_is_told_that_it_could_be_learnt_from() -> None:
    (found,) = [one for one in prepare(recipes.make(data=table(), target="y")).dataset.findings
                if one.check == "missing_target"]  # fmt: skip
    assert "--pretrain" in found.next_step


def test_a_contest_learns_from_rows_without_a_label_on_both_sides(tmp_path) -> None:
    result = automl.fit(
        table(), "y", pretrain=True, budget="none", max_trials=2, templates="mlp", quiet=True, out=tmp_path / "run"
    )
    stored = json.loads((tmp_path / "run" / "result.json").read_text("utf-8"))
    assert stored["split"]["n_unlabelled"] == 210
    choices = [(run["side"], run["choices"]) for run in stored["runs"]]
    assert {own.get("start") for side, own in choices if side == "deep" and "ensemble" not in own} == {
        "pretrained", "drawn",
    }  # fmt: skip
    assert any("unlabelled" in own for side, own in choices if side == "shallow")
    model = automl.load(tmp_path / "run")
    assert len(model.predict(table().drop(columns="y"))) == 300
    assert result.verdict in ("deep", "shallow", "tie")
