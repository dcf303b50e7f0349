"""Networks in mixed precision: what is rounded and what is not. bfloat16 runs on a CPU too."""

import dataclasses

import keras
import numpy as np
import pytest
from keras_tuner import HyperParameters

from automl import catalog, testing
from automl.deep.training.device import choose
from automl.deep.training.network import DeviceData, Network
from automl.records import Head, InputSpec, Template

TEMPLATES = catalog.members(Template, "automl.templates")
POLICY = dataclasses.replace(choose([]), precision="mixed_bfloat16", mixed=frozenset({"mlp", "cnn", "rnn"}))
KNOBS = {"learning_rate": 0.01, "weight_decay": 0.01}


def test_policies_of_the_process_are_left_alone():
    before = keras.config.dtype_policy().name
    network(POLICY)
    assert keras.config.dtype_policy().name == before == "float32"


def build(choices, knobs, specs, head):
    from automl.layers.numbers import PiecewiseLinearEmbedding, RobustScale
    from automl.layers.output import RawOutput

    inputs = keras.Input((1,), name="numbers")
    scaled = RobustScale([1985.0], [5.0])(inputs)
    bins = keras.layers.Flatten()(PiecewiseLinearEmbedding([[1980.0, 1984.0, 1986.0, 1990.0]], 4)(inputs))
    h = keras.layers.Dense(8, activation="relu")(keras.layers.Concatenate()([scaled, bins]))
    return keras.Model({"numbers": inputs}, RawOutput(head.shape)(keras.layers.BatchNormalization()(h)))


def network(policy, family="mlp"):
    template = Template("tiny", family, ("regression",), ("numbers",), lambda hp, specs, facts: None, build,
                        tuple(KNOBS), lambda specs, facts: [], lambda task, specs: None, "none")  # fmt: skip
    x = np.arange(1980, 1990, dtype="float32").repeat(8)[:, None]
    data = DeviceData.place({"numbers": x}, (x > 1985).astype("float32"), None, {"numbers": x[::8]}, 10)
    specs = (InputSpec("numbers", "numbers", (1,), "float32", 0, {}),)
    made = Network(template, {}, KNOBS, specs, Head("regression", (1,), "linear", "mse", (), ()), data, policy)
    made.reset(KNOBS, 16, 0)
    return made


def test_inputs_are_not_rounded_on_the_way_in():
    """Years differ by less than bfloat16 can tell at 1980."""
    raw = network(POLICY).predict_valid()[:, 0]
    assert len(np.unique(raw)) == 10


def test_weights_moments_and_updates_are_float32_and_training_learns():
    made = network(POLICY)
    assert {variable.dtype for variable in made.model.trainable_variables} == {"float32"}
    assert {moment.dtype.name for pair in made.adam.moments for moment in pair} == {"float32"}
    assert made.model.layers[-1].compute_dtype == "float32"
    rows = np.random.default_rng(0).integers(0, 80, size=(150, 16))
    first = made.train(rows[:5], np.full(5, 1e-6, "float32"))
    before = made.weights()
    made.train(rows[:1], np.full(1, 1e-6, "float32"))  # a step that bfloat16 weights would lose
    assert any((a != b).any() for a, b in zip(before, made.weights(), strict=True))
    made.train(rows, np.full(150, 0.01, "float32"))
    assert made.train(rows[:5], np.full(5, 1e-6, "float32")) < 0.5 * first


def test_the_kept_model_predicts_what_was_scored(tmp_path):
    made = network(POLICY)
    made.detached(made.weights()).save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    raw = np.asarray(loaded({"numbers": made.data.valid["numbers"]}, training=False))
    assert raw == pytest.approx(made.predict_valid(), abs=1e-6)


def test_recurrent_networks_keep_float32_where_the_policy_says_so():
    made = network(choose([(8, 0)]), family="rnn")
    assert made.model.layers[-3].compute_dtype == "float32"


def test_under_xla_one_step_is_compiled_for_all_lengths_of_a_dispatch():
    made = network(dataclasses.replace(choose([]), compiled=frozenset({"mlp"})))
    rows, rates = np.zeros((5, 16), "int32"), np.full(5, 1e-3, "float32")
    for n in (1, 2, 5):
        made.train(rows[:n], rates[:n])
    assert made._step.experimental_get_tracing_count() == 1


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_templates_outputs_are_float32_in_mixed_precision(name):
    template = TEMPLATES[name]
    goal = template.goals[0]
    specs, head = testing.example_specs(template.accepts, goal), testing.example_head(goal)
    start, space = template.starts(specs, testing.example_facts(goal))[0], HyperParameters()
    template.space(space, specs, testing.example_facts(goal))
    start = {**space.values, **start}
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = template.build(
            start, {knob: float(start[knob]) for knob in template.knobs if knob in start}, specs, head
        )
    finally:
        keras.config.set_dtype_policy("float32")
    assert {output.dtype for output in model.outputs} == {"float32"}
    assert {variable.dtype for variable in model.trainable_variables} == {"float32"}
