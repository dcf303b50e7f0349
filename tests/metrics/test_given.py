"""Items given a column's values: shares are met whatever the generator's are, and what is made given them counts."""

import numpy as np

from automl import metrics
from automl.metrics.given import given, keys_of, shares_of
from automl.records import Output


def rows(n, share, shift=0.0, seed=0):
    """Rows of two values, "b" in this share; x says which, and is shifted."""
    rng = np.random.default_rng([n, round(100 * share), seed])
    is_b = np.arange(n) < round(share * n)
    made = np.empty(n, [("x", "f8"), ("c", "U1")])
    made["c"] = np.where(is_b, "b", "a")
    made["x"] = rng.normal(size=n) + 3.0 * is_b + shift
    return made[rng.permutation(n)]


def test_values_come_by_the_shares_of_training_rows():
    wanted = shares_of("c", rows(1_000, 0.3)["c"])
    for share in (0.1, 0.3, 0.9):
        made = given(rows(200, share), wanted)
        assert len(made) == 200
        assert np.count_nonzero(made["c"] == "b") == 60


def test_rows_that_have_the_shares_stay_as_they_are():
    some = rows(100, 0.4)
    assert given(some, shares_of("c", some["c"])).tolist() == some.tolist()


def test_a_value_that_is_never_made_leaves_the_other_rows():
    some = rows(50, 0.0)
    assert given(some, shares_of("c", rows(100, 0.5)["c"])).tolist() == some.tolist()


def test_numbers_with_gaps_are_values_too():
    cells = np.array([1.0, 1.0, 2.0, np.nan])
    found = shares_of("n", cells)
    assert dict(zip(found.values.tolist(), found.shares.tolist(), strict=True)) == {
        "1.0": 0.5,
        "2.0": 0.25,
        "nan": 0.25,
    }
    assert keys_of(np.array([np.nan])).tolist() == ["nan"]


def test_the_metric_blames_what_is_made_given_a_value_and_not_how_often_it_is():
    truth, context = rows(2_000, 0.3, seed=1), {"given": shares_of("c", rows(1_000, 0.3)["c"])}
    often, shifted = (Output("samples", {"samples": some}) for some in (rows(2_000, 0.4), rows(2_000, 0.3, 2.0)))
    assert metrics.score("indistinct", truth, often, None, context) > metrics.score("indistinct", truth, often) + 0.01
    assert metrics.score("indistinct", truth, shifted, None, context) < 0.3


def test_each_of_several_draws_is_given_the_values():
    truth, context = rows(100, 0.3), {"given": shares_of("c", rows(1_000, 0.3)["c"])}
    draws = np.stack([rows(100, 0.3), rows(100, 0.6)], axis=1)
    assert 0.0 <= metrics.score("indistinct", truth, Output("samples", {"samples": draws}), None, context) <= 1.0
