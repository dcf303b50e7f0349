"""Templates that are at fault: each failure has a class and words, and the search goes on with the others."""

import re
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from test_deep_side import build, side, template, trials


@keras.saving.register_keras_serializable("test")
class Greedy(keras.layers.Layer):
    """Asks for terabytes inside of the step, where no estimate sees it, unless a batch is small."""

    def call(self, x, training=False):
        import tensorflow as tf

        if not training:
            return x
        size = tf.where(tf.shape(x)[0] > self.at_most, 2_000_000, 1)
        return x + 0.0 * tf.reduce_sum(tf.random.normal([size, size]))

    at_most = 16


@keras.saving.register_keras_serializable("test")
class Refused(keras.layers.Layer):
    """Gets no memory inside of the step unless a batch is small, as `Greedy`, but is told so at once."""

    def call(self, x, training=False):
        import tensorflow as tf

        if not training:
            return x

        def ask(n_rows):
            if n_rows > Greedy.at_most:
                raise MemoryError("no room")
            return np.float32(0)

        nothing = tf.numpy_function(ask, [tf.shape(x)[0]], tf.float32)
        nothing.set_shape([])
        return x + nothing


@keras.saving.register_keras_serializable("test")
class Whole(keras.layers.Layer):
    """Rounds."""

    def call(self, x):
        return keras.ops.cast(x, "int32")


def on_top(layer):
    def made(choices, knobs, specs, head):
        model = build(choices, knobs, specs, head)
        return keras.Model(model.inputs, layer(model.outputs[0]))

    return made


def raising(choices, knobs, specs, head):
    raise ZeroDivisionError("no units")


def leaving(choices, knobs, specs, head):
    sys.exit(3)


def hungry(choices, knobs, specs, head):
    return np.ones(10**14)


def huge(choices, knobs, specs, head):
    inputs = {spec.name: keras.Input(spec.shape, name=spec.name, dtype=spec.dtype) for spec in specs}
    x = keras.layers.RepeatVector(2_000_000)(inputs["numbers"])
    x = keras.layers.GlobalAveragePooling1D()(keras.layers.Dense(1000)(x))
    return keras.Model(inputs, keras.layers.Dense(head.shape[0])(x))


CASES = {
    "raises": (raising, "code", "ZeroDivisionError: no units"),
    "leaves": (leaving, "code", "SystemExit"),
    "builds nothing": (lambda *given: None, "shape", "must build a keras.Model, but built nothing"),
    "builds a word": (lambda *given: "mlp", "shape", "built a str"),
    "builds a layer": (lambda *given: keras.layers.Dense(1), "shape", "built a Dense"),
    "two outputs a row": (on_top(keras.layers.Dense(2)), "shape", r"shape \(1,\) for a row, but outputs \(2,\)"),
    "a row too many axes": (on_top(keras.layers.Reshape((1, 1))), "shape", r"outputs \(1, 1\)"),
    "whole numbers": (on_top(Whole()), "shape", "outputs int32"),
    "no number": (on_top(keras.layers.Lambda(lambda x: x * float("nan"))), "not finite", "the loss became nan"),
    "eats memory": (hungry, "memory", "out of memory"),
    "too large a layer": (huge, "memory", "--memory"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_template_at_fault_is_classed_and_told_and_the_others_go_on(task_parts, name):
    made, kind, words = CASES[name]
    deep = side(task_parts, template(name="odd", build=made), template(), max_trials=2)
    first, second = trials(deep)
    assert (first.family, first.status, first.valid_score) == ("odd", "failed", None)
    assert re.search(words, first.failure), first.failure
    assert set(deep.failures) == {kind}
    assert (second.family, second.status) == ("tiny", "done")


@pytest.mark.parametrize("layer", [Refused, pytest.param(Greedy, marks=pytest.mark.thorough)])
def test_want_of_memory_inside_a_step_is_tried_again_with_half_the_batch(task_parts, layer):
    """TensorFlow waits ten seconds for memory that there is not before it says so."""
    greedy = template(build=on_top(layer()), starts=lambda specs, facts: [{"batch_size": 32}])
    deep = side(task_parts, greedy, max_trials=1)
    (run,) = trials(deep)
    assert run.status == "done" and run.choices["batch_size"] == 16, run.failure
    assert run.failure.startswith("first tried: out of memory") and deep.failures == {"memory": 1}


def test_more_than_three_failures_in_a_row_end_no_search(task_parts):
    bad = [template(name=f"bad{i}", build=raising) for i in range(3)]
    runs = trials(side(task_parts, *bad, template(), max_trials=8))
    assert [run.status for run in runs[:3]] == ["failed"] * 3 and runs[3].status == "done"
    assert sum(run.status == "done" for run in runs) >= 2


@pytest.mark.parametrize("part", ["space", "starts", "prior"])
def test_a_template_whose_space_cannot_be_read_is_left_out_with_the_reason(task_parts, part):
    def broken(*given):
        raise KeyError("width")

    events = []
    deep = side(task_parts, template(name="odd", **{part: broken}), template(), max_trials=1, on_event=events.append)
    (run,) = trials(deep)
    assert run.family == "tiny" and "KeyError" in deep.left_out["odd"]
    assert any("odd is left out" in event.get("text", "") for event in events)
