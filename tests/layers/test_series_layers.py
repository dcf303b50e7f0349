import keras
import numpy as np
import pytest

from automl.layers.series import LastStep, RelativeAttention, TimePositions, TrendFilters, trend_filters

X = np.random.default_rng(0).normal(size=(3, 70, 2)).astype("float32")


@pytest.mark.parametrize("layer", [TrendFilters(), TimePositions(), RelativeAttention(2), LastStep()], ids=type)
def test_a_layer_says_its_shape_and_comes_back_from_its_config(layer):
    again = type(layer).from_config(layer.get_config())
    y = layer(X)
    assert tuple(y.shape) == tuple(layer.compute_output_shape(X.shape)) == tuple(again(X).shape)
    assert np.isfinite(np.asarray(y)).all()


@pytest.mark.parametrize(("steps", "filters"), [(1, 2), (2, 2), (6, 5), (70, 16), (427, 17)])
def test_trend_filters_fit_into_the_series(steps, filters):
    assert trend_filters(steps).shape[0] == filters
    assert TrendFilters()(np.ones((2, steps, 1), "float32")).shape == (2, steps, filters)


def test_trend_filters_answer_to_rises_and_falls_and_not_to_levels():
    ramp = np.linspace(0, 1, 40, dtype="float32")[None, :, None]
    rises, falls = (np.asarray(TrendFilters()(sign * ramp))[0, 10:-10] for sign in (1, -1))
    assert rises[:, 0].min() > 0 and rises[:, 1].max() == 0
    assert falls[:, 1].min() > 0 and falls[:, 0].max() == 0
    level = np.asarray(TrendFilters()(np.ones((1, 40, 1), "float32")))[0, 20]
    np.testing.assert_allclose(level, 0, atol=1e-5)


def test_positions_differ_from_step_to_step():
    table = np.asarray(TimePositions()(np.zeros((1, 50, 8), "float32")))[0]
    gaps = np.abs(table[:, None] - table[None]).sum(axis=2) + np.eye(50)
    assert gaps.min() > 0.05


def test_attention_weighs_distances():
    keras.utils.set_random_seed(0)
    layer = RelativeAttention(1)
    layer(X)
    layer.mixed.assign(np.concatenate([np.zeros((2, 4)), np.eye(2)], axis=1))  # equal scores; values as they are
    layer.out.assign(np.eye(2))
    weights = np.zeros(2 * 70 - 1)
    weights[70] = 1.0  # of the step before
    layer.distance.assign(weights)
    expected = X.mean(axis=1, keepdims=True) + np.concatenate([np.zeros((3, 1, 2)), X[:, :-1]], axis=1)
    np.testing.assert_allclose(np.asarray(layer(X)), expected, atol=1e-5)


def test_heads_must_divide_the_size():
    with pytest.raises(ValueError, match="divisible by 3 heads, got 2"):
        RelativeAttention(3)(X)
