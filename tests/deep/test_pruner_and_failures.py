"""When a lagging trial ends, what a failure is called, what a trial would take, and neighbours of a setting."""

import keras
import keras_tuner
import numpy as np
import pytest

from automl.deep.oracle import vary
from automl.deep.pruner import at_milestones, milestones_for
from automl.deep.training import cost
from automl.deep.training.failure import NotFinite, TooLarge, explain, second_try
from automl.errors import Unfit


def curve(*scores):
    return [{"share": (i + 1) / len(scores), "valid_score": score} for i, score in enumerate(scores)]


def test_the_best_score_up_to_each_gate():
    assert at_milestones(curve(0.3, 0.5, 0.4, 0.9), True) == [0.3, 0.5]
    assert at_milestones(curve(3.0, 1.0, 2.0, 0.1), False) == [3.0, 1.0]
    assert at_milestones(curve(0.3, 0.5, 0.4, 0.9)[:1], True) == [0.3, None]
    assert at_milestones([], True) == [None, None]


def test_a_gate_is_the_median_of_four_or_more():
    peers = [[0.1, None], [0.2, 0.5], [0.3, None], [0.4, 0.6]]
    (gate,) = milestones_for(peers)
    assert (gate.share, gate.score) == (0.25, pytest.approx(0.25))
    assert milestones_for(peers[:3]) == ()


class ResourceExhaustedError(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MemoryError(), "memory"),
        (ResourceExhaustedError("OOM when allocating tensor with shape[64]"), "memory"),
        (RuntimeError("failed to allocate 12 bytes"), "memory"),
        (TooLarge("would not fit"), "memory"),
        (NotFinite("the loss became nan"), "not finite"),
        (ValueError("Dimensions must be equal, but are 3 and 4"), "shape"),
        (ValueError("The `units` argument must be positive"), "shape"),
        (ValueError("no idea"), "code"),
        (KeyError("depth"), "code"),
        (Unfit("not for me"), "code"),
    ],
)
def test_each_failure_has_a_class_and_words(error, kind):
    failure = explain(error)
    assert failure.kind == kind and failure.words


def test_a_second_try_changes_what_may_help():
    settings = {"batch_size": 64, "learning_rate": 0.1}
    assert second_try("memory", settings)["batch_size"] == 32
    assert second_try("memory", {**settings, "batch_size": 8}) is None
    assert second_try("not finite", settings)["learning_rate"] == pytest.approx(0.03)
    assert second_try("shape", settings) is None and second_try("code", settings) is None


def test_what_a_trial_takes_grows_with_batch_width_and_steps():
    def dense(width):
        inputs = keras.Input((10,))
        return keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Dense(width)(inputs)))

    def recurrent(steps):
        inputs = keras.Input((steps, 2))
        return keras.Model(inputs, keras.layers.LSTM(32)(inputs))

    assert cost.needed_mib(dense(1000), 64) > 2 * cost.needed_mib(dense(100), 64)
    assert cost.needed_mib(dense(100), 512) > cost.needed_mib(dense(100), 64)
    assert cost.needed_mib(recurrent(200), 64) > 5 * cost.needed_mib(recurrent(20), 64)
    exact = (1000 * 10 + 1000 + 1000 + 1) * 6 + (10 + 1000 + 1) * 64 * 2
    assert cost.needed_mib(dense(1000), 64) == pytest.approx(exact * 4 / 2**20)


def test_a_neighbour_differs_in_knobs_alone_and_stays_in_the_space():
    space = keras_tuner.HyperParameters()
    space.Float("learning_rate", 1e-4, 1e-1, sampling="log", default=1e-3)
    space.Float("dropout", 0.0, 0.5, default=0.1)
    space.Choice("width", [4, 8], default=8)
    settings = dict(space.values)
    rng = np.random.default_rng(0)
    found = [vary(space, settings, ("learning_rate", "dropout"), rng) for _ in range(200)]
    assert all(one["width"] == 8 and one != settings for one in found)
    assert all(1e-4 <= one["learning_rate"] <= 1e-1 and 0 <= one["dropout"] <= 0.5 for one in found)
    logs = np.log10([one["learning_rate"] for one in found if one["learning_rate"] != 1e-3])
    assert abs(np.median(logs) + 3) < 0.2  # around the setting, on the space's own scale
