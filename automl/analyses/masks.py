"""Masks: each class on its own, objects by their size, and whether probabilities of pixels come true."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from automl.analyses.shared import scoring
from automl.metrics.masks import boundary_scores, class_counts, dice_scores
from automl.records import VOID, Analysis, AnalysisContext, AnalysisFacts, Contestant

__all__ = ["MASKS"]

N_BINS = 10
MOST_CLASSES = 12
FOUND = 0.5
"""Share of an object's pixels from which it counts as found."""
LEAST_OBJECTS = 6
SECONDS_A_PICTURE = 0.02
PIXELS = 200_000
"""Of all pictures, for the frequencies."""


def unfit(context: AnalysisContext) -> str | None:
    """Without a finalist there is no mask."""
    return None if scoring.contestants(context) else "there is no finalist"


def cost(facts: AnalysisFacts) -> float:
    """Outlines and objects of each picture."""
    return 0.3 + SECONDS_A_PICTURE * facts.n_test


def run(context: AnalysisContext) -> dict[str, Any] | None:
    """Scores of each class, with intervals over pictures; shares of objects found, by size; claimed against "
    "observed."""
    at = scoring.scored(context, context.split.items("test"))
    entrants = scoring.contestants(context)
    draws = scoring.drawn(at, context.seed)
    codes = [code for code in range(len(context.task.classes)) if code != at.context["background"]][:MOST_CLASSES]
    return {
        "level": scoring.LEVEL,
        "n_items": len(at),
        "background": None if at.context["background"] is None else context.task.classes[at.context["background"]],
        "rows": [
            row for side, one in entrants.items() for row in _classes(side, one, at, draws, codes, context.task.classes)
        ],
        "sizes": _sizes(entrants, at, draws, codes),
        "calibration": [{"side": side, **_frequencies(one, at)} for side, one in entrants.items()],
    }


def _classes(
    side: str, entrant: Contestant, at: scoring.Scored, draws: np.ndarray, codes: list[int], classes: tuple[str, ...]
) -> list[dict[str, Any]]:
    masks = entrant.output.arrays["masks"]
    right, true, found = class_counts(at.truth, masks, len(classes))
    dice, outlines = (of(at.truth, masks, at.context) for of in (dice_scores, boundary_scores))
    weight = np.ones(len(at)) if at.weight is None else at.weight
    rows = []
    for place, code in enumerate(codes):
        union = float(weight @ (true + found - right)[:, code])
        ends = scoring.ends(_means(dice[:, place], draws))
        rows.append(
            {
                "side": side, "class": classes[code], "n_pictures": int((true[:, code] > 0).sum()),
                "share": float(true[:, code].sum() / max(true.sum(), 1.0)), "dice": _mean(dice[:, place], weight),
                "low": None if ends is None else ends[0], "high": None if ends is None else ends[1],
                "iou": None if union == 0 else float(weight @ right[:, code]) / union,
                "boundary_f1": _mean(outlines[:, place], weight),
            }
        )  # fmt: skip
    return rows


def _mean(values: np.ndarray, weight: np.ndarray) -> float | None:
    known = np.isfinite(values) & (weight > 0)
    return float(np.average(values[known], weights=weight[known])) if known.any() else None


def _means(values: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Means of the known values under each draw."""
    known = np.isfinite(values)
    total = draws @ known
    summed = draws @ np.where(known, values, 0.0)
    return np.asarray(np.divide(summed, total, out=np.full(len(draws), np.nan), where=total > 0))


# --------------------------------------------------------------------------- objects


def _sizes(
    entrants: Mapping[Any, Contestant], at: scoring.Scored, draws: np.ndarray, codes: list[int]
) -> list[dict[str, Any]]:  # fmt: skip
    """By thirds of the objects' sizes, and side: how much of them is found. Objects are connected pixels of one "
    "class."""
    objects = _objects(at.truth, codes, {side: one.output.arrays["masks"] for side, one in entrants.items()})
    if len(objects["size"]) < LEAST_OBJECTS:
        return []
    order = np.argsort(objects["size"], kind="stable")
    rows = []
    for name, some in zip(("small", "medium", "large"), np.array_split(order, 3), strict=True):
        sizes, pictures = objects["size"][some], objects["picture"][some].astype(np.int64)
        for side in entrants:
            shares = objects[str(side)][some]
            own = np.zeros((len(at), 2))
            np.add.at(own, pictures, np.stack([shares >= FOUND, np.ones(len(some))], axis=1))
            summed = draws @ own
            found = np.divide(summed[:, 0], summed[:, 1], out=np.full(len(draws), np.nan), where=summed[:, 1] > 0)
            ends = scoring.ends(found)
            rows.append(
                {
                    "size": name, "from": int(sizes.min()), "to": int(sizes.max()), "n_objects": len(some),
                    "side": side,
                    "found": float((shares >= FOUND).mean()), "low": None if ends is None else ends[0],
                    "high": None if ends is None else ends[1], "covered": float(shares.mean()),
                }
            )  # fmt: skip
    return rows


def _objects(truth: np.ndarray, codes: list[int], masks: Mapping[Any, np.ndarray]) -> dict[str, np.ndarray]:
    """Of each object its size in pixels, its picture, and the share that each side marks as its class."""
    from scipy.ndimage import label

    found: dict[str, list[float]] = {"size": [], "picture": [], **{str(side): [] for side in masks}}
    for row in range(len(truth)):
        for code in codes:
            places, n = label(truth[row] == code)
            if not n:
                continue
            sizes = np.bincount(places.ravel(), minlength=n + 1)[1:]
            found["size"] += sizes.tolist()
            found["picture"] += [row] * n
            for side, own in masks.items():
                hits = np.bincount(places.ravel(), weights=(own[row] == code).ravel(), minlength=n + 1)[1:]
                found[str(side)] += (hits / sizes).tolist()
    return {name: np.asarray(values, np.float64) for name, values in found.items()}


# --------------------------------------------------------------------------- probabilities


def _frequencies(entrant: Contestant, at: scoring.Scored) -> dict[str, Any]:
    """How often the likeliest class of a pixel is the true one, by its probability; over all pixels, or a sample."""
    shares = entrant.output.arrays["pixel_probabilities"]
    known = np.flatnonzero(at.truth.ravel() != VOID)
    if len(known) > PIXELS:
        known = known[np.linspace(0, len(known) - 1, PIXELS).astype(np.int64)]
    own = shares.reshape(-1, shares.shape[-1])[known].astype(np.float64)
    claimed, right = own.max(axis=1), own.argmax(axis=1) == at.truth.ravel()[known]
    place = np.minimum((claimed * N_BINS).astype(np.int64), N_BINS - 1)
    bins = []
    for k in np.unique(place):
        inside = place == k
        bins.append(
            {
                "low": float(claimed[inside].min()), "high": float(claimed[inside].max()),
                "n_pixels": int(inside.sum()),
                "claimed": float(claimed[inside].mean()), "came_true": float(right[inside].mean()),
            }
        )  # fmt: skip
    error = sum(b["n_pixels"] * abs(b["claimed"] - b["came_true"]) for b in bins) / max(len(known), 1)
    return {"error": float(error), "bins": bins}


EXAMPLE = {
    "level": 0.95,
    "n_items": 40,
    "background": "0",
    "rows": [
        {"side": side, "class": name, "n_pictures": 30, "share": 0.12, "dice": dice, "low": dice - 0.04,
         "high": dice + 0.03, "iou": dice - 0.1, "boundary_f1": dice - 0.05}
        for side, dice in (("deep", 0.86), ("shallow", 0.74)) for name in ("1", "2")
    ],
    "sizes": [
        {"size": size, "from": low, "to": high, "n_objects": 20, "side": side, "found": found, "low": found - 0.1,
         "high": min(found + 0.1, 1.0), "covered": found - 0.05}
        for size, low, high in (("small", 9, 40), ("medium", 41, 90), ("large", 92, 300))
        for side, found in (("deep", 0.9), ("shallow", 0.7))
    ],
    "calibration": [
        {"side": side, "error": 0.03, "bins": [
            {"low": 0.5, "high": 0.6, "claimed": 0.55, "came_true": 0.52, "n_pixels": 400},
            {"low": 0.9, "high": 1.0, "claimed": 0.98, "came_true": 0.97, "n_pixels": 9_000},
        ]}
        for side in ("deep", "shallow")
    ],
}  # fmt: skip

MASKS = Analysis(
    name="masks", order=5, run=run, unfit=unfit, cost=cost, example=EXAMPLE, reads="masks",
    source="Dice 1945; boundary F1: Csurka, Larlus & Perronnin, BMVC 2013; by size: Lin et al., 'Microsoft COCO', 2014",
)  # fmt: skip
