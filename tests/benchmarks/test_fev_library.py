"""Tasks run through fev itself: its scores of our forecasts are ours. Skipped where fev is not installed."""

from __future__ import annotations

import importlib.util
import json

import numpy as np
import pandas as pd
import pytest
from benchmark_scripts import benchmark, require_benchmark

require_benchmark("fev_library")

METRICS = ["MASE", "MAE", "MSE", "RMSE", "WAPE", "RMSSE", "SMAPE", "MQL", "WQL", "SQL"]


@pytest.fixture
def library():
    with benchmark("fev_library") as module:
        yield module


@pytest.fixture
def task(library, tmp_path, monkeypatch):
    """Two targets, three series of unlike length with gaps, and two windows; as `fev.Task`."""
    if importlib.util.find_spec("fev") is None:
        pytest.skip("fev is not installed: pip install fev")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    parts = []
    for key, steps in (("9", 30), ("10", 24), ("b", 40)):
        when = pd.date_range("2024-01-01", periods=steps)
        parts.append(pd.DataFrame({"id": key, "timestamp": when, "y": rng.normal(size=steps).cumsum() + 5,
                                   "z": rng.normal(size=steps), "promo": 1.0 * (when.weekday > 4)}))  # fmt: skip
    frame = pd.concat(parts)
    frame.loc[frame["id"].eq("b") & (frame["timestamp"].dt.day % 5 == 0), "z"] = np.nan
    frame.to_parquet(tmp_path / "y.parquet")
    return read_one(library, tmp_path, horizon=4, num_windows=2, seasonality=7, target=["z", "y"])


def read_one(library, folder, **fields):
    path = folder / "tasks.yaml"
    one = {"dataset_path": "y.parquet", "eval_metric": METRICS[0], "extra_metrics": METRICS[1:],
           "known_dynamic_columns": ["promo"], "quantile_levels": [0.1, 0.5, 0.9], **fields}  # fmt: skip
    path.write_text(json.dumps({"tasks": [one]}))
    return library.tasks_of(path)[0]


def noisy(task, windows):
    """Forecasts of no skill, in the order of the series."""
    rng = np.random.default_rng(1)
    found = []
    for window in windows:
        shape = (window.future[task.id_column].nunique(), task.horizon, len(task.targets))
        point = rng.normal(size=shape)
        found.append({"predictions": point, "0.1": point - 1, "0.5": point, "0.9": point + 1})
    return found, 2.0, 0.5


def test_fev_scores_the_same_forecasts_as_we_do(library, task):
    summary, difference = library.scored(task, "noise", noisy)
    assert difference < 1e-12
    assert set(METRICS) <= set(summary) and summary["training_time_s"] == 2.0


def test_fev_gives_the_windows_that_the_reader_gives(library, task, tmp_path):
    known, parts = library.windows_of(task)
    with benchmark("fev_tasks") as reader:
        own = reader.read(tmp_path / "tasks.yaml")[0]
        expected = reader.windows(own, reader.frame_of(own, tmp_path))
    assert known.targets == own.targets == ["y", "z"] and len(parts) == 2
    for found, wanted in zip(parts, expected, strict=True):
        for part, other in ((found.past, wanted.past), (found.future, wanted.future)):
            assert sorted(part) == sorted(other)
            other = other[list(part)].astype(part.dtypes.to_dict())
            pd.testing.assert_frame_equal(part.reset_index(drop=True), other.reset_index(drop=True))


def test_cutoffs_as_dates_are_those_of_fev(library, task, tmp_path):
    dated = read_one(library, tmp_path, horizon=4, seasonality=7, target="y", initial_cutoff="2024-01-20")
    _, (window,) = library.windows_of(dated)
    assert window.past["timestamp"].max() == pd.Timestamp("2024-01-20")
    assert list(window.future) == ["id", "timestamp", "promo"]


def test_the_seasonal_naive_forecast_repeats_the_last_season(library):
    past = pd.DataFrame({"id": "a", "timestamp": pd.date_range("2024-01-01", periods=6), "y": [1.0, 5, 2, 6, 4, 7]})
    task = library.FevTask("y.parquet", horizon=3, seasonality=2, target="y", quantile_levels=[0.1, 0.5, 0.9])
    (found,), *_ = library.seasonal_naive(task, [library.Window(past, past, np.empty(0))])
    assert found["predictions"][0, :, 0].tolist() == found["0.5"][0, :, 0].tolist() == [4, 7, 4]
    spread = np.sqrt(np.mean([1, 1, 4, 1])) * 1.2815515655446004
    np.testing.assert_allclose(found["0.9"][0, :, 0], [4 + spread, 7 + spread, 4 + spread * np.sqrt(2)])


def test_a_missing_fev_is_said_in_words(library, tmp_path, monkeypatch):
    if importlib.util.find_spec("fev") is not None:
        pytest.skip("fev is installed")
    with pytest.raises(ImportError, match="pip install fev"):
        library.tasks_of(tmp_path / "tasks.yaml")
