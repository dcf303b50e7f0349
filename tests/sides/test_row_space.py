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
    frame = pd.DataFrame(
        {"x": rng.normal(size=n), "z": rng.normal(size=n), "c": rng.choice(["a", "b", "c"], n).astype(object)}
    )
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


def test_the_share_is_that_of_all_rows_where_some_of_them_are_looked_at():
    learnt, held, fresh = rows(3_000, 0), rows(600, 1), rows(600, 2)
    space = Space(learnt)
    made = space.points(np.concatenate([learnt[:300], fresh[300:]]))
    looked = np.random.default_rng(3).permutation(3_000)[:1_500]
    found = memorised_share(made, space.points(learnt[looked]), space.points(held), 0.5)
    assert 0.35 <= found.share <= 0.65
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


def test_items_lie_as_far_apart_as_a_column_and_copies_at_the_same_point():
    rng = np.random.default_rng(0)
    learnt = np.empty(300, [("picture", "u1", (9, 9, 3)), ("series", "f4", (2, 20)), ("text", "U400"), ("c", "U1")])
    learnt["picture"] = rng.integers(0, 255, (300, 9, 9, 3))
    learnt["series"] = rng.normal(size=(300, 2, 20))
    learnt["text"] = [" ".join(rng.choice(["up", "down", "left", "right"], 6)) for _ in range(300)]
    learnt["c"] = rng.choice(["a", "b"], 300)
    space = Space(learnt)
    points = space.points(learnt)
    apart = 2 * points.var(axis=0).sum()
    assert apart == pytest.approx(3.0 + 0.5, abs=0.1)
    copies = space.points(learnt[[5, 3, 200]])
    np.testing.assert_array_equal(nearest(copies, points), 0.0)
    held = learnt[:200].copy()
    held["series"] += rng.normal(size=(200, 2, 20))
    found = memorised_share(points[:200], points, space.points(held))
    assert found.share == pytest.approx(1.0)
