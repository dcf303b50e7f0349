"""What of a truth is known: NaN in it stands for a value that was not measured, and is never scored."""

from __future__ import annotations

import numpy as np

__all__ = ["cell_weights", "is_known", "item_means", "item_weights"]


def is_known(truth: np.ndarray) -> np.ndarray | None:
    """Bool of the truth's shape, False where it is NaN; None if all of it is known (or it holds no numbers)."""
    if truth.dtype.kind != "f":
        return None
    known = ~np.isnan(truth)
    return None if known.all() else known


def cell_weights(truth: np.ndarray) -> np.ndarray | None:
    """The weight of each cell of a truth ``(n, [horizon,] n_targets)``: 0 where it is not known; None if all are.

    Known cells weigh one over the share of their target's cells that are known. So all targets count alike, and all
    known cells of a target.
    """
    known = is_known(truth)
    if known is None:
        return None
    share = known.reshape(-1, known.shape[-1]).mean(axis=0)
    return np.asarray(known / np.maximum(share, 1.0 / max(known.size, 1)))


def item_means(losses: np.ndarray, cells: np.ndarray | None) -> np.ndarray:
    """The mean loss ``(n,)`` of each item over its known cells; 0 where none is known.

    Args:
        losses: one a cell, ``(n, ...)``; read at known cells only.
        cells: the weights of these cells (`cell_weights`), or None.
    """
    flat = losses.reshape(len(losses), -1)
    if cells is None:
        return np.asarray(flat.mean(axis=1))
    weights = cells.reshape(len(cells), -1)
    total = weights.sum(axis=1)
    summed = (np.where(weights > 0, flat, 0.0) * weights).sum(axis=1)
    return np.asarray(np.divide(summed, total, out=np.zeros(len(flat)), where=total > 0))


def item_weights(truth: np.ndarray) -> np.ndarray:
    """By how much each item ``(n,)`` counts beside others: 1 if all is known, 0 if none of its cells is."""
    cells = cell_weights(truth)
    return np.ones(len(truth)) if cells is None else np.asarray(cells.reshape(len(cells), -1).mean(axis=1))
