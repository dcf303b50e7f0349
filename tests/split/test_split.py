"""The split: disjoint, complete, stratified, grouped, in time or as given, and the same again for the same seed."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from automl.errors import DataError, RecipeError
from automl.records import Dataset, GoalName, Split, Task
from automl.sides.items import refit_items
from automl.split import split, windows
from automl.split.folds import HOLD_OUTS

RNG = np.random.default_rng(0)


def task(goal: GoalName = "binary", **more: object) -> Task:
    return Task("tabular", goal, ("y",), "accuracy", **more)


def table(y: object, **more: object) -> Dataset:
    frame = y if isinstance(y, pd.DataFrame) else pd.DataFrame({"y": y})
    return Dataset("d.csv", pd.DataFrame({"a": np.arange(len(frame), dtype=float)}), frame, **more)


def forecast(lengths: list[int], horizon: int, given: np.ndarray | None = None) -> tuple[Dataset, Task]:
    n = sum(lengths)
    times = np.concatenate([np.arange(k) for k in lengths]).astype("datetime64[D]").astype("datetime64[ns]")
    series = np.repeat([f"s{i}" for i in range(len(lengths))], lengths).astype(object) if len(lengths) > 1 else None
    made = Dataset(
        "d.csv",
        pd.DataFrame(index=range(n)),
        pd.DataFrame({"y": np.arange(n, dtype=float)}),
        times=times,
        series=series,
        given=given,
    )
    return made, Task("sequence", "forecast", ("y",), "mase", horizon=horizon, time_column="t")


def check(parts: Split, n_rows: int, complete: bool = True) -> None:
    together = np.concatenate([parts.train, parts.valid, parts.test])
    assert len(together) == len(np.unique(together))
    assert not complete or n_rows == len(together)
    for rows in (parts.train, parts.valid, parts.test):
        assert (len(rows) > 0, np.int64) == (True, rows.dtype)
        assert (np.diff(rows) > 0).all()
    assert parts.rule and "\n" not in parts.rule


@pytest.mark.parametrize("seed", range(5))
def test_rows_are_parted_evenly_within_each_class(seed: int) -> None:
    y = np.array(["a"] * 700 + ["b"] * 250 + ["c"] * 50)[RNG.permutation(1000)]

    parts = split(table(y), task("multiclass"), seed)

    check(parts, 1000)
    assert (len(parts.train), len(parts.valid), len(parts.test)) == (640, 160, 200)
    for name, count in (("a", 700), ("b", 250), ("c", 50)):
        assert abs((y[parts.test] == name).sum() - count * 0.2) <= 1
        assert abs((y[parts.valid] == name).sum() - count * 0.16) <= 2
    assert ("row", list(range(200))) == (parts.units, parts.unit_ids.tolist())


def test_the_same_seed_gives_the_same_split_and_another_seed_another() -> None:
    data = table(RNG.normal(size=500))

    one, two, other = (split(data, task("regression"), seed) for seed in (3, 3, 4))

    assert (one.train == two.train).all() and (one.test == two.test).all()
    assert set(one.test) != set(other.test)


def test_regression_parts_have_alike_targets() -> None:
    y = RNG.lognormal(size=2000)

    parts = split(table(y), task("regression"), 0)

    check(parts, 2000)
    for share in (0.1, 0.5, 0.9):
        np.testing.assert_allclose(np.quantile(y[parts.train], share), np.quantile(y[parts.test], share), rtol=0.15)


def test_classes_of_one_or_two_rows_stay_in_training() -> None:
    y = np.array(["a"] * 60 + ["b"] * 30 + ["c"] + ["d"] * 2 + ["e"] * 3)

    for seed in range(20):
        parts = split(table(y), task("multiclass"), seed)
        check(parts, len(y))
        assert {"a", "b", "c", "d", "e"} == set(y[parts.train])
        assert not {"c", "d"} & set(y[np.concatenate([parts.valid, parts.test])])


@pytest.mark.parametrize("n_rare", [3, 4, 7])
@pytest.mark.parametrize("goal", ["binary", "multiclass"])
def test_every_part_has_a_row_of_each_class_that_has_three(n_rare: int, goal: GoalName) -> None:
    common = ["no"] * 5000 if goal == "binary" else ["no"] * 3000 + ["maybe"] * 2000
    y = np.array([*common, *["yes"] * n_rare])[RNG.permutation(5000 + n_rare)]

    for seed in range(10):
        parts = split(table(y), task(goal), seed)

        check(parts, len(y))
        assert [set(y[rows]) for rows in (parts.train, parts.valid, parts.test)] == [set(y)] * 3
        assert abs(len(parts.test) - 1001) <= 2 and abs(len(parts.valid) - 801) <= 2


def test_beside_given_test_rows_a_class_of_two_trains_and_validates() -> None:
    y = np.array(["no"] * 300 + ["yes"] * 2 + ["no"] * 50 + ["yes"] * 5)

    parts = split(table(y, given=np.arange(357) >= 302), task(), 0)

    assert set(y[parts.train]) == set(y[parts.valid]) == {"no", "yes"}


@pytest.mark.parametrize(
    ("more", "step"),
    [
        ({"groups": np.arange(200) // 10}, "name another group or time column"),
        ({"times": np.arange(200).astype("datetime64[D]")}, "name another group or time column"),
    ],
)
def test_a_class_of_two_that_a_rule_keeps_out_of_a_part_is_refused(more: dict[str, object], step: str) -> None:
    y = np.array(["yes"] * 8 + ["no"] * 192)  # all in the first group, and at the earliest times

    with pytest.raises(DataError, match=f"class 'yes' can (train|validate).*{step}"):
        split(table(y, **more), task(group_column="who", time_column="t" if "times" in more else None), 0)


def test_a_class_of_two_rows_cannot_be_compared() -> None:
    with pytest.raises(DataError, match=r"none of the 2 rows of class 'yes' can validate.*at least 3 are needed"):
        split(table(np.array(["no"] * 100 + ["yes"] * 2)), task(), 0)


def test_multilabel_rows_are_parted_by_their_rarest_label() -> None:
    labels = (RNG.random((1000, 3)) < [0.6, 0.3, 0.03]).astype(np.int8)
    frame = pd.DataFrame(labels, columns=["p", "q", "r"])

    parts = split(table(frame), task("multilabel"), 0)

    check(parts, 1000)
    assert abs(labels[parts.test, 2].sum() - 0.2 * labels[:, 2].sum()) <= 1


@pytest.mark.parametrize("n", [10, 11, 15, 30])
def test_tiny_data_are_parted_with_every_class_in_training(n: int) -> None:
    y = np.array(["a", "b"] * n)[:n]

    parts = split(table(y), task(), 0)

    check(parts, n)
    assert {"a", "b"} == set(y[parts.train])


def test_too_few_rows_say_how_many_are_needed() -> None:
    with pytest.raises(DataError, match=r"9 usable rows; at least 10 are needed"):
        split(table(["a", "b", "a"] * 3), task(), 0)


def test_given_test_rows_are_kept_and_validation_comes_from_the_others() -> None:
    given = RNG.random(1000) < 0.3
    y = RNG.choice(["a", "b"], 1000)

    parts = split(table(y, given=given), task(), 0)

    check(parts, 1000)
    np.testing.assert_array_equal(np.flatnonzero(given), parts.test)
    assert round(0.2 * (~given).sum()) == len(parts.valid)


def test_validation_is_capped_beside_a_given_test() -> None:
    given = np.arange(80_000) >= 79_000

    assert len(split(table(RNG.normal(size=80_000), given=given), task("regression"), 0).valid) == 10_000


def test_groups_stay_whole() -> None:
    groups = RNG.integers(0, 40, 1000)

    parts = split(table(RNG.choice(["a", "b"], 1000), groups=groups), task(group_column="who"), 0)

    check(parts, 1000)
    named = [set(groups[rows]) for rows in (parts.train, parts.valid, parts.test)]
    assert not named[0] & named[1] and not named[0] & named[2] and not named[1] & named[2]
    assert (120 <= len(parts.test) <= 280, "group") == (True, parts.units)
    assert len(named[2]) == len(set(parts.unit_ids))
    for unit in set(parts.unit_ids):
        assert len(set(groups[parts.test[parts.unit_ids == unit]])) == 1


def test_too_few_groups_are_refused() -> None:
    with pytest.raises(DataError, match="2 groups"):
        split(table(["a", "b"] * 20, groups=np.arange(40) % 2), task(group_column="who"), 0)


def test_a_dated_table_never_validates_or_tests_before_it_trains() -> None:
    times = pd.Timestamp("2020") + pd.to_timedelta(RNG.integers(0, 300, 1000), "D")

    parts = split(table(RNG.normal(size=1000), times=times.to_numpy()), task("regression", time_column="t"), 0)

    check(parts, 1000)
    at = times.to_numpy()
    assert at[parts.train].max() < at[parts.valid].min()
    assert at[parts.valid].max() < at[parts.test].min()
    assert (parts.units, min(10, len(set(parts.unit_ids)))) == ("block", 10)
    order = np.argsort(at[parts.test], kind="stable")
    assert (np.diff(parts.unit_ids[order]) >= 0).all()
    for stamp in set(at[parts.test]):
        assert len(set(parts.unit_ids[at[parts.test] == stamp])) == 1


def test_one_time_in_all_rows_cannot_be_parted_in_time() -> None:
    times = np.full(50, np.datetime64("2020-01-01", "ns"))

    with pytest.raises(DataError, match="have the same time"):
        split(table(RNG.normal(size=50), times=times), task("regression", time_column="t"), 0)


def test_time_and_group_exclude_each_other() -> None:
    times = np.arange(50).astype("datetime64[ns]")

    with pytest.raises(RecipeError, match="group and time_column"):
        split(table(RNG.normal(size=50), times=times, groups=np.arange(50) % 7), task("regression", time_column="t"), 0)


# --------------------------------------------------------------------------- hold-outs


def check_folds(parts: Split) -> None:
    """The first is the split's own, validation rows are disjoint, and no test row is in any."""
    rest = np.union1d(parts.train, parts.valid)
    assert (parts.folds[0][0] is parts.train, parts.folds[0][1] is parts.valid) == (True, True)
    held_out = np.concatenate([valid for _, valid in parts.folds])
    assert len(held_out) == len(np.unique(held_out))
    for train, valid in parts.folds:
        np.testing.assert_array_equal(np.union1d(train, valid), rest)
        assert not np.intersect1d(train, valid).size
        assert not np.intersect1d(parts.test, np.union1d(train, valid)).size
        assert (np.diff(train) > 0).all() and (np.diff(valid) > 0).all()
    assert f"{len(parts.folds)} disjoint parts validate in turn" in parts.rule


def test_few_rows_are_held_out_several_times_in_even_shares_of_each_class() -> None:
    y = np.array(["a"] * 700 + ["b"] * 250 + ["c"] * 50)[RNG.permutation(1000)]

    parts = split(table(y), task("multiclass"), 0)

    check_folds(parts)
    assert len(parts.folds) == HOLD_OUTS
    for _, valid in parts.folds:
        assert len(valid) == 160
        for name, count in (("a", 700), ("b", 250), ("c", 50)):
            assert abs((y[valid] == name).sum() - count * 0.16) <= 2


def test_the_same_seed_gives_the_same_hold_outs_and_another_seed_others() -> None:
    data = table(RNG.normal(size=300))

    one, two, other = (split(data, task("regression"), seed) for seed in (3, 3, 4))

    for (train, valid), (train_2, valid_2) in zip(one.folds, two.folds, strict=True):
        assert (train == train_2).all() and (valid == valid_2).all()
    assert set(one.folds[1][1]) != set(other.folds[1][1])


@pytest.mark.parametrize(("n", "n_folds"), [(2480, HOLD_OUTS), (2520, 0)])
def test_only_few_rows_are_held_out_several_times(n: int, n_folds: int) -> None:
    assert len(split(table(RNG.normal(size=n)), task("regression"), 0).folds) == n_folds


def test_given_test_rows_do_not_count_as_few_and_are_in_no_hold_out() -> None:
    given = np.arange(5000) >= 1000

    parts = split(table(RNG.normal(size=5000), given=given), task("regression"), 0)

    check_folds(parts)
    assert len(parts.folds) == HOLD_OUTS and len(parts.test) == 4000


def test_groups_stay_whole_in_every_hold_out() -> None:
    groups = RNG.integers(0, 40, 600)

    parts = split(table(RNG.choice(["a", "b"], 600), groups=groups), task(group_column="who"), 0)

    check_folds(parts)
    assert len(parts.folds) == HOLD_OUTS
    for train, valid in parts.folds:
        assert not set(groups[train]) & set(groups[valid])


def test_forecasts_and_dated_tables_are_held_out_once() -> None:
    times = (pd.Timestamp("2020") + pd.to_timedelta(np.arange(300), "D")).to_numpy()

    assert split(*forecast([144], 12), 0).folds == ()
    assert split(table(RNG.normal(size=300), times=times), task("regression", time_column="t"), 0).folds == ()


@pytest.mark.parametrize("seed", range(40))
def test_hold_outs_of_any_small_data_keep_their_promises_or_are_left_out(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rare classes, few groups, tiny tables: fewer hold-outs or none, never a failure that one alone would not have."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(10, 120))
    goal: GoalName = ("binary", "multiclass", "multilabel", "regression")[seed % 4]
    y: object
    if goal == "regression":
        y = np.round(rng.lognormal(size=n), int(rng.integers(0, 3)))
    elif goal == "multilabel":
        y = pd.DataFrame((rng.random((n, 3)) < [0.5, 0.2, 0.05]).astype(np.int8), columns=["p", "q", "r"])
    else:
        y = np.array(list("abcdef"))[: 2 if goal == "binary" else 6][
            np.minimum(rng.geometric(0.5, n) - 1, 1 if goal == "binary" else 5)
        ]
    more: dict[str, object] = {"groups": rng.integers(0, rng.integers(3, 12), n)} if rng.random() < 0.5 else {}
    data, what = table(y, **more), task(goal, group_column="who" if more else None)
    monkeypatch.setattr("automl.split.folds.FEW_ROWS", 0)
    try:
        alone = split(data, what, seed)
    except DataError:
        return
    monkeypatch.setattr("automl.split.folds.FEW_ROWS", 2_000)

    parts = split(data, what, seed)

    check(parts, n)
    assert [rows.tolist() for rows in (parts.train, parts.valid, parts.test)] == [
        rows.tolist() for rows in (alone.train, alone.valid, alone.test)
    ]
    if not parts.folds:
        return
    check_folds(parts)
    if goal in ("binary", "multiclass"):
        labels = np.asarray(y)
        assert all(set(labels[parts.train]) <= set(labels[train]) for train, _ in parts.folds)


def test_a_class_of_three_rows_leaves_room_for_the_others_hold_outs() -> None:
    y = np.array(["a"] * 60 + ["b"] * 40 + ["c"] * 3)

    for seed in range(10):
        parts = split(table(y), task("multiclass"), seed)
        check_folds(parts)
        assert len(parts.folds) == HOLD_OUTS


# --------------------------------------------------------------------------- forecasts


def in_time(parts: Split, data: Dataset, horizon: int) -> None:
    """Windows are consecutive rows of one series, and in each series train, valid and test follow in time."""
    assert parts.train_windows is not None and parts.valid_windows is not None and parts.test_windows is not None
    series = data.series if data.series is not None else np.zeros(data.n_rows, object)
    for made, rows in (
        (parts.train_windows, parts.train),
        (parts.valid_windows, parts.valid),
        (parts.test_windows, parts.test),
    ):
        assert horizon == made.shape[1]
        assert (np.diff(made, axis=1) == 1).all()
        assert (series[made] == series[made[:, :1]]).all()
        np.testing.assert_array_equal(np.unique(made), rows)
    for made in (parts.valid_windows, parts.test_windows):
        assert made.size == len(np.unique(made))
    for name in set(series):
        ends = [rows[series[rows] == name] for rows in (parts.train, parts.valid, parts.test)]
        ends = [rows for rows in ends if len(rows)]
        assert all(a.max() < b.min() for a, b in itertools.pairwise(ends))


def test_windows_are_consecutive_and_leave_an_incomplete_end_out() -> None:
    assert windows(np.arange(5, 13), 3, 3).tolist() == [[5, 6, 7], [8, 9, 10]]
    assert len(windows(np.arange(8), 3, 1)) == 6
    assert windows(np.arange(2), 3, 1).shape == (0, 3)


@pytest.mark.parametrize(
    ("lengths", "horizon"),
    [([144], 12), ([100], 1), ([38], 12), ([60, 60, 25], 6), ([63] * 12, 6), ([500, 20], 24), ([11], 3)],
)
def test_a_forecast_is_parted_in_time_within_each_series(lengths: list[int], horizon: int) -> None:
    data, what = forecast(lengths, horizon)

    parts = split(data, what, 0)

    check(parts, data.n_rows, complete=False)
    in_time(parts, data, horizon)


def test_three_windows_validate_where_that_leaves_two_thirds_to_train_on() -> None:
    for length, n_valid in ((144, 3), (100, 1)):  # 120 and 88 rows before the test
        parts = split(*forecast([length], 12), 0)
        assert len(parts.valid_windows) == n_valid
    assert len(split(*forecast([144] * 4, 12), 0).valid_windows) == 4  # one each: together they tell enough


def test_twenty_eight_given_rows_and_horizon_twelve_make_two_test_windows() -> None:
    data, what = forecast([144], 12, given=np.arange(144) >= 116)

    parts = split(data, what, 0)

    in_time(parts, data, 12)
    assert parts.test_windows[:, 0].tolist() == [116, 128]
    assert parts.valid_windows[:, 0].tolist() == [80, 92, 104]  # one would tell little, and 80 of 116 rows are left
    assert (parts.train_windows.min(), parts.train_windows[-1, 0]) == (12, 68)
    assert (parts.units, parts.unit_ids.tolist()) == ("window", [0, 1])


def test_given_test_rows_before_training_rows_are_refused() -> None:
    with pytest.raises(DataError, match="lie before training rows"):
        split(*forecast([144], 12, given=np.arange(144) < 28), 0)


def test_every_training_window_has_some_context() -> None:
    data, what = forecast([16, 100], 4)

    parts = split(data, what, 0)

    first = np.where(parts.train_windows[:, 0] < 16, 0, 16)
    assert (parts.train_windows[:, 0] - first >= 2).all()
    assert (parts.train_windows[first == 16][:, 0] - 16 >= 4).all()


def test_a_panel_of_ten_series_resamples_series_and_a_smaller_one_windows() -> None:
    wide = split(*forecast([63] * 12, 6), 0)
    small = split(*forecast([63] * 3, 6), 0)

    assert (wide.units, len(set(wide.unit_ids))) == ("series", 12)
    assert len(wide.test_windows) == len(wide.unit_ids)
    assert (small.units, len(set(small.unit_ids))) == ("window", 2)
    assert len(small.test_windows) == len(small.unit_ids)


def test_training_windows_are_capped_by_a_seeded_sample() -> None:
    data, what = forecast([320_000], 2)

    one, two, other = (split(data, what, seed) for seed in (1, 1, 2))

    assert len(one.train_windows) == 200_000
    assert (one.train_windows == two.train_windows).all()
    assert (one.train_windows != other.train_windows).any()


def test_a_horizon_that_leaves_no_window_is_refused() -> None:
    with pytest.raises(RecipeError, match="leaves no training window"):
        split(*forecast([30], 12), 0)
    with pytest.raises(RecipeError, match="leaves no test window besides the given"):
        split(*forecast([100], 12, given=np.arange(100) >= 95), 0)


# --------------------------------------------------------------------------- no test rows


def untested(dataset: Dataset, job: Task, seed: int = 0, **more: bool) -> Split:
    parts = split(dataset, job, seed, tested=False, **more)
    assert len(parts.test) == len(parts.unit_ids) == 0
    assert (np.union1d(parts.train, parts.valid) == np.arange(dataset.n_rows)).all()
    assert len(parts.train) + len(parts.valid) == dataset.n_rows
    return parts


def test_without_test_rows_a_fifth_validates_and_all_others_train() -> None:
    parts = untested(table(np.array(["a", "b"] * 500)), task())

    assert (len(parts.train), len(parts.valid)) == (800, 200)
    assert "none tests" in parts.rule and len(parts.folds) == HOLD_OUTS


def test_one_model_alone_needs_no_further_hold_outs() -> None:
    assert untested(table(np.array(["a", "b"] * 500)), task(), hold_outs=False).folds == ()


def test_no_more_than_ten_thousand_rows_validate() -> None:
    assert len(untested(table(np.array(["a", "b"] * 40_000)), task()).valid) == 10_000


@pytest.mark.parametrize("seed", range(10))
def test_every_class_with_a_row_to_spare_validates(seed: int) -> None:
    y = np.array(["a"] * 8 + ["b"] * 2 + ["c"] * 3)
    parts = untested(table(y), task("multiclass"), seed)

    assert set(y[parts.valid]) == set(y[parts.train]) == {"a", "b", "c"}


def test_a_binary_class_of_one_row_is_refused() -> None:
    with pytest.raises(DataError, match="at least two of each class"):
        untested(table(np.array(["a"] * 11 + ["b"])), task())


def test_without_test_rows_groups_stay_whole_and_times_in_order() -> None:
    groups = np.repeat([f"g{i}" for i in range(20)], 5).astype(object)
    parts = untested(table(RNG.normal(size=100), groups=groups), task("regression", group_column="g"))
    assert not set(groups[parts.train]) & set(groups[parts.valid])

    times = RNG.permutation(100).astype("datetime64[D]").astype("datetime64[ns]")
    parts = untested(table(RNG.normal(size=100), times=times), task("regression", time_column="t"))
    assert times[parts.train].max() < times[parts.valid].min() and len(parts.valid) == 20


def test_without_test_rows_eight_rows_are_enough_and_seven_are_not() -> None:
    untested(table(np.arange(8.0)), task("regression"))
    with pytest.raises(DataError, match="at least 8 are needed to train and validate"):
        untested(table(np.arange(7.0)), task("regression"))


def test_a_forecast_always_has_test_windows() -> None:
    with pytest.raises(RecipeError, match="ask for a contest"):
        split(*forecast([60], 4), 0, tested=False)


def test_windows_without_an_observed_value_are_in_no_part_and_are_no_unit() -> None:
    data, what = forecast([300], 12)
    observed = np.ones((300, 1), bool)
    observed[[20, 259, 281]] = False  # single gaps stay in their windows
    whole = split(data, what, 0)
    for made in (whole.train_windows[:1], whole.valid_windows[:1], whole.test_windows[:1]):
        observed[made] = False

    parts = split(replace(data, observed=observed), what, 0)

    assert parts.valid_windows.tolist() == whole.valid_windows[1:].tolist()
    assert parts.test_windows.tolist() == whole.test_windows[1:].tolist()
    assert len(parts.unit_ids) == len(parts.test_windows)
    assert len(whole.train_windows) - len(parts.train_windows) == 1
    in_time(parts, data, 12)


def test_validation_reaches_back_to_observed_values() -> None:
    data, what = forecast([144], 12)
    observed = np.ones((144, 1), bool)
    observed[90:120] = False

    parts = split(replace(data, observed=observed), what, 0)

    assert parts.test_windows[:, 0].tolist() == [120, 132]
    assert parts.valid_windows.tolist() == [list(range(84, 96))]
    in_time(parts, data, 12)


def test_gaps_move_no_border_between_parts() -> None:
    data, what = forecast([144, 100], 6)
    observed = np.random.default_rng(0).random((244, 1)) < 0.7

    one, other = split(data, what, 0), split(replace(data, observed=observed), what, 0)

    assert len(other.test_windows) == len(one.test_windows)
    assert set(map(tuple, other.test_windows)) <= set(map(tuple, one.test_windows))
    assert set(map(tuple, other.valid_windows)) <= set(map(tuple, one.valid_windows))


@pytest.mark.parametrize(("lengths", "horizon"), [([144], 12), ([60, 90], 5)])
def test_a_refit_of_a_forecast_learns_from_every_window_before_the_test(lengths: list[int], horizon: int) -> None:
    """Its windows are the training windows, followed by all that reach into the validation rows and no further."""
    data, what = forecast(lengths, horizon)
    parts = split(data, what, 0)
    both = refit_items(parts)
    assert parts.train_windows is not None
    np.testing.assert_array_equal(both[: len(parts.train_windows)], parts.train_windows)
    added = both[len(parts.train_windows) :]
    assert np.isin(added, parts.valid).any(axis=1).all()
    assert not np.isin(both, parts.test).any()
    assert len(np.unique(both[:, 0])) == len(both)
    assert data.series is None or all(len(set(data.series[window])) == 1 for window in added)
    for rows in (parts.valid, added):  # the last rows before the test are among them
        ends = [rows[rows < first].max() for first in np.sort(parts.test[np.r_[True, np.diff(parts.test) > 1]])]
        assert ends == [first - 1 for first in np.sort(parts.test[np.r_[True, np.diff(parts.test) > 1]])]


def test_a_refit_of_rows_learns_from_training_and_validation_rows() -> None:
    parts = Split(np.arange(3), np.array([5, 7]), np.array([8]), "row", np.zeros(1, np.int64), "in order", 0)
    assert refit_items(parts).tolist() == [0, 1, 2, 5, 7]


def test_of_very_many_windows_a_refit_learns_from_the_same_share(monkeypatch: pytest.MonkeyPatch) -> None:
    data, what = forecast([200], 4)
    whole = split(data, what, 0)
    assert whole.train_windows is not None
    n_train, n_added = len(whole.train_windows), len(refit_items(whole)) - len(whole.train_windows)
    monkeypatch.setattr("automl.split.forecast.MOST_TRAIN_WINDOWS", n_train // 2)
    some = split(data, what, 0)
    assert some.train_windows is not None and len(some.train_windows) == n_train // 2
    assert len(refit_items(some)) - len(some.train_windows) == round(n_added * (n_train // 2) / n_train)


def test_series_of_a_panel_share_the_times_of_their_windows() -> None:
    wide = split(*forecast([63] * 12, 6), 0)

    assert wide.time_ids is not None and len(wide.time_ids) == len(wide.test_windows)
    for series in set(wide.unit_ids):
        assert wide.time_ids[wide.unit_ids == series].tolist() == list(range(len(set(wide.time_ids))))
    assert split(*forecast([63] * 3, 6), 0).time_ids is None
