"""Metrics of masks. Pictures are the items: each has one score, and classes that it does not show are left out of it.

Truth and masks are ``(n, height, width)`` codes; pixels whose true code is `VOID` count for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from automl.records import VOID

__all__ = ["boundary_scores", "class_counts", "class_means", "dice_scores", "iou", "pixel_log_losses"]

Context = Mapping[str, Any]

SMALLEST_PROBABILITY = float(np.finfo(np.float32).eps)
TOLERANCE = 0.0075
"""How far from the true boundary a predicted one may lie, as a share of the picture's diagonal; at least one pixel."""


def class_counts(truth: np.ndarray, masks: np.ndarray, n_classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pixels of each picture and class: right ones, true ones, predicted ones, each ``(n, n_classes)`` float64."""
    n = len(truth)
    both = np.zeros((n, n_classes, n_classes))
    for row in range(n):
        known = truth[row] != VOID
        pairs = truth[row][known].astype(np.int64) * n_classes + masks[row][known]
        both[row] = np.bincount(pairs, minlength=n_classes**2)[: n_classes**2].reshape(n_classes, n_classes)
    return np.einsum("nkk->nk", both).copy(), both.sum(axis=2), both.sum(axis=1)


def judged_classes(context: Context) -> list[int]:
    """The codes of the classes that are scored: all but the background."""
    return [code for code in range(int(context["classes"])) if code != context.get("background")]


def class_means(scores: np.ndarray) -> np.ndarray:
    """Means over the classes of each picture ``(n,)`` without NaN; 1 where no class is there to be found or missed."""
    known = ~np.isnan(scores)
    n_known = known.sum(axis=1)
    return np.where(n_known > 0, np.where(known, scores, 0.0).sum(axis=1) / np.maximum(n_known, 1), 1.0)


def dice_scores(truth: np.ndarray, masks: np.ndarray, context: Context) -> np.ndarray:
    """Dice's coefficient of each picture and scored class; NaN where neither mask nor truth shows the class.

    ``2 |A and B| / (|A| + |B|)``, the F1 of pixels.

    Source: Dice 1945; means by picture, absent classes left out: Maier-Hein et al., "Metrics reloaded", Nature Methods
        2024.
    """
    right, true, found = class_counts(truth, masks, int(context["classes"]))
    codes = judged_classes(context)
    return _ratio(2.0 * right[:, codes], (true + found)[:, codes])


def iou(truth: np.ndarray, masks: np.ndarray, context: Context) -> Callable[[np.ndarray], np.ndarray]:
    """Intersection over union of each class, pixels of all pictures together, and the mean over scored classes.

    Source: Everingham et al., "The PASCAL Visual Object Classes Challenge", IJCV 2010, section 4.4.
    """
    right, true, found = class_counts(truth, masks, int(context["classes"]))
    codes = judged_classes(context)
    inner, union = right[:, codes], (true + found - right)[:, codes]

    def evaluate(weights: np.ndarray) -> np.ndarray:
        return np.asarray(
            np.where((weights.sum(axis=1) > 0), class_means(_ratio(weights @ inner, weights @ union)), np.nan)
        )

    return evaluate


def boundary_scores(truth: np.ndarray, masks: np.ndarray, context: Context) -> np.ndarray:
    """F1 of the boundary of each picture and scored class, as `dice_scores`.

    Precision is the share of the predicted boundary that lies within `TOLERANCE` of the true one, recall the share of
    the true boundary that lies so near to the predicted one. A boundary is where another class begins: the edge of the
    picture and of void pixels is none.

    Source: Csurka, Larlus & Perronnin, "What is a good evaluation measure for semantic segmentation?", BMVC 2013.
    """
    codes = judged_classes(context)
    scores = np.full((len(truth), len(codes)), np.nan)
    for row in range(len(truth)):
        known = truth[row] != VOID
        near = max(1.0, TOLERANCE * float(np.hypot(known.any(axis=1).sum(), known.any(axis=0).sum())))
        for place, code in enumerate(codes):
            scores[row, place] = _boundary_f1((truth[row] == code) & known, (masks[row] == code) & known, known, near)
    return scores


def _boundary_f1(true: np.ndarray, found: np.ndarray, known: np.ndarray, near: float) -> float:
    if not true.any() and not found.any():
        return float("nan")
    if not true.any() or not found.any():
        return 0.0
    edges = [_edge(part, known) for part in (true, found)]
    if not edges[0].any() or not edges[1].any():  # one of them is all there is of the picture
        return float(edges[0].any() == edges[1].any())
    recall, precision = (_share_near(edges[k], edges[1 - k], near) for k in (0, 1))
    return 0.0 if recall + precision == 0 else 2 * recall * precision / (recall + precision)


def _edge(part: np.ndarray, known: np.ndarray) -> np.ndarray:
    from scipy.ndimage import binary_dilation

    return np.asarray(part & binary_dilation(known & ~part))


def _share_near(edge: np.ndarray, other: np.ndarray, near: float) -> float:
    from scipy.ndimage import distance_transform_edt

    return float((distance_transform_edt(~other)[edge] <= near).mean())


def pixel_log_losses(truth: np.ndarray, probabilities: np.ndarray, context: Context) -> np.ndarray:
    """Mean negative log-likelihood of the pixels of each picture ``(n,)``; 0 where none has a class."""
    losses = np.zeros(len(truth))
    for row in range(len(truth)):
        known = truth[row] != VOID
        if known.any():
            own = np.take_along_axis(probabilities[row][known], truth[row][known].astype(np.int64)[:, None], axis=1)
            losses[row] = -np.log(np.clip(own, SMALLEST_PROBABILITY, 1.0)).mean()
    return losses


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.asarray(np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below > 0))
