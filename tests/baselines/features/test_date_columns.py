"""Parts of dates are those that pandas computes, to the last bit."""

import numpy as np
import pandas as pd
import pytest

from automl.baselines.features.dates import PARTS, date_parts

ORIGIN = 1577836800.0


def by_pandas(column, cyclic):
    stamps = pd.to_datetime(column)
    blocks = [(stamps - pd.Timestamp(ORIGIN, unit="s")).dt.total_seconds().to_numpy(dtype=np.float64) / 86400]
    period = {"month": 12.0, "day": 31.0, "day_of_week": 7.0, "hour": 24.0}
    for name in PARTS:
        value = getattr(stamps.dt, name).to_numpy(dtype=np.float64)
        angle = 2 * np.pi * value / period.get(name, 1.0)
        blocks += [np.sin(angle), np.cos(angle)] if cyclic and name in period else [value]
    return np.stack(blocks, axis=1)


@pytest.mark.parametrize("unit", ["D", "s", "ms", "ns"])
@pytest.mark.parametrize("cyclic", [False, True])
def test_parts_are_those_of_pandas(unit, cyclic):
    ticks = np.random.default_rng(0).integers(-(10**18) * 5, 10**18 * 7, 500)
    stamps = ticks.astype("datetime64[ns]").astype(f"datetime64[{unit}]").astype("datetime64[ns]")
    stamps[::7] = np.datetime64("NaT")
    expected = by_pandas(pd.Series(stamps), cyclic)
    for column in (stamps, pd.Series(stamps)):
        np.testing.assert_array_equal(date_parts(column, list(PARTS), ORIGIN, cyclic), expected)


def test_no_date_at_all_has_no_parts():
    gone = np.full(3, np.datetime64("NaT"), "datetime64[ns]")
    assert np.isnan(date_parts(gone, list(PARTS), ORIGIN, False)).all()
