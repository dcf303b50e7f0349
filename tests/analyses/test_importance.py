"""The same exchanges for both sides: what matters comes first, correlated columns count together, time is obeyed."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
from fixed_finalists import by_x, context_of, levels, normal, table, table_task

from automl.analyses.importance import IMPORTANCE
from automl.analyses.shared.associations import clusters, matrix_of
from automl.analyses.shared.changed import LONGEST_HISTORY, Factor, exchanged, stack
from automl.baselines.features.windows import past
from automl.records import Column, Dataset, Split, Task


def by_level(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    return np.where((dataset.inputs["c"] == "a").to_numpy()[rows], 0.8, 0.3)


def columns(n: int = 500) -> tuple[Dataset, Task]:
    dataset = table(n, x=normal, z=normal, c=levels("a", "b"))
    dataset.inputs["near x"] = dataset.inputs["x"] + 0.1 * dataset.inputs["z"]
    return dataset, table_task(dataset.inputs, "binary", "roc_auc")


def test_the_column_that_matters_is_first_on_each_side_with_an_interval_above_0() -> None:
    dataset, task = columns()
    made = IMPORTANCE.run(context_of(dataset, task, {"deep": by_x, "shallow": by_x}, n_train=200))
    assert made is not None
    for side in ("deep", "shallow"):
        rows = [row for row in made["rows"] if row["side"] == side and row["kind"] != "group"]
        assert rows[0]["factor"] == "x" and rows[0]["rank"] == 1 and rows[0]["low"] > 0
        assert [row["drop"] for row in rows[1:]] == [0.0] * 3
        assert {row["n_permutations"] for row in rows} == {5}
    assert made["tau"] == 1.0 and "largely agree" in made["agreement"]
    assert len({tuple(sorted(row)) for row in made["rows"]}) == 1


def test_columns_that_go_together_are_also_exchanged_together() -> None:
    dataset, task = columns()
    made = IMPORTANCE.run(context_of(dataset, task, {"deep": by_x}, n_train=200))
    assert made is not None
    (group,) = [row for row in made["rows"] if row["kind"] == "group"]
    assert group["factor"] == "x, near x" and group["rank"] is None and group["low"] > 0


def test_sides_that_rest_on_other_columns_do_not_agree() -> None:
    dataset, task = columns()
    made = IMPORTANCE.run(context_of(dataset, task, {"deep": by_x, "shallow": by_level}, n_train=200))
    assert made is not None and made["tau"] < 0.3 and "do not agree" in made["agreement"]


def test_losses_drop_upwards_too() -> None:
    dataset, _ = columns()
    made = IMPORTANCE.run(
        context_of(dataset, table_task(dataset.inputs, "binary", "log_loss"), {"deep": by_x}, n_train=200)
    )
    assert made is not None and made["rows"][0]["factor"] in ("x", "x, near x") and made["rows"][0]["drop"] > 0


def test_both_sides_predict_the_same_changed_rows() -> None:
    dataset, task = columns()
    seen: dict[str, list[bytes]] = {"deep": [], "shallow": []}

    def noted(side: str):
        def predict(data: Dataset, rows: np.ndarray) -> np.ndarray:
            seen[side].append(pd.util.hash_pandas_object(data.inputs.iloc[rows], index=False).to_numpy().tobytes())
            return by_x(data, rows)

        return predict

    IMPORTANCE.run(context_of(dataset, task, {"deep": noted("deep"), "shallow": noted("shallow")}, n_train=200))
    assert seen["deep"] == seen["shallow"] and len(seen["deep"]) > 3


def test_without_time_nothing_is_measured_and_the_dataset_is_as_it_was() -> None:
    dataset, task = columns()
    before = dataset.inputs.copy()
    context = context_of(dataset, task, {"deep": by_x}, n_train=200, deadline=time.monotonic() - 1)
    assert IMPORTANCE.run(context) is None
    IMPORTANCE.run(context_of(dataset, task, {"deep": by_x}, n_train=200))
    pd.testing.assert_frame_equal(dataset.inputs, before)


def test_associations_tell_numbers_levels_and_both() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=800)
    frame = pd.DataFrame(
        {"x": x, "exp": np.exp(x), "level": np.where(x > 0, "high", "low"), "other": rng.choice(["a", "b"], 800)}
    )
    matrix = matrix_of(frame)
    frame.loc[::5, "other"] = None
    assert np.allclose(matrix_of(frame)[:3, :3], matrix[:3, :3]), "gaps are a level of their own"
    assert matrix[0, 1] > 0.99 and matrix[0, 2] > 0.8 and matrix[0, 3] < 0.2
    assert clusters(matrix) == [[0, 1, 2]]


def test_series_are_exchanged_by_channel_and_by_segment() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(300, 2, 16))
    y = np.where(inputs[:, 1, :4].mean(axis=1) > 0, "yes", "no")
    dataset = Dataset("hand", inputs, pd.DataFrame({"y": y}))
    task = Task("sequence", "binary", ("y",), "roc_auc", classes=("no", "yes"), positive="yes")

    def predict(data: Dataset, rows: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-5 * data.inputs[rows, 1, :4].mean(axis=1)))

    made = IMPORTANCE.run(context_of(dataset, task, {"deep": predict}, n_train=100))
    assert made is not None
    drops = {row["factor"]: row["drop"] for row in made["rows"]}
    assert drops["channel 1"] > 0.3 and drops["channel 0"] == 0.0
    assert drops["steps 0 to 1"] > 0.02 and drops["steps 8 to 9"] == 0.0


def panel() -> tuple[Dataset, Task, Split]:
    """Two series whose next value is the last one plus what a covariate says."""
    rng = np.random.default_rng(0)
    n, horizon = 120, 4
    times = np.tile(np.datetime64("2024-01-01", "ns") + np.arange(n) * np.timedelta64(1, "D"), 2)
    series = np.repeat(["a", "b"], n).astype(object)
    target = np.concatenate([np.cumsum(rng.normal(size=n)) + level for level in (0.0, 50.0)])
    inputs = pd.DataFrame({"promo": rng.normal(size=2 * n)})
    dataset = Dataset("hand", inputs, pd.DataFrame({"y": target}), times=times, series=series)
    windows = np.stack([np.arange(s, s + horizon) for base in (0, n) for s in range(base + 60, base + n, horizon)])
    train = np.stack([np.arange(s, s + horizon) for base in (0, n) for s in range(base + 10, base + 50)])
    task = Task(
        "sequence", "forecast", ("y",), "mae", horizon=horizon, frequency="D", season=7, series_column="series",
        columns=(Column("promo", "numeric", 1.0, ""),), covariates_known=("promo",),
    )  # fmt: skip
    split = Split(
        np.arange(60), np.arange(50, 60), np.unique(windows), "window", np.arange(len(windows)), "by hand", 0,
        train_windows=train, valid_windows=train[-2:], test_windows=windows,
    )  # fmt: skip
    return dataset, task, split


def last_value(dataset: Dataset, windows: np.ndarray) -> np.ndarray:
    return np.repeat(past(dataset, windows, 1)[:, -1:, :], windows.shape[1], axis=1)


def test_stacked_windows_are_forecast_as_they_were() -> None:
    dataset, _, split = panel()
    windows = split.items("test")
    made = stack(dataset, windows, 2)
    length = min(50, LONGEST_HISTORY)
    expected = past(dataset, windows, length)
    assert np.array_equal(past(made.dataset, made.items, length), np.concatenate([expected, expected]))
    single = Dataset("hand", dataset.inputs, dataset.target, times=dataset.times)
    again = stack(single, windows[:5], 3)
    assert np.array_equal(past(again.dataset, again.items, 30), np.tile(past(single, windows[:5], 30), (3, 1, 1)))


def test_only_the_lags_of_a_block_are_exchanged() -> None:
    dataset, _, split = panel()
    windows = split.items("test")
    made = stack(dataset, windows, 1)
    order = np.roll(np.arange(len(windows)), 1)
    changed = exchanged(made, [Factor("lags 1 to 4", "lags", steps=(-4, 0))], [order])
    before, after = past(dataset, windows, 12), past(changed, made.items, 12)
    assert np.array_equal(after[:, :8], before[:, :8]) and np.array_equal(after[:, 8:], before[order][:, 8:])


def test_forecasts_tell_lags_calendar_and_covariates() -> None:
    dataset, task, split = panel()
    made = IMPORTANCE.run(context_of(dataset, task, {"deep": last_value, "shallow": last_value}, split=split))
    assert made is not None
    drops = {row["factor"]: row["drop"] for row in made["rows"] if row["side"] == "deep"}
    assert drops["lags 1 to 4"] > 0 and drops["lags 5 to 8"] == drops["calendar"] == drops["promo"] == 0.0


def test_pictures_have_nothing_to_exchange() -> None:
    dataset = Dataset("hand", np.zeros((40, 8, 8), np.uint8), pd.DataFrame({"y": ["yes", "no"] * 20}))
    task = Task("image", "binary", ("y",), "roc_auc", classes=("no", "yes"), positive="yes")
    context = context_of(dataset, task, {"deep": lambda data, rows: np.full(len(rows), 0.5)}, n_train=20)
    assert IMPORTANCE.unfit(context) is not None


def test_of_thousands_of_columns_few_are_compared_closely_and_what_matters_is_among_them(monkeypatch):
    from automl.analyses import importance

    looked: list[str] = []
    compare = importance.with_numbers
    monkeypatch.setattr(
        importance, "with_numbers", lambda cells, values: looked.append(cells.name) or compare(cells, values)
    )
    monkeypatch.setattr(importance, "MANY_FACTORS", 200)
    monkeypatch.setattr(importance, "MOST_COMPARED", 20)
    dataset = table(120, x=normal, c=levels("a", "b"))
    noise = np.random.default_rng(3).normal(size=(120, 400))
    noise[::9, ::7] = np.nan
    more = pd.DataFrame(noise, columns=[f"n{i}" for i in range(400)]).assign(empty=np.nan)
    inputs = pd.concat([more, dataset.inputs], axis=1)
    wide = Dataset("wide", inputs, dataset.target)
    context = context_of(wide, table_task(inputs, "binary", "roc_auc"), {"deep": by_x, "shallow": by_x}, n_train=40)
    found = IMPORTANCE.run(context)
    assert len(looked) <= 20 + 1 and "x" in looked and "c" in looked
    assert found is not None and found["rows"][0]["factor"] == "x"
