"""Sums of many products, rounded so that their order does not show."""

from __future__ import annotations

import numpy as np

__all__ = ["rounded", "size_of"]

STEPS = 2.0**24


def rounded(sums: np.ndarray, size: float) -> np.ndarray:
    """Sums at multiples of a 2^24th of a size.

    The last bits of a sum depend on its order: on how many rows there are, and on whether the model or an export adds
    up. Values that should be equal, or zero, then differ by 1e-15, and boosted trees put thresholds between them.

    Args:
        sums: of any shape.
        size: about that of the largest, a power of two (so that nothing else is rounded).
    """
    return np.asarray(np.round(np.asarray(sums, np.float64) * (STEPS / size)) * (size / STEPS))


def size_of(*terms: np.ndarray) -> float:
    """The power of two at or above the largest magnitude of what is added up; 1 where all are zero."""
    largest = max(float(np.abs(term).max(initial=0.0)) for term in terms)
    return float(2.0 ** np.ceil(np.log2(largest))) if largest > 0 else 1.0
