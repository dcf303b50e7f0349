"""Items of any part have units as the test items have."""

from __future__ import annotations

import numpy as np
import pandas as pd

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
