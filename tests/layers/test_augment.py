import numpy as np
import pytest

from automl.layers.augment import RandomErase, RandomLight, RandomSeries, RandomView

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


SERIES = np.random.default_rng(1).normal(size=(5, 20, 2)).astype("float32")


@pytest.mark.parametrize("steps", [1, 2, 20])
def test_strength_zero_leaves_series_exactly_as_they_were(steps):
    assert np.array_equal(SERIES[:, :steps], RandomSeries()(SERIES[:, :steps], training=True))


@pytest.mark.parametrize("strengths", [{"shift": 1.0}, {"crop": 0.3}, {"warp": 0.5}, {"scale": 0.4}], ids=str)
def test_prediction_sees_series_as_they_are(strengths):
    layer = RandomSeries(**strengths, seed=1)
    assert np.array_equal(SERIES, layer(SERIES, training=False))
    changed = np.asarray(layer(SERIES, training=True))
    assert not np.allclose(SERIES, changed)
    assert changed.shape == SERIES.shape and np.abs(changed).max() <= 1.4 * np.abs(SERIES).max() + 1e-5


def test_a_shift_is_circular_and_the_same_for_all_channels():
    turn = 2 * np.pi * np.arange(64) / 64
    curve = np.stack([np.sin(turn), np.cos(turn)], axis=1)[None].repeat(30, axis=0).astype("float32")
    shifted = np.asarray(RandomSeries(shift=1.0, seed=2)(curve, training=True))
    np.testing.assert_allclose((shifted**2).sum(axis=2), 1, atol=0.01)  # still on the circle
    begins = np.arctan2(shifted[:, 0, 0], shifted[:, 0, 1]) % (2 * np.pi)
    assert np.ptp(begins) > 4


def test_a_small_shift_moves_no_further_than_asked_and_a_crop_keeps_the_order_of_steps():
    ramp = np.arange(100.0)[None, :, None].repeat(40, axis=0).astype("float32")
    moved = np.asarray(RandomSeries(shift=0.1, seed=3)(ramp, training=True))[:, :85, 0] - ramp[:, :85, 0]
    assert moved.min() >= 0 and 5 < moved.max() <= 10.001
    for layer in (RandomSeries(crop=0.3, seed=4), RandomSeries(warp=0.6, seed=5)):
        bent = np.asarray(layer(ramp, training=True))[..., 0]
        assert (np.diff(bent, axis=1) > 0).all() and bent.min() >= 0 and bent.max() <= 99
    np.testing.assert_allclose(bent[:, [0, -1]], [[0, 99]] * 40, atol=1e-3)  # a warp keeps both ends
    cropped = np.asarray(RandomSeries(crop=0.3, seed=4)(ramp, training=True))[..., 0]
    assert np.ptp(cropped, axis=1).min() >= 0.7 * 99 - 1e-3
