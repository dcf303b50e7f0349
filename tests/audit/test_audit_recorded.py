"""Which dates tell when rows were recorded, and what only derives from them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.audit.drift import ignored_time
from automl.audit.recorded import derived_from, time_columns

N = 600


@pytest.fixture
def hired(rng):
    return pd.Timestamp("2000-01-01") + pd.to_timedelta(rng.integers(0, 7000, N), "D")


def tenure(hired):
    return (pd.Timestamp("2020-01-01") - hired).days


def noise(rng):
    return pd.Series(rng.normal(size=N))


@pytest.mark.parametrize("unit", [1, 30, 365])
def test_a_date_from_which_a_tenure_derives_is_of_the_thing(view, rng, hired, unit):
    frame = pd.DataFrame({"hire_date": hired, "tenure": tenure(hired) // unit, "pay": rng.normal(size=N)})
    stays = pd.Series(np.where(tenure(hired) / 3000 + rng.normal(size=N) > 1, "yes", "no"))

    assert time_columns(view(frame, stays)) == ()
    assert ignored_time(view(frame, stays)) is None


def test_counters_years_and_durations_are_no_drift(view, rng, hired):
    order = np.argsort(np.argsort(hired))
    end = hired + pd.to_timedelta(rng.integers(10, 3000, N), "D")
    frame = pd.DataFrame(
        {"start": hired, "end": end, "number": order + 1000, "year": hired.year, "length": (end - hired).days,
         "pay": rng.normal(size=N)}
    )  # fmt: skip
    seen = view(frame, noise(rng))
    dates = tuple(c for c in seen.columns if c.kind == "datetime")

    assert {"number", "year", "length"} == set(derived_from(seen, dates[0], dates))
    assert ignored_time(seen) is None


def test_what_drifts_with_time_is_still_told(view, rng, hired):
    frame = pd.DataFrame({"sold_on": hired, "price": rng.normal(size=N) + 0.15 * (hired.year - 2000)})

    found = ignored_time(view(frame, noise(rng)))

    assert found is not None and found.columns == ("sold_on",)


def walk(rng, n=N):
    return pd.Series(rng.normal(size=n).cumsum())


@pytest.mark.parametrize("kind", ["numbers", "classes", "panel by store", "panel by date", "years"])
def test_rows_in_order_whose_target_follows_time_are_a_grave_finding(view, rng, kind):
    days = pd.date_range("2018-01-01", periods=N)
    frame, target = pd.DataFrame({"day": days, "x": rng.normal(size=N)}), walk(rng)
    if kind == "classes":
        target = pd.Series(np.where(target > target.median(), "up", "down"))
    elif kind == "years":
        frame, target = pd.DataFrame({"year": np.arange(1900, 2020), "x": rng.normal(size=120)}), walk(rng, 120)
    elif kind != "numbers":
        frame = pd.DataFrame({"store": np.repeat(list("abcdef"), 100), "day": np.tile(days[:100], 6)})
        frame["promo"] = rng.integers(0, 2, N)
        target = pd.Series(np.repeat(rng.normal(0, 30, 6), 100) + rng.normal(size=(6, 100)).cumsum(axis=1).ravel())
    if kind == "panel by date":
        order = np.argsort(frame["day"].to_numpy(), kind="stable")
        frame, target = frame.iloc[order].reset_index(drop=True), target.iloc[order].reset_index(drop=True)

    found = ignored_time(view(frame, target))

    assert found is not None and found.severity == "high"
    assert "rows are in its order" in found.message


def test_rows_in_order_whose_target_follows_nothing_are_quiet(view, rng):
    frame = pd.DataFrame({"day": pd.date_range("2018-01-01", periods=N), "x": rng.normal(size=N)})

    assert ignored_time(view(frame, noise(rng))) is None


def test_groups_that_the_user_keeps_whole_are_no_grave_fault(view, rng):
    frame = pd.DataFrame({"day": pd.date_range("2018-01-01", periods=N), "g": np.arange(N) // 20, "x": noise(rng)})

    found = ignored_time(view(frame, walk(rng), group="g"))

    assert found is not None and found.severity == "medium"
    assert "by groups" in found.message


def test_later_test_rows_with_shuffled_validation_are_told(view, rng):
    frame = pd.DataFrame({"day": pd.date_range("2018-01-01", periods=N), "x": rng.normal(size=N)})

    found = ignored_time(view(frame, walk(rng), given=np.arange(N) >= 450))
    assert found is not None and found.severity == "medium"
    assert "validation rows" in found.message
    assert ignored_time(view(frame, walk(rng), given=rng.random(N) < 0.2)) is None
