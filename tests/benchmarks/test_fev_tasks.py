"""Tasks in fev's format: fields and defaults, windows as fev parts them, scores by hand, and the summary's columns."""

from __future__ import annotations

import csv
import json

import numpy as np
import pandas as pd
import pytest
from benchmark_scripts import benchmark, require_benchmark

require_benchmark("fev_tasks")

# The columns that fev's analysis needs (RESULTS_DTYPES of its analysis.py).
NEEDED = {
    "dataset_path", "dataset_config", "horizon", "initial_cutoff", "min_context_length", "max_context_length",
    "seasonality", "eval_metric", "extra_metrics", "quantile_levels", "id_column", "timestamp_column", "target",
    "generate_univariate_targets_from", "known_dynamic_columns", "past_dynamic_columns", "static_columns",
    "model_name", "test_error", "training_time_s", "trained_on_this_dataset", "inference_time_s", "num_forecasts",
    "fev_version",
}  # fmt: skip


@pytest.fixture
def fev():
    with benchmark("fev_tasks") as module:
        yield module


def long_table() -> pd.DataFrame:
    """Two series, of 8 and 5 steps; series 10 comes before 9 as text."""
    days = pd.date_range("2024-01-01", periods=8).strftime("%Y-%m-%d")
    parts = [("9", days[:5], [1.0, 2, 4, 7, 11]), ("10", days, [0.0, 1, 2, 3, 4, 5, 6, 7])]
    return pd.concat([pd.DataFrame({"id": key, "timestamp": when, "target": y, "promo": range(len(y)),
                                    "heat": 1.5}) for key, when, y in parts])  # fmt: skip


def tasks_of(fev, folder, **task):
    path = folder / "tasks.yaml"
    path.write_text(json.dumps({"tasks": [{"dataset_path": "y.csv", **task}]}))
    return fev.read(path)[0]


def last_value(task, windows):
    """Forecasts the last value, with 1 around it, and never sees the truth."""
    found = []
    for window in windows:
        assert window.truth.size == 0 and "target" not in window.future
        lasts = window.past.groupby(task.id_column, sort=False)[task.targets].last().to_numpy(float)
        values = np.repeat(lasts[:, None], task.horizon, axis=1)
        found.append({"predictions": values, "0.1": values - 1, "0.9": values + 1})
    return found, 2.0, 0.5


def test_fields_have_the_defaults_of_fev(fev, tmp_path):
    task = tasks_of(fev, tmp_path, horizon=3, num_rolling_windows=2, quantile_levels=[0.9, 0.1])
    assert (task.num_windows, task.window_step_size, task.initial_cutoff) == (2, 3, -6)
    assert (task.quantile_levels, task.eval_metric, task.task_name) == ([0.1, 0.9], "MASE", "y")


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ({"dataset_config": "m4_hourly"}, "only local files"),
        ({"horizn": 3}, "unknown field 'horizn'"),
        ({"initial_cutoff": "2024-01-01"}, "dates are not supported"),
        ({"initial_cutoff": -1, "horizon": 2}, "leaves no room"),
        ({"eval_metric": "WQL"}, "needs quantile_levels"),
        ({"eval_metric": "MAPA"}, "metric 'MAPA' is none of"),
        ({"quantile_levels": [0.25]}, "0.25 is none of 0.1, 0.5, 0.9"),
        ({"generate_univariate_targets_from": ["a"]}, "one task for each target"),
    ],
)
def test_a_task_that_cannot_run_is_refused_in_words(fev, tmp_path, task, words):
    with pytest.raises(ValueError, match=words):
        tasks_of(fev, tmp_path, **task)


def test_windows_hold_the_past_and_what_is_known_of_the_future(fev, tmp_path):
    long_table().to_csv(tmp_path / "y.csv", index=False)
    task = tasks_of(fev, tmp_path, horizon=2, num_windows=2, min_context_length=2, max_context_length=3,
                    known_dynamic_columns=["promo"], past_dynamic_columns=["heat"])  # fmt: skip
    first, second = fev.windows(task, fev.frame_of(task, tmp_path))
    assert first.past["id"].unique().tolist() == ["10"]  # of 9 there is one step before the first cutoff
    assert first.past["target"].tolist() == [1, 2, 3] and first.truth[:, :, 0].tolist() == [[4, 5]]
    assert second.past["id"].unique().tolist() == ["10", "9"] and second.truth[:, :, 0].tolist() == [[6, 7], [7, 11]]
    assert list(second.future) == ["id", "timestamp", "promo"] and second.future["promo"].tolist() == [6, 7, 3, 4]
    with pytest.raises(ValueError, match="too short"):
        fev.windows(tasks_of(fev, tmp_path, horizon=9), fev.frame_of(task, tmp_path))


@pytest.mark.parametrize("form", ["parquet of lists", "json", "jsonl"])
def test_a_dataset_in_another_form_is_the_same(fev, tmp_path, form):
    table = long_table()
    table.to_csv(tmp_path / "y.csv", index=False)
    if form == "parquet of lists":
        name, rows = "y.parquet", table.assign(timestamp=pd.to_datetime(table["timestamp"])).groupby("id", sort=False)
        rows.agg(list).reset_index().to_parquet(tmp_path / name)
    else:
        name = f"y.{form}"
        table.to_json(tmp_path / name, orient="records", lines=form == "jsonl")
    expected, found = (fev.frame_of(tasks_of(fev, tmp_path, dataset_path=path), tmp_path) for path in ("y.csv", name))
    assert found["target"].tolist() == expected["target"].tolist() and found["id"].tolist() == expected["id"].tolist()
    assert (found["timestamp"] == expected["timestamp"]).all()


def test_the_summary_has_the_columns_that_fev_reads(fev, tmp_path):
    long_table().to_csv(tmp_path / "y.csv", index=False)
    task = tasks_of(fev, tmp_path, horizon=2, seasonality=1, quantile_levels=[0.1, 0.9],
                    extra_metrics=["MAE", "RMSE", "WAPE", "MQL", "SQL", "WQL"])  # fmt: skip
    line = fev.summary(task, "last", last_value, tmp_path)
    fev.write(tmp_path / "summary.csv", [line])
    with (tmp_path / "summary.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert set(row) >= NEEDED
    assert (row["dataset_path"], row["quantile_levels"], row["num_forecasts"]) == ("y.csv", "[0.1, 0.9]", "2")
    # Errors 1, 2 of a series that changes by 1 a step, and 3, 7 of one that changes by 1 and 2.
    assert line["MASE"] == line["test_error"] == pytest.approx(np.mean([1, 2, 3 / 1.5, 7 / 1.5]))
    assert line["MAE"] == pytest.approx(3.25) and line["RMSE"] == pytest.approx(np.sqrt(63 / 4))
    assert line["WAPE"] == pytest.approx(13 / 31)
    # Twice the pinball loss; the truth lies above the lower quantile by 2, 3, 4, 8 and above the upper by 0, 1, 2, 6.
    losses = np.array([[2, 3, 4, 8], [0, 1, 2, 6]]) * [[0.2], [1.8]]
    assert line["MQL"] == pytest.approx(losses.mean())
    assert line["WQL"] == pytest.approx(losses.mean() / (31 / 4))
    assert line["SQL"] == pytest.approx((losses / [1, 1, 1.5, 1.5]).mean())


def test_a_forecast_with_missing_values_is_refused(fev, tmp_path):
    long_table().to_csv(tmp_path / "y.csv", index=False)

    def broken(task, windows):
        found, *seconds = last_value(task, windows)
        found[0]["predictions"][0, 0] = np.nan
        return found, *seconds

    with pytest.raises(ValueError, match="'predictions' is to be numbers of shape"):
        fev.summary(tasks_of(fev, tmp_path, horizon=2), "broken", broken, tmp_path)


class FakeModel:
    """Predicts as a forecast of ours does: series in another order, quantiles beside the values."""

    def predict(self, past, future=None):
        assert list(future) == ["id", "timestamp", "promo"]
        frame = future[["id", "timestamp"]].assign(target=future["promo"] * 1.0, target_q10=0.0, target_q90=9.0)
        return frame.iloc[::-1]


def test_forecasts_of_a_model_of_ours_come_in_the_order_of_the_series(fev, tmp_path):
    long_table().to_csv(tmp_path / "y.csv", index=False)
    task = tasks_of(fev, tmp_path, horizon=2, known_dynamic_columns=["promo"], quantile_levels=[0.1, 0.5, 0.9])
    (window,) = fev.windows(task, fev.frame_of(task, tmp_path))
    found = fev._of(FakeModel(), task, window, several=True)
    assert found["predictions"][:, :, 0].tolist() == found["0.5"][:, :, 0].tolist() == [[6, 7], [3, 4]]
    assert found["0.9"].shape == (2, 2, 1) and set(found["0.1"].ravel()) == {0.0}
