import numpy as np
import pytest

from automl.layers.members import MemberScale
from automl.layers.output import RawOutput, starting_bias, starting_quantiles
from automl.layers.pixels import ChannelScale
from automl.records import Head


def test_starting_bias_predicts_the_training_shares():
    head = Head("multiclass", (3,), "softmax", "sparse_categorical_crossentropy", priors=(0.2, 0.5, 0.3))
    z = np.exp(starting_bias(head))
    np.testing.assert_allclose(head.priors, z / z.sum())
    head = Head("binary", (1,), "sigmoid", "binary_crossentropy", priors=(0.9, 0.1))
    assert 1 / (1 + np.exp(-starting_bias(head)[0])) == pytest.approx(0.1)
    head = Head("multilabel", (2,), "sigmoid", "binary_crossentropy", priors=(0.9, 0.1))
    np.testing.assert_allclose([0.9, 0.1], 1 / (1 + np.exp(-np.array(starting_bias(head)))))


def test_starting_quantiles_lie_about_the_point_forecast():
    low, high = starting_quantiles((0.1, 0.9))[1:]
    assert low == pytest.approx(-high) and high > 0


def test_output_has_the_heads_shape_in_float32_whatever_comes_in():
    y = RawOutput((4, 2, 3), bias=[0, -1, 1])(np.zeros((5, 7), "float16"))
    assert y.shape == (5, 4, 2, 3) and y.dtype == "float32"
    np.testing.assert_array_equal(np.broadcast_to([0, -1, 1], (5, 4, 2, 3)), y)


def test_members_differ_share_the_input_and_are_averaged_at_prediction():
    x = np.random.default_rng(0).normal(size=(5, 7)).astype("float32")
    apart = MemberScale(4, start="signs")(x)
    assert apart.shape == (5, 4, 7)
    np.testing.assert_allclose(np.abs(x)[:, None].repeat(4, axis=1), np.abs(apart))
    output = RawOutput((2,), members=4)
    each = np.asarray(output(apart, training=True))
    assert each.shape == (5, 4, 2) and each.std(axis=1).min() > 0
    np.testing.assert_allclose(each.mean(axis=1), output(apart, training=False), rtol=1e-5, atol=1e-6)


def test_channel_scale_standardises_bytes_and_large_readings():
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, 3, 2)).astype("uint8")
    np.testing.assert_allclose((pixels - [100.0, 50]) / [20, 10], ChannelScale([100, 50], [20, 10])(pixels), rtol=1e-5)
    layer = ChannelScale([1e6], [1], dtype="mixed_float16")
    np.testing.assert_array_equal([[3.0]], layer(np.array([[1e6 + 3]], "float32")))
