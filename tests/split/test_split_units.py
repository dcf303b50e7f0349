"""Items of any part have units as the test items have."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.flow.prepare import prepare
from automl.recipe import make
from automl.split import unit_ids_of


def prepared(**more):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=300), "y": rng.normal(size=300), "g": np.arange(300) // 6,
                          "day": pd.date_range("2020-01-01", periods=300)})  # fmt: skip
    return prepare(make(data=frame, target="y", goal="regression", **more))


def test_the_test_items_get_the_units_that_the_split_gave_them():
    for more in ({"drop": ["day"]}, {"drop": ["day"], "group": "g"}, {"time_column": "day"}):
        made = prepared(**more)
        found = unit_ids_of(made.dataset, made.split, made.split.items("test"))
        assert np.array_equal(found, made.split.unit_ids), more
        valid = made.split.items("valid")
        assert len(unit_ids_of(made.dataset, made.split, valid)) == len(valid)


def test_groups_are_the_units_of_validation_rows():
    made = prepared(drop=["day"], group="g")
    valid = made.split.items("valid")
    found = unit_ids_of(made.dataset, made.split, valid)
    assert len(np.unique(found)) == len(np.unique(made.dataset.groups[valid])) < len(valid)


def test_windows_are_units():
    frame = pd.DataFrame({"day": pd.date_range("2020-01-01", periods=200), "y": np.sin(np.arange(200.0))})
    made = prepare(make(data=frame, target="y", goal="forecast", horizon=5))
    found = unit_ids_of(made.dataset, made.split, made.split.items("test"))
    assert np.array_equal(found, made.split.unit_ids)


@pytest.mark.parametrize("part", ["valid", "test"])
def test_windows_of_series_that_begin_at_other_times_are_numbered_in_the_order_of_time(part):
    """The first series in the data is the youngest, so the order of appearance is not that of time."""
    days = {"a": pd.date_range("2020-06-01", periods=160), "b": pd.date_range("2020-01-01", periods=160)}
    frame = pd.concat([
        pd.DataFrame({"name": name, "day": own, "y": np.sin(np.arange(160.0))}) for name, own in days.items()
    ])  # fmt: skip
    made = prepare(make(data=frame, target="y", goal="forecast", horizon=5, series="name", time_column="day"))
    items = made.split.items(part)
    found = unit_ids_of(made.dataset, made.split, items)
    starts = made.dataset.times[items[:, 0]]
    assert (np.diff(starts) < np.timedelta64(0)).any()  # one series after the other
    order = np.argsort(starts, kind="stable")
    assert (np.diff(found[order]) == (np.diff(starts[order]) > np.timedelta64(0))).all() and found.min() == 0
    if part == "test":
        assert np.array_equal(found, made.split.unit_ids)
