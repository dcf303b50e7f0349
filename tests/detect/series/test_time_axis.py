"""Which tables are series: calendars and zones as people write them, and tables that only look like series."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from automl.detect import detect, history
from automl.detect.series.keys import key_columns
from automl.errors import DataError, RecipeError
from automl.records import Dataset, Recipe, Task

N = 240


def wave(n: int, period: float = 7.0) -> np.ndarray:
    rng = np.random.default_rng(n)
    return np.asarray(20 + 3 * np.sin(np.arange(n) * 2 * np.pi / period) + np.arange(n) / n + rng.normal(0, 0.2, n))


def run(frame: pd.DataFrame, given: np.ndarray | None = None, **options: object) -> tuple[Dataset, Task]:
    frame = frame.reset_index(drop=True)
    target = frame[["y"]] if "y" in frame else None
    asked = ("y",) if target is not None else ()
    raw = Dataset("t.csv", frame.drop(columns=list(asked)), target, given=given)
    return detect(raw, Recipe(data=None, target=asked, **options))


def dated(times: object, **columns: object) -> pd.DataFrame:
    return pd.DataFrame({"date": times, **columns, "y": wave(len(times))})  # type: ignore[arg-type]


def days(freq: str = "D", n: int = N, tz: str | None = None, first: str = "2020-01-01") -> pd.DatetimeIndex:
    return pd.date_range(first, periods=n, freq=freq, tz=tz)


def written(times: pd.DatetimeIndex, form: str = "%Y-%m-%d %H:%M") -> list[str]:
    return list(times.strftime(form))


def panel(n_series: int = 3, **constants: object) -> pd.DataFrame:
    one = [dated(days(), shop=f"s{i}", **constants) for i in range(n_series)]
    return pd.concat(one, ignore_index=True)


def crossed() -> pd.DataFrame:
    """Three stores of two items each."""
    return pd.concat([dated(days(), store=store, item=item) for store in "ABC" for item in ("tea", "rye")])


HOURS = days("h", 24 * 30)
MONTHS = days("MS", 144, first="2005-01-01")
SATURDAYS = days()[days().day_of_week < 6]
WEEKS = days("W-MON", 200, first="2015-01-05")
OPEN = days("30min", 48 * 40)
OPEN = OPEN[(OPEN.day_of_week < 5) & (OPEN.hour >= 9) & (OPEN.hour < 17)]
POSTGRES = [stamp.isoformat(" ")[:-3] for stamp in days(tz="Europe/Berlin")]
MIDNIGHTS_IN_UTC = [stamp.tz_convert("UTC").strftime("%Y-%m-%dT%H:%M:%SZ") for stamp in days(tz="Europe/Paris")]

SERIES: dict[str, tuple[Callable[[], pd.DataFrame], str, str | None]] = {
    "days": (lambda: dated(days()), "D", None),
    "months on the 15th": (lambda: dated(written(MONTHS + pd.Timedelta("14D"), "%d.%m.%Y")), "M-15", None),
    "last working days": (lambda: dated(days("BME", 120)), "BME", None),
    "first Mondays": (lambda: dated(days("WOM-1MON", 120)), "WOM-1MON", None),
    "a week of six days": (lambda: dated(SATURDAYS), "C-Mon Tue Wed Thu Fri Sat", None),
    "working days with holidays": (lambda: dated(np.delete(days("B"), [7, 90, 91])), "B", None),
    "hours of opening": (lambda: dated(OPEN), "30min-0900-1630-Mon Tue Wed Thu Fri", None),
    "midnight of a zone, isoformat": (lambda: dated([s.isoformat() for s in days(tz="Europe/Berlin")]), "D", None),
    "midnight of a zone, as Postgres writes it": (lambda: dated(POSTGRES), "D", None),
    "midnight of a zone in a frame": (lambda: dated(days(tz="America/New_York")), "D", None),
    "midnight of a zone in UTC": (lambda: dated(MIDNIGHTS_IN_UTC), "D", None),
    "months of a zone": (lambda: dated([str(s) for s in days("MS", 120, "Europe/London")]), "MS", None),
    "weeks of a zone": (lambda: dated([str(s) for s in days("W-MON", 120, "Australia/Sydney")]), "W-MON", None),
    "hours of a zone": (lambda: dated([str(s) for s in days("h", 24 * 200, "Europe/Berlin")]), "h", None),
    "hours by the clock": (lambda: dated(written(days("h", 24 * 320, "Europe/Berlin"))), "h", None),
    "quarters of hours by the clock": (
        lambda: dated(written(days("15min", 96 * 60, "America/Chicago", "2021-10-01"))),
        "15min",
        None,
    ),
    "jitter": (lambda: dated(days("10min") + pd.to_timedelta(np.arange(N) % 7, "s")), "10min", None),
    "a date and an hour": (lambda: dated(HOURS.date.astype(str), hour=HOURS.hour), "h", None),
    "a date and an hour from 1 to 24": (lambda: dated(HOURS.date.astype(str), hr=HOURS.hour + 1), "h", None),
    "a date and a time": (lambda: dated(written(HOURS, "%d/%m/%Y"), time=written(HOURS, "%H:%M")), "h", None),
    "a date and a time with points": (
        lambda: dated(written(HOURS, "%d/%m/%Y"), Time=written(HOURS, "%H.%M.%S")),
        "h",
        None,
    ),
    "a date and a time such as 1300": (lambda: dated(HOURS.date.astype(str), time=HOURS.hour * 100), "h", None),
    "a date and spans of hours": (
        lambda: dated(HOURS.date.astype(str), hour=[f"{h:02d}:00-{h + 1:02d}:00" for h in HOURS.hour]),
        "h",
        None,
    ),
    "a date and settlement periods": (
        lambda: dated(days("30min", 960).date.astype(str), period=np.arange(960) % 48 + 1),
        "30min",
        None,
    ),
    "a year and a month": (
        lambda: pd.DataFrame({"month": MONTHS.month, "year": MONTHS.year, "y": wave(144)}),
        "MS",
        None,
    ),
    "a year and a named month": (
        lambda: pd.DataFrame({"Month": MONTHS.strftime("%b"), "Year": MONTHS.year, "y": wave(144)}),
        "MS",
        None,
    ),
    "a year and a quarter": (
        lambda: pd.DataFrame(
            {"year": np.arange(120) // 4 + 1990, "q": [f"Q{i % 4 + 1}" for i in range(120)], "y": wave(120)}
        ),
        "QS-JAN",
        None,
    ),
    "a year and a week": (
        lambda: pd.DataFrame({"year": WEEKS.isocalendar().year, "week": WEEKS.isocalendar().week, "y": wave(200)}),
        "W-MON",
        None,
    ),
    "a year, a week and a day of the week": (
        lambda: days().isocalendar().reset_index(drop=True)[["year", "week"]].assign(day=days().day_name(), y=wave(N)),
        "D",
        None,
    ),
    "a year and a day of the year": (
        lambda: pd.DataFrame({"year": days(n=700).year, "doy": days(n=700).day_of_year, "y": wave(700)}),
        "D",
        None,
    ),
    "a month and a day": (
        lambda: pd.DataFrame({"month": written(days(), "%Y-%m"), "day": days().day, "y": wave(N)}),
        "D",
        None,
    ),
    "year, month, day and hour": (
        lambda: pd.DataFrame(
            {"year": HOURS.year, "month": HOURS.month, "day": HOURS.day, "hour": HOURS.hour, "y": wave(len(HOURS))}
        ),
        "h",
        None,
    ),
    "a panel": (panel, "D", "shop"),
    "a panel of dates and hours": (
        lambda: pd.concat([dated(HOURS.date.astype(str), hour=HOURS.hour, zone=zone) for zone in "ab"]),
        "h",
        "zone",
    ),
    "a panel with what never changes": (
        lambda: panel(city="Oslo").assign(area=lambda f: f["shop"] + " area"),
        "D",
        "shop",
    ),
    "a panel with parts of the calendar": (
        lambda: panel().assign(weekday=lambda f: f["date"].dt.day_name(), month=lambda f: f["date"].dt.month),
        "D",
        "shop",
    ),
    "a panel of different starts": (
        lambda: pd.concat([dated(days(n=120 + 40 * i, first=f"2020-0{i + 1}-01"), shop=f"s{i}") for i in range(4)]),
        "D",
        "shop",
    ),
    "sensors that never report at one time": (
        lambda: pd.concat([dated(days("h") + pd.Timedelta(seconds=17 * i), sensor=f"s{i}") for i in range(3)]),
        "h",
        "sensor",
    ),
    "a store and an item": (crossed, "D", "store"),
    "numbered stores and items": (
        lambda: crossed().assign(store=lambda f: f["store"].map(ord) - 64, item=lambda f: (f["item"] == "tea") + 1),
        "D",
        "store",
    ),
    "the end of the week beside the week": (
        lambda: dated(WEEKS, week_ending=WEEKS + pd.Timedelta("6D")),
        "W-MON",
        None,
    ),
}


@pytest.mark.parametrize("name", SERIES)
def test_tables_that_are_series(name: str) -> None:
    make, frequency, series = SERIES[name]

    dataset, task = run(make())

    assert ("forecast", frequency, series) == (task.goal, task.frequency, task.series_column)
    assert dataset.observed is None or dataset.observed.mean() > 0.95


def rows_of(seed: int = 3) -> np.random.Generator:
    return np.random.default_rng(seed)


def random_days(n: int, span: int, first: str = "2015-01-01") -> pd.DatetimeIndex:
    return pd.DatetimeIndex(pd.Timestamp(first) + pd.to_timedelta(rows_of().integers(0, span, n), "D"))


def plain(**columns: object) -> pd.DataFrame:
    """A table whose target depends on nothing."""
    frame = pd.DataFrame(columns)
    return frame.assign(y=rows_of(8).normal(100, 20, len(frame)))


NO_SERIES: dict[str, Callable[[], pd.DataFrame]] = {
    "dates of birth": lambda: plain(birth_date=random_days(400, 20_000, "1950-01-01")),
    "dates of birth and sexes": lambda: plain(dob=random_days(400, 20_000, "1950-01-01"), sex=list("mf") * 200),
    "several orders a day": lambda: plain(order_date=random_days(400, 120).sort_values()),
    "orders of products": lambda: plain(order_date=random_days(400, 120).sort_values(), product=list("abcd") * 100),
    "orders of customers": lambda: plain(date=random_days(400, 365), customer=[f"c{i % 90}" for i in range(400)]),
    "an event log": lambda: plain(
        ts=pd.Timestamp("2021") + pd.to_timedelta(rows_of().exponential(300, 400).cumsum(), "s")
    ),
    "a log of bursts": lambda: plain(
        ts=pd.Timestamp("2021") + pd.to_timedelta(rows_of().choice([0, 0, 1, 5, 60], 400).cumsum(), "s")
    ),
    "appointments": lambda: plain(
        date=random_days(400, 100).sort_values().astype(str),
        time=[f"{h:02d}:{h % 4 * 15:02d}" for h in rows_of().integers(8, 18, 400)],
    ),
    "matches on Saturdays": lambda: plain(
        date=np.repeat(days("W-SAT", 50), 8), home=[f"t{i}" for _ in range(50) for i in rows_of(_).permutation(16)[:8]]
    ),
    "models of years": lambda: plain(year=rows_of().integers(1990, 2020, 400), make=list("abcd") * 100),
    "films of years": lambda: plain(year=rows_of().integers(1950, 2020, 400)),
    "some years": lambda: plain(vintage_year=rows_of().choice(np.arange(1900, 2020), 60, replace=False)),
    "months of birth": lambda: plain(year=rows_of().integers(1950, 2000, 400), month=rows_of(1).integers(1, 13, 400)),
    "two dates": lambda: plain(start=random_days(400, 1000), end=random_days(400, 1000, "2019-01-01")[::-1]),
    "days with weather": lambda: plain(date=days(), temperature=rows_of().normal(size=N)),
    "a survey of groups": lambda: plain(
        year=np.repeat(np.arange(2010, 2020), 40), sex=list("mf") * 200, age=np.tile(np.repeat(list("abcd"), 2), 50)
    ),
    "few years of many countries": lambda: plain(
        year=np.tile(np.arange(2010, 2016), 40), country=np.repeat([f"C{i}" for i in range(40)], 6)
    ),
    "eight months": lambda: plain(month=days("MS", 12)[:8]),
    "an hour alone": lambda: plain(hour=rows_of().integers(0, 24, 400)),
}


@pytest.mark.parametrize("name", NO_SERIES)
def test_tables_that_are_no_series(name: str) -> None:
    dataset, task = run(NO_SERIES[name]())

    assert task.goal == "regression"
    assert task.time_column is None  # nothing depends on time, so the rows may be shuffled
    assert "split_in_time" not in {f.check for f in dataset.findings}


# --------------------------------------------------------------------------- what is told


def test_a_time_off_the_calendar_is_moved_and_told() -> None:
    times = list(days("W-FRI", 200))
    times[66] -= pd.Timedelta("1D")

    dataset, task = run(dated(times))

    assert task.frequency == "W-FRI"
    np.testing.assert_array_equal(days("W-FRI", 200).to_numpy(), dataset.times)
    found = next(f for f in dataset.findings if f.check == "moved_times")
    assert (found.count, found.rows, found.severity) == (1, (66,), "low")
    assert "moved to the nearest free one, by at most 1 day" in found.message
    assert "2021" not in found.message  # findings are stored, and a time of one row is no one else's business


def test_a_time_whose_place_is_taken_stays_and_is_told() -> None:
    frame = dated(days("W-FRI", 100))
    again = frame.iloc[[50]].assign(date=lambda f: f["date"] + pd.Timedelta("1D"), y=99.0)

    dataset, task = run(pd.concat([frame, again]).sort_values("date"))

    assert (task.frequency, dataset.n_rows) == ("W-FRI", 101)
    assert "times_off_calendar" in {f.check for f in dataset.findings}


@pytest.mark.parametrize("order", ["by the clock", "as they were"])
def test_hours_that_come_twice_are_averaged_and_told(order: str) -> None:
    frame = dated(written(days("h", 24 * 40, "Europe/Berlin", "2021-10-10"))).astype({"y": float})
    frame = frame.sort_values("date", kind="stable") if order == "by the clock" else frame
    twice = frame[frame["date"].duplicated(keep=False)]
    row = int(np.flatnonzero(frame["date"].duplicated())[0])

    dataset, task = run(frame)

    assert (task.frequency, dataset.n_rows, len(twice)) == ("h", 24 * 40 - 1, 2)
    at = np.flatnonzero(dataset.times == np.datetime64("2021-10-31T02:00"))
    assert pytest.approx(twice["y"].mean()) == dataset.target["y"].iloc[at[0]]
    found = next(f for f in dataset.findings if f.check == "repeated_hours")
    assert ((row,), 1) == (found.rows, found.count)


def test_the_hour_that_is_missing_is_a_gap() -> None:
    dataset, _ = run(dated(written(days("h", 24 * 20, "Europe/Berlin", "2021-03-20"))))

    assert [f.count for f in dataset.findings if f.check == "gaps"] == [1]


def test_contradictions_at_other_times_are_not_averaged() -> None:
    frame = dated(days("h", 500))
    again = pd.concat([frame, frame.iloc[[38]].assign(y=0.0)]).sort_values("date")  # 14 o'clock

    with pytest.raises(DataError, match="occur twice with different values"):
        run(again, goal="forecast")
    _, task = run(again)
    assert task.goal == "regression"
    assert any("occur twice" in sentence and "2020" not in sentence for sentence in task.evidence)


@pytest.mark.parametrize(("times", "count"), [(["2109-12-27"], 1), (["1970-01-01"] * 3, 3)])
def test_times_far_from_all_others_are_left_out_and_told(times: list[str], count: int) -> None:
    usual = list(days("W-FRI", 300).astype(str))

    dataset, task = run(dated([*usual[: 300 - count], *times]))

    assert ("W-FRI", 300 - count) == (task.frequency, dataset.n_rows)
    found = next(f for f in dataset.findings if f.check == "stray_times")
    assert (count, 300 - count) == (found.count, found.rows[0])


# --------------------------------------------------------------------------- giving way


def walk(times: object, seed: int = 0) -> pd.DataFrame:
    """A target that depends on time."""
    steps = rows_of(seed).normal(size=len(times))  # type: ignore[arg-type]
    return pd.DataFrame({"date": times, "y": steps.cumsum()})


IRREGULAR = pd.Timestamp("2020") + pd.to_timedelta(rows_of().exponential(3600, 300).cumsum(), "s")


def test_what_cannot_be_forecast_is_split_in_time_where_its_target_depends_on_it() -> None:
    dataset, task = run(walk(IRREGULAR))

    assert (task.goal, task.time_column) == ("regression", "date")
    assert dataset.times is not None
    assert {"no_forecast", "split_in_time"} <= {f.check for f in dataset.findings}
    assert any("irregular" in sentence for sentence in task.evidence)


@pytest.mark.parametrize("what", ["goal", "order", "no dependence"])
def test_rows_are_shuffled_where_the_user_says_so_or_nothing_speaks_against_it(what: str) -> None:
    frame = walk(IRREGULAR)
    if what == "order":
        frame = frame.sample(frac=1, random_state=0)
    elif what == "no dependence":
        frame = frame.assign(y=frame["y"].sample(frac=1, random_state=0).to_numpy())

    dataset, task = run(frame, goal="regression" if what == "goal" else None)

    assert (task.goal, task.time_column) == ("regression", None)
    assert "split_in_time" not in {f.check for f in dataset.findings}


def test_a_panel_too_short_to_forecast_is_split_in_time() -> None:
    frames = [
        pd.DataFrame({"year": np.arange(2010, 2018), "land": f"C{i}", "y": i + np.arange(8.0)}) for i in range(40)
    ]

    _, task = run(pd.concat(frames))

    assert (task.goal, task.time_column) == ("regression", "year")


def test_options_of_other_goals_speak_for_regression() -> None:
    frame = dated(days(), batch=np.arange(N) // 20)

    dataset, task = run(frame, group="batch")
    assert (task.goal, task.group_column) == ("regression", "batch")
    assert any("group 'batch'" in sentence for sentence in task.evidence)
    assert "split_in_time" not in {f.check for f in dataset.findings}
    assert run(dated(days()), templates=("mlp",))[1].goal == "regression"
    with pytest.raises(RecipeError, match="group does not go with a forecast"):
        run(frame, group="batch", goal="forecast")


def test_test_rows_that_are_not_later_speak_for_regression() -> None:
    frame, drawn = dated(days()), rows_of().random(N) < 0.25

    assert run(frame, given=drawn)[1].goal == "regression"
    assert run(frame, given=np.arange(N) >= 200)[1].goal == "forecast"
    shops = panel().sort_values("shop", kind="stable")
    assert run(shops, given=(shops["shop"] == "s2").to_numpy())[1].goal == "regression"


@pytest.mark.parametrize("option", [{"horizon": 5}, {"series": "shop"}, {"metric": "mase"}])
def test_options_that_only_forecasts_have_ask_for_one(option: dict[str, object]) -> None:
    shops = panel().assign(weather=lambda f: rows_of().normal(size=len(f)))
    assert run(shops)[1].goal == "regression"

    assert run(shops, **option)[1].goal == "forecast"
    with pytest.raises(DataError, match="no regular grid"):
        run(walk(IRREGULAR).assign(shop="s"), **option)


# --------------------------------------------------------------------------- panels as a whole


def test_one_short_series_does_not_set_the_horizon() -> None:
    frame = pd.concat([panel(5), dated(days(n=12, first="2020-08-01"), shop="new")])

    dataset, task = run(frame)

    assert task.horizon == 14
    found = next(f for f in dataset.findings if f.check == "short_series")
    assert found.count == 1 and "'new'" in found.message


def test_many_short_series_of_few_rows_do_not_either() -> None:
    new = [dated(days(n=15), shop=f"new{i}") for i in range(6)]

    _, task = run(pd.concat([panel(3), *new]))

    assert task.horizon == 14


def test_one_given_row_of_a_series_does_not_set_the_horizon() -> None:
    shops = panel().assign(given=lambda f: f["date"] >= f["date"].max() - pd.Timedelta("29D"))
    shops["given"] &= ~((shops["shop"] == "s0") & (shops["date"] < shops["date"].max()))
    shops = shops[~((shops["shop"] == "s0") & (shops["date"] > "2020-08-10") & ~shops["given"])]
    given = shops["given"].to_numpy()

    _, task = run(shops.drop(columns="given"), given=given)

    assert task.horizon == 14


# --------------------------------------------------------------------------- new rows


@pytest.mark.parametrize(
    "name",
    ["a date and an hour", "a date and settlement periods", "year, month, day and hour", "a store and an item",
     "midnight of a zone, isoformat", "jitter", "a panel of dates and hours", "a year and a named month"],
)  # fmt: skip
def test_a_history_is_read_as_the_training_rows_were(name: str) -> None:
    frame = SERIES[name][0]().reset_index(drop=True)
    dataset, task = run(frame)

    again = history(Dataset("new.csv", frame.sample(frac=1, random_state=0).reset_index(drop=True)), task)

    np.testing.assert_array_equal(np.sort(dataset.times), np.sort(again.times))
    for name in {c.name for c in task.columns}:
        with pytest.raises(DataError, match=f"needs column {name!r}"):
            history(Dataset("new.csv", frame.drop(columns=name)), task)


def test_labels_of_several_keys_come_apart_again() -> None:
    dataset, task = run(crossed())
    assert dataset.series is not None

    columns = key_columns(dataset.series, task)

    assert list(columns) == ["store", "item"]
    assert {("A", "tea"), ("A", "rye"), ("C", "tea")} <= set(zip(columns["store"], columns["item"], strict=True))
