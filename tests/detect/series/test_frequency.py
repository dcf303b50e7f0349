"""The calendar of times: regular ones, with a few off it, with jitter; and times that lie on none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.detect.series import calendars, frequency
from automl.detect.series.frequency import snapped

HOUR = np.timedelta64(3_600_000_000_000, "ns")


def stamps(alias: str, n: int = 250, first: str = "2001-01-01") -> np.ndarray:
    return pd.date_range(first, periods=n, freq=alias).to_numpy().astype("datetime64[ns]")


def placed(alias: str, n: int = 120, first: str = "2007-12-31") -> np.ndarray:
    return calendars.following(np.datetime64(first, "ns"), n, alias)


@pytest.mark.parametrize(
    ("alias", "season", "horizon"),
    [
        ("MS", 12, 12),
        ("ME", 12, 12),
        ("h", 24, 24),
        ("D", 7, 14),
        ("W-SUN", 52, 13),
        ("YS-JAN", 1, 6),
        ("15min", 96, 96),
        ("B", 5, 10),
    ],
)
def test_a_regular_grid_is_named_with_its_season_and_horizon(alias: str, season: int, horizon: int) -> None:
    found, full = frequency.frequency([stamps(alias)])

    assert (alias, 1.0) == (found, full)
    assert season == calendars.season(found)
    assert horizon == calendars.horizon(found, 1000)


@pytest.mark.parametrize("alias", ["MS", "QS-OCT", "h", "D", "W-WED", "YE-DEC", "30min"])
def test_gaps_do_not_hide_the_grid(alias: str) -> None:
    times = stamps(alias, 120, "2000-01-01")
    kept = np.delete(times, [7, 31, 32, 90])

    found, full = frequency.frequency([kept])

    assert found is not None
    assert pytest.approx(116 / 120) == full
    np.testing.assert_array_equal(times, calendars.grid(times[0], times[-1], found))


@pytest.mark.parametrize(
    "alias",
    [
        "M-15", "M-30", "M-1-15", "M-1-11-21", "M-15-31", "BME", "BMS", "WOM-1MON", "WOM-3FRI", "LWOM-FRI", "3M-15",
        "12M-4", "C-Mon Tue Wed Thu Fri Sat", "C-Mon Tue Wed Thu Sun", "C-Mon Wed Fri", "C-Sat Sun", "601s",
    ],
)  # fmt: skip
def test_calendars_that_people_live_by(alias: str) -> None:
    assert (alias, 1.0) == frequency.frequency([placed(alias, 200 if alias[0] == "C" else 100)])


@pytest.mark.parametrize(
    "alias",
    ["30min-0930-1600-Mon Tue Wed Thu Fri", "1h-0800-1800-Mon Tue Wed Thu Fri Sat Sun", "5min-0900-1200-Sat Sun"],
)
def test_hours_of_opening(alias: str) -> None:
    assert (alias, 1.0) == frequency.frequency([placed(alias, 400)])


def moved(times: np.ndarray, rows: tuple[int, ...], by: str) -> np.ndarray:
    out = times.copy()
    out[list(rows)] += pd.Timedelta(by).to_timedelta64()
    return np.sort(out)


@pytest.mark.parametrize(
    ("alias", "rows", "by"),
    [
        ("W-FRI", (66,), "-1D"),
        ("W-MON", tuple(range(0, 110, 10)), "1D"),
        ("WOM-1MON", (4, 20), "1D"),
        ("BME", (11, 23), "-1D"),
        ("MS", (5,), "2D"),
        ("D", (17,), "7h"),
        ("h", (17, 60), "25min"),
    ],
)
def test_a_few_times_off_the_calendar_do_not_hide_it(alias: str, rows: tuple[int, ...], by: str) -> None:
    times = placed(alias)

    found, full = frequency.frequency([moved(times, rows, by)])
    assert (alias, 1.0) == (found, full)

    part = snapped(moved(times, rows, by), alias)
    np.testing.assert_array_equal(times, part.times)
    assert (len(rows), 0) == (part.is_moved.sum(), part.is_off.sum())


@pytest.mark.parametrize(("alias", "sigma"), [("h", 60), ("10min", 15), ("D", 1800), ("15min", 20)])
def test_jitter_is_no_change_of_the_calendar(alias: str, sigma: float) -> None:
    times = stamps(alias, 400)
    shifts = np.random.default_rng(0).normal(0, sigma, 400).clip(-3 * sigma, 3 * sigma)
    noisy = times + (shifts * 1e9).astype(np.int64).astype("timedelta64[ns]")

    assert (alias, 1.0) == frequency.frequency([noisy])
    np.testing.assert_array_equal(times, snapped(noisy, alias).times)


def test_a_usual_time_of_day_is_a_round_one_under_jitter() -> None:
    times = stamps("D", 300) + 8 * HOUR
    noisy = times + (np.random.default_rng(0).normal(0, 1200e9, 300)).astype(np.int64).astype("timedelta64[ns]")

    assert times[0] == snapped(noisy, "D").times[0]


def test_days_of_a_place_with_summer_time_are_days_in_utc() -> None:
    midnight = pd.date_range("2021-01-01", periods=300, tz="Europe/Berlin").tz_convert("UTC").tz_localize(None)

    assert frequency.frequency([midnight.to_numpy().astype("datetime64[ns]")]) == ("D", 1.0)


def test_series_may_begin_at_different_times_and_on_different_days() -> None:
    starts = [stamps("W-MON", 90), stamps("W-FRI", 120, "2003-05-01"), stamps("W-SUN", 60, "2002-01-01")]
    assert frequency.frequency(starts)[0] == "7D"

    days = [stamps("D", 40), stamps("D", 300, "2003-05-04"), np.delete(stamps("D", 80, "2002-01-01"), [3, 4])]
    assert frequency.frequency(days)[0] == "D"


def test_of_two_times_at_one_place_the_nearest_stays() -> None:
    times = stamps("W-MON", 40, "2001-01-01")
    crowded = np.sort(np.append(times, times[10] + 24 * HOUR))

    part = snapped(crowded, "W-MON")

    assert (part.is_moved.sum(), part.is_off.sum()) == (0, 1)
    np.testing.assert_array_equal(crowded, part.times)


def drawn(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Times without a calendar."""
    begin = np.datetime64("2010-01-01", "ns")
    day, minute = 24 * HOUR, HOUR // 60
    months = pd.date_range(begin, periods=120, freq="MS").to_numpy()
    years = rng.choice(np.arange(1700, 2020), 60, replace=False)
    made = {
        "poisson": lambda: begin + rng.exponential(3.6e12, 400).cumsum().astype(np.int64).astype("timedelta64[ns]"),
        "two a day": lambda: begin + rng.exponential(4e13, 400).cumsum().astype(np.int64).astype("timedelta64[ns]"),
        "days of ten years": lambda: begin + rng.choice(3650, 300, replace=False) * day,
        "births": lambda: begin + rng.choice(20_000, 400, replace=False) * day,
        "a day of each month": lambda: months + rng.integers(0, 28, 120) * day,
        "three to twelve days apart": lambda: begin + rng.integers(3, 13, 300).cumsum() * day,
        "hours of offices": lambda: begin + (rng.integers(0, 250, 500) * 24 + rng.integers(9, 17, 500)) * HOUR
        + rng.integers(0, 60, 500) * minute,
        "bursts": lambda: begin + rng.choice([1, 2, 3, 600], 400).cumsum() * np.timedelta64(1_000_000_000, "ns"),
        "some years": lambda: np.array([f"{year}-01-01" for year in years], "M8[ns]"),
    }  # fmt: skip
    return np.unique(np.asarray(made[kind](), "datetime64[ns]"))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "kind",
    ["poisson", "two a day", "days of ten years", "births", "a day of each month", "three to twelve days apart",
     "hours of offices", "bursts", "some years"],
)  # fmt: skip
def test_random_times_have_no_frequency(kind: str, seed: int) -> None:
    assert frequency.frequency([drawn(kind, np.random.default_rng(seed))]) == (None, 0.0)


def test_few_times_fit_a_calendar_exactly_or_none() -> None:
    assert frequency.frequency([stamps("D", 4)])[0] == "D"
    assert frequency.frequency([moved(stamps("D", 8), (3,), "3h")]) == (None, 0.0)
    assert frequency.frequency([stamps("D", 2)]) == (None, 0.0)
    assert frequency.frequency([]) == (None, 0.0)


@pytest.mark.parametrize("year", ["1677-09-23", "1678-01-01", "2262-01-01"])
def test_times_at_the_ends_of_what_fits_do_not_fail(year: str) -> None:
    at = np.datetime64(year, "ns") + np.arange(20) * 24 * HOUR

    assert frequency.frequency([at])[0] in ("D", None)
