"""Oriented gradients with NumPy: the numbers that principal components of pictures are measured on."""

import numpy as np
import pytest

from automl.layers.gradients import GradientFeatures, OrientedGradients, pooled
from automl.picture_gradients import averaged, cells_for, described, oriented_gradients

SHAPES = [(28, 28, 1), (64, 50, 3), (9, 13, 2), (1, 1, 1), (3, 70, 1)]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_network_reads_the_numbers_that_the_encoder_measured(shape):
    x = np.random.default_rng(0).normal(size=(3, *shape)).astype("float32")
    measured = np.concatenate([part.reshape(3, -1) for part in described(x, np, averaged)], axis=1)
    assert measured.dtype == np.float32
    np.testing.assert_allclose(GradientFeatures()(x), measured, atol=1e-5)


@pytest.mark.parametrize("cell", [2, 4, 7])
def test_one_scale_alone_is_the_layer_of_one_scale(cell):
    x = np.random.default_rng(0).normal(size=(2, 17, 12, 3)).astype("float32")
    (blocks,) = oriented_gradients(x, [cell], 9, np, averaged)
    np.testing.assert_allclose(OrientedGradients(cell)(x), blocks, atol=1e-5)


@pytest.mark.parametrize(("shape", "side"), [((7, 10), 3), ((5, 5), 5), ((4, 9), 2), ((3, 3), 8)])
def test_means_over_squares_are_those_of_a_pooling_layer(shape, side):
    x = np.random.default_rng(0).normal(size=(2, *shape, 3)).astype("float32")
    np.testing.assert_allclose(averaged(x, side), pooled(x, side), atol=1e-5)


def test_large_pictures_have_about_as_many_numbers_as_small_ones():
    sizes = {side: sum(part.size for part in described(np.zeros((1, side, side, 1), "f4"), np, averaged))
             for side in (28, 56, 128)}  # fmt: skip
    assert sizes[28] == sizes[56] and sizes[128] < 2 * sizes[28], sizes
    assert cells_for(28, 28) == cells_for(56, 20) == [4, 7]


def test_cells_of_tiny_pictures_are_not_taken_twice():
    assert cells_for(6, 4) == [2]
