"""What is promised of the networks that a template builds."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from automl.records import Head, InputSpec, Template
from automl.testing.examples import N_ROWS, example_arrays, example_facts, example_target
from automl.testing.promise import promise

__all__ = [
    "LOOP_KNOBS", "built", "check_knobs", "check_learns", "check_round_trip", "check_seed", "check_shape",
    "outputs_and_losses", "read",
]  # fmt: skip

LOOP_KNOBS = ("learning_rate", "weight_decay")


def built(
    template: Template, point: Mapping[str, Any], specs: Sequence[InputSpec], head: Head, seed: int = 0
) -> tuple[Any, dict[str, Any]]:
    """The network of a point of the space, uncompiled, and its knobs by name."""
    import keras

    keras.utils.set_random_seed(seed)
    names = [name for name in template.knobs if name in point]
    knobs = {name: keras.Variable(float(point[name]), trainable=False, dtype="float32") for name in names}
    choices = {name: value for name, value in point.items() if name not in template.knobs}
    try:
        return template.build(choices, knobs, specs, head), knobs
    except Exception as error:
        raise AssertionError(
            f"{template.name}: build raises {type(error).__name__}: {error}, for the goal {head.goal}, choices "
            f"{choices} and knobs {sorted(knobs)}"
        ) from error


def check_shape(template: Template, model: Any, specs: Sequence[InputSpec], head: Head) -> None:
    """Check names of the inputs, and shape, type and values of the output."""
    names = {tensor.name for tensor in model.inputs}
    promise(names <= {spec.name for spec in specs}, f"{template.name}: inputs {names} are not named as the specs")
    output = model(read(model, example_arrays(specs)), training=False)
    shape = tuple(output.shape)
    promise(shape == (N_ROWS, *head.shape), f"{template.name}: output {shape}, expected {(N_ROWS, *head.shape)}")
    promise("float32" in str(output.dtype), f"{template.name}: output is {output.dtype}, expected float32")
    promise(np.isfinite(np.asarray(output)).all(), f"{template.name}: output is not finite")


def read(model: Any, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays that a network has an input for."""
    names = {tensor.name for tensor in model.inputs}
    return {name: array for name, array in arrays.items() if name in names}


def check_seed(
    template: Template, first: Sequence[np.ndarray], second: Sequence[np.ndarray], other: Sequence[np.ndarray]
) -> None:
    """Check the weights of two networks from one seed, and of one from another seed."""
    same = len(first) == len(second) and all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    promise(same, f"{template.name}: the same seed must give the same weights in the same order")
    differs = any(not np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    promise(differs, f"{template.name}: another seed must give other weights")


def check_learns(
    template: Template,
    model: Any,
    knobs: Mapping[str, Any],
    specs: Sequence[InputSpec],
    head: Head,
    n_steps: int,
) -> None:
    """Check that every weight has a gradient, and that some steps on one batch lower the loss."""
    import tensorflow as tf

    from automl.layers.losses import loss_for

    held = {id(variable) for variable in knobs.values()}
    promise(not held & {id(variable) for variable in model.variables}, f"{template.name}: knobs are among its weights")
    arrays, target, loss = read(model, example_arrays(specs)), example_target(head), loss_for(head)
    variables = [variable.value for variable in model.trainable_variables]
    adam = _Adam(variables)
    for name in set(knobs) - set(LOOP_KNOBS):
        knobs[name].assign(0.0)  # no noise: the same batch must fit better
    losses: list[float] = []
    before = [np.asarray(variable) for variable in model.trainable_variables]
    seeds = [variable for variable in model.non_trainable_variables if "seed" in variable.path.rpartition("/")[2]]
    drawn = [np.asarray(variable) for variable in seeds]
    for _ in range(n_steps + 1):
        for variable, state in zip(seeds, drawn, strict=True):  # each step draws alike, such as which cells are hidden
            variable.assign(state)
        with tf.GradientTape() as tape:
            value = loss(target, model(arrays, training=True))
            value += sum(model.losses)
        gradients = tape.gradient(value, model.trainable_variables)
        lost = [v.path for v, g in zip(model.trainable_variables, gradients, strict=True) if g is None]
        promise(not lost, f"{template.name}: no gradient reaches {lost}")
        losses.append(float(value))
        if len(losses) <= n_steps:
            adam.update(variables, [tf.convert_to_tensor(gradient) for gradient in gradients])
    promise(np.isfinite(losses).all(), f"{template.name}: losses {losses} are not finite")
    if template.is_game:
        unmoved = [v.path for v, was in zip(model.trainable_variables, before, strict=True) if np.array_equal(v, was)]
        promise(not n_steps or not unmoved, f"{template.name}: some steps leave {unmoved} as they were")
        return
    promise(not n_steps or min(losses[1:]) < losses[0], f"{template.name}: the loss does not fall: {losses}")


class _Adam:
    """Adam without weight decay; Keras's own takes as long as the network, where steps are not compiled."""

    def __init__(self, variables: Sequence[Any]) -> None:
        import tensorflow as tf

        self.moments = [(tf.Variable(tf.zeros_like(one)), tf.Variable(tf.zeros_like(one))) for one in variables]
        self.n_steps = 0

    def update(self, variables: Sequence[Any], gradients: Sequence[Any], rate: float = 2e-3) -> None:
        """Take a step down these gradients."""
        import tensorflow as tf

        self.n_steps += 1
        for variable, gradient, (first, second) in zip(variables, gradients, self.moments, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle, m=first.handle, v=second.handle, beta1_power=0.9**self.n_steps,
                beta2_power=0.999**self.n_steps, lr=rate, beta1=0.9, beta2=0.999, epsilon=1e-7, grad=gradient,
            )  # fmt: skip


def check_knobs(
    template: Template, model: Any, knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head
) -> None:
    """Check the knobs of a network, whose weights this moves."""
    import keras_tuner
    import tensorflow as tf

    hp = keras_tuner.HyperParameters()
    template.space(hp, specs, example_facts(head.goal))
    bounds = {parameter.name: parameter for parameter in hp.space}
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:  # as after some steps: blocks that begin as the identity read knobs too
        variable.assign_add(rng.normal(0.0, 0.05, tuple(variable.shape)))
    arrays, traces = read(model, example_arrays(specs)), []

    def forward(x: Any) -> Any:
        traces.append(1)
        output = model(x, training=True)
        return output, [tf.cast(own, "float32") for own in model.losses]

    step = tf.function(forward, autograph=False)
    x = {name: tf.constant(array) for name, array in arrays.items()}
    for name in knobs:
        knobs[name].assign(bounds[name].min_value)
    step(x)
    for name in (name for name in knobs if name not in LOOP_KNOBS):
        low, high = bounds[name].min_value, bounds[name].max_value
        moved = any(_differs(model, knobs[name], (low, high), lambda: step(x)) for _ in range(5))
        promise(
            moved,
            f"{template.name}: knob {name!r} has no effect in training; pass knobs[{name!r}] itself to a layer that "
            "reads it at each call, such as automl.layers' KnobDropout, and not its value",
        )
    promise(len(traces) == 1, f"{template.name}: a change of a knob traced the step again")


def _differs(model: Any, knob: Any, ends: tuple[float, float], step: Callable[[], tuple[Any, Sequence[Any]]]) -> bool:
    """Whether a knob's ends give other outputs or losses for the same random draws; leaves it at its first end."""
    before = [variable.numpy() for variable in model.non_trainable_variables]  # states of the seeds among them
    first = outputs_and_losses(step())
    after = [variable.numpy() for variable in model.non_trainable_variables]
    _put_back(model, before)
    knob.assign(ends[1])
    second = outputs_and_losses(step())
    knob.assign(ends[0])
    _put_back(model, after)  # other draws the next time
    return any(not np.array_equal(one, other) for one, other in zip(first, second, strict=True))


def outputs_and_losses(step: tuple[Any, Sequence[Any]]) -> list[np.ndarray]:
    """The outputs of a step, and the losses that the layers add."""
    output, losses = step
    return [np.asarray(output), *map(np.asarray, losses)]


def _put_back(model: Any, values: Sequence[np.ndarray]) -> None:
    for variable, value in zip(model.non_trainable_variables, values, strict=True):
        variable.assign(value)


def check_round_trip(template: Template, model: Any, specs: Sequence[InputSpec]) -> None:
    """Check that a bundle takes the network, and that it predicts the same bits when it is opened."""
    import keras

    from automl.bundle.trust import check_keras
    from automl.errors import BundleError
    from automl.layers import register

    register()
    arrays = read(model, example_arrays(specs, seed=1))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        try:
            check_keras(path)
        except BundleError as error:
            raise AssertionError(
                f"{template.name}: a bundle would refuse its network, which is to be built of Keras's layers and those "
                f"of automl.layers: {str(error).replace(str(path), 'it').partition(';')[0]}"
            ) from error
        loaded = keras.models.load_model(path, compile=False, safe_mode=True)
    before, after = (np.asarray(network(arrays, training=False)) for network in (model, loaded))
    promise(np.array_equal(before, after), f"{template.name}: saved and loaded, it predicts otherwise")
