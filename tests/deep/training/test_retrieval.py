"""Networks that compare rows with training rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from automl.deep.training import device
from automl.deep.training.network import DeviceData
from automl.deep.training.retrieval import RetrievalNetwork
from automl.layers.neighbours import SAME, Neighbours
from automl.records import Head, InputSpec
from automl.templates.retrieval import RETRIEVAL

N_TRAIN, N_VALID = 60, 20
SPECS = (InputSpec("numbers", "numbers", (3,), "float32", 0, {"median": [0.0] * 3, "scale": [1.0] * 3}),)
HEAD = Head("regression", (1,), "linear", "mse")
KNOBS = {"learning_rate": 1e-2, "weight_decay": 0.0, "dropout": 0.0, "hide_rate": 0.0}


def arrays():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N_TRAIN + N_VALID, 3)).astype("float32")
    return x, (x[:, :1] ** 2 + x[:, 1:2]).astype("float32")


def network(known=N_TRAIN, compared=16, weight=None, others=()):
    import keras_tuner

    from automl.records import Facts

    x, y = arrays()
    data = DeviceData.place(
        {"numbers": x[:N_TRAIN]},
        y[:N_TRAIN],
        weight,
        {"numbers": x[N_TRAIN:]},
        N_VALID,
        None,
        y[N_TRAIN:],
        None if weight is None else np.ones(N_VALID),
        others,
    )
    hp = keras_tuner.HyperParameters()
    RETRIEVAL.space(hp, SPECS, Facts(N_TRAIN))
    choices = {**hp.values, "known": known, "compared": compared, "width": 16, "dim": 8, "numeric": "plain"}
    choices = {name: value for name, value in choices.items() if name not in KNOBS}
    made = RetrievalNetwork(RETRIEVAL, choices, KNOBS, SPECS, HEAD, data, device.prepare("cpu"))
    made.reset(KNOBS, 10, 0)
    return made


def steps(made, n_steps=30):
    batches = np.random.default_rng(0).integers(0, made.n_train, (n_steps, made.batch_size))
    return made.train(batches.astype(np.int32), np.full(n_steps, 1e-2, np.float32))


def test_it_learns_and_predicts_from_training_rows_as_they_lie_in_the_end():
    made = network(compared=N_TRAIN)
    losses = [steps(made) for _ in range(6)]
    assert losses[-1] < 0.5 * losses[0]
    raw = made.predict_valid()
    x, y = arrays()
    lie = np.asarray(made.embed({"numbers": tf.constant(x)}, training=False))
    np.testing.assert_allclose(made.layer.keys.numpy(), lie[:N_TRAIN], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(made.layer.answers.numpy(), y[:N_TRAIN])
    apart = np.linalg.norm(lie[N_TRAIN:, None] - lie[None, :N_TRAIN], axis=2)
    weights = np.exp(-apart) / np.exp(-apart).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(raw, weights @ y[:N_TRAIN], rtol=1e-3, atol=1e-4)
    kept = made.detached(made.weights())
    np.testing.assert_allclose(np.asarray(kept({"numbers": x[N_TRAIN:]})), raw, rtol=1e-5, atol=1e-6)


def test_a_row_is_never_compared_with_itself_in_training():
    made = network(compared=400)  # so that each row is drawn several times
    seen = []
    made.layer.compare = lambda z, keys, answers, away: (
        seen.append(away.numpy()) or Neighbours.compare(made.layer, z, keys, answers, away)
    )
    made._gradients(made.data, tf.range(5))
    (away,) = seen
    assert away.shape == (5, 400) and (away >= SAME).any(axis=1).all()
    assert ((away >= SAME).sum(axis=1) < 60).all()


def test_rows_of_another_hold_out_are_compared_with_its_own_training_rows_alone():
    train, valid = np.arange(20, 80), np.arange(20)
    made = network(others=[(train, valid)])
    made.hold_out(1)
    made.predict_valid()
    _, y = arrays()
    np.testing.assert_array_equal(np.sort(made.layer.answers.numpy(), axis=0), np.sort(y[20:], axis=0))
    made.reset(KNOBS, 10, 0)
    made.predict_valid()
    np.testing.assert_array_equal(made.layer.answers.numpy(), y[:N_TRAIN])


def test_where_fewer_rows_are_known_than_there_is_room_for_each_counts_once():
    made = network(known=100)
    made.predict_valid()
    assert (made.layer.away.numpy() >= SAME).sum() == 40


def test_more_rows_than_there_is_room_for_are_drawn_the_same_for_each_seed():
    answers = []
    for seed in (0, 1):
        made = network(known=30)
        made.reset(KNOBS, 10, seed)
        made.predict_valid()
        answers.append(made.layer.answers.numpy())
    np.testing.assert_array_equal(*answers)
    assert len(np.unique(answers[0])) == 30


def test_a_row_of_weight_two_counts_twice():
    weight = np.ones(N_TRAIN)
    weight[0] = 2.0
    made = network(weight=weight)
    made.predict_valid()
    away = made.layer.away.numpy()
    assert away[1] - away[0] == pytest.approx(math.log(2.0), abs=1e-5)


def test_the_same_seed_gives_the_same_weights_also_after_going_on_from_a_state():
    once, again = network(), network()
    for made in (once, again):
        steps(made)
    state = once.state()
    steps(once)
    again.set_state(state)
    steps(again)
    for a, b in zip(once.weights(), again.weights(), strict=True):
        np.testing.assert_array_equal(a, b)
