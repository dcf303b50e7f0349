"""The learning rate of a trial."""

from types import SimpleNamespace

import numpy as np
import pytest
from hand_clock import HandClock

from automl.deep.training import schedule
from automl.deep.training.schedule import Progress, learning_rate_at


def test_the_rate_warms_up_and_ends_at_zero():
    rates = learning_rate_at(np.array([0.0, 0.05, 0.5, 1.0]), 0.1)
    assert rates[0] < rates[1] == pytest.approx(0.1)
    assert rates[1] > rates[2] > rates[3] == pytest.approx(0.0, abs=1e-8)


def test_the_first_validation_is_expected_to_trace_and_to_take_a_third_of_the_steps_of_as_many_rows():
    network = SimpleNamespace(n_train=640, n_valid=320, batch_size=32)
    state = Progress(network, 0.1, 2, None, 0, step_seconds=0.03, compile_seconds=4.0)
    assert state.validation_seconds == pytest.approx(4.0 / 4 + 10 * 0.03 / 3)
    state.valid_seconds = 0.7
    assert state.validation_seconds == 0.7
    refit = Progress(network, 0.1, 2, None, 0, step_seconds=0.03, compile_seconds=4.0, validates=False)
    assert refit.validation_seconds == 0.0


def test_it_is_kept_back_from_the_deadline_and_not_from_the_time_that_the_trial_should_take(monkeypatch):
    clock = HandClock(0.0)
    monkeypatch.setattr(schedule, "time", clock)
    network = SimpleNamespace(n_train=640, n_valid=320, batch_size=32)
    state = Progress(network, 0.1, 2, 10.0, 0, begun=0.0, step_seconds=0.03, compile_seconds=4.0)
    assert state.seconds_left() == pytest.approx(10.0 - 1.1)
    state.deadline = 3.0
    assert state.seconds_left() == 3.0 and state.out_of_time(3.0) and not state.out_of_time(2.9)
