"""Fidelity: columns, pairs of columns, coverage and rules of generated rows beside those of real ones."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from automl.analyses.shared.generated import generated, no_rows, real_rows, sides_with_floor
from automl.analyses.shared.given_values import GIVEN_EXAMPLE, of_values
from automl.analyses.shared.likelihood import LIKELIHOOD_EXAMPLE, likelihoods
from automl.analyses.shared.rules import broken, rules_of
from automl.metrics.contents import form_of
from automl.records import Analysis, AnalysisContext, AnalysisFacts
from automl.sides.items import refit_items
from automl.sides.row_space import Space, nearest

__all__ = ["FIDELITY", "coverage_of"]

MOST_ROWS = 2_000
K_NEAREST = 5
N_BINS = 10
MOST_LEVELS = 20
MOST_PAIRS = 300
WORST = 8
CUT = 0.005
"""Share of the values at each end that count in the outermost bins of a picture."""
MOST_LEARNT = 20_000


def unfit(context: AnalysisContext) -> str | None:
    """Generated rows of a table."""
    if no_rows(context) is not None:
        return no_rows(context)
    return "items are no rows of a table" if form_of(np.asarray(context.outcome.truth)) else None


def cost(facts: AnalysisFacts) -> float:
    """Distances between some thousand rows, and tables of pairs."""
    return 1.0 + 0.002 * min(facts.n_columns**2, MOST_PAIRS) + 0.01 * facts.n_columns


def run(context: AnalysisContext) -> dict[str, Any]:
    """What each side's rows show beside held-out rows; training rows beside held-out rows say what chance does."""
    held_out = np.asarray(context.outcome.truth)[:MOST_ROWS]
    learnt = real_rows(context, refit_items(context.split), MOST_LEARNT)
    space, rules = Space(learnt), rules_of(learnt)
    points = space.points(held_out)
    rng = np.random.default_rng([context.seed, 85_000])
    sets: dict[str, np.ndarray] = {"real": learnt[rng.permutation(len(learnt))[: len(held_out)]]}
    for side in sides_with_floor(context):
        sets[side] = generated(context, side, len(held_out))
    binned_held, binned = _binned(held_out, learnt), {name: _binned(rows, learnt) for name, rows in sets.items()}
    names = list(held_out.dtype.names or ())
    columns = {name: [_apart(one[k], binned_held[k]) for k in range(len(names))] for name, one in binned.items()}
    ends = {name: [_ends_apart(rows[k], held_out[k]) for k in names] for name, rows in sets.items()}
    pairs = _pairs(len(names), context.seed)
    together = {name: [_pair_apart(one, binned_held, a, b) for a, b in pairs] for name, one in binned.items()}
    rows = []
    for name, some in sets.items():
        made = space.points(some)
        covers, precise = coverage_of(points, made)
        rows.append(
            {
                "set": name, "coverage": covers, "precision": precise,
                "column": float(np.mean(ends[name])), "column_worst": float(np.max(ends[name], initial=0.0)),
                "pair": float(np.mean(together[name])) if pairs else None,
            }
        )  # fmt: skip
    dates = {column.name for column in context.task.columns if column.kind == "datetime"}
    worst = sorted(range(len(names)), key=lambda k: -max(ends[s][k] for s in sets if s not in ("real", "floor")))
    given = context.task.condition
    return {
        "n": len(held_out),
        "likelihood": likelihoods(context),
        "given": None if given is None else of_values(given, held_out, learnt, sets),
        "k": K_NEAREST,
        "n_pairs": len(pairs),
        "rows": rows,
        "columns": [
            {"column": names[k], **{name: float(ends[name][k]) for name in sets},
             "is_date": names[k] in dates,
             "bins": _shares(held_out[names[k]], {s: sets[s][names[k]] for s in sets if s != "real"}, learnt[names[k]])}
            for k in worst[:WORST]
        ],
        "rules": [
            {"rule": rule.words, "real": broken(rule, held_out),
             **{name: broken(rule, some) for name, some in sets.items() if name != "real"}}
            for rule in rules
        ],
        "binned": {name: float(np.mean(columns[name])) for name in columns},
    }  # fmt: skip


def _binned(rows: np.ndarray, learnt: np.ndarray) -> list[np.ndarray]:
    """Each column as codes below `N_BINS` + 1 or `MOST_LEVELS` + 1: tenths of training rows, or frequent levels."""
    return [_codes(rows[name], learnt[name]) for name in rows.dtype.names or ()]


def _codes(values: np.ndarray, learnt: np.ndarray) -> np.ndarray:
    if values.dtype.kind == "U":
        levels, counts = np.unique(learnt, return_counts=True)
        kept = np.sort(levels[np.argsort(-counts, kind="stable")[:MOST_LEVELS]])
        at = np.minimum(np.searchsorted(kept, values), len(kept) - 1)
        return np.where(kept[at] == values, at, MOST_LEVELS)
    known = learnt[~np.isnan(learnt)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, N_BINS + 1)[1:-1])) if len(known) else np.zeros(0)
    return np.where(np.isnan(values), MOST_LEVELS, np.searchsorted(edges, values, side="right"))


def _apart(codes: np.ndarray, others: np.ndarray) -> float:
    """Total variation distance of two columns of codes."""
    counts = [np.bincount(one, minlength=MOST_LEVELS + 1) / max(len(one), 1) for one in (codes, others)]
    return float(0.5 * np.abs(counts[0] - counts[1]).sum())


def _pair_apart(ones: list[np.ndarray], others: list[np.ndarray], a: int, b: int) -> float:
    """Total variation distance of two tables of two columns."""
    size = MOST_LEVELS + 1
    counts = [np.bincount(one[a] * size + one[b], minlength=size**2) / max(len(one[a]), 1) for one in (ones, others)]
    return float(0.5 * np.abs(counts[0] - counts[1]).sum())


def _ends_apart(values: np.ndarray, others: np.ndarray) -> float:
    """Kolmogorov-Smirnov distance of numbers (missing ones last), total variation distance of levels."""
    if values.dtype.kind == "U":
        levels, codes = np.unique(np.concatenate([values, others]), return_inverse=True)
        first, second = codes[: len(values)], codes[len(values) :]
        shares = [np.bincount(c, minlength=len(levels)) / max(len(c), 1) for c in (first, second)]
        return float(0.5 * np.abs(shares[0] - shares[1]).sum())
    filled = [np.where(np.isnan(one), np.inf, one) for one in (values, others)]
    at = np.unique(np.concatenate(filled))
    below = [np.searchsorted(np.sort(one), at, side="right") / max(len(one), 1) for one in filled]
    return float(np.abs(below[0] - below[1]).max())


def _pairs(n_columns: int, seed: int) -> list[tuple[int, int]]:
    every = list(itertools.combinations(range(n_columns), 2))
    if len(every) <= MOST_PAIRS:
        return every
    chosen = np.random.default_rng([seed, 80_000]).choice(len(every), MOST_PAIRS, replace=False)
    return [every[k] for k in np.sort(chosen)]


def coverage_of(held_out: np.ndarray, made: np.ndarray) -> tuple[float, float]:
    """Share of held-out rows in whose neighbourhood a generated one lies, and of generated rows in one of these.

    Source: Naeem, Oh, Uh, Choi & Yoo, "Reliable fidelity and diversity metrics for generative models", ICML 2020,
        equation 5 (coverage); Kynkäänniemi et al., NeurIPS 2019, equation 2 (precision).
    """
    k = min(K_NEAREST, len(held_out) - 1)
    radius = nearest(held_out, held_out, k, is_self=True)
    covered = nearest(held_out, made) <= radius
    apart = (
        (made.astype(np.float64) ** 2).sum(1)[:, None]
        - 2.0 * made @ held_out.T
        + (held_out.astype(np.float64) ** 2).sum(1)
    )
    return float(covered.mean()), float((apart <= radius[None] + 1e-5).any(axis=1).mean())


def _shares(held_out: np.ndarray, sets: dict[str, np.ndarray], learnt: np.ndarray) -> dict[str, Any]:
    """Shares of bins or levels of one column, for a picture."""
    if held_out.dtype.kind == "U":
        levels, counts = np.unique(learnt, return_counts=True)
        shown = levels[np.argsort(-counts, kind="stable")[:N_BINS]]
        labels = [str(level) or "missing" for level in shown]
        return {"labels": labels, "real": [float((held_out == level).mean()) for level in shown],
                **{s: [float((one == level).mean()) for level in shown] for s, one in sets.items()}}  # fmt: skip
    known = learnt[~np.isnan(learnt)]
    low, high = np.quantile(known, [CUT, 1 - CUT]) if len(known) else (0.0, 0.0)
    edges = np.unique(np.linspace(low, high, 2 * N_BINS + 1))
    return {"edges": edges.tolist(), "real": _histogram(held_out, edges),
            **{s: _histogram(one, edges) for s, one in sets.items()}}  # fmt: skip


def _histogram(values: np.ndarray, edges: np.ndarray) -> list[float]:
    known = values[~np.isnan(values)]
    if len(edges) < 2:
        return [1.0]
    counts = np.histogram(np.clip(known, edges[0], edges[-1]), edges)[0]
    return [float(n) / max(len(values), 1) for n in counts]


EXAMPLE: dict[str, Any] = {
    "n": 2_000,
    "given": GIVEN_EXAMPLE,
    "likelihood": LIKELIHOOD_EXAMPLE,
    "k": 5,
    "n_pairs": 3,
    "rows": [
        {"set": name, "coverage": 0.95 - gap, "precision": 0.94 - gap, "column": 0.01 + gap, "column_worst": 0.03 + gap,
         "pair": 0.05 + gap}
        for name, gap in (("real", 0.0), ("deep", 0.05), ("shallow", 0.02), ("floor", 0.2))
    ],
    "columns": [
        {"column": "age", "real": 0.01, "deep": 0.04, "shallow": 0.02, "floor": 0.02,
         "is_date": False,
         "bins": {"edges": [17.0, 30.0, 50.0, 90.0], "real": [0.3, 0.5, 0.2], "deep": [0.3, 0.48, 0.22],
                  "shallow": [0.31, 0.5, 0.19], "floor": [0.3, 0.5, 0.2]}},
        {"column": "job", "real": 0.01, "deep": 0.03, "shallow": 0.02, "floor": 0.02,
         "is_date": False,
         "bins": {"labels": ["office", "field"], "real": [0.6, 0.4], "deep": [0.62, 0.38], "shallow": [0.6, 0.4],
                  "floor": [0.6, 0.4]}},
    ],
    "rules": [{"rule": "start ≤ end", "real": 0.0, "deep": 0.02, "shallow": 0.0, "floor": 0.31}],
    "binned": {"real": 0.01, "deep": 0.03, "shallow": 0.02, "floor": 0.01},
}  # fmt: skip

FIDELITY = Analysis(
    name="fidelity", order=1, run=run, unfit=unfit, cost=cost, example=EXAMPLE, reads="rows",
    source="Naeem et al., ICML 2020 (coverage); Kynkäänniemi et al., NeurIPS 2019 (precision)",
)  # fmt: skip
