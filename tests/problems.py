from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from automl.goals import truth
from automl.records import Column, Dataset, FitContext, Split, Task

N = 240
Problem = tuple[Dataset, Task, Split]


def column(name: str, kind: Any) -> Column:
    return Column(name, kind, 1.0, "")


def targets(goal: str, signal: np.ndarray, rng: np.random.Generator) -> tuple[pd.DataFrame, tuple[str, ...]]:
    noisy = signal + 0.3 * rng.normal(size=len(signal))
    if goal == "binary":
        return pd.DataFrame({"y": np.where(noisy > 0, "yes", "no")}), ("no", "yes")
    if goal == "multiclass":
        names = np.array(["low", "middle", "top"])
        return pd.DataFrame({"y": names[np.digitize(noisy, [-0.5, 0.5])]}), ("low", "middle", "top")
    if goal == "multilabel":
        frame = pd.DataFrame({"a": (noisy > 0).astype(np.int8), "b": (noisy > 0.5).astype(np.int8)})
        return frame, ("a", "b")
    return pd.DataFrame({"y": noisy, "z": 100 - 3 * noisy}), ()


def table(signal: np.ndarray, rng: np.random.Generator) -> tuple[pd.DataFrame, tuple[Column, ...]]:
    n = len(signal)
    gaps = np.where(rng.random(n) < 0.1, np.nan, signal)
    levels = np.where(signal > 0, "up", "down").astype(object)
    levels[::17] = None
    many = np.array([f"town {k}" for k in rng.integers(0, 90, n)], dtype=object)
    frame = pd.DataFrame(
        {
            "number": gaps,
            "level": pd.Series(levels, dtype=object),
            "many": pd.Series(many, dtype=object),
            "tags": pd.Series([f"x{int(k)}; y" if k > 0 else None for k in signal * 2], dtype=object),
            "words": pd.Series([("good " if s > 0 else "bad ") * 2 + f"word{i % 7}" for i, s in enumerate(signal)]),
            "day": pd.date_range("2020-01-01", periods=n, freq="D"),
            "id": pd.Series([f"u{i}" for i in range(n)], dtype=object),
        }
    )
    frame.loc[3, "day"] = pd.NaT
    kinds = ("numeric", "categorical", "categorical", "list", "text", "datetime", "identifier")
    return frame, tuple(column(name, kind) for name, kind in zip(frame.columns, kinds, strict=True))


def inputs(modality: str, signal: np.ndarray, rng: np.random.Generator) -> tuple[Any, tuple[Column, ...]]:
    n = len(signal)
    if modality == "tabular":
        return table(signal, rng)
    if modality == "text":
        words = ["a fine day" if s > 0.5 else "rather dull" if s > -0.5 else "awful, awful!" for s in signal]
        return pd.DataFrame({"title": words, "body": [f"nothing {i % 5}" for i in range(n)]}), (
            column("title", "text"),
            column("body", "text"),
        )
    if modality == "image":
        images = rng.integers(0, 30, (n, 20, 16, 3))
        images[:, :10] += (np.clip(signal, -2, 2)[:, None, None, None] * 50 + 100).astype(int)
        return images.astype(np.uint8), ()
    if modality == "audio":
        spectrograms = rng.integers(0, 60, (n, 40, 32, 1))  # (rows, bands, frames, 1)
        spectrograms[:, 10:20, 4:20] += (np.clip(signal, -2, 2)[:, None, None, None] * 40 + 90).astype(int)
        return spectrograms.astype(np.uint8), ()
    waves = rng.normal(size=(n, 2, 40)) + signal[:, None, None] * np.sin(np.arange(40) / 3)
    waves[5, 0, 10:20] = np.nan
    waves[6, 1] = np.nan
    return waves.astype(np.float32), ()


def rows_problem(modality: str, goal: str, n: int = N) -> Problem:
    rng = np.random.default_rng(0)
    signal = rng.normal(size=n)
    found, columns = inputs(modality, signal, rng)
    target, classes = targets(goal, signal, rng)
    metric = {"regression": "r2", "multilabel": "roc_auc"}.get(goal, "accuracy")
    task = Task(modality, goal, tuple(target.columns), metric, classes=classes, columns=columns)
    parts = np.split(rng.permutation(n), [n // 2, 3 * n // 4])
    train, valid, test = (np.sort(p).astype(np.int64) for p in parts)
    vectors = None
    if modality in ("text", "image", "audio"):  # as a backbone makes them
        vectors = (np.random.default_rng(2).normal(size=(n, 5)) + signal[:, None]).astype(np.float32)
    dataset = Dataset("made", found, target, fingerprint=f"{modality}-{goal}-{n}", vectors=vectors)
    return dataset, task, Split(train, valid, test, "row", np.arange(len(test)), "shuffled", 0)


def forecast_problem(n_series: int = 2, n_targets: int = 1, length: int = 120, horizon: int = 6) -> Problem:
    rng = np.random.default_rng(1)
    t = np.arange(length)
    blocks = []
    for _ in range(n_series):
        level = 50 + 0.3 * t + 10 * np.sin(2 * np.pi * t / 12) + rng.normal(size=length)
        blocks.append(np.stack([level + 100 * k for k in range(n_targets)], axis=1))
    values = np.concatenate(blocks)
    names = [f"y{k}" for k in range(n_targets)]
    times = np.tile(
        pd.date_range("2010-01-01", periods=length, freq="MS").to_numpy().astype("datetime64[ns]"), n_series
    )
    series = np.repeat([f"s{i}" for i in range(n_series)], length) if n_series > 1 else None
    dataset = Dataset(
        "waves", pd.DataFrame(index=range(len(values))), pd.DataFrame(values, columns=names), times=times, series=series
    )
    task = Task(
        "sequence", "forecast", tuple(names), "mase", horizon=horizon, season=12, frequency="MS", quantiles=(0.1, 0.9)
    )
    ahead = np.arange(horizon)

    def windows(low: int, high: int, step: int) -> np.ndarray:
        starts = [i * length + s for i in range(n_series) for s in range(low, high - horizon + 1, step)]
        return np.asarray(starts, dtype=np.int64)[:, None] + ahead

    parts = [windows(24, 84, 1), windows(84, 102, horizon), windows(102, length, horizon)]
    train = np.concatenate([np.arange(84) + i * length for i in range(n_series)])
    split = Split(
        train, np.unique(parts[1]), np.unique(parts[2]), "window", np.arange(len(parts[2])), "in time", 0,
        train_windows=parts[0], valid_windows=parts[1], test_windows=parts[2],
    )  # fmt: skip
    return dataset, task, split


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Small fits are quicker on one thread, most of all on a busy machine."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def problem() -> Callable[..., Problem]:
    """problem(modality, goal) → dataset, task, split; a forecast is problem("sequence", "forecast", ...)."""

    def make(modality: str, goal: str, **options: Any) -> Problem:
        return forecast_problem(**options) if goal == "forecast" else rows_problem(modality, goal, **options)

    return make


def parts_of(split: Split) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if split.train_windows is None:
        return split.train, split.valid, split.test
    assert split.valid_windows is not None and split.test_windows is not None
    return split.train_windows, split.valid_windows, split.test_windows


@pytest.fixture(scope="session")
def fit() -> Callable[..., Any]:
    """fit(model, problem) → the model, fitted on training items with validation items for stopping."""

    def run(model: Any, made: Problem, weight: np.ndarray | None = None) -> Any:
        dataset, task, split = made
        train, valid, _ = parts_of(split)
        context = FitContext(None, None, valid, truth(dataset, task, valid))
        model.fit(dataset, train, truth(dataset, task, train), weight, context)
        return model

    return run
