"""Alarms: the most unusual test rows of each side and why, how alarms fare at each threshold, and where sides agree."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from automl import goals
from automl.analyses.shared import scoring
from automl.analyses.shared.changed import stacked_seconds
from automl.analyses.shared.parts import N_PATCHES
from automl.analyses.shared.reasons import MOST_PARTS, Reasons, reasons
from automl.records import Analysis, AnalysisContext, AnalysisFacts, Dataset, Side
from automl.verdict.unlabelled import agreement

__all__ = ["ALARMS"]

N_TOP = 10
"""The most unusual rows of each side that are explained."""
N_REASONS = 4
LEAST_DROP = 5e-4
"""Of a score: less is no reason."""
FIRST = (5, 10, 20, 50, 100, 200)
"""Numbers of first rows whose precision is told."""
SHARES = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1)
N_BINS = 24
LEVEL = 0.95
Z = 1.959964


def unfit(context: AnalysisContext) -> str | None:
    """Finalists that score how unusual an item is."""
    if any("scores" not in one.output.arrays for one in scoring.contestants(context).values()):
        return "items have no scores"
    return None if len(context.split.test) else "there are no test items"


def cost(facts: AnalysisFacts) -> float:
    """Both sides on copies of the top rows, one a column; a lone one may be a text or a picture, which has parts."""
    n_parts = MOST_PARTS if facts.n_columns == 1 else min(facts.n_columns, MOST_PARTS)
    return 0.1 + stacked_seconds(facts, 2 * N_TOP * (1 + n_parts))


def run(context: AnalysisContext) -> dict[str, Any]:
    """What is known of the scores, and why the first rows have them."""
    truth = np.asarray(context.outcome.truth)
    is_labelled = bool(context.task.target) and len(np.unique(truth)) > 1
    scores = {side: one.output.arrays["scores"] for side, one in scoring.contestants(context).items()}
    found: dict[str, Any] = {
        "is_labelled": is_labelled,
        "by_label": is_labelled_valid(context),
        "level": LEVEL,
        "n": len(truth),
        "flagged": {side: int(one.output.arrays["labels"].sum()) for side, one in scoring.contestants(context).items()},
        "a_day": _rows_a_day(context.dataset, context.split.test),
        "histogram": _histogram(scores, truth if is_labelled else None),
        "thresholds": [row for side, own in scores.items() for row in _thresholds(side, own, truth, is_labelled)],
        "first": [row for side, own in scores.items() for row in _first(side, own, truth)] if is_labelled else [],
        "agreement": None,
    }
    if len(scores) == 2:
        both = agreement(scores["deep"], scores["shallow"])
        found["agreement"] = {
            "correlation": both.correlation, "n_top": both.n_top, "shared": both.shared,
        }  # fmt: skip
    return {**found, **_top(context, scores)}


def is_labelled_valid(context: AnalysisContext) -> bool:
    """Whether the label chose the threshold of alarms: validation rows of both kinds have one."""
    valid = context.split.valid
    return bool(context.task.target) and len(np.unique(goals.truth(context.dataset, context.task, valid))) > 1


def _histogram(scores: dict[Any, np.ndarray], truth: np.ndarray | None) -> dict[str, Any]:
    """How many items lie in each bin of the scores, by side and by label."""
    most = max(float(own.max(initial=1.0)) for own in scores.values())
    edges = np.linspace(0.0, max(most, 1.0), N_BINS + 1)
    counts = []
    for side, own in scores.items():
        clipped = np.clip(own, edges[0], edges[-1])
        for label, mask in _masks(truth, len(own)):
            counts.append({"side": side, "label": label, "n": np.histogram(clipped[mask], edges)[0].tolist()})
    return {"edges": edges.tolist(), "counts": counts}


def _masks(truth: np.ndarray | None, n: int) -> list[tuple[str, np.ndarray]]:
    if truth is None:
        return [("all", np.ones(n, bool))]
    return [("normal", truth == 0), ("anomaly", truth == 1)]


def _thresholds(side: str, scores: np.ndarray, truth: np.ndarray, is_labelled: bool) -> list[dict[str, Any]]:
    """What a threshold brings above which each share of the test items lies."""
    order = np.argsort(-scores, kind="stable")
    rows = []
    for share in SHARES:
        n = round(share * len(scores))
        if not n:
            continue
        hits = int(truth[order[:n]].sum()) if is_labelled else None
        low, high = (None, None) if hits is None else wilson(hits, n)
        rows.append(
            {
                "side": side, "share": share, "n": n, "threshold": float(scores[order[n - 1]]),
                "precision": None if hits is None else hits / n, "low": low, "high": high,
                "recall": None if hits is None else hits / max(int(truth.sum()), 1),
            }
        )  # fmt: skip
    return rows


def _first(side: str, scores: np.ndarray, truth: np.ndarray) -> list[dict[str, Any]]:
    """Precision among the first items of a ranking."""
    order, rows = np.argsort(-scores, kind="stable"), []
    for n in FIRST:
        if n > len(scores) // 2:
            break
        hits = int(truth[order[:n]].sum())
        low, high = wilson(hits, n)
        rows.append({"side": side, "n": n, "hits": hits, "precision": hits / n, "low": low, "high": high})
    return rows


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    """
    share, spread = hits / n, Z**2 / n
    middle = (share + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def _rows_a_day(dataset: Dataset, items: np.ndarray) -> float | None:
    """Test rows a day, where they are dated."""
    if dataset.times is None or items.ndim > 1 or len(items) < 2:
        return None
    times = dataset.times[items]
    days = float((times.max() - times.min()) / np.timedelta64(1, "s")) / 86_400.0
    return len(items) / days if days > 0 else None


# --------------------------------------------------------------------------- why


def _top(context: AnalysisContext, scores: dict[Any, np.ndarray]) -> dict[str, Any]:
    """For each side its first items, with the parts without which they would be less unusual."""
    tops = {side: np.argsort(-own, kind="stable")[:N_TOP] for side, own in scores.items()}
    chosen = np.unique(np.concatenate(list(tops.values())))
    found = reasons(context, chosen)
    made: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    for side, positions in tops.items():
        made[side] = []
        for position in positions.tolist():
            own, score = _reasons(found, side, int(np.searchsorted(chosen, position))), float(scores[side][position])
            other = {name: float(other[position]) for name, other in scores.items() if name != side}
            made[side].append({"position": position, "score": score, "other": other, **own})
            rows += [
                {"side": side, "position": position, "score": score, **reason}
                for reason in (own["reasons"] or [{"part": None, "drop": None}])
            ]
    is_in_grid = found is not None and found.what in ("images", "sounds")
    return {
        "what": "" if found is None else found.what, "n_patches": N_PATCHES if is_in_grid else None, "top": made,
        "rows": rows,
    }  # fmt: skip


def _reasons(found: Reasons | None, side: Side, place: int) -> dict[str, Any]:
    """The parts of an item that count most; of words and patches also how much each of them counts."""
    if found is None or side not in found.drops:
        return {"reasons": []}
    names, drops = found.parts[place], found.drops[side][place]
    order = [k for k in np.argsort(-drops, kind="stable")[:N_REASONS] if drops[k] > LEAST_DROP]
    own: dict[str, Any] = {"reasons": [{"part": names[k], "drop": float(drops[k])} for k in order]}
    if found.what == "text":
        own["words"] = list(names)
    if found.what != "factors":
        own["drops"] = [float(drop) for drop in drops]
    return own


EXAMPLE: dict[str, Any] = {
    "is_labelled": True,
    "by_label": True,
    "level": 0.95,
    "n": 400,
    "flagged": {"deep": 9, "shallow": 14},
    "a_day": 120.0,
    "histogram": {
        "edges": [0.0, 0.5, 1.0, 1.5],
        "counts": [
            {"side": side, "label": label, "n": counts}
            for side in ("deep", "shallow")
            for label, counts in (("normal", [200, 180, 2]), ("anomaly", [1, 7, 10]))
        ],
    },
    "thresholds": [
        {"side": side, "share": 0.05, "n": 20, "threshold": 0.97, "precision": 0.6, "low": 0.39, "high": 0.78,
         "recall": 0.67}
        for side in ("deep", "shallow")
    ],
    "first": [
        {"side": side, "n": 10, "hits": 8, "precision": 0.8, "low": 0.49, "high": 0.94} for side in ("deep", "shallow")
    ],
    "agreement": {"correlation": 0.71, "n_top": 20, "shared": 0.6},
    "what": "factors",
    "n_patches": None,
    "top": {
        side: [
            {"position": 3, "score": 1.31, "other": {"deep" if side == "shallow" else "shallow": 0.99},
             "reasons": [{"part": "pressure", "drop": 0.4}]}
        ]
        for side in ("deep", "shallow")
    },
    "rows": [
        {"side": side, "position": 3, "score": 1.31, "part": "pressure", "drop": 0.4} for side in ("deep", "shallow")
    ],
}  # fmt: skip

ALARMS = Analysis(
    name="alarms", order=8, run=run, scored=False, unfit=unfit, cost=cost, example=EXAMPLE,
    source="precision at k and its interval: Wilson 1927; what is usual in place of a part: occlusion, Zeiler & Fergus "
    "2014, section 4.2",
)  # fmt: skip
