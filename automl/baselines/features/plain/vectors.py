"""Vectors that a backbone made, scaled, with or without weighted n-grams of texts beside them, in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from automl.baselines.features.plain.words import text_features

__all__ = ["vector_features", "vectors_and_words"]


def vector_features(given: Mapping[str, Any], spec: Mapping[str, Any]) -> np.ndarray:
    """Each number of a vector, less its mean, over its scale: ``(n, n_numbers)`` float64.

    Args:
        given: "vectors" ``(n, n_numbers)``.
        spec: "mean" and "scale" ``(n_numbers,)``.
    """
    return np.asarray((given["vectors"] - spec["mean"]) / spec["scale"], np.float64)


def vectors_and_words(given: Mapping[str, Any], spec: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Columns and weights ``(n, k)``: the vector's numbers, then n-grams of texts times their share.

    Args:
        given: "vectors", and cells by column.
        spec: as for `vector_features`; "words" as for `text_features`; "share" of the words.
    """
    numbers = vector_features(given, spec)
    codes, weights = text_features(given, spec["words"])
    own = np.broadcast_to(np.arange(numbers.shape[1], dtype=np.int32), numbers.shape)
    codes = np.where(weights != 0, codes + np.int32(numbers.shape[1]), 0).astype(np.int32)
    return np.concatenate([own, codes], axis=1), np.concatenate([numbers, weights * spec["share"]], axis=1)
