"""A network with one compiled training step for each set of choices, whatever the knobs. TensorFlow only.

Tracing a network takes longer than training a small one (1 to 7 s against 1 s). So a built network is kept, and a trial
that differs in its knobs or batch size alone draws new weights in it. The data lie on the device, and one call runs
many steps.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from automl.deep.training.failure import Unusable
from automl.deep.training.initial import Initial, fresh_names, is_own, seeded
from automl.deep.training.loss_knobs import loss_knobs
from automl.layers.adam import BETA_1, BETA_2, CLIP_NORM
from automl.layers.losses import loss_for
from automl.layers.rates import rate_factor
from automl.sides.predictors import input_names
from automl.sides.tiles import most_rows

if TYPE_CHECKING:
    from automl.deep.training.device import Device
    from automl.records import Head, InputSpec, Template

__all__ = ["DeviceData", "Network", "check_built"]

SLOW_BETA_1, SLOW_BETA_2, EPSILON = 0.9, 0.999, 1e-7
PREDICT_BATCH = 1024


@dataclass(frozen=True, slots=True, eq=False)
class DeviceData:
    """Training and validation arrays as tensors on the device.

    Attributes:
        inputs: by spec name, shape (n_refit, ...): the training rows, followed by those that a refit adds; so are
            `target` and `weight`.
        target: (n_refit, ...).
        weight: (n_refit,), mean 1 over the training rows.
        valid: inputs of the validation rows, by spec name; rows of `inputs` where a refit learns from them.
        valid_from: the first of these rows.
        n_train: number of training rows.
        n_valid: number of validation rows.
        n_refit: number of rows that a refit learns from.
        others: (training, validation) positions in `inputs`, for each other hold-out.
        n_unlabelled: rows without a label, which follow the others in `inputs`, `target` and `weight`. Where there are
            some, `target` is a variable, and the target of several classes is the share of each.
    """

    inputs: Mapping[str, tf.Tensor]
    target: tf.Tensor
    weight: tf.Tensor
    valid: Mapping[str, tf.Tensor]
    valid_from: int
    n_train: int
    n_valid: int
    n_refit: int
    others: tuple[tuple[np.ndarray, np.ndarray], ...] = ()
    n_unlabelled: int = 0

    @classmethod
    def place(
        cls,
        train: Mapping[str, np.ndarray],
        target: np.ndarray,
        weight: np.ndarray | None,
        valid: Mapping[str, np.ndarray],
        n_valid: int,
        added: Mapping[str, np.ndarray] | None = None,
        added_target: np.ndarray | None = None,
        added_weight: np.ndarray | None = None,
        others: Sequence[tuple[np.ndarray, np.ndarray]] = (),
        unlabelled: Mapping[str, np.ndarray] | None = None,
        n_classes: int | None = None,
    ) -> DeviceData:
        """Copy arrays to the device. What a refit adds follows the training rows; see `TrainingData`.

        Validation rows that a refit learns from are there once. With rows without a label, `n_classes` says whether the
        target is codes of so many classes; they become shares.
        """
        n_train = len(target)
        inputs = train
        if added_target is not None:
            others_too = valid if added is None else added
            inputs = {name: np.concatenate([array, others_too[name]]) for name, array in train.items()}
            target = np.concatenate([target, added_target])
        n_refit, n_unlabelled = len(target), 0
        weights = np.ones(n_refit)
        if weight is not None:
            every = weight if added_weight is None else np.concatenate([weight, added_weight])
            weights = every / max(float(weight.mean()), 1e-12)
        if unlabelled is not None:
            n_unlabelled = len(next(iter(unlabelled.values())))
            inputs = {name: np.concatenate([array, unlabelled[name]]) for name, array in inputs.items()}
            target = target if n_classes is None else np.eye(n_classes, dtype=np.float32)[target]
            target = np.concatenate([target, np.zeros((n_unlabelled, *target.shape[1:]), target.dtype)])
            weights = np.concatenate([weights, np.ones(n_unlabelled)])
        tensors = {name: tf.constant(array) for name, array in inputs.items()}
        is_among = added_target is not None and added is None
        return cls(
            tensors,
            tf.constant(target) if unlabelled is None else tf.Variable(target, trainable=False),
            tf.constant(weights.astype(np.float32)),
            tensors if is_among else {name: tf.constant(array) for name, array in valid.items()},
            n_train if is_among else 0,
            n_train,
            n_valid,
            n_refit,
            tuple(others),
            n_unlabelled,
        )

    def target_of(self, rows: np.ndarray) -> np.ndarray:
        """The target of these rows."""
        return np.asarray(tf.gather(self.target, rows).numpy())

    def place_pseudo_labels(self, target: np.ndarray) -> None:
        """Give the rows without a label a target, ``(n_unlabelled, ...)``."""
        shape = (self.n_unlabelled, *self.target.shape[1:])
        self.target[self.n_refit :].assign(np.asarray(target, np.float32).reshape(shape))


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
        self._clip_norm = CLIP_NORM.get(template.family)
        self._beta_1 = BETA_1.get(template.family, SLOW_BETA_1)
        self._beta_2 = BETA_2.get(template.family, SLOW_BETA_2)
        self._rate_multipliers = [rate_factor(v) for v in self.model.trainable_variables]
        values = [variable.value for variable in self.model.trainable_variables]
        self._moments = [(tf.Variable(tf.zeros_like(v)), tf.Variable(tf.zeros_like(v))) for v in values]
        self._powers = (tf.Variable(1.0), tf.Variable(1.0))
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
        for pair in self._moments:
            for moment in pair:
                moment.assign(tf.zeros_like(moment))
        for power in self._powers:
            power.assign(1.0)
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
        moments = [moment.numpy() for pair in self._moments for moment in pair]
        return [*self.weights(), *moments, *(power.numpy() for power in self._powers)]

    def set_state(self, state: Sequence[np.ndarray]) -> None:
        """Restore what `state` returned."""
        n = len(self.model.variables)
        self.set_weights(state[:n])
        own = [*(moment for pair in self._moments for moment in pair), *self._powers]
        for variable, value in zip(own, state[n:], strict=True):
            variable.assign(value)

    def _many_steps(self, batches: tf.Tensor, learning_rates: tf.Tensor) -> tf.Tensor:
        """Run many steps in a graph loop. It is a plain `tf.while_loop`, since AutoGraph took longer to trace."""
        n_steps = tf.shape(batches)[0]

        def body(i: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return i + 1, total + self._step(batches[i], learning_rates[i])

        return tf.while_loop(lambda i, total: i < n_steps, body, (0, 0.0), parallel_iterations=1)[1]

    def _one_step(self, rows: tf.Tensor, learning_rate: tf.Tensor) -> tf.Tensor:
        loss, gradients = self._gradients(self.data, rows)
        variables = [variable.value for variable in self.model.trainable_variables]
        self._update(variables, self._moments, self._powers, gradients, learning_rate)
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

    def _update(
        self,
        variables: Sequence[tf.Variable],
        moments: Sequence[tuple[tf.Variable, tf.Variable]],
        powers: tuple[tf.Variable, tf.Variable],
        gradients: Sequence[tf.Tensor],
        rate: tf.Tensor,
    ) -> None:
        """Clip the gradients, then update by Adam with decoupled weight decay.

        Only matrices are decayed, not vectors (biases, norms). A variable may carry a multiplier of the learning rate
        (`automl.layers.rates`).

        Source: Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization", algorithm 2.
        """
        if self._clip_norm is not None:
            gradients, _ = tf.clip_by_global_norm(gradients, self._clip_norm)
        decay = tf.convert_to_tensor(self.knobs["weight_decay"].value)
        first, second = powers
        first.assign(first * self._beta_1)
        second.assign(second * self._beta_2)
        rates = {factor: rate if factor == 1.0 else rate * factor for factor in self._rate_multipliers}
        parts = zip(variables, gradients, moments, self._rate_multipliers, strict=True)
        for variable, gradient, (m, v), factor in parts:
            if variable.shape.rank is not None and variable.shape.rank > 1:
                variable.assign_sub(variable * tf.cast(rates[factor] * decay, variable.dtype))
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle, m=m.handle, v=v.handle, beta1_power=first, beta2_power=second,
                lr=rates[factor], beta1=self._beta_1, beta2=self._beta_2, epsilon=EPSILON,
                grad=tf.cast(gradient, variable.dtype),
            )  # fmt: skip

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
        """Free the compiled functions; the network cannot be used afterwards.

        TensorFlow would keep them in memory for two reasons. A graph with a loop refers to itself in ways that Python's
        garbage collector does not see. And custom gradients, such as that of silu, stay registered together with the
        graph that they were made in.
        """
        with contextlib.suppress(Exception):  # private parts of TensorFlow; without them memory grows
            from tensorflow.python.framework.func_graph import dismantle_func_graph
            from tensorflow.python.framework.ops import gradient_registry

            for function in (self._train, self._forward):
                for concrete in function._list_all_concrete_functions():
                    for graph in _inner(concrete.graph):
                        for name in _own_gradients(graph):
                            gradient_registry._registry.pop(name, None)
                        dismantle_func_graph(graph)

    def detached(self, weights: Sequence[np.ndarray]) -> keras.Model:
        """A separate model with these weights, to keep and save."""
        model = self._built()
        for variable, value in zip(model.variables, weights, strict=True):
            variable.assign(value)
        return model


def _inner(graph: Any) -> list[Any]:
    """The graphs of the loops and branches in a function's graph, innermost first, then that graph itself."""
    graphs = []
    for operation in graph.get_operations():
        for name in ("_body_graph", "_cond_graph", "_true_graph", "_false_graph"):
            part = getattr(operation, name, None)
            if part is not None:
                graphs += _inner(part)
    return [*graphs, graph]


def _own_gradients(graph: Any) -> list[str]:
    """The names under which a graph's custom gradients are registered."""
    names = [operation.node_def.attr.get("_gradient_op_type") for operation in graph.get_operations()]
    return [name.s.decode() for name in names if name is not None and name.s.startswith(b"CustomGradient-")]


def check_built(model: Any, template: str, head: Head) -> None:
    """Refuse anything but a functional model with one floating-point output of the head's shape.

    A loss would silently broadcast an output of another shape against the target, and train on that.

    Args:
        model: what the template built.
        template: name of the template.
        head: the output that is expected.

    Raises:
        Unusable: says what was expected and what the template built.
    """
    if not isinstance(model, keras.Model):
        raise Unusable(f"template {template} must build a keras.Model, but built {_of_type(model)}")
    outputs: list[Any] = list(getattr(model, "outputs", None) or ())
    if len(outputs) != 1:
        raise Unusable(
            f"template {template} must build a functional model with one output, but this one has {len(outputs)}"
        )
    shape, dtype = tuple(outputs[0].shape)[1:], str(outputs[0].dtype)
    if shape != tuple(head.shape):
        raise Unusable(f"template {template} must output the shape {tuple(head.shape)} for a row, but outputs {shape}")
    if "float" not in dtype:
        raise Unusable(f"template {template} must output floating-point numbers, but outputs {dtype}")


def _of_type(thing: Any) -> str:
    return "nothing" if thing is None else f"a {type(thing).__name__}"
