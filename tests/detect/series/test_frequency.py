"""Frequency, season and horizon of time columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.detect.series import calendars, frequency


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
    times = pd.date_range("2001-01-01", periods=250, freq=alias).to_numpy().astype("datetime64[ns]")

    found, full = frequency.frequency([times])

    assert (alias, 1.0) == (found, full)
    assert season == calendars.season(found)
    assert horizon == calendars.horizon(found, 1000)


@pytest.mark.parametrize("alias", ["MS", "QS-OCT", "h", "D", "W-WED", "YE-DEC", "30min"])
def test_gaps_do_not_hide_the_grid(alias: str) -> None:
    times = pd.date_range("2000-01-01", periods=120, freq=alias).to_numpy().astype("datetime64[ns]")
    kept = np.delete(times, [7, 31, 32, 90])

    found, full = frequency.frequency([kept])

    assert found is not None
    assert pytest.approx(116 / 120) == full
    assert (pd.date_range(times[0], times[-1], freq=found).to_numpy() == times).all()


def test_random_times_have_no_frequency() -> None:
    steps = np.random.default_rng(0).exponential(1e14, 100).cumsum().astype("int64")

    assert frequency.frequency([steps.astype("datetime64[ns]")]) == (None, 0.0)


def test_the_horizon_is_at_most_a_fifth_of_the_shortest_series() -> None:
    assert calendars.horizon("MS", 43) == 8
    assert calendars.horizon("MS", 3) == 1


@pytest.mark.parametrize(
    ("alias", "words"),
    [("MS", "month"), ("YS-JAN", "year"), ("W-SUN", "week"), ("h", "hour"), ("15min", "15 minutes"), ("7ms", "7ms")],
)
def test_a_frequency_is_said_in_words(alias: str, words: str) -> None:
    assert calendars.said(alias) == words
