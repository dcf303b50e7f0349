"""Averages of weights."""

import keras
import numpy as np

from automl.layers.averages import WeightAverages


class Scale(keras.layers.Layer):
    """Multiplies by a weight in training, and by its average otherwise."""

    def __init__(self, decay=0.9, **kwargs):
        super().__init__(**kwargs)
        self.averages = WeightAverages(decay)

    def build(self, input_shape):
        self.weight = self.add_weight(shape=(), initializer="ones", name="weight")
        self.averages.follow([self.weight])

    def call(self, inputs, training=None):
        if training:
            self.averages.update()
            return inputs * self.weight
        with self.averages.applied():
            return inputs * self.weight

    def compute_output_shape(self, input_shape):
        return input_shape


def model_of(decay=0.9):
    x = keras.Input((1,))
    return keras.Model(x, Scale(decay, name="scale")(x))


def test_the_average_follows_by_a_ramp_and_then_by_the_decay():
    model, x = model_of(decay=0.6), np.ones((1, 1), "float32")
    weight = model.get_layer("scale").weight
    assert float(model(x, training=False)[0, 0]) == 1.0  # before the first update: the weight itself
    expected = None
    for n in range(40):
        weight.assign(float(n % 7))
        model(x, training=True)
        decay = min(0.6, n / (n + 9))
        expected = float(n % 7) if expected is None else decay * expected + (1 - decay) * (n % 7)
        np.testing.assert_allclose(float(model(x, training=False)[0, 0]), expected, rtol=1e-5)
    assert float(weight.numpy()) == float(39 % 7)


def test_averages_are_saved_once_and_are_not_trained(tmp_path):
    model, x = model_of(), np.ones((1, 1), "float32")
    for value in (1.0, 2.0, 5.0):
        model.get_layer("scale").weight.assign(value)
        model(x, training=True)
    assert len(model.trainable_variables) == 1 and len(model.variables) == 3
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras", custom_objects={"Scale": Scale})
    np.testing.assert_array_equal(loaded(x, training=False), model(x, training=False))
    np.testing.assert_array_equal(loaded(x, training=True), model(x, training=True))
