"""The blend of both finalists: its weight is chosen on validation rows, before any test row is scored."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl import goals, metrics, verdict
from automl.goals.shared.outputs import combine
from automl.records import Contestant, Cost, Run
from automl.split import time_ids_of, unit_ids_of

if TYPE_CHECKING:
    from automl.flow.prepare import Prepared
    from automl.goals import Decision
    from automl.records import Champion, Output, Recipe, Side

__all__ = ["BLEND", "Blended", "barred", "blend", "champion_of"]

BLEND = "blend"
"""Name of the blend's run."""


@dataclass(frozen=True, slots=True, eq=False)
class Blended:
    """The blend of both finalists.

    Attributes:
        run: its run; the choice "weight_of_deep" is the deep finalist's weight.
        contestant: its predictions for test and validation items.
        decision: calibration and thresholds of the mean.
    """

    run: Run
    contestant: Contestant
    decision: Decision


def champion_of(prepared: Prepared, outputs: Mapping[Side, Output], items: np.ndarray, seed: int) -> Champion:
    """Name the champion by what the finalists predict for validation items.

    Args:
        prepared: the data.
        outputs: the finalists' predictions for these items, by side.
        items: validation items; none of them is a test item.
        seed: of the resampling.
    """
    dataset, task, split = prepared.dataset, prepared.task, prepared.split
    truth = goals.truth(dataset, task, items)
    valid = verdict.Validated(
        goals.search_metric(task), truth, outputs, unit_ids_of(dataset, split, items),
        truth if split.units == "row" and goals.named(task).has_classes else None,
        dataset.weight_of(items), goals.scoring_context(dataset, task, split, items), split.in_time,
        time_ids_of(dataset, split, items),
    )  # fmt: skip
    return verdict.name_champion(valid, seed)


def blend(
    contestants: Mapping[str, Contestant],
    finalists: Mapping[str, Run],
    champion: Champion,
    prepared: Prepared,
    truth: np.ndarray,
    weight: np.ndarray | None,
    context: dict[str, Any],
) -> Blended | None:
    """The blend of both finalists, scored on the test rows; None if a side has no finalist.

    Its calibration and thresholds are fitted on validation rows, as those of a finalist are.

    Args:
        contestants: finalists by side.
        finalists: runs of the finalists by side.
        champion: what validation rows say; the weight of the blend.
        prepared: the data.
        truth: truth of the test items.
        weight: weights of the test items, or None.
        context: what else the metric reads for the test items.
    """
    deep, shallow, share = contestants.get("deep"), contestants.get("shallow"), champion.weight_of_deep
    if goals.search_metric(prepared.task) == metrics.UNSCORED or not goals.named(prepared.task).has_mean:
        return None
    if deep is None or shallow is None or share is None or deep.valid_output is None or shallow.valid_output is None:
        return None
    dataset, task, parts = prepared.dataset, prepared.task, (share, 1 - share)
    items = prepared.split.items("valid")
    held_out = combine((deep.valid_output, shallow.valid_output), parts)
    rule = goals.decide(goals.truth(dataset, task, items), held_out, task, task.metric, dataset.weight_of(items))
    output = goals.decided(rule, combine((deep.output, shallow.output), parts))
    run = Run(
        BLEND, "blend", "done", "blend", valid_score=champion.scores.get("blend"),
        test_score=metrics.score(task.metric, truth, output, weight, context),
        cost=_both_costs(finalists["deep"].cost, finalists["shallow"].cost), n_seeds=finalists["deep"].n_seeds,
        choices={"weight_of_deep": share}, refitted=finalists["deep"].refitted,
    )  # fmt: skip
    contestant = Contestant(BLEND, "blend", output, valid_output=goals.decided(rule, held_out))
    return Blended(run, contestant, rule)


def _both_costs(deep: Cost, shallow: Cost) -> Cost:
    """What fitting and asking both finalists costs."""
    rates = [cost.rows_per_second for cost in (deep, shallow) if cost.rows_per_second]
    return Cost(
        fit_seconds=deep.fit_seconds + shallow.fit_seconds,
        predict_ms=(deep.predict_ms or 0.0) + (shallow.predict_ms or 0.0),
        rows_per_second=1.0 / sum(1.0 / rate for rate in rates) if len(rates) == 2 else None,
        size_mib=(deep.size_mib or 0.0) + (shallow.size_mib or 0.0),
    )


def barred(run: Run, predictors: Collection[str], recipe: Recipe) -> str:
    """Why the blend cannot be used, as a clause; "" if it can.

    Args:
        run: of the blend, with its measured cost.
        predictors: the sides that can predict new rows.
        recipe: the longest latency.
    """
    if "blend" not in predictors:
        return "no model of it is saved"
    bound, own = recipe.latency_ms, run.cost.predict_ms
    if bound is not None and (own is None or own > bound):
        return f"it predicts a row in {own:.3g} ms, and {bound:g} are allowed" if own else "its latency is not known"
    return ""
