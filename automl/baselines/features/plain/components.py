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
    scaled = np.asarray((raw - spec["center"]) / spec["scale"], np.float64)
    if spec["axes"] is None:
        return scaled
    # In float64: products in float32 depend on how many rows there are, and kernels make that visible.
    return np.asarray((scaled - spec["mean"]) @ np.asarray(spec["axes"], np.float64).T)
