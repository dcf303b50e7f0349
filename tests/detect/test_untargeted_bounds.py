"""What goals without a target cannot do is refused in words, before anything is fitted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import automl
from automl.errors import DataError, InputError, RecipeError

N = 60
RNG = np.random.default_rng(0)


def frame(**columns: Any) -> pd.DataFrame:
    made = {"a": RNG.normal(size=N), "b": RNG.normal(size=N), "odd": (np.arange(N) % 6 == 0).astype(int), **columns}
    return pd.DataFrame(made)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"contamination": 0.5}, "contamination: expected a share above 0 and below 0.5"),
        ({"contamination": 0.0}, "contamination: expected a share above 0 and below 0.5"),
        ({"contamination": -0.1}, "contamination: expected a share above 0 and below 0.5"),
        ({"contamination": "many"}, "contamination: expected a share above 0 and below 0.5"),
        ({"normal": "fine"}, r"normal: expected a value of label 'odd' \('0', '1'\), got 'fine'"),
        ({"metric": "log_loss"}, "metric 'log_loss' does not score goal 'anomaly'"),
    ],
)
def test_options_out_of_bounds_are_refused(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        automl.inspect(frame(), goal="anomaly", label="odd", **keys)


@pytest.mark.parametrize("dims", [0, 1, -3])
def test_fewer_than_two_dims_are_refused(dims: int) -> None:
    with pytest.raises(RecipeError, match="dims: expected a whole number, at least 2"):
        automl.inspect(frame(), goal="represent", label="odd", dims=dims)


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ([None] * N, "is empty in every row; leave it out"),
        (["fine"] * N, "is 'fine' in all 60 rows that have one; expected normal rows and anomalies"),
        ([None] * (N - 6) + ["fine"] * 3 + ["odd"] * 3, "is filled in 6 rows; at least 10 are needed"),
        (list("abc") * (N // 3), "to say which of them is normal"),
    ],
)
def test_labels_that_cannot_score_are_refused(label: list[Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        automl.inspect(frame(odd=np.array(label, object)), goal="anomaly", label="odd")


@pytest.mark.parametrize("goal", ["anomaly", "represent"])
def test_one_column_that_varies_is_too_few(goal: Any) -> None:
    with pytest.raises(DataError, match="expects at least two input columns that vary; data has one: 'a'"):
        automl.inspect(frame(b=1.0), goal=goal, label="odd")
    with pytest.raises(DataError, match=r"no column of data can be learnt from|has no column"):
        automl.inspect(frame(a=2.0, b=1.0), goal=goal, label="odd")


def test_a_constant_column_beside_others_is_left_out() -> None:
    seen = automl.inspect(frame(c=3.0), goal="anomaly", label="odd")
    assert seen.task is not None and {c.name: c.kind for c in seen.columns}["c"] == "constant"


def test_validation_rows_of_one_label_are_told_before_a_fit() -> None:
    """The latest rows but the last fifth validate; all of them are normal here."""
    odd = np.r_[np.ones(6), np.zeros(N - 9), np.ones(3)].astype(int)
    dated = frame(odd=odd, time=pd.date_range("2024-01-01", periods=N, freq="h"))
    seen = automl.inspect(dated, goal="anomaly", label="odd", time_column="time")
    assert "unselected" in {finding.check for finding in seen.findings}
