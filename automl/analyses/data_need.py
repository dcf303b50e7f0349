"""Data need: both finalists' settings on fewer rows, where their curves cross, and what more rows would bring."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from automl import goals, metrics
from automl.analyses.shared import curves, scoring
from automl.analyses.shared.points import Curve, Points
from automl.analyses.shared.subsets import is_drawn, subset
from automl.errors import OutOfTime, TrialError
from automl.records import Analysis, AnalysisContext, AnalysisFacts, Side
from automl.sides.items import length_growth, refit_items

__all__ = ["DATA_NEED"]

FIRST = (1 / 4, 1 / 16, 1 / 2, 1 / 8)
"""One fit of each share, the most telling first."""
FURTHER = (1 / 16, 1 / 4, 1 / 8, 1 / 16, 1 / 2, 1 / 8, 1 / 4)
"""Further draws, while no more than `FURTHER_SHARE` of the time was spent: few rows differ more from draw to draw."""
FURTHER_SHARE = 0.6
FIXED_SHARE = 0.3
"""Of the time of a refit on all rows, what does not shrink with them: compilation, encoding, predictions."""
LEAST_SHARES = 2
LEAST_ITEMS = 120
"""With fewer items to learn from there is no quarter worth having."""


def unfit(context: AnalysisContext) -> str | None:
    """Both finalists must be there, and the smallest parts large enough."""
    if len(scoring.contestants(context)) < 2:
        return "only one side has a finalist"
    n = len(refit_items(context.split))
    return None if n >= LEAST_ITEMS else f"{n} items are too few to learn from parts of them"


def cost(facts: AnalysisFacts) -> float:
    """Fits on the first two shares."""
    return 0.5 + sum(_seconds(facts.refit_seconds, share) for share in FIRST[:LEAST_SHARES])


def _seconds(refit_seconds: float, share: float) -> float:
    return refit_seconds * (FIXED_SHARE + (1 - FIXED_SHARE) * length_growth(share))


def run(context: AnalysisContext) -> dict[str, Any] | None:
    """Fits both finalists on parts of the rows, as many as the time allows; their curves and what follows from them."""
    points = Points(context, 1.0)
    left_out = _measure(context, points)
    pair = {side: _curve_of(points, side) for side in scoring.SIDES if points.scores.get(side)}
    if len(pair) < 2 or len(pair["deep"].places) < 2 or pair["deep"].places[-1] < 1:
        return None
    n_items = len(refit_items(context.split))
    higher = metrics.named(context.task.metric).higher_is_better
    sign = 1.0 if higher else -1.0
    sizes = {side: one.places * n_items for side, one in pair.items()}
    laws = [_law_of(side, sizes[side], one) for side, one in pair.items()]
    found = _crossing(pair, sizes["deep"], all(not law["refused"] for law in laws))
    return {
        "metric": context.task.metric,
        "level": scoring.LEVEL,
        "higher_is_better": higher,
        "n_items": n_items,
        "items": "windows" if goals.named(context.task).in_windows else "rows",
        "drawn": is_drawn(context.split),
        "reach": curves.MOST_STRETCH,
        "rows": [row for side, one in pair.items() for row in _rows(context.task.metric, side, one, n_items, sign)],
        "laws": laws,
        "crossing": found,
        "leader": _leader(pair),
        "left_out": left_out,
    }


def _measure(context: AnalysisContext, points: Points) -> str:
    """Fit on one part after another; what was left out, and why, or ""."""
    assert context.refit is not None
    begun, pace, number = time.monotonic(), 1.0, 0
    first_seconds = context.remaining_seconds
    draws: dict[float, int] = {}
    failure: TrialError | None = None
    first = (1.0, *FIRST) if points.lacks_own else FIRST
    for is_first, share in [*((True, one) for one in first), *((False, one) for one in FURTHER)]:
        draw = draws[share] = draws.get(share, 0) + 1
        part = subset(context.dataset, context.task, context.split, share, draw)
        if part is None or (not is_first and share not in points.scores["deep"]):
            continue
        expected = _seconds(context.facts.refit_seconds, share) * pace
        spent = time.monotonic() - begun
        if not context.has_time_for(expected) or (not is_first and spent + expected > FURTHER_SHARE * first_seconds):
            return "fewer sizes: no time" if is_first else "fewer draws: no time"
        number += 1
        fit_begun = time.monotonic()
        try:
            points.add(share, context.refit(part, number))
        except OutOfTime:
            return "fewer sizes: no time" if is_first else "fewer draws: no time"
        except TrialError as error:  # so few rows cannot be learnt from by these settings
            failure = error
            continue
        took = time.monotonic() - fit_begun
        pace = max(0.05, took / max(_seconds(context.facts.refit_seconds, share), 1e-9))
    if failure is not None and len(points.scores["deep"]) < 2:
        raise failure
    return ""


def _curve_of(points: Points, side: Side) -> Curve:
    """The curve over shares of the rows; draws of many rows differ less than draws of few."""
    return points.curve(side, falls=(1.0, 2.0, 3.0))


def _rows(metric: str, side: Side, one: Curve, n_items: int, sign: float) -> list[dict[str, Any]]:
    rows = []
    for k, place in enumerate(one.places):
        low, high = scoring.ends_of_scores(metric, sign * one.drawn[:, k])
        rows.append(
            {
                "side": side, "share": float(place), "n_learnt": round(place * n_items), "fits": int(one.n_fits[k]),
                "score": sign * float(one.values[k]), "low": low, "high": high,
            }
        )  # fmt: skip
    return rows


def _law_of(side: Side, sizes: np.ndarray, one: Curve) -> dict[str, Any]:
    """The power law of a curve, and what twice the rows would bring; why it is not believed."""
    drawn = _defined(one.drawn)
    refused = "the metric is not defined in most draws" if len(drawn) < 2 else ""
    refused = refused or curves.refusal(sizes, one.values, drawn, one.n_fits)
    made: dict[str, Any] = {
        "side": side, **dict.fromkeys(("a", "b", "c", "d", "scale")), "refused": refused, "twice": None,
        "twice_low": None, "twice_high": None,
    }  # fmt: skip
    if refused:
        return made
    law = curves.fitted(sizes, one.values[None], one.n_fits)
    ends = np.array([sizes[-1], 2 * sizes[-1]])
    gains = curves.fitted(sizes, drawn, one.n_fits).at(ends)
    interval = scoring.ends(gains[:, 1] - gains[:, 0])
    now, then = law.at(ends)[0]
    made.update(a=float(law.a[0]), b=float(law.b[0]), c=float(law.c[0]), d=float(law.d[0]), scale=law.scale)
    made["twice"] = float(then - now)
    if interval is not None:
        made.update(twice_low=interval[0], twice_high=interval[1])
    return made


def _crossing(pair: dict[Side, Curve], sizes: np.ndarray, with_laws: bool) -> dict[str, Any] | None:
    """Where one side overtakes the other."""
    deep, shallow = pair["deep"], pair["shallow"]
    together = np.concatenate([deep.drawn, shallow.drawn], axis=1)
    known = np.isfinite(together).all(axis=1)
    if known.sum() < 2:
        return None
    found = curves.crossing_of(
        sizes, np.stack([deep.values, shallow.values]), np.stack([deep.drawn[known], shallow.drawn[known]]), with_laws,
        scoring.LEVEL, deep.n_fits,
    )  # fmt: skip
    if found is None:
        return None
    return {
        "rows": found.rows, "low": found.low, "high": found.high, "certainty": found.certainty,
        "leads_beyond": "deep" if found.first_leads else "shallow", "extrapolated": found.extrapolated,
    }  # fmt: skip


def _leader(pair: dict[Side, Curve]) -> str | None:
    """The side that leads at every size measured; None where they change."""
    leads = pair["deep"].values > pair["shallow"].values
    return "deep" if leads.all() else "shallow" if not leads.any() else None


def _defined(drawn: np.ndarray) -> np.ndarray:
    return np.asarray(drawn[np.isfinite(drawn).all(axis=1)])


def _example_rows() -> list[dict[str, Any]]:
    scores = {"deep": (0.71, 0.77, 0.82, 0.86, 0.89), "shallow": (0.78, 0.80, 0.82, 0.84, 0.85)}
    return [
        {"side": side, "share": share, "n_learnt": round(800 * share), "fits": 1, "score": score, "low": score - 0.03,
         "high": score + 0.03}
        for side, own in scores.items()
        for share, score in zip((1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0), own, strict=True)
    ]  # fmt: skip


EXAMPLE = {
    "metric": "roc_auc",
    "level": 0.95,
    "higher_is_better": True,
    "n_items": 800,
    "items": "rows",
    "drawn": True,
    "reach": 8.0,
    "rows": _example_rows(),
    "laws": [
        {"side": "deep", "a": 0.98, "b": 0.1, "c": 0.35, "d": 0.0, "scale": 800.0, "refused": "", "twice": 0.02,
         "twice_low": 0.01, "twice_high": 0.03},
        {"side": "shallow", "a": None, "b": None, "c": None, "d": None, "scale": None,
         "refused": "the score does not rise beyond noise", "twice": None, "twice_low": None, "twice_high": None},
    ],
    "crossing": {"rows": 190.0, "low": 120.0, "high": 420.0, "certainty": 0.97, "leads_beyond": "deep",
                 "extrapolated": False},
    "leader": None,
    "left_out": "fewer draws: no time",
}  # fmt: skip

DATA_NEED = Analysis(
    name="data_need",
    of_masks=True,
    order=60,
    run=run,
    unfit=unfit,
    cost=cost,
    refits=True,
    source="Mohr, Viering, Loog and van Rijn 2022, LCDB 1.0, ECML PKDD",
    example=EXAMPLE,
)
