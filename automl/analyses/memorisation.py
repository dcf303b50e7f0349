"""Memorisation: whether a generator repeats the rows that it learnt from, and whether these can be told from others."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl.analyses.alarms import wilson
from automl.analyses.shared.generated import equal_keys, generated, no_rows, real_rows, sides_with_floor
from automl.metrics.contents import form_of
from automl.records import Analysis, AnalysisContext, AnalysisFacts
from automl.sides.items import refit_items
from automl.sides.row_space import Space, memorised_share, nearest

__all__ = ["MEMORISATION"]

MOST_LEARNT = 50_000
MOST_ITEMS = 5_000
"""Pictures, series or texts that were learnt from, whose features take more time than cells."""
MOST_GENERATED = 2_000
ATTACK_ROWS = 10_000
MEMBERS = 1_000
N_DRAWS = 200
SMALLEST = 1e-6
"""Squared distance below which rows are equal to the precision of ranks."""


def cost(facts: AnalysisFacts) -> float:
    """Rows of all sides, and distances to the training rows."""
    a_row = facts.pass_seconds / max(facts.n_test, 1)
    return 1.0 + a_row * ATTACK_ROWS + 2e-9 * MOST_GENERATED * min(facts.n_train, MOST_LEARNT) * 4 * facts.n_columns


def run(context: AnalysisContext) -> dict[str, Any] | None:
    """The memorised share, exact copies and a membership attack, for each side and the floor."""
    learnt_items = refit_items(context.split)
    is_item = bool(form_of(np.asarray(context.outcome.truth)))
    every = real_rows(context, learnt_items, MOST_LEARNT)
    some = np.random.default_rng([context.seed, 75_000]).permutation(len(every))[:MOST_ITEMS]
    learnt = every[some] if is_item else every
    looked = len(learnt) / max(len(learnt_items), 1)
    held_out = np.asarray(context.outcome.truth)
    space = Space(learnt)
    near_learnt, near_held = space.points(learnt), space.points(held_out)
    keys, held_keys = set(equal_keys(every).tolist()), equal_keys(held_out)
    repeated = float(np.mean([key in keys for key in held_keys.tolist()]))
    rows = []
    for side in sides_with_floor(context):
        if not context.has_time_for(0.0):
            break
        made = generated(context, side, min(MOST_GENERATED, 2 * len(held_out)))
        points = space.points(made)
        share = memorised_share(points, near_learnt, near_held, looked)
        copies = [key in keys for key in equal_keys(made).tolist()]
        low, high = wilson(int(np.sum(copies)), len(copies))
        attack = _attack(context, side, space, near_learnt, near_held)
        rows.append(
            {
                "side": side, "memorised": share.share, "memorised_low": share.low, "memorised_high": share.high,
                "copies": float(np.mean(copies)), "copies_low": low, "copies_high": high, "repeated": repeated,
                **attack,
            }
        )  # fmt: skip
    return {
        "n_learnt": len(learnt),
        "n_held": len(held_out),
        "limit": context.outcome.recipe.memorised_limit,
        "rows": rows,
    }


def _attack(
    context: AnalysisContext, side: Any, space: Any, learnt: np.ndarray, held_out: np.ndarray
) -> dict[str, Any]:
    """ROC AUC of telling rows that were learnt from others by how dense generated rows lie around them.

    The density is held against that of real rows that were not learnt from, by nearest neighbours in both: half of the
    held-out rows are the reference, the other half are those who are not members.

    Source: van Breugel, Sun, Qian & van der Schaar, "Membership inference attacks against synthetic data through
        overfitting detection" (DOMIAS), AISTATS 2023, equation 2; why distances alone do not do: Yao et al., "The DCR
        delusion", 2025.
    """
    rng = np.random.default_rng([context.seed, 70_000])
    order = rng.permutation(len(held_out))
    reference, others = held_out[order[: len(held_out) // 2]], held_out[order[len(held_out) // 2 :]][:MEMBERS]
    members = learnt[rng.permutation(len(learnt))[: len(others)]]
    if len(others) < 10:
        return {"attack": None, "attack_low": None, "attack_high": None}
    made = space.points(generated(context, side, ATTACK_ROWS if len(learnt) >= ATTACK_ROWS else max(len(learnt), 100)))
    both = np.concatenate([members, others])
    scores = np.log(nearest(both, reference) + SMALLEST) - np.log(nearest(both, made) + SMALLEST)
    is_member = np.arange(len(both)) < len(members)
    draws = rng.integers(0, len(members), (N_DRAWS, len(members))), rng.integers(0, len(others), (N_DRAWS, len(others)))
    areas = [_area(scores[: len(members)][a], scores[len(members) :][b]) for a, b in zip(*draws, strict=True)]
    low, high = np.quantile(areas, [0.025, 0.975])
    return {
        "attack": _area(scores[is_member], scores[~is_member]),
        "attack_low": float(low),
        "attack_high": float(high),
    }


def _area(up: np.ndarray, down: np.ndarray) -> float:
    """ROC AUC of two sets of scores, ties count half."""
    ordered = np.sort(down)
    less, not_more = (np.searchsorted(ordered, up, side=side) for side in ("left", "right"))
    return float((less + not_more).sum() / (2.0 * len(up) * len(down)))


EXAMPLE: dict[str, Any] = {
    "n_learnt": 20_000,
    "n_held": 2_000,
    "limit": 0.25,
    "rows": [
        {"side": side, "memorised": share, "memorised_low": share - 0.02, "memorised_high": share + 0.02,
         "copies": 0.01, "copies_low": 0.005, "copies_high": 0.02, "repeated": 0.01, "attack": 0.5 + share / 2,
         "attack_low": 0.48 + share / 2, "attack_high": 0.52 + share / 2}
        for side, share in (("deep", 0.03), ("shallow", 0.17), ("floor", 0.0))
    ],
}  # fmt: skip

MEMORISATION = Analysis(
    name="memorisation", order=3, run=run, unfit=no_rows, cost=cost, example=EXAMPLE, reads="rows",
    source="share nearer to a training than to a held-out row, against what a generator that knows neither would have; "
    "membership attack: van Breugel et al., AISTATS 2023",
)  # fmt: skip
