"""The cost model of a trial: arithmetic and memory, and whether several devices would finish it sooner."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from automl.deep.training.device import Device

__all__ = ["TrialCost", "needed_mib", "products_a_row", "replicas_for"]

# Orders of magnitude of present GPUs and of the PCIe bus between them, from data sheets. benchmarks/devices.py prints
# what a machine reaches beside what is expected here.
PRODUCTS_A_SECOND = 1e13
EXCHANGED_BYTES_A_SECOND = 1e10
OVERHEAD_SECONDS_A_STEP = 2e-3
START_SECONDS_A_DEVICE = 5.0
LEAST_SPEED_UP = 1.3
LEAST_ROWS_A_DEVICE = 8
WAYS = 3  # the forward pass, gradients to the inputs, gradients to the weights
GRADIENT_BYTES = 4

MIB = 2**20
BYTES = 4
COPIES_OF_WEIGHTS = 6  # weights, gradients, two moments, the best epoch's copy and the copy being made
COPIES_OF_OUTPUTS = 2  # kept for the backward pass, and their gradients
GATES = 8  # numbers that a recurrent cell keeps for each unit and step


@dataclass(frozen=True, slots=True)
class TrialCost:
    """What the training time of one trial depends on.

    Attributes:
        n_parameters: parameters, whose gradients devices would exchange.
        n_products: multiplications of the forward pass of one row.
        batch_size: rows in a step.
        n_steps: planned steps.
        seconds: time allotted; infinite without a time limit.
    """

    n_parameters: int
    n_products: float
    batch_size: int
    n_steps: int
    seconds: float = math.inf

    def step_seconds(self, n_devices: int) -> float:
        """The expected time of a step: arithmetic and, on several devices, a ring all-reduce of the gradients.

        Source of the factor 2 (n - 1) / n: Patarasuk and Yuan, "Bandwidth optimal all-reduce", JPDC 69 (2009).
        """
        arithmetic = WAYS * self.n_products * self.batch_size / n_devices / PRODUCTS_A_SECOND
        if n_devices == 1:
            return arithmetic
        exchanged = 2 * (n_devices - 1) / n_devices * GRADIENT_BYTES * self.n_parameters
        return arithmetic + exchanged / EXCHANGED_BYTES_A_SECOND + OVERHEAD_SECONDS_A_STEP


def replicas_for(device: Device, work: TrialCost) -> tuple[str, ...]:
    """The devices over which to spread a trial; empty for a single device.

    A trial is spread if its steps become at least 1.3 times faster and the time saved outweighs building and tracing
    the network once for each device. The exchange costs the same for a small batch as for a large one. So dense
    networks of usual batch sizes are never spread, and convolutions over many places are.

    Args:
        device: the device policy.
        work: the cost of the trial.
    """
    n = len(device.replicas)
    if n < 2 or device.sharing == "never" or work.batch_size < n * LEAST_ROWS_A_DEVICE:
        return ()
    if device.sharing == "always":
        return device.replicas
    one, shared = work.step_seconds(1), work.step_seconds(n)
    saved = min(work.n_steps * one, work.seconds) * (1 - shared / one)
    return device.replicas if one >= LEAST_SPEED_UP * shared and saved > n * START_SECONDS_A_DEVICE else ()


def products_a_row(model: Any) -> float:
    """Estimate the multiplications of one row's forward pass through a functional model.

    A kernel counts once for each place where it is applied: each position of the layer's output between the batch and
    the channel axis, or each step of the input of a recurrent layer. Products without a kernel (attention scores) are
    not counted.
    """
    return float(sum(_products(layer) for layer in model.layers))


def _products(layer: Any) -> float:
    kernels = [math.prod(int(size) for size in w.shape) for w in layer.trainable_variables if len(w.shape) > 1]
    if not kernels or "Embedding" in type(layer).__name__:  # a look-up multiplies nothing
        return 0.0
    recurrent = hasattr(getattr(layer, "forward_layer", layer), "cell")
    try:
        tensors = layer.input if recurrent else layer.output
    except (AttributeError, ValueError):  # not part of a functional model: each kernel is applied at least once
        return float(sum(kernels))
    shape = (tensors[0] if isinstance(tensors, list | tuple) else tensors).shape
    return float(sum(kernels) * math.prod(int(size or 1) for size in shape[1:-1]))


def needed_mib(model: Any, batch_size: int) -> float:
    """Estimate the memory that training a functional model takes beside the data, in MiB.

    Counted are the weights with their gradients and optimiser state, and each layer's outputs for one batch, which
    automatic differentiation keeps. Intermediate results inside a layer are counted for recurrent layers only, so the
    estimate is a lower bound.
    """
    outputs = sum(_numbers(layer) for layer in model.layers)
    weights = int(model.count_params())
    return (weights * COPIES_OF_WEIGHTS + outputs * batch_size * COPIES_OF_OUTPUTS) * BYTES / MIB


def _numbers(layer: Any) -> int:
    """The count of numbers in a layer's output for one row, with the gates of a recurrent layer."""
    try:
        outputs = layer.output if isinstance(layer.output, list | tuple) else [layer.output]
        inputs = layer.input if isinstance(layer.input, list | tuple) else [layer.input]
    except (AttributeError, ValueError):  # not part of a functional model
        return 0
    total = sum(
        math.prod(int(size or 1) for size in tensor.shape[1:]) for tensor in outputs if hasattr(tensor, "shape")
    )
    inner = getattr(layer, "forward_layer", layer)  # of a Bidirectional
    units = getattr(getattr(inner, "cell", None), "units", 0)
    if units:
        steps = int(inputs[0].shape[1] or 1)
        total += steps * int(units) * GATES * (1 if inner is layer else 2)
    return total
