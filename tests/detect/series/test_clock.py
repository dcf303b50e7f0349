"""Forecasts come back on the clock of the history that was given."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl.detect import detect
from automl.detect.series.clock import as_input, local
from automl.predict.side_model import SideModel
from automl.records import Column, Dataset, Output, Recipe, Task

N = 240
WAVE = 50 + 10 * np.sin(np.arange(N) * 2 * np.pi / 24)


class Zeros:
    """A model that forecasts zeros."""

    def __init__(self) -> None:
        self.dataset: Dataset | None = None

    def output(self, dataset: Dataset, windows: np.ndarray) -> Output:
        self.dataset = dataset
        assert dataset.target is not None
        return Output("windows", {"values": np.zeros((*windows.shape, dataset.target.shape[1]))})


def forecast(frame: pd.DataFrame, history: pd.DataFrame | None = None, **options: Any) -> pd.DataFrame:
    """The times of a forecast of `frame`, or of another history."""
    rest, target = frame.drop(columns="y"), frame[["y"]]
    task = detect(Dataset("d.csv", rest, target), Recipe(data=None, target=("y",), goal="forecast", **options))[1]
    made = SideModel("shallow", task, Zeros()).predict(frame if history is None else history)
    assert isinstance(made, pd.DataFrame)
    return made


@pytest.mark.parametrize(
    "tz", [None, "UTC", "Europe/Berlin", "Asia/Kolkata", datetime.timezone(datetime.timedelta(hours=-3))]
)
def test_stamps_with_a_zone_go_on_in_it(tz: object) -> None:
    stamps = pd.date_range("2021-08-01", periods=N, freq="h", tz=tz)

    made = forecast(pd.DataFrame({"t": stamps, "y": WAVE}))

    assert made["t"].iloc[0] == stamps[-1] + pd.Timedelta(hours=1)
    assert made["t"].dtype == pd.Series(stamps.as_unit("ns")).dtype
    assert (np.diff(made["t"]) == np.timedelta64(1, "h")).all()


@pytest.mark.parametrize(("zone", "suffix"), [("+02:00", "+02:00"), ("-07:30", "-07:30"), ("Z", "+00:00")])
def test_texts_with_an_offset_go_on_in_it(zone: str, suffix: str) -> None:
    wall = pd.date_range("2021-08-01", periods=N, freq="h")

    made = forecast(pd.DataFrame({"t": wall.strftime("%Y-%m-%dT%H:%M:%S") + zone, "y": WAVE}))

    assert str(made["t"].iloc[0]) == f"{wall[-1] + pd.Timedelta(hours=1)}{suffix}"


def test_texts_without_a_zone_stay_without() -> None:
    made = forecast(
        pd.DataFrame({"t": pd.date_range("2021-08-01", periods=N, freq="h").strftime("%d.%m.%Y %H:%M"), "y": WAVE})
    )

    assert str(made["t"].iloc[0]) == "2021-08-11 00:00:00"


def test_the_clock_is_that_of_the_new_history() -> None:
    stamps = pd.date_range("2021-08-01", periods=N, freq="h", tz="Europe/Berlin")
    frame = pd.DataFrame({"t": stamps, "y": WAVE})

    made = forecast(frame, history=frame.assign(t=stamps.tz_convert("UTC")))

    assert str(made["t"].dt.tz) == "UTC"
    assert made["t"].iloc[0] == stamps[-1] + pd.Timedelta(hours=1)


def test_every_series_of_a_panel_is_on_that_clock() -> None:
    stamps = pd.date_range("2021-08-01", periods=N, freq="h", tz="Europe/Berlin")
    frame = pd.concat([pd.DataFrame({"t": stamps, "shop": name, "y": WAVE}) for name in "ab"], ignore_index=True)

    made = forecast(frame, series="shop")

    assert str(made["t"].dt.tz) == "Europe/Berlin"
    assert (made.groupby("shop")["t"].first() == stamps[-1] + pd.Timedelta(hours=1)).all()


def test_years_and_steps_go_on_as_numbers() -> None:
    years = forecast(pd.DataFrame({"year": np.arange(1900, 1900 + N // 2), "y": WAVE[: N // 2]}))
    steps = forecast(pd.DataFrame({"step": np.arange(5, 5 + N), "y": WAVE}))

    assert years["year"].iloc[0] == 1900 + N // 2
    assert steps["step"].iloc[:2].tolist() == [5 + N, 6 + N]


def test_without_a_time_column_steps_are_row_numbers() -> None:
    made = forecast(pd.DataFrame({"y": WAVE, "k": 1}))

    assert made["time"].iloc[:2].tolist() == [N, N + 1]


def task(**reading: Any) -> Task:
    time = Column("t", "datetime", 1.0, "", reading)
    return Task("sequence", "forecast", ("y",), "mase", time_column="t", columns=(time,))


def test_times_read_on_the_local_clock_are_given_their_zone_and_are_not_moved() -> None:
    midnight = np.array(["2021-03-27", "2021-03-28", "2021-03-29"], "datetime64[ns]")

    made = as_input(midnight, task(wall=True), "Europe/Berlin")

    assert [str(stamp) for stamp in made] == [
        "2021-03-27 00:00:00+01:00", "2021-03-28 00:00:00+01:00", "2021-03-29 00:00:00+02:00",
    ]  # fmt: skip
    assert (local(midnight, task(wall=True), "Europe/Berlin") == midnight).all()


def test_times_in_utc_are_shown_on_the_clock_of_the_input() -> None:
    times = np.array([["2021-07-01T22:00", "2021-12-01T23:00"]], "datetime64[ns]")

    shown = local(times, task(), "Europe/Berlin")

    assert shown.shape == (1, 2)
    assert shown.astype("datetime64[m]").astype(str).tolist() == [["2021-07-02T00:00", "2021-12-02T00:00"]]
    assert local(times, task(), None) is times


def test_a_year_beside_months_is_no_year_alone() -> None:
    times = np.array(["2021-02-01", "2021-03-01"], "datetime64[ns]")

    assert as_input(times, task(numbers="year", parts={"month": "m"}), None) is times
    assert as_input(times, task(numbers="year"), None) is times
