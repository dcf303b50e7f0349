"""Pictures by an adversarial game."""

import keras
import numpy as np
import pytest

from automl.layers.adversarial_items import AdversarialItems, shifted

RNG = np.random.default_rng(0)


def layer_of(**settings):
    keras.utils.set_random_seed(0)
    settings = {"n_components": 5, "width": 16, "channels": 4, **settings}
    return AdversarialItems((9, 8, 2), [127.5] * 2, [127.5] * 2, seed=0, **settings)


def inputs_of(layer, n=8):
    items = RNG.integers(0, 256, (n, *layer.item_shape)).astype("uint8")
    classes = RNG.integers(1, 3, (n, 1)).astype("int32")
    return [items, *([classes] if layer.priors else []), RNG.standard_normal((n, 33)).astype("float32")]


def test_pictures_are_shifted_by_whole_pixels_and_black_comes_in():
    pictures = RNG.uniform(-1, 1, (3, 5, 4, 2)).astype("float32")
    down, right = np.array([0, 2, -1], "int32"), np.array([0, -1, 3], "int32")
    found = np.asarray(shifted(pictures, down, right))
    np.testing.assert_allclose(found[0], pictures[0], atol=1e-6)
    np.testing.assert_allclose(found[1][2:, :3], pictures[1][:3, 1:], atol=1e-6)
    np.testing.assert_allclose(found[1][:2], -1.0)
    np.testing.assert_allclose(found[2][:4, 3:], pictures[2][1:, :1], atol=1e-6)
    np.testing.assert_allclose(found[2][:, :3], -1.0)


@pytest.mark.parametrize("priors", [(), (0.0, 0.25, 0.75)])
def test_each_opponent_learns_from_its_own_loss(priors):
    """The gradient of the one loss is the critic's for the critic, and the generator's for the generator."""
    import tensorflow as tf

    layer = layer_of(priors=priors, augmented=False)
    inputs = inputs_of(layer)
    layer(inputs)
    if layer.asked is not None:  # it begins as nothing
        layer.asked.embeddings.assign(RNG.standard_normal(layer.asked.embeddings.shape))
    critic = layer._critic_variables()
    maker = [variable for variable in layer.trainable_variables if all(variable is not own for own in critic)]
    assert len(critic) + len(maker) == len(layer.trainable_variables)
    items = np.asarray(inputs[0], "float32") / 127.5 - 1.0
    classes = inputs[1][:, 0] if priors else np.zeros(8, "int32")
    state = layer.generator.state.numpy()

    def gradients(loss_of, variables):
        layer.generator.state.assign(state)
        with tf.GradientTape() as tape:
            loss = loss_of()
        return tape.gradient(loss, [variable.value for variable in variables])

    def makers_loss():
        noise = keras.random.normal((8, layer.n_components), dtype="float32", seed=layer.generator)
        fake = layer._made(classes, noise)
        at = layer._judged(np.concatenate([items, fake.numpy()]), np.tile(classes, 2), 2)[:8]
        return tf.reduce_mean(tf.nn.softplus(at - layer._judged(fake, classes, 1)))

    found = gradients(lambda: layer.loss(items, classes), maker)
    for own, expected in zip(found, gradients(makers_loss, maker), strict=True):
        np.testing.assert_allclose(tf.convert_to_tensor(own), tf.convert_to_tensor(expected), rtol=1e-3, atol=1e-6)
    assert all(own is not None for own in gradients(lambda: layer.loss(items, classes), critic))


@pytest.mark.parametrize("priors", [(), (0.0, 0.25, 0.75)])
def test_the_loss_is_in_each_cell_and_generated_pictures_depend_on_the_noise_alone(priors):
    layer = layer_of(priors=priors)
    inputs = inputs_of(layer)
    out = np.asarray(layer(inputs, training=True))
    assert out.shape == (8, 144 + bool(priors))
    np.testing.assert_allclose(out, float(layer.losses[0]), rtol=1e-6)
    made = np.asarray(layer(inputs))
    others = [np.zeros_like(array) for array in inputs[:-1]]
    np.testing.assert_array_equal(np.asarray(layer([*others, inputs[-1]])), made)
    assert not np.allclose(np.asarray(layer([*others, -inputs[-1]])), made)


def test_settings_survive_a_config():
    layer = layer_of(priors=(0.0, 0.5, 0.5), penalty=keras.Variable(0.25, trainable=False), augmented=False)
    config = layer.get_config()
    assert config["penalty"] == 0.25 and AdversarialItems.from_config(config).get_config() == config
