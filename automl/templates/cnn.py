"""A small residual network for images. On a CPU it trains on thousands of images in seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.records import Facts, Head, InputSpec, Task, Template
from automl.templates.shared.pictures import (
    STRENGTHS,
    declare_augmentation,
    epochs_for,
    image_of,
    stem_for,
    unfit_for,
    views_of,
)
from automl.templates.shared.tables import GOALS

FEW_PICTURES = 3_000
GRADIENT_FEATURES = 128


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare depth, width, stem and augmentation strengths."""
    hp.Float("learning_rate", 5e-4, 2e-2, sampling="log", default=5e-3)
    hp.Float("weight_decay", 1e-5, 3e-1, sampling="log", default=2e-2)
    hp.Float("dropout", 0.0, 0.5, default=0.1)
    declare_augmentation(hp)
    hp.Choice("batch_size", [32, 64, 128], default=64)
    hp.Int("epochs", 4, 60, step=2, default=epochs_for(facts.n_rows))
    hp.Choice("stem", [1, 2, 4, 8], default=stem_for(specs))
    hp.Choice("width", [16, 24, 32, 48], default=24)
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
        "learning_rate": 5e-3, "weight_decay": 2e-2, "dropout": 0.1, "shift": 0.06, "zoom": 0.05, "light": 0.1,
        "erase": 0.0, "flip": "no", "views": "plain" if facts.n_rows >= 8_000 else "varied",
        "batch_size": 64 if facts.n_rows >= 3_000 else 32,
        "epochs": epochs_for(facts.n_rows), "stem": stem_for(specs), "width": 16, "blocks": "1-1-1",
        "pool": "average-max", "beside": "nothing",
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

    from automl.layers.dropout import KnobDropout
    from automl.layers.output import RawOutput, starting_bias
    from automl.layers.stems import picture_parts

    spec = image_of(specs)
    inputs = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)  # (batch, height, width, channels)
    parts = picture_parts(
        inputs, spec, int(choices["width"]), int(choices["stem"]), str(choices["blocks"]),
        choices["pool"] == "average-max", views_of(choices, knobs), choices.get("filters") == "whitened",
        GRADIENT_FEATURES if choices["beside"] == "gradients" else 0, knobs["dropout"],
    )  # fmt: skip
    x = keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    x = KnobDropout(knobs["dropout"])(x)
    return keras.Model({spec.name: inputs}, RawOutput(head.shape, starting_bias(head))(x), name="cnn")


def unfit(task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why this template cannot be used: it reads exactly one image."""
    return unfit_for("cnn", task, specs)


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
    unfit=unfit,
    source="He et al., CVPR 2016; averaged short cut: He et al., 'Bag of Tricks', CVPR 2019; whitening: Jordan 2024",
)
