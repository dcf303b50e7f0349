"""A small residual network for images. On a CPU it trains on thousands of images in seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from automl.records import Facts, Head, InputSpec, Template
from automl.templates.shared.pictures import (
    STRENGTHS,
    declare_convolutions,
    first_convolutions,
    image_of,
    stem_for,
    unfit_for,
    views_of,
)
from automl.templates.shared.predictor import predictor
from automl.templates.shared.tables import GOALS

FEW_PICTURES = 3_000
GRADIENT_FEATURES = 128


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare depth, width, stem and augmentation strengths."""
    declare_convolutions(hp, specs, facts)
    hp.Choice("blocks", ["1-1", "1-1-1", "2-2-2"], default="1-1-1")
    hp.Choice("pool", ["average", "average-max"], default="average-max")
    hp.Choice("beside", ["nothing", "gradients"], default="nothing")
    if "patch_filters" in image_of(specs).stats:
        hp.Choice("filters", ["whitened", "learned"], default="whitened")


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """In order of their cost: a small network, the same one at a higher rate, then wider, finer and deeper ones.

    Few pictures are read by fixed gradients, too, in the second one ("beside"; decision 54).

    Augmentation ("views": "varied") costs a third of a step's time on a CPU. Large data sets need it least, so from
    8,000 images on the first starts do without it.
    """
    quick = {
        **first_convolutions(specs, facts), "views": "plain" if facts.n_rows >= 8_000 else "varied", "width": 16,
        "blocks": "1-1-1", "pool": "average-max", "beside": "nothing",
    }  # fmt: skip
    wide = {**quick, "width": 32, "learning_rate": 3e-3, "dropout": 0.2, "views": "varied"}
    few = [{**quick, "beside": "gradients"}] if facts.n_rows < FEW_PICTURES else []
    return [
        quick,
        *few,
        {**quick, "learning_rate": 1e-2},
        {**quick, "width": 24, "views": "varied"},
        wide,
        {**wide, "blocks": "2-2-2", "erase": 0.3},
        {**wide, "stem": max(stem_for(specs) // 2, 1)},
    ]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.stems import picture_parts

    spec = image_of(specs)
    inputs = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)  # (batch, height, width, channels)
    parts = picture_parts(
        inputs, spec, int(choices["width"]), int(choices["stem"]), str(choices["blocks"]),
        choices["pool"] == "average-max", views_of(choices, knobs), choices.get("filters") == "whitened",
        GRADIENT_FEATURES if choices["beside"] == "gradients" else 0, knobs["dropout"],
    )  # fmt: skip
    return predictor(spec, inputs, parts, knobs["dropout"], head, "cnn")


CNN = Template(
    name="cnn",
    title="residual network of convolutions (small ResNet)",
    family="cnn",
    goals=GOALS,
    accepts=("image",),
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "dropout", *STRENGTHS),
    starts=starts,
    unfit=partial(unfit_for, "cnn"),
    source="He et al., CVPR 2016; averaged short cut: He et al., 'Bag of Tricks', CVPR 2019; whitening: Jordan 2024",
)
