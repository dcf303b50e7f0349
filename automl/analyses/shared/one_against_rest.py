"""Probabilities of single classes or labels against what came true, as curves and scores of two classes read them."""

from __future__ import annotations

import dataclasses

import numpy as np

from automl.analyses.shared.scoring import Scored
from automl.records import Output

__all__ = ["of_class", "two_classes"]


def of_class(at: Scored, output: Output, k: int) -> tuple[np.ndarray, np.ndarray]:
    """What came true ``(n,)`` bool, and the probability that was given to it ``(n,)``.

    Args:
        at: the items.
        output: with probabilities ``(n, n_classes)``, or ``(n, n_labels)`` of a multilabel task.
        k: code of the class, or place of the label.
    """
    p = np.asarray(output.arrays["probabilities"], dtype=np.float64)
    truth = np.asarray(at.truth)
    return (truth[:, k] == 1 if truth.ndim == 2 else truth == k), p[:, k]


def two_classes(at: Scored, came_true: np.ndarray, claimed: np.ndarray) -> tuple[Scored, Output]:
    """The same items as a binary task: 1 where it came true."""
    both = np.column_stack([1.0 - claimed, claimed])
    items = dataclasses.replace(at, truth=came_true.astype(np.int64), context={**at.context, "classes": 2})
    return items, Output("probabilities", {"probabilities": both, "labels": (claimed > 0.5).astype(np.int64)})
