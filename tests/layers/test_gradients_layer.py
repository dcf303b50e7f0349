import numpy as np
import pytest

from automl.layers.gradients import OrientedGradients


def stripes(angle, side=16):
    down, along = np.mgrid[:side, :side]
    return np.sin(along * np.cos(angle) + down * np.sin(angle))[None, :, :, None].astype("float32")


@pytest.mark.parametrize("number", range(9))
def test_stripes_are_seen_by_their_orientation(number):
    blocks = np.asarray(OrientedGradients(4)(stripes(number * np.pi / 9)))
    assert blocks.shape == (1, 3, 3, 36)
    assert blocks.reshape(-1, 9).sum(axis=0).argmax() == number


def test_brightness_and_contrast_do_not_matter_and_flat_pictures_have_none():
    layer, x = OrientedGradients(4), stripes(0.4)
    np.testing.assert_allclose(layer(x), layer(3 * x + 2), atol=0.02)
    assert float(np.max(layer(np.ones((1, 16, 16, 3), "float32")))) < 1e-3


@pytest.mark.parametrize(
    ("shape", "expected"), [((1, 1, 1), (1, 1, 9)), ((3, 9, 2), (1, 3, 9)), ((9, 9, 3), (2, 2, 36))]
)
def test_pictures_of_any_size_have_blocks(shape, expected):
    layer, x = OrientedGradients(4), np.ones((2, *shape), "float32")
    assert layer(x).shape == (2, *expected) == layer.compute_output_shape((2, *shape))
