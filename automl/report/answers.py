"""How wrong a prediction of one test item is, and how truth and prediction are written: one record a kind of answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl import goals
from automl.records import VOID, Answers, Contestant, Task
from automl.report import sides, words

__all__ = ["Answer", "answer_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """How the report treats one kind of answer.

    Attributes:
        losses: from the truth of all test items and a contestant to ``(n_items,)`` losses; 0 where nothing is wrong.
        truth: from the task and the truth of one item to words.
        predicted: from the task, the truth of one item, a contestant and the item's number to words.
    """

    losses: Callable[[Any, Contestant], Any]
    truth: Callable[[Task, Any], str]
    predicted: Callable[[Task, Any, Contestant, int], str]


def answer_of(task: Task) -> Answer:
    """What the report does for this task's kind of answer."""
    return KINDS[goals.named(task).answers]


# --------------------------------------------------------------------------- one class


def class_losses(truth: Any, entrant: Contestant) -> Any:
    """1 plus the probability that the true class lacks where the label is wrong; 1 where there are no probabilities."""
    wrong = sides.labels(entrant) != truth
    p = entrant.output.arrays.get("probabilities")
    if p is None:
        return wrong.astype(float)
    missing = 1.0 - np.asarray(p, dtype=float)[np.arange(len(truth)), truth.astype(int)]
    return np.where(wrong, 1.0 + missing, 0.0)


def class_text(task: Task, code: Any) -> str:
    """The name of a class."""
    return words.shorten(task.classes[int(code)], 60)


def predicted_class(task: Task, truth: Any, entrant: Contestant, i: int) -> str:
    """The predicted class and its probability."""
    code = int(sides.labels(entrant)[i])
    p = entrant.output.arrays.get("probabilities")
    return class_text(task, code) + (f" ({words.percent(float(p[i][code]))})" if p is not None else "")


# --------------------------------------------------------------------------- any of several labels


def labels_losses(truth: Any, entrant: Contestant) -> Any:
    """The number of wrong labels plus the mean error of the probabilities; 0 where every label is right."""
    labels = sides.labels(entrant)
    p = np.asarray(entrant.output.arrays.get("probabilities", labels), dtype=float)
    n_wrong = (labels != truth).sum(axis=1)
    return np.where(n_wrong > 0, n_wrong + np.abs(p - truth).mean(axis=1), 0.0)


def labels_text(task: Task, switches: Any) -> str:
    """The names of the labels that are on."""
    names = [words.shorten(task.classes[k], 30) for k in np.flatnonzero(np.asarray(switches) > 0)]
    return ", ".join(names) if names else "none"


def predicted_labels(task: Task, truth: Any, entrant: Contestant, i: int) -> str:
    """The names of the predicted labels."""
    return labels_text(task, sides.labels(entrant)[i])


# --------------------------------------------------------------------------- numbers


def value_losses(truth: Any, entrant: Contestant) -> Any:
    """The mean absolute error of an item, in units of the truth's standard deviation."""
    values = sides.predicted(entrant)
    truth = truth.astype(float).reshape(values.shape)
    items = tuple(range(truth.ndim - 1))
    spread = np.sqrt(sides.known_mean((truth - sides.known_mean(truth, items)) ** 2, items))
    scaled = np.abs(values - truth) / np.where(spread > 0, spread, 1.0)
    return sides.known_mean(scaled, axis=tuple(range(1, scaled.ndim)))


def values_text(task: Task, values: Any) -> str:
    """One number, or several with the names of their targets."""
    values = np.atleast_1d(np.asarray(values, dtype=float))
    if len(values) == 1:
        return words.number(float(values[0]))
    pairs = zip(task.target, values, strict=False)
    return ", ".join(f"{words.shorten(name, 20)} {words.number(float(value))}" for name, value in pairs)


def predicted_values(task: Task, truth: Any, entrant: Contestant, i: int) -> str:
    """The predicted numbers."""
    return values_text(task, sides.predicted(entrant)[i])


# --------------------------------------------------------------------------- windows of a forecast


def window_text(task: Task, values: Any) -> str:
    """The mean of a window, of each target."""
    return f"{values_text(task, _of_targets(task, values))} on average"


def predicted_window(task: Task, truth: Any, entrant: Contestant, i: int) -> str:
    """The mean absolute error of a window, of each target."""
    errors = np.abs(sides.predicted(entrant)[i] - np.asarray(truth))
    return f"off by {values_text(task, _of_targets(task, errors))}"


def _of_targets(task: Task, window: Any) -> Any:
    """Means over the known steps of a window ``(horizon, n_targets)``."""
    return sides.known_mean(np.asarray(window, dtype=float).reshape(-1, max(1, len(task.target))), axis=0)


# --------------------------------------------------------------------------- masks


def mask_losses(truth: Any, entrant: Contestant) -> Any:
    """The share of known pixels of each picture that have another class."""
    known = truth != VOID
    wrong = (entrant.output.arrays["masks"] != truth) & known
    return wrong.sum(axis=(1, 2)) / np.maximum(known.sum(axis=(1, 2)), 1)


def mask_text(task: Task, codes: Any) -> str:
    """How much of a picture the classes take up, but the first."""
    known = max(int((codes != VOID).sum()), 1)
    shares = [(name, int((codes == code).sum()) / known) for code, name in enumerate(task.classes)]
    named = [f"{words.shorten(name, 20)} {words.percent(share)}" for name, share in shares[1:] if share > 0]
    return ", ".join(named) if named else "nothing marked"


def predicted_mask(task: Task, truth: Any, entrant: Contestant, i: int) -> str:
    """The same of a predicted mask."""
    return mask_text(task, np.where(truth == VOID, VOID, entrant.output.arrays["masks"][i]))


KINDS: Mapping[Answers, Answer] = {
    "class": Answer(class_losses, class_text, predicted_class),
    "labels": Answer(labels_losses, labels_text, predicted_labels),
    "values": Answer(value_losses, values_text, predicted_values),
    "windows": Answer(value_losses, window_text, predicted_window),
    "masks": Answer(mask_losses, mask_text, predicted_mask),
    "vectors": Answer(class_losses, class_text, predicted_class),
}
