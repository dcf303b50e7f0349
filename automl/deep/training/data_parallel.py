"""Data-parallel training of one trial: each device computes a share of every batch, and all make the same update.

TensorFlow only. Up to rounding, the update equals the one of a single device: the loss of a share is weighted by the
weights of its rows, gradients are summed before they are clipped, and batch normalisation uses the statistics of the
whole batch. Dropout draws a different mask on each device, so with dropout the results differ as they do between seeds.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from automl.deep.training.cost import LEAST_ROWS_A_DEVICE
from automl.deep.training.device_data import DeviceData
from automl.deep.training.network import Network

if TYPE_CHECKING:
    from automl.deep.training.device import Device
    from automl.records import Head, InputSpec, Template

__all__ = ["ParallelNetwork", "Replicas"]

SEED_DISTANCE = 2**30  # between the counters of two devices' seed generators; more than a trial draws


class Replicas:
    """The devices that share a trial, each with its own copy of the data.

    Args:
        names: TensorFlow's names of the devices, such as "GPU:0".
        data: the data, on any device.
    """

    def __init__(self, names: Sequence[str], data: DeviceData) -> None:
        self.names = tuple(names)
        self.strategy = _strategy(self.names)
        self.data = tuple(_copy(data, name) for name in names)


@functools.cache
def _strategy(names: tuple[str, ...]) -> Any:
    """The strategy for these devices, made once a process.

    Two strategies over the same devices would give their collective operations the same numbers, and clash.
    """
    return tf.distribute.MirroredStrategy(list(names))


def _copy(data: DeviceData, device: str) -> DeviceData:
    with tf.device(device):
        return dataclasses.replace(
            data,
            inputs={name: tf.identity(tensor) for name, tensor in data.inputs.items()},
            target=tf.identity(data.target),
            weight=tf.identity(data.weight),
        )


class ParallelNetwork(Network):
    """A network whose steps run on several devices (`tf.distribute.MirroredStrategy`).

    Each device has a copy of the weights and of the optimiser's moments, and all copies get the same updates. The
    moving statistics of batch normalisation and the states of seed generators differ by device; those of the first
    device are kept. XLA is off: it compiles for one device only, and the exchange of gradients spans several.

    Args:
        template: as for `Network`.
        choices: as for `Network`.
        knobs: as for `Network`.
        specs: as for `Network`.
        head: as for `Network`.
        device: as for `Network`.
        loss_scale: as for `Network`.
        replicas: the devices it runs on.
    """

    def __init__(
        self,
        template: Template,
        choices: Mapping[str, Any],
        knobs: Mapping[str, float],
        specs: Sequence[InputSpec],
        head: Head,
        replicas: Replicas,
        device: Device,
        loss_scale: np.ndarray | None = None,
    ) -> None:
        self.replicas, self.strategy = replicas, replicas.strategy
        device = dataclasses.replace(device, compiled=frozenset())
        with self.strategy.scope(), tf.variable_creator_scope(_of_each_device):
            super().__init__(template, choices, knobs, specs, head, replicas.data[0], device, loss_scale)
        for layer in self.model._flatten_layers():
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.synchronized = True
        self._seeds = [generator.state.value for generator in self.initial.generators(self.model)]
        self._forward_alone = self._forward
        self._forward_shared = tf.function(
            self._predict_shared, input_signature=self._forward.input_signature, autograph=False
        )
        self._forward = self._forward_either

    @property
    def n_devices(self) -> int:
        """The number of devices that share a step."""
        return len(self.replicas.names)

    def reset(self, knobs: Mapping[str, float], batch_size: int, seed: int) -> None:
        """Start over, as `Network.reset` does; a batch has at least one row for each device."""
        super().reset(knobs, batch_size, seed)
        self.batch_size = min(max(self.batch_size, self.n_devices), self.data.n_train)

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Restore what `weights` returned."""
        super().set_weights(weights)
        self._part_seeds()

    def _drawn(self, seed: int) -> None:
        super()._drawn(seed)
        self._part_seeds()

    def _part_seeds(self) -> None:
        """Move the seed generators apart, so that each device draws its own dropout masks."""
        for state in self._seeds:
            first, *others = self.strategy.experimental_local_results(state)
            for number, other in enumerate(others, start=1):
                other.assign(first + tf.constant([0, number * SEED_DISTANCE], first.dtype))

    def _one_step(self, rows: tf.Tensor, learning_rate: tf.Tensor) -> tf.Tensor:
        losses = self.strategy.run(self._share_of_step, args=(rows, learning_rate))
        return tf.add_n(self.strategy.experimental_local_results(losses))

    def _share_of_step(self, rows: tf.Tensor, learning_rate: tf.Tensor) -> tf.Tensor:
        """One device's part of a step: gradients of its rows, their sum over devices, the update of its copies."""
        place, data = self._place(), self.replicas.data[self._place()]
        own = self._part(rows, place)
        of_all, weight = tf.gather(data.weight, rows), tf.gather(data.weight, own)
        share = tf.reduce_sum(weight) / tf.maximum(tf.reduce_sum(of_all), 1e-12)
        share_of_rows = tf.shape(own)[0] / tf.shape(rows)[0]
        loss, gradients = self._gradients(data, own, share, tf.cast(share_of_rows, tf.float32))
        context = tf.distribute.get_replica_context()
        summed = context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)

        def local_value(variable: Any) -> tf.Variable:
            return self.strategy.experimental_local_results(variable)[place]

        self.adam.update(
            [local_value(variable.value) for variable in self.model.trainable_variables],
            [(local_value(m), local_value(v)) for m, v in self.adam.moments],
            (local_value(self.adam.powers[0]), local_value(self.adam.powers[1])),
            summed,
            learning_rate,
        )
        return loss

    def _place(self) -> int:
        """The number of the device for which a function is being traced."""
        return int(tf.get_static_value(tf.distribute.get_replica_context().replica_id_in_sync_group))

    def _part(self, tensor: tf.Tensor, place: int) -> tf.Tensor:
        """A device's consecutive part of a batch; sizes of parts differ by one row at most."""
        n = tf.shape(tensor)[0]
        return tensor[n * place // self.n_devices : n * (place + 1) // self.n_devices]

    def _forward_either(self, batch: Mapping[str, tf.Tensor]) -> tf.Tensor:
        n = int(next(iter(batch.values())).shape[0])
        return (self._forward_shared if n >= self.n_devices * LEAST_ROWS_A_DEVICE else self._forward_alone)(batch)

    def _predict_shared(self, batch: Mapping[str, tf.Tensor]) -> tf.Tensor:
        def share() -> tf.Tensor:
            place = self._place()
            return self._predict_batch({name: self._part(tensor, place) for name, tensor in batch.items()})

        return tf.concat(self.strategy.experimental_local_results(self.strategy.run(share)), axis=0)


def _of_each_device(make: Any, **options: Any) -> Any:
    """Create a variable. One that is not trained is not synchronised: each device writes its own copy."""
    if not options.get("trainable", True):
        options["synchronization"] = tf.VariableSynchronization.ON_READ
        options["aggregation"] = tf.VariableAggregation.ONLY_FIRST_REPLICA
    return make(**options)
