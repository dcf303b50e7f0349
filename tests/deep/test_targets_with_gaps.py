"""The deep side learns from the known cells of its targets only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from problems import Problem, forecast_problem
from tiny_network import TINY

from automl import modalities
from automl.deep.data import TrainingData, training_data_of
from automl.deep.training import device
from automl.deep.training.trainer import Trainer
from automl.records import Column, Dataset, Split, Task

SETTINGS = {"learning_rate": 1e-2, "weight_decay": 0.0, "batch_size": 32, "epochs": 2}


def holed() -> Problem:
    dataset, task, split = forecast_problem(n_targets=2)
    observed = np.random.default_rng(0).random((dataset.n_rows, 2)) < 0.8
    observed[60] = True
    assert dataset.target is not None
    return replace(dataset, target=dataset.target.where(observed).ffill().bfill(), observed=observed), task, split


def rows_with_gaps() -> Problem:
    """A regression of two targets, the second of them often missing."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2))
    target = pd.DataFrame({"y": x[:, 0], "z": np.where(rng.random(200) < 0.6, np.nan, 10 * x[:, 1])})
    columns = tuple(Column(name, "numeric", 1.0, "") for name in "ab")
    task = Task("tabular", "regression", ("y", "z"), "r2", columns=columns)
    rows = np.arange(200)
    split = Split(rows[:120], rows[120:160], rows[160:], "row", rows[:40], "in order", 0)
    return Dataset("d", pd.DataFrame(x, columns=["a", "b"]), target), task, split


def training_data(made: Problem) -> TrainingData:
    dataset, task, split = made
    return training_data_of(dataset, task, split, *modalities.fit(dataset, task, split), task.metric)


@pytest.mark.parametrize("make", [holed, rows_with_gaps])
def test_a_network_trains_on_targets_with_gaps(make) -> None:
    data = training_data(make())
    trainer = Trainer(data, {"tiny": TINY}, device.prepare("cpu"))
    network = trainer.network(TINY, SETTINGS, 0)
    batches = np.random.default_rng(0).integers(0, network.n_train, (20, 32)).astype(np.int32)

    losses = [network.train(batches, np.full(20, 1e-2, np.float32)) for _ in range(3)]

    assert np.isnan(data.target).any()
    assert np.isfinite(losses).all() and losses[-1] < losses[0]
    assert np.isfinite(data.judge(network.predict_valid()))


def test_weights_are_those_of_windows_times_the_share_that_is_known() -> None:
    dataset, task, split = holed()
    weighted = replace(dataset, weight=np.linspace(1.0, 2.0, dataset.n_rows))
    plain, own = training_data((dataset, task, split)), training_data((weighted, task, split))
    known = np.isfinite(plain.target)

    assert split.train_windows is not None and plain.weight is not None and own.weight is not None
    assert (known == dataset.observed[split.train_windows]).all()
    np.testing.assert_allclose(own.weight / plain.weight, weighted.weight_of(split.train_windows))
    of_series = plain.weight / known.mean(axis=(1, 2))
    assert len(np.unique(of_series.round(9))) == 2  # one over the scale of each of the two series


def test_the_weight_of_a_window_is_the_mean_of_its_observed_rows() -> None:
    observed = np.array([[True], [False], [True], [False], [False]])
    weight = np.array([1.0, 100.0, 3.0, 5.0, 7.0])
    dataset = Dataset("d", pd.DataFrame(index=range(5)), weight=weight)

    windows = np.array([[0, 1, 2], [1, 2, 3], [1, 3, 4]])

    assert replace(dataset, observed=observed).weight_of(windows).tolist() == [2.0, 3.0, 0.0]
    assert dataset.weight_of(windows).tolist() == pytest.approx([104 / 3, 36.0, 112 / 3])
    assert replace(dataset, observed=observed).weight_of(np.array([0, 1])).tolist() == [1.0, 100.0]
