"""One number of each prediction, for pictures of how it changes: a probability, or a value."""

from __future__ import annotations

import numpy as np

from automl import goals
from automl.records import Output, Task

__all__ = ["answer_numbers", "answer_words", "of_truth"]


def answer_numbers(task: Task, output: Output) -> np.ndarray:
    """``(n, n_answers)``: the probability of the positive class, or one number of each class, label or target."""
    if goals.named(task).is_classification:
        probabilities = np.asarray(output.arrays["probabilities"], np.float64)
        return probabilities[:, 1:] if goals.named(task).is_binary else probabilities
    values = np.asarray(output.arrays["values"], np.float64)
    return values.reshape(len(values), -1)


def answer_words(task: Task, place: int) -> str:
    """What such a number is."""
    if not goals.named(task).is_classification:
        return f"predicted {task.target[min(place, len(task.target) - 1)]}"
    return f"probability of {task.classes[place + 1 if goals.named(task).is_binary else place]}"


def of_truth(task: Task, output: Output, truth: np.ndarray) -> np.ndarray:
    """``(n,)``: the probability of the true class, the mean one of all true labels, or the first value.

    Args:
        task: that is predicted.
        output: n predictions.
        truth: of the same items.
    """
    goal = goals.named(task)
    if not goal.is_classification:
        return np.asarray(np.asarray(output.arrays["values"], np.float64).reshape(len(truth), -1)[:, 0])
    probabilities = np.asarray(output.arrays["probabilities"], np.float64)
    if goal.is_multilabel:
        return np.asarray(np.where(truth > 0, probabilities, 1.0 - probabilities).mean(axis=1))
    return np.asarray(probabilities[np.arange(len(truth)), np.asarray(truth, np.int64)])
