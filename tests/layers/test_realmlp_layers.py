import keras
import numpy as np

from automl.layers.rates import decay_factor, paced, rate_factor
from automl.layers.realmlp import BlendedActivation, FeatureScale, ScaledDense

X = np.random.default_rng(0).normal(size=(40, 6)).astype("float32")


def test_feature_scale_multiplies_each_feature_and_starts_as_the_identity():
    layer = FeatureScale()
    np.testing.assert_array_equal(X, layer(X))
    factors = np.random.default_rng(1).normal(size=6)
    layer.factors.assign(factors)
    np.testing.assert_allclose(X * factors, layer(X), rtol=1e-5)


def test_scaled_dense_multiplies_and_adds():
    layer = ScaledDense(5)
    np.testing.assert_allclose(
        X.astype("float64") @ np.asarray(layer.kernel) + np.asarray(layer.offset), layer(X), rtol=1e-4, atol=1e-5
    )


def test_scaled_dense_gives_outputs_of_about_unit_size_whatever_its_width():
    for n_features in (4, 400):
        x = np.random.default_rng(0).normal(size=(500, n_features)).astype("float32")
        assert 0.8 < float(np.std(ScaledDense(300)(x))) < 1.5


def test_a_blended_activation_is_between_the_identity_and_its_function():
    layer = BlendedActivation("mish")
    mish = X * np.tanh(np.log1p(np.exp(X)))
    np.testing.assert_allclose(mish, layer(X), rtol=1e-4, atol=1e-6)
    layer.shares.assign(np.full(6, 0.25))
    np.testing.assert_allclose(0.25 * mish + 0.75 * X, layer(X), rtol=1e-4, atol=1e-6)


def test_layers_tell_how_fast_their_variables_learn():
    scale, dense = FeatureScale(), ScaledDense(5)
    scale(X), dense(X[:, :4])
    assert [rate_factor(v) for v in (scale.factors, dense.kernel, dense.offset)] == [6.0, 8.0, 1.0]  # √(256 / 4)
    assert [rate_factor(v) * decay_factor(v) for v in (scale.factors, dense.kernel, dense.offset)] == [0.0, 1.0, 0.0]


def test_what_nobody_paced_learns_at_the_networks_rate_and_only_matrices_decay():
    matrix, vector = keras.Variable(np.ones((2, 2))), keras.Variable(np.ones(2))
    assert [rate_factor(matrix), decay_factor(matrix), rate_factor(vector), decay_factor(vector)] == [1, 1, 1, 0]
    assert paced(matrix, 0.5, 2.0) is matrix and (rate_factor(matrix), decay_factor(matrix)) == (0.5, 2.0)
