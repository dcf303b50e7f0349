"""Series in a table: found without a hint, sorted, mended or refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.detect import detect, history
from automl.detect.series.grid import filled
from automl.errors import DataError, RecipeError
from automl.records import Dataset, Recipe, Task

N = 120
SEASON = 10 + np.sin(np.arange(N) * 2 * np.pi / 12) + np.arange(N) / 50


def monthly(n: int = N, start: str = "2001-01") -> pd.DataFrame:
    dates = pd.date_range(start, periods=n, freq="MS").strftime("%Y-%m")
    return pd.DataFrame({"month": dates, "sales": np.resize(SEASON, n)})


def panel(n_series: int = 3) -> pd.DataFrame:
    return pd.concat([monthly().assign(shop=f"s{i}") for i in range(n_series)], ignore_index=True)


def run(
    frame: pd.DataFrame, target: tuple[str, ...] = ("sales",), given: np.ndarray | None = None, **options: object
) -> tuple[Dataset, Task]:
    rest = frame.drop(columns=list(target)).reset_index(drop=True)
    values = frame[list(target)].reset_index(drop=True) if target else None
    return detect(Dataset("shop.csv", rest, values, given=given), Recipe(data=None, target=target, **options))


def test_a_time_column_and_a_value_are_a_forecast() -> None:
    dataset, task = run(monthly())

    assert (task.modality, task.goal, task.metric) == ("sequence", "forecast", "mase")
    assert (
        task.frequency,
        task.season,
        task.horizon,
        task.time_column,
        task.series_column,
    ) == ("MS", 12, 12, "month", None)
    assert task.quantiles == (0.1, 0.9)
    assert (dataset.inputs.shape[1], dataset.series, str(dataset.times.dtype)) == (0, None, "datetime64[ns]")
    assert dataset.n_rows == N


def test_no_target_forecasts_all_numbers() -> None:
    _, task = run(monthly().assign(costs=SEASON[::-1]), target=())

    assert (task.goal, task.target) == ("forecast", ("sales", "costs"))


def test_another_column_that_varies_makes_it_a_regression() -> None:
    frame = monthly().assign(weather=np.random.default_rng(0).normal(size=N))

    _, task = run(frame)
    assert (task.modality, task.goal) == ("tabular", "regression")

    dataset, task = run(frame, goal="forecast")
    assert (task.goal, list(dataset.inputs.columns)) == ("forecast", ["weather"])


def test_irregular_times_make_it_a_regression_and_cannot_be_forecast() -> None:
    steps = np.random.default_rng(0).integers(1, 10**6, N).cumsum()
    frame = pd.DataFrame({"when": pd.Timestamp("2020") + pd.to_timedelta(steps, "s"), "sales": SEASON})

    assert run(frame)[1].goal == "regression"
    with pytest.raises(DataError, match="no regular grid"):
        run(frame, goal="forecast")


def test_a_panel_is_found_by_the_column_that_tells_series_apart() -> None:
    shuffled = panel().sample(frac=1, random_state=0)

    dataset, task = run(shuffled)

    assert (task.goal, task.series_column, task.time_column) == ("forecast", "shop", "month")
    assert dataset.series is not None and dataset.times is not None
    assert (dataset.series[1:] != dataset.series[:-1]).sum() == 2
    same = dataset.series[1:] == dataset.series[:-1]
    assert (np.diff(dataset.times)[same] > np.timedelta64(0)).all()
    assert "unsorted_times" in {f.check for f in dataset.findings}
    np.testing.assert_allclose(np.tile(SEASON, 3), dataset.target["sales"])


def test_interleaved_series_in_order_are_not_called_unsorted() -> None:
    dataset, _ = run(panel().sort_values("month", kind="stable"))

    assert "unsorted_times" not in {f.check for f in dataset.findings}


@pytest.mark.parametrize("years", [True, False])
def test_whole_numbers_can_tell_the_time(years: bool) -> None:
    frame = pd.DataFrame({"year" if years else "step": np.arange(60) + (1950 if years else 0), "sales": SEASON[:60]})

    _, task = run(frame)

    assert ("forecast", "YS-JAN" if years else None, 1) == (task.goal, task.frequency, task.season)


def test_exact_repetitions_go_and_contradictions_are_refused() -> None:
    frame = monthly()

    dataset, _ = run(pd.concat([frame, frame.iloc[[5, 9]]]))
    assert (dataset.n_rows, [f.count for f in dataset.findings if f.check == "repeated_times"]) == (N, [2])
    twice = pd.concat([frame, frame.iloc[[5]].assign(sales=99.0)])
    with pytest.raises(DataError, match=r"occur twice with different values.*pass --series"):
        run(twice, goal="forecast")
    assert run(twice)[1].goal == "regression"


def test_gaps_are_inserted_and_filled_from_the_past() -> None:
    frame = monthly().assign(sales=np.arange(N, dtype=float))

    dataset, _ = run(frame.drop(index=[7, 30, 31]))

    expected = np.arange(N, dtype=float)
    expected[7] = 6  # within the first season: the last value; later the last season goes on from it
    np.testing.assert_allclose(expected, dataset.target["sales"])
    assert np.flatnonzero(~dataset.observed[:, 0]).tolist() == [7, 30, 31]
    assert [f.count for f in dataset.findings if f.check == "gaps"] == [3]
    assert len(np.unique(dataset.times)) == N


def test_missing_and_infinite_targets_are_filled_inside_and_dropped_outside() -> None:
    frame = monthly().assign(sales=np.arange(N, dtype=float))
    frame.loc[[0, 1, 50], "sales"] = np.nan
    frame.loc[60, "sales"] = np.inf

    dataset, _ = run(frame)

    np.testing.assert_allclose(np.arange(2, N), dataset.target["sales"])
    assert np.flatnonzero(~dataset.observed[:, 0]).tolist() == [48, 58]
    assert {"missing_target", "infinite_numbers"} <= {f.check for f in dataset.findings}


def test_a_series_without_gaps_is_observed_everywhere() -> None:
    assert run(monthly())[0].observed is None


def test_targets_have_gaps_of_their_own_and_nothing_is_known_before_the_first_value() -> None:
    frame = monthly().assign(costs=np.arange(N, dtype=float))
    frame.loc[[0, 1, 40], "costs"] = np.nan

    dataset, _ = run(frame, target=("sales", "costs"), goal="forecast")

    assert dataset.observed.all(axis=0).tolist() == [True, False]
    assert np.flatnonzero(~dataset.observed[:, 1]).tolist() == [0, 1, 40]
    assert np.isnan(dataset.target["costs"][:2]).all()
    assert dataset.target["costs"][40] == 40.0


def test_a_gap_repeats_the_last_season_from_the_last_value_on() -> None:
    values = np.array([0.0, 10.0, 20.0, 30.0, 100.0, 110.0, 120.0, 130.0, *[np.nan] * 6, 7.0])
    dataset = Dataset("d", pd.DataFrame(index=range(15)), pd.DataFrame({"y": values}))

    season, none = filled(dataset, 4), filled(dataset, 1)

    assert season.target["y"][8:14].tolist() == [200.0, 210.0, 220.0, 230.0, 200.0, 210.0]
    assert none.target["y"][8:14].tolist() == [130.0] * 6
    assert np.flatnonzero(~season.observed[:, 0]).tolist() == list(range(8, 14))


@pytest.mark.parametrize("seed", range(5))
def test_no_value_before_a_row_depends_on_those_after_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    frame = pd.concat([monthly().assign(shop=f"s{i}", costs=rng.normal(size=N)) for i in range(3)], ignore_index=True)
    frame.loc[rng.random(len(frame)) < 0.2, "costs"] = np.nan
    frame = frame[rng.random(len(frame)) < 0.85].reset_index(drop=True)
    cut = pd.Timestamp("2008-06-01")
    later = pd.to_datetime(frame["month"]) >= cut
    changed = frame.assign(sales=frame["sales"] + 1000.0 * later, costs=frame["costs"] - 1000.0 * later)

    one, other = (run(f, target=("sales", "costs"), goal="forecast", series="shop")[0] for f in (frame, changed))

    before = one.times < np.datetime64(cut)
    np.testing.assert_array_equal(one.times, other.times)
    np.testing.assert_array_equal(one.target.to_numpy()[before], other.target.to_numpy()[before])


def test_the_season_is_judged_on_most_series_and_on_no_row_that_may_test() -> None:
    rng = np.random.default_rng(0)
    frame = panel(12)
    frame.loc[frame["shop"] == "s0", "sales"] = rng.normal(size=N)

    dataset, task = run(frame)
    later = dataset.times >= np.datetime64("2009-01-01")
    noise = np.where(later, 50 * rng.normal(size=len(later)), dataset.target["sales"])
    again = run(pd.DataFrame({"month": dataset.times, "shop": dataset.series, "sales": noise}))[1]

    said = [sentence for sentence in task.evidence if "correlation" in sentence]
    assert "the median of 12 series" in said[0] and "no more alike" not in said[0]
    assert said == [sentence for sentence in again.evidence if "correlation" in sentence]


def test_inserted_rows_next_to_given_test_rows_keep_the_parts_in_order() -> None:
    given = np.arange(N) >= 96
    frame = monthly()

    dataset, _ = run(frame.drop(index=[95, 99]), given=np.delete(given, [95, 99]))

    assert (np.diff(dataset.given.astype(int)) >= 0).all()
    assert dataset.n_rows == N


def test_short_series_are_left_out_where_others_stay() -> None:
    frame = pd.concat([panel(12), monthly(5).assign(shop="new")], ignore_index=True)

    dataset, task = run(frame)

    assert task.horizon == 12
    assert "new" not in set(dataset.series)
    assert [f.count for f in dataset.findings if f.check == "short_series"] == [1]


def test_too_short_for_any_forecast_is_refused_where_one_was_asked_for() -> None:
    with pytest.raises(DataError, match="longest series has 8 rows; a forecast needs at least 10"):
        run(monthly(8), goal="forecast")
    assert run(monthly(8))[1].goal == "regression"


def test_of_several_targets_the_one_that_never_varies_is_named() -> None:
    with pytest.raises(DataError, match="target 'costs' never varies"):
        run(monthly().assign(costs=np.resize(["3", "3.0"], N)), target=("sales", "costs"), goal="forecast")


@pytest.mark.parametrize("horizon", [40, 1000])
def test_a_horizon_beyond_the_data_says_the_longest_possible(horizon: int) -> None:
    with pytest.raises(RecipeError, match=rf"horizon {horizon} is too long.*at most 39"):
        run(monthly(), horizon=horizon)
    assert run(monthly(), horizon=39)[1].horizon == 39


def test_a_horizon_beyond_the_given_test_rows_is_refused() -> None:
    given = np.arange(N) >= N - 6

    assert run(monthly(), given=given)[1].horizon == 6
    with pytest.raises(RecipeError, match="at most 6"):
        run(monthly(), given=given, horizon=12)


def test_unreadable_times_are_dropped_and_counted() -> None:
    frame = monthly()
    frame.loc[[3], "month"] = "soon"

    dataset, _ = run(frame)

    assert [f.count for f in dataset.findings if f.check == "missing_time"] == [1]
    assert dataset.n_rows == N  # and the gap it left was filled


def test_a_season_the_values_do_not_follow_is_kept_and_said() -> None:
    frame = monthly().assign(sales=np.random.default_rng(0).normal(size=N))

    _, task = run(frame)

    assert task.season == 12
    assert any("no more alike" in sentence for sentence in task.evidence)


def test_rows_in_order_can_be_forecast_without_a_time_column() -> None:
    dataset, task = run(monthly()[["sales"]].assign(k=1), goal="forecast")

    assert (task.goal, task.time_column, task.frequency) == ("forecast", None, None)
    assert (np.diff(dataset.times) > np.timedelta64(0)).all()


def test_texts_cannot_be_forecast() -> None:
    with pytest.raises(RecipeError, match="needs numbers"):
        run(monthly().assign(sales=["s", "t"] * (N // 2)), goal="forecast")


def test_a_new_history_is_read_as_the_training_rows_were() -> None:
    frame = panel().sample(frac=1, random_state=1)
    dataset, task = run(frame)

    again = history(Dataset("new.csv", frame.drop(columns="sales"), frame[["sales"]].reset_index(drop=True)), task)
    together = history(Dataset("new.csv", frame), task)

    for other in (again, together):
        np.testing.assert_array_equal(dataset.times, other.times)
        np.testing.assert_array_equal(sorted(set(dataset.series)), sorted(set(other.series)))
        assert (dataset.n_rows, 1) == other.target.shape
    with pytest.raises(DataError, match="needs column 'month'"):
        history(Dataset("new.csv", frame.drop(columns="month")), task)


def test_a_number_that_stands_for_a_gap_in_a_series_is_told() -> None:
    frame = monthly()
    frame.loc[[30, 31, 50, 60, 70, 80], "sales"] = -999

    dataset, _ = run(frame)

    said = next(f for f in dataset.findings if f.check == "stand_in_numbers")
    assert (said.columns, said.rows) == (("sales",), (30, 31, 50, 60, 70, 80))
    assert float(dataset.target["sales"].min()) > 0


def test_a_column_may_be_the_series_and_the_label_at_once() -> None:
    import automl

    frame = pd.DataFrame(
        {"shop": ["a", "b"] * 50, "day": pd.date_range("2020", periods=50).repeat(2), "sold": np.arange(100.0) % 7}
    )

    seen = automl.inspect(frame, target="sold", series="shop", label="shop")

    assert (seen.task.goal, seen.task.series_column) == ("forecast", "shop")
