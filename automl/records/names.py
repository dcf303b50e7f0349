"""Closed lists of names: what a dataset, a goal, a column, an input and a run may be."""

from __future__ import annotations

from typing import Literal, get_args

ModalityName = str
"""Name of a modality: one of `MODALITIES`, or of one that a plug-in brings (`automl.modalities.named`)."""
Items = Literal["rows", "text", "images", "series"]
GoalName = str
"""Name of a goal: one of `GOALS`, or of one that a plug-in brings (`automl.goals.named`)."""
Answers = Literal["class", "labels", "values", "windows"]
Kind = Literal[
    "numeric", "categorical", "boolean", "datetime", "text", "url", "embedded_number",
    "list", "image_path", "identifier", "constant", "unknown",
]  # fmt: skip
InputKind = Literal["numbers", "categories", "tokens", "image", "series"]
OutputKind = Literal[
    "labels", "probabilities", "values", "quantiles", "windows", "scores", "vectors", "samples", "masks"
]
Family = Literal["mlp", "cnn", "rnn", "transformer", "autoencoder", "vae", "gan", "diffusion"]
Tier = Literal["floor", "fast", "strong"]
Side = Literal["deep", "shallow", "blend", "floor"]
Status = Literal["done", "cut", "failed"]
Severity = Literal["low", "medium", "high"]
DeviceWish = Literal["auto", "cpu", "one", "all"]

PLUGIN_GROUP = "automl.plugins"
"""Group of entry points through which installed packages bring members."""

MODALITIES: tuple[ModalityName, ...] = ("tabular", "text", "image", "sequence")
GOALS: tuple[GoalName, ...] = (
    "binary", "multiclass", "multilabel", "regression", "forecast", "anomaly", "represent", "generate", "segment",
)  # fmt: skip
"""Goals that automl has or is to have; `automl.goals` holds those that are built."""
KINDS: tuple[Kind, ...] = get_args(Kind)
QUANTITY_KINDS: tuple[Kind, ...] = ("numeric", "embedded_number")
NUMERIC_KINDS: tuple[Kind, ...] = (*QUANTITY_KINDS, "boolean")
"""Kinds whose cells are float64."""
ORDERED_KINDS: tuple[Kind, ...] = (*NUMERIC_KINDS, "datetime")
UNUSED_KINDS: tuple[Kind, ...] = ("identifier", "constant", "unknown")
"""Kinds whose columns no model reads."""

MIN_LEVEL_ROWS = 5
"""Training rows in which a level, a word or any other part of a cell must be seen to get a code of its own.

What is stored then says nothing that fewer rows say; target classes and the keys of series are stored whatever their
rows.
"""
