"""Closed lists of names: modalities, goals, kinds of columns and inputs, sides, states of runs and more."""

from __future__ import annotations

from typing import Literal, get_args

ModalityName = str
"""Name of a modality: one of `MODALITIES`, or of one that a plug-in brings (`automl.modalities.named`)."""
Items = Literal["rows", "text", "images", "sounds", "series"]
GoalName = str
"""Name of a goal: one of `GOALS`, or the name of a plug-in's goal (`automl.goals.named`)."""
Answers = Literal["class", "labels", "values", "windows", "vectors", "rows", "masks"]
Kind = Literal[
    "numeric", "categorical", "boolean", "datetime", "text", "url", "embedded_number",
    "list", "image_path", "audio_path", "identifier", "constant", "unknown",
]  # fmt: skip
InputKind = Literal["numbers", "categories", "tokens", "ngrams", "vectors", "image", "spectrogram", "series", "noise"]
OutputKind = Literal[
    "labels", "probabilities", "values", "quantiles", "windows", "scores", "vectors", "samples", "masks"
]
Family = Literal[
    "mlp", "cnn", "rnn", "transformer", "autoencoder", "contrastive", "vae", "gan", "diffusion", "autoregressive",
]  # fmt: skip
Tier = Literal["floor", "fast", "strong"]
Side = Literal["deep", "shallow", "blend", "floor"]
Status = Literal["done", "cut", "failed"]
Severity = Literal["low", "medium", "high"]
Stopped = Literal["budget", "max_trials", "exhausted", "interrupt"]
"""Why a run ended."""
Cause = Literal["test", "time", "deep_seeds", "shallow_seeds"]
"""What a variance of the gain comes from: test units, shocks that series share, seeds of a side."""
DeviceWish = Literal["auto", "cpu", "one", "all"]
PrecisionWish = Literal["auto", "float32", "mixed_bfloat16"]
OnOdd = Literal["warn", "ignore", "refuse"]
"""What is done about new rows that differ from the training rows (`automl.predict.on_odd`)."""

PLUGIN_GROUP = "automl.plugins"
"""Group of entry points by which installed packages add templates, baselines, metrics, goals and so on."""

MODALITIES: tuple[ModalityName, ...] = ("tabular", "text", "image", "audio", "sequence")
GOALS: tuple[GoalName, ...] = (
    "binary", "multiclass", "multilabel", "regression", "forecast", "anomaly", "represent", "generate", "segment",
)  # fmt: skip
"""Goals that automl has; `automl.goals` holds their records."""
KINDS: tuple[Kind, ...] = get_args(Kind)
QUANTITY_KINDS: tuple[Kind, ...] = ("numeric", "embedded_number")
NUMERIC_KINDS: tuple[Kind, ...] = (*QUANTITY_KINDS, "boolean")
"""Kinds whose cells are float64."""
ORDERED_KINDS: tuple[Kind, ...] = (*NUMERIC_KINDS, "datetime")
FILE_KINDS: tuple[Kind, ...] = ("image_path", "audio_path")
"""Kinds whose cells name files, which are decoded into arrays beside the table."""
UNUSED_KINDS: tuple[Kind, ...] = ("identifier", "constant", "unknown")
"""Kinds whose columns no model reads."""

MIN_LEVEL_ROWS = 5
"""A level, a word or any other part of a cell gets a code of its own only if it is in at least this many training rows.

So nothing is stored that only fewer rows contain. Target classes and the names of series are the exception: they are
stored however few rows they have.
"""

NGRAM_BITS = 20
"""Of an input of kind "ngrams": the lower bits of a number hold the id, those above them the weight."""

START, PRETRAINED, DRAWN = "start", "pretrained", "drawn"
"""The setting of a deep run that says what weights its network starts from, and its values."""
UNLABELLED, UNUSED = "unlabelled", "no"
"""The setting of a shallow run that says how rows without a label are used, and its value where they are not."""
