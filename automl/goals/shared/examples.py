"""Noisy predictions for the examples of goals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from automl.records import Output

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["noisy_classes", "noisy_labels", "value_target"]


def noisy_classes(truth: np.ndarray, rng: np.random.Generator, noise: float, n_classes: int) -> Output:
    """Probabilities ``(n, n_classes)`` that are the truth's with this much noise, and their likeliest classes."""
    sure = np.eye(n_classes)[truth] + noise * rng.uniform(size=(len(truth), n_classes))
    shares = sure / sure.sum(axis=1, keepdims=True)
    return Output("probabilities", {"probabilities": shares, "labels": shares.argmax(axis=1)})


def noisy_labels(truth: np.ndarray, rng: np.random.Generator, noise: float) -> Output:
    """Each label's own probability, its truth with this much noise, and the labels that are more likely than not."""
    shares = np.clip(truth + noise * (rng.uniform(size=truth.shape) - 0.5), 0.0, 1.0)
    return Output("probabilities", {"probabilities": shares, "labels": (shares >= 0.5).astype("int64")})


def value_target(signal: np.ndarray) -> pd.DataFrame:
    """One column of numbers."""
    import pandas as pd

    return pd.DataFrame({"y": signal})
