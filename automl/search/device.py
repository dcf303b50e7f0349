"""The device policy: one function decides precision, compilation and dispatch from what the machine has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from automl.records import Family

__all__ = ["Device", "choose", "prepare"]


@dataclass(frozen=True, slots=True)
class Device:
    """How networks are trained here, and why.

    Attributes:
        name: "cpu", "gpu" or "gpu x4". n_accelerators: how many GPUs TensorFlow sees.
        precision: Keras dtype policy. compiled: families trained under XLA.
        dispatch_seconds: the longest that one dispatch of training steps should take.
        reasons: sentences for `automl doctor`.
    """

    name: str
    n_accelerators: int
    precision: str
    compiled: frozenset[Family]
    dispatch_seconds: float
    reasons: tuple[str, ...]


def choose(accelerators: Sequence[Sequence[int] | None]) -> Device:
    """Decide from the compute capabilities of the GPUs present (None where unknown); empty means CPU alone.

    Mixed precision is bfloat16 from compute capability 8.0; float16 (7.x) would need loss scaling, so those cards
    train in float32. Source: NVIDIA, "Train With Mixed Precision", section on supported hardware.
    """
    if not accelerators:
        return Device(
            "cpu",
            0,
            "float32",
            frozenset(),
            0.25,
            ("No GPU is visible to TensorFlow: networks train on the CPU in float32.",
             "XLA is left off: its compilation costs more seconds a trial than it saves on a CPU."),
        )  # fmt: skip
    capabilities = [tuple(c) if c else (0, 0) for c in accelerators]
    weakest = min(capabilities)
    if weakest >= (8, 0):
        precision, why = "mixed_bfloat16", "bfloat16 on tensor cores"
    else:
        precision, why = "float32", "bfloat16 is not supported by every card, so float32"
    n = len(capabilities)
    return Device(
        "gpu" if n == 1 else f"gpu x{n}",
        n,
        precision,
        frozenset({"mlp", "cnn", "transformer"}),
        0.25,
        (f"{n} GPU(s) visible, weakest compute capability {weakest[0]}.{weakest[1]}: {why}.",
         "Memory grows as needed instead of being taken whole.",
         "XLA compiles dense, convolutional and attention networks; recurrent ones keep cuDNN's kernels.",
         "One trial uses one GPU."),
    )  # fmt: skip


def prepare() -> Device:
    """Set the process up for the devices that TensorFlow finds, and return the policy. TensorFlow only."""
    import keras
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError:  # the process has used the device before us: its owner decided
            break
    details = [tf.config.experimental.get_device_details(gpu).get("compute_capability") for gpu in gpus]
    device = choose(details)
    if keras.config.dtype_policy().name != device.precision:
        keras.config.set_dtype_policy(device.precision)
    return device
