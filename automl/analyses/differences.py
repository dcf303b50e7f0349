"""Differences: in which regions of the inputs one finalist does better than the other, checked on other rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from automl import goals
from automl.analyses.shared import scoring
from automl.analyses.shared.changed import part_of
from automl.analyses.shared.losses import ItemLosses, item_losses, wrong
from automl.analyses.shared.scoring import Scored
from automl.analyses.shared.traits import MISSING, Trait, traits_of
from automl.records import Analysis, AnalysisContext, AnalysisFacts, Output

__all__ = ["DIFFERENCES"]

DEPTH = 3
LEAST_LEAF = 20
LEAST_ITEMS = 80
"""Test rows needed: as many regions as a tree has are checked on half of them."""
MOST_ITEMS = 20_000
MOST_LEVELS = 10
N_EXAMPLES = 10


def unfit(context: AnalysisContext) -> str | None:
    """Both sides are needed."""
    return None if len(scoring.contestants(context)) == 2 else "one side has no finalist"


def cost(facts: AnalysisFacts) -> float:
    """Nothing is predicted: a small tree, and arithmetic."""
    return 0.2 + 0.5 * min(facts.n_test, MOST_ITEMS) / MOST_ITEMS


def run(context: AnalysisContext) -> dict[str, Any] | None:
    """Counts of who is right where, examples of each kind, and regions that were found and checked."""
    items = context.split.items("test")
    some = scoring.subsample(np.arange(len(items)), MOST_ITEMS, context.seed)
    at = scoring.scored(context, items[some])
    outputs = {side: part_of(one.output, some) for side, one in scoring.contestants(context).items()}
    losses = {side: item_losses(context.task, at, output) for side, output in outputs.items()}
    lead = losses["shallow"].values - losses["deep"].values
    found: dict[str, Any] = {
        "loss": losses["deep"].words, "level": scoring.LEVEL, "n_items": len(at), "rows": [], "n_regions": 0,
        "grown_on": "", "n_grown": 0, "n_checked": 0,
        "counts": _counts(context, at, outputs, losses),
        "examples": _examples(context, at, outputs, losses, some),
    }  # fmt: skip
    if len(at) >= LEAST_ITEMS and np.nanmax(np.abs(lead), initial=0.0) > 0:
        found |= _regions(context, at, outputs, lead)
    return found


# --------------------------------------------------------------------------- who is right


def _counts(
    context: AnalysisContext, at: Scored, outputs: dict[Any, Output], losses: dict[Any, ItemLosses]
) -> list[dict[str, Any]]:
    """How many items each side has right; of numbers, how many have the smaller error."""
    n = len(at)
    if goals.named(context.task).is_classification:
        miss = {side: wrong(context.task, at.truth, output) for side, output in outputs.items()}
        both = [(~miss["deep"]) & (~miss["shallow"]), (~miss["deep"]) & miss["shallow"]]
        both += [miss["deep"] & ~miss["shallow"], miss["deep"] & miss["shallow"]]
        names = ["both right", "only deep right", "only shallow right", "both wrong"]
    else:
        deep, shallow = losses["deep"].values, losses["shallow"].values
        both = [deep < shallow / 2, (deep < shallow) & (deep >= shallow / 2)]
        both += [(shallow <= deep) & (shallow >= deep / 2), shallow < deep / 2]
        names = ["deep errs less than half as much", "deep errs less", "shallow errs less",
                 "shallow errs less than half as much"]  # fmt: skip
    numbers = [int(one.sum()) for one in both]
    return [{"what": name, "n": k, "share": k / n} for name, k in zip(names, numbers, strict=True)]


def _examples(
    context: AnalysisContext, at: Scored, outputs: dict[Any, Output], losses: dict[Any, ItemLosses], some: np.ndarray
) -> dict[str, list[int]]:
    """Positions among the test items, for each side: those it serves better by most."""
    lead = losses["shallow"].values - losses["deep"].values
    if goals.named(context.task).is_classification:
        miss = {side: wrong(context.task, at.truth, output) for side, output in outputs.items()}
        allowed = {"deep": ~miss["deep"] & miss["shallow"], "shallow": miss["deep"] & ~miss["shallow"]}
    else:
        allowed = {"deep": lead > 0, "shallow": lead < 0}
    made = {}
    for side, sign in (("deep", 1.0), ("shallow", -1.0)):
        order = np.argsort(-sign * np.where(np.isfinite(lead), lead, 0.0), kind="stable")
        made[side] = [int(some[i]) for i in order if allowed[side][i]][:N_EXAMPLES]
    return made


# --------------------------------------------------------------------------- regions


@dataclass(frozen=True, slots=True)
class _Feature:
    """A column of the matrix that the tree reads: numbers, or whether a trait has a level."""

    trait: Trait
    level: str | None


def _regions(context: AnalysisContext, at: Scored, outputs: dict[Any, Output], lead: np.ndarray) -> dict[str, Any]:
    """Regions of a tree that was grown on other rows than it is checked on."""
    grown = _validation(context)
    traits = traits_of(context, at.items)
    if grown is not None:
        grown_traits, grown_lead, words = grown[0], grown[1], "validation rows"
        check = np.arange(len(at))
    else:
        half = np.zeros(len(at), bool)
        units = np.unique(at.unit_ids)
        chosen = np.random.default_rng(context.seed).permutation(units)[: len(units) // 2]
        half[np.isin(at.unit_ids, chosen)] = True
        grown_traits = [Trait(t.name, t.values[half], t.is_time) for t in traits]
        grown_lead, words, check = lead[half], "half of the test rows", np.flatnonzero(~half)
    shared = {t.name: t for t in grown_traits}
    pairs = [(shared[t.name], t) for t in traits if t.name in shared and shared[t.name].is_numbers == t.is_numbers]
    features = _features([one for one, _ in pairs])
    known = np.isfinite(grown_lead)
    if not features or known.sum() < 2 * LEAST_LEAF or len(check) < 2 * LEAST_LEAF:
        return {}
    leaves = _leaves(_matrix(features, [one for one, _ in pairs])[known], grown_lead[known], context.seed)
    tested = _matrix(features, [other for _, other in pairs])[check]
    rows = _checked(context, at, outputs, lead, check, [(leaf, features) for leaf in leaves], tested)
    n_grown = int(known.sum())
    return {
        "rows": [row for row in rows if row["low"] is not None and (row["low"] > 0 or row["high"] < 0)],
        "n_regions": len(rows), "grown_on": words, "n_grown": n_grown, "n_checked": len(check),
    }  # fmt: skip


def _validation(context: AnalysisContext) -> tuple[list[Trait], np.ndarray] | None:
    """Traits of validation items and the lead of deep on them, where both sides predicted them unlearnt."""
    items = context.split.items("valid")
    outputs = {side: one.valid_output for side, one in scoring.contestants(context).items()}
    if len(items) < LEAST_ITEMS or goals.named(context.task).in_windows:
        return None
    if any(one is None or any(len(a) != len(items) for a in one.arrays.values()) for one in outputs.values()):
        return None
    some = scoring.subsample(np.arange(len(items)), MOST_ITEMS, context.seed)
    at = scoring.scored(context, items[some])
    losses = {
        side: item_losses(context.task, at, part_of(one, some)).values
        for side, one in outputs.items()
        if one is not None
    }
    return traits_of(context, at.items), losses["shallow"] - losses["deep"]


def _features(traits: list[Trait]) -> list[_Feature]:
    made: list[_Feature] = []
    for trait in traits:
        if trait.is_numbers:
            made.append(_Feature(trait, None))
            continue
        levels, counts = np.unique(trait.values.astype(str), return_counts=True)
        frequent = levels[np.argsort(-counts, kind="stable")][:MOST_LEVELS]
        made += [_Feature(trait, str(level)) for level in frequent if len(levels) > 1]
    return made


def _matrix(features: list[_Feature], traits: list[Trait]) -> np.ndarray:
    by_name = {trait.name: trait for trait in traits}
    columns = [
        by_name[f.trait.name].values if f.level is None else (by_name[f.trait.name].values == f.level).astype(float)
        for f in features
    ]
    return np.stack(columns, axis=1).astype(np.float64)


def _leaves(matrix: np.ndarray, lead: np.ndarray, seed: int) -> list[list[tuple[int, float, bool, bool]]]:
    """Paths to the leaves: (feature, threshold, whether at most, whether missing values go this way)."""
    from sklearn.tree import DecisionTreeRegressor

    least = max(LEAST_LEAF, len(matrix) // 20)
    scale = float(np.std(lead)) or 1.0
    tree = DecisionTreeRegressor(max_depth=DEPTH, min_samples_leaf=least, random_state=seed)
    tree.fit(matrix, lead / scale)
    found: list[list[tuple[int, float, bool, bool]]] = []

    def walk(node: int, path: list[tuple[int, float, bool, bool]]) -> None:
        inner = tree.tree_
        if inner.children_left[node] < 0:
            found.append(path)
            return
        feature, threshold = int(inner.feature[node]), float(inner.threshold[node])
        missing_left = bool(inner.missing_go_to_left[node])
        walk(int(inner.children_left[node]), [*path, (feature, threshold, True, missing_left)])
        walk(int(inner.children_right[node]), [*path, (feature, threshold, False, not missing_left)])

    walk(0, [])
    return found if len(found) > 1 else []


def _inside(path: list[tuple[int, float, bool, bool]], matrix: np.ndarray) -> np.ndarray:
    inside = np.ones(len(matrix), bool)
    for feature, threshold, at_most, with_missing in path:
        values = matrix[:, feature].astype(np.float32)
        gone = np.isnan(values)
        there = values <= threshold if at_most else values > threshold
        inside &= np.where(gone, with_missing, there)
    return inside


def _checked(
    context: AnalysisContext, at: Scored, outputs: dict[Any, Output], lead: np.ndarray, check: np.ndarray,
    leaves: list[tuple[list[tuple[int, float, bool, bool]], list[_Feature]]], matrix: np.ndarray,
) -> list[dict[str, Any]]:  # fmt: skip
    """Each region with the lead there, on rows that the tree was not grown on; intervals hold for all together.

    With m regions, each interval has the level 1 - 0.05 / m (Bonferroni).
    """
    part = scoring.scored(context, at.items[check])
    draws = scoring.drawn(part, context.seed, int(np.clip(2 * scoring.MOST_CELLS // len(check), 400, 1000)))
    level = 1 - (1 - scoring.LEVEL) / max(1, len(leaves))
    classified = goals.named(context.task).is_classification
    miss = {side: wrong(context.task, at.truth, o) for side, o in outputs.items()} if classified else {}
    rows = []
    for path, features in leaves:
        inside = _inside(path, matrix) & np.isfinite(lead[check])
        if inside.sum() < LEAST_LEAF:
            continue
        values = lead[check][inside]
        of = draws[:, inside].sum(axis=1)
        means = np.divide(draws[:, inside] @ values, of, out=np.full(len(of), np.nan), where=of > 0)
        ends = scoring.ends(means, level)
        weight = None if part.weight is None else part.weight[inside]
        gain = float(np.average(values, weights=weight))
        own = check[inside]
        rows.append(
            {
                "region": _region_words(path, features), "better": "deep" if gain > 0 else "shallow", "gain": gain,
                "low": None if ends is None else ends[0], "high": None if ends is None else ends[1],
                "n": int(inside.sum()), "share": float(inside.mean()),
                "deep_wrong": float(miss["deep"][own].mean()) if classified else None,
                "shallow_wrong": float(miss["shallow"][own].mean()) if classified else None,
            }
        )  # fmt: skip
    return sorted(rows, key=lambda row: -abs(row["gain"]))


def _region_words(path: list[tuple[int, float, bool, bool]], features: list[_Feature]) -> str:
    """Conditions joined by "and"; several on the same number become one range."""
    lows: dict[str, float] = {}
    highs: dict[str, float] = {}
    levels: dict[str, str] = {}
    others: dict[str, list[str]] = {}
    missing: dict[str, bool] = {}
    order: dict[str, Trait] = {}
    for place, threshold, at_most, with_missing in path:
        feature = features[place]
        name = feature.trait.name
        order.setdefault(name, feature.trait)
        if feature.level is None:
            missing[name] = missing.get(name, True) and with_missing and bool(np.isnan(feature.trait.values).any())
            if at_most:
                highs[name] = min(threshold, highs.get(name, np.inf))
            else:
                lows[name] = max(threshold, lows.get(name, -np.inf))
        elif at_most:
            others.setdefault(name, []).append(feature.level)
        else:
            levels[name] = feature.level
    parts = []
    for name, trait in order.items():
        if name in levels:
            parts.append(f"{name} is missing" if levels[name] == MISSING else f"{name} = {levels[name]}")
        elif name in others:
            parts.append(f"{name} is none of {', '.join(others[name])}" if len(others[name]) > 1
                         else f"{name} ≠ {others[name][0]}")  # fmt: skip
        else:
            parts.append(_span(trait, lows.get(name), highs.get(name)) + (" or missing" if missing.get(name) else ""))
    return " and ".join(parts)


def _span(trait: Trait, low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"{trait.written(low)} < {trait.name} ≤ {trait.written(high)}"
    return f"{trait.name} > {trait.written(low)}" if low is not None else f"{trait.name} ≤ {trait.written(high or 0.0)}"


EXAMPLE = {
    "loss": "Brier score", "level": 0.95, "n_items": 40, "n_regions": 4, "grown_on": "validation rows", "n_grown": 90,
    "n_checked": 40,
    "rows": [
        {"region": "size < 3 and colour = red", "better": "deep", "gain": 0.04, "low": 0.01, "high": 0.07, "n": 24,
         "share": 0.6, "deep_wrong": 0.1, "shallow_wrong": 0.2},
    ],
    "counts": [
        {"what": "both right", "n": 30, "share": 0.75}, {"what": "only deep right", "n": 5, "share": 0.125},
        {"what": "only shallow right", "n": 3, "share": 0.075}, {"what": "both wrong", "n": 2, "share": 0.05},
    ],
    "examples": {"deep": [1, 5], "shallow": [7]},
}  # fmt: skip

DIFFERENCES = Analysis(
    name="differences", order=24, run=run, unfit=unfit, cost=cost, example=EXAMPLE,
    source="Breiman et al. 1984 (CART), checked on rows that the tree was not grown on; Bonferroni",
)  # fmt: skip
