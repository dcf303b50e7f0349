"""Other test rows of a set: as many, none of them a training row, and in a forecast nothing after them is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from benchmark_scripts import benchmark, require_benchmark

require_benchmark("contest")


@pytest.fixture
def contest():
    with benchmark("contest") as module:
        yield module


def marks(n_rows: int, n_test: int) -> np.ndarray:
    """The last rows are test rows."""
    return np.arange(n_rows) >= n_rows - n_test


@pytest.mark.parametrize("metric", ["accuracy", "r2"])
def test_rows_are_drawn_anew_within_the_strata(contest, metric):
    frame = pd.DataFrame({"y": [str(i % 4 if metric == "accuracy" else i) for i in range(400)]})
    entry, test = {"task": "tabular", "target": "y", "metric": metric}, marks(400, 100)

    train, other = contest.other_rows(entry, test, frame, 1)

    strata = frame["y"].astype(int) if metric == "accuracy" else frame["y"].astype(int) // 40
    assert (train == ~other).all()
    assert set(strata[other].value_counts()) == ({25} if metric == "accuracy" else {10})
    assert (other != test).any()
    assert (other != contest.other_rows(entry, test, frame, 2)[1]).any()


def test_a_forecast_is_tested_one_part_earlier_in_each_series(contest):
    frame = pd.DataFrame({"day": [*range(20), *range(9, -1, -1)], "key": ["a"] * 20 + ["b"] * 10})
    test = np.zeros(30, bool)
    test[[16, 17, 18, 19, 20, 21]] = True  # four of a; of b the last two, which its rows begin with

    train, other = contest.other_rows({"task": "forecast", "date": "day", "series": "key"}, test, frame, 1)

    assert list(frame["day"][other & (frame["key"] == "a")]) == [12, 13, 14, 15]
    assert sorted(frame["day"][other & (frame["key"] == "b")]) == [6, 7]
    assert frame["day"][train & (frame["key"] == "a")].max() == 11
    assert frame["day"][train & (frame["key"] == "b")].max() == 5
