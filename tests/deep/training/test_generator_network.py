"""Generators that repeat themselves fail in words; others pass."""

import numpy as np
import pytest

from automl.deep.training.failure import Collapsed, explain
from automl.deep.training.samples import check_rows, check_spread
from automl.records import InputSpec

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


NUMBERS = InputSpec("numbers", "numbers", (3,), "float32")
LEVELS = InputSpec("categories", "categories", (2,), "int32", 3, {"priors": [[0.0, 0.5, 0.5], [0.0, 1.0]]})
PICTURES = InputSpec("image", "image", (2, 2, 1), "uint8", stats={"deviations": [1.0, 0.5]})
CLASS = InputSpec("categories", "categories", (1,), "int32", 3, {"priors": [[0.0, 0.5, 0.5]]})


def test_rows_of_one_mode_are_told_in_words_however_their_decimals_differ():
    codes = np.column_stack([1 + np.arange(200) % 2, np.ones(200)])
    check_spread(np.column_stack([ROWS[:, :3], codes]), (NUMBERS, LEVELS))
    alike = np.column_stack([0.05 * ROWS[:, :3], np.ones((200, 2))])
    check_rows(alike)  # they differ
    with pytest.raises(Collapsed, match=r"all 200 generated items are alike: they vary by 0\.\d%"):
        check_spread(alike, (NUMBERS, LEVELS))


def test_pictures_that_differ_by_their_class_alone_are_told_in_words():
    classes = 1.0 + np.arange(200) % 2
    varied = np.column_stack([ROWS[:, :4], classes])
    check_spread(varied, (PICTURES, CLASS))
    alike = np.column_stack([5.0 * classes[:, None] + 0.02 * ROWS[:, :4], classes])
    with pytest.raises(Collapsed, match="mode collapse"):
        check_spread(alike, (PICTURES, CLASS))
    check_spread(ROWS, (InputSpec("tokens", "tokens", (5,), "int32", 9),))
