import keras
import numpy as np

from automl.layers.rates import paced, rate_factor
from automl.layers.scale import FeatureScale

X = np.random.default_rng(0).normal(size=(40, 6)).astype("float32")


def test_feature_scale_multiplies_each_feature_and_starts_as_the_identity():
    layer = FeatureScale()
    np.testing.assert_array_equal(X, layer(X))
    factors = np.random.default_rng(1).normal(size=6)
    layer.factors.assign(factors)
    np.testing.assert_allclose(X * factors, layer(X), rtol=1e-5)


def test_its_factors_learn_six_times_as_fast_as_what_nobody_paced():
    layer = FeatureScale()
    layer(X)
    assert rate_factor(layer.factors) == 6.0
    variable = keras.Variable(np.ones(2))
    assert rate_factor(variable) == 1.0
    assert paced(variable, 0.5) is variable and rate_factor(variable) == 0.5
