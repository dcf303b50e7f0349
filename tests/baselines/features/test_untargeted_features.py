"""Features of series and texts that models without target read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.baselines.features.residuals import ForecastErrors
from automl.baselines.features.series_values import SeriesValues
from automl.baselines.features.topics import TextTopics
from automl.records import Column, Dataset, Task

NONE = np.zeros(0, np.int64)


def test_series_that_go_on_as_others_do_are_forecast_better():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(80, 1, 90))
    series = noise.copy()
    for step in range(1, 90):
        series[:, :, step] += 0.9 * series[:, :, step - 1]
    series[70:] = 2.0 * noise[70:]
    dataset, rows = Dataset("series", series), np.arange(80)
    features = ForecastErrors(4)
    errors = features.fit(dataset, rows[:60], NONE, None)
    assert errors.shape == (60, 5) and abs(errors.mean()) < 1e-9
    np.testing.assert_allclose(features.weights[0, :4], [0.0, 0.0, 0.0, 0.9], atol=0.05)
    later = features.transform(dataset, rows[60:])
    assert later[10:, 0].min() > later[:10, 0].max()


@pytest.mark.parametrize("length", [2, 3, 5])
def test_short_series_with_gaps_have_errors_that_are_finite(length):
    series = np.random.default_rng(0).normal(size=(12, 2, length)).astype(np.float32)
    series[0, 0] = np.nan
    features = ForecastErrors(16)
    assert np.isfinite(features.fit(Dataset("short", series), np.arange(12), NONE, None)).all()


def test_values_of_a_series_are_means_over_stretches_in_units_of_its_channel():
    series = np.arange(2 * 1 * 8, dtype=np.float32).reshape(2, 1, 8)
    features = SeriesValues(4)
    found = features.fit(Dataset("steps", series, fingerprint="steps"), np.arange(2), NONE, None)
    np.testing.assert_allclose(found, [[-1.0] * 4, [1.0] * 4])
    assert SeriesValues(100).fit(Dataset("steps", series, fingerprint="s"), np.arange(2), NONE, None).shape == (2, 8)


def test_a_text_of_other_words_lies_outside_of_the_directions():
    rng = np.random.default_rng(0)
    lines = [" ".join(f"word{k}" for k in rng.integers(0, 6, 8)) for _ in range(60)]
    lines += ["strange " + lines[0]] * 6 + ["strange strange strange"]
    task = Task("text", "anomaly", (), "roc_auc", columns=(Column("line", "text", 1.0, ""),))
    dataset = Dataset("texts", pd.DataFrame({"line": pd.Series(lines, dtype=object)}), fingerprint="texts")
    features = TextTopics(task, 4)
    found = features.fit(dataset, np.arange(66), NONE, None)
    last = features.transform(dataset, np.array([66]))
    assert found.shape == (66, 5) and (found[:, -1] >= 0).all()
    assert last[0, -1] > np.quantile(found[:60, -1], 0.9)


def test_directions_may_all_be_spread_alike():
    rng = np.random.default_rng(0)
    lines = [" ".join(f"word{k}" for k in rng.integers(0, 9, 8)) for _ in range(80)]
    task = Task("text", "represent", (), "probe_accuracy", columns=(Column("line", "text", 1.0, ""),))
    dataset = Dataset("texts", pd.DataFrame({"line": pd.Series(lines, dtype=object)}), fingerprint="alike")
    found = TextTopics(task, 4, outside=False, spread=0.0).fit(dataset, np.arange(80), NONE, None)
    np.testing.assert_allclose((found**2).mean(axis=0), 1.0, rtol=1e-3)
