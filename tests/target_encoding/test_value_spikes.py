"""Values that come back are looked for in many columns at once, and found as in each alone."""

import numpy as np
import pandas as pd

from automl.target_encoding import value_spikes
from automl.target_encoding.value_spikes import LEAST_ROWS, find_value_spikes, may_come_back


def columns(n_rows):
    draw = np.random.default_rng(0)
    made = [draw.normal(size=n_rows), draw.integers(0, 40, n_rows), draw.integers(0, 3, n_rows)]
    made += [np.where(draw.random(n_rows) < share, draw.integers(0, 4, n_rows), draw.normal(size=n_rows))
             for share in (0.3, 0.5, 0.6, 0.9)]  # fmt: skip
    made += [np.where(draw.random(n_rows) < 0.4, np.nan, made[6]), np.full(n_rows, np.nan),
             np.where(draw.random(n_rows) < 0.5, np.inf, made[5]), np.where(made[5] == 0, -0.0, made[5])]  # fmt: skip
    return np.stack([np.asarray(one, np.float64) for one in made], axis=1)


def test_the_columns_that_are_judged_are_those_with_enough_values_that_come_back(monkeypatch):
    for n_rows in (10, 23, 24, 60, 400):
        block = columns(n_rows)
        judged = []
        monkeypatch.setattr(
            value_spikes, "gain_of_levels", lambda *given, judged=judged: judged.append(1) or (0.0, 0.0)
        )
        expected = []
        for column in block.T:
            judged.clear()
            value_spikes.value_spikes(column, np.zeros((n_rows, 1)), np.zeros(n_rows, np.int64))
            expected.append(bool(judged))
        assert may_come_back(block).tolist() == expected
    assert any(expected) and not all(expected)


def test_columns_without_such_values_are_not_judged_one_by_one(monkeypatch):
    asked = []
    monkeypatch.setattr(value_spikes, "value_spikes", lambda *given: asked.append(1))
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(10 * LEAST_ROWS, 300))).add_prefix("x")
    found = find_value_spikes(frame, list(frame.columns), np.zeros((len(frame), 1)), np.zeros(len(frame), np.int64))
    assert not asked and found.columns == []
