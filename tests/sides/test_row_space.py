"""Rows as points, and the share of generated rows that repeat rows that were learnt from."""

import numpy as np
import pandas as pd
import pytest

from automl.goals.shared.samples import samples_of
from automl.records import Column
from automl.sides.row_space import Space, memorised_share, nearest

COLUMNS = (Column("x", "numeric", 1.0, ""), Column("z", "numeric", 1.0, ""), Column("c", "categorical", 1.0, ""))


def rows(n, seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"x": rng.normal(size=n), "z": rng.normal(size=n), "c": rng.choice(["a", "b", "c"], n).astype(object)})
    frame.loc[::10, "x"] = np.nan
    return samples_of(frame, COLUMNS)


@pytest.mark.parametrize(("share", "low", "high"), [(0.0, 0.0, 0.12), (0.5, 0.4, 0.6), (1.0, 0.98, 1.0)])
def test_the_memorised_share_is_the_share_of_copies(share, low, high):
    learnt, held, fresh = rows(3_000, 0), rows(600, 1), rows(600, 2)
    space = Space(learnt)
    n = int(share * 600)
    made = np.concatenate([learnt[:n], fresh[n:]])
    found = memorised_share(space.points(made), space.points(learnt), space.points(held))
    assert low <= found.share <= high
    assert found.low <= found.share <= found.high


def test_rows_that_are_in_both_sets_count_for_neither():
    learnt = rows(400, 0)
    points = Space(learnt).points(learnt)
    found = memorised_share(points[:100], points, points)
    assert found.share == 0.0


def test_a_column_adds_at_most_one_to_a_squared_distance():
    learnt = rows(500, 0)
    points = Space(learnt).points(learnt).astype(float)
    apart = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    assert apart.max() <= 3.0 + 1e-9
    missing, known = np.isnan(learnt["x"]), ~np.isnan(learnt["x"])
    same = learnt["c"][:, None] == learnt["c"][None]
    assert apart[missing][:, missing][same[missing][:, missing]].max() <= 1.0 + 1e-9  # by the other number alone
    assert apart[missing][:, known].min() >= 0.75 - 1e-9


def test_nearest_is_what_brute_force_finds():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(50, 4)), rng.normal(size=(70, 4))
    apart = ((a[:, None] - b[None]) ** 2).sum(axis=2)
    np.testing.assert_allclose(nearest(a, b), apart.min(axis=1), atol=1e-9)
    np.testing.assert_allclose(nearest(a, b, 3), np.sort(apart, axis=1)[:, 2], atol=1e-9)
    own = ((a[:, None] - a[None]) ** 2).sum(axis=2)
    np.fill_diagonal(own, np.inf)
    np.testing.assert_allclose(nearest(a, a, 2, is_self=True), np.sort(own, axis=1)[:, 1], atol=1e-9)
