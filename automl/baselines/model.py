"""One shape for the shallow models of all modalities: features of raw rows, then a learner on the matrix."""

from __future__ import annotations

import dataclasses
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from automl import goals
from automl.baselines.learners.each_target import EachTarget, filled
from automl.baselines.learners.learner import as_output, own_goal
from automl.baselines.self_training import self_trained
from automl.goals.shared.target_transform import PLAIN, TargetTransform, bounds, logarithm_for, transform_for
from automl.records import Dataset, FitContext, Output, Task
from automl.target_encoding.microaggregation import MIN_LEVEL_ROWS, quantiles

__all__ = [
    "LOGARITHM",
    "Floor",
    "Model",
    "distinct",
    "draws",
    "forget",
    "labelled",
    "remembered",
    "rows_key",
    "seconds_spared",
]

CACHE_BYTES = 2 << 30
LOGARITHM = "log"
"""The value of the setting `unskew` by which positive values are learnt after their logarithm."""
_cache: OrderedDict[Hashable, tuple[Any, float, int]] = OrderedDict()
_cached_bytes = [0]
_spared = [0.0]


class Features(Protocol):
    """Fitted on training rows; turns rows of a dataset into a matrix.

    Attributes:
        categories: which columns hold category codes for trees; empty for none.
    """

    categories: list[bool]

    def fit(self, dataset: Dataset, rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None) -> Any:
        """Learn from these rows and return their matrix."""
        ...

    def transform(self, dataset: Dataset, rows: np.ndarray) -> Any:
        """The matrix of other rows."""
        ...


class Model:
    """Features and a learner.

    Args:
        task: what to predict.
        features: see `Features`.
        learner: see `automl.baselines.learners.learner`.
        unskew: whether values are learnt after the transform that their skewness asks for, or after their logarithm
            ("log"), see `automl.goals.shared.target_transform`.

    Attributes:
        trains_itself: before a fit: whether it learns from rows without a label, see `automl.baselines.self_training`.
    """

    trains_itself = False

    def __init__(self, task: Task, features: Features, learner: Any, unskew: bool | str = False) -> None:
        self.goal = own_goal(task.goal)
        self.metric = task.metric
        self.features = features
        self.learner = learner
        self.unskew = unskew
        self.curves: list[list[float]] = []  # of each target: power, origin, unit; lowest, highest after it

    def fit(self, dataset: Dataset, split_rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None,
            context: FitContext) -> None:  # fmt: skip
        """Fit features and learner on these rows; validation rows only stop and choose."""
        if not self.trains_itself:
            self._fit(dataset, split_rows, truth, weight, context)
            return
        del self.trains_itself  # the class's own value is left, so that copies and what is stored do not have it
        if dataset.unlabelled is None or not dataset.unlabelled.n_rows:
            self._fit(dataset, split_rows, truth, weight, context)
            return
        fitted = self_trained(Model._fit, self, dataset, split_rows, truth, weight, context)
        self.__dict__.update(fitted.__dict__)

    def _fit(self, dataset: Dataset, split_rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None,
             context: FitContext) -> None:  # fmt: skip
        has_gaps = bool(goals.named(self.goal).is_numeric and np.isnan(truth).any())
        X = self.features.fit(dataset, split_rows, filled(truth) if has_gaps else truth, weight)
        valid = None if context.valid_rows is None else self.features.transform(dataset, context.valid_rows)

        def complete() -> None:
            if context.checkpoint is not None:
                context.checkpoint(self)

        truth, context = self._straightened(truth, context)
        more = {"categories": self.features.categories} if any(self.features.categories) else {}
        if has_gaps:
            self.learner = EachTarget(self.learner)
        self.learner.fit(X, truth, weight, valid, context.valid_truth, context, complete, **more)

    @property
    def reads_arrays(self) -> bool:
        """Whether it predicts inputs that are `automl.records.ColumnArrays`."""
        return bool(getattr(self.features, "reads_arrays", False))

    def predict(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """Predict these rows, 4,096 at a time so that memory stays bounded."""
        parts = [
            self.learner.predict(self.features.transform(dataset, rows[i : i + 4096]))
            for i in range(0, max(len(rows), 1), 4096)
        ]
        predicted = np.concatenate(parts)
        for place, (power, origin, unit, low, high) in enumerate(self.curves):
            predicted[:, place] = TargetTransform(power, origin, unit).back(np.clip(predicted[:, place], low, high))
        return as_output(self.goal, predicted)

    def _straightened(self, truth: np.ndarray, context: FitContext) -> tuple[np.ndarray, FitContext]:
        """Values after their transforms, whose bounds predictions keep to; other truths as they are."""
        if not goals.named(self.goal).is_numeric:
            return truth, context
        values = np.asarray(truth, np.float64)
        known = [column[~np.isnan(column)] for column in values.T]
        shapes = [self._transform_for(column) for column in known]
        self.curves = [
            [shape.power, shape.origin, shape.unit, *bounds(shape, column)]
            for shape, column in zip(shapes, known, strict=True)
        ]
        valid = context.valid_truth
        if valid is not None:
            valid = np.stack([s.forward(c) for s, c in zip(shapes, valid.T, strict=True)], axis=1)
        straight = np.stack([s.forward(c) for s, c in zip(shapes, values.T, strict=True)], axis=1)
        return straight, dataclasses.replace(context, valid_truth=valid)

    def _transform_for(self, values: np.ndarray) -> TargetTransform:
        """What a target is learnt after."""
        if self.unskew == LOGARITHM:
            return logarithm_for(values)
        return transform_for(values, self.metric) if self.unskew else PLAIN

    @property
    def stopped(self) -> str:
        """Why growing stopped early, or an empty string."""
        return str(getattr(self.learner, "stopped", ""))

    @property
    def n_learnt(self) -> int:
        """Rows that the learner learnt from where these may be fewer than it was given; else 0."""
        return int(getattr(self.learner, "n_learnt", 0))

    def chosen(self, growth: float) -> Mapping[str, Any]:
        """What validation rows decided, for a refit; see `RefittableModel.chosen`."""
        chosen: Mapping[str, Any] = self.learner.chosen(growth)
        return chosen


class Floor:
    """Learns nothing from the inputs: class priors, label shares, or the mean of each target.

    Args:
        task: what to predict.
        statistic: "mean" or "median" of the targets (values only).
    """

    def __init__(self, task: Task, statistic: str = "mean") -> None:
        self.goal = own_goal(task.goal)
        self.n_classes = len(task.classes)
        self.statistic = statistic
        self.constant: np.ndarray | None = None

    def fit(self, dataset: Dataset, split_rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None,
            context: FitContext) -> None:  # fmt: skip
        """Weighted shares or means of the training rows."""
        w = np.ones(len(truth)) if weight is None else weight
        if goals.named(self.goal).is_one_class:
            counts = np.bincount(truth, weights=w, minlength=self.n_classes)
            self.constant = counts / counts.sum()
        elif self.statistic == "median":
            truth = filled(truth)
            self.constant = quantiles(truth, [0.5])[0] if len(truth) >= MIN_LEVEL_ROWS else truth.mean(axis=0)
        else:
            known = ~np.isnan(truth)
            self.constant = (w @ np.where(known, truth, 0.0)) / np.maximum(w @ known, np.finfo(float).tiny)

    @property
    def reads_arrays(self) -> bool:
        """It reads nothing of them."""
        return True

    def predict(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """The same for every row."""
        assert self.constant is not None
        return as_output(self.goal, np.tile(self.constant, (len(rows), 1)))


def labelled(task: Task) -> bool:
    """Whether class probabilities are asked for."""
    return goals.named(task).is_classification


def remembered(key: Hashable, compute: Callable[[], Any]) -> Any:
    """The value computed before under this key in this process, or a new one.

    Settings of one family often share their features; the worker keeps the last ones. The seconds that were spared
    are counted, so that a run's cost still says what a fit from nothing takes.
    """
    if key in _cache:
        _cache.move_to_end(key)
        value, seconds, _ = _cache[key]
        _spared[0] += seconds
        return value
    begun = time.monotonic()
    value = compute()
    size = sum(_bytes(v) for v in (value if isinstance(value, tuple) else (value,)))
    _cache[key] = (value, time.monotonic() - begun, size)
    _cached_bytes[0] += size
    while len(_cache) > 1 and _cached_bytes[0] > CACHE_BYTES:
        _cached_bytes[0] -= _cache.popitem(last=False)[1][2]
    return value


def forget() -> None:
    """Drop all that `remembered` keeps in this process."""
    _cache.clear()
    _cached_bytes[0] = 0


def seconds_spared() -> float:
    """Seconds that `remembered` has spared since the last call."""
    seconds, _spared[0] = _spared[0], 0.0
    return seconds


def rows_key(dataset: Dataset, rows: np.ndarray) -> tuple[Hashable, ...]:
    """Names these rows of this dataset within this process."""
    return (id(dataset.inputs), dataset.fingerprint, len(rows), hash(rows.tobytes()))


def _bytes(value: Any) -> int:
    if hasattr(value, "nbytes"):
        return int(value.nbytes)
    return int(value.data.nbytes + value.indices.nbytes) if hasattr(value, "indices") else 0


def distinct(first: int, others: Sequence[int], effect: Callable[[int], float]) -> list[int]:
    """The first of some choices, and the others that do something else than it and than one another.

    Args:
        first: the default.
        others: further choices.
        effect: what a choice comes to for the data at hand.
    """
    return list({effect(choice): choice for choice in (*reversed(others), first)}.values())


def draws(
    first: Mapping[str, Any], options: Mapping[str, Any], seed: int, then: Sequence[Mapping[str, Any]] = ()
) -> Any:
    """Yield `first`, then random settings: one option each, tuples of two floats are log-uniform ranges.

    Args:
        first: the default.
        options: name → list of choices, or ``(low, high)``.
        seed: of the draws.
        then: what differs from the default in the settings that follow it, before the random ones.
    """
    yield dict(first)
    for other in then:
        yield {**first, **other}
    random = np.random.default_rng(seed)
    while options:
        settings = dict(first)
        for name, choice in options.items():
            if isinstance(choice, tuple):
                low, high = choice
                value: Any = float(np.exp(random.uniform(np.log(low), np.log(high))))
                settings[name] = float(f"{value:.3g}") if isinstance(low, float) else round(value)
            else:
                settings[name] = choice[int(random.integers(len(choice)))]
        yield settings
