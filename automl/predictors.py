"""Finalists as they predict: seeds averaged, calibration and thresholds applied, the same for both sides."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.records import Dataset, Encoder, Output, ShallowModel, TargetCodec

if TYPE_CHECKING:
    from automl.decision import Decision

__all__ = ["BATCH_SIZE", "DeepPredictor", "Predictor", "ShallowPredictor", "average", "raw"]

BATCH_SIZE = 1024

# A model's compiled forward pass, dropped together with the model.
FORWARD: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()


@dataclass(frozen=True, slots=True, eq=False)
class DeepPredictor:
    """A network's seeds with the encoder and codec they were trained with.

    Attributes:
        models: one Keras model a seed, raw outputs (no activation).
        encoder, codec: fitted on training rows.
        decision: calibration and thresholds, or None to leave the outputs as they are.
    """

    models: tuple[Any, ...]
    encoder: Encoder
    codec: TargetCodec
    decision: Decision | None = None

    def output(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """Predict these rows (1-D row numbers, or forecast windows ``(n, horizon)``)."""
        return decide(self.decision, average(self.each(dataset, rows)))

    def each(self, dataset: Dataset, rows: np.ndarray) -> list[Output]:
        """What each seed predicts, undecided."""
        parts: list[list[np.ndarray]] = [[] for _ in self.models]
        for start in range(0, max(len(rows), 1), BATCH_SIZE):
            arrays = self.encoder.transform(dataset, rows[start : start + BATCH_SIZE])
            for part, model in zip(parts, self.models, strict=True):
                part.append(raw(model, arrays))
        return [self.codec.decode(np.concatenate(part)) for part in parts]


@dataclass(frozen=True, slots=True, eq=False)
class ShallowPredictor:
    """A shallow family's seeds; each does its own encoding.

    Attributes:
        models: one fitted model a seed.
        decision: calibration and thresholds, or None to leave the outputs as they are.
    """

    models: tuple[ShallowModel, ...]
    decision: Decision | None = None

    def output(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """Predict these rows (1-D row numbers, or forecast windows ``(n, horizon)``)."""
        return decide(self.decision, average(self.each(dataset, rows)))

    def each(self, dataset: Dataset, rows: np.ndarray) -> list[Output]:
        """What each seed predicts, undecided."""
        return [model.predict(dataset, rows) for model in self.models]


Predictor = DeepPredictor | ShallowPredictor


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
    """The forward pass as a TensorFlow function; it must not keep the model alive, or the cache would never empty."""
    import tensorflow as tf

    reference = weakref.ref(model)
    structure = input_structure(model)
    is_mapping, is_single = isinstance(structure, dict), not isinstance(structure, dict | list | tuple)
    tensors = structure if is_mapping else {tensor.name: tensor for tensor in model.inputs}
    signature = [tf.TensorSpec((None, *tensors[name].shape[1:]), tensors[name].dtype) for name in names]

    @tf.function(input_signature=[signature], autograph=False)  # type: ignore[untyped-decorator]
    def forward(values: list[Any]) -> Any:
        inputs = dict(zip(names, values, strict=True)) if is_mapping else values[0] if is_single else values
        return reference()(inputs, training=False)  # type: ignore[misc]

    return forward


def average(outputs: Sequence[Output]) -> Output:
    """The mean of several outputs of one kind; labels follow from the mean probabilities.

    Args:
        outputs: of the same rows, one for each seed.

    Returns:
        The first itself when there is one only.
    """
    if len(outputs) == 1:
        return outputs[0]
    first = outputs[0]
    arrays = {
        name: np.mean([output.arrays[name] for output in outputs], axis=0, dtype="float64").astype(array.dtype)
        for name, array in first.arrays.items()
        if name != "labels"
    }
    if "labels" in first.arrays:
        arrays["labels"] = likeliest(arrays.get("probabilities"), [output.arrays["labels"] for output in outputs])
    return Output(first.kind, arrays)


def likeliest(probabilities: np.ndarray | None, votes: Sequence[np.ndarray]) -> np.ndarray:
    """Labels from mean probabilities, or by majority (the lower code in a draw) where there are none."""
    if probabilities is None:
        ballots = np.stack(votes)
        codes = np.arange(ballots.max(initial=0) + 1)
        counts = (ballots[..., None] == codes).sum(axis=0)  # (n, ..., n_classes)
        return np.asarray(counts.argmax(axis=-1), dtype=votes[0].dtype)
    if votes[0].ndim == 2:  # multilabel: each label on its own
        return (probabilities >= 0.5).astype(votes[0].dtype)
    return np.asarray(probabilities.argmax(axis=1), dtype=votes[0].dtype)


def decide(decision: Decision | None, output: Output) -> Output:
    """Apply calibration and thresholds where there are any."""
    if decision is None:
        return output
    from automl.decision import apply

    return apply(decision, output)
