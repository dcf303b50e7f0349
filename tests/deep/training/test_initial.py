"""Weights drawn again from a seed are what a fresh network would have, whatever was trained before."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from automl.deep.training.initial import Initial, fresh_names
from automl.layers.dropout import KnobDropout
from automl.layers.members import MemberScale


def built():
    inputs = keras.Input((6, 3))
    x = keras.layers.Bidirectional(keras.layers.LSTM(4))(inputs)
    x = keras.layers.BatchNormalization()(x)
    x = MemberScale(2, start="signs")(x)
    x = KnobDropout(0.3)(x)
    x = keras.layers.Dense(5, kernel_initializer=keras.initializers.RandomNormal(seed=7))(x)
    return keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Flatten()(x)))


@pytest.fixture(scope="module")
def network():
    initial = Initial()
    with initial.recording():
        model = built()
    return initial, model


def values(model):
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in model.variables]


def drawn(network, seed):
    initial, model = network
    initial.draw(model, seed)
    return values(model)


def test_a_seed_gives_the_same_values_whatever_was_there(network):
    once = drawn(network, 3)
    for variable in network[1].variables:
        variable.assign(np.ones(variable.shape, dtype=variable.dtype))
    drawn(network, 4)
    assert all(np.array_equal(a, b) for a, b in zip(once, drawn(network, 3), strict=True))


def test_another_seed_gives_other_weights(network):
    changed = [
        not np.array_equal(a, b)
        for variable, a, b in zip(network[1].trainable_variables, drawn(network, 1), drawn(network, 2), strict=False)
        if "kernel" in variable.path
    ]
    assert sum(changed) >= 3


def test_a_seed_that_the_template_chose_stays(network):
    _, model = network
    kernel = next(v for v in model.trainable_variables if tuple(v.shape) == (8, 5))
    drawn(network, 1)
    first = np.array(keras.ops.convert_to_numpy(kernel))
    drawn(network, 2)
    assert np.array_equal(first, keras.ops.convert_to_numpy(kernel))


def test_weights_have_the_spread_of_their_initialiser_and_norms_start_at_rest(network):
    drawn(network, 5)
    by_path = {variable.path: np.array(keras.ops.convert_to_numpy(variable)) for variable in network[1].variables}
    gamma = next(value for path, value in by_path.items() if path.endswith("gamma"))
    variance = next(value for path, value in by_path.items() if path.endswith("moving_variance"))
    column_features = next(value for path, value in by_path.items() if "member_scale" in path)
    assert (gamma == 1).all() and (variance == 1).all() and set(np.unique(column_features)) <= {-1.0, 1.0}
    bias = [value for path, value in by_path.items() if path.endswith("lstm_cell/bias")]
    assert bias and all((value[4:8] == 1).all() for value in bias)  # the forget gate's


def test_python_and_numpy_generators_are_given_back(network):
    np.random.seed(0)
    expected = np.random.random()
    np.random.seed(0)
    drawn(network, 9)
    assert np.random.random() == expected


def test_a_weight_that_no_layer_added_means_building_anew():
    class Odd(keras.layers.Layer):
        def build(self, shape):
            self.extra = keras.Variable(np.ones(3, "float32"), trainable=True)

        def call(self, inputs):
            return inputs * self.extra

    initial = Initial()
    with initial.recording():
        inputs = keras.Input((3,))
        model = keras.Model(inputs, Odd()(inputs))
    assert not initial.covers(model)


def test_the_layer_class_is_left_as_it_was():
    before = keras.layers.Layer.add_weight
    with pytest.raises(RuntimeError), Initial().recording():
        raise RuntimeError
    assert keras.layers.Layer.add_weight is before


def test_drawing_leaves_prepared_functions_alone(network, monkeypatch):
    """TensorFlow's global seed throws them away, so layers of Keras and ours are drawn without it."""

    def refused(seed):
        raise AssertionError("TensorFlow was seeded")

    monkeypatch.setattr(keras.utils, "set_random_seed", refused)
    drawn(network, 6)


def test_an_initialiser_of_others_is_drawn_under_the_seed_of_the_backend():
    class Own(keras.layers.Layer):
        def build(self, shape):
            self.kernel = self.add_weight(shape=(3, 2), initializer=lambda shape, dtype: tf.random.uniform(shape))

        def call(self, x):
            return x @ self.kernel

    initial = Initial()
    with initial.recording():
        inputs = keras.Input((3,))
        model = keras.Model(inputs, Own()(inputs))
    once = drawn((initial, model), 3)
    drawn((initial, model), 4)
    assert all(np.array_equal(a, b) for a, b in zip(once, drawn((initial, model), 3), strict=True))


def test_names_of_layers_do_not_depend_on_what_was_built_before():
    outside = keras.layers.Dense(1).name
    with fresh_names():
        first = [keras.layers.Dense(1).name for _ in range(2)]
    with fresh_names():
        second = [keras.layers.Dense(1).name for _ in range(2)]
    assert first == second == ["dense", "dense_1"]
    assert keras.layers.Dense(1).name != outside  # the caller's numbers go on
