"""Encoders and target codecs of every modality, fitted on training rows only.

`fit` gives both; their ``state()`` is plain numbers, strings, lists and NumPy arrays, from which `restore` and
`restore_codec` make them again, transforming bit for bit alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from automl.goals import codecs
from automl.modalities import bins, forecast, image, sequence, tabular, text
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
    codec = codecs.fit(dataset, task, split)
    room = _ROOMS["forecast" if task.goal == "forecast" else task.modality]
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


def facts(dataset: Dataset, task: Task, split: Split, codec: TargetCodec) -> Facts:
    """What a search space may know of the training rows.

    Returns:
        Counts and moments: rows are windows for a forecast; the moments are the first target's, in the user's units,
        for regression and forecast.
    """
    windows = split.train_windows if task.goal == "forecast" else None
    n_rows = len(split.train) if windows is None else len(windows)
    if task.goal not in ("regression", "forecast") or dataset.target is None:
        return Facts(n_rows, len(task.classes), codec.head.priors)
    rows = split.train if windows is None else forecast.history_rows(dataset, split)
    values = dataset.target[task.target[0]].to_numpy(np.float64)[rows]
    return Facts(n_rows, target_mean=float(np.mean(values)), target_std=float(np.std(values)) or 1.0)
