"""Weighted ensembles of both sides, chosen by greedy selection on validation rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from automl import metrics
from automl.goals.shared.outputs import combine
from automl.records import Cost, Output, Run, Side
from automl.sides.ranking import tie_break_loss

__all__ = ["MOST_MEMBERS", "ensemble_run", "members_of", "select"]

MOST_MEMBERS = 4
ROUNDS = 20
LEAST_ROWS = 40
WORST = -1e300

Score = Callable[[Output, np.ndarray], tuple[float, float]]


def select(
    outputs: Sequence[Output],
    metric: str,
    truth: np.ndarray,
    weight: np.ndarray | None = None,
    context: Mapping[str, Any] | None = None,
) -> tuple[float, ...] | None:
    """Choose weights by greedy selection with replacement over validation predictions.

    Selection starts with the best candidate. Each round adds the candidate (possibly again) with which the mean scores
    best, as long as the score improves; means of equal score are ordered by the tie-break loss. An ensemble has at most
    four members, since each costs time at prediction.

    Greedy selection overfits few validation rows, so it is tested on rows that it did not see. It is run on each half
    of the rows, and the result is scored on the other half against the best single candidate of the first half. An
    ensemble is returned only if it gains on average; its weights are then chosen on all rows.

    Args:
        outputs: the candidates' predictions for the validation rows, best candidate first.
        metric: name of the metric.
        truth: truth of the validation rows.
        weight: their weights, or None.
        context: what else the metric reads.

    Returns:
        A weight for each candidate (most are 0); they sum to 1. None if an ensemble does not gain.

    Source: Caruana et al., "Ensemble Selection from Libraries of Models", ICML 2004, sections 2.1 to 2.3.
    """
    n = len(truth)
    if len(outputs) < 2 or n < LEAST_ROWS:
        return None
    losses = {tie_break_loss(output) for output in outputs}
    loss = losses.pop() if len(losses) == 1 else None  # a forecast that was cut may lack quantiles
    judge = _judge(metric, loss, truth, weight, context or {})
    halves = np.random.default_rng(0).permutation(n) % 2
    gains = []
    for half in (0, 1):
        here, there = np.flatnonzero(halves == half), np.flatnonzero(halves != half)
        counts = _greedy(outputs, judge, here)
        alone = max(outputs, key=lambda output: judge(_take(output, here), here))
        together = _together([_take(output, there) for output in outputs], counts)
        gains.append(np.subtract(judge(together, there), judge(_take(alone, there), there)))
    counts = _greedy(outputs, judge, np.arange(n))
    gain = tuple(np.mean(gains, axis=0).tolist())  # of the score, then of the tie-break loss
    if not gain > (0.0, 0.0) or np.count_nonzero(counts) < 2:
        return None
    return tuple(float(count) / float(counts.sum()) for count in counts)


def _judge(
    metric: str, loss: str | None, truth: np.ndarray, weight: np.ndarray | None, context: Mapping[str, Any]
) -> Score:
    """A function ``judge(output, rows)``: score and tie-break loss of predictions for these rows, higher is better."""

    def judge(output: Output, rows: np.ndarray) -> tuple[float, float]:
        own = {k: v[rows] if isinstance(v, np.ndarray) and len(v) == len(truth) else v for k, v in context.items()}

        def turned(name: str) -> float:
            score = metrics.score(name, truth[rows], output, None if weight is None else weight[rows], own)
            return score * (1.0 if metrics.named(name).higher_is_better else -1.0) if math.isfinite(score) else WORST

        return turned(metric), 0.0 if loss is None else turned(loss)

    return judge


def _take(output: Output, rows: np.ndarray) -> Output:
    return Output(output.kind, {name: array[rows] for name, array in output.arrays.items()})


def _together(outputs: Sequence[Output], counts: np.ndarray) -> Output:
    """The mean of the outputs, each weighted by how often it was selected."""
    pairs = [(output, float(count)) for output, count in zip(outputs, counts, strict=True) if count]
    return combine([output for output, _ in pairs], [count for _, count in pairs])


def _greedy(outputs: Sequence[Output], judge: Score, rows: np.ndarray) -> np.ndarray:
    """Greedy selection on these rows: how often each output was selected."""
    taken = [_take(output, rows) for output in outputs]
    counts = np.zeros(len(outputs))
    scores = [judge(output, rows) for output in taken]
    counts[scores.index(max(scores))] = 1
    best = max(scores)
    for _ in range(ROUNDS):
        tries: list[tuple[tuple[float, float], int]] = []
        for i in range(len(outputs)):
            if counts[i] == 0 and np.count_nonzero(counts) >= MOST_MEMBERS:
                continue
            added = counts.copy()
            added[i] += 1
            tries.append((judge(_together(taken, added), rows), i))
        score, i = max(tries, key=lambda pair: pair[0])
        if score <= best:
            break
        best = score
        counts[i] += 1
    return counts


def ensemble_run(
    side: Side, runs: Sequence[Run], weights: Sequence[float], score: float, as_searched: Sequence[str] = ()
) -> Run:
    """The run of an ensemble, with the total cost of its members.

    Args:
        side: the side of the contest.
        runs: runs of the members.
        weights: weights of the members.
        score: validation score of the ensemble.
        as_searched: of a refitted ensemble: names of the members for whose refit there was no time.
    """
    costs = [run.cost for run in runs]
    cost = Cost(
        fit_seconds=sum(cost.fit_seconds for cost in costs),
        offered_seconds=sum(cost.offered_seconds for cost in costs),
        predict_ms=_sum(cost.predict_ms for cost in costs),
        peak_mib=max((cost.peak_mib for cost in costs if cost.peak_mib is not None), default=None),
        size_mib=_sum(cost.size_mib for cost in costs),
        n_parameters=_sum(cost.n_parameters for cost in costs),
    )
    members = {run.name: round(weight, 4) for run, weight in zip(runs, weights, strict=True)}
    choices = {"ensemble": members, **({"as_searched": list(as_searched)} if as_searched else {})}
    return Run(
        f"{side}-ensemble", side, "done", "ensemble", valid_score=score, cost=cost, device=runs[0].device,
        choices=choices, n_holdouts=min(run.n_holdouts for run in runs),
    )  # fmt: skip


def members_of(run: Run) -> dict[str, float]:
    """The names and weights of an ensemble's members; empty for a single model."""
    members = run.choices.get("ensemble", {}) if run.family == "ensemble" else {}
    return dict(members)


def _sum(values: Iterable[Any]) -> Any:
    """The sum; None if one value is unknown."""
    known = list(values)
    return None if None in known else sum(known)
