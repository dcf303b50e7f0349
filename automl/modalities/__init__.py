"""Encoders and target codecs of every modality, fitted on training rows only.

`fit` gives both; their ``state()`` is plain numbers, strings, lists and NumPy arrays, from which `restore` and
`restore_codec` make them again, transforming bit for bit alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl import goals
from automl.goals.shared import codecs
from automl.modalities import forecast, image, sequence, tabular, text
from automl.modalities.shared import bins
from automl.records import Dataset, Encoder, Facts, Split, TargetCodec, Task

__all__ = ["facts", "fit", "restore", "restore_codec"]

_ROOMS: Mapping[str, Any] = {
    "tabular": tabular,
    "text": text,
    "image": image,
    "sequence": sequence,
    "forecast": forecast,
}


def fit(dataset: Dataset, task: Task, split: Split) -> tuple[Encoder, TargetCodec]:
    """Fit the encoder of the task's modality and the codec of its goal on training rows.

    Args:
        dataset: typed columns and clean target, as detection leaves them.
        task: what to do.
        split: who trains.

    Raises:
        DataError: nothing in the inputs can be used. RecipeError: the goal has no target.
    """
    codec = goals.named(task).fit_codec(dataset, task, split)
    room = _ROOMS["forecast" if goals.named(task).in_windows else task.modality]
    encoder: Encoder = room.fit(dataset, task, split)
    if isinstance(encoder, tabular.TabularEncoder):
        encoder = bins.with_splits(encoder, dataset, split, codec)
    return encoder, codec


def restore(state: Mapping[str, Any]) -> Encoder:
    """The encoder that ``Encoder.state()`` described."""
    encoder: Encoder = _ROOMS[state["encoder"]].restore(state)
    return encoder


def restore_codec(state: Mapping[str, Any]) -> TargetCodec:
    """The codec that ``TargetCodec.state()`` described."""
    return codecs.restore(state)


def facts(task: Task, split: Split, codec: TargetCodec) -> Facts:
    """What a search space may know of the training rows.

    Returns:
        Counts: rows are windows for a forecast.
    """
    return Facts(len(split.items("train")), len(task.classes), codec.head.priors)
