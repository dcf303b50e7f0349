"""Linear models in an exported graph, of dense and of sparse matrices, and of random Fourier features."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Sparse", "fourier", "linear"]


@dataclass(frozen=True, slots=True, eq=False)
class Sparse:
    """A matrix of few numbers a row.

    Attributes:
        columns: ``(n, k)`` int32, filled up with 0.
        weights: ``(n, k)``, filled up with 0.
        width: columns in all.
    """

    columns: Any
    weights: Any
    width: int

    @property
    def shape(self) -> tuple[None, int]:
        """As that of a tensor."""
        return None, self.width


def fourier(learner: Any, X: Any, real: Any) -> Any:
    """What a ridge on cosines of random directions makes of its matrix."""
    import tensorflow as tf

    drawn = learner.features
    waves = tf.matmul(X, tf.constant(np.asarray(drawn.random_weights_, np.float64), real))
    waves = tf.cos(waves + tf.constant(np.asarray(drawn.random_offset_, np.float64), real))
    return linear(learner.linear, waves * math.sqrt(2.0 / len(drawn.random_offset_)), real)


def _product(X: Any, coef: Any) -> Any:
    """``(n, n_outputs)`` of a matrix, dense or sparse, and coefficients ``(n_columns, n_outputs)``."""
    import tensorflow as tf

    if isinstance(X, Sparse):
        return tf.reduce_sum(tf.gather(coef, X.columns) * X.weights[:, :, None], axis=1)
    return tf.matmul(X, coef)


def linear(learner: Any, X: Any, real: Any) -> Any:
    """What a linear model makes of its matrix, dense or `Sparse`: probabilities or values ``(n, n_outputs)``."""
    import tensorflow as tf

    from automl.baselines.learners.learner import ABSENT, CERTAIN

    def constant(value: Any) -> Any:
        return tf.constant(np.asarray(value, np.float64), real)

    if learner.coef is not None:
        scores = _product(X, constant(learner.coef)) + constant(learner.intercept)
        if learner.absent is not None:
            scores = tf.where(tf.constant(learner.absent), constant(ABSENT), scores)
        if not learner.is_classifier:
            return scores
    elif learner.is_multilabel:
        coefs = [np.zeros(X.shape[1]) if isinstance(m, float) else m.coef_[0] for m in learner.models]
        offsets = [math.copysign(CERTAIN, m - 0.5) if isinstance(m, float) else m.intercept_[0] for m in learner.models]
        scores = _product(X, constant(np.stack(coefs, axis=1))) + constant(offsets)
    else:
        coef, offset = _class_scores(learner, int(X.shape[1]), ABSENT, CERTAIN)
        scores = _product(X, constant(coef)) + constant(offset)
    scores = scores * learner.temperature
    return tf.sigmoid(scores) if learner.is_multilabel else tf.nn.softmax(scores, axis=1)


def _class_scores(learner: Any, n_columns: int, absent: float, certain: float) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients ``(n_columns, n_classes)`` and offsets of a classifier, for every class code."""
    coef, offset = np.zeros((n_columns, learner.n_classes)), np.full(learner.n_classes, absent)
    model = learner.models[0]
    if isinstance(model, float):
        offset[:] = -certain
        offset[int(model)] = certain
        return coef, offset
    classes = model.classes_.astype(np.int64)
    own, shift = model.coef_, model.intercept_
    if len(own) == 1:
        own, shift = np.stack([-own[0], own[0]]) / 2, np.array([-shift[0], shift[0]]) / 2
    coef[:, classes], offset[classes] = own.T, shift
    return coef, offset
