import numpy as np
import pytest

from automl.layers.augment import RandomErase, RandomLight, RandomView

X = np.random.default_rng(0).normal(size=(4, 6, 8, 3)).astype("float32")
LAYERS = [RandomView(0.0, 0.0, 0.0), RandomLight(0.0), RandomErase(0.0)]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_strength_zero_leaves_pictures_exactly_as_they_were(layer):
    assert np.array_equal(X, layer(X, training=True))
    assert np.array_equal(X[..., :1], layer(X[..., :1], training=True))


@pytest.mark.parametrize("layer", [RandomView(0.3, 0.3, 1.0), RandomLight(1.0), RandomErase(0.5)], ids=type)
def test_prediction_sees_pictures_as_they_are(layer):
    assert np.array_equal(X, layer(X, training=False))
    assert not np.allclose(X, layer(X, training=True))


def test_flip_of_probability_one_mirrors_left_and_right():
    np.testing.assert_allclose(X[:, :, ::-1], RandomView(flip=1.0)(X, training=True), atol=1e-5)
    np.testing.assert_allclose(X[:, :, ::-1, :1], RandomView(flip=1.0)(X[..., :1], training=True), atol=1e-5)


def test_a_shift_moves_the_whole_picture_by_at_most_the_share_asked():
    places = np.broadcast_to(np.arange(20.0)[None, :, None, None], (50, 20, 20, 1)).astype("float32")
    moved = np.asarray(RandomView(shift=0.1, seed=3)(places, training=True)) - places
    inner = moved[:, 4:-4]
    assert np.abs(inner).max() <= 2.001 and np.abs(inner).max() > 1
    np.testing.assert_allclose(inner.std(axis=(1, 2, 3)), 0, atol=1e-4)


def test_erased_squares_have_the_side_asked():
    y = np.asarray(RandomErase(0.5, seed=2)(np.ones((30, 8, 8, 1), "float32"), training=True))
    sizes = (y == 0).sum(axis=(1, 2, 3))
    assert sizes.max() == 16 and sizes.min() >= 1
