"""Series without gaps and of one length, in NumPy."""

from __future__ import annotations

import numpy as np

__all__ = ["filled", "lengths_of", "stretched"]


def filled(sequences: np.ndarray) -> np.ndarray:
    """Gaps in ``(n, channels, length)`` bridged by straight lines, ends by the nearest value, empty channels by 0."""
    X = np.array(sequences, dtype=np.float32)
    X[~np.isfinite(X)] = np.nan
    for i, channel in np.argwhere(np.isnan(X).any(axis=2)):
        known = np.flatnonzero(~np.isnan(X[i, channel]))
        if len(known):
            X[i, channel] = np.interp(np.arange(X.shape[2]), known, X[i, channel, known])
        else:
            X[i, channel] = 0.0
    return X


def lengths_of(sequences: np.ndarray) -> np.ndarray:
    """Steps up to the last one that any channel knows, ``(n,)``: sequences of unequal length end in gaps."""
    known = np.isfinite(sequences).any(axis=1)  # (n, length)
    steps = np.arange(1, sequences.shape[2] + 1)
    return np.asarray(np.where(known, steps, 0).max(axis=1, initial=1))


def stretched(sequences: np.ndarray) -> np.ndarray:
    """Sequences without gaps, those that end early stretched to the whole length."""
    X = filled(sequences)
    steps = np.arange(X.shape[2])
    for row, length in enumerate(lengths_of(sequences)):
        if length < X.shape[2]:
            places = np.linspace(0, length - 1, X.shape[2])
            X[row] = [np.interp(places, steps[:length], channel[:length]) for channel in X[row]]
    return X
