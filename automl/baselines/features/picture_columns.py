"""A table's column of pictures as principal components of their gradients and pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from automl.baselines.features.gradients import PictureFeatures
from automl.baselines.model import remembered, rows_key
from automl.records import Dataset

__all__ = ["apply_pictures", "fit_pictures"]

LEAST_SPREAD = 1e-3
"""Of a component of pictures, beside the first one's."""
PICTURE_SIDE, PICTURE_CELLS = 48, (7, 4)
"""Pixels of a picture's longer side and gradients' cells along it: the first setting of the image baselines."""


def fit_pictures(
    dataset: Dataset, rows: np.ndarray, name: str, n_components: int, seed: int
) -> tuple[dict[str, Any], np.ndarray]:
    """Components of the pictures that are there, zeros for the others, and (where some lack) which those are.

    Args:
        dataset: with the pictures of the column.
        rows: training rows ``(n,)``.
        name: of the column.
        n_components: the most components.
        seed: of the projection.

    Returns:
        What `apply_pictures` needs, and the block of the training rows.
    """
    there = dataset.inputs[name].notna().to_numpy()[rows]

    def compute() -> tuple[np.ndarray, PictureFeatures]:
        encoder = PictureFeatures(PICTURE_SIDE, PICTURE_CELLS, True, n_components, seed, name)
        found = encoder.fit(dataset, rows[there], np.zeros(0), None)
        spread = found.std(axis=0)  # where pictures are alike, the last components are rounding errors
        return found[:, : max(int((spread > LEAST_SPREAD * spread.max()).sum()), 1)], encoder

    key = ("components", name, n_components, seed, *rows_key(dataset, rows))
    block, encoder = remembered(key, compute)
    step: dict[str, Any] = {
        "kind": "picture",
        "encoder": encoder,
        "n": block.shape[1],
        "flag": not bool(there.all()),
    }
    return step, _placed(block, there, step)


def apply_pictures(step: Mapping[str, Any], dataset: Dataset, rows: np.ndarray, name: str) -> np.ndarray:
    """The block of other rows."""
    there = dataset.inputs[name].notna().to_numpy()[rows]
    block = step["encoder"].transform(dataset, rows[there]) if there.any() else np.zeros((0, step["n"]))
    return _placed(block[:, : step["n"]], there, step)


def _placed(block: np.ndarray, there: np.ndarray, step: Mapping[str, Any]) -> np.ndarray:
    """Components of some rows among all, and a column of marks where training rows lacked pictures, too."""
    made = np.zeros((len(there), step["n"] + step["flag"]))
    made[there, : step["n"]] = block
    if step["flag"]:
        made[:, -1] = ~there
    return made
