"""Sizes of errors, and how right probabilities are, in a saved model: plain numbers, each checked when it is read."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from automl import goals
from automl.goals.shared.calibration import restore
from automl.predict.watching.confidence import Confidence
from automl.predict.watching.errors import LEVEL_RANGE, MOST_READ, MOST_TARGETS, QUANTILES, Errors, Grown
from automl.predict.watching.summaries import MOST_LEVELS
from automl.storage.values import Misfit, listed, number, numbers, text, whole

__all__ = ["confidence_as_json", "errors_as_json", "read_confidence", "read_errors"]

MOST_CLASSES = 100_000
MOST_NODES = 600


def errors_as_json(errors: Errors) -> dict[str, Any]:
    """As JSON types."""
    return {
        "read": _read_as_json(errors.read),
        "usual": errors.usual.tolist(),
        "trees": [_trees_as_json(one) for one in errors.trees],
        "shape": errors.shape.tolist(),
        "level": errors.level,
    }  # fmt: skip


def _read_as_json(read: Mapping[str, np.ndarray | None]) -> list[dict[str, Any]]:
    return [{"name": name, "levels": None if one is None else one.tolist()} for name, one in read.items()]


def _trees_as_json(trees: Grown) -> dict[str, Any]:
    return {field.name: getattr(trees, field.name).tolist() for field in dataclasses.fields(Grown)}


def confidence_as_json(confidence: Confidence) -> dict[str, Any]:
    """As JSON types."""
    return {
        "read": _read_as_json(confidence.read),
        "trees": None if confidence.trees is None else _trees_as_json(confidence.trees),
        "rule": None if confidence.rule is None else confidence.rule.state(),
    }


def read_confidence(content: Any, n_places: Mapping[str, int]) -> Confidence:
    """The confidence, every field checked; see `read_errors`.

    Raises:
        Misfit: it is not what automl writes.
    """
    own = _mapping(content)
    read = _read_features(own, n_places)
    trees = None if own.get("trees") is None else _read_trees(_mapping(own["trees"]), len(read))
    rule = own.get("rule")
    if rule is not None:
        rule = _mapping(rule)
        for key in ("slopes", "shifts", "thresholds", "biases"):
            numbers(rule, key, MOST_CLASSES)
        text(rule, "goal"), text(rule, "metric"), number(rule, "reach", 0.0)
        if rule["goal"] not in goals.known():
            raise Misfit("confidence: expected a goal")
    return Confidence(read, trees, None if rule is None else restore(rule))


def read_errors(content: Any, n_places: Mapping[str, int]) -> Errors:
    """The errors, every field checked.

    Args:
        content: of `errors_as_json`, read again.
        n_places: by name of each feature that is remembered, how many counts it has.

    Raises:
        Misfit: it is not what automl writes.
    """
    usual = np.array(numbers(_mapping(content), "usual", MOST_TARGETS))
    if not len(usual) or not (usual > 0).all():
        raise Misfit("errors: expected sizes above zero")
    read = _read_features(content, n_places)
    trees = tuple(_read_trees(_mapping(one), len(read)) for one in listed(content, "trees", MOST_TARGETS))
    shape = [numbers({"shape": one}, "shape", QUANTILES) for one in listed(content, "shape", MOST_TARGETS)]
    if len(trees) != len(usual) or len(shape) != len(usual) or {len(one) for one in shape} != {QUANTILES}:
        raise Misfit("errors: parts of several sizes")
    if (np.diff(shape, axis=1) < 0).any():
        raise Misfit("errors: expected ascending quantiles")
    level = number(content, "level", math.exp(-LEVEL_RANGE) / 2, 2 * math.exp(LEVEL_RANGE))
    return Errors(read, usual, trees, np.array(shape), level)


def _read_features(content: Mapping[str, Any], n_places: Mapping[str, int]) -> dict[str, np.ndarray | None]:
    """Features that trees read, each one of those that are remembered."""
    read = {}
    for one in map(_mapping, listed(content, "read", MOST_READ)):
        name = text(one, "name")
        levels = None if one.get("levels") is None else np.array(numbers(one, "levels", MOST_LEVELS + 3))
        if name not in n_places or (levels is not None and len(levels) != n_places[name]):
            raise Misfit("errors: a column that is not remembered")
        read[name] = levels
    return read


def _read_trees(content: Mapping[str, Any], n_features: int) -> Grown:
    """Trees whose every path ends: children come after their node, and none is deeper than `MOST_DEPTH`."""
    value = np.array(numbers(content, "value", MOST_NODES))
    threshold = np.array(numbers(content, "threshold", MOST_NODES))
    n = len(value)
    feature, left, right = (
        np.array([whole({key: one}, key, 0, high) for one in listed(content, key, MOST_NODES)], np.int64)
        for key, high in (("feature", max(n_features - 1, 0)), ("left", n - 1), ("right", n - 1))
    )
    gap_left = np.array(listed(content, "gap_left", MOST_NODES), dtype=object)
    roots = np.array([whole({"root": one}, "root", 0, n - 1) for one in listed(content, "roots", MOST_NODES)], np.int64)
    itself = np.arange(n)
    sound = (
        {len(one) for one in (threshold, feature, left, right, gap_left)} == {n}
        and all(isinstance(one, bool) for one in gap_left)
        and ((left == itself) == (right == itself)).all()
        and ((left >= itself) & (right >= itself)).all()
    )
    if not sound or not n:
        raise Misfit("errors: trees that are none")
    return Grown(feature, threshold, left, right, gap_left.astype(bool), value, roots)


def _mapping(content: Any) -> Mapping[str, Any]:
    if not isinstance(content, dict):
        raise Misfit("errors: expected mappings")
    return content
