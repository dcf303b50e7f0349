"""A side's whole model as one graph: from inputs to what `predict` and `predict_proba` return."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automl import goals
from automl.errors import DataError
from automl.export.arithmetic import combined, decided, decoded, encoded_numbers, predicted
from automl.export.describe import CELLS, SECONDS, Inputs, of_encoder
from automl.export.forecasts import forecast
from automl.export.shallow_inputs import Taken, add_features
from automl.records import Task
from automl.sides.predictors import BlendPredictor, DeepPredictor, Predictor, ShallowPredictor, input_names

__all__ = ["Graph", "of"]

Tensors = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A model to export.

    Attributes:
        inputs: what it reads.
        model: a Keras model whose call takes a dict of inputs and gives a dict of outputs.
        signature: TensorFlow's, by name of the input.
        networks: the networks in it.
    """

    inputs: Inputs
    model: Any
    signature: dict[str, Any]
    networks: tuple[Any, ...]


def of(predictor: Predictor, task: Task, inside: bool, wide: bool) -> Graph:
    """The graph of a side.

    Args:
        predictor: of the side.
        task: what it predicts.
        inside: whether the graph encodes numbers and dates itself.
        wide: whether it computes in float64 beside the networks, as `predict` does; float32 otherwise.

    Raises:
        DataError: a part of the model has no export; says which, and what to do.
    """
    import keras
    import tensorflow as tf

    real = tf.float64 if wide else tf.float32
    inputs = Inputs()
    run = _predictor(predictor, task, inputs, inside, real)
    networks = tuple(_networks(predictor))

    class Whole(keras.Model):  # type: ignore[misc]
        """The networks, and what is computed before and after them."""

        def __init__(self) -> None:
            super().__init__(autocast=False, name="automl_export")
            self.networks = list(networks)
            self.built = True

        def call(self, inputs: Mapping[str, Any]) -> Tensors:
            """Outputs by name."""
            found: Tensors = run(dict(inputs))
            return {name: tf.identity(value, name=name) for name, value in found.items()}

    signature = {
        name: tf.TensorSpec((None, *shape), inputs.dtypes[name], name=name) for name, shape in inputs.shapes.items()
    }
    return Graph(inputs, Whole(), signature, networks)


def _networks(predictor: Predictor) -> Sequence[Any]:
    if isinstance(predictor, BlendPredictor):
        shares = zip((predictor.deep, predictor.shallow), predictor.parts, strict=True)
        return [network for one, share in shares if share > 0 for network in _networks(one)]
    return list(predictor.models) if isinstance(predictor, DeepPredictor) else []


def _predictor(
    predictor: Predictor, task: Task, inputs: Inputs, inside: bool, real: Any
) -> Callable[[Tensors], Tensors]:  # fmt: skip
    """What makes outputs of inputs, which are noted in `inputs`."""
    is_multilabel = goals.named(task).is_multilabel
    weights: Sequence[float]
    each: Callable[[Tensors], list[Tensors]]
    if isinstance(predictor, BlendPredictor):
        shares = zip((predictor.deep, predictor.shallow), predictor.parts, strict=True)
        sides = [(one, share) for one, share in shares if share > 0]
        parts = [_predictor(one, task, inputs, inside, real) for one, _ in sides]
        weights = [share for _, share in sides]

        def of_sides(values: Tensors) -> list[Tensors]:
            return [part(values) for part in parts]

        each = of_sides
    elif isinstance(predictor, DeepPredictor):
        each, weights = _deep(predictor, inputs, inside, real), predictor.weights
    elif isinstance(predictor, ShallowPredictor):
        each, weights = _shallow(predictor, task, inputs, real), predictor.weights
    else:
        raise TypeError(f"expected a predictor of automl, got {type(predictor).__name__}")
    decision = predictor.decision

    def run(values: Tensors) -> Tensors:
        outputs, n = each(values), len(weights)
        seeds = [combined(outputs[at : at + n], weights, real) for at in range(0, len(outputs), n)]
        return decided(combined(seeds, [1.0] * len(seeds), real), decision, is_multilabel, real)

    return run


def _deep(
    predictor: DeepPredictor, inputs: Inputs, inside: bool, real: Any
) -> Callable[[Tensors], list[Tensors]]:  # fmt: skip
    used = {name for model in predictor.models for name in input_names(model)}
    own = of_encoder(predictor.encoder, sorted(used), inside)
    for name, made in own.made.items():
        inputs.add(name, made, own.shapes[name], own.dtypes[name])
    inputs.numbers = own.numbers

    def each(values: Tensors) -> list[Tensors]:
        arrays = dict(values)
        if own.numbers is not None:
            arrays["numbers"] = encoded_numbers(own.numbers, values.get(CELLS), values.get(SECONDS))
        return [decoded(predictor.codec, _run(model, arrays), real) for model in predictor.models]

    return each


def _run(model: Any, arrays: Tensors) -> Any:
    names = input_names(model)
    if isinstance(model.input, dict):
        return model({name: arrays[name] for name in names}, training=False)
    values = [arrays[name] for name in names]
    return model(values[0] if len(values) == 1 else values, training=False)


def _shallow(
    predictor: ShallowPredictor, task: Task, inputs: Inputs, real: Any
) -> Callable[[Tensors], list[Tensors]]:  # fmt: skip
    from automl.baselines.forecaster import Forecaster
    from automl.baselines.model import Model

    taken: dict[str, Taken] = {}
    read: list[tuple[Callable[..., Tensors], Any, Taken]] = []
    for model in predictor.models:
        if isinstance(model, Model):
            read.append((predicted, model, add_features(inputs, model.features, task, real.name, taken)))
        elif isinstance(model, Forecaster):
            read.append((forecast, model, add_features(inputs, model, task, real.name, taken)))
        else:
            raise DataError(
                f"a shallow model that is a {type(model).__name__} has no export: classifiers, regressors and "
                "forecasts have; export the deep side, or serve the saved model with automl"
            )

    def each(values: Tensors) -> list[Tensors]:
        return [run(model, own.of(values), real) for run, model, own in read]

    return each
