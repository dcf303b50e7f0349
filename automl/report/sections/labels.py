"""Multi-label classification: how well each label is predicted."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl import goals
from automl.records import Outcome, Section
from automl.report import sides, words

__all__ = ["LABELS"]

N_LABELS = 100


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """Recall, precision and F1 of each label for both finalists, commonest labels first."""
    pairs = sides.finalists(outcome)
    if not goals.named(outcome.task).is_multilabel or not pairs:
        return None
    truth = np.asarray(outcome.truth) > 0
    predictions = {contestant.side: sides.labels(contestant) > 0 for _, contestant in pairs}
    order = np.argsort(-truth.sum(axis=0), kind="stable")[:N_LABELS]
    measures = ("recall", "precision", "F1")
    columns = ["label", "test rows", *(f"{m}, {side}" for side in predictions for m in measures)]
    rows = [
        [
            words.shorten(outcome.task.classes[i], 40),
            int(truth[:, i].sum()),
            *(words.percent(v) for p in predictions.values() for v in quality(truth[:, i], p[:, i])),
        ]
        for i in order
    ]
    exact = {side: words.percent(float((p == truth).all(axis=1).mean())) for side, p in predictions.items()}
    return {
        "exact": ", ".join(f"{share} by the {side} finalist" for side, share in exact.items()),
        "labels": {
            "label": "By label",
            "columns": columns,
            "rows": rows,
            "numeric": list(range(1, len(columns))),
            "left_out": max(0, len(outcome.task.classes) - N_LABELS),
        },
    }


def quality(truth: Any, predicted: Any) -> tuple[float | None, float | None, float | None]:
    """Recall, precision and F1 of one label; None where it is not defined."""
    both, asked, given = int((truth & predicted).sum()), int(truth.sum()), int(predicted.sum())
    return (
        both / asked if asked else None,
        both / given if given else None,
        2 * both / (asked + given) if asked + given else None,
    )


LABELS = Section(
    name="labels",
    title="Label by label",
    order=71,
    collect=collect,
    template="<p>Test rows with every label right: {{ exact }}.</p>{{ table(labels) }}",
    markdown="Test rows with every label right: {{ exact }}.\n{{ table(labels) }}",
)
