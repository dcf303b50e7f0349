"""Between the user's target, what a network's loss compares with, and predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from automl.goals.shared.heads import head_state, restore_head
from automl.goals.shared.masks import MaskCodec
from automl.goals.shared.scores import ScoreCodec
from automl.goals.shared.target_transform import TargetTransform, bounds, transform_for
from automl.goals.shared.truth import class_codes, columns_of, values_of
from automl.goals.shared.vectors import VectorCodec
from automl.records import Dataset, Head, Output, Split, TargetCodec, Task

__all__ = [
    "ClassCodec", "ForecastCodec", "LabelsCodec", "ValuesCodec", "fit_classes", "fit_labels", "fit_two_classes",
    "fit_values", "fit_windows", "restore",
]  # fmt: skip

NAMES = ("classes", "labels", "values", "forecast", "scores", "vectors", "masks")
"""Of the codecs here, as their states spell them."""


# --------------------------------------------------------------------------- classes


@dataclass(eq=False)
class ClassCodec:
    """Binary and multiclass: one column of labels.

    Attributes:
        head: binary has one logit, of ``classes[1]``; multiclass one a class.
        target: the column.
        classes: labels in code order.
    """

    head: Head
    target: str
    classes: list[str]

    def encode(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Binary: float32 ``(n, 1)`` of 0 and 1. Multiclass: int32 codes ``(n,)``."""
        codes = self.truth(dataset, rows)
        return codes.astype(np.float32)[:, None] if self.head.shape == (1,) else codes.astype(np.int32)

    def truth(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Codes ``(n,)`` int64."""
        return class_codes(dataset, self.target, self.classes, rows)

    def decode(self, raw: np.ndarray) -> Output:
        """Logits ``(n, 1)`` or ``(n, n_classes)`` as "probabilities" ``(n, n_classes)`` and "labels" ``(n,)``."""
        logits = np.asarray(raw, np.float64).reshape(len(raw), -1)
        if self.head.shape == (1,):
            probabilities = np.concatenate([expit(-logits), expit(logits)], axis=1)
            labels = (probabilities[:, 1] >= 0.5).astype(np.int64)
        else:
            probabilities = softmax(logits, axis=1)
            labels = probabilities.argmax(axis=1).astype(np.int64)
        return Output("probabilities", {"probabilities": probabilities, "labels": labels})

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings and lists."""
        return {"codec": "classes", "head": head_state(self.head), "target": self.target, "classes": self.classes}


@dataclass(eq=False)
class LabelsCodec:
    """Multilabel: one 0/1 column a label."""

    head: Head
    classes: list[str]

    def encode(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Float32 ``(n, n_labels)`` of 0 and 1."""
        return self.truth(dataset, rows).astype(np.float32)

    def truth(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Int8 ``(n, n_labels)``."""
        return columns_of(dataset, self.classes, rows, np.int8)

    def decode(self, raw: np.ndarray) -> Output:
        """Logits as each label's own probability and, at 0.5 and above, its label."""
        probabilities = expit(np.asarray(raw, np.float64).reshape(len(raw), -1))
        labels = (probabilities >= 0.5).astype(np.int64)
        return Output("probabilities", {"probabilities": probabilities, "labels": labels})

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings and lists."""
        return {"codec": "labels", "head": head_state(self.head), "classes": self.classes}


# --------------------------------------------------------------------------- values


@dataclass(eq=False)
class ValuesCodec:
    """Regression: each target standardised, after a transform where it is skewed or has long tails.

    Attributes:
        targets: columns.
        shapes: the transform of each.
        mean: of training rows after it.
        std: of training rows after it.
        low: bounds of decoded values before the transform is undone, in standardised units.
        high: see `low`.
    """

    head: Head
    targets: list[str]
    shapes: list[TargetTransform]
    mean: list[float]
    std: list[float]
    low: list[float]
    high: list[float]

    def encode(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Standardised values ``(n, n_targets)`` float32, NaN where a value is not known."""
        values = self.truth(dataset, rows)
        for place, shape in enumerate(self.shapes):
            values[:, place] = shape.forward(values[:, place])
        return ((values - self.mean) / self.std).astype(np.float32)

    def truth(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Values ``(n, n_targets)`` float64 in the user's units, NaN where a value is not known."""
        return values_of(dataset, self.targets, rows)

    def decode(self, raw: np.ndarray) -> Output:
        """Standardised values as "values" ``(n, n_targets)`` in the user's units, within the widened training range."""
        inner = np.asarray(raw, np.float64).reshape(len(raw), len(self.targets))
        values = np.clip(inner, self.low, self.high) * self.std + self.mean
        for place, shape in enumerate(self.shapes):
            values[:, place] = shape.back(values[:, place])
        return Output("values", {"values": values})

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings and lists."""
        plain = {name: getattr(self, name) for name in ("targets", "mean", "std", "low", "high")}
        shapes = [asdict(shape) for shape in self.shapes]
        return {"codec": "values", "head": head_state(self.head), "shapes": shapes, **plain}


@dataclass(eq=False)
class ForecastCodec:
    """Forecast: raw windows; the network normalises by its context."""

    head: Head
    targets: list[str]

    def encode(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Raw windows ``(n, horizon, n_targets)`` float32, NaN where a value is not known."""
        return self.truth(dataset, rows).astype(np.float32)

    def truth(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Raw windows ``(n, horizon, n_targets)`` float64, NaN where a value is not known."""
        return values_of(dataset, self.targets, rows)

    def decode(self, raw: np.ndarray) -> Output:
        """``(n, horizon, n_targets, 1 + n_quantiles)`` as "values" and "quantiles", the latter in ascending order."""
        values = np.asarray(raw, np.float64)
        arrays = {"values": values[..., 0]}
        if self.head.quantiles:
            arrays["quantiles"] = np.sort(values[..., 1:], axis=-1)
        return Output("windows", arrays)

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings and lists."""
        return {"codec": "forecast", "head": head_state(self.head), "targets": self.targets}


# --------------------------------------------------------------------------- fitting


def restore(state: Mapping[str, Any]) -> TargetCodec:
    """The codec that `state` described.

    Raises:
        ValueError: it is none of `NAMES`.
    """
    if state["codec"] not in NAMES:
        raise ValueError(f"a codec named {state['codec']!r:.60} is none of {', '.join(NAMES)}")
    head = restore_head(state["head"])
    if state["codec"] == "classes":
        return ClassCodec(head, state["target"], list(state["classes"]))
    if state["codec"] == "labels":
        return LabelsCodec(head, list(state["classes"]))
    if state["codec"] == "values":
        shapes = [TargetTransform(**shape) for shape in state["shapes"]]
        moments = (list(state[name]) for name in ("mean", "std", "low", "high"))
        return ValuesCodec(head, list(state["targets"]), shapes, *moments)
    if state["codec"] == "scores":
        return ScoreCodec(head)
    if state["codec"] == "vectors":
        return VectorCodec(head)
    if state["codec"] == "masks":
        return MaskCodec(head, state["target"])
    return ForecastCodec(head, list(state["targets"]))


def fit_two_classes(dataset: Dataset, task: Task, split: Split) -> ClassCodec:
    """One logit, of the second class."""
    return _fit_classes(Head("binary", (1,), "sigmoid", "binary_crossentropy"), dataset, task, split)


def fit_classes(dataset: Dataset, task: Task, split: Split) -> ClassCodec:
    """One logit a class."""
    shape = (len(task.classes),)
    head = Head("multiclass", shape, "softmax", "sparse_categorical_crossentropy", ordered=task.ordered)
    return _fit_classes(head, dataset, task, split)


def _fit_classes(head: Head, dataset: Dataset, task: Task, split: Split) -> ClassCodec:
    n_classes = len(task.classes)
    codec = ClassCodec(head, task.target[0], list(task.classes))
    counts = np.bincount(codec.truth(dataset, split.train), minlength=n_classes)
    codec.head = _with_priors(head, (counts + 0.5) / (counts.sum() + 0.5 * n_classes))
    return codec


def fit_labels(dataset: Dataset, task: Task, split: Split) -> LabelsCodec:
    """One logit a label."""
    head = Head("multilabel", (len(task.classes),), "sigmoid", "binary_crossentropy")
    codec = LabelsCodec(head, list(task.classes))
    truth = codec.truth(dataset, split.train)
    codec.head = _with_priors(head, (truth.sum(axis=0, dtype=np.float64) + 0.5) / (len(truth) + 1.0))
    return codec


def _with_priors(head: Head, priors: np.ndarray) -> Head:
    """The head with class priors; half a row was added to each class so that their logarithms are finite."""
    return Head(**{**asdict(head), "priors": tuple(float(prior) for prior in priors)})


def fit_values(dataset: Dataset, task: Task, split: Split) -> ValuesCodec:
    """One standardised number a target."""
    n_targets = len(task.target)
    codec = ValuesCodec(Head("regression", (n_targets,), "linear", "mse"), list(task.target), [], [], [], [], [])
    values = codec.truth(dataset, split.train)
    for all_values in values.T:
        column = all_values[~np.isnan(all_values)]
        shape = transform_for(column, task.metric)
        inner = shape.forward(column)
        size = max(float(np.abs(inner).max(initial=0.0)), 1e-300)  # whose square may not be finite
        mean, std = float((inner / size).mean()) * size, float((inner / size).std()) * size
        std = std if std > 1e-12 * max(1.0, abs(mean)) else 1.0
        low, high = bounds(shape, column)
        codec.shapes.append(shape)
        codec.mean.append(mean)
        codec.std.append(std)
        codec.low.append((low - mean) / std)
        codec.high.append((high - mean) / std)
    return codec


def fit_windows(dataset: Dataset, task: Task, split: Split) -> ForecastCodec:
    """The next steps of each target, and their quantiles; nothing is fitted."""
    shape = (int(task.horizon or 1), len(task.target), 1 + len(task.quantiles))
    return ForecastCodec(Head("forecast", shape, "linear", "forecast", tuple(task.quantiles)), list(task.target))
