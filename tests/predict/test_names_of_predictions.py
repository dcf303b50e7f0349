"""No two columns of a prediction have the same name, whatever the user's are called."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.predict.rows import future
from automl.predict.side_model import _Read
from automl.records import Output


def panel(series: str, target: str) -> pd.DataFrame:
    days = pd.date_range("2020-01-01", periods=60)
    values = np.random.default_rng(0).normal(size=120)
    return pd.DataFrame({"day": np.tile(days, 2), series: np.repeat(["a", "b"], 60), target: values})


@pytest.mark.parametrize("series", ["y_lower", "y_q10", "shop"])
def test_a_forecast_has_the_users_columns_and_its_own(fitted, series):
    data = panel(series, "y")
    model = fitted(data, "y", goal="forecast", horizon=3, time_column="day", series=series)
    frame = model.predict(data)
    assert frame.columns.is_unique and list(frame[series]) == ["a"] * 3 + ["b"] * 3

    dataset, windows = future(model.read(data), model.task)
    read = _Read(Output("windows", {}), dataset, windows)
    ends = pd.DataFrame({"y": np.zeros(6), "y_lower": -np.ones(6), "y_upper": np.ones(6)})
    handed = model._handed(ends, read)
    assert handed.columns.is_unique and list(handed[series]) == ["a"] * 3 + ["b"] * 3
    assert (handed["y_lower_" if series == "y_lower" else "y_lower"] == -1).all()
