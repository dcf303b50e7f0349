import numpy as np
import pytest

from automl.layers.diffusion import DiffusionNoise, DiffusionTime, noise_levels
from automl.layers.noise import KnobNoise


def test_noise_has_the_knobs_deviation_in_training_alone():
    x = np.ones((200, 200), "float32")
    noisy = np.asarray(KnobNoise(0.3, seed=1)(x, training=True))
    assert noisy.std() == pytest.approx(0.3, rel=0.02) and noisy.mean() == pytest.approx(1.0, abs=0.01)
    np.testing.assert_array_equal(KnobNoise(0.3)(x, training=False), x)
    np.testing.assert_array_equal(KnobNoise(0.0)(x, training=True), x)


def test_noise_grows_with_the_time():
    levels = noise_levels(400)
    assert (np.diff(levels) > 0).all() and levels[0] == pytest.approx(0.01, rel=1e-4) and 0.9 < levels[-1] < 1


def test_each_row_gets_noise_of_its_own_time():
    x = np.zeros((4000, 50), "float32")
    noisy, share = (np.asarray(part) for part in DiffusionNoise(400, seed=2)(x, training=True))
    assert share.min() >= 0 and share.max() < 1 and abs(share.mean() - 0.5) < 0.02
    expected = noise_levels(400)[np.round(share[:, 0] * 400).astype(int)]
    assert np.corrcoef(noisy.std(axis=1), expected)[0, 1] > 0.95
    assert noisy.std() == pytest.approx(np.sqrt((expected**2).mean()), rel=0.02)


def test_rows_pass_unchanged_outside_training():
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    noisy, share = DiffusionNoise()(x, training=False)
    np.testing.assert_array_equal(noisy, x)
    assert share.shape == (5, 1) and not np.asarray(share).any()


def test_a_score_is_the_expected_bin_and_a_loss_the_true_ones_cross_entropy():
    chances = np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]], "float32")
    time = np.array([[0.0], [0.99]], "float32")
    score, loss = DiffusionTime()([np.log(chances), time])
    np.testing.assert_allclose(score, [[0.75], [1.7]], rtol=1e-5)
    np.testing.assert_allclose(loss, -np.log([[0.5], [0.8]]), rtol=1e-5)


def test_settings_come_back():
    for layer in (KnobNoise(0.25, seed=3), DiffusionNoise(100, seed=4), DiffusionTime()):
        assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()
