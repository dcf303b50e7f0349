"""Items by a variational autoencoder of principal components."""

import keras
import numpy as np
import pytest

from automl.layers.class_mixture import ClassMixture
from automl.layers.item_convolutions import PictureMaker, PictureReader, depth_to_space, space_to_depth
from automl.layers.latent_items import LatentItems
from automl.layers.spectral_noise import SpectralNoise, spread_out

RNG = np.random.default_rng(0)


def layer_of(**settings):
    keras.utils.set_random_seed(0)
    settings = {"n_components": 6, "dims": 4, "width": 16, "depth": 1, "n_mixed": 5, **settings}
    if settings.get("textured"):
        return LatentItems((15, 2), [0.5] * 2, [100.0] * 2, seed=0, **settings)
    return LatentItems((6, 5, 1), [127.5], [127.5], seed=0, **settings)


def inputs_of(layer, n=12):
    items = RNG.integers(0, 256, (n, *layer.item_shape)).astype("uint8")
    classes = RNG.integers(1, 3, (n, 1)).astype("int32")
    noise = RNG.standard_normal((n, 65)).astype("float32")
    return [items, *([classes] if layer.priors else []), noise]


@pytest.mark.parametrize("sizes", [(8, 12, 3), (4, 4, 1)])
def test_squares_of_pixels_become_channels_and_pixels_again(sizes):
    pictures = RNG.standard_normal((2, *sizes)).astype("float32")
    maps = space_to_depth(pictures)
    assert maps.shape == (2, sizes[0] // 2, sizes[1] // 2, 4 * sizes[2])
    np.testing.assert_array_equal(np.asarray(maps)[0, 0, 0, : sizes[2]], pictures[0, 0, 0])
    np.testing.assert_array_equal(np.asarray(depth_to_space(maps)), pictures)


@pytest.mark.parametrize("shape", [(8, 8, 1), (11, 9, 4), (13, 30, 3), (64, 10, 2)])
def test_pictures_of_any_size_are_read_and_made(shape):
    reader, maker = PictureReader(shape, 4), PictureMaker(shape, 4)
    reader.build((None, *shape))
    maker.build((None, 3))
    pictures = RNG.standard_normal((2, *shape)).astype("float32")
    assert reader(pictures).shape == (2, reader.n_features) == reader.compute_output_shape((2, *shape))
    made = np.asarray(maker(np.eye(2, 3, dtype="float32")))
    assert made.shape == (2, *shape) and np.isfinite(made).all() and np.all(made.std(axis=0) > 0)
    assert PictureMaker.from_config(maker.get_config()).item_shape == shape
    assert PictureReader.from_config(reader.get_config()).n_features == reader.n_features


def test_the_mixture_draws_what_its_density_says():
    keras.utils.set_random_seed(1)
    mixture = ClassMixture(2, 3, 4)
    mixture.build((None, 2))
    for variable in mixture.trainable_variables:
        variable.assign(variable + 0.5 * RNG.standard_normal(variable.shape).astype("float32"))
    side = np.linspace(-12.0, 12.0, 241, dtype="float32")
    grid = np.stack(np.meshgrid(side, side, indexing="ij"), -1).reshape(-1, 2)
    for own in range(3):
        density = np.exp(np.asarray(mixture.density(grid, np.full(len(grid), own, "int32"))))
        np.testing.assert_allclose(density.sum() * 0.01, 1.0, atol=0.02)
        n = 20_000
        uniform = np.linspace(0, 1, n, endpoint=False, dtype="float32")
        drawn = np.asarray(
            mixture.drawn(uniform, RNG.standard_normal((n, 2)).astype("float32"), np.full(n, own, "int32"))
        )
        mean = (density[:, None] * grid).sum(0) / density.sum()
        np.testing.assert_allclose(drawn.mean(0), mean, atol=0.05)
        expected = (grid - mean).T @ ((grid - mean) * density[:, None]) / density.sum()
        np.testing.assert_allclose(np.cov(drawn.T), expected, atol=0.1 * expected.max())


def test_each_class_begins_with_components_of_its_own():
    mixture = ClassMixture(2, 3, 4)
    mixture.build((None, 2))
    shares = np.asarray(keras.ops.softmax(mixture.logits, axis=1))
    np.testing.assert_array_equal(shares[1:] > 0.3, [[True, False, True, False], [False, True, False, True]])


@pytest.mark.parametrize(("steps", "channels"), [(64, 2), (33, 1)])
def test_noise_has_the_spectrum_that_was_learnt(steps, channels):
    noise = SpectralNoise(steps, channels)
    noise.build(None)
    frequencies = np.arange(steps // 2 + 1)
    logs = np.stack([-0.1 * (channel + 1) * frequencies for channel in range(channels)]).astype("float32")
    noise.log_power.assign(logs)
    given = RNG.standard_normal((2_000, 100)).astype("float32")
    series = np.asarray(noise.drawn(given, np.full(2_000, 0.5, "float32")))
    assert series.shape == (2_000, steps, channels)
    power = (np.abs(np.fft.rfft(series, axis=1)) ** 2).mean(0).T / steps
    np.testing.assert_allclose(np.log(power), logs + 1.0, atol=0.35)
    right = np.asarray(noise(series, np.full(2_000, 0.5, "float32"))).mean()
    assert all(right < np.asarray(noise(series, np.full(2_000, own, "float32"))).mean() for own in (0.2, 0.8))


def test_no_number_of_noise_comes_again_before_all_have_come():
    places, signs = spread_out(5, 12)
    assert sorted(places[:5]) == sorted(places[5:10]) == list(range(5)) and len(places) == 12
    assert set(np.unique(signs)) == {-1.0, 1.0}


def test_before_anything_is_learnt_a_code_is_the_first_coordinates():
    layer = layer_of()
    inputs = inputs_of(layer)
    layer(inputs)
    basis = np.linalg.qr(RNG.standard_normal((30, 30)))[0][:6].astype("float32")
    layer.code.fill(np.full(30, 0.1, "float32"), basis, np.arange(6, 0, -1, dtype="float32"))
    z = RNG.standard_normal((3, 4)).astype("float32")
    mean, log_std, _ = layer.decoded(z, np.zeros(3, "int32"), training=False)
    error = np.abs(np.asarray(mean)[:, :4] - z).mean()
    assert error < 0.3 and mean.shape == log_std.shape == (3, 6)


@pytest.mark.parametrize("textured", [False, True])
@pytest.mark.parametrize("priors", [(), (0.0, 0.25, 0.75)])
def test_the_loss_is_in_each_cell_and_generated_items_depend_on_the_noise_alone(priors, textured):
    layer = layer_of(priors=priors, textured=textured, dropout=0.5)
    inputs = inputs_of(layer)
    out = np.asarray(layer(inputs, training=True))
    assert out.shape == (12, 30 + bool(priors)) == layer.compute_output_shape([(12, *layer.item_shape), (12, 65)])
    np.testing.assert_allclose(out, float(layer.losses[0]), rtol=1e-6)
    made = np.asarray(layer(inputs))
    np.testing.assert_array_equal(np.asarray(layer(inputs)), made)
    others = [np.zeros_like(array) for array in inputs[:-1]]
    np.testing.assert_array_equal(np.asarray(layer([*others, inputs[-1]])), made)
    assert not np.allclose(np.asarray(layer([*others, -inputs[-1]])), made)
    if priors:
        assert set(np.unique(made[:, -1])) <= {1.0, 2.0}


def test_settings_survive_a_config():
    layer = layer_of(priors=(0.0, 0.5, 0.5), beta=keras.Variable(0.25, trainable=False), textured=True)
    config = layer.get_config()
    again = LatentItems.from_config(config)
    assert config["beta"] == 0.25 and again.get_config() == config
