"""A classifier tells generated rows from real ones as far as they differ, and not where they do not."""

import numpy as np
import pandas as pd
import pytest

from automl import metrics
from automl.goals.shared.samples import samples_of
from automl.metrics import two_sample
from automl.metrics.two_sample import as_matrix, told_apart
from automl.records import Column, Output

COLUMNS = (Column("x", "numeric", 1.0, ""), Column("y", "numeric", 1.0, ""), Column("c", "categorical", 1.0, ""))


def rows(n, seed, tied=True):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    y = x + 0.1 * rng.normal(size=n) if tied else rng.permutation(x) + 0.1 * rng.normal(size=n)
    frame = pd.DataFrame({"x": x, "y": y, "c": np.where(x > 0, "up", "down").astype(object)})
    return samples_of(frame, COLUMNS)


def score(real, made, weight=None):
    return metrics.score("indistinct", real, Output("samples", {"samples": made}), weight)


def test_rows_of_one_source_are_hardly_told_apart_and_shuffled_columns_surely():
    real = rows(600, 0)
    alike, broken = score(real, rows(600, 1)), score(real, rows(600, 2, tied=False))
    assert alike > 0.85
    assert broken < 0.3


def test_both_rows_of_a_pair_weigh_alike_and_weights_of_zero_leave_pairs_out():
    real, made = rows(300, 0), rows(300, 1, tied=False)
    weight = np.ones(300)
    assert score(real, made, weight) == score(real, made) == pytest.approx(score(real, made, 2.5 * weight))
    weight[:150] = 0
    pairs = told_apart(real, made)[150:]
    wins = (pairs[:, 1][None] > pairs[:, 0][:, None]) + 0.5 * (pairs[:, 1][None] == pairs[:, 0][:, None])
    assert score(real, made, weight) == pytest.approx(1 - 2 * abs(wins.mean() - 0.5))


def test_missing_cells_and_rare_levels_are_read():
    frame = pd.DataFrame({"x": [1.0, np.nan] * 40, "y": np.arange(80.0), "c": [None, *map(str, range(79))]})
    real = samples_of(frame, COLUMNS)
    left, right, are_codes = as_matrix(real, real[::-1])
    assert np.isnan(left[:, 0]).sum() == 40
    assert are_codes.tolist() == [False, False, True]
    assert left[:, 2].max() < 255  # what a boosted forest can take as categories
    assert np.array_equal(right[::-1], left, equal_nan=True)


def test_the_same_rows_are_told_apart_alike_each_time():
    real, made = rows(120, 0), rows(120, 1)
    first = told_apart(real, made).copy()
    assert told_apart(real, made) is told_apart(real, made)
    two_sample._known.clear()
    told_apart(real, rows(120, 10))  # another pair in between
    np.testing.assert_array_equal(told_apart(real, made), first)


def pictures(n, seed, flat=False):
    rng = np.random.default_rng(seed)
    made = np.empty(n, [("picture", "u1", (8, 8, 1)), ("text", "U400"), ("c", "U5")])
    grain = rng.integers(0, 2 if flat else 60, (n, 8, 8, 1))
    made["picture"] = np.where(rng.random((n, 1, 1, 1)) < 0.5, 60, 180) + grain
    made["text"] = [" ".join(rng.choice(["a", "the", "sea", "sun"], 5)) for _ in range(n)]
    made["c"] = rng.choice(["left", "right"], n)
    return made


def test_pictures_and_texts_are_read_by_their_features_and_levels_beside_them_as_codes():
    real, made = pictures(150, 0), pictures(150, 1)
    left, right, are_codes = as_matrix(real, made)
    assert left.shape == right.shape == (150, len(are_codes))
    assert are_codes.tolist() == [False] * (len(are_codes) - 1) + [True]


def test_pictures_are_told_apart_by_their_grain():
    parts = [pictures(60, seed, flat)[["picture"]] for seed, flat in ((0, False), (1, False), (2, True))]
    assert score(parts[0], parts[2]) < 0.2 < 0.5 < score(parts[0], parts[1])


def test_features_favour_neither_set():
    left, right, _ = as_matrix(pictures(80, 0), pictures(80, 1))
    spreads = [rows[:, :-1].var(axis=0).sum() for rows in (left, right)]
    assert spreads[0] == pytest.approx(spreads[1], rel=0.35)
