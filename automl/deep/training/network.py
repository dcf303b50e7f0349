"""A network with one compiled training step for each set of choices, whatever the knobs. TensorFlow only.

Tracing a network takes longer than training a small one (1 to 7 s against 1 s). So a built network is kept, and a trial
that differs in its knobs or batch size alone draws new weights in it. The data lie on the device, and one call runs
many steps.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from automl.deep.training.adam import Adam
from automl.deep.training.built import check_built
from automl.deep.training.device_data import DeviceData
from automl.deep.training.graphs import release
from automl.deep.training.initial import Initial, fresh_names, is_own, seeded
from automl.deep.training.loss_knobs import loss_knobs
from automl.layers.losses import loss_for
from automl.sides.predictors import input_names
from automl.sides.tiles import most_rows

if TYPE_CHECKING:
    from automl.deep.training.device import Device
    from automl.records import Head, InputSpec, Template

__all__ = ["DeviceData", "Network"]

PREDICT_BATCH = 1024


class Network:
    """A built network with its compiled training and prediction functions.

    Args:
        template: builds the network.
        choices: hyperparameters that fix its shapes.
        knobs: names and first values of the knobs, including those of the loss.
        specs: inputs of the network, from the encoder.
        head: output of the network, from the codec.
        data: the data on the device.
        device: the device policy.
        loss_scale: what a forecast's errors are divided by, in the target's units, broadcastable to (n_targets,).
    """

    def __init__(
        self,
        template: Template,
        choices: Mapping[str, Any],
        knobs: Mapping[str, float],
        specs: Sequence[InputSpec],
        head: Head,
        data: DeviceData,
        device: Device,
        loss_scale: np.ndarray | None = None,
    ) -> None:
        self.template, self.choices, self.specs, self.head, self.data = template, dict(choices), specs, head, data
        self.batch_size = 1
        self.n_train, self.n_valid = data.n_train, data.n_valid
        self._rows: np.ndarray | None = None
        self._valid: Mapping[str, tf.Tensor] = data.valid
        self._valid_from = data.valid_from
        self.knobs = {
            name: keras.Variable(float(value), dtype="float32", trainable=False, name=name)
            for name, value in knobs.items()
        }
        self.precision = device.precision_of(template.family)
        self.initial = Initial()
        with self.initial.recording():
            self.model = self._built()
        names = frozenset(input_names(self.model))
        self._reads = names if names <= set(data.valid) else frozenset(data.valid)  # a network may not use all inputs
        self._loss = loss_for(
            head, 1.0 if loss_scale is None else loss_scale,
            **{name: self.knobs[name] for name in loss_knobs(knobs)},
        )  # fmt: skip
        self.adam = Adam(self.model.trainable_variables, template.family, self.knobs["weight_decay"])
        self.n_parameters = int(self.model.count_params())
        # XLA compiles again for each shape. So it gets a single step, whose shape is fixed by the batch size, and not
        # the loop of steps.
        compiled = template.family in device.compiled
        self._step = tf.function(self._one_step, jit_compile=True, autograph=False) if compiled else self._one_step
        self._train = tf.function(self._many_steps, input_signature=self._signature(), autograph=False)
        self._forward = tf.function(
            self._predict_batch, input_signature=[self._batch_signature()], autograph=False
        )  # fmt: skip

    def _batch_signature(self) -> dict[str, Any]:
        valid = self._read(self.data.valid)
        return {name: tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype) for name, tensor in valid.items()}

    def _signature(self) -> list[tf.TensorSpec]:
        return [tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None], tf.float32)]

    @property
    def n_devices(self) -> int:
        """How many devices share a step."""
        return 1

    def _built(self) -> keras.Model:
        """Build a new model, whose layers compute in this network's precision.

        The model itself stays float32; otherwise it would round its inputs before the first layer sees them.
        """
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(self.precision)
        try:
            with fresh_names() if is_own(self.template.build) else contextlib.nullcontext():
                model = self.template.build(self.choices, self.knobs, self.specs, self.head)
        finally:
            keras.config.set_dtype_policy(before)
        check_built(model, self.template.name, self.head)
        model.dtype_policy = keras.DTypePolicy("float32")
        return model

    def reset(self, knobs: Mapping[str, float], batch_size: int, seed: int) -> None:
        """Start over on the first hold-out, with new knobs.

        Weights, normalisation and seed generators are drawn from the seed; the moments of the optimiser are zero.
        """
        self._drawn(seed)
        self.adam.reset()
        for name, value in knobs.items():
            self.knobs[name].assign(float(value))
        self._rows, self._valid, self._valid_from = None, self.data.valid, self.data.valid_from
        self.n_train, self.n_valid = self.data.n_train, self.data.n_valid
        self.batch_size = int(min(batch_size, self.n_train))

    def hold_out(self, number: int) -> None:
        """Train and validate on another hold-out until the next `reset`; 1 is the first of `data.others`."""
        self._rows, valid = self.data.others[number - 1]
        self._valid = {name: tf.gather(tensor, valid) for name, tensor in self._read(self.data.inputs).items()}
        self._valid_from = 0
        self.n_train, self.n_valid = len(self._rows), len(valid)
        self.batch_size = min(self.batch_size, self.n_train)

    def take_all(self) -> None:
        """Train on the training rows and those that a refit adds, until the next `reset`."""
        self.n_train = self.data.n_refit

    def learn_from(self, rows: np.ndarray, batch_size: int) -> None:
        """Train on these rows, which may be without a label, until the next `reset`."""
        self._rows, self.n_train = rows, len(rows)
        self.batch_size = min(batch_size, self.n_train)

    def start_from(self, weights: Sequence[np.ndarray]) -> None:
        """Begin with these weights in place of those drawn; seed generators keep the state that was drawn."""
        generators = {id(generator.state) for generator in self.initial.generators(self.model)}
        for variable, value in zip(self.model.variables, weights, strict=True):
            if id(variable) not in generators:
                variable.assign(value)

    def complete(self) -> None:
        """Make the weights those of a finished network, after the last step."""

    def _drawn(self, seed: int) -> None:
        if self.initial.covers(self.model):
            self.initial.draw(self.model, seed)
        else:
            with seeded(seed):
                other = self._built()
            self.set_weights([keras.ops.convert_to_numpy(variable) for variable in other.variables])

    def state(self) -> list[np.ndarray]:
        """The state that `set_state` restores: every variable of the model, then those of the optimiser."""
        return [*self.weights(), *self.adam.state()]

    def set_state(self, state: Sequence[np.ndarray]) -> None:
        """Restore what `state` returned."""
        n = len(self.model.variables)
        self.set_weights(state[:n])
        self.adam.set_state(state[n:])

    def _many_steps(self, batches: tf.Tensor, learning_rates: tf.Tensor) -> tf.Tensor:
        """Run many steps in a graph loop. It is a plain `tf.while_loop`, since AutoGraph took longer to trace."""
        n_steps = tf.shape(batches)[0]

        def body(i: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return i + 1, total + self._step(batches[i], learning_rates[i])

        return tf.while_loop(lambda i, total: i < n_steps, body, (0, 0.0), parallel_iterations=1)[1]

    def _one_step(self, rows: tf.Tensor, learning_rate: tf.Tensor) -> tf.Tensor:
        loss, gradients = self._gradients(self.data, rows)
        variables = [variable.value for variable in self.model.trainable_variables]
        self.adam.update(variables, self.adam.moments, self.adam.powers, gradients, learning_rate)
        return loss

    def _gradients(
        self, data: DeviceData, rows: tf.Tensor, share: float | tf.Tensor = 1.0, share_of_rows: float | tf.Tensor = 1.0
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Loss and gradients of rows that may be a part of a batch.

        Args:
            data: the data on the device.
            rows: row numbers.
            share: share of the batch's weight that these rows have; multiplies the loss.
            share_of_rows: share of the batch's rows; multiplies the extra losses of layers.
        """
        inputs, target, weight = self._batch(data, rows)
        variables = [variable.value for variable in self.model.trainable_variables]
        with tf.GradientTape() as tape:
            raw = self.model(inputs, training=True)
            loss = self._loss(target, raw, weight) * share
            if self.model.losses:
                loss += tf.add_n([tf.cast(extra, loss.dtype) for extra in self.model.losses]) * share_of_rows
        gradients = tape.gradient(loss, variables)
        gradients = [
            tf.zeros_like(v) if g is None else tf.convert_to_tensor(g)
            for g, v in zip(gradients, variables, strict=True)
        ]
        return loss, gradients

    def _batch(self, data: DeviceData, rows: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor, tf.Tensor]:
        """Inputs, target and weight of these rows."""
        inputs = {name: tf.gather(tensor, rows) for name, tensor in self._read(data.inputs).items()}
        return inputs, tf.gather(data.target, rows), tf.gather(data.weight, rows)

    def train(self, batches: np.ndarray, learning_rates: np.ndarray) -> float:
        """Run one step for each batch, and return the mean loss.

        Args:
            batches: (n_steps, batch_size) row numbers below `n_train`.
            learning_rates: (n_steps,).
        """
        batches = batches if self._rows is None else self._rows[batches]
        total = self._train(tf.constant(batches, tf.int32), tf.constant(learning_rates, tf.float32))
        return float(total) / len(batches)

    def _read(self, arrays: Mapping[str, Any]) -> dict[str, Any]:
        """The arrays that the network reads."""
        return {name: array for name, array in arrays.items() if name in self._reads}

    def _judge(self, batch: Mapping[str, tf.Tensor]) -> np.ndarray:
        """Raw outputs of one batch."""
        return np.asarray(self._forward(batch).numpy())

    def _predict_batch(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        return self.model(inputs, training=False)

    def predict_valid(self) -> np.ndarray:
        """Raw outputs for the validation rows, shape (n_valid, *head.shape)."""
        return self._predict(self._valid, self.n_valid, self._valid_from)

    def predict(self, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        """Raw outputs for encoded rows, shape (n, *head.shape)."""
        n = len(next(iter(arrays.values())))
        return self._predict({name: tf.constant(array) for name, array in self._read(arrays).items()}, n)

    def _predict(self, tensors: Mapping[str, tf.Tensor], n: int, first: int = 0) -> np.ndarray:
        """Raw outputs for n rows from the first one on."""
        parts, size = [], most_rows(self.model, PREDICT_BATCH)
        for start in range(first, first + n, size):
            end = min(start + size, first + n)
            batch = {name: tensor[start:end] for name, tensor in self._read(tensors).items()}
            parts.append(self._judge(batch))
        return np.concatenate(parts).astype(np.float32)

    def valid_inputs(self, most: int) -> dict[str, tf.Tensor]:
        """The arrays that the network reads of the first validation rows, by spec name; at most so many rows."""
        n = min(most, self.n_valid)
        return {name: t[self._valid_from : self._valid_from + n] for name, t in self._read(self._valid).items()}

    def check_fit(self, weights: Sequence[np.ndarray], raw: np.ndarray) -> None:
        """Refuse what a trial leaves if it is of no use, whatever its score; here nothing is.

        Args:
            weights: of the best epoch.
            raw: its raw outputs for the validation rows.

        Raises:
            Collapsed: a network of another kind gave up what it is for.
        """

    def weights(self) -> list[np.ndarray]:
        """A copy of every variable of the model, including normalisation state and seed generators."""
        return [np.array(keras.ops.convert_to_numpy(variable)) for variable in self.model.variables]

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Restore what `weights` returned."""
        for variable, value in zip(self.model.variables, weights, strict=True):
            variable.assign(value)

    def release(self) -> None:
        """Free the compiled functions; the network cannot be used afterwards."""
        release(self._train, self._forward)

    def detached(self, weights: Sequence[np.ndarray]) -> keras.Model:
        """A separate model with these weights, to keep and save."""
        model = self._built()
        for variable, value in zip(model.variables, weights, strict=True):
            variable.assign(value)
        return model
