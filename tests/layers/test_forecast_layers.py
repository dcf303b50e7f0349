import numpy as np
import pytest

from automl.layers.forecast import ChannelsApart, ContextRestore, ContextScale, GroupEmbedding, SeasonalSkip

X = np.random.default_rng(0).normal(size=(5, 12, 3)).astype("float32") * [1, 50, 2] + [1e6, -3, 7]


@pytest.mark.parametrize("location", ["mean", "last"])
def test_scaling_and_restoring_are_inverse(location):
    z, where, spread = ContextScale(3, location, [0] * 3, [1] * 3)(X.astype("float32"))
    back = np.asarray(ContextRestore()([np.asarray(z)[..., None], where, spread]))
    np.testing.assert_allclose(X, back[..., 0], rtol=1e-6, atol=1e-3)


def test_each_window_is_scaled_by_its_own_context():
    small = X[..., 1:2]
    z = np.asarray(ContextScale(1, "mean", [0], [1])(small)[0])
    np.testing.assert_allclose(z.mean(axis=1), 0, atol=1e-4)
    np.testing.assert_allclose(z.std(axis=1), 1, atol=1e-3)
    np.testing.assert_allclose(z, ContextScale(1, "mean", [0], [1])(small * 1000)[0], atol=1e-3)


def test_a_context_that_does_not_move_stays_finite():
    z, where, spread = (np.asarray(part) for part in ContextScale(1, "last", [0], [1])(np.full((2, 4, 1), 7.0)))
    assert (z == 0).all() and (where == 7).all() and (spread > 0).all()


def test_covariates_are_scaled_by_training_moments():
    z = np.asarray(ContextScale(2, "mean", [9, 9, 7], [9, 9, 2])(X)[0])
    np.testing.assert_allclose((X[..., 2] - 7) / 2, z[..., 2], rtol=1e-4, atol=1e-5)


def test_seasonal_skip_repeats_the_last_season():
    y = np.asarray(SeasonalSkip(7, 3)(X))
    np.testing.assert_array_equal(X[:, [9, 10, 11, 9, 10, 11, 9]].astype("float32"), y)
    assert SeasonalSkip(2, 99)(X).shape == (5, 2, 3)


def test_channels_come_apart_with_their_covariates_and_together_again_in_order():
    apart = np.asarray(ChannelsApart(2)(X))
    assert apart.shape == (10, 12, 2)
    np.testing.assert_array_equal(X[3, :, [1, 2]].T.astype("float32"), apart[3 * 2 + 1])
    together = np.asarray(GroupEmbedding(2, 0)(apart[:, -1]))
    np.testing.assert_array_equal(X[:, -1, :2].astype("float32"), together[..., 0])
