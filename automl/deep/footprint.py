"""How much memory a trial would take, estimated before it starts."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["needed_mib"]

MIB = 2**20
BYTES = 4
COPIES_OF_WEIGHTS = 6  # weights, gradients, two moments, the best epoch's copy and one under way
COPIES_OF_OUTPUTS = 2  # kept for the way back, and their gradients
GATES = 8  # numbers that a recurrent cell keeps for each unit and step


def needed_mib(model: Any, batch_size: int) -> float:
    """Estimate what training a functional model takes beside the data, MiB.

    Weights with their gradients and optimiser state, and each layer's outputs for one batch, which automatic
    differentiation keeps. What a layer makes inside of itself is counted for recurrent ones only, so this is an
    estimate from below.
    """
    outputs = sum(_numbers(layer) for layer in model.layers)
    weights = int(model.count_params())
    return (weights * COPIES_OF_WEIGHTS + outputs * batch_size * COPIES_OF_OUTPUTS) * BYTES / MIB


def _numbers(layer: Any) -> int:
    """Numbers that a layer puts out for one row."""
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
