"""What metrics need beside truth and prediction."""

import numpy as np
import pandas as pd
import pytest

from automl.goals import scoring_context, truth
from automl.goals.shared.scoring import seasonal_scale, series_codes
from automl.records import Dataset, Split, Task


def forecast(values, series=None):
    n = len(values)
    return Dataset("d", pd.DataFrame(index=range(n)), pd.DataFrame({"y": np.asarray(values, float)}), series=series)


def test_the_scale_is_the_mean_seasonal_difference_of_each_series():
    names = np.array(["b"] * 4 + ["a"] * 4, dtype=object)
    dataset = forecast([1, 2, 4, 8, 10, 10, 13, 13], names)
    assert series_codes(dataset).tolist() == [0] * 4 + [1] * 4
    assert seasonal_scale(dataset, 1, np.arange(8))[:, 0].tolist() == pytest.approx([7 / 3, 1.0])
    assert seasonal_scale(dataset, 2, np.arange(8))[:, 0].tolist() == pytest.approx([4.5, 3.0])


def test_a_series_that_never_changes_counts_with_the_mean_of_the_others():
    names = np.array(["a"] * 3 + ["b"] * 3, dtype=object)
    assert seasonal_scale(forecast([5, 5, 5, 0, 2, 4], names), 1, np.arange(6))[:, 0].tolist() == [2.0, 2.0]


def test_every_row_before_the_test_part_gives_the_scale_and_no_test_row():
    dataset = forecast([0, 1, 3, 6, 10, 1000, -1000])
    rows = np.arange(7)
    window = np.array([[5, 6]])
    split = Split(rows[2:4], rows[4:5], rows[5:], "window", np.array([0]), "in time", 0, test_windows=window)
    task = Task("sequence", "forecast", ("y",), "mase", horizon=2, season=1, quantiles=(0.1, 0.9))
    context = scoring_context(dataset, task, split, window)
    assert context["scale"].tolist() == [[2.5]]
    assert (context["series"].tolist(), context["quantiles"]) == ([0], (0.1, 0.9))


def test_truth_is_codes_labels_values_or_windows():
    target = pd.DataFrame({"y": ["no", "yes", "no"]})
    dataset = Dataset("d", pd.DataFrame(index=range(3)), target)
    task = Task("tabular", "binary", ("y",), "roc_auc", classes=("no", "yes"))
    assert truth(dataset, task, np.array([1, 2])).tolist() == [1, 0]
    windows = truth(forecast([1, 2, 3]), Task("sequence", "forecast", ("y",), "mase"), np.array([[1, 2]]))
    assert windows.shape == (1, 2, 1) and windows.ravel().tolist() == [2, 3]
