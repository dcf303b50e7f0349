"""Generators that repeat themselves fail in words; others pass."""

import numpy as np
import pytest

from automl.deep.training.failure import Collapsed, explain
from automl.deep.training.samples import check_rows

ROWS = np.random.default_rng(0).normal(size=(200, 5)).astype("float32")


def test_rows_that_differ_pass():
    check_rows(ROWS)
    check_rows(ROWS[:3])
    check_rows(np.full((100, 2), np.nan, "float32"))  # the training loop says what is not finite
    check_rows(np.arange(200.0)[:, None] % 3)  # three levels alone are three different rows of two hundred


def test_rows_that_are_alike_are_told_in_words():
    with pytest.raises(Collapsed, match=r"only \d of 200 generated rows differ") as raised:
        check_rows(np.tile(np.round(ROWS[:1], 1), (200, 1)) + 1e-4 * ROWS)
    assert explain(raised.value).kind == "code"
    with pytest.raises(Collapsed, match="only 2 of 200"):
        check_rows(np.tile(ROWS[:2], (100, 1)))
