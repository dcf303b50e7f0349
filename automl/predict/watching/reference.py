"""What a saved model remembers of its contest for `watch`: counts of training columns and of test predictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from automl import goals
from automl.errors import BundleError
from automl.predict.watching.expected import expected_score
from automl.predict.watching.summaries import MOST_COLUMNS, MOST_LEVELS, Feature, Summary, features_of, summary_of
from automl.sides.items import refit_items
from automl.storage.values import Misfit, listed, mapping, numbers, optional_number, text, whole

if TYPE_CHECKING:
    from automl.records import Contestant, Dataset, Output, Split, Task

__all__ = ["Reference", "SideReference", "prediction_features", "read_reference", "reference_of"]

VERSION = 1
LOOKED_AT = 50_000
"""Training rows, evenly taken."""
MOST_WORDS = 500
MOST_SIDES = 4
LEAST_TEST_ROWS = 20
MOST_OUTPUTS = 100
MEAN_DRAWS = 20
"""Of targets for the mean alone: it costs the contest little time."""


@dataclass(frozen=True, slots=True)
class SideReference:
    """What is remembered of the predictions of one side for the test rows of the contest.

    Attributes:
        predictions: counts of them.
        score: test score, or None.
        expected: the score to be expected by the probabilities of the same rows, or None.
    """

    predictions: tuple[Summary, ...] = ()
    score: float | None = None
    expected: float | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """What a model remembers.

    Attributes:
        n_rows: training rows that were counted.
        columns: counts of each column.
        sides: by name of the side.
    """

    n_rows: int
    columns: tuple[Summary, ...]
    sides: Mapping[str, SideReference] = field(default_factory=dict)


def reference_of(
    dataset: Dataset, task: Task, split: Split, contestants: Sequence[Contestant], scores: Mapping[str, float | None]
) -> dict[str, Any] | None:
    """What `watch` needs later, as JSON types; None for goals that it does not watch.

    Args:
        dataset: of the contest, typed.
        task: of the contest.
        split: of the contest.
        contestants: with their predictions for the test items.
        scores: test score by side.
    """
    if goals.named(task).in_windows or goals.named(task).in_pixels:
        return None
    rows = refit_items(split)
    rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), LOOKED_AT)).astype(np.int64)]
    columns = [_as_json(summary_of(one)) for one in features_of(dataset, task, rows)]
    sides = {one.side: _side(one, task, scores.get(one.side)) for one in contestants}
    return {"version": VERSION, "n_rows": len(rows), "columns": columns, "sides": sides}


def _side(contestant: Contestant, task: Task, score: float | None) -> dict[str, Any]:
    predictions = [_as_json(summary_of(one)) for one in prediction_features(contestant.output, task)]
    n_items = sum(predictions[0]["counts"]) if predictions else 0
    expected = expected_score(contestant.output, task, n_draws=MEAN_DRAWS) if n_items >= LEAST_TEST_ROWS else None
    finite = score is not None and np.isfinite(score)
    return {
        "predictions": predictions if n_items >= LEAST_TEST_ROWS else [],
        "score": float(score) if finite and score is not None else None,
        "expected": None if expected is None else expected.score,
    }


def _as_json(summary: Summary) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(summary).items()}


def prediction_features(output: Output, task: Task) -> Iterator[Feature]:
    """What is compared of predictions: labels and probabilities, values, or scores.

    Args:
        output: decided predictions.
        task: names classes and targets.
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
    elif "scores" in arrays:
        yield Feature("score", "numeric", np.asarray(arrays["scores"], np.float64).ravel())
    elif "values" in arrays:
        values = np.asarray(arrays["values"], np.float64).reshape(len(arrays["values"]), -1)
        for place, name in enumerate(task.target[:MOST_OUTPUTS]):
            yield Feature(f"predicted {name}", "numeric", values[:, place])


# --------------------------------------------------------------------------- reading


def read_reference(content: Mapping[str, Any] | None) -> Reference:
    """The record of what a saved model remembers, every field checked.

    Raises:
        BundleError: there is nothing, or it is not what automl writes.
    """
    if not content:
        raise BundleError(
            "watch: this model was saved without what its training rows held, by an older automl; fit it again, or "
            "update it (`automl update`)"
        )
    try:
        whole(content, "version", VERSION, VERSION)
        columns = tuple(_summary(one) for one in listed(content, "columns", 2 * MOST_COLUMNS))
        sides = {name: _read_side(one) for name, one in mapping(content, "sides", MOST_SIDES).items()}
        return Reference(whole(content, "n_rows", 0, 2**53), columns, sides)
    except Misfit as error:
        raise BundleError(
            f"watch: bundle.json holds no valid reference ({error}); was it altered? Use an unaltered copy"
        ) from error


def _read_side(content: Any) -> SideReference:
    if not isinstance(content, dict):
        raise Misfit("sides: expected mappings")
    made = tuple(_summary(one) for one in listed(content, "predictions", MOST_OUTPUTS))
    return SideReference(made, optional_number(content, "score"), optional_number(content, "expected"))


def _summary(content: Any) -> Summary:
    if not isinstance(content, dict):
        raise Misfit("columns: expected mappings")
    levels = tuple(text({"level": one}, "level", MOST_WORDS) for one in listed(content, "levels", MOST_LEVELS))
    edges = tuple(numbers(content, "edges", MOST_LEVELS))
    counts = tuple(whole({"count": one}, "count", 0, 2**53) for one in listed(content, "counts", MOST_LEVELS + 3))
    n_expected = len(levels) + 2 if levels or (not edges and len(counts) == 2) else len(edges) + 3
    if len(counts) != n_expected or (levels and edges) or list(edges) != sorted(set(edges)):
        raise Misfit("columns: counts do not fit their bins")
    return Summary(text(content, "name", MOST_WORDS), text(content, "kind", MOST_WORDS), edges, levels, counts)
