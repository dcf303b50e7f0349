"""Gradients of a deep finalist's loss by its encoded inputs. TensorFlow only, like `automl.sides.predictors`."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl.records import Dataset, Head
from automl.sides.predictors import DeepPredictor, input_names, input_structure

__all__ = ["NetworkGradients"]

BATCH = 128


class NetworkGradients:
    """Gradients of the training loss of all networks of a finalist, weighted as its ensemble is.

    Pictures are whole numbers to a network. A copy of it reads them as float32, since whole numbers have no gradient.

    Args:
        predictor: of the deep side.
        wanted: names of encoded inputs; those that no network reads, or that are codes, are left out.
    """

    def __init__(self, predictor: DeepPredictor, wanted: tuple[str, ...]) -> None:
        self.predictor = predictor
        kinds = {spec.name: spec.kind for spec in predictor.encoder.specs}
        read = {name for model in predictor.models for name in input_names(model)}
        self.names = tuple(name for name in wanted if name in read and kinds.get(name) in _WITH_GRADIENT)
        pictures = {name for name in self.names if kinds[name] == "image"}
        weights = predictor.weights * (len(predictor.models) // len(predictor.weights))
        self.parts = [
            (weight, _traced(_reading_floats(model, pictures), self.names, pictures, predictor.codec.head))
            for model, weight in zip(predictor.models, weights, strict=True)
            if self.names and weight > 0
        ]

    def __call__(self, dataset: Dataset, rows: np.ndarray) -> dict[str, np.ndarray]:
        """For each name, the gradient of each row's own loss, ``(n, ...)`` float64; 0 where it is not finite."""
        parts: dict[str, list[np.ndarray]] = {name: [] for name in self.names}
        for begin in range(0, len(rows), BATCH):
            some = rows[begin : begin + BATCH]
            arrays = self.predictor.encoder.transform(dataset, some)
            answers = np.asarray(self.predictor.codec.encode(dataset, some))
            total = {name: np.zeros(arrays[name].shape) for name in self.names}
            for weight, gradients in self.parts:
                for name, found in gradients(arrays, answers).items():
                    total[name] += weight * np.nan_to_num(found, posinf=0.0, neginf=0.0)
            for name in self.names:
                parts[name].append(total[name])
        return {name: np.concatenate(found) for name, found in parts.items()}


_WITH_GRADIENT = ("numbers", "image", "series")


def _reading_floats(model: Any, pictures: set[str]) -> Any:
    """The model itself, or a copy of it whose pictures are float32."""
    if not pictures & set(input_names(model)):
        return model
    import keras

    def read(tensor: Any) -> Any:
        dtype = "float32" if tensor.name in pictures else tensor.dtype
        return keras.Input(batch_shape=tensor.shape, dtype=dtype, name=tensor.name)

    copy = keras.models.clone_model(model, input_tensors=keras.tree.map_structure(read, input_structure(model)))
    copy.set_weights(model.get_weights())
    return copy


def _traced(model: Any, wanted: tuple[str, ...], pictures: set[str], head: Head) -> Any:
    """``gradients(arrays, answers) -> name → array`` of one network, traced here once for any number of rows."""
    import tensorflow as tf

    names = input_names(model)
    own = [name for name in wanted if name in names]
    structure = input_structure(model)
    is_mapping, is_single = isinstance(structure, dict), not isinstance(structure, dict | list | tuple)

    def compute(values: list[Any], answers: Any) -> list[Any]:
        by_name = dict(zip(names, values, strict=True))
        with tf.GradientTape() as tape:
            tape.watch([by_name[name] for name in own])
            given = by_name if is_mapping else values[0] if is_single else values
            total = _loss(head.loss, tf.cast(model(given, training=False), "float32"), answers)
        found = tape.gradient(total, [by_name[name] for name in own], unconnected_gradients="zero")
        return [tf.convert_to_tensor(one) for one in found]

    tensors = structure if is_mapping else {tensor.name: tensor for tensor in model.inputs}
    signature = [tf.TensorSpec((None, *tensors[name].shape[1:]), tensors[name].dtype) for name in names]
    is_code = head.loss == "sparse_categorical_crossentropy"
    answer = tf.TensorSpec((None,), tf.int32) if is_code else tf.TensorSpec((None, *head.shape), tf.float32)
    compiled = tf.function(compute, input_signature=[signature, answer], autograph=False).get_concrete_function()

    def gradients(arrays: dict[str, np.ndarray], answers: np.ndarray) -> dict[str, np.ndarray]:
        values = [
            tf.convert_to_tensor(arrays[name].astype(np.float32) if name in pictures else arrays[name])
            for name in names
        ]
        found = compiled(values, tf.convert_to_tensor(answers))
        return {name: np.asarray(one, np.float64) for name, one in zip(own, found, strict=True)}

    return gradients


def _loss(name: str, raw: Any, answers: Any) -> Any:
    """The sum of the rows' losses; cells whose answer is not known have none."""
    import tensorflow as tf

    if name == "sparse_categorical_crossentropy":
        return tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(answers, raw))
    answers = tf.reshape(tf.cast(answers, "float32"), tf.shape(raw))
    if name == "binary_crossentropy":
        return tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(answers, raw))
    known = tf.math.is_finite(answers)
    return tf.reduce_sum(tf.where(known, tf.square(raw - tf.where(known, answers, 0.0)), 0.0))
