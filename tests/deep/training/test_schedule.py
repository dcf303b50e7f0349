"""The learning rate of a trial."""

import numpy as np
import pytest

from automl.deep.training.schedule import learning_rate_at


def test_the_rate_warms_up_and_ends_at_zero():
    rates = learning_rate_at(np.array([0.0, 0.05, 0.5, 1.0]), 0.1)
    assert rates[0] < rates[1] == pytest.approx(0.1)
    assert rates[1] > rates[2] > rates[3] == pytest.approx(0.0, abs=1e-8)
