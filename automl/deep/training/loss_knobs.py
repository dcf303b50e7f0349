"""Knobs of the loss, which every template has where the task's classes ask for them: class weights, an ordinal term."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from automl.records import Head

__all__ = ["LOSS_KNOBS", "declare", "loss_knobs"]

LOSS_KNOBS = ("class_weight", "ordinal")
UNEVEN = 0.8
STRONGEST_ORDINAL = 4.0


def declare(space: Any, head: Head, metric: str) -> None:
    """Add what this task's loss can be told to a template's space; nothing for most tasks.

    - "class_weight", 0 (none) to 1 (balanced): several classes, a metric that counts them alike, and a rarest class
      with less than four fifths of an even share of the training rows. For two classes, or another metric, nothing was
      gained (decision 10).
    - "ordinal", what the ranked probability score counts beside cross-entropy: where the classes are ordered.

    Args:
        space: KerasTuner HyperParameters.
        head: what the network puts out.
        metric: what trials are judged by.
    """
    counts_alike = head.activation == "softmax" and metric in ("balanced_accuracy", "f1")
    if counts_alike and head.priors and min(head.priors) * len(head.priors) < UNEVEN:
        space.Float("class_weight", 0.0, 1.0, default=0.0)
    if head.ordered:
        space.Float("ordinal", 0.0, STRONGEST_ORDINAL, default=0.0)


def loss_knobs(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Those of the loss's knobs that these settings name."""
    return tuple(name for name in LOSS_KNOBS if name in settings)
