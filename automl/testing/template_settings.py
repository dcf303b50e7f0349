"""What is promised of a template's space: its settings are within bounds, and each of them matters."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from automl.records import Facts, Head, InputSpec, Template
from automl.testing.examples import example_arrays, example_facts, example_head, example_specs, example_task
from automl.testing.promise import promise
from automl.testing.template_networks import LOOP_KNOBS, built, check_knobs, outputs_and_losses, read

__all__ = ["check_settings", "example_kinds", "of_other_networks", "points"]

LOOP_CHOICES = ("batch_size", "epochs")
SETTINGS_OF_ROWS = ("compared",)
"""What the training loop of a template that keeps rows reads, and its network does not."""


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
        check_knobs(template, *built(template, bases[0], specs, head), specs, head)


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
        self._made = partial(built, template, point, specs, head)
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
        output = self._model(read(self._model, example_arrays(self._specs)), training=True)
        return b"".join(value.tobytes() for value in outputs_and_losses((output, list(self._model.losses))))

    def differs_from(self, other: _Fingerprint) -> bool:
        """Whether weights, outputs or losses differ; networks with other weights need not be run."""
        return self._weights != other._weights or self._seen != other._seen


def points(template: Template, specs: Sequence[InputSpec], facts: Facts, n_random: int) -> list[dict[str, Any]]:
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


def of_other_networks(template: Template, tried: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The first of all points that build the same network: knobs and choices of the training loop do not change it."""
    passed_over = {*template.knobs, *LOOP_CHOICES}
    first: dict[str, Mapping[str, Any]] = {}
    for point in tried:
        first.setdefault(repr(sorted((k, v) for k, v in point.items() if k not in passed_over)), point)
    return list(first.values())


def _allowed(parameter: Any, value: Any) -> bool:
    if hasattr(parameter, "min_value"):
        return bool(parameter.min_value <= value <= parameter.max_value)
    return value in parameter.values if hasattr(parameter, "values") else True
