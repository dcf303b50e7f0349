"""A recurrent network on the frames of a spectrogram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from automl.records import Facts, Head, InputSpec, Template
from automl.templates.shared.predictor import predictor
from automl.templates.shared.sounds import (
    STRENGTHS,
    batch_size_for,
    declare_augmentation,
    epochs_for,
    first_augmentation,
    one_spectrogram,
    spectrogram_of,
    views_of,
)
from automl.templates.shared.tables import GOALS

PRIOR = 1 / 6


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare cell, filters, stride over time and augmentation strengths."""
    hp.Float("learning_rate", 5e-4, 2e-2, sampling="log", default=4e-3)
    hp.Float("weight_decay", 1e-5, 1e-1, sampling="log", default=1e-3)
    hp.Float("dropout", 0.0, 0.6, default=0.2)
    declare_augmentation(hp)
    hp.Choice("batch_size", [16, 32, 64, 128], default=batch_size_for(facts.n_rows))
    hp.Int("epochs", 4, 100, step=2, default=epochs_for(facts.n_rows))
    hp.Choice("cell", ["gru", "lstm"], default="gru")
    hp.Choice("units", [32, 48, 64, 96], default=48)
    hp.Choice("filters", [32, 48, 64], default=48)
    hp.Choice("stride", [1, 2, 4], default=4)


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """A GRU on convolutions over time, then an LSTM."""
    first = {
        "learning_rate": 4e-3, "weight_decay": 1e-3, "dropout": 0.2, **first_augmentation(),
        "batch_size": batch_size_for(facts.n_rows), "epochs": epochs_for(facts.n_rows), "cell": "gru", "units": 48,
        "filters": 48, "stride": 4,
    }  # fmt: skip
    return [first, {**first, "cell": "lstm", "units": 64, "stride": 2}]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.dropout import KnobDropout
    from automl.layers.stems import heard

    layers = keras.layers
    spec = spectrogram_of(specs)
    bands, frames = int(spec.shape[0]), int(spec.shape[1])
    inputs = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)  # (batch, bands, frames, 1)
    x = heard(inputs, spec, views_of(choices, knobs))
    x = layers.Reshape((frames, bands))(layers.Permute((2, 1, 3))(x))
    for size, stride in ((5, int(choices["stride"])), (3, 1)):
        x = layers.Conv1D(int(choices["filters"]), size, strides=stride, padding="same", use_bias=False)(x)
        x = layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(x))
    parts = [layers.GlobalMaxPooling1D()(x)]
    cell = layers.LSTM if choices["cell"] == "lstm" else layers.GRU
    x = layers.Bidirectional(cell(int(choices["units"]), return_sequences=True))(
        KnobDropout(knobs["dropout"], shared_axes=(1,))(x)
    )
    parts.append(layers.GlobalAveragePooling1D()(x))
    return predictor(spec, inputs, parts, knobs["dropout"], head, "audio_rnn")


def prior(specs: Sequence[InputSpec], facts: Facts) -> float:
    """It waits until the sixth trial."""
    return PRIOR


AUDIO_RNN = Template(
    name="audio_rnn",
    title="recurrent network (GRU or LSTM) on the frames of spectrograms",
    family="rnn",
    goals=GOALS,
    accepts=("spectrogram",),
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "dropout", *STRENGTHS),
    starts=starts,
    unfit=partial(one_spectrogram, "audio_rnn"),
    prior=prior,
    source="Cho et al. (GRU), 2014; Hochreiter & Schmidhuber (LSTM), 1997; for words: Zhang et al., 'Hello Edge', 2017 "
    "(CRNN)",
)
