"""Networks that score how unusual a row is: what they learn from, the ranks they give, and how they fail."""

from __future__ import annotations

import dataclasses

import keras
import keras_tuner
import numpy as np
import pytest

from automl.deep.training import device
from automl.deep.training.network import DeviceData
from automl.deep.training.scores import Collapsed, ScoringNetwork
from automl.deep.training.trial import NotFinite, train
from automl.goals.anomaly import HEAD
from automl.goals.shared.scores import score_output
from automl.layers.ranks import ReferenceRank
from automl.records import Facts, InputSpec
from automl.sides.ranking import Judged, standing_of
from automl.templates.autoencoder import AUTOENCODER

N_TRAIN, N_VALID = 120, 40
SPECS = (InputSpec("numbers", "numbers", (4,), "float32", 0, {"median": [0.0] * 4, "scale": [1.0] * 4}),)
TRUTH = (np.arange(N_VALID) % 4 == 0).astype(np.int64)


def arrays():
    """Rows of one pattern, of which a quarter of the validation rows are off it."""
    rng = np.random.default_rng(0)
    t = rng.normal(size=(N_TRAIN + N_VALID, 1))
    x = (t @ np.array([[1.0, -1.0, 0.5, 2.0]]) + 0.05 * rng.normal(size=(len(t), 4))).astype("float32")
    x[N_TRAIN:][TRUTH == 1, 1] *= -1.0
    return x


def network(template=AUTOENCODER, **settings):
    x = arrays()
    data = DeviceData.place(
        {"numbers": x[:N_TRAIN]}, np.zeros((N_TRAIN, 1), np.float32), None, {"numbers": x[N_TRAIN:]}, N_VALID
    )
    hp = keras_tuner.HyperParameters()
    template.space(hp, SPECS, Facts(N_TRAIN))
    point = {**hp.values, "code": 2, "width": 64, "batch_size": 30, "epochs": 40, "learning_rate": 5e-3, **settings}
    knobs = {name: float(point[name]) for name in template.knobs}
    choices = {name: value for name, value in point.items() if name not in template.knobs}
    made = ScoringNetwork(template, choices, knobs, SPECS, HEAD, data, device.prepare("cpu"))
    made.reset(knobs, 30, 0)
    return made, point


def fitted(made, point):
    def standing(raw):
        output = score_output(raw)
        return standing_of([Judged(TRUTH, None, output, output)], "average_precision", {"classes": 2})

    return train(made, point, seed=0, deadline=None, dispatch_seconds=0.25, standing=standing, higher_is_better=True,
                 stopping=lambda: False)  # fmt: skip


def test_it_learns_without_a_target_and_ranks_rows_off_the_pattern_first():
    made, point = network()
    fit = fitted(made, point)
    assert fit.score > 0.95 and fit.curve[-1]["loss"] < 0.5 * fit.curve[0]["loss"]
    ranks = made.predict({"numbers": arrays()[:N_TRAIN]})[:, 0]
    assert abs(ranks.mean() - 0.5) < 0.05 and ranks.min() >= 0.0


def test_the_same_seed_gives_the_same_bits():
    fits = [fitted(*network(noise=0.1)) for _ in range(2)]
    assert fits[0].score == fits[1].score
    assert all(np.array_equal(a, b) for a, b in zip(fits[0].weights, fits[1].weights, strict=True))


def test_a_loss_that_is_not_finite_is_told_in_words():
    made, point = network(learning_rate=1e-2)
    made.set_weights([np.full_like(w, np.nan) if w.dtype.kind == "f" else w for w in made.weights()])
    with pytest.raises(NotFinite, match="the loss became nan in epoch 1"):
        fitted(made, point)


def test_a_network_that_gives_all_rows_the_same_score_is_told_in_words():
    def build(choices, knobs, specs, head):
        inputs = keras.Input((4,), name="numbers")
        score = keras.layers.Dense(1, kernel_initializer="zeros", trainable=False)(inputs)
        return keras.Model({"numbers": inputs}, ReferenceRank()(score))

    made, _ = network(dataclasses.replace(AUTOENCODER, build=build))
    with pytest.raises(Collapsed, match="all 120 training rows are alike to the network: the network gave up"):
        made.predict_valid()
