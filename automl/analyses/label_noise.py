"""Label noise: both finalists' settings fitted on training labels a share of which is wrong; test labels stay."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import numpy as np
import pandas as pd

from automl import goals, metrics
from automl.analyses.shared import scoring
from automl.analyses.shared.points import Curve, Points
from automl.errors import OutOfTime, TrialError
from automl.records import Analysis, AnalysisContext, AnalysisFacts, Dataset, Side, Task
from automl.sides.items import refit_items

__all__ = ["LABEL_NOISE", "with_noise"]

FIRST = (0.2, 0.4, 0.1, 0.05)
"""One fit of each share of wrong labels, the most telling first."""
FURTHER = (0.2, 0.4, 0.1, 0.05)
"""A second draw of each, while no more than `FURTHER_SHARE` of the time was spent."""
FURTHER_SHARE = 0.6
LEAST_ITEMS = 60


def unfit(context: AnalysisContext) -> str | None:
    """Forecasts read their targets as inputs too; otherwise both finalists must be there."""
    if not goals.named(context.task).needs_target:
        return "nobody learns the label"
    if goals.named(context.task).in_windows:
        return "the past of a target is an input of its forecast"
    if len(scoring.contestants(context)) < 2:
        return "only one side has a finalist"
    n = len(refit_items(context.split))
    return None if n >= LEAST_ITEMS else f"{n} rows are too few"


def cost(facts: AnalysisFacts) -> float:
    """Fits with two shares of wrong labels."""
    return 0.5 + 2 * facts.refit_seconds


def run(context: AnalysisContext) -> dict[str, Any] | None:
    """Fits both finalists on noisy labels, as many times as the time allows, and compares what each loses."""
    points = Points(context, 0.0)
    left_out = _measure(context, points)
    pair = {side: points.curve(side) for side in scoring.SIDES if points.scores.get(side)}
    if len(pair) < 2 or len(pair["deep"].places) < 2 or pair["deep"].places[0] > 0:
        return None
    higher = metrics.named(context.task.metric).higher_is_better
    return {
        "metric": context.task.metric,
        "level": scoring.LEVEL,
        "higher_is_better": higher,
        "noise": "classes" if goals.named(context.task).is_classification else "values",
        "rows": [
            row for side, one in pair.items() for row in _rows(context.task.metric, side, one, 1.0 if higher else -1.0)
        ],
        "compared": _compared(pair),
        "left_out": left_out,
    }


def _measure(context: AnalysisContext, points: Points) -> str:
    """Fit with one share of wrong labels after another; what was left out, and why, or ""."""
    assert context.refit is not None
    begun, expected, first_seconds = time.monotonic(), context.facts.refit_seconds, context.remaining_seconds
    failure: TrialError | None = None
    first = (0.0, *FIRST) if points.lacks_own else FIRST
    for number, share in enumerate([*first, *FURTHER], 1):
        is_first = number <= len(first)
        spent = time.monotonic() - begun
        if not context.has_time_for(expected) or (not is_first and spent + expected > FURTHER_SHARE * first_seconds):
            return "fewer shares: no time" if is_first else "fewer draws: no time"
        if not is_first and not points.n_fits(share):
            continue
        noisy = with_noise(context.dataset, context.task, refit_items(context.split), share, context.seed + number)
        fit_begun = time.monotonic()
        try:
            points.add(share, context.refit(context.split, number, noisy))
        except OutOfTime:
            return "fewer shares: no time" if is_first else "fewer draws: no time"
        except TrialError as error:
            failure = error
            continue
        expected = time.monotonic() - fit_begun
    if failure is not None and len(points.scores["deep"]) < 2:
        raise failure
    return ""


def with_noise(dataset: Dataset, task: Task, rows: np.ndarray, share: float, seed: int) -> Dataset:
    """The dataset with a share of the labels of these rows replaced; those of all other rows stay.

    A class becomes another class, each as likely. Labels of several columns, and numbers, become those of another of
    the replaced rows, so that their distribution stays.

    Args:
        dataset: all rows; it is not changed.
        task: its goal says what a label is.
        rows: row numbers.
        share: of these rows.
        seed: of the draw.
    """
    assert dataset.target is not None
    rng = np.random.default_rng((seed % 2**32, 17))
    chosen = rng.permutation(rows)[: round(share * len(rows))]
    donor = np.arange(dataset.n_rows)  # the row whose label each row gets
    if goals.named(task).is_one_class:
        codes, levels = pd.factorize(dataset.target.iloc[:, 0])
        other = rng.integers(1, max(len(levels), 2), len(chosen))
        _, first_rows = np.unique(codes[codes >= 0], return_index=True)
        donor[chosen] = np.flatnonzero(codes >= 0)[first_rows][(codes[chosen] + other) % len(levels)]
    else:
        donor[chosen] = np.roll(chosen, 1)
    target = dataset.target.iloc[donor].set_axis(dataset.target.index)
    observed = None if dataset.observed is None else dataset.observed[donor]
    return dataclasses.replace(dataset, target=target, observed=observed)


def _rows(metric: str, side: Side, one: Curve, sign: float) -> list[dict[str, Any]]:
    rows = []
    for k, place in enumerate(one.places):
        low, high = scoring.ends_of_scores(metric, sign * one.drawn[:, k])
        lost = None if k == 0 else scoring.ends(one.drawn[:, 0] - one.drawn[:, k])
        rows.append(
            {
                "side": side, "share": float(place), "fits": int(one.n_fits[k]), "score": sign * float(one.values[k]),
                "low": low, "high": high, "lost": float(one.values[0] - one.values[k]),
                "lost_low": None if lost is None else lost[0], "lost_high": None if lost is None else lost[1],
            }
        )  # fmt: skip
    return rows


def _compared(pair: dict[Side, Curve]) -> dict[str, Any]:
    """How much more deep loses than shallow, as the mean over the noisy points, and which side surely loses more.

    That must hold beyond noise for the mean, and at each point: most have one draw of wrong labels.
    """
    deep, shallow = (pair[side].drawn[:, :1] - pair[side].drawn[:, 1:] for side in scoring.SIDES)
    lost = [pair[side].values[0] - pair[side].values[1:] for side in scoring.SIDES]
    means = [float(np.mean(one)) for one in lost]
    each = np.sign(lost[0] - lost[1])
    ends = scoring.ends((deep - shallow).mean(axis=1))
    more = None if ends is None else _surely(ends, each)
    return {
        "difference": means[0] - means[1], "low": None if ends is None else ends[0],
        "high": None if ends is None else ends[1], "loses_more": more,
    }  # fmt: skip


def _surely(ends: tuple[float, float], each: np.ndarray) -> str | None:
    if ends[0] > 0 and (each > 0).all():
        return "deep"
    return "shallow" if ends[1] < 0 and (each < 0).all() else None


def _example_rows() -> list[dict[str, Any]]:
    scores = {"deep": (0.90, 0.87, 0.82, 0.70), "shallow": (0.85, 0.85, 0.84, 0.80)}
    return [
        {"side": side, "share": share, "fits": 1, "score": score, "low": score - 0.03, "high": score + 0.03,
         "lost": own[0] - score, "lost_low": None if share == 0 else own[0] - score - 0.02,
         "lost_high": None if share == 0 else own[0] - score + 0.02}
        for side, own in scores.items()
        for share, score in zip((0.0, 0.1, 0.2, 0.4), own, strict=True)
    ]  # fmt: skip


EXAMPLE = {
    "metric": "roc_auc",
    "level": 0.95,
    "higher_is_better": True,
    "noise": "classes",
    "rows": _example_rows(),
    "compared": {"difference": 0.08, "low": 0.05, "high": 0.11, "loses_more": "deep"},
    "left_out": "fewer shares: no time",
}

LABEL_NOISE = Analysis(
    name="label_noise",
    order=70,
    run=run,
    unfit=unfit,
    cost=cost,
    refits=True,
    source="Frenay and Verleysen 2014, Classification in the presence of label noise: a survey, IEEE TNNLS 25 (5)",
    example=EXAMPLE,
)
