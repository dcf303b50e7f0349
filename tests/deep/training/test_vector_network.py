"""Vectors that collapsed fail in words; others pass."""

import numpy as np
import pytest

from automl.deep.training.failure import Collapsed, explain
from automl.deep.training.vectors import check_vectors

VECTORS = np.random.default_rng(0).normal(size=(50, 8)).astype("float32")


def test_vectors_that_differ_pass():
    check_vectors(VECTORS)
    check_vectors(VECTORS[:1])
    check_vectors(VECTORS * np.array([1, 1, 1, 1, 1e-3, 1e-3, 1e-3, 1e-3], "float32"))


def test_vectors_that_are_all_alike_are_told_in_words():
    alike = np.tile(VECTORS[:1], (50, 1))
    with pytest.raises(Collapsed, match="the vectors of all 50 validation rows are alike") as raised:
        check_vectors(alike)
    assert explain(raised.value).kind == "code"
    with pytest.raises(Collapsed, match="alike"):
        check_vectors(alike + 1e-8 * VECTORS)


def test_unused_numbers_are_told_in_words():
    used = VECTORS.copy()
    used[:, 3:] = 0.7
    with pytest.raises(Collapsed, match="only 3 of the 8 numbers of a vector differ between the 50 validation rows"):
        check_vectors(used)


def test_vectors_that_are_not_finite_are_left_to_the_training_loop():
    check_vectors(np.full((5, 3), np.nan, "float32"))
