"""Finalists as they predict: members weighted, seeds averaged, thresholds applied, the same for both sides."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.errors import AutomlError, BundleError
from automl.goals import decided
from automl.goals.shared.outputs import combine
from automl.records import Dataset, Encoder, Output, ShallowModel, TargetCodec

if TYPE_CHECKING:
    from automl.goals.shared.calibration import Decision

__all__ = ["BATCH_SIZE", "DeepPredictor", "Predictor", "ShallowPredictor", "input_names", "opened_from", "raw"]

BATCH_SIZE = 1024
ENCODED_ROWS = 16 * BATCH_SIZE
"""Of a table, encoded together: what is made once for each level then is made less often."""

# A model's compiled forward pass, dropped together with the model.
FORWARD: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()


class _Predictor:
    """What both sides' predictors do alike with the outputs of their seeds."""

    __slots__ = ()

    decision: Decision | None
    source: str

    def output(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """Predict these rows (1-D row numbers, or forecast windows ``(n, horizon)``).

        Raises:
            BundleError: the models were opened from a folder, and cannot do it.
        """
        with opened_from(self.source):
            output = combine(self._each(dataset, rows))
            return output if self.decision is None else decided(self.decision, output)

    def each(self, dataset: Dataset, rows: np.ndarray) -> list[Output]:
        """What each seed predicts, undecided; see `output`."""
        with opened_from(self.source):
            return self._each(dataset, rows)

    def _each(self, dataset: Dataset, rows: np.ndarray) -> list[Output]:
        raise NotImplementedError


@dataclass(frozen=True, slots=True, eq=False)
class DeepPredictor(_Predictor):
    """A network's seeds with the encoder and codec they were trained with.

    Attributes:
        models: the members' Keras models of the first seed, then those of the next; raw outputs (no activation).
        encoder: fitted on training rows.
        codec: fitted on training rows.
        decision: calibration and thresholds, or None to leave the outputs as they are.
        weights: of an ensemble's members, sum 1; a single model has one.
        source: the folder that they were opened from, whose states may not be what they seem; empty if fitted here.
    """

    models: tuple[Any, ...]
    encoder: Encoder
    codec: TargetCodec
    decision: Decision | None = None
    weights: tuple[float, ...] = (1.0,)
    source: str = ""

    def _each(self, dataset: Dataset, rows: np.ndarray) -> list[Output]:
        parts: list[list[np.ndarray]] = [[] for _ in self.models]
        is_table = rows.ndim == 1 and hasattr(dataset.inputs, "columns") and not dataset.pictures
        step = ENCODED_ROWS if is_table else BATCH_SIZE
        for start in range(0, max(len(rows), 1), step):
            arrays = self.encoder.transform(dataset, rows[start : start + step])
            for begin in range(0, max(len(rows[start : start + step]), 1), BATCH_SIZE):
                batch = {name: array[begin : begin + BATCH_SIZE] for name, array in arrays.items()}
                for part, model in zip(parts, self.models, strict=True):
                    part.append(raw(model, batch))
        return seeds([self.codec.decode(np.concatenate(part)) for part in parts], self.weights)


@dataclass(frozen=True, slots=True, eq=False)
class ShallowPredictor(_Predictor):
    """A shallow family's seeds; each does its own encoding.

    Attributes:
        models: the members' fitted models of the first seed, then those of the next.
        decision: calibration and thresholds, or None to leave the outputs as they are.
        weights: of an ensemble's members, sum 1; a single model has one.
        source: the folder that they were opened from; empty if fitted here.
    """

    models: tuple[ShallowModel, ...]
    decision: Decision | None = None
    weights: tuple[float, ...] = (1.0,)
    source: str = ""

    def _each(self, dataset: Dataset, rows: np.ndarray) -> list[Output]:
        return seeds([model.predict(dataset, rows) for model in self.models], self.weights)


Predictor = DeepPredictor | ShallowPredictor


@contextmanager
def opened_from(source: str) -> Iterator[None]:
    """Tell what fails in a model that was opened from a folder as a fault of the model or of the rows it was given.

    Sizes, places and names were checked when it was opened; a state that is of the right kind and yet makes no sense
    shows itself only here.

    Args:
        source: the folder; empty for a model that was fitted here, whose failures are passed on as they are.

    Raises:
        BundleError: something failed that is no error of the user's input already.
    """
    try:
        yield
    except AutomlError:
        raise
    except Exception as error:
        if not source:
            raise
        raise BundleError(
            f"the model in {source} cannot predict these rows ({type(error).__name__}: {str(error)[:200]}); its files "
            "do not fit one another, or the rows are of another kind than those it was trained on: compare the two, "
            "or save the model again"
        ) from error


def seeds(outputs: Sequence[Output], weights: Sequence[float]) -> list[Output]:
    """One output a seed from those of all members, seed by seed."""
    n = len(weights)
    return [combine(outputs[start : start + n], weights) for start in range(0, len(outputs), n)]


def raw(model: Any, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """One forward pass, without dropout, through a function compiled once per model for any number of rows.

    The batch dimension of the compiled function is left open, so a last, smaller batch costs no new trace.
    ``model.predict`` would cost about 80 ms a call, this costs under one for a small network.

    Args:
        model: a Keras model with named inputs.
        arrays: by input name, ``(n, ...)`` each; those that the model has no input for are ignored.

    Returns:
        ``(n, ...)`` float32, as the network puts it out.
    """
    import tensorflow as tf

    names = input_names(model)
    forward = FORWARD.get(model)
    if forward is None:
        forward = FORWARD[model] = compiled(model, names)
    return np.asarray(forward([tf.convert_to_tensor(arrays[name]) for name in names]), dtype="float32")


def input_names(model: Any) -> list[str]:
    """Names of a model's inputs, as its `InputSpec`s call them."""
    structure = input_structure(model)
    return list(structure) if isinstance(structure, dict) else [tensor.name for tensor in model.inputs]


def input_structure(model: Any) -> Any:
    """How a model wants its inputs: a mapping by name, a list, or a single tensor."""
    try:
        return model.input
    except AttributeError:  # a Sequential that was never called
        return model.inputs[0] if len(model.inputs) == 1 else model.inputs


def compiled(model: Any, names: Sequence[str]) -> Any:
    """The forward pass as a TensorFlow function; it must not keep the model alive, or the cache would never empty.

    It is traced here: TensorFlow takes the first calls of many such functions, one a model, for one that is traced
    again and again, and warns of it.
    """
    import tensorflow as tf

    reference = weakref.ref(model)
    structure = input_structure(model)
    is_mapping, is_single = isinstance(structure, dict), not isinstance(structure, dict | list | tuple)
    tensors = structure if is_mapping else {tensor.name: tensor for tensor in model.inputs}
    signature = [tf.TensorSpec((None, *tensors[name].shape[1:]), tensors[name].dtype) for name in names]

    def forward(values: list[Any]) -> Any:
        inputs = dict(zip(names, values, strict=True)) if is_mapping else values[0] if is_single else values
        network: Any = reference()
        return network(inputs, training=False)

    return tf.function(forward, input_signature=[signature], autograph=False).get_concrete_function()
