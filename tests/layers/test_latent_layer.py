import keras
import numpy as np
import pytest

from automl.layers.latent import FREE_NATS, LatentDraw, LatentMean, fixed_noise

RNG = np.random.default_rng(0)


def test_the_divergence_is_that_of_a_normal_distribution_from_the_standard_one():
    moments = np.array([[1.0, -0.5, 0.2, -1.0]], "float32")  # means, log variances
    _, divergence, _ = LatentDraw()(moments)
    mean, variance = moments[0, :2], np.exp(moments[0, 2:])
    assert float(divergence[0, 0]) == pytest.approx(0.5 * (variance + mean**2 - 1 - np.log(variance)).sum(), rel=1e-5)


def test_a_code_that_says_nothing_costs_the_free_nats_and_pulls_at_nothing():
    import tensorflow as tf

    moments = tf.zeros((1, 6))
    with tf.GradientTape() as tape:
        tape.watch(moments)
        _, divergence, paid = LatentDraw(beta=2.0)(moments, training=True)
    assert float(divergence[0, 0]) == 0.0 and float(paid[0, 0]) == pytest.approx(2 * 3 * FREE_NATS)
    assert np.abs(tape.gradient(paid, moments)).max() == 0.0


def test_codes_are_the_same_from_call_to_call_but_not_in_training():
    layer, moments = LatentDraw(4, seed=1), RNG.normal(size=(3, 4)).astype("float32")
    fixed = [np.asarray(layer(moments, training=False)[0]) for _ in range(2)]
    drawn = [np.asarray(layer(moments, training=True)[0]) for _ in range(2)]
    assert fixed[0].shape == (12, 2) and drawn[0].shape == (3, 2)
    np.testing.assert_array_equal(fixed[0], fixed[1])
    assert (drawn[0] != drawn[1]).all()


def test_fixed_codes_lie_around_the_mean_in_pairs():
    moments = RNG.normal(size=(3, 4)).astype("float32")
    codes = np.asarray(LatentDraw(4)(moments, training=False)[0]).reshape(3, 4, 2)
    np.testing.assert_allclose(codes.mean(axis=1), moments[:, :2], atol=1e-6)
    np.testing.assert_array_equal(LatentMean()(moments), moments[:, :2])


def test_fixed_noise_spreads_like_normal_numbers():
    noise = fixed_noise(64, 40)
    assert noise.shape == (64, 40) and np.abs(noise.mean(axis=0)).max() < 1e-6
    assert 0.9 < noise.std() < 1.1 and (noise[::2] == -noise[1::2]).all()


def test_wild_moments_stay_finite():
    moments = np.array([[1e4, 1e5, -1e5, 1e5]], "float32")
    for training in (True, False):
        assert all(np.isfinite(np.asarray(part)).all() for part in LatentDraw()(moments, training=training))


def test_its_settings_come_back():
    beta = keras.Variable(0.5, trainable=False)
    layer = LatentDraw(6, beta, seed=3)
    assert all(variable is not beta for variable in layer.variables)
    config = layer.get_config()
    assert (config["n_draws"], config["beta"], config["seed"]) == (6, 0.5, 3)
    assert LatentDraw.from_config(config).get_config() == config
