"""SimCLR: two views of a picture or series, each varied at random, are to lie close together, and far from other rows.

Pictures are cropped, lit otherwise, mirrored and erased in part; series are shifted, cropped, warped, scaled and made
noisy. What the network keeps is what these changes leave. The loss is read from a projection of the code, and the code
is what represents the row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.records import Facts, GoalName, Head, InputKind, InputSpec, Task, Template
from automl.templates.shared.arrays import ARRAYS, convolved, scaled_array
from automl.templates.shared.contrast import projected
from automl.templates.shared.masking import cell_for, gradients_of
from automl.templates.shared.reconstruction import dense
from automl.templates.shared.series import AUGMENTATIONS, normed, strong_augmentation

ACCEPTS: tuple[InputKind, ...] = ("image", "series")
GOALS: tuple[GoalName, ...] = ("represent",)
PICTURE_KNOBS = ("cut", "light", "erase")
STEPS = 800
"""Training steps of a schedule."""


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare rates, the temperature, the strengths of changes and the layers."""
    start = starts(specs, facts)[0]
    hp.Float("learning_rate", 2e-4, 1e-2, sampling="log", default=start["learning_rate"])
    hp.Float("weight_decay", 1e-6, 1e-1, sampling="log", default=start["weight_decay"])
    hp.Float("temperature", 0.1, 1.0, sampling="log", default=start["temperature"])
    if "cut" in start:
        hp.Float("cut", 0.0, 0.8, default=start["cut"])
        hp.Float("light", 0.0, 0.8, default=start["light"])
        hp.Float("erase", 0.0, 0.6, default=start["erase"])
        hp.Choice("flip", ["no", "left-right"], default=start["flip"])
        hp.Choice("reader", ["gradients", "convolutions"], default=start["reader"])
    if "shift" in start:
        hp.Float("shift", 0.0, 1.0, default=start["shift"])
        hp.Float("crop", 0.0, 0.6, default=start["crop"])
        hp.Float("warp", 0.0, 0.6, default=start["warp"])
        hp.Float("scale", 0.0, 0.6, default=start["scale"])
        hp.Float("jitter", 0.0, 0.5, default=start["jitter"])
        hp.Choice("pool", ["mean", "mean-max"], default=start["pool"])
    hp.Choice("filters", [16, 24, 32], default=start["filters"])
    hp.Choice("batch_size", [32, 64, 128, 256, 512], default=start["batch_size"])
    hp.Int("epochs", 5, 400, step=5, default=start["epochs"])
    hp.Choice("projection", [64, 128, 256], default=start["projection"])


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """Moderate changes; then mirrored pictures by another reader, or series that are cropped less; then warmer."""
    batch_size = 64 if facts.n_rows < 2_000 else 256
    first: dict[str, Any] = {
        "learning_rate": 2e-3, "weight_decay": 1e-4, "temperature": 0.2, "filters": 16, "batch_size": batch_size,
        "epochs": min(max(round(STEPS * batch_size / max(facts.n_rows, 1) / 5) * 5, 5), 400), "projection": 128,
    }  # fmt: skip
    second: dict[str, Any] = {}
    third: dict[str, Any] = {}
    if any(spec.kind == "image" for spec in specs):
        first.update(cut=0.4, light=0.3, erase=0.3, flip="no", reader="gradients")
        second.update(flip="left-right", reader="convolutions")
        third.update(flip="left-right")
    series = [spec for spec in specs if spec.kind == "series"]
    if series:
        first.update(strong_augmentation(series))
        first.update(crop=0.3, scale=0.3, jitter=0.1, pool="mean")
        second.update(crop=0.1)
        third.update(pool="mean-max")
    return [first, {**first, **second}, {**first, **third, "temperature": 0.5}]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.contrast import TwoViews

    inputs: dict[str, Any] = {}
    parts: list[Any] = []
    for spec in (spec for spec in specs if spec.kind in ARRAYS):
        x = inputs[spec.name] = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)
        x = TwoViews()(scaled_array(x, spec))
        parts.append((_picture if spec.kind == "image" else _series)(x, choices, knobs))
    x = keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    code = keras.layers.Dense(int(head.shape[0]), dtype="float32")(x)
    output = projected(code, 256, int(choices["projection"]), knobs["temperature"])
    return keras.Model(inputs, output, name="simclr")


def _picture(x: Any, choices: Mapping[str, Any], knobs: Mapping[str, Any]) -> Any:
    """Features of varied pictures, ``(batch, features)``."""
    import keras

    from automl.layers.augment import RandomCrop, RandomErase, RandomLight

    x = RandomCrop(knobs["cut"], 0.5 if choices["flip"] == "left-right" else 0.0)(x)
    x = RandomErase(knobs["erase"])(RandomLight(knobs["light"])(x))
    if choices["reader"] == "convolutions":
        return convolved(x, True, int(choices["filters"]))[0]
    flat = keras.layers.Flatten()(gradients_of(x, cell_for(max(int(size) for size in x.shape[1:3]))))
    return keras.layers.Concatenate()([flat, dense(flat, [16 * int(choices["filters"])])])


def _series(x: Any, choices: Mapping[str, Any], knobs: Mapping[str, Any]) -> Any:
    """Features of varied series, ``(batch, features)``."""
    import keras

    from automl.layers.augment import RandomSeries
    from automl.layers.noise import KnobNoise

    x = KnobNoise(knobs["jitter"])(RandomSeries(*(knobs[name] for name in AUGMENTATIONS))(x))
    width = int(choices["filters"])
    for number, size in enumerate((7, 5, 3)):
        stride = 2 if int(x.shape[1]) >= 32 else 1
        x = keras.layers.Conv1D(width << min(number, 1), size, strides=stride, padding="same", use_bias=False)(x)
        x = normed(x)
    parts = [keras.layers.GlobalAveragePooling1D()(x)]
    if choices["pool"] == "mean-max":
        parts.append(keras.layers.GlobalMaxPooling1D()(x))
    return keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]


def prior(specs: Sequence[InputSpec], facts: Facts) -> float:
    """It waits until networks that restore were tried: on pictures their codes told more with few labels."""
    return 1 / 4 if any(spec.kind == "image" for spec in specs) else 1 / 3


def unfit(task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why this template cannot be used: it reads pictures and series, and nothing beside them but vectors of them."""
    kinds = [spec.kind for spec in specs if spec.kind != "vectors"]
    if not kinds or not set(kinds) <= set(ARRAYS):
        return f"simclr reads pictures and series alone; this task has {', '.join(kinds) or 'no inputs'}"
    return None


SIMCLR = Template(
    name="simclr",
    title="contrast of varied views (SimCLR)",
    family="contrastive",
    goals=GOALS,
    accepts=ACCEPTS,
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "temperature", *PICTURE_KNOBS, *AUGMENTATIONS, "jitter"),
    starts=starts,
    unfit=unfit,
    prior=prior,
    source="Chen, Kornblith, Norouzi & Hinton, 'A Simple Framework for Contrastive Learning of Visual "
    "Representations', ICML 2020; changes of series: Le Guennec, Malinowski & Tavenard 2016; Um et al. 2017",
)
