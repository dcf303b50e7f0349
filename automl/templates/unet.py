"""A U-Net: a class for each pixel, from what is around it at several scales.

Settings are of three kinds, as in nnU-Net. *Fixed*: the loss (cross-entropy and Dice), normalisation, kinds of
augmentation. *By rule*: depth, batch size and stride of the stem from the size of the pictures, epochs from their
number.
*Searched*: learning rate, width, strengths of augmentation, dropout, and the rules' own values as first guesses.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from automl.records import Facts, Head, InputSpec, Template
from automl.templates.shared.pictures import image_of, unfit_for

DEEPEST, LEAST_SIDE = 5, 6
STEPS = 800
COARSE_SIDE = 48
"""From this side on the first start predicts at half the resolution: four times the steps in the same time."""


def depth_for(specs: Sequence[InputSpec]) -> int:
    """How often pictures are halved: until the shorter side has some `LEAST_SIDE` positions, at most `DEEPEST` "
    "times."""
    side = min(image_of(specs).shape[:2])
    return max(1, min(DEEPEST, int(math.log2(max(side / LEAST_SIDE, 2)))))


def batch_for(specs: Sequence[InputSpec], facts: Facts) -> int:
    """The more pixels a picture has, the fewer make a step."""
    n_pixels = math.prod(image_of(specs).shape[:2])
    most = 16 if n_pixels <= 4_096 else 8 if n_pixels <= 16_384 else 4
    return most if facts.n_rows >= 4 * most else 4


def epochs_for(batch: int, facts: Facts) -> int:
    """So many that there are some `STEPS` steps."""
    return max(10, min(400, 10 * round(STEPS * batch / max(facts.n_rows, 1) / 10)))


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare depth, width, and how pictures are varied."""
    depth, batch = depth_for(specs), batch_for(specs, facts)
    hp.Float("learning_rate", 3e-4, 1e-2, sampling="log", default=2e-3)
    hp.Float("weight_decay", 1e-5, 3e-1, sampling="log", default=1e-2)
    hp.Float("dropout", 0.0, 0.5, default=0.1)
    hp.Float("turn", 0.0, 0.3, default=0.08)
    hp.Float("elastic", 0.0, 0.1, default=0.03)
    hp.Float("light", 0.0, 0.5, default=0.15)
    hp.Choice("flips", ["all", "left-right", "none"], default="all")
    hp.Choice("batch_size", [4, 8, 16], default=batch)
    hp.Int("epochs", 10, 400, step=10, default=epochs_for(batch, facts))
    hp.Choice("width", [8, 12, 16, 24, 32], default=16)
    hp.Choice("depth", list(range(1, depth + 1)), default=depth)
    hp.Choice("stem", [1, 2], default=1)


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """By the rules: at half the resolution, at full resolution, wider, and with other strengths of augmentation."""
    depth, batch = depth_for(specs), batch_for(specs, facts)
    is_large = min(image_of(specs).shape[:2]) >= COARSE_SIDE
    quick = {
        "learning_rate": 4e-3, "weight_decay": 1e-2, "dropout": 0.1, "turn": 0.08, "elastic": 0.03, "light": 0.15,
        "flips": "all", "batch_size": batch, "epochs": epochs_for(batch, facts), "width": 16 if is_large else 12,
        "depth": depth, "stem": 2 if is_large else 1,
    }  # fmt: skip
    return [
        quick,
        {**quick, "width": 12, "stem": 1, "learning_rate": 3e-3} if is_large else {**quick, "learning_rate": 8e-3},
        {**quick, "learning_rate": 8e-3},
        {**quick, "width": 24, "learning_rate": 3e-3},
        {**quick, "flips": "left-right", "turn": 0.03, "elastic": 0.0},
        {**quick, "width": 24, "learning_rate": 2e-3, "stem": 1, "turn": 0.15, "elastic": 0.06, "light": 0.3},
    ]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.augment import RandomLight
    from automl.layers.dropout import KnobDropout
    from automl.layers.pixels import ChannelScale
    from automl.layers.warp import RandomWarp, WarpBack

    spec = image_of(specs)
    width, depth, stem = (int(choices[name]) for name in ("width", "depth", "stem"))
    inputs = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)  # (batch, height, width, channels)
    x = ChannelScale(spec.stats["mean"], spec.stats["std"])(inputs)
    x, warp = RandomWarp(knobs["turn"], knobs["elastic"], str(choices["flips"]))(x)
    x = RandomLight(knobs["light"])(x)
    edges = _edges(spec.shape, stem * 2**depth)
    x = keras.layers.ZeroPadding2D(edges)(x)
    if stem > 1:
        x = _conv(x, width, stride=stem)
    kept = []
    for level in range(depth):
        x = _conv(_conv(x, width * 2**level), width * 2**level)
        kept.append(x)
        x = keras.layers.MaxPooling2D(2)(x)
    x = _conv(_conv(x, width * 2**depth), width * 2**depth)
    x = KnobDropout(knobs["dropout"])(x)
    for level in reversed(range(depth)):
        x = keras.layers.UpSampling2D(2)(x)
        x = keras.layers.Concatenate()([kept[level], x])
        x = _conv(_conv(x, width * 2**level), width * 2**level)
    shares = [max(share, 1e-3) for share in head.priors] or [1.0] * head.shape[-1]
    bias = [math.log(share) for share in shares]
    x = keras.layers.Conv2D(
        head.shape[-1], 1, dtype="float32", bias_initializer=keras.initializers.Constant(bias),
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.1 / math.sqrt(width)),
    )(x)  # fmt: skip
    if stem > 1:
        x = keras.layers.UpSampling2D(stem, interpolation="bilinear")(x)
    x = keras.layers.Cropping2D(edges)(x)
    return keras.Model({spec.name: inputs}, WarpBack()([x, warp]), name="unet")


def _edges(shape: Sequence[int], multiple: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Rows and columns to add on both ends so that the sides can be halved."""
    lacking = [-size % multiple for size in shape[:2]]
    return (lacking[0] // 2, lacking[0] - lacking[0] // 2), (lacking[1] // 2, lacking[1] - lacking[1] // 2)


def _conv(x: Any, filters: int, stride: int = 1) -> Any:
    """Convolution of 3 x 3, batch norm and a ReLU."""
    import keras

    x = keras.layers.Conv2D(
        filters, 3, strides=stride, padding="same", use_bias=False, kernel_initializer="he_normal"
    )(x)  # fmt: skip
    return keras.layers.Activation("relu")(keras.layers.BatchNormalization(momentum=0.9)(x))


UNET = Template(
    name="unet",
    title="encoder and decoder of convolutions (U-Net)",
    family="cnn",
    goals=("segment",),
    accepts=("image",),
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "dropout", "turn", "elastic", "light"),
    starts=starts,
    unfit=partial(unfit_for, "unet"),
    source="Ronneberger, Fischer & Brox, MICCAI 2015; settings by rule after Isensee et al., Nature Methods 2021",
)
