"""Raw features, centred, scaled and, where there are components, projected on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["on_components"]


def on_components(raw: np.ndarray, spec: Mapping[str, Any]) -> np.ndarray:
    """Features ``(n, n_features)`` float64.

    Args:
        raw: ``(n, n_raw)``.
        spec: "center" and "scale" ``(n_raw,)``; "axes" ``(n_components, n_raw)`` and "mean" ``(n_raw,)``, or None.
    """
    scaled = (raw - spec["center"]) / spec["scale"]
    if spec["axes"] is None:
        return np.asarray(scaled, np.float64)
    axes = spec["axes"]
    return np.asarray(scaled @ axes.T - spec["mean"].reshape(1, -1) @ axes.T, np.float64)
