"""Trains networks that compare each row with training rows (`automl.layers.neighbours`). TensorFlow only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from automl.deep.training.device_data import DeviceData
from automl.deep.training.network import PREDICT_BATCH, Network
from automl.layers.neighbours import SAME, Neighbours

__all__ = ["RetrievalNetwork"]

LEAST_WEIGHT = 1e-9


class RetrievalNetwork(Network):
    """A network with one `Neighbours` layer at its end.

    A training step draws some training rows, embeds them together with its batch, and compares each row of the batch
    with all drawn rows but itself. Before rows are predicted, the layer gets the current embeddings of the training
    rows. Rows are compared only with training rows of the current hold-out. If there are more of them than the layer
    holds, a sample is drawn once.

    The arguments are those of `Network`; choices hold "compared", the number of training rows drawn in a step.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.layer = next(layer for layer in self.model.layers if isinstance(layer, Neighbours))
        self.embed = keras.Model(self.model.inputs, self.layer.input)
        self._known = tf.Variable(tf.zeros([self.layer.rows], tf.int32))  # numbers of the training rows compared with
        self._n_known = tf.Variable(1)
        self._placed = False
        self._embed_rows = tf.function(self._embedded, input_signature=self._forward.input_signature, autograph=False)

    def reset(self, knobs: Mapping[str, float], batch_size: int, seed: int) -> None:
        """Start over, as `Network.reset` does."""
        super().reset(knobs, batch_size, seed)
        self._know(np.arange(self.data.n_train))

    def hold_out(self, number: int) -> None:
        """As `Network.hold_out`; rows are then compared with the training rows of that hold-out."""
        super().hold_out(number)
        self._know(np.asarray(self._rows))

    def take_all(self) -> None:
        """As `Network.take_all`; rows are then compared with all of these, or a sample of them."""
        super().take_all()
        self._know(np.arange(self.data.n_refit))

    def complete(self) -> None:
        """Give the layer the embeddings of the rows that others are compared with."""
        self._place()

    def _know(self, rows: np.ndarray) -> None:
        if len(rows) > self.layer.rows:
            rows = np.sort(np.random.default_rng(0).choice(rows, self.layer.rows, replace=False))
        self._n_known.assign(len(rows))
        self._known.assign(np.resize(rows, self.layer.rows))
        self._placed = False

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Restore what `weights` returned, including the embeddings of the training rows."""
        super().set_weights(weights)
        self._placed = True

    def train(self, batches: np.ndarray, learning_rates: np.ndarray) -> float:
        """As `Network.train`; the stored embeddings of the training rows are out of date afterwards."""
        self._placed = False
        return super().train(batches, learning_rates)

    def _gradients(
        self, data: DeviceData, rows: tf.Tensor, share: float | tf.Tensor = 1.0, share_of_rows: float | tf.Tensor = 1.0
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Loss and gradients of rows that are compared with some training rows; both are embedded in this step."""
        drawn = keras.random.randint(
            (int(self.choices["compared"]),), 0, self._n_known, dtype="int32", seed=self.layer.generator
        )
        others = tf.gather(self._known, drawn)
        both = tf.concat([rows, others], axis=0)
        inputs = {name: tf.gather(tensor, both) for name, tensor in self._read(data.inputs).items()}
        target, weight = tf.gather(data.target, rows), tf.gather(data.weight, rows)
        away = self._away(tf.gather(data.weight, others)) + SAME * tf.cast(rows[:, None] == others[None], tf.float32)
        answers = self._answers(tf.gather(data.target, others))
        variables = [variable.value for variable in self.model.trainable_variables]
        with tf.GradientTape() as tape:
            embedded = self.embed(inputs, training=True)
            n = tf.shape(rows)[0]
            raw = self.layer.compare(embedded[:n], embedded[n:], answers, away)
            loss = self._loss(target, raw, weight) * share
            if self.model.losses:
                loss += tf.add_n([tf.cast(extra, loss.dtype) for extra in self.model.losses]) * share_of_rows
        gradients = tape.gradient(loss, variables)
        return loss, [
            tf.zeros_like(v) if g is None else tf.convert_to_tensor(g)
            for g, v in zip(gradients, variables, strict=True)
        ]

    def _answers(self, target: tf.Tensor) -> tf.Tensor:
        """The targets in the form that the layer averages, shape ``(n, units)``; an unknown one answers the mean, 0."""
        if self.head.activation == "softmax":
            return tf.one_hot(tf.cast(target, tf.int32), self.layer.units)
        values = tf.reshape(tf.cast(target, tf.float32), [-1, self.layer.units])
        return tf.where(tf.math.is_nan(values), tf.zeros_like(values), values)

    def _away(self, weight: tf.Tensor) -> tf.Tensor:
        """What is added to a row's distance so that weight w counts w times: ``exp(-d) w = exp(-(d - log w))``."""
        return -tf.math.log(tf.maximum(weight, LEAST_WEIGHT))

    def predict_valid(self) -> np.ndarray:
        """Raw outputs for the validation rows, shape (n_valid, *head.shape)."""
        self._place()
        return super().predict_valid()

    def predict(self, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        """Raw outputs for encoded rows, shape (n, *head.shape)."""
        self._place()
        return super().predict(arrays)

    def _place(self) -> None:
        """Give the layer the current embeddings of the training rows, if those it has are out of date."""
        if self._placed:
            return
        known = self._known.numpy()
        parts = []
        for begin in range(0, len(known), PREDICT_BATCH):
            rows = known[begin : begin + PREDICT_BATCH]
            parts.append(self._embed_rows({n: tf.gather(t, rows) for n, t in self._read(self.data.inputs).items()}))
        self.layer.keys.assign(tf.cast(tf.concat(parts, axis=0), tf.float32))
        self.layer.answers.assign(self._answers(tf.gather(self.data.target, known)))
        spare = np.arange(len(known)) >= int(self._n_known.numpy())
        self.layer.away.assign(np.where(spare, SAME, self._away(tf.gather(self.data.weight, known)).numpy()))
        self._placed = True

    def _embedded(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        return self.embed(inputs, training=False)
