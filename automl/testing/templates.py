"""The contract of a deep template."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from automl.goals import known
from automl.records import Facts, GoalName, Head, InputSpec, Template
from automl.testing.examples import (
    N_ROWS,
    example_arrays,
    example_facts,
    example_head,
    example_specs,
    example_target,
    example_task,
)
from automl.testing.promise import promise

LOOP_KNOBS = ("learning_rate", "weight_decay")
LOOP_CHOICES = ("batch_size", "epochs")


SETTINGS_OF_ROWS = ("compared",)
"""What the training loop of a template that keeps rows reads, and its network does not."""


def check_template(template: Template, goals: Sequence[GoalName] = (), n_random: int = 3) -> None:
    """Check that a template keeps what the search loop relies on.

    - its space declares learning_rate, weight_decay, batch_size and epochs, and every knob as a float (given inputs of
      all kinds that it accepts); its starts name only what the space declares, within its bounds;
    - it builds for each goal, and from the defaults, each start and random points, with inputs named as specs and
      float32 output of the head's shape; each input kind that it accepts is read by one of these networks at least;
    - same seed, same weights; every weight has a gradient, losses are finite, a few steps lower them (but for a game
      of two networks, `Template.is_game`, whose weights move);
    - knobs are read at every step, without tracing again, and are not saved;
    - it is made of Keras's layers and ours alone, and saved and loaded it predicts the same bits.

    Args:
        template: to check.
        goals: of those it claims, the ones to check; empty for all.
        n_random: points per goal.

    Raises:
        AssertionError: a promise is broken; says which.
    """
    for number, goal in enumerate(goals or template.goals):
        promise(goal in template.goals, f"{template.name} does not claim the goal {goal!r}")
        promise(goal in known(), f"{template.name}: no example of the goal {goal!r}; goals are {', '.join(known())}")
        specs, facts = example_specs(template.accepts, goal), example_facts(goal)
        head = example_head(goal, specs)
        reason = template.unfit(example_task(goal), specs)
        promise(reason is None, f"{template.name} accepts {template.accepts} but finds them unfit: {reason}")
        points = _points(template, specs, facts, n_random)
        model, knobs = _built(template, points[0], specs, head)
        first = model.get_weights()
        _check_shape(template, model, specs, head)
        if number == 0:  # what does not depend on the goal
            read = {tensor.name for tensor in model.inputs}
            for point in points[1:]:
                other = _built(template, point, specs, head)[0]
                _check_shape(template, other, specs, head)
                read |= {tensor.name for tensor in other.inputs}
            left = sorted({spec.name for spec in specs} - read)
            promise(not left, f"{template.name} accepts {template.accepts}, but no setting tried reads {left}")
            same = _built(template, points[0], specs, head)
            other = _built(template, points[0], specs, head, seed=1)[0]
            _check_seed(template, first, same[0].get_weights(), other.get_weights())
            _check_knobs(template, *same, specs, head)
            _check_round_trip(template, model, specs)
        _check_learns(template, model, knobs, specs, head, n_steps=0 if number else 4)


def example_kinds(template: Template) -> dict[str, tuple[InputSpec, ...]]:
    """The inputs that a template can be given: those of all kinds that it accepts, and each kind alone if it fits."""
    goal = template.goals[0]
    specs, task = example_specs(template.accepts, goal), example_task(goal)
    by_kind: dict[str, tuple[InputSpec, ...]] = {
        kind: tuple(spec for spec in specs if spec.kind == kind) for kind in template.accepts
    }
    kinds = {kind: own for kind, own in by_kind.items() if own and template.unfit(task, own) is None}
    return {**kinds, "all": specs}


def check_settings(template: Template, kind: str = "all") -> None:
    """Check that each setting in a template's space matters for inputs of a kind.

    A setting that cannot matter costs trials that repeat each other. Knobs must change a training step, and choices the
    network. Choices of the training loop are not checked, and `check_template` checks the knobs for inputs of all
    kinds.

    Args:
        template: to check.
        kind: a key of `example_kinds`.

    Raises:
        AssertionError: a setting of the space changes nothing; says which.
    """
    goal = template.goals[0]
    kinds, facts = example_kinds(template), example_facts(goal)
    specs = kinds[kind]
    head = example_head(goal, specs)
    declared = _declared(template, specs, facts)
    defaults = {name: parameter.default for name, parameter in declared.items()}
    bases = _distinct([defaults, *({**defaults, **start} for start in template.starts(specs, facts))])
    trusted = {*template.knobs, *LOOP_CHOICES, *(SETTINGS_OF_ROWS if template.keeps_rows else ())}
    if kind == "all":  # what single kinds declare is checked with them
        trusted |= {name for other, own in kinds.items() if other != kind for name in _declared(template, own, facts)}
    prints = [_Fingerprint(template, base, specs, head) for base in bases]
    for name in (name for name in declared if name not in trusted):
        values = _some_values(declared[name])
        for number, base in enumerate(bases):
            others = ({**base, name: value} for value in values if value != base[name])
            if any(_Fingerprint(template, other, specs, head).differs_from(prints[number]) for other in others):
                break
        else:
            promise(
                len(values) < 2,
                f"{template.name}: {name!r} changes nothing for inputs of the kind {kind!r}; declare it only where it "
                "matters",
            )
    if kind != "all":
        _check_knobs(template, *_built(template, bases[0], specs, head), specs, head)


def _distinct(points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each point once, in their order: a start is often the defaults."""
    return [point for number, point in enumerate(points) if point not in points[:number]]


def _declared(template: Template, specs: Sequence[InputSpec], facts: Facts) -> dict[str, Any]:
    """The hyperparameters of a template's space by name."""
    import keras_tuner

    hp = keras_tuner.HyperParameters()
    template.space(hp, specs, facts)
    return {parameter.name: parameter for parameter in hp.space}


def _some_values(parameter: Any) -> list[Any]:
    """The values of a choice, or the ends of a range."""
    if hasattr(parameter, "min_value"):
        return [parameter.min_value, parameter.max_value]
    return list(getattr(parameter, "values", (False, True)))


class _Fingerprint:
    """What a network from one seed is; it is built, and run, once this is asked for."""

    def __init__(self, template: Template, point: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> None:
        self._made = partial(_built, template, point, specs, head)
        self._specs = specs

    @cached_property
    def _model(self) -> Any:
        return self._made()[0]

    @cached_property
    def _weights(self) -> list[tuple[tuple[int, ...], float]]:
        """Shape and rate of each weight."""
        from automl.layers.rates import rate_factor

        return [(tuple(weight.shape), rate_factor(weight)) for weight in self._model.weights]

    @cached_property
    def _seen(self) -> bytes:
        """Outputs in training, and the losses that layers add."""
        import keras

        keras.utils.set_random_seed(0)  # whatever was built or run in between
        output = self._model(_read(self._model, example_arrays(self._specs)), training=True)
        return b"".join(value.tobytes() for value in _values((output, list(self._model.losses))))

    def differs_from(self, other: _Fingerprint) -> bool:
        """Whether weights, outputs or losses differ; networks with other weights need not be run."""
        return self._weights != other._weights or self._seen != other._seen


def _points(template: Template, specs: Sequence[InputSpec], facts: Facts, n_random: int) -> list[dict[str, Any]]:
    """The defaults, every start, and random points of the space."""
    import keras_tuner

    hp = keras_tuner.HyperParameters()
    template.space(hp, specs, facts)
    declared = {parameter.name: parameter for parameter in hp.space}
    for name in (*LOOP_KNOBS, *LOOP_CHOICES, *template.knobs):
        promise(
            name in declared, f"{template.name}: its space must declare {name!r}; it declares {', '.join(declared)}"
        )
    for name in (*LOOP_KNOBS, *template.knobs):
        promise(name in template.knobs, f"{template.name}: {name!r} must be among its knobs")
        promise(
            isinstance(declared[name], keras_tuner.engine.hyperparameters.Float),
            f"{template.name}: the knob {name!r} must be declared by hp.Float; what changes shapes is a choice",
        )
    if template.prior is not None:
        promise(template.prior(specs, facts) > 0, f"{template.name}: its prior must be a positive number")
    starts = list(template.starts(specs, facts))
    promise(starts, f"{template.name}: starts must give at least one setting")
    for start in starts:
        for name, value in start.items():
            promise(name in declared, f"{template.name}: start names {name!r}, which its space lacks")
            promise(_allowed(declared[name], value), f"{template.name}: start {name}={value!r} is out of its bounds")
    rng = random.Random(0)
    drawn = [{name: parameter.random_sample(rng.random()) for name, parameter in declared.items()}
             for _ in range(n_random)]  # fmt: skip
    return _distinct([dict(hp.values), *({**hp.values, **start} for start in starts), *drawn])


def _allowed(parameter: Any, value: Any) -> bool:
    if hasattr(parameter, "min_value"):
        return bool(parameter.min_value <= value <= parameter.max_value)
    return value in parameter.values if hasattr(parameter, "values") else True


def _built(
    template: Template, point: Mapping[str, Any], specs: Sequence[InputSpec], head: Head, seed: int = 0
) -> tuple[Any, dict[str, Any]]:
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


def _check_shape(template: Template, model: Any, specs: Sequence[InputSpec], head: Head) -> None:
    names = {tensor.name for tensor in model.inputs}
    promise(names <= {spec.name for spec in specs}, f"{template.name}: inputs {names} are not named as the specs")
    output = model(_read(model, example_arrays(specs)), training=False)
    shape = tuple(output.shape)
    promise(shape == (N_ROWS, *head.shape), f"{template.name}: output {shape}, expected {(N_ROWS, *head.shape)}")
    promise("float32" in str(output.dtype), f"{template.name}: output is {output.dtype}, expected float32")
    promise(np.isfinite(np.asarray(output)).all(), f"{template.name}: output is not finite")


def _read(model: Any, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays that a network has an input for."""
    names = {tensor.name for tensor in model.inputs}
    return {name: array for name, array in arrays.items() if name in names}


def _check_seed(
    template: Template, first: Sequence[np.ndarray], second: Sequence[np.ndarray], other: Sequence[np.ndarray]
) -> None:
    """Check the weights of two networks from one seed, and of one from another seed."""
    same = len(first) == len(second) and all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    promise(same, f"{template.name}: the same seed must give the same weights in the same order")
    differs = any(not np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    promise(differs, f"{template.name}: another seed must give other weights")


def _check_learns(
    template: Template,
    model: Any,
    knobs: Mapping[str, Any],
    specs: Sequence[InputSpec],
    head: Head,
    n_steps: int,
) -> None:
    import keras
    import tensorflow as tf

    from automl.layers.losses import loss_for

    held = {id(variable) for variable in knobs.values()}
    promise(not held & {id(variable) for variable in model.variables}, f"{template.name}: knobs are among its weights")
    arrays, target, loss = _read(model, example_arrays(specs)), example_target(head), loss_for(head)
    optimizer = keras.optimizers.Adam(2e-3)
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
            optimizer.apply(gradients, model.trainable_variables)
    promise(np.isfinite(losses).all(), f"{template.name}: losses {losses} are not finite")
    if template.is_game:
        unmoved = [v.path for v, was in zip(model.trainable_variables, before, strict=True) if np.array_equal(v, was)]
        promise(not n_steps or not unmoved, f"{template.name}: some steps leave {unmoved} as they were")
        return
    promise(not n_steps or min(losses[1:]) < losses[0], f"{template.name}: the loss does not fall: {losses}")


def _check_knobs(
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
    arrays, traces = _read(model, example_arrays(specs)), []

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
    first = _values(step())
    after = [variable.numpy() for variable in model.non_trainable_variables]
    _put_back(model, before)
    knob.assign(ends[1])
    second = _values(step())
    knob.assign(ends[0])
    _put_back(model, after)  # other draws the next time
    return any(not np.array_equal(one, other) for one, other in zip(first, second, strict=True))


def _values(step: tuple[Any, Sequence[Any]]) -> list[np.ndarray]:
    """The outputs of a step, and the losses that the layers add."""
    output, losses = step
    return [np.asarray(output), *map(np.asarray, losses)]


def _put_back(model: Any, values: Sequence[np.ndarray]) -> None:
    for variable, value in zip(model.non_trainable_variables, values, strict=True):
        variable.assign(value)


def _check_round_trip(template: Template, model: Any, specs: Sequence[InputSpec]) -> None:
    import keras

    from automl.bundle.trust import check_keras
    from automl.errors import BundleError
    from automl.layers import register

    register()
    arrays = _read(model, example_arrays(specs, seed=1))
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
