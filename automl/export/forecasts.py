"""Shallow forecasts in an exported graph: a learner's departures in sizes of the window, back in the target's units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from automl.errors import DataError
from automl.export.arithmetic import learnt

__all__ = ["forecast"]

Tensors = dict[str, Any]


def forecast(model: Any, parts: Mapping[str, Any], real: Any) -> Tensors:
    """What a shallow forecast predicts: "values" ``(n, horizon, n_targets)`` and, where it has them, "quantiles".

    Args:
        model: an `automl.baselines.forecaster.Forecaster`.
        parts: "base" ``(n, horizon, n_targets)``, "size" ``(n, 1, n_targets)``, and "rows" of its learner.
        real: the floating type.

    Raises:
        DataError: a forecast of its kind has no export.
    """
    import tensorflow as tf

    kinds: Mapping[str, Callable[[Any, Mapping[str, Any], Any], Any]] = {
        "Naive": _naive, "LaggedRidge": _ridge, "LaggedBoosting": _boosting, "WindowRidge": _window,
        "Smoothing": _smoothed,
    }  # fmt: skip
    name = type(model).__name__
    if name not in kinds:
        raise DataError(f"the shallow forecast {name} has no export; serve the saved model with automl")
    base, size = parts["base"], parts["size"]
    z = kinds[name](model, parts, real)  # (n, horizon, n_targets)
    found = {"values": _back(model, base + size * z)}
    if model.levels and model.residuals is not None:
        spread = z[..., None] + tf.constant(np.asarray(model.residuals, np.float64)[None], real)
        found["quantiles"] = tf.sort(_back(model, base[..., None] + size[..., None] * spread), axis=-1)
    return found


def _back(model: Any, values: Any) -> Any:
    import tensorflow as tf

    transform = model._transform()
    if transform == "log":
        return tf.exp(tf.minimum(tf.maximum(values, -600.0), 600.0))
    return tf.square(tf.maximum(values, 0.0)) if transform == "sqrt" else values


def _naive(model: Any, parts: Mapping[str, Any], real: Any) -> Any:
    import tensorflow as tf

    return tf.zeros_like(parts["base"])


def _smoothed(model: Any, parts: Mapping[str, Any], real: Any) -> Any:
    return parts["rows"]


def _flat(rows: Any) -> Any:
    import tensorflow as tf

    return tf.reshape(rows, (-1, tf.shape(rows)[2]))


def _of_targets(found: Any, horizon: int, rows: Any) -> Any:
    """Steps of each target ``(n * n_targets, horizon)`` as ``(n, horizon, n_targets)``."""
    import tensorflow as tf

    return tf.transpose(tf.reshape(found, (-1, tf.shape(rows)[1], horizon)), (0, 2, 1))


def _ridge(model: Any, parts: Mapping[str, Any], real: Any) -> Any:
    import tensorflow as tf

    found = learnt(model.linear, _flat(parts["rows"]), real)
    if model.settings.get("apart", True):
        return _of_targets(found, model.horizon, parts["rows"])
    return tf.reshape(found, tf.shape(parts["base"]))


def _window(model: Any, parts: Mapping[str, Any], real: Any) -> Any:
    import tensorflow as tf

    found = tf.matmul(_flat(parts["rows"]), tf.constant(np.asarray(model.coef, np.float64), real))
    return _of_targets(found, model.horizon, parts["rows"])


def _boosting(model: Any, parts: Mapping[str, Any], real: Any) -> Any:
    import tensorflow as tf

    return tf.reshape(learnt(model.boosting, _flat(parts["rows"]), real), tf.shape(parts["base"]))
