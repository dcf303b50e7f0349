"""Series with holes or changing steps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.audit.series import changed_frequency, long_gaps


def days(rng, n=500):
    times = pd.date_range("2020-01-01", periods=n, freq="D")
    return pd.DataFrame({"day": times, "y": 10 + np.sin(np.arange(n) * 2 * np.pi / 7) + 0.1 * rng.normal(size=n)})


def seen(view, frame):
    return view(frame[["day"]].reset_index(drop=True), frame[["y"]].reset_index(drop=True), goal="forecast", horizon=7)


def test_a_whole_series_and_one_with_single_gaps_are_quiet(view, rng):
    frame = days(rng)
    single = frame.drop(index=[50, 120, 121, 300])

    for one in (frame, single):
        assert (changed_frequency(seen(view, one)), long_gaps(seen(view, one))) == (None, None)


@pytest.mark.parametrize(("length", "severity"), [(20, "medium"), (60, "medium")])
def test_a_long_hole_is_told(view, rng, length, severity):
    found = long_gaps(seen(view, days(rng).drop(index=range(200, 200 + length))))

    assert (severity, 1) == (found.severity, found.count)
    assert f"up to {length} steps" in found.message


@pytest.mark.parametrize("every", [2, 7])
def test_steps_that_grow_on_the_way_are_told_and_are_no_holes(view, rng, every):
    frame = days(rng)
    part = frame[(frame.index < 400) | (frame.index % every == 0)]

    found = changed_frequency(seen(view, part))

    assert found.severity == "high" and f"every {every}" in found.message
    assert long_gaps(seen(view, part)) is None
