"""Journal entries of ended runs, the same for both sides, and what cannot be read of an earlier call."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from automl.records import Run, Side, Status
from automl.storage.journal import Journal
from automl.storage.values import Misfit, cost, numbers, one_of, optional_number, text
from automl.storage.weights import WeightStore

__all__ = ["STATUSES", "damage", "ended", "read_run"]

STATUSES: tuple[Status, ...] = get_args(Status)


def ended(run: Run, scores: Sequence[float], skipped_for_time: bool) -> dict[str, Any]:
    """The journal entry of an ended run.

    Args:
        run: the run.
        scores: one score for each hold-out that it was judged on.
        skipped_for_time: whether there was no time for the other hold-outs.
    """
    return {
        "name": run.name, "status": run.status, "score": run.valid_score, "scores": list(scores),
        "passed_over": skipped_for_time, "failure": run.failure, "cost": dataclasses.asdict(run.cost),
    }  # fmt: skip


def read_run(
    entry: Mapping[str, Any], side: Side, family: str, choices: Mapping[str, Any], n_holdouts: int, **others: Any
) -> tuple[Run, list[float]]:
    """The run in a journal entry, and its score on each hold-out.

    Args:
        entry: the entry; its name is checked already.
        side: the side that wrote it.
        family: family of the run.
        choices: choices of the run, checked already.
        n_holdouts: number of hold-outs.
        **others: fields of `Run` that only this side records.

    Raises:
        Misfit: scores, status, failure or cost are not those of a run.
    """
    scores = numbers(entry, "scores", n_holdouts)
    if len(scores) not in (0, 1, n_holdouts):
        raise Misfit(f"scores: expected one, or {n_holdouts} of them, got {len(scores)}")
    score = optional_number(entry, "score")
    mean = statistics.fmean(scores) if scores else None
    if (score is None) != (mean is None) or not math.isclose(score or 0.0, mean or 0.0, rel_tol=1e-9, abs_tol=1e-12):
        raise Misfit("score: expected the mean of the scores")
    run = Run(
        entry["name"], side, one_of(entry, "status", STATUSES), family, valid_score=score, cost=cost(entry, "cost"),
        choices=dict(choices), failure=None if entry.get("failure") is None else text(entry, "failure"),
        n_holdouts=max(1, len(scores)), **others,
    )  # fmt: skip
    return run, scores


def damage(journal: Journal, store: WeightStore | None) -> list[str]:
    """What cannot be read of an earlier call, in words."""
    return [words for part in (journal, store) if part is not None and (words := part.damage())]
