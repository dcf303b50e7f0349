"""Robustness: who depends on what is corrupted is found, and who does not is not said to."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from finalists_by_function import context_of, finished

from automl.analyses import robustness as module
from automl.analyses.robustness import ROBUSTNESS, half_at
from automl.records import Column, Dataset, Split, Task


def logistic(values: Any) -> np.ndarray:
    return 1 / (1 + np.exp(-np.asarray(values, float)))


def table(n: int = 900, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """One number that tells the target all by itself, and six that tell it together."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    frame = pd.DataFrame({"sharp": y + 0.2 * rng.normal(size=n)})
    for k in range(6):
        frame[f"x{k}"] = y + rng.normal(size=n)
    return frame, y


def of_one(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    values = dataset.inputs["sharp"].to_numpy(float)[rows]
    return logistic(8 * (np.where(np.isnan(values), 0.5, values) - 0.5))


def of_many(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    values = dataset.inputs[[f"x{k}" for k in range(6)]].to_numpy(float)[rows]
    return logistic(4 * (np.where(np.isnan(values), 0.5, values).mean(axis=1) - 0.5))


def found(context: Any) -> dict[str, Any]:
    made = ROBUSTNESS.run(context)
    assert made is not None
    json.dumps(made)
    return made


def at(made: dict[str, Any], corruption: str, strength: float) -> dict[str, Any]:
    return next(row for row in made["rows"] if (row["corruption"], row["strength"]) == (corruption, strength))


def test_a_side_that_hangs_on_one_column_loses_more_when_cells_are_missing():
    frame, y = table()
    kinds = dict.fromkeys(frame.columns, "numeric")
    made = found(context_of(frame, y, {"deep": of_one, "shallow": of_many}, kinds=kinds))
    clean, most = at(made, "cells_missing", 0.0), at(made, "cells_missing", 0.6)
    assert clean["gain"] > 0 and most["high"] < 0, "the lead turns round beyond noise"
    summary = {row["side"]: row for row in made["summary"] if row["corruption"] == "cells_missing"}
    assert summary["shallow"]["clean"] - summary["shallow"]["worst"] < 0.5 * (1.0 - summary["deep"]["worst"])
    assert summary["deep"]["clean"] >= summary["deep"]["area"] >= summary["deep"]["worst"]
    assert {row["corruption"] for row in made["rows"]} == {"numbers_noised", "cells_missing"}
    assert made["left_out"] == []


def test_equal_finalists_show_no_difference_and_the_same_seed_gives_the_same():
    frame, y = table()
    kinds = dict.fromkeys(frame.columns, "numeric")
    one, other = (found(context_of(frame, y, {"deep": of_many, "shallow": of_many}, kinds=kinds)) for _ in range(2))
    assert all(row["low"] <= 0 <= row["high"] and row["gain"] == 0 for row in one["rows"])
    assert one == other


def test_without_time_nothing_is_found_and_with_some_less_than_all(monkeypatch: pytest.MonkeyPatch):
    frame, y = table()
    kinds = dict.fromkeys(frame.columns, "numeric")
    sides = {"deep": of_many, "shallow": of_many}
    clock = iter(np.arange(0.0, 1e4, 1.0))
    monkeypatch.setattr(module.time, "monotonic", lambda: float(next(clock)))
    assert ROBUSTNESS.run(context_of(frame, y, sides, kinds=kinds, deadline=5.0)) is None
    made = ROBUSTNESS.run(context_of(frame, y, sides, kinds=kinds, deadline=75.0))
    assert made is not None and [one["name"] for one in made["left_out"]] == ["cells_missing"]


def test_items_are_as_many_as_there_is_time_for():
    frame, y = table(5000)
    sides = {"deep": of_many, "shallow": of_many}
    kinds = dict.fromkeys(frame.columns, "numeric")
    assert found(context_of(frame, y, sides, kinds=kinds, n_test=3000))["n_items"] == module.MOST_ITEMS
    slow = context_of(frame, y, sides, kinds=kinds, n_test=3000, pass_seconds=30.0, deadline=time.monotonic() + 600)
    assert module.LEAST_ITEMS < found(slow)["n_items"] < module.MOST_ITEMS


def test_only_one_side_is_described_without_a_gain():
    frame, y = table()
    made = found(context_of(frame, y, {"shallow": of_many}, kinds=dict.fromkeys(frame.columns, "numeric")))
    assert {row["side"] for row in made["summary"]} == {"shallow"}
    assert all(row["deep"] is None and row["gain"] is None for row in made["rows"])


@pytest.mark.parametrize(
    ("scores", "floor", "expected"),
    [
        ([0.9, 0.8, 0.6], 0.5, 1.5),  # half of .4 is left at .7
        ([0.9, 0.8, 0.75], 0.5, None),
        ([0.4, 0.3, 0.2], 0.5, None),
        ([0.9, 0.8, 0.6], None, None),
    ],
)
def test_where_half_of_the_lead_is_lost_is_interpolated(scores: list[float], floor: float | None, expected: Any):
    assert half_at("roc_auc", [0.0, 1.0, 2.0], scores, floor)[0] == (
        None if expected is None else pytest.approx(expected)
    )


def test_lower_scores_are_better_for_errors():
    assert half_at("rmse", [0.0, 1.0, 2.0], [1.0, 2.0, 5.0], 5.0)[0] == pytest.approx(1.0 + 1.0 / 3.0)


def test_a_forecast_is_scored_by_the_original_truth_and_scale():
    """A corrupted history is read; what is scored, and in which unit, stays."""
    n, horizon = 400, 5
    rng = np.random.default_rng(0)
    values = np.sin(np.arange(n) * 2 * np.pi / 10) + 0.05 * rng.normal(size=n)
    windows = np.arange(n)[-100:].reshape(20, horizon)
    trained = np.lib.stride_tricks.sliding_window_view(np.arange(300), horizon)
    split = Split(
        np.arange(300), np.arange(0), windows.ravel(), "window", np.arange(20), "", 0,
        train_windows=trained, valid_windows=windows[:0], test_windows=windows,
    )  # fmt: skip
    task = Task("sequence", "forecast", ("y",), "mase", horizon=horizon, season=10)
    dataset = Dataset(
        "fixed", pd.DataFrame(index=pd.RangeIndex(n)), pd.DataFrame({"y": values}),
        times=np.datetime64("2020-01-01", "ns") + np.arange(n) * np.timedelta64(1, "D"),
    )  # fmt: skip

    def last_season(data: Dataset, rows: np.ndarray) -> np.ndarray:
        return data.target["y"].to_numpy()[rows - 10][..., None]

    def knows(data: Dataset, rows: np.ndarray) -> np.ndarray:
        return np.sin(rows * 2 * np.pi / 10)[..., None]

    made = found(finished(dataset, task, split, {"deep": knows, "shallow": last_season}))
    assert {row["corruption"] for row in made["rows"]} == {"history_noised", "history_missing"}
    for name in ("history_noised", "history_missing"):
        own = [row for row in made["rows"] if row["corruption"] == name]
        assert len({row["deep"] for row in own}) == 1, "the truth and the scale do not depend on the corruption"
        assert own[-1]["shallow"] > own[0]["shallow"]


def test_a_text_is_misspelt_and_a_series_loses_samples():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    texts = pd.DataFrame({"t": ["a good fine day" if one else "a poor bad day" for one in y]}, dtype=object)

    def spelled(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        return np.array(["good" in text for text in dataset.inputs["t"].to_numpy()[rows]]) * 0.8 + 0.1

    def length(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        return np.array([len(text) > 14 for text in dataset.inputs["t"].to_numpy()[rows]]) * 0.8 + 0.1

    context = context_of(texts, y, {"deep": length, "shallow": spelled}, kinds={"t": "text"}, modality="text")
    made = found(context)
    assert {row["corruption"] for row in made["rows"]} == {"typos", "words_dropped"}
    assert at(made, "typos", 0.4)["shallow"] < at(made, "typos", 0.0)["shallow"]

    series = (rng.normal(size=(400, 1, 30)) + y[:, None, None]).astype(np.float32)
    mean = lambda dataset, rows: logistic(np.nan_to_num(dataset.inputs[rows], nan=0.5).mean(axis=(1, 2)) - 0.5)  # noqa: E731
    first = lambda dataset, rows: logistic(np.nan_to_num(dataset.inputs[rows][:, 0, 0], nan=0.5) - 0.5)  # noqa: E731
    made = found(context_of(series, y, {"deep": mean, "shallow": first}, modality="sequence"))
    assert at(made, "samples_dropped", 0.8)["shallow"] < at(made, "samples_dropped", 0.0)["shallow"]
    assert at(made, "samples_dropped", 0.8)["deep"] > 0.9


def test_vectors_of_changed_texts_are_made_anew(monkeypatch: pytest.MonkeyPatch):
    """Vectors of the unchanged texts would show no loss at all."""
    from automl import pretrained

    y = np.arange(200) % 2
    texts = pd.DataFrame({"t": ["good day" if one else "poor day" for one in y]}, dtype=object)

    def remade(dataset: Dataset, task: Task) -> Dataset:
        import dataclasses

        return dataclasses.replace(dataset, vectors=vectors(dataset.inputs["t"]))

    def vectors(cells: Any) -> np.ndarray:
        return np.array([["good" in cell] for cell in cells], np.float32)

    monkeypatch.setattr(pretrained, "with_vectors", remade)
    columns = (Column("t", "text", 1.0, ""),)
    task = Task("text", "binary", ("y",), "roc_auc", columns=columns, classes=("no", "yes"), positive="yes")
    rows = np.arange(200)
    split = Split(rows[:100], rows[:0], rows[100:], "row", np.arange(100), "", 0)
    dataset = Dataset("fixed", texts, pd.DataFrame({"y": np.where(y == 1, "yes", "no")}), vectors=vectors(texts["t"]))
    read = lambda data, rows: 0.1 + 0.8 * data.vectors[rows, 0]  # noqa: E731
    made = found(finished(dataset, task, split, {"deep": read, "shallow": read}))
    assert at(made, "typos", 0.4)["deep"] < at(made, "typos", 0.0)["deep"] == 1.0
