import keras
import numpy as np
import pytest

from automl.layers.reconstruction import ArrayError, CategoryError, RowLoss

RNG = np.random.default_rng(0)


def added(losses, trim):
    """What a `RowLoss` adds in training for these losses of rows."""
    layer = RowLoss(trim)
    layer([np.zeros((len(losses), 1), "float32"), np.reshape(losses, (-1, 1)).astype("float32")], training=True)
    (loss,) = layer.losses
    return float(loss)


def test_the_worst_share_of_a_batch_is_left_out_of_the_loss():
    losses = np.array([3.0, 100.0, 1.0, 2.0, 50.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    assert added(losses, 0.0) == pytest.approx(losses.mean())
    assert added(losses, 0.2) == pytest.approx(36 / 8)
    assert added(losses, 0.15) == pytest.approx(86 / 9)  # one of ten rows: a part of a row stays


@pytest.mark.parametrize("n_rows", [1, 2])
def test_some_row_of_the_smallest_batch_stays(n_rows):
    assert added(np.full(n_rows, 3.0), 0.3) == pytest.approx(3.0)


def test_rows_that_are_left_out_get_no_gradient_even_where_their_loss_is_infinite():
    import tensorflow as tf

    losses = tf.constant([[1.0], [np.inf], [2.0]])
    layer = RowLoss(0.4)
    with tf.GradientTape() as tape:
        tape.watch(losses)
        layer([losses, losses], training=True)
        total = layer.losses[0]
    np.testing.assert_allclose(tape.gradient(total, losses), [[0.5], [0.0], [0.5]])
    assert float(total) == pytest.approx(1.5)


def test_nothing_is_added_outside_training_and_the_first_input_passes():
    layer, scores = RowLoss(0.1), RNG.normal(size=(5, 2)).astype("float32")
    np.testing.assert_array_equal(layer([scores, scores[:, :1]], training=False), scores)
    assert layer.losses == []


def test_half_precision_is_added_up_in_single_precision():
    layer = RowLoss(0.0)
    losses = keras.ops.cast(np.full((4096, 1), 1.001, "float32"), "bfloat16")
    passed = layer([losses, losses], training=True)
    assert "float32" in str(passed.dtype) and "float32" in str(layer.losses[0].dtype)


def test_squared_errors_are_summed_or_averaged_over_the_cells_of_a_row():
    x, r = RNG.normal(size=(2, 4, 3, 5, 2)).astype("float32")
    np.testing.assert_allclose(ArrayError()([x, r])[:, 0], ((x - r) ** 2).sum(axis=(1, 2, 3)), rtol=1e-5)
    np.testing.assert_allclose(ArrayError(is_mean=True)([x, r])[:, 0], ((x - r) ** 2).mean(axis=(1, 2, 3)), rtol=1e-5)


def test_the_last_steps_of_a_series_may_count_alone():
    x, r = RNG.normal(size=(2, 4, 6, 2)).astype("float32")
    expected = ((x - r) ** 2)[:, -2:].mean(axis=(1, 2))
    np.testing.assert_allclose(ArrayError(is_mean=True, n_last=2)([x, r])[:, 0], expected, rtol=1e-5)


def test_a_learned_spread_gives_the_likelihood_of_a_normal_distribution():
    from scipy.stats import norm

    x, mean, log_std = np.clip(RNG.normal(size=(3, 6, 4)), -2.5, 2.5).astype("float32")
    error = ArrayError(has_spread=True)([x, np.concatenate([mean, log_std], axis=1)])
    expected = -(norm.logpdf(x, mean, np.exp(log_std)) + 0.5 * np.log(2 * np.pi)).sum(axis=1)
    np.testing.assert_allclose(error[:, 0], expected, rtol=1e-4)


def test_a_spread_has_bounds_so_that_constant_cells_leave_the_likelihood_finite():
    x = np.zeros((1, 1), "float32")
    errors = [float(ArrayError(has_spread=True)([x, np.array([[0.0, s]], "float32")])[0, 0]) for s in (-3.0, -50.0)]
    assert errors[0] == errors[1] == -3.0


def test_several_restorations_of_a_row_are_averaged():
    x = RNG.normal(size=(3, 4)).astype("float32")
    r = RNG.normal(size=(3, 2, 4)).astype("float32")
    expected = ((x[:, None] - r) ** 2).sum(axis=2).mean(axis=1)
    np.testing.assert_allclose(ArrayError()([x, r.reshape(6, 4)])[:, 0], expected, rtol=1e-5)
    codes, logits = np.array([[1], [0], [2]]), RNG.normal(size=(3, 2, 3)).astype("float32")
    each = np.asarray(CategoryError([3])([codes, logits.reshape(6, 3)]))
    apart = [np.asarray(CategoryError([3])([codes, logits[:, i]])) for i in (0, 1)]
    np.testing.assert_allclose(each, (apart[0] + apart[1]) / 2, rtol=1e-5)


def test_categories_cost_the_negative_logarithm_of_their_chance():
    layer = CategoryError([2, 3])
    chances = np.array([[0.25, 0.75, 0.5, 0.2, 0.3]], "float32")
    assert layer.n_logits == 5
    error = float(layer([np.array([[1, 2]]), np.log(chances)])[0, 0])
    assert error == pytest.approx(-np.log(0.75) - np.log(0.3), rel=1e-5)


def test_codes_out_of_range_count_as_missing_and_rare_levels_as_one():
    logits = RNG.normal(size=(1, 4)).astype("float32")
    layer = CategoryError([10], most=4)
    cost = {code: float(layer([np.array([[code]]), logits])[0, 0]) for code in (0, 3, 9, 10, -1)}
    assert layer.n_logits == 4 and cost[3] == cost[9] and cost[10] == cost[-1] == cost[0]


def test_a_column_of_one_level_costs_nothing():
    assert float(CategoryError([1])([np.array([[0]]), np.ones((1, 1), "float32")])[0, 0]) == 0.0


def test_no_rows_have_no_errors():
    assert ArrayError()([np.zeros((0, 3), "float32"), np.zeros((0, 3), "float32")]).shape == (0, 1)
    assert CategoryError([3])([np.zeros((0, 1), "int32"), np.zeros((0, 3), "float32")]).shape == (0, 1)
