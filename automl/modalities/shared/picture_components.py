"""Principal components of pictures' oriented gradients and pixels, for networks that tell what is unusual."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from automl.modalities.shared.specs import evenly
from automl.picture_gradients import averaged, described

__all__ = ["component_stats"]

MOST_COMPONENTS = 64
ROWS_A_COMPONENT = 5
MOST_PICTURES = 2_000
CHUNK = 256


def component_stats(
    read: Callable[[np.ndarray], np.ndarray], rows: np.ndarray, mean: np.ndarray, std: np.ndarray
) -> dict[str, np.ndarray]:
    """Mean, principal components and deviations along them of what `automl.picture_gradients.described` gives.

    Args:
        read: row numbers → pictures ``(n, h, w, c)`` uint8, of the size that networks read.
        rows: training rows; at most 2,000 of them are read.
        mean: of each channel.
        std: of each channel.

    Returns:
        "center" ``(numbers,)``, "components" ``(k, numbers)`` and "deviations" ``(k,)``, float32; empty where pictures
        are too few or do not differ.

    Source: Pearson 1901 (components); kept fixed below a network: Chan et al., "PCANet", TIP 2015.
    """
    from sklearn.decomposition import PCA

    some, parts = evenly(rows, MOST_PICTURES), []
    if len(some) < 2 * ROWS_A_COMPONENT:
        return {}
    for chunk in np.array_split(some, -(-len(some) // CHUNK)):
        x = (read(chunk).astype(np.float32) - mean.astype(np.float32)) / std.astype(np.float32)
        parts.append(np.concatenate([part.reshape(len(x), -1) for part in described(x, np, averaged)], axis=1))
    features = np.concatenate(parts)
    n = min(MOST_COMPONENTS, len(some) // ROWS_A_COMPONENT, features.shape[1])
    with np.errstate(invalid="ignore"):  # of pictures that are all alike
        found = PCA(n, svd_solver="randomized", random_state=0).fit(features)
    kept = int((found.explained_variance_ > 1e-6 * max(found.explained_variance_[0], 1e-6)).sum())
    if not kept:
        return {}
    return {
        "center": found.mean_.astype(np.float32),
        "components": found.components_[:kept].astype(np.float32),
        "deviations": np.sqrt(found.explained_variance_[:kept]).astype(np.float32),
    }
