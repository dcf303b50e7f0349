"""Order statistics tell no single row's value, and stay what they were where rows share their values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.records import MIN_LEVEL_ROWS
from automl.target_encoding.microaggregation import ends, magnitude, median, quantiles, roundest

LEVELS = np.linspace(0.0, 1.0, 64)


def test_values_that_many_rows_share_are_quantiles_as_ever():
    values = np.random.default_rng(0).integers(0, 4, 400).astype(float)
    assert np.array_equal(quantiles(values, LEVELS), np.quantile(values, LEVELS))
    assert ends(values) == (0.0, 3.0) and median(values) == np.median(values)


@pytest.mark.parametrize("n", [5, 9, 40, 64, 300, 5_000])
def test_of_values_that_all_differ_none_comes_out_and_all_lie_near(n):
    values = np.random.default_rng(n).uniform(0, 1, n)
    found = quantiles(values, LEVELS)
    assert not np.isin(found, values).any()
    assert (np.diff(found) >= 0).all() and values.min() < found[0] and found[-1] < values.max()
    places = np.searchsorted(np.sort(values), found)
    assert np.abs(places - LEVELS * (n - 1)).max() <= 2 * MIN_LEVEL_ROWS


def test_a_single_value_far_out_leaves_no_trace_where_all_others_are_shared():
    values = np.array([0.0] * 95 + [91037.25])
    assert quantiles(values, [0.0, 0.99, 1.0]).tolist() == [0.0, 0.0, 0.0]
    assert ends(-values) == (0.0, 0.0)


def test_a_group_on_both_sides_of_a_shared_value_stays_in_order():
    values = np.array([1.0, 3.0, *[5.0] * 20, 7.0, 9.0, 11.0])
    found = quantiles(values, np.linspace(0, 1, len(values)))
    assert found.tolist() == [5.0] * 22 + [6.2] * 3


def test_columns_of_a_table_are_taken_apart():
    table = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    together = quantiles(table, LEVELS)
    assert together.shape == (64, 3)
    assert all(np.array_equal(together[:, j], quantiles(table[:, j], LEVELS)) for j in range(3))


@pytest.mark.parametrize("values", [[91037.25], [3.0, -7.5], [1.0, 2.0, 3.0, 4.0]])
def test_fewer_than_five_rows_tell_a_magnitude_and_no_more(values):
    low, high = ends(np.array(values))
    assert -low == high >= max(map(abs, values)) and np.log2(high) == round(np.log2(high))
    assert median(np.array(values)) == 0.0
    assert quantiles(np.array([]), [0.5]).tolist() == [0.0]


@given(st.lists(st.integers(-3, 3) | st.floats(-1e6, 1e6, width=32), min_size=5, max_size=60))
def test_what_comes_out_is_ascending_within_the_range_and_shared_or_a_mean(values):
    array = np.array(values, np.float64)
    found = quantiles(array, np.linspace(0, 1, len(array)))
    assert (np.diff(found) >= -1e-3).all()
    assert found.min() >= array.min() - 1e-3 and found.max() <= array.max() + 1e-3
    counts = dict(zip(*np.unique(array, return_counts=True), strict=True))
    rare = [v for v, n in counts.items() if n < MIN_LEVEL_ROWS]
    for place, value in zip(found, np.sort(array), strict=True):
        assert counts[value] < MIN_LEVEL_ROWS or place == pytest.approx(value, abs=1e-3)
    if len(rare) == len(counts) == len(array):  # all differ: what comes out is five rows' mean
        assert np.unique(found.round(3)).size <= len(array) // MIN_LEVEL_ROWS


def test_magnitudes_are_powers_of_two_from_the_size_on():
    assert magnitude(np.array([0.0, 1.0, 1.5, 91037.25, 0.3])).tolist() == [0.0, 1.0, 2.0, 131072.0, 0.5]


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e6))
def test_a_round_bound_lies_beyond_the_value_and_within_its_room(inner, room):
    for outer in (inner + room, inner - room):
        found = roundest(inner, outer)
        assert min(inner, outer) <= found <= max(inner, outer)
        assert found != inner or inner == outer


def test_a_round_bound_is_one_of_few_digits():
    assert roundest(91037.25, 120_000.0) == 98304.0  # 3 * 2 ** 15
    assert roundest(-3.3, -10.0) == -8.0  # 2 ** 3
    assert roundest(5.0, 5.0) == 5.0 and roundest(-1.0, 2.0) == 0.0


def test_many_columns_at_once_are_what_each_is_alone():
    draw = np.random.default_rng(0)
    for n in (3, 5, 6, 14, 62, 203):
        table = np.stack([draw.normal(size=n), draw.integers(0, 3, n), np.full(n, 2.0), draw.integers(0, 40, n),
                          np.round(draw.normal(size=n), 1), -np.arange(n)], axis=1)  # fmt: skip
        levels = np.linspace(0.0, 1.0, 9)
        together = quantiles(table, levels)
        alone = np.stack([quantiles(column, levels) for column in table.T], axis=1)
        assert together.tolist() == alone.tolist()
