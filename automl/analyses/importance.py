"""Importance: how much each finalist's score drops where a column's values are exchanged between rows."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from automl import metrics
from automl.analyses.shared import scoring
from automl.analyses.shared.answers import answer_numbers
from automl.analyses.shared.associations import clusters, likeliest, matrix_of, with_numbers
from automl.analyses.shared.changed import (
    Factor,
    Stack,
    allowance,
    chunk_rows,
    exchanged,
    factors_of,
    item_seconds,
    part_of,
    stack,
    stacked_seconds,
)
from automl.analyses.shared.scoring import Scored
from automl.records import Analysis, AnalysisContext, AnalysisFacts, Output, Side

__all__ = ["IMPORTANCE"]

MOST_ITEMS, LEAST_ITEMS = 2000, 200
MOST_WINDOWS = 300
N_PERMUTATIONS = 5
N_DRAWS = 120
MOST_FACTORS = 60
MOST_GROUPS = 15
ASSOCIATED_ROWS = 1000
MANY_FACTORS, MOST_COMPARED = 1_000, 300
"""Of more columns, so many that go together most by rank are compared closely, and so many that are no numbers."""
LONGEST_CALL = 1.0
"""Seconds."""
SHARE = 0.4
"""Of the time left, that it may take; other analyses come after it."""
LARGELY, PARTLY = 0.7, 0.3
"""Kendall's tau from which two orders agree largely, or in part."""


def unfit(context: AnalysisContext) -> str | None:
    """There must be several things to exchange: pictures have none, one text has no other."""
    return None if len(factors_of(context)) > 1 else "the inputs have no columns, channels or lags to compare"


def cost(facts: AnalysisFacts) -> float:
    """Every column exchanged for `LEAST_ITEMS` rows."""
    n_factors = min(max(facts.n_columns, 2), MOST_FACTORS)
    return 0.3 + stacked_seconds(facts, n_factors * min(LEAST_ITEMS, facts.n_test))


def run(context: AnalysisContext) -> dict[str, Any] | None:
    """Drops of the score with intervals, by column and by group of correlated columns."""
    until = allowance(context, SHARE)
    test, predictors = context.split.items("test"), scoring.predictors(context)
    factors = factors_of(context)
    at = scoring.scored(context, scoring.subsample(test, _n_items(context, len(factors), until), context.seed))
    single = stack(context.dataset, at.items, 1)
    base = {side: predictor.output(single.dataset, single.items) for side, predictor in predictors.items()}
    n_columns = len(factors)
    factors = _chosen(context, at, factors, base)
    groups = _groups(context, factors)
    made = _permuted(context, at, [*factors, *groups], until)
    n_done = min((len(outputs) for outputs in made.values()), default=0)
    if not n_done:
        return None
    rows = _rows(context, at, base, made, [*factors, *groups])
    n_factors = len({row["factor"] for row in rows if row["kind"] != "group"})
    tau = _agreement(rows) if len(predictors) == 2 else None
    return {
        "metric": context.task.metric, "level": scoring.LEVEL, "n_items": len(at),
        "n_permutations": max(len(outputs) for outputs in made.values()), "n_left_out": n_columns - n_factors,
        "scores": {side: scoring.score_of(context.task.metric, at, output) for side, output in base.items()},
        "tau": tau, "agreement": _agreement_words(tau), "rows": rows,
    }  # fmt: skip


def _n_items(context: AnalysisContext, n_factors: int, until: float) -> int:
    """As many rows as one exchange of each column leaves time for, within bounds."""
    most = MOST_WINDOWS if context.split.items("test").ndim == 2 else MOST_ITEMS
    each = item_seconds(context, until)
    if not each:
        return most
    affordable = (until - time.monotonic()) / (2.0 * each * min(n_factors, MOST_FACTORS))
    return int(np.clip(affordable, min(LEAST_ITEMS, most), most))


def _chosen(context: AnalysisContext, at: Scored, factors: list[Factor], base: dict[Side, Output]) -> list[Factor]:
    """Columns that go together with the predictions of either side first, at most `MOST_FACTORS`."""
    inputs = context.dataset.inputs
    if at.items.ndim == 2 or not hasattr(inputs, "columns"):
        return factors[:MOST_FACTORS]
    rows = scoring.subsample(np.arange(len(at)), ASSOCIATED_ROWS, context.seed)
    numbers = [column for output in base.values() for column in _numbers(context, output)[rows].T[:4]]
    if len(factors) > MANY_FACTORS:  # each takes about a millisecond below
        likely = likeliest(inputs, [factor.columns for factor in factors], at.items[rows], numbers, MOST_COMPARED)
        factors = [factors[i] for i in likely]
    strength = [
        max(with_numbers(inputs[name].take(at.items[rows]).reset_index(drop=True), numbers) for name in factor.columns)
        for factor in factors
    ]
    order = np.argsort(-np.asarray(strength), kind="stable")
    return [factors[i] for i in order[:MOST_FACTORS]]


def _numbers(context: AnalysisContext, output: Output) -> np.ndarray:
    if "probabilities" in output.arrays or "values" in output.arrays:
        return answer_numbers(context.task, output)
    return np.asarray(next(iter(output.arrays.values())), np.float64).reshape(
        len(next(iter(output.arrays.values()))), -1
    )


def _groups(context: AnalysisContext, factors: Sequence[Factor]) -> list[Factor]:
    """Groups of columns that go together in training rows."""
    kinds = {column.name: column.kind for column in context.task.columns}
    plain = [
        f for f in factors
        if f.kind == "column" and kinds.get(f.name) not in ("text", None) and f.name not in context.dataset.pictures
    ]  # fmt: skip
    if len(plain) < 2:
        return []
    rows = scoring.subsample(context.split.train, ASSOCIATED_ROWS, context.seed)
    found = clusters(matrix_of(context.dataset.inputs[[f.name for f in plain]].take(rows)))
    found.sort(key=min)
    return [
        Factor(_joined([plain[i].name for i in group]), "group", tuple(n for i in group for n in plain[i].columns))
        for group in found[:MOST_GROUPS]
    ]


def _joined(names: Sequence[str]) -> str:
    shown = list(names[:3])
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _permuted(
    context: AnalysisContext, at: Scored, factors: Sequence[Factor], until: float
) -> dict[int, list[dict[Side, Output]]]:
    """For each factor (by its place), the outputs of each exchange, as many as the time allows.

    Both sides predict the same rows. The first exchange of all factors comes before the second of any.
    """
    rng = np.random.default_rng(context.seed)
    made: dict[int, list[dict[Side, Output]]] = {place: [] for place in range(len(factors))}
    predictors, n = scoring.predictors(context), len(at)
    most_rows = chunk_rows(context.dataset) if at.items.ndim == 1 else max(1, 4 * n)
    seconds_each = 0.0
    for number in range(N_PERMUTATIONS):
        done = 0
        while done < len(factors):
            n_places = max(1, most_rows // max(1, n)) if seconds_each or math.isinf(until) else 1
            if seconds_each:  # a call that takes long cannot be ended in time
                n_places = min(n_places, max(1, int(LONGEST_CALL / seconds_each)))
            places = range(done, min(done + n_places, len(factors)))
            if context.stopping() or time.monotonic() + seconds_each * len(places) > until:
                return _whole(made, number)
            begun = time.monotonic()
            copies: Stack = stack(context.dataset, at.items, len(places))
            permutations = [_order(context, at, rng) for _ in places]
            changed = exchanged(copies, [factors[place] for place in places], permutations)
            outputs = {side: one.output(changed, copies.items) for side, one in predictors.items()}
            for k, place in enumerate(places):
                made[place].append({side: part_of(o, slice(k * n, (k + 1) * n)) for side, o in outputs.items()})
            seconds_each = (time.monotonic() - begun) / len(places)
            done += len(places)
    return made


def _whole(made: dict[int, list[dict[Side, Output]]], number: int) -> dict[int, list[dict[Side, Output]]]:
    """Without an exchange that only some factors had, so that all are measured alike; all there is of the first."""
    if number == 0:
        return {place: outputs for place, outputs in made.items() if outputs}
    return {place: outputs[:number] for place, outputs in made.items()}


def _order(context: AnalysisContext, at: Scored, rng: np.random.Generator) -> np.ndarray:
    """From which item each value comes; of a panel, from the same series where each has several windows."""
    n = len(at)
    if at.items.ndim == 1 or context.dataset.series is None:
        return rng.permutation(n)
    codes = np.unique(np.asarray(context.dataset.series[at.items[:, 0]]).astype(str), return_inverse=True)[1]
    if np.bincount(codes).min() < 3:
        return rng.permutation(n)
    order = np.arange(n)
    for code in range(int(codes.max()) + 1):
        own = np.flatnonzero(codes == code)
        order[own] = rng.permutation(own)
    return order


def _rows(
    context: AnalysisContext, at: Scored, base: dict[Side, Output], made: dict[int, list[dict[Side, Output]]],
    factors: Sequence[Factor],
) -> list[dict[str, Any]]:  # fmt: skip
    """Flat rows, the most important factor of each side first."""
    metric = context.task.metric
    draws = scoring.drawn(at, context.seed, N_DRAWS)
    rows = []
    for side, output in base.items():
        own = scoring.score_of(metric, at, output)
        under = scoring.scores_of(metric, at, output, draws)
        sign = 1.0 if metrics.named(metric).higher_is_better else -1.0
        of_side: list[dict[str, Any]] = []
        for place, outputs in made.items():
            scores = [scoring.score_of(metric, at, one[side]) for one in outputs]
            drops = np.full(len(draws), np.nan)
            for k, one in enumerate(outputs):
                mine = slice(k, None, len(outputs))
                drops[mine] = sign * (under[mine] - scoring.scores_of(metric, at, one[side], draws[mine]))
            ends = scoring.ends(drops)
            of_side.append(
                {
                    "side": side, "factor": factors[place].name, "kind": factors[place].kind,
                    "drop": round(float(sign * (own - np.mean(scores))), 12),
                    "low": None if ends is None else ends[0], "high": None if ends is None else ends[1],
                    "n_permutations": len(outputs),
                }
            )  # fmt: skip
        of_side.sort(key=lambda row: -row["drop"] if row["drop"] == row["drop"] else math.inf)
        ranks = {row["factor"]: i + 1 for i, row in enumerate(r for r in of_side if r["kind"] != "group")}
        rows += [{**row, "rank": ranks.get(row["factor"]) if row["kind"] != "group" else None} for row in of_side]
    return rows


def _agreement(rows: list[dict[str, Any]]) -> float | None:
    """Kendall's tau of both sides' drops; None with fewer than three factors, or where one side has no order."""
    from scipy.stats import kendalltau

    drops: dict[str, dict[str, float]] = {}
    for row in rows:
        if row["kind"] != "group":
            drops.setdefault(row["factor"], {})[row["side"]] = row["drop"]
    pairs = [(one["deep"], one["shallow"]) for one in drops.values() if len(one) == 2]
    if len(pairs) < 3 or not np.isfinite(pairs).all():
        return None
    tau = float(kendalltau(*zip(*pairs, strict=True)).statistic)
    return tau if math.isfinite(tau) else None


def _agreement_words(tau: float | None) -> str:
    if tau is None:
        return ""
    how = "largely agree" if tau >= LARGELY else "agree in part" if tau >= PARTLY else "do not agree"
    return f"Both sides {how} on what matters (Kendall's tau {tau:.2f})."


EXAMPLE = {
    "metric": "roc_auc", "level": 0.95, "n_items": 40, "n_permutations": 5, "n_left_out": 0,
    "scores": {"deep": 0.9, "shallow": 0.8}, "tau": 1.0,
    "agreement": "Both sides largely agree on what matters (Kendall's tau 1.00).",
    "rows": [
        {"side": side, "factor": factor, "kind": kind, "drop": drop, "low": drop - 0.02, "high": drop + 0.02,
         "n_permutations": 5, "rank": rank}
        for side in ("deep", "shallow")
        for factor, kind, drop, rank in (("size, colour", "group", 0.3, None), ("size", "column", 0.2, 1),
                                         ("colour", "column", 0.01, 2))
    ],
}  # fmt: skip

IMPORTANCE = Analysis(
    name="importance", order=18, run=run, unfit=unfit, cost=cost, example=EXAMPLE,
    source="Breiman 2001; Fisher, Rudin & Dominici 2019 (permutation importance)",
)  # fmt: skip
