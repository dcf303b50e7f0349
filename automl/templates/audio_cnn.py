"""A small residual network for the spectrograms of sounds. On a CPU it trains on thousands of words in seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.records import Facts, Head, InputSpec, Task, Template
from automl.templates.shared.sounds import (
    STRENGTHS,
    batch_size_for,
    declare_augmentation,
    epochs_for,
    first_augmentation,
    one_spectrogram,
    spectrogram_of,
    stem_for,
    views_of,
)
from automl.templates.shared.tables import GOALS


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare depth, width, stem and augmentation strengths."""
    hp.Float("learning_rate", 5e-4, 2e-2, sampling="log", default=5e-3)
    hp.Float("weight_decay", 1e-5, 3e-1, sampling="log", default=2e-2)
    hp.Float("dropout", 0.0, 0.5, default=0.2)
    declare_augmentation(hp)
    hp.Choice("batch_size", [16, 32, 64, 128], default=batch_size_for(facts.n_rows))
    hp.Int("epochs", 4, 100, step=2, default=epochs_for(facts.n_rows))
    hp.Choice("stem", [1, 2, 4], default=stem_for(specs))
    hp.Choice("width", [12, 16, 24, 32], default=16)
    hp.Choice("blocks", ["1-1", "1-1-1", "2-2-2"], default="1-1-1")
    hp.Choice("pool", ["average", "average-max"], default="average-max")


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """In order of their cost: a small network, the same one at a higher rate, then wider and deeper ones."""
    first = {
        "learning_rate": 5e-3, "weight_decay": 2e-2, "dropout": 0.2, **first_augmentation(),
        "batch_size": batch_size_for(facts.n_rows), "epochs": epochs_for(facts.n_rows), "stem": stem_for(specs),
        "width": 16, "blocks": "1-1-1", "pool": "average-max",
    }  # fmt: skip
    wide = {**first, "width": 24, "learning_rate": 3e-3, "bands": 0.3, "frames": 0.25}
    return [first, {**first, "learning_rate": 1e-2}, wide, {**wide, "blocks": "2-2-2"}]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.dropout import KnobDropout
    from automl.layers.output import RawOutput, starting_bias
    from automl.layers.stems import picture_parts

    spec = spectrogram_of(specs)
    inputs = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)  # (batch, bands, frames, 1)
    parts = picture_parts(
        inputs, spec, int(choices["width"]), int(choices["stem"]), str(choices["blocks"]),
        choices["pool"] == "average-max", views_of(choices, knobs),
    )  # fmt: skip
    x = keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    x = KnobDropout(knobs["dropout"])(x)
    return keras.Model({spec.name: inputs}, RawOutput(head.shape, starting_bias(head))(x), name="audio_cnn")


def unfit(task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why this template cannot be used: it reads exactly one spectrogram."""
    return one_spectrogram("audio_cnn", specs)


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
    unfit=unfit,
    source="He et al., CVPR 2016; on log-mel spectrograms: Hershey et al., ICASSP 2017; masks: Park et al., "
    "'SpecAugment', Interspeech 2019",
)
