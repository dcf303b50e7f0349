"""A blend of both finalists, weighted on validation rows. The report shows it; it plays no part in the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from automl import goals, metrics
from automl.goals.shared.outputs import combine
from automl.records import Contestant, Cost, Run

if TYPE_CHECKING:
    from automl.flow.prepare import Prepared

__all__ = ["blend"]

WEIGHTS = tuple(i / 10 for i in range(11))


def blend(
    contestants: dict[str, Contestant],
    finalists: dict[str, Run],
    prepared: Prepared,
    truth: np.ndarray,
    weight: np.ndarray | None,
    context: dict[str, Any],
    metric: str,
) -> tuple[Run, Contestant] | None:
    """The run and the predictions of the blend; None if a side has no finalist.

    Args:
        contestants: finalists by side.
        finalists: runs of the finalists by side.
        prepared: the data.
        truth: truth of the test items.
        weight: weights of the test items, or None.
        context: what else the metric reads for the test items.
        metric: name of the metric.
    """
    deep, shallow = contestants.get("deep"), contestants.get("shallow")
    if deep is None or shallow is None or deep.valid_output is None or shallow.valid_output is None:
        return None
    dataset, task, split = prepared.dataset, prepared.task, prepared.split
    valid = split.items("valid") if deep.valid_items is None else deep.valid_items
    valid_truth = goals.truth(dataset, task, valid)
    valid_weight = dataset.weight_of(valid)
    valid_context = goals.scoring_context(dataset, task, split, valid)
    scores = {}
    for w in WEIGHTS:
        mean = combine((deep.valid_output, shallow.valid_output), (w, 1 - w))
        scores[w] = metrics.score(metric, valid_truth, mean, valid_weight, valid_context)
    best = max(scores, key=lambda w: scores[w] if metrics.named(metric).higher_is_better else -scores[w])
    output = combine((deep.output, shallow.output), (best, 1 - best))
    costs = [finalists[side].cost for side in ("deep", "shallow")]
    run = Run(
        "blend",
        "blend",
        "done",
        "blend",
        valid_score=scores[best],
        test_score=metrics.score(metric, truth, output, weight, context),
        cost=Cost(
            fit_seconds=sum(cost.fit_seconds for cost in costs),
            predict_ms=sum(cost.predict_ms or 0.0 for cost in costs),
            size_mib=sum(cost.size_mib or 0.0 for cost in costs),
        ),
        n_seeds=finalists["deep"].n_seeds,
        choices={"weight_of_deep": best},
        refitted=finalists["deep"].refitted,
    )
    return run, Contestant("blend", "blend", output)
