"""Items of any part have units as the test items have."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.flow.prepare import prepare
from automl.recipe import make
from automl.split import time_ids_of, unit_ids_of


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


def test_series_of_a_panel_share_times_in_validation_as_in_the_test():
    """What happens at a time may concern all series, so the noise of a lead on validation rows must know of it."""
    days = pd.date_range("2020-01-01", periods=120)
    frame = pd.DataFrame({"day": np.tile(days, 12), "shop": np.repeat([f"s{i}" for i in range(12)], 120),
                          "y": np.random.default_rng(0).normal(size=1440)})  # fmt: skip
    made = prepare(make(data=frame, target="y", goal="forecast", horizon=4, time_column="day", series="shop"))
    tested = time_ids_of(made.dataset, made.split, made.split.items("test"))
    assert made.split.units == "series" and np.array_equal(tested, made.split.time_ids)
    valid = made.split.items("valid")
    found = time_ids_of(made.dataset, made.split, valid)
    assert len(found) == len(valid) and 1 < len(np.unique(found)) == len(valid) // 12
    assert time_ids_of(prepared(drop=["day"]).dataset, prepared(drop=["day"]).split, np.arange(5)) is None


def test_the_champion_is_named_with_the_times_of_a_panel(monkeypatch):
    from automl import verdict
    from automl.flow.blend import champion_of

    days = pd.date_range("2020-01-01", periods=60)
    frame = pd.DataFrame({"day": np.tile(days, 12), "shop": np.repeat([f"s{i}" for i in range(12)], 60),
                          "y": np.random.default_rng(0).normal(size=720)})  # fmt: skip
    made = prepare(make(data=frame, target="y", goal="forecast", horizon=4, time_column="day", series="shop"))
    valid = made.split.items("valid")
    monkeypatch.setattr(verdict, "name_champion", lambda found, seed: found)
    assert np.array_equal(champion_of(made, {}, valid, 0).time_ids, time_ids_of(made.dataset, made.split, valid))
