"""Places of calendars, those that follow a time, and how a calendar is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.detect.series import calendars

NS = "datetime64[ns]"


def days(*texts: str) -> list[str]:
    return [str(np.datetime64(text, "ns")) for text in texts]


def following(last: str, n: int, alias: str) -> list[str]:
    return [str(time) for time in calendars.following(np.datetime64(last), n, alias)]


@pytest.mark.parametrize(
    ("alias", "last", "expected"),
    [
        ("D", "2024-02-28", ("2024-02-29", "2024-03-01")),
        ("15min", "2024-02-28T23:45", ("2024-02-29T00:00", "2024-02-29T00:15")),
        ("M-15", "2023-12-15", ("2024-01-15", "2024-02-15")),
        ("M-30", "2024-01-30", ("2024-02-29", "2024-03-30")),
        ("3M-15", "2023-11-15", ("2024-02-15", "2024-05-15")),
        ("12M-4", "2023-07-04", ("2024-07-04", "2025-07-04")),
        ("M-1-11-21", "2024-02-11", ("2024-02-21", "2024-03-01")),
        ("M-15-31", "2024-02-15", ("2024-02-29", "2024-03-15")),
        ("BME", "2024-02-29", ("2024-03-29", "2024-04-30")),
        ("WOM-1MON", "2024-02-05", ("2024-03-04", "2024-04-01")),
        ("LWOM-FRI", "2024-02-23", ("2024-03-29", "2024-04-26")),
        ("W-FRI", "2024-02-23", ("2024-03-01", "2024-03-08")),
        ("B", "2024-03-01", ("2024-03-04", "2024-03-05")),
        ("C-Mon Tue Wed Thu Fri Sat", "2024-03-01", ("2024-03-02", "2024-03-04")),
        ("C-Sat Sun", "2024-03-02", ("2024-03-03", "2024-03-09")),
        ("1h-0900-1700-Mon Tue Wed Thu Fri", "2024-03-01T16:00", ("2024-03-01T17:00", "2024-03-04T09:00")),
        ("YS-JAN", "2024-01-01", ("2025-01-01", "2026-01-01")),
    ],
)
def test_the_places_after_a_time(alias: str, last: str, expected: tuple[str, str]) -> None:
    assert days(*expected) == following(last, 2, alias)
    assert calendars.is_alias(alias)


@pytest.mark.parametrize(
    "alias", ["M-15", "C-Mon Wed Fri", "30min-0930-1600-Mon Tue Wed Thu Fri", "BMS", "7D", "QS-OCT"]
)
def test_a_grid_is_what_follows_step_by_step(alias: str) -> None:
    first = calendars.following(np.datetime64("2023-10-01", "ns"), 1, alias)[0]

    later = calendars.following(first, 60, alias)

    assert len(later) == 60
    np.testing.assert_array_equal(np.append(first, later), calendars.grid(first, later[-1], alias))


def test_a_grid_of_days_keeps_the_time_of_day() -> None:
    grid = calendars.grid(np.datetime64("2024-01-15T08:30"), np.datetime64("2024-03-20"), "M-15")

    assert days("2024-01-15T08:30", "2024-02-15T08:30", "2024-03-15T08:30") == [str(time) for time in grid]


@pytest.mark.parametrize(
    "text", ["", "no such", "M-32", "M-0", "0M-15", "C-", "C-Mon Xyz", "1h-1700-0900-Mon", "1h-0900-2500-Mon", "M-15;D"]
)
def test_what_is_no_calendar(text: str) -> None:
    assert not calendars.is_alias(text)


@pytest.mark.parametrize(
    ("alias", "season", "horizon", "said"),
    [
        ("M-15", 12, 12, "month (day 15)"),
        ("M-30", 12, 12, "month (day 30)"),
        ("3M-15", 4, 8, "quarter (day 15)"),
        ("12M-4", 1, 6, "year (day 4)"),
        ("M-1-11-21", 36, 18, "month (day 1 and 11 and 21)"),
        ("BME", 12, 12, "month (last working day)"),
        ("WOM-3FRI", 12, 12, "month (third Fri)"),
        ("C-Mon Tue Wed Thu Fri Sat", 6, 12, "day of Mon to Sat"),
        ("C-Mon Wed Fri", 3, 6, "day of Mon, Wed, Fri"),
        ("30min-0930-1600-Mon Tue Wed Thu Fri", 14, 14, "30 minutes from 09:30 to 16:00 of Mon to Fri"),
        ("1h-0800-1700-Mon Tue", 10, 10, "hour from 08:00 to 17:00 of Mon, Tue"),
        ("MS", 12, 12, "month"),
        ("YS-JAN", 1, 6, "year"),
        ("W-SUN", 52, 13, "week"),
        ("h", 24, 24, "hour"),
        ("15min", 96, 96, "15 minutes"),
        ("7ms", 1, 10, "7ms"),
    ],
)
def test_a_calendar_has_a_season_a_usual_horizon_and_words(alias: str, season: int, horizon: int, said: str) -> None:
    assert (season, horizon, said) == (
        calendars.season(alias), calendars.horizon(alias, 1000), calendars.said(alias)
    )  # fmt: skip


def test_the_horizon_is_at_most_a_fifth_of_a_usual_series() -> None:
    assert calendars.horizon("MS", 43) == 8
    assert calendars.horizon("MS", 3) == 1


def test_grids_agree_with_pandas_where_it_knows_the_calendar() -> None:
    for alias in ("MS", "ME", "B", "W-WED", "2MS", "6h"):
        ours = calendars.grid(np.datetime64("2019-01-31"), np.datetime64("2021-02-03"), alias)
        start = "2019-02-01" if alias == "2MS" else "2019-01-31"
        expected = pd.date_range(start, "2021-02-03", freq=alias).to_numpy().astype(NS)
        if alias == "2MS":
            ours = calendars.grid(np.datetime64("2019-02-01"), np.datetime64("2021-02-03"), alias)
        np.testing.assert_array_equal(expected, ours)
