"""The end of windows: what the last row is beside the rows before it; earlier rows of a window are no alarm."""

from __future__ import annotations

import numpy as np

from automl.baselines.features.last_steps import LastSteps
from automl.modalities.shared.row_windows import row_windows
from automl.records import Dataset

N, STEPS = 1_500, 32


def _windows(broken: np.ndarray) -> Dataset:
    rng = np.random.default_rng(0)
    one = np.sin(np.arange(N) * 2 * np.pi / 24) + 0.05 * rng.normal(size=N)
    other = 2.0 * one + 0.05 * rng.normal(size=N)
    other[broken] = -other[broken]
    values = np.stack([one, other], axis=1)
    return Dataset("made", row_windows(values, np.arange(N), np.zeros(N, np.int64), STEPS))


def test_a_broken_relation_shows_in_its_own_row_alone() -> None:
    broken = np.arange(800, 810)
    data = _windows(broken)
    features = LastSteps(8)
    train = np.arange(100, 700)
    assert features.fit(data, train, np.zeros(len(train)), None).shape == (len(train), 12)
    sizes = np.abs(features.transform(data, np.arange(700, 900))).max(axis=1)
    own = sizes[np.arange(700, 900) == 804]
    assert own > 3 * np.median(sizes)
    assert sizes[np.arange(700, 900) == 830] < own / 3  # its window holds the broken rows, its end does not


def test_a_channel_that_never_changes_and_gaps_give_finite_features() -> None:
    data = _windows(np.arange(0))
    inputs = np.array(data.inputs)
    inputs[:, 0] = 3.0
    inputs[5, 1, -1] = np.nan
    made = LastSteps(16)
    rows = np.arange(N)
    assert np.isfinite(made.fit(Dataset("made", inputs), rows, np.zeros(N), None)).all()
    assert np.isfinite(made.transform(Dataset("made", inputs), rows[:0])).all()
