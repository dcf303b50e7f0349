"""The loss of single items, for what is compared item by item: the metric's own where it has one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from automl import goals, metrics
from automl.analyses.shared.scoring import Scored
from automl.records import Output, Task

__all__ = ["ItemLosses", "item_losses", "labels_of", "wrong"]

OWN_WORDS = {"accuracy": "error rate", "mae": "mean absolute error"}


@dataclass(frozen=True, slots=True, eq=False)
class ItemLosses:
    """How wrong the predictions of items are; smaller is better.

    Attributes:
        words: what the mean of the losses is called.
        values: ``(n,)`` float64; NaN where nothing of an item's truth is known.
    """

    words: str
    values: np.ndarray


def item_losses(task: Task, at: Scored, output: Output) -> ItemLosses:
    """The metric's losses where it is a mean of losses; else Brier, error rate or absolute errors, by what it reads.

    The Brier score is halved for several classes, so that it lies between 0 and 1 for any number of them (Brier 1950).
    """
    metric = metrics.named(task.metric)
    own = metrics.item_losses(task.metric, at.truth, output, at.context) if metric.reads in output.arrays else None
    if own is not None:
        return ItemLosses(OWN_WORDS.get(task.metric, metric.words or task.metric), np.asarray(own[0], np.float64))
    if goals.named(task).is_classification:
        if metric.reads == "labels" or "probabilities" not in output.arrays:
            return ItemLosses("error rate", wrong(task, at.truth, output).astype(np.float64))
        return ItemLosses("Brier score", _brier(task, at.truth, output.arrays["probabilities"]))
    return ItemLosses("mean absolute error", _absolute(at.truth, output.arrays["values"]))


def labels_of(output: Output) -> np.ndarray:
    """Predicted codes ``(n,)``, or switches ``(n, n_labels)``."""
    if "labels" in output.arrays:
        return np.asarray(output.arrays["labels"])
    return np.asarray(np.asarray(output.arrays["probabilities"]).argmax(axis=1))


def wrong(task: Task, truth: np.ndarray, output: Output) -> np.ndarray:
    """``(n,)`` bool: whether an item's class is wrong, or any of its labels."""
    miss = np.asarray(labels_of(output) != truth)
    return np.asarray(miss.any(axis=1) if miss.ndim == 2 else miss)


def _brier(task: Task, truth: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    p = np.asarray(probabilities, np.float64)
    if goals.named(task).is_multilabel:
        return np.asarray(((p - truth) ** 2).mean(axis=1))
    hot = np.zeros_like(p)
    hot[np.arange(len(p)), truth.astype(np.int64)] = 1.0
    return np.asarray(((p - hot) ** 2).sum(axis=1) / 2)


def _absolute(truth: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Mean over steps and targets; several targets are measured by their spread."""
    values = np.asarray(values, np.float64)
    truth = np.asarray(truth, np.float64).reshape(values.shape)
    errors = np.abs(values - truth)
    n_targets = values.shape[-1] if values.ndim > 1 else 1
    if n_targets > 1:
        spread = np.nanstd(truth.reshape(-1, n_targets), axis=0)
        errors = errors / np.where(spread > 0, spread, 1.0)
    flat = errors.reshape(len(errors), -1)
    known = np.isfinite(flat)
    total = np.where(known, flat, 0.0).sum(axis=1)
    n = known.sum(axis=1)
    return np.asarray(np.where(n > 0, total / np.maximum(n, 1), np.nan))
