"""Labels and values that are probably wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.audit.labels import doubtful_labels, doubtful_values, error_floor, far_values, suspects


def apart(rng, n=2400):
    """Two classes that a model tells apart but for a narrow belt."""
    frame = pd.DataFrame(rng.normal(size=(n, 4)), columns=list("abcd"))
    return frame, pd.Series(np.where(frame["a"] + frame["b"] + 0.2 * rng.normal(size=n) > 0, "p", "q"))


@pytest.mark.parametrize("share", [0.08, 0.2])
def test_flipped_labels_are_told_with_rows_most_of_which_were_flipped(view, rng, share):
    frame, label = apart(rng)
    wrong = rng.random(len(label)) < share
    seen = view(frame, label.where(~wrong, label.map({"p": "q", "q": "p"})))

    found = doubtful_labels(seen)

    assert found.severity == "medium"
    assert wrong[list(found.rows)].mean() > 0.8
    assert set(found.rows) <= set(seen.split.train.tolist())


def test_classes_that_are_clean_or_overlap_are_quiet(view, clean, rng):
    assert doubtful_labels(view(*apart(rng))) is None
    assert doubtful_labels(view(clean[0], clean[1])) is None
    frame = pd.DataFrame(rng.normal(size=(1000, 4)), columns=list("abcd"))
    assert doubtful_labels(view(frame, pd.Series(rng.choice(["p", "q"], 1000)))) is None


def test_flipped_labels_of_texts_are_told(view, rng):
    goods = {"p": ["sun", "warm", "light", "day"], "q": ["rain", "cold", "dark", "night"]}
    label = pd.Series(rng.choice(["p", "q"], 1000))
    common = [f"word{i}" for i in range(50)]
    texts = [" ".join([*rng.choice(common, 6), *rng.choice(goods[y], 4)]) for y in label]
    frame, wrong = pd.DataFrame({"t": texts}), rng.random(1000) < 0.1

    assert doubtful_labels(view(frame, label, columns={"t": "text"})) is None
    flipped = label.where(~wrong, label.map({"p": "q", "q": "p"}))
    assert doubtful_labels(view(frame, flipped, columns={"t": "text"})).count >= 30


def test_the_floor_is_nothing_where_errors_fall_off_with_sureness(rng):
    sure = rng.random(4000)
    said = np.stack([0.5 + sure / 2, 0.5 - sure / 2], axis=1)
    overlap = (rng.random(4000) > 0.5 + sure / 2).astype(int)
    flat = (rng.random(4000) < 0.1).astype(int)

    low, high = error_floor(said, overlap), error_floor(said, flat)

    assert low[0] - 1.96 * low[1] < 0.01
    assert high[0] == pytest.approx(0.1, abs=2 * high[1] + 0.02)


def test_suspects_reach_another_class_confidently():
    said = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.95, 0.05]])

    assert suspects(said, np.array([0, 0, 1, 1])).tolist() == [3]


def test_values_far_from_those_of_alike_rows_are_told(view, rng):
    frame = pd.DataFrame(rng.normal(size=(1000, 3)), columns=list("abc"))
    values = 100 + 10 * frame["a"] + 5 * frame["b"] + rng.normal(size=1000)
    wrong = rng.random(1000) < 0.04

    assert doubtful_values(view(frame, values)) is None
    found = doubtful_values(view(frame, values.where(~wrong, values * 3)))
    assert wrong[list(found.rows)].mean() > 0.8


@pytest.mark.parametrize("seed", [0, 2, 4])
def test_the_greatest_and_least_of_values_that_inputs_explain_are_not_doubted(view, seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.lognormal(size=(1500, 2)).round(3), columns=list("ab")).assign(
        c=rng.choice([*"xyz"], 1500)
    )

    assert doubtful_values(view(frame, (3 * frame["a"] + 0.01 * rng.normal(size=1500)).round(3))) is None


def test_values_beside_many_zeros_are_not_doubted(view, rng):
    frame = pd.DataFrame(rng.normal(size=(600, 2)).round(3), columns=list("ab"))
    claims = np.maximum(0, frame["a"] + rng.normal(size=600)) * (rng.random(600) < 0.3)

    assert doubtful_values(view(frame, claims.round(2))) is None


@pytest.mark.parametrize(("n", "has_floor"), [(384, False), (6000, True)])
def test_errors_that_are_steady_among_few_rows_are_no_floor(n, has_floor):
    share = np.linspace(0, 1, n)
    rate = np.where(share < 0.4, 0.16 + 0.2 * share, 0.45)
    wrong = np.diff(np.floor(np.cumsum(rate)), prepend=0) > 0  # spread evenly at this rate
    labels = np.arange(n) // 2 % 2
    sure = 1 - 0.49 * share
    said = np.where((labels[:, None] == [0, 1]) ^ wrong[:, None], sure[:, None], 1 - sure[:, None])

    assert (error_floor(said, labels)[0] > 0) is has_floor


@pytest.mark.parametrize("told_alike", [False, True])
def test_the_order_of_rows_does_not_matter_to_which_values_are_doubted(rng, told_alike):
    n = 1000
    said = rng.choice([20.0, 40.0, 60.0], n) if told_alike else rng.normal(50, 10, n)
    miss = rng.choice([-1.0, 1.0, 6.0], n, p=[0.4, 0.25, 0.35]) if told_alike else rng.normal(size=n)
    values = np.where(rng.random(n) < 0.1, 75.0, said + miss)
    expected = set(far_values(said, values).tolist())

    assert expected
    for _ in range(5):
        order = rng.permutation(n)
        assert set(order[far_values(said[order], values[order])].tolist()) == expected
