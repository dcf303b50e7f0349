"""Compares how series went on with their past, and forecasts of the steps that came with the errors of the contest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from automl import goals, metrics
from automl.errors import AutomlError, DataError
from automl.goals.shared.scoring import series_codes
from automl.predict.watching.backtest import Backtest, Units, expected_of, interval_of, units
from automl.predict.watching.continued import Continued, continued, findings_of, scales_of, windows_of
from automl.predict.watching.instability import adjusted
from automl.predict.watching.reference import SideReference, unweighted
from automl.predict.watching.shifts import ahead, columns, errors, unseen
from automl.predict.watching.watched import Watched
from automl.recipe import WATCH_FIELDS, failing
from automl.records import Finding
from automl.report.findings import finding_text, gravest_first
from automl.system.counts import counted

if TYPE_CHECKING:
    from automl.predict.watching.history import Past
    from automl.predict.watching.reference import Reference
    from automl.recipe import Condition
    from automl.records import Dataset, Output, Task

__all__ = ["watch_series"]

INTERVAL_LEVEL = 0.9
NOT_TOLD = "not available: the contest had too few test and validation windows to tell how its score varies"
MOST_STEPS = 1_000


def watch_series(
    dataset: Dataset, task: Task, predictor: Any, side: str, known: Reference, conditions: Sequence[Condition],
    asked: str,
) -> Watched:  # fmt: skip
    """Compare how series went on with what a forecaster remembers of them.

    Args:
        dataset: the series as the model reads them (`automl.predict.rows.read_rows`), sorted by series and time.
        task: of the model.
        predictor: of a side.
        side: its name.
        known: what the saved model remembers.
        conditions: that `Watched.failed_on` is about.
        asked: the same as they were written.

    Raises:
        DataError: no row is new, or there are too few to compare anything.
    """
    past = known.past
    if past is None:
        raise DataError("watch: this forecaster remembers no series; fit it again")
    found = continued(dataset, task, past)
    _check_rows(dataset, found, past, task)
    own = known.sides.get(side, SideReference())
    windows, n_before = windows_of(found, task)
    output = predictor.output(dataset, windows) if len(windows) else None
    context = _context(dataset, task, found, windows)
    by_series = own.backtest is not None and own.backtest.by_series
    new = None if output is None else units(dataset, task, windows, output, context, by_series)
    of_columns = adjusted([*unseen(found), *columns(dataset, task, found, past)])
    predictions = adjusted([*errors(own.backtest, new), *ahead(dataset, task, found, past, predictor)])
    score = _score(dataset, task, windows, output, context) if new is not None and output is not None else None
    expected = expected_of(own.backtest, own.score, task.metric, 0 if new is None else len(new.scores))
    drifted = any(one.state == "drifted" for one in predictions)
    facts: dict[str, str | float | None] = {
        "drift": float(sum(one.state == "drifted" for one in of_columns)),
        "predictions": ("drifted" if drifted else "same") if predictions else None,
        "expected": None if expected is None else expected.score, "score": score,
    }  # fmt: skip
    odd = (
        *dataset.findings, *unweighted(dataset, known),
        *(
            Finding(check, "medium", said, step)
            for check, said, step in findings_of(found, n_before, len(windows), past)
        ),
    )  # fmt: skip
    single = found.parts[0].known if len(past.series) == 1 else None
    return Watched(
        name=dataset.name, side=side, metric=task.metric, higher_is_better=metrics.named(task.metric).higher_is_better,
        n_rows=found.n_new, n_before=known.n_rows, columns=of_columns, predictions=predictions, contest_score=own.score,
        contest_expected=None, expected=expected, why_not="" if expected is not None else NOT_TOLD, score=score,
        n_scored=0 if new is None else new.n_windows,
        findings=tuple(finding_text(one) for one in gravest_first(odd)),
        failed_on=failing(conditions, facts, WATCH_FIELDS), asked=asked, unit="window",
        contest_interval=_contest_interval(own, task), steps=_steps(own.backtest, new),
        coverage=_coverage(dataset, task, predictor, windows, output, context),
        usual_change={} if single is None else {name: single.scales[name] for name in task.target},
    )  # fmt: skip


def _check_rows(dataset: Dataset, found: Continued, past: Past, task: Task) -> None:
    last = max(one.end for one in past.series.values())
    if not found.n_new:
        when = "" if task.time_column is None else f" ({np.datetime64(last, 'ns').astype('datetime64[s]')})"
        raise DataError(
            f"{dataset.name} has no row after those of the contest{when}; give the series continued, with the rows "
            "that came since"
        )
    longest, least = max(one.n_new for one in found.parts), max(task.horizon or 1, task.season or 1, 2)
    enough = longest >= past.block or len(windows_of(found, task)[0])
    if not enough and not found.unseen:
        raise DataError(
            f"{dataset.name} goes on for {counted(longest, 'row')}; expected {past.block} to compare the series, or "
            f"{task.horizon} after {least} earlier ones to compare forecasts: gather more before you watch, and put "
            "earlier rows before the new ones"
        )


def _context(dataset: Dataset, task: Task, found: Continued, windows: np.ndarray) -> dict[str, Any]:
    """What the metric reads beside, with the denominators of the contest."""
    if not len(windows):
        return {}
    scale = scales_of(dataset, task, found, windows)
    return {"scale": scale, "series": series_codes(dataset)[windows[:, 0]], "quantiles": task.quantiles}


def _score(
    dataset: Dataset, task: Task, windows: np.ndarray, output: Output, context: Mapping[str, Any]
) -> float | None:
    """The score of all windows with a truth."""
    truth = goals.truth(dataset, task, windows)
    kept = np.isfinite(truth).any(axis=(1, 2))
    if metrics.named(task.metric).reads not in output.arrays:
        return None
    own = type(output)(output.kind, {name: np.asarray(one)[kept] for name, one in output.arrays.items()})
    told = {name: one[kept] if isinstance(one, np.ndarray) and len(one) == len(kept) else one
            for name, one in context.items()}  # fmt: skip
    weight = None if dataset.weight is None else dataset.weight_of(windows[kept])
    score = metrics.score(task.metric, truth[kept], own, weight, told)
    return score if math.isfinite(score) else None


# --------------------------------------------------------------------------- what is told beside


def _contest_interval(own: SideReference, task: Task) -> tuple[float, float] | None:
    """Where the test score lies with 95 %, as so many origins tell it."""
    if own.backtest is None or own.score is None:
        return None
    best = metrics.named(task.metric).best
    return interval_of(own.backtest.scores, own.score, own.backtest.n_test, 0, best)


def _steps(known: Backtest | None, new: Units | None) -> tuple[Mapping[str, float | None], ...]:
    """Mean absolute errors by step of the horizon."""
    if known is None:
        return ()
    now = np.full(len(known.by_step), np.nan) if new is None else new.by_step
    return tuple(
        {"step": float(step), "before": _or_none(before), "now": _or_none(after)}
        for step, (before, after) in enumerate(zip(known.by_step, now, strict=False), 1)
        if step <= MOST_STEPS
    )


def _or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _coverage(
    dataset: Dataset, task: Task, predictor: Any, windows: np.ndarray, output: Output | None, context: Mapping[str, Any]
) -> Mapping[str, float] | None:
    """How often the model's intervals held the truth; None where it has none at that level."""
    regions, scores = goals.named(task).regions, getattr(predictor, "regions", None)
    if regions is None or scores is None or output is None:
        return None
    try:
        region = regions.apply(scores, output, INTERVAL_LEVEL, context)
    except AutomlError:  # too few held-out windows for the level
        return None
    inside = regions.covers(region, goals.truth(dataset, task, windows))
    known = inside[np.isfinite(inside)]
    if not len(known):
        return None
    return {"level": INTERVAL_LEVEL, "share": float(known.mean()), "n_values": float(len(known))}
