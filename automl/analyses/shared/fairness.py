"""Rates by the groups of a sensitive column, their gaps and ratios, with bootstrap intervals.

Definitions are those of Fairlearn (0.15, ``fairlearn/metrics/_fairness_metrics.py``, between groups, worst case): the
demographic parity difference is the largest selection rate of a group less the smallest, its ratio the smallest over
the largest; the equalized odds difference is the larger of the gaps in true and false positive rates, its ratio the
smaller of their ratios. One difference is meant: a group without a positive (or negative) row has no true (or false)
positive rate here and is left out of its gap; Fairlearn takes the rate as 0.

Sources: Agarwal et al. 2018, "A Reductions Approach to Fair Classification" (demographic parity); Hardt, Price & Srebro
2016, "Equality of Opportunity in Supervised Learning" (equalized odds); Weerts et al. 2023, "Fairlearn: Assessing and
Improving Fairness of AI Systems".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from automl.analyses.shared.scoring import ends

__all__ = ["NAMES", "by_chance", "mean_errors", "rates"]

N_LOTS = 200
NAMES = ("selection_rate", "true_positive_rate", "false_positive_rate")


def rates(positive: np.ndarray, selected: np.ndarray, inside: np.ndarray, draws: np.ndarray) -> dict[str, Any]:
    """Rates of each group and their gaps.

    Args:
        positive: ``(n,)`` bool: the truth.
        selected: ``(n,)`` bool: the prediction.
        inside: ``(n, n_groups)`` bool.
        draws: ``(1 + n_draws, n)`` weights, the first those of the items themselves.

    Returns:
        "groups", a dict of rates a group, and "gaps", a dict of differences and ratios; each figure with its ends
        ``[value, low, high]``, None where it is not defined.
    """
    found = {
        "selection_rate": _shares(selected, np.ones(len(selected), bool), inside, draws),
        "true_positive_rate": _shares(selected, positive, inside, draws),
        "false_positive_rate": _shares(selected, ~positive, inside, draws),
    }
    groups = [{name: _figure(found[name][:, g]) for name in NAMES} for g in range(inside.shape[1])]
    gaps = {name: _gap(values) for name, values in found.items()}
    ratios = {name: _ratio(values) for name, values in found.items()}
    odds = np.fmax(gaps["true_positive_rate"], gaps["false_positive_rate"])
    odds_ratio = np.fmin(ratios["true_positive_rate"], ratios["false_positive_rate"])
    return {
        "groups": groups,
        "gaps": {
            "demographic_parity_difference": _figure(gaps["selection_rate"]),
            "demographic_parity_ratio": _figure(ratios["selection_rate"]),
            "true_positive_rate_difference": _figure(gaps["true_positive_rate"]),
            "false_positive_rate_difference": _figure(gaps["false_positive_rate"]),
            "equalized_odds_difference": _figure(odds),
            "equalized_odds_ratio": _figure(odds_ratio),
        },
    }


def mean_errors(errors: np.ndarray, inside: np.ndarray, draws: np.ndarray) -> dict[str, Any]:
    """Mean error (predicted less true) and mean absolute error of each group, and their gaps; see `rates`.

    Args:
        errors: ``(n,)``, NaN where the truth is not known.
        inside: ``(n, n_groups)`` bool.
        draws: as in `rates`.
    """
    found = {
        "mean_error": _means(errors, inside, draws),
        "mean_absolute_error": _means(np.abs(errors), inside, draws),
    }
    return {
        "groups": [{name: _figure(values[:, g]) for name, values in found.items()} for g in range(inside.shape[1])],
        "gaps": {f"{name}_difference": _figure(_gap(values)) for name, values in found.items()},
    }


def by_chance(
    figures: Callable[[np.ndarray, np.ndarray], dict[str, Any]], inside: np.ndarray, weight: np.ndarray, seed: int
) -> dict[str, float]:
    """How large gaps are (ratios: how small) in one of twenty cases where groups are drawn by lot.

    Args:
        figures: from groups ``(n, n_groups)`` and weights to figures as `rates` gives them.
        inside: ``(n, n_groups)`` bool; rows are exchangeable.
        weight: ``(n,)`` of the rows.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    found: dict[str, list[float]] = {}
    for _ in range(N_LOTS):
        gaps = figures(inside[rng.permutation(len(inside))], weight[None, :])["gaps"]
        for name, value in gaps.items():
            found.setdefault(name, []).append(np.nan if value is None else value[0])
    made = {}
    for name, values in found.items():
        known = np.asarray(values)[np.isfinite(values)]
        if len(known) > N_LOTS / 2:
            made[name] = float(np.quantile(known, 0.05 if name.endswith("ratio") else 0.95))
    return made


def _shares(selected: np.ndarray, among: np.ndarray, inside: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """``(n_draws, n_groups)``: the share selected of some items of each group; NaN where there are none."""
    of = draws @ (inside & among[:, None]).astype(np.float64)
    hit = draws @ (inside & (among & selected)[:, None]).astype(np.float64)
    return np.asarray(np.divide(hit, of, out=np.full(of.shape, np.nan), where=of > 0))


def _means(values: np.ndarray, inside: np.ndarray, draws: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    of = draws @ (inside & known[:, None]).astype(np.float64)
    total = draws @ np.where(inside, np.where(known, values, 0.0)[:, None], 0.0)
    return np.asarray(np.divide(total, of, out=np.full(of.shape, np.nan), where=of > 0))


def _gap(values: np.ndarray) -> np.ndarray:
    enough = np.isfinite(values).sum(axis=1) > 1
    made = np.where(np.isfinite(values), values, -np.inf).max(axis=1)
    made = np.where(enough, made, 0.0) - np.where(enough, np.where(np.isfinite(values), values, np.inf).min(axis=1), 0)
    return np.where(enough, made, np.nan)


def _ratio(values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    top = np.where(known, values, -np.inf).max(axis=1)
    low = np.where(known, values, np.inf).min(axis=1)
    defined = (known.sum(axis=1) > 1) & (top > 0)
    return np.asarray(np.divide(low, top, out=np.full(len(values), np.nan), where=defined))


def _figure(values: np.ndarray) -> list[float] | None:
    """The value of the items themselves (the first), with its interval; None where it is not defined."""
    if not np.isfinite(values[0]):
        return None
    found = ends(values[1:])
    low, high = (values[0], values[0]) if found is None else found
    return [float(values[0]), float(low), float(high)]
