"""Intervals and sets of a contest's models: made from held-out predictions, measured once on the test rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from automl import goals
from automl.goals.shared.conformal import items_needed
from automl.records import Coverage, HeldOut

if TYPE_CHECKING:
    from automl.flow.prepare import Prepared
    from automl.records import Contestant, Output, Regions

__all__ = ["LEVELS", "coverage", "with_regions"]

LEVELS = (0.8, 0.9, 0.95)
LEAST_ITEMS = 20
"""Test items of a class or step whose share is shown by itself."""


def with_regions(predictor: Any, held_out: Output | None, prepared: Prepared) -> Any:
    """The predictor with the scores of the validation items.

    Args:
        predictor: of a finalist or the blend.
        held_out: predictions for the validation items, as decided as the predictor's, of models that had not learnt
            from them; None if there are none.
        prepared: the data.
    """
    dataset, task, split = prepared.dataset, prepared.task, prepared.split
    regions = goals.named(task).regions
    if regions is None or held_out is None:
        return predictor
    own = split.items("valid")
    groups = dataset.groups[own] if split.units == "group" and dataset.groups is not None and own.ndim == 1 else None
    known = HeldOut(
        dataset.weight_of(own),
        None if groups is None else np.asarray(pd.factorize(groups)[0], np.int64),
        goals.scoring_context(dataset, task, split, own),
    )
    truth = goals.truth(dataset, task, own)
    return dataclasses.replace(predictor, regions=regions.fit(truth, held_out, task, known))


def coverage(
    predictor: Any,
    contestant: Contestant,
    truth: np.ndarray,
    weight: np.ndarray | None,
    context: dict[str, Any],
    prepared: Prepared,
) -> tuple[Coverage, ...]:
    """How often regions at the usual levels hold the truth of the test items, and their mean size.

    Args:
        predictor: with its scores of held-out items.
        contestant: its predictions for the test items.
        truth: of the test items.
        weight: of the test items, or None.
        context: of the metrics for the test items.
        prepared: the data.
    """
    task = prepared.task
    regions, scores = goals.named(task).regions, predictor.regions
    if regions is None or scores is None:
        return ()
    made: list[Coverage] = []
    for level in LEVELS:
        needed, n = items_needed(level), min(scores.thresholds.counts.tolist(), default=0)
        found = regions.apply(scores, contestant.output, level, context) if level <= scores.thresholds.most else None
        for place, answer in enumerate(regions.answers(task)):
            figures = (None, None, None, 0) if found is None else _figures(regions, found, truth, weight, place)
            share, low, size, n_items = figures
            made.append(Coverage(
                contestant.run, contestant.side, answer, level, share, low, size, n_items, n, needed,
                scores.thresholds.unit,
            ))  # fmt: skip
    return tuple(made)


def _figures(
    regions: Regions, found: Any, truth: np.ndarray, weight: np.ndarray | None, place: int
) -> tuple[float | None, float | None, float | None, int]:
    """Share held, the lowest share of a part, the mean size, and the number of items, for one answer."""
    inside, sizes = regions.covers(found, truth)[..., place], regions.size(found)[..., place]
    own = np.ones(len(inside)) if weight is None else weight
    own = np.broadcast_to(own.reshape(-1, *[1] * (inside.ndim - 1)), inside.shape)
    known = ~np.isnan(inside) & (own > 0)
    if not known.any():
        return None, None, None, 0
    finite = known & np.isfinite(sizes)
    size = float(np.average(sizes[finite], weights=own[finite])) if finite.any() else None
    share = float(np.average(inside[known], weights=own[known]))
    return share, _lowest(inside, own, known, _parts(inside, truth)), size, int(known.sum())


def _parts(inside: np.ndarray, truth: np.ndarray) -> list[np.ndarray]:
    """Which items are of each class, or of each step."""
    if inside.ndim == 2:
        return [np.broadcast_to(np.arange(inside.shape[1]) == step, inside.shape) for step in range(inside.shape[1])]
    return [truth == code for code in np.unique(truth)] if truth.ndim == 1 else []


def _lowest(inside: np.ndarray, own: np.ndarray, known: np.ndarray, parts: Sequence[np.ndarray]) -> float | None:
    """The lowest share of the parts with enough items; None if there are not two of them."""
    enough = [known & part for part in parts if (known & part).sum() >= LEAST_ITEMS]
    shares = [float(np.average(inside[part], weights=own[part])) for part in enough]
    return min(shares) if len(shares) > 1 else None
