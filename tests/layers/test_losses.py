import keras
import numpy as np
import pytest
import tensorflow as tf

from automl.layers.losses import loss_for
from automl.records import Head

RNG = np.random.default_rng(0)
CATEGORICAL = Head("multiclass", (3,), "softmax", "sparse_categorical_crossentropy")
BINARY = Head("binary", (1,), "sigmoid", "binary_crossentropy")
SQUARED = Head("regression", (2,), "linear", "mse")
FORECAST = Head("forecast", (4, 2, 3), "linear", "forecast", quantiles=(0.1, 0.9))


def test_binary_loss_is_the_mean_negative_log_likelihood_of_logits():
    y, z = RNG.integers(0, 2, 9), RNG.normal(size=(9, 1)) * 5
    p = 1 / (1 + np.exp(-z[:, 0]))
    expected = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    assert float(loss_for(BINARY)(y, z)) == pytest.approx(expected, rel=1e-4)
    assert float(loss_for(BINARY)(y[:, None].astype("float32"), z)) == pytest.approx(expected, rel=1e-4)


def test_categorical_loss_is_the_mean_negative_log_likelihood_of_logits():
    y, z = RNG.integers(0, 3, 9), RNG.normal(size=(9, 3))
    logs = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    assert float(loss_for(CATEGORICAL)(y.astype("int32"), z)) == pytest.approx(-logs[np.arange(9), y].mean(), rel=1e-4)
    smoothed = -(0.9 * logs[np.arange(9), y] + 0.1 * logs.mean(axis=1)).mean()
    assert float(loss_for(CATEGORICAL, label_smoothing=0.1)(y, z)) == pytest.approx(smoothed, rel=1e-4)
    share = keras.Variable(0.1, trainable=False)
    by_variable = loss_for(CATEGORICAL, label_smoothing=share)
    assert float(by_variable(y, z)) == pytest.approx(smoothed, rel=1e-4)
    share.assign(0.0)
    assert float(by_variable(y, z)) == pytest.approx(float(loss_for(CATEGORICAL)(y, z)), rel=1e-5)


def test_huge_logits_give_finite_losses():
    assert np.isfinite(float(loss_for(BINARY)(np.array([0.0]), np.array([[500.0]]))))
    assert np.isfinite(float(loss_for(CATEGORICAL)(np.array([0]), np.array([[-900.0, 900, 0]]))))


def test_forecast_loss_is_absolute_error_plus_mean_pinball_in_units_of_the_scale():
    y, z = RNG.normal(size=(5, 4, 2)), RNG.normal(size=(5, 4, 2, 3))
    scale = np.array([2.0, 10.0])
    errors = (y[..., None] - z) / scale[:, None]
    pinball = [2 * np.maximum(q * errors[..., i], (q - 1) * errors[..., i]) for i, q in ((1, 0.1), (2, 0.9))]
    expected = (np.abs(errors[..., 0]) + np.mean(pinball, axis=0)).mean()
    assert float(loss_for(FORECAST, scale)(y, z)) == pytest.approx(expected, rel=1e-4)


def test_the_best_quantile_forecast_is_the_quantile():
    head = Head("forecast", (1, 1, 2), "linear", "forecast", quantiles=(0.9,))
    y = np.arange(101, dtype="float32").reshape(-1, 1, 1)
    tried = [float(loss_for(head)(y, np.full((101, 1, 1, 2), [50, q]))) for q in (80, 90, 100)]
    assert min(tried) == tried[1]


def with_gaps(head):
    """A truth whose second target is not known in row 0, and nothing in row 2; predictions, and others just there."""
    shape = head.shape if head is SQUARED else head.shape[:-1]
    y = RNG.normal(size=(3, *shape)).astype("float32")
    y[0, ..., 1], y[2] = np.nan, np.nan
    z = RNG.normal(size=(3, *head.shape)).astype("float32")
    other = z.copy()
    other[(0, 1) if head is SQUARED else (0, slice(None), 1)], other[2] = 50.0, 99.0
    return y, z, other


@pytest.mark.parametrize("head", [SQUARED, FORECAST], ids=lambda head: head.loss)
def test_cells_that_are_not_known_have_no_part_in_loss_and_gradient(head):
    y, z, other = with_gaps(head)
    loss, predicted = loss_for(head), keras.Variable(z)
    with tf.GradientTape() as tape:
        value = loss(y, predicted)
    gradient = tape.gradient(value, predicted.value).numpy()
    assert float(value) == pytest.approx(float(loss(y, other)), rel=1e-6)
    assert np.isfinite(gradient).all() and gradient[1].any()
    assert not gradient[2].any()


def test_a_row_s_loss_is_the_mean_over_its_known_cells_with_members_too():
    y, z, _ = with_gaps(SQUARED)
    expected = np.mean([(y[0, 0] - z[0, 0]) ** 2, np.mean((y[1] - z[1]) ** 2), 0.0])
    assert float(loss_for(SQUARED)(y, z)) == pytest.approx(expected, rel=1e-5)
    assert float(loss_for(SQUARED)(y, np.stack([z, z], axis=1))) == pytest.approx(expected, rel=1e-5)


def test_rows_of_weight_zero_count_as_absent():
    y, z = RNG.normal(size=(6, 2)), RNG.normal(size=(6, 2))
    weight = np.array([1, 1, 1, 0, 0, 0])
    assert float(loss_for(SQUARED)(y, z, weight)) == pytest.approx(float(loss_for(SQUARED)(y[:3], z[:3])), rel=1e-5)
    assert np.isfinite(float(loss_for(SQUARED)(y, z, weight * 0)))


@pytest.mark.parametrize("head", [BINARY, CATEGORICAL, SQUARED], ids=lambda head: head.loss)
def test_with_members_the_loss_is_the_mean_of_their_losses(head):
    y = RNG.integers(0, 2, (6, *head.shape)) if head is not CATEGORICAL else RNG.integers(0, 3, 6)
    z = RNG.normal(size=(6, 4, *head.shape))
    loss, weight = loss_for(head), RNG.random(6)
    apart = np.mean([float(loss(y, z[:, member], weight)) for member in range(4)])
    assert float(loss(y, z, weight)) == pytest.approx(apart, rel=1e-4)


UNEVEN = Head("multiclass", (2,), "softmax", "sparse_categorical_crossentropy", priors=(0.9, 0.1))
THREE = Head("multiclass", (3,), "softmax", "sparse_categorical_crossentropy", priors=(0.6, 0.3, 0.1), ordered=True)


@pytest.mark.parametrize("power", [0.5, 1.0])
def test_class_weights_are_a_power_of_the_priors_with_mean_one_and_multiply_the_rows_own(power):
    y, z, own = RNG.integers(0, 3, 50), RNG.normal(size=(50, 3)), RNG.random(50)
    priors = np.array(THREE.priors)
    weights = priors**-power / (priors @ priors**-power)
    shifted = z + np.log(weights)
    losses = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(50), y]
    loss = loss_for(THREE, class_weight=power)
    assert float(loss(y, z)) == pytest.approx(np.mean(weights[y] * losses), rel=1e-4)
    assert float(loss(y, z, own)) == pytest.approx(np.sum(own * weights[y] * losses) / own.sum(), rel=1e-4)


@pytest.mark.parametrize("power", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("head", [UNEVEN, THREE], ids=["two", "three"])
def test_whatever_the_class_weights_the_best_logits_are_those_of_the_plain_probabilities(head, power):
    priors = np.array(head.priors)
    y = np.repeat(np.arange(len(priors)), np.round(priors * 10).astype(int))
    best = np.log(priors)
    loss = loss_for(head, class_weight=keras.Variable(power, trainable=False), ordinal=0.7 if head.ordered else 0.0)

    def at(logits):
        return float(loss(y, np.tile(logits, (10, 1)).astype("float32")))

    moves = 0.2 * np.eye(len(best))
    assert all(at(best) < min(at(best + move), at(best - move)) for move in moves)


@pytest.mark.parametrize("head", [UNEVEN, THREE], ids=["two", "three"])
def test_no_class_weights_and_no_ordinal_term_are_the_plain_loss(head):
    y, z = RNG.integers(0, len(head.priors), 20), RNG.normal(size=(20, *head.shape)).astype("float32")
    zero = keras.Variable(0.0, trainable=False)
    assert float(loss_for(head, class_weight=zero, ordinal=zero)(y, z)) == pytest.approx(float(loss_for(head)(y, z)))


@pytest.mark.parametrize("head", [UNEVEN, THREE], ids=["two", "three"])
def test_with_members_and_class_weights_the_loss_is_the_mean_of_their_losses(head):
    y, z = RNG.integers(0, len(head.priors), 20), RNG.normal(size=(20, 4, *head.shape))
    loss = loss_for(head, class_weight=0.7, ordinal=1.0 if head.ordered else 0.0)
    apart = np.mean([float(loss(y, z[:, member])) for member in range(4)])
    assert float(loss(y, z)) == pytest.approx(apart, rel=1e-4)


def test_class_weights_of_a_class_that_hardly_occurs_are_finite():
    head = Head("multiclass", (2,), "softmax", "sparse_categorical_crossentropy", priors=(1 - 1e-7, 1e-7))
    assert np.isfinite(float(loss_for(head, class_weight=1.0)(np.array([0, 1]), np.array([[9.0, -9], [9, -9]]))))


def test_the_ordinal_term_is_the_ranked_probability_score_and_grows_with_the_distance():
    y, z = RNG.integers(0, 3, 9), RNG.normal(size=(9, 3))
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    ranked = ((np.cumsum(p, axis=1) - np.cumsum(np.eye(3)[y], axis=1)) ** 2).sum(axis=1).mean()
    plain = float(loss_for(THREE)(y, z))
    assert float(loss_for(THREE, ordinal=2.0)(y, z)) == pytest.approx(plain + 2 * ranked, rel=1e-4)
    loss, near, far = loss_for(THREE, ordinal=1.0), np.array([[0.0, 3, 0]]), np.array([[0.0, 0, 3]])
    assert float(loss(np.array([0]), near)) < float(loss(np.array([0]), far))
    assert float(loss_for(THREE)(np.array([0]), near)) == pytest.approx(float(loss_for(THREE)(np.array([0]), far)))


@pytest.mark.parametrize("head", [BINARY, CATEGORICAL], ids=["two classes", "no priors"])
def test_class_weights_are_for_several_classes_whose_priors_are_known(head):
    with pytest.raises(ValueError, match="several classes with priors"):
        loss_for(head, class_weight=1.0)
