"""Training and validation arrays on the device, where every trial reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

__all__ = ["DeviceData"]


@dataclass(frozen=True, slots=True, eq=False)
class DeviceData:
    """Training and validation arrays as tensors on the device.

    Attributes:
        inputs: by spec name, shape (n_refit, ...): the training rows, followed by those that a refit adds; so are
            `target` and `weight`.
        target: (n_refit, ...).
        weight: (n_refit,), mean 1 over the training rows.
        valid: inputs of the validation rows, by spec name; rows of `inputs` where a refit learns from them.
        valid_from: the first of these rows.
        n_train: number of training rows.
        n_valid: number of validation rows.
        n_refit: number of rows that a refit learns from.
        others: (training, validation) positions in `inputs`, for each other hold-out.
        n_unlabelled: rows without a label, which follow the others in `inputs`, `target` and `weight`. Where there are
            some, `target` is a variable, and the target of several classes is the share of each.
    """

    inputs: Mapping[str, tf.Tensor]
    target: tf.Tensor
    weight: tf.Tensor
    valid: Mapping[str, tf.Tensor]
    valid_from: int
    n_train: int
    n_valid: int
    n_refit: int
    others: tuple[tuple[np.ndarray, np.ndarray], ...] = ()
    n_unlabelled: int = 0

    @classmethod
    def place(
        cls,
        train: Mapping[str, np.ndarray],
        target: np.ndarray,
        weight: np.ndarray | None,
        valid: Mapping[str, np.ndarray],
        n_valid: int,
        added: Mapping[str, np.ndarray] | None = None,
        added_target: np.ndarray | None = None,
        added_weight: np.ndarray | None = None,
        others: Sequence[tuple[np.ndarray, np.ndarray]] = (),
        unlabelled: Mapping[str, np.ndarray] | None = None,
        n_classes: int | None = None,
    ) -> DeviceData:
        """Copy arrays to the device. What a refit adds follows the training rows; see `TrainingData`.

        Validation rows that a refit learns from are there once. With rows without a label, `n_classes` says whether the
        target is codes of so many classes; they become shares.
        """
        n_train = len(target)
        inputs = train
        if added_target is not None:
            others_too = valid if added is None else added
            inputs = {name: np.concatenate([array, others_too[name]]) for name, array in train.items()}
            target = np.concatenate([target, added_target])
        n_refit, n_unlabelled = len(target), 0
        weights = np.ones(n_refit)
        if weight is not None:
            every = weight if added_weight is None else np.concatenate([weight, added_weight])
            weights = every / max(float(weight.mean()), 1e-12)
        if unlabelled is not None:
            n_unlabelled = len(next(iter(unlabelled.values())))
            inputs = {name: np.concatenate([array, unlabelled[name]]) for name, array in inputs.items()}
            target = target if n_classes is None else np.eye(n_classes, dtype=np.float32)[target]
            target = np.concatenate([target, np.zeros((n_unlabelled, *target.shape[1:]), target.dtype)])
            weights = np.concatenate([weights, np.ones(n_unlabelled)])
        tensors = {name: tf.constant(array) for name, array in inputs.items()}
        is_among = added_target is not None and added is None
        return cls(
            tensors,
            tf.constant(target) if unlabelled is None else tf.Variable(target, trainable=False),
            tf.constant(weights.astype(np.float32)),
            tensors if is_among else {name: tf.constant(array) for name, array in valid.items()},
            n_train if is_among else 0,
            n_train,
            n_valid,
            n_refit,
            tuple(others),
            n_unlabelled,
        )

    def target_of(self, rows: np.ndarray) -> np.ndarray:
        """The target of these rows."""
        return np.asarray(tf.gather(self.target, rows).numpy())

    def place_pseudo_labels(self, target: np.ndarray) -> None:
        """Give the rows without a label a target, ``(n_unlabelled, ...)``."""
        shape = (self.n_unlabelled, *self.target.shape[1:])
        self.target[self.n_refit :].assign(np.asarray(target, np.float32).reshape(shape))
