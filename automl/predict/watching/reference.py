"""What a saved model remembers of its contest for `watch`: counts of columns and predictions, and sizes of errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from automl import goals
from automl.predict.watching.backtest import Backtest, backtest_of
from automl.predict.watching.confidence import Confidence, calibrated_on, fit_confidence
from automl.predict.watching.errors import Errors, fit_errors, levelled, values_of
from automl.predict.watching.expected import expected_score
from automl.predict.watching.history import Past, history_of
from automl.predict.watching.stored_errors import confidence_as_json, errors_as_json
from automl.predict.watching.summaries import Feature, Summary, features_of, summary_of
from automl.records import Finding
from automl.sides.items import refit_items

if TYPE_CHECKING:
    from automl.records import Contestant, Dataset, Output, Split, Task

__all__ = [
    "Reference",
    "SideReference",
    "merged_counts",
    "merged_features",
    "prediction_features",
    "reference_of",
    "unweighted",
]

VERSION = 1
LOOKED_AT = 50_000
"""Training rows, evenly taken."""
LEAST_TEST_ROWS = 20
MOST_OUTPUTS = 100
MEAN_DRAWS, LEVEL_DRAWS = 20, 5
"""Of targets for the mean alone, and for each level of errors that is tried: it costs the contest little time."""


@dataclass(frozen=True, slots=True)
class SideReference:
    """What is remembered of the predictions of one side for the test rows of the contest.

    Attributes:
        predictions: counts of them.
        score: test score, or None.
        expected: the score to be expected of the same rows, by their probabilities or by the errors of validation
            rows, or None.
        errors: of predicted numbers, at the level of the test rows; None for classes, and where they are not known.
        confidence: of predicted classes, how right their probabilities are; None for numbers, or where it is not known.
        backtest: errors of a forecaster by origin; None for other goals.
    """

    predictions: tuple[Summary, ...] = ()
    score: float | None = None
    expected: float | None = None
    errors: Errors | None = None
    backtest: Backtest | None = None
    confidence: Confidence | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """What a model remembers.

    Attributes:
        n_rows: training rows that were counted.
        columns: counts of each column.
        sides: by name of the side.
        weight: the column by which the contest weighted rows, "" if the weights were given in memory; None without any.
        past: the series of a forecast; None for other goals.
    """

    n_rows: int
    columns: tuple[Summary, ...]
    sides: Mapping[str, SideReference] = field(default_factory=dict)
    weight: str | None = None
    past: Past | None = None


def reference_of(
    dataset: Dataset, task: Task, split: Split, contestants: Sequence[Contestant], scores: Mapping[str, float | None],
    weight: str | None = None,
) -> dict[str, Any] | None:  # fmt: skip
    """What `watch` needs later, as JSON types; None where series have no times.

    Args:
        dataset: of the contest, typed.
        task: of the contest.
        split: of the contest.
        contestants: with their predictions for the test items.
        scores: test score by side.
        weight: the column of weights; None if there is none.
    """
    if goals.named(task).in_windows:
        return _of_series(dataset, task, split, contestants, scores, weight)
    rows = refit_items(split)
    rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), LOOKED_AT)).astype(np.int64)]
    columns = tuple(summary_of(one) for one in features_of(dataset, task, rows))
    known = _HeldOut.of(dataset, task, split, columns)
    extents = None if dataset.extents is None else dataset.extents[split.test]
    of_test = None if dataset.weight is None else dataset.weight_of(split.test)
    sides = {one.side: _side(one, task, scores.get(one.side), known, extents, of_test) for one in contestants}
    made = {"version": VERSION, "n_rows": len(rows), "columns": [_as_json(one) for one in columns], "sides": sides}
    return made if dataset.weight is None else {**made, "weight": weight or ""}


def _of_series(
    dataset: Dataset, task: Task, split: Split, contestants: Sequence[Contestant], scores: Mapping[str, float | None],
    weight: str | None,
) -> dict[str, Any] | None:  # fmt: skip
    past = history_of(dataset, task, split)
    if past is None:
        return None
    sides: dict[str, Any] = {}
    for one in contestants:
        score = scores.get(one.side)
        finite = None if score is None or not np.isfinite(score) else float(score)
        sides[one.side] = {
            "predictions": [], "score": finite, "expected": finite, "backtest": backtest_of(dataset, task, split, one),
        }  # fmt: skip
    made = {"version": VERSION, "n_rows": dataset.n_rows, "columns": [], "sides": sides, "past": past}
    return made if dataset.weight is None else {**made, "weight": weight or ""}


@dataclass(frozen=True, slots=True, eq=False)
class _HeldOut:
    """Columns of validation and test rows, and their truth; empty where predictions are neither numbers nor classes."""

    columns: tuple[Summary, ...] = ()
    valid: Mapping[str, Feature] = field(default_factory=dict)
    test: Mapping[str, Feature] = field(default_factory=dict)
    truth: np.ndarray | None = None
    test_truth: np.ndarray | None = None

    @classmethod
    def of(cls, dataset: Dataset, task: Task, split: Split, columns: tuple[Summary, ...]) -> _HeldOut:
        goal = goals.named(task)
        if not goal.in_rows:
            return cls()
        valid, test = (
            {one.name: one for one in features_of(dataset, task, part)} for part in (split.valid, split.test)
        )
        truth, test_truth = (np.asarray(goals.truth(dataset, task, part)) for part in (split.valid, split.test))
        return cls(columns, valid, test, truth, test_truth)


def _side(
    contestant: Contestant, task: Task, score: float | None, known: _HeldOut, extents: np.ndarray | None,
    weight: np.ndarray | None,
) -> dict[str, Any]:  # fmt: skip
    predictions = tuple(summary_of(one) for one in prediction_features(contestant.output, task, extents))
    finite = score is not None and np.isfinite(score)
    content: dict[str, Any] = {
        "predictions": [], "score": float(score) if finite and score is not None else None, "expected": None,
    }  # fmt: skip
    if not predictions or predictions[0].n_rows < LEAST_TEST_ROWS:
        return content
    errors = _errors(contestant, task, predictions, known)
    sizes = None if errors is None else _sizes(errors, contestant.output, task, predictions, known)
    confidence = _confidence(contestant, task, predictions, known)
    told = None if confidence is None else _corrected(confidence, contestant.output, task, predictions, known)
    expected = expected_score(contestant.output, task, 0, MEAN_DRAWS, errors, sizes, weight, told)
    if confidence is not None and told is not None and known.test_truth is not None:
        content["confidence"] = confidence_as_json(calibrated_on(confidence, told, known.test_truth, task, weight))
    content |= {"predictions": [_as_json(one) for one in predictions], "expected": expected and expected.score}
    if errors is not None and sizes is not None and finite and score is not None:
        content["errors"] = errors_as_json(_levelled(errors, sizes, contestant.output, task, score, weight))
    return content


def _errors(
    contestant: Contestant, task: Task, predictions: tuple[Summary, ...], known: _HeldOut
) -> Errors | None:  # fmt: skip
    """Sizes of errors, from validation rows."""
    output = contestant.valid_output
    if output is None or known.truth is None or not goals.named(task).is_numeric or "values" not in output.arrays:
        return None
    features = merged_features(known.valid, prediction_features(output, task))
    truth = np.asarray(known.truth, np.float64)
    return fit_errors(values_of(output), truth, merged_counts(known.columns, predictions), features)


def _confidence(
    contestant: Contestant, task: Task, predictions: tuple[Summary, ...], known: _HeldOut
) -> Confidence | None:  # fmt: skip
    """How right probabilities are, from validation rows; nothing learnt without their predictions."""
    if not goals.named(task).learns_classes or known.truth is None or "probabilities" not in contestant.output.arrays:
        return None
    output = contestant.valid_output
    if output is None or "probabilities" not in output.arrays:
        return Confidence({}, None)
    features = merged_features(known.valid, prediction_features(output, task))
    probabilities = np.asarray(output.arrays["probabilities"], np.float64)
    return fit_confidence(probabilities, known.truth, merged_counts(known.columns, predictions), features)


def _corrected(
    confidence: Confidence, output: Output, task: Task, predictions: tuple[Summary, ...], known: _HeldOut
) -> np.ndarray:  # fmt: skip
    """Probabilities of the test rows, as validation rows say that they are right."""
    features = merged_features(known.test, prediction_features(output, task))
    counts = merged_counts(known.columns, predictions)
    return confidence.corrected(np.asarray(output.arrays["probabilities"], np.float64), counts, features)


def _sizes(
    errors: Errors, output: Output, task: Task, predictions: tuple[Summary, ...], known: _HeldOut
) -> np.ndarray:  # fmt: skip
    """Sizes of errors of the test rows."""
    features = merged_features(known.test, prediction_features(output, task))
    return errors.sizes(merged_counts(known.columns, predictions), features, len(values_of(output)))


def _levelled(
    errors: Errors, sizes: np.ndarray, output: Output, task: Task, score: float, weight: np.ndarray | None
) -> Errors:  # fmt: skip
    """The errors at the level of the test rows; sizes are those at a common factor of 1."""

    def expected(one: Errors) -> float | None:
        found = expected_score(output, task, 0, LEVEL_DRAWS, one, sizes * one.level, weight)
        return None if found is None else found.score

    return levelled(errors, score, expected)


def merged_features(columns: Mapping[str, Feature], predictions: Iterable[Feature]) -> dict[str, Feature]:
    """Columns and predictions by name; a column that is named like a prediction gives way."""
    return {**columns, **{one.name: one for one in predictions}}


def merged_counts(columns: Iterable[Summary], predictions: Sequence[Summary]) -> tuple[Summary, ...]:
    """The counts of the same columns and predictions."""
    taken = {one.name for one in predictions}
    return (*(one for one in columns if one.name not in taken), *predictions)


def unweighted(dataset: Dataset, known: Reference) -> tuple[Finding, ...]:
    """That the contest weighted rows and the new ones have no weights."""
    if known.weight is None or dataset.weight is not None:
        return ()
    by = f"the column {known.weight!r}, which the new rows lack" if known.weight else "weights given in memory"
    message = f"The contest weighted rows by {by}; here all rows count alike."
    step = "Add the column." if known.weight else "Write the weights into a column of the data to have weighted scores."
    return (Finding("unweighted_rows", "medium", message, step),)


def _as_json(summary: Summary) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(summary).items()}


def prediction_features(output: Output, task: Task, extents: np.ndarray | None = None) -> Iterator[Feature]:
    """What is compared of predictions: labels and probabilities, values, scores, or shares of masks.

    Args:
        output: decided predictions.
        task: names classes and targets.
        extents: of masks on a common canvas, `Dataset.extents` of the same items.
    """
    arrays = output.arrays
    if "probabilities" in arrays and task.classes:
        probabilities = np.asarray(arrays["probabilities"], np.float64)
        if goals.named(task).is_multilabel:
            for place, name in enumerate(task.classes[:MOST_OUTPUTS]):
                yield Feature(f"probability of {name}", "numeric", probabilities[:, place])
            return
        labels = np.asarray(task.classes, object)[np.asarray(arrays["labels"], np.int64)]
        yield Feature("predicted class", "categorical", labels)
        if goals.named(task).is_binary:
            yield Feature(f"probability of {task.classes[1]}", "numeric", probabilities[:, 1])
        else:
            yield Feature("confidence", "numeric", probabilities.max(axis=1))
    elif "masks" in arrays:
        shares = _shares(arrays["masks"], len(task.classes), extents)
        for place, name in enumerate(task.classes[:MOST_OUTPUTS]):
            yield Feature(f"share of {name}", "numeric", shares[:, place])
    elif "scores" in arrays:
        yield Feature("score", "numeric", np.asarray(arrays["scores"], np.float64).ravel())
    elif "values" in arrays:
        values = np.asarray(arrays["values"], np.float64).reshape(len(arrays["values"]), -1)
        for place, name in enumerate(task.target[:MOST_OUTPUTS]):
            yield Feature(f"predicted {name}", "numeric", values[:, place])


def _shares(masks: np.ndarray, n_classes: int, extents: np.ndarray | None) -> np.ndarray:
    """The share of each class in the pixels of each mask, ``(n, n_classes)``."""
    own = masks if extents is None else [one[: size[0], : size[1]] for one, size in zip(masks, extents, strict=True)]
    counts = [np.bincount(np.ravel(one), minlength=n_classes)[:n_classes] for one in own]
    return np.asarray([one / max(one.sum(), 1) for one in counts], np.float64).reshape(len(masks), n_classes)
