"""A judge of generated pictures that knows their classes, outside the contest: a small network that learnt them.

It judges what `feature_distance` decides by features that nobody labelled. Its Fréchet distance is that of 64 features
of the last hidden layer; coverage and precision are by 5 nearest neighbours in them; spread is the entropy of the
classes that it sees, 1 where all are as frequent; and agreement is the share of pictures that it takes for what their
class says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["PictureJudge"]

EPOCHS, BATCH = 7, 128
K = 5
MOST = 3_000


class PictureJudge:
    """Learns the classes of training pictures.

    Args:
        pictures: ``(n, h, w[, c])`` uint8 training pictures.
        classes: ``(n,)``.
        held_out: ``(m, h, w[, c])`` uint8 pictures that generated ones are held against.
    """

    def __init__(self, pictures: np.ndarray, classes: np.ndarray, held_out: np.ndarray) -> None:
        import keras

        keras.utils.set_random_seed(0)
        self.names = np.unique(classes.astype(str))
        places = np.searchsorted(self.names, classes.astype(str)).astype("int32")
        scaled = _scaled(pictures)
        self.net = _network(scaled.shape[1:], len(self.names))
        rate = keras.optimizers.schedules.CosineDecay(3e-3, EPOCHS * (len(scaled) // BATCH + 1))
        loss = [None, keras.losses.SparseCategoricalCrossentropy(from_logits=True)]
        self.net.compile(keras.optimizers.Adam(rate), loss)
        self.net.fit(scaled, [places, places], batch_size=BATCH, epochs=EPOCHS, verbose=0)
        self.real = self._features(held_out[:MOST])[0]
        self.radius = np.sort(_squares(self.real, self.real), axis=1)[:, K]

    def judge(self, pictures: np.ndarray, classes: np.ndarray | None = None) -> Mapping[str, float]:
        """Distance, coverage, precision, spread and, of pictures with classes, agreement.

        Args:
            pictures: generated ones ``(n, h, w[, c])`` uint8.
            classes: ``(n,)`` what they are to be, or None.
        """
        made, told = self._features(pictures[:MOST])
        near = _squares(self.real, made) <= self.radius[:, None]
        shares = np.bincount(told, minlength=len(self.names)) / len(told)
        known = shares[shares > 0]
        found = {
            "distance": frechet(self.real, made), "coverage": float(near.any(axis=1).mean()),
            "precision": float(near.any(axis=0).mean()),
            "spread": float(-(known * np.log(known)).sum() / np.log(len(self.names))),
        }  # fmt: skip
        if classes is None:
            return found
        return {**found, "agreement": float((self.names[told] == classes[:MOST].astype(str)).mean())}

    def _features(self, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Features ``(n, 64)`` and places of the classes ``(n,)``."""
        features, logits = self.net.predict(_scaled(pictures), batch_size=500, verbose=0)
        return features.astype(np.float64), logits.argmax(axis=1)


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Fréchet distance of two sets of features ``(n, d)``; Heusel et al., NeurIPS 2017, equation 6."""
    first, second = np.cov(a.T), np.cov(b.T)
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ second @ root).clip(0)).sum()
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(first) + np.trace(second) - 2 * cross)


def _scaled(pictures: np.ndarray) -> np.ndarray:
    four = pictures if pictures.ndim == 4 else pictures[..., None]
    return np.asarray(four / 127.5 - 1.0, np.float32)


def _squares(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray((a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T)


def _network(shape: tuple[int, ...], n_classes: int) -> Any:
    import keras
    from keras import layers

    inputs = hidden = keras.Input(shape)
    for filters, stride in ((32, 2), (64, 1), (64, 2), (128, 1)):
        hidden = layers.Conv2D(filters, 3, stride, "same", use_bias=False)(hidden)
        hidden = layers.Activation("relu")(layers.BatchNormalization()(hidden))
    features = layers.Dense(64, activation="relu")(layers.GlobalAveragePooling2D()(hidden))
    return keras.Model(inputs, [features, layers.Dense(n_classes)(layers.Dropout(0.3)(features))])
