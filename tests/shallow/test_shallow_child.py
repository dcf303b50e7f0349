"""What the child measures of a fitted model."""

import numpy as np
from hand_clock import HandClock

from automl.records import Output
from automl.shallow import child
from automl.shallow.child import measure


class Mean:
    """A model that predicts nothing but zeros."""

    def predict(self, dataset, rows):
        return Output("values", {"values": np.zeros((len(rows), 1))})


def test_measuring_gives_a_time_a_row_and_a_rate(problem, monkeypatch):
    dataset, _, split = problem("tabular", "regression")
    clock = HandClock(tick=0.5)
    monkeypatch.setattr(child, "time", clock)
    assert measure(Mean(), dataset, split.valid, 99.0) == (500.0, len(split.valid) / 0.5)
