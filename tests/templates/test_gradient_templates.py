"""Networks on oriented gradients of pictures: what they read, and what they score."""

import dataclasses

import keras
import keras_tuner
import numpy as np
import pytest

from automl import testing
from automl.deep.training.initial import fresh_names
from automl.modalities.shared.picture_components import component_stats
from automl.records import Facts, InputSpec
from automl.templates.cnn import CNN
from automl.templates.gradient_autoencoder import GRADIENT_AUTOENCODER
from automl.templates.gradient_mlp import GRADIENT_MLP
from automl.testing.examples import example_task

(SPEC,) = testing.example_specs(("image",), "multiclass")


def built(template, spec, goal, **settings):
    hp = keras_tuner.HyperParameters()
    template.space(hp, [spec], Facts(500))
    point = {**hp.values, **template.starts([spec], Facts(500))[0], **settings}
    knobs = {name: keras.Variable(float(point[name]), trainable=False) for name in template.knobs}
    keras.utils.set_random_seed(0)
    with fresh_names():
        return template.build(point, knobs, [spec], testing.example_head(goal))


def stripes(n, is_odd, side=16):
    """Grey pictures of stripes that run along; those of the other kind run down."""
    rng = np.random.default_rng(int(is_odd))
    place = np.arange(side)[None, :] + rng.uniform(0, 6, (n, 1))
    waves = np.repeat(np.sin(place)[:, :, None], side, axis=2)
    waves = waves.transpose(0, 2, 1) if is_odd else waves
    return np.clip(128 + 60 * waves[..., None] + rng.normal(0, 10, (n, side, side, 1)), 0, 255).astype("uint8")


def measured(pictures):
    mean, std = np.array([pictures.mean()]), np.array([pictures.std()])
    found = component_stats(lambda rows: pictures[rows], np.arange(len(pictures)), mean, std)
    stats = {"mean": mean.tolist(), "std": std.tolist(), "gradients": found}
    return InputSpec("image", "image", pictures.shape[1:], "uint8", stats=stats)


@pytest.mark.parametrize("shape", [(1, 1, 1), (4, 30, 1), (70, 40, 4)])
def test_pictures_of_any_size_are_read(shape):
    spec = dataclasses.replace(SPEC, shape=shape, stats={"mean": [120.0] * shape[-1], "std": [60.0] * shape[-1]})
    network = built(GRADIENT_MLP, spec, "binary")
    assert network(testing.example_arrays([spec], 2), training=False).shape == (2, 1)


def test_what_is_read_is_fixed_and_only_dense_layers_learn():
    names = {variable.path.split("/")[0] for variable in built(GRADIENT_MLP, SPEC, "multiclass").trainable_variables}
    assert names and all(name.startswith(("dense", "raw_output")) for name in names), names


def test_convolutions_read_gradients_of_the_same_views_beside_pixels():
    assert CNN.starts([SPEC], Facts(900))[1]["beside"] == "gradients"
    assert all(start["beside"] == "nothing" for start in CNN.starts([SPEC], Facts(9_000)))
    layers = built(CNN, SPEC, "multiclass", beside="gradients").layers
    assert [type(layer).__name__ for layer in layers].count("RandomView") == 1
    assert "GradientFeatures" in {type(layer).__name__ for layer in layers}
    plain = built(CNN, SPEC, "multiclass", beside="nothing").layers
    assert "GradientFeatures" not in {type(layer).__name__ for layer in plain}


def test_restored_pictures_are_scored_with_what_lies_outside_of_the_components():
    pictures = stripes(60, False)
    spec = measured(pictures)
    network = built(GRADIENT_AUTOENCODER, spec, "anomaly")
    arrays = [{"image": pictures}, {"image": stripes(60, True)}]
    usual, unusual = (np.asarray(network(x, training=False)) for x in arrays)
    assert usual.shape == (60, 1) and unusual.min() > usual.max()
    (layer,) = (layer for layer in network.layers if type(layer).__name__ == "PrincipalParts")
    features = keras.Model(network.inputs, layer.input)
    codes, outside = layer(features(arrays[1]))
    whole = np.square((np.asarray(features(arrays[1])) - layer.center) / unit(layer)).sum(axis=1)
    np.testing.assert_allclose(np.square(codes).sum(axis=1) + np.asarray(outside)[:, 0], whole, rtol=1e-3)


def unit(layer):
    return np.sqrt(np.mean(np.square(layer.deviations)))


def test_the_components_are_weights_that_nothing_trains():
    spec = measured(stripes(60, False))
    network = built(GRADIENT_AUTOENCODER, spec, "anomaly")
    (layer,) = (layer for layer in network.layers if type(layer).__name__ == "PrincipalParts")
    assert not layer.trainable_variables
    np.testing.assert_array_equal(layer.components, spec.stats["gradients"]["components"])


def test_pictures_without_components_are_declined_in_words():
    task = example_task("anomaly", "image")
    assert "too few or all alike" in GRADIENT_AUTOENCODER.unfit(task, [SPEC])
    assert GRADIENT_AUTOENCODER.unfit(task, [measured(stripes(60, False))]) is None
    assert component_stats(lambda rows: np.zeros((len(rows), 8, 8, 1), "uint8"), np.arange(50),
                           np.zeros(1), np.ones(1)) == {}  # fmt: skip
    assert component_stats(lambda rows: stripes(len(rows), False), np.arange(5), np.zeros(1), np.ones(1)) == {}
