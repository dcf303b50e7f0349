import keras
import numpy as np

from automl.layers.dropout import KnobDropout


def test_rate_zero_is_exactly_the_identity_in_training():
    x = np.random.default_rng(0).normal(size=(8, 5)).astype("float32")
    assert np.array_equal(x, KnobDropout(0.0)(x, training=True))


def test_prediction_ignores_the_rate():
    x = np.ones((4, 3), "float32")
    assert np.array_equal(x, KnobDropout(0.9)(x, training=False))


def test_what_is_kept_is_scaled_so_that_the_mean_stays():
    y = np.asarray(KnobDropout(0.25, seed=1)(np.ones((200, 200), "float32"), training=True))
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.75)}
    assert abs(y.mean() - 1) < 0.02


def test_shared_axes_drop_whole_channels():
    y = np.asarray(KnobDropout(0.5, shared_axes=(1,), seed=1)(np.ones((6, 10, 7), "float32"), training=True))
    assert (y == y[:, :1]).all() and 0 < (y == 0).mean() < 1


def test_a_variable_changes_the_rate_without_tracing_again():
    import tensorflow as tf

    rate = keras.Variable(0.0, trainable=False)
    layer, traces = KnobDropout(rate, seed=1), []

    @tf.function
    def step(x):
        traces.append(1)
        return layer(x, training=True)

    x = tf.ones((50, 50))
    shares = []
    for value in (0.0, 0.5, 0.9):
        rate.assign(value)
        shares.append(float(np.mean(step(x) == 0)))
    assert shares[0] == 0 and abs(shares[1] - 0.5) < 0.05 and abs(shares[2] - 0.9) < 0.05
    assert len(traces) == 1


def test_the_variable_is_neither_saved_nor_trained():
    rate = keras.Variable(0.5, trainable=False)
    layer = KnobDropout(rate)
    assert all(variable is not rate for variable in layer.variables)
    assert layer.get_config()["rate"] == 0.5
    assert KnobDropout.from_config(layer.get_config()).get_config() == layer.get_config()


def test_each_rate_is_met_and_neighbours_do_not_depend_on_each_other():
    for rate in (0.02, 0.3, 0.5):
        layer = KnobDropout(rate, seed=5)
        dropped = keras.ops.convert_to_numpy(layer(keras.ops.ones((1001, 101)), training=True)) == 0
        assert abs(dropped.mean() - rate) < 0.005
        flat = dropped.ravel()
        half = len(flat) // 2  # two numbers come from one drawn: the same place of both halves
        both = (flat[:half] & flat[half + 1 : 2 * half + 1]).mean()
        assert abs(both - rate * rate) < 0.005
        assert abs((flat[:-1] & flat[1:]).mean() - rate * rate) < 0.005
