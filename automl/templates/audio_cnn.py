"""A small residual network for the spectrograms of sounds. On a CPU it trains on thousands of words in seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from automl.records import Facts, Head, InputSpec, Template
from automl.templates.shared.predictor import predictor
from automl.templates.shared.sounds import (
    STRENGTHS,
    WIDER,
    declare_convolutions,
    first_convolutions,
    one_spectrogram,
    spectrogram_of,
    views_of,
)
from automl.templates.shared.tables import GOALS


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare depth, width, stem and augmentation strengths."""
    declare_convolutions(hp, specs, facts)
    hp.Choice("blocks", ["1-1", "1-1-1", "2-2-2"], default="1-1-1")
    hp.Choice("pool", ["average", "average-max"], default="average-max")


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """In order of their cost: a small network, the same one at a higher rate, then wider and deeper ones."""
    first = {**first_convolutions(specs, facts), "blocks": "1-1-1", "pool": "average-max"}
    wide = {**first, **WIDER}
    return [first, {**first, "learning_rate": 1e-2}, wide, {**wide, "blocks": "2-2-2"}]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.stems import picture_parts

    spec = spectrogram_of(specs)
    inputs = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)  # (batch, bands, frames, 1)
    parts = picture_parts(
        inputs, spec, int(choices["width"]), int(choices["stem"]), str(choices["blocks"]),
        choices["pool"] == "average-max", views_of(choices, knobs),
    )  # fmt: skip
    return predictor(spec, inputs, parts, knobs["dropout"], head, "audio_cnn")


AUDIO_CNN = Template(
    name="audio_cnn",
    title="residual network of convolutions on spectrograms",
    family="cnn",
    goals=GOALS,
    accepts=("spectrogram",),
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "dropout", *STRENGTHS),
    starts=starts,
    unfit=partial(one_spectrogram, "audio_cnn"),
    source="He et al., CVPR 2016; on log-mel spectrograms: Hershey et al., ICASSP 2017; masks: Park et al., "
    "'SpecAugment', Interspeech 2019",
)
