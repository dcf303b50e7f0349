"""What templates for whole series share: inputs, augmentation, batch sizes, epochs, and the rule that they read one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.records import Facts, InputSpec, Task

__all__ = [
    "AUGMENTATIONS",
    "KNOBS",
    "batch_size_for",
    "declare_augmentation",
    "declare_training",
    "epochs_for",
    "judged_for",
    "normed",
    "one_series",
    "series_parts",
    "steps_of",
    "strides",
    "strong_augmentation",
    "weak_augmentation",
]  # fmt: skip

AUGMENTATIONS = ("shift", "crop", "warp", "scale")
"""Knobs of `automl.layers.augment.RandomSeries`."""
KNOBS = ("learning_rate", "weight_decay", "dropout", *AUGMENTATIONS)
CLOSED = 0.25
"""A series whose ends are nearer than this many standard deviations is taken for a closed curve; noise is at 1."""
STEPS_WANTED = 900
"""Training steps of a schedule on few series."""


def declare_training(hp: Any, facts: Facts, learning_rate: float = 3e-3) -> None:
    """Declare rates, batch size and epochs.

    Args:
        hp: KerasTuner's `HyperParameters`.
        facts: numbers about the training rows.
        learning_rate: the default.
    """
    hp.Float("learning_rate", 3e-4, 2e-2, sampling="log", default=learning_rate)
    hp.Float("weight_decay", 1e-4, 3e-1, sampling="log", default=1e-2)
    hp.Float("dropout", 0.0, 0.6, default=0.1)
    hp.Choice("batch_size", [8, 16, 32, 64, 128], default=batch_size_for(facts.n_rows))
    hp.Int("epochs", 10, 400, step=10, default=epochs_for(facts.n_rows))


def declare_augmentation(hp: Any, specs: Sequence[InputSpec]) -> None:
    """Declare the strengths of augmentation."""
    view = weak_augmentation(specs)
    hp.Float("shift", 0.0, 1.0, default=view["shift"])
    hp.Float("crop", 0.0, 0.3, default=view["crop"])
    hp.Float("warp", 0.0, 0.6, default=view["warp"])
    hp.Float("scale", 0.0, 0.4, default=view["scale"])


def weak_augmentation(specs: Sequence[InputSpec]) -> dict[str, float]:
    """Augmentation of the first start: a closed curve begins anywhere, so it is shifted by any share of its length."""
    shift = 1.0 if is_closed(specs) else 0.0
    return {"shift": shift, "crop": 0.0, "warp": 0.0, "scale": 0.1}


def strong_augmentation(specs: Sequence[InputSpec]) -> dict[str, float]:
    """Augmentation of the second start: crops and warps, and small shifts of curves that are not closed."""
    return {**weak_augmentation(specs), "shift": 1.0 if is_closed(specs) else 0.05, "crop": 0.05, "warp": 0.15}


def is_closed(specs: Sequence[InputSpec]) -> bool:
    """Whether the series look like closed curves, such as outlines of leaves: their ends lie close together."""
    return all(float(spec.stats.get("end_gap", 1.0)) < CLOSED for spec in specs)


def judged_for(specs: Sequence[InputSpec]) -> str:
    """Which steps of a series say whether it is unusual: "last" where it is a row with the rows before it, or "all"."""
    return str(next((spec.stats.get("judged", "all") for spec in specs if spec.kind == "series"), "all"))


def batch_size_for(n_rows: int) -> int:
    """The default batch size: at least some twenty steps per epoch, where there are as many rows."""
    return 8 if n_rows < 100 else 16 if n_rows < 700 else 32 if n_rows < 2_500 else 64


def epochs_for(n_rows: int) -> int:
    """The default number of epochs: the more series, the fewer, and enough steps for few of them."""
    if n_rows >= 1_000:
        return 40 if n_rows < 4_000 else 20
    steps = max(n_rows // batch_size_for(n_rows), 1)
    return min(max(round(STEPS_WANTED / steps / 10) * 10, 40), 200)


def steps_of(specs: Sequence[InputSpec]) -> int:
    """Steps of the longest series."""
    return max((int(spec.shape[0]) for spec in specs), default=1)


def strides(specs: Sequence[InputSpec], most: int = 8) -> list[int]:
    """The strides, powers of two, that leave eight steps or more."""
    n_steps = steps_of(specs)
    return [stride for stride in (1, 2, 4, 8) if stride <= most and (stride == 1 or 8 * stride <= n_steps)]


def series_parts(inputs: Any, spec: InputSpec, scaling: str, knobs: Mapping[str, Any]) -> tuple[Any, list[Any]]:
    """Standardised and, in training, augmented series, and features that scaling took out of them.

    Args:
        inputs: ``(batch, steps, channels)`` raw values.
        spec: their input spec, with the moments of the channels.
        scaling: "training" for moments of the training rows, "instance" for those of each series.
        knobs: strengths of augmentation by the names of `AUGMENTATIONS`.

    Returns:
        ``(batch, steps, channels)``, and tensors ``(batch, features)``: level and spread of each channel for
        "instance", otherwise none.
    """
    import keras

    from automl.layers.augment import RandomSeries
    from automl.layers.forecast import ContextScale
    from automl.layers.pixels import ChannelScale

    x, moments = ChannelScale(spec.stats["mean"], spec.stats["std"])(inputs), []
    if scaling == "instance":
        n_channels = int(spec.shape[-1])
        x, level, spread = ContextScale(n_channels, "mean", [0.0] * n_channels, [1.0] * n_channels)(x)
        moments = [keras.layers.Flatten()(keras.layers.Concatenate()([level, spread]))]
    return RandomSeries(*(knobs[name] for name in AUGMENTATIONS))(x), moments


def normed(x: Any, active: bool = True) -> Any:
    """Batch normalisation, and a ReLU if `active`."""
    import keras

    x = keras.layers.BatchNormalization(momentum=0.9)(x)
    return keras.layers.Activation("relu")(x) if active else x


def one_series(name: str, task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why the template `name` cannot be used: it reads exactly one series."""
    if [spec.kind for spec in specs] != ["series"]:
        return f"{name} reads one series; this task has {', '.join(spec.kind for spec in specs) or 'no inputs'}"
    return None
