"""How far back forecasts may look is told by training windows, the calendar and the length of the series."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from automl.goals.shared.contexts import MOST_NUMBERS, reach, transforms
from automl.records import Dataset, Task


def made(values: np.ndarray, horizon: int = 6, season: int = 1, frequency: str | None = None, n_series: int = 1):
    """A dataset of equal series, its task, and windows over the first four fifths of each."""
    length = len(values)
    target = pd.DataFrame({"y": np.tile(values, n_series)})
    series = np.repeat([f"s{k}" for k in range(n_series)], length).astype(object) if n_series > 1 else None
    times = np.tile(np.datetime64("2001-01-01", "ns") + np.arange(length).astype("timedelta64[D]"), n_series)
    task = Task("sequence", "forecast", ("y",), "mase", horizon=horizon, season=season, frequency=frequency)
    starts = np.concatenate([k * length + np.arange(2, int(0.8 * length) - horizon) for k in range(n_series)])
    dataset = Dataset("waves", pd.DataFrame(index=range(len(target))), target, times=times, series=series)
    return dataset, task, starts[:, None] + np.arange(horizon)


def wave(length: int, period: int, noise: float = 0.3) -> np.ndarray:
    return np.sin(2 * np.pi * np.arange(length) / period) + noise * np.random.default_rng(0).normal(size=length)


@pytest.mark.parametrize(("period", "season", "context"), [(90, 1, 90), (130, 12, 132)])
def test_a_long_cycle_is_found_and_tried_first(period, season, context):
    contexts, start = reach(*made(wave(900, period), season=season))
    assert abs(start - context) <= max(3, season) and start in contexts and start % season == 0


def test_the_repetition_of_the_season_is_no_long_cycle():
    season = np.tile(np.arange(12.0), 100) + np.random.default_rng(0).normal(size=1200)
    contexts, start = reach(*made(season, season=12))
    assert start == 24 and contexts[0] == 12


def test_noise_and_trends_have_no_cycle():
    drawn = np.random.default_rng(0).normal(size=900)
    for values in (drawn, np.cumsum(drawn), np.arange(900.0)):
        assert reach(*made(values)).start == 16


@pytest.mark.parametrize(("frequency", "season", "cycle"), [("D", 7, 364), ("h", 24, 168), ("W-SUN", 1, 52)])
def test_the_calendar_brings_a_year_or_a_week(frequency, season, cycle):
    drawn = np.random.default_rng(0).normal(size=2000)
    assert cycle in reach(*made(drawn, season=season, frequency=frequency)).contexts
    assert cycle not in reach(*made(drawn[: 2 * cycle], season=season, frequency=frequency)).contexts


def test_rows_after_the_training_windows_leave_no_trace():
    values = wave(900, 90)
    dataset, task, windows = made(values)
    later = dataset.target["y"].to_numpy().copy()
    later[windows[-1, -1] + 1 :] = np.random.default_rng(1).normal(0, 1e6, len(later) - windows[-1, -1] - 1)
    other = replace(dataset, target=pd.DataFrame({"y": later}))
    assert reach(dataset, task, windows) == reach(other, task, windows)


def test_the_longest_context_takes_no_more_memory_than_it_may():
    dataset, task, windows = made(np.random.default_rng(0).normal(size=4000), season=24, frequency="h")
    many = np.tile(windows, (MOST_NUMBERS // len(windows) // 100, 1))  # a hundred steps each fill it
    assert max(reach(dataset, task, windows).contexts) > 100
    assert max(reach(dataset, task, many).contexts) <= 100


def test_short_series_of_a_panel_bound_the_contexts():
    contexts, start = reach(*made(np.random.default_rng(0).normal(size=30), season=12, n_series=4))
    assert max(contexts) <= 24 - 6 and start == max(contexts)


def test_transforms_are_those_that_all_known_values_admit():
    truth = np.array([[[4.0]], [[np.nan]], [[9.0]]])
    assert transforms(truth) == ("none", "sqrt", "log")
    assert transforms(truth - 4.0) == ("none", "sqrt")
    assert transforms(truth - 5.0) == ("none",)
