"""Compares new rows with what a model remembers of its contest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from automl import goals, metrics
from automl.errors import DataError, RecipeError
from automl.predict.watching.drift import corrected, drift_of
from automl.predict.watching.errors import LEAST_ROWS as LEAST_HELD_OUT
from automl.predict.watching.expected import Expected, expected_score, is_available, widened
from automl.predict.watching.labels import known_truth
from automl.predict.watching.reference import (
    Reference,
    SideReference,
    merged_counts,
    merged_features,
    prediction_features,
    unweighted,
)
from automl.predict.watching.series import watch_series
from automl.predict.watching.stored_reference import read_reference
from automl.predict.watching.summaries import features_of
from automl.predict.watching.watched import Watched
from automl.recipe import WATCH_FIELDS, failing, parse_fail_on
from automl.records import Output
from automl.report.findings import finding_text, gravest_first

if TYPE_CHECKING:
    from automl.predict.watching.summaries import Feature
    from automl.recipe import Condition
    from automl.records import Dataset, Task

__all__ = ["FAIL_ON", "conditions_of", "watch"]

FAIL_ON = "drift>0|predictions=drifted"
"""The conditions where none are given."""
LEAST_ROWS = 20
NOTHING = Output("samples", {})
"""What a generator predicts of given rows."""
NOT_EXPECTED = "not available: only predicted classes and numbers of single rows tell how right they will be"
NOT_LEARNT = (
    "not available: the model remembers no errors of held-out rows (it was saved by an older automl, or had fewer than "
    f"{LEAST_HELD_OUT} validation rows); update it with more rows"
)
NOT_DEFINED = "not available: the metric is not defined on most targets that may be"


def conditions_of(fail_on: str | None, task: Task) -> tuple[Condition, ...]:
    """The conditions that `Watched.failed_on` is about; they need no row.

    Raises:
        RecipeError: one is not known, or can never be answered for this task.
    """
    conditions = parse_fail_on(FAIL_ON if fail_on is None else fail_on, WATCH_FIELDS)
    if not is_available(task) and any(one.field == "expected" for one in conditions):
        raise RecipeError(f"fail_on: expected: the expected score of goal {task.goal!r} is {NOT_EXPECTED}")
    return conditions


def watch(
    dataset: Dataset,
    task: Task,
    predictor: Any,
    side: str,
    reference: Mapping[str, Any] | None,
    fail_on: str | None = None,
) -> Watched:
    """Compare new rows with what a model remembers.

    Args:
        dataset: new rows as the model reads them (`automl.predict.rows.read_rows`).
        task: of the model.
        predictor: of a side.
        side: its name.
        reference: what the saved model remembers.
        fail_on: conditions; None for any drift.

    Raises:
        RecipeError: a condition is not known, or can never be answered for this task.
        BundleError: the model remembers nothing.
        DataError: there are too few rows.
    """
    asked = FAIL_ON if fail_on is None else fail_on
    conditions = conditions_of(fail_on, task)
    known = read_reference(reference)
    if goals.named(task).in_windows:
        return watch_series(dataset, task, predictor, side, known, conditions, asked)
    if dataset.n_rows < LEAST_ROWS:
        raise DataError(
            f"{dataset.name} has {dataset.n_rows} rows that can be read; expected at least {LEAST_ROWS} to compare "
            "with training: gather more before you watch"
        )
    rows = np.arange(dataset.n_rows)
    features = {one.name: one for one in features_of(dataset, task, rows)}
    columns = corrected([
        drift_of(one, one.counted(features[one.name].values)) for one in known.columns if one.name in features
    ])  # fmt: skip
    output = NOTHING if goals.named(task).makes_rows else predictor.output(dataset, rows)
    own = known.sides.get(side, SideReference())
    predicted = {one.name: one for one in prediction_features(output, task, dataset.extents)}
    predictions = corrected([
        drift_of(one, one.counted(predicted[one.name].values)) for one in own.predictions if one.name in predicted
    ])  # fmt: skip
    expected = _expected(output, task, known, own, merged_features(features, predicted.values()), dataset.weight)
    score, n_scored = _real_score(dataset, task, output)
    drifted = any(one.state == "drifted" for one in predictions)
    facts: dict[str, str | float | None] = {
        "drift": float(sum(one.state == "drifted" for one in columns)),
        "predictions": ("drifted" if drifted else "same") if predictions else None,
        "expected": None if expected is None else expected.score,
        "score": score,
    }
    return Watched(
        name=dataset.name, side=side, metric=task.metric, higher_is_better=metrics.named(task.metric).higher_is_better,
        n_rows=dataset.n_rows, n_before=known.n_rows, columns=columns, predictions=predictions,
        contest_score=own.score, contest_expected=own.expected, expected=expected,
        why_not="" if expected is not None else _why_not(task, own),
        score=score, n_scored=n_scored,
        findings=tuple(finding_text(one) for one in gravest_first((*dataset.findings, *unweighted(dataset, known)))),
        failed_on=failing(conditions, facts, WATCH_FIELDS), asked=asked,
    )  # fmt: skip


def _expected(
    output: Output, task: Task, known: Reference, own: SideReference, features: Mapping[str, Feature],
    weight: np.ndarray | None,
) -> Expected | None:  # fmt: skip
    """The score to be expected of the new rows, by what held-out rows told of errors and probabilities."""
    counts = merged_counts(known.columns, own.predictions)
    sizes = told = plain = None
    if own.errors is not None:
        sizes = own.errors.sizes(counts, features, len(next(iter(output.arrays.values()))))
    if own.confidence is not None and "probabilities" in output.arrays:
        told = own.confidence.corrected(np.asarray(output.arrays["probabilities"], np.float64), counts, features)
        plain = expected_score(output, task, weight=weight)
    found = expected_score(output, task, errors=own.errors, sizes=sizes, weight=weight, probabilities=told)
    if found is None:
        return None
    return widened(found, own.score, own.predictions[0].n_rows if own.predictions else 0, plain)


def _why_not(task: Task, own: SideReference) -> str:
    """Why there is no expected score."""
    if not is_available(task):
        return NOT_EXPECTED
    return NOT_LEARNT if goals.named(task).is_numeric and own.errors is None else NOT_DEFINED


def _real_score(dataset: Dataset, task: Task, output: Output) -> tuple[float | None, int]:
    """The score on the rows whose target is known, and how many these are."""
    truth, known = known_truth(dataset, task)
    n_known = int(known.sum())
    if truth is None or not n_known or metrics.named(task.metric).reads not in output.arrays:
        return None, n_known
    own = Output(output.kind, {name: array[known] for name, array in output.arrays.items()})
    weight = None if dataset.weight is None else dataset.weight[known]
    score = metrics.score(task.metric, truth, own, weight, {"classes": len(task.classes)})
    return (score if np.isfinite(score) else None), n_known
