"""A dense network on oriented gradients and small pixels of pictures, with a linear map beside it.

Its first layers are fixed, so that it learns from a thousand pictures what convolutions need many more for, in seconds.
Pictures are varied in training as for the other networks, before their gradients are taken.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from automl.records import Facts, Head, InputSpec, Template
from automl.templates.shared.pictures import STRENGTHS, declare_augmentation, image_of, unfit_for, views_of
from automl.templates.shared.tables import GOALS

SCALES: Mapping[str, tuple[int, ...]] = {"7-4": (7, 4), "10-5": (10, 5), "7": (7,)}
"""Cells along the longer side."""
FEW_PICTURES = 3_000


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare rates, augmentation, cells, pixels and layers."""
    hp.Float("learning_rate", 3e-4, 1e-2, sampling="log", default=2e-3)
    hp.Float("weight_decay", 1e-5, 3e-1, sampling="log", default=2e-2)
    hp.Float("dropout", 0.0, 0.7, default=0.5)
    hp.Float("input_dropout", 0.0, 0.7, default=0.3)
    declare_augmentation(hp)
    hp.Choice("batch_size", [32, 64, 128], default=64)
    hp.Int("epochs", 4, 80, step=2, default=epochs_for(facts.n_rows))
    hp.Choice("cells", list(SCALES), default="7-4")
    hp.Choice("pixels", [4, 8, 16], default=8)
    hp.Choice("width", [128, 256, 512], default=256)
    hp.Choice("depth", [1, 2], default=1)
    hp.Choice("linear", ["no", "yes"], default="yes")


def epochs_for(n_rows: int) -> int:
    """The default number of epochs: the more images, the fewer."""
    return 30 if n_rows < FEW_PICTURES else 16 if n_rows < 10_000 else 8


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """Two scales of cells; then mirrored at random, too; then smaller cells."""
    first = {
        "learning_rate": 2e-3, "weight_decay": 2e-2, "dropout": 0.5, "input_dropout": 0.3, "shift": 0.06, "zoom": 0.1,
        "light": 0.2, "erase": 0.0, "flip": "no", "views": "varied", "batch_size": 64,
        "epochs": epochs_for(facts.n_rows), "cells": "7-4", "pixels": 8, "width": 256, "depth": 1, "linear": "yes",
    }  # fmt: skip
    return [first, {**first, "flip": "left-right"}, {**first, "cells": "10-5", "width": 512}]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.dropout import KnobDropout
    from automl.layers.output import RawOutput, starting_bias
    from automl.layers.stems import gradient_features, shown
    from automl.picture_gradients import shrinking

    spec = image_of(specs)
    inputs = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)  # (batch, height, width, channels)
    x = shown(inputs, spec, views_of(choices, knobs), shrinking(*spec.shape[:2]))
    features = gradient_features(x, SCALES[str(choices["cells"])], int(choices["pixels"]))  # (batch, features)
    x = KnobDropout(knobs["input_dropout"])(features)
    for _ in range(int(choices["depth"])):
        x = keras.layers.Dense(int(choices["width"]), activation="relu")(x)
        x = KnobDropout(knobs["dropout"])(x)
    raw = RawOutput(head.shape, starting_bias(head))(x)
    if choices["linear"] == "yes":
        linear = keras.layers.Dense(math.prod(head.shape), kernel_initializer="zeros", dtype="float32")
        straight = linear(KnobDropout(knobs["dropout"])(features))
        raw = keras.layers.Add(dtype="float32")([raw, keras.layers.Reshape(head.shape, dtype="float32")(straight)])
    return keras.Model({spec.name: inputs}, raw, name="gradient_mlp")


def prior(specs: Sequence[InputSpec], facts: Facts) -> float:
    """A third of the usual prior, of more pictures a sixth: `cnn` goes first, with gradients of few (decision 54)."""
    return 1 / 3 if facts.n_rows < FEW_PICTURES else 1 / 6


GRADIENT_MLP = Template(
    name="gradient_mlp",
    title="dense network on oriented gradients (MLP on HOG)",
    family="mlp",
    goals=GOALS,
    accepts=("image",),
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "dropout", "input_dropout", *STRENGTHS),
    starts=starts,
    unfit=partial(unfit_for, "gradient_mlp"),
    prior=prior,
    source="Dalal & Triggs, CVPR 2005 (gradients); Oyallon et al., 'Scattering Networks for Hybrid Representation "
    "Learning', TPAMI 2018 (a network on fixed features); Cheng et al. (wide & deep), DLRS 2016",
)
