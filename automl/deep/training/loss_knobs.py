"""Hyperparameters of the loss that the task adds to every template: class weights, an ordinal term, label smoothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from automl.records import Head, InputSpec

__all__ = ["LOSS_KNOBS", "declare", "loss_knobs"]

LOSS_KNOBS = ("class_weight", "ordinal", "label_smoothing")
UNEVEN = 0.8
STRONGEST_ORDINAL = 4.0
SMOOTHING, STRONGEST_SMOOTHING = 0.1, 0.2


def declare(space: Any, head: Head, metric: str, specs: Sequence[InputSpec] = ()) -> None:
    """Add the hyperparameters of this task's loss to a template's space; for most tasks there are none.

    - "class_weight", from 0 (none) to 1 (balanced). It is added for several classes if the metric counts all classes
      alike and the rarest class has less than four fifths of an even share of the training rows. For two classes, or
      another metric, it gained nothing (decision 10).
    - "ordinal", the weight of the ranked probability score beside cross-entropy. It is added if classes are ordered.
    - "label_smoothing", the share of a label that is spread over all classes. It is added for classes of pictures
      scored by accuracy: it brings more right labels, and probabilities that are less sure (decision 42).

    Args:
        space: KerasTuner HyperParameters.
        head: the output of the network.
        metric: the metric that trials are scored by.
        specs: the inputs.
    """
    counts_alike = head.activation == "softmax" and metric in ("balanced_accuracy", "f1")
    if counts_alike and head.priors and min(head.priors) * len(head.priors) < UNEVEN:
        space.Float("class_weight", 0.0, 1.0, default=0.0)
    if head.ordered:
        space.Float("ordinal", 0.0, STRONGEST_ORDINAL, default=0.0)
    if head.activation == "softmax" and metric == "accuracy" and _are_pictures(specs):
        space.Float("label_smoothing", 0.0, STRONGEST_SMOOTHING, default=SMOOTHING)


def _are_pictures(specs: Sequence[InputSpec]) -> bool:
    return bool(specs) and all(spec.kind in ("image", "spectrogram") for spec in specs)


def loss_knobs(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the loss's hyperparameters that occur in these settings."""
    return tuple(name for name in LOSS_KNOBS if name in settings)
