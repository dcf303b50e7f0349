"""Overfitting: the score on rows that a finalist learnt from beside its score on test rows."""

from __future__ import annotations

from typing import Any

from automl.records import Outcome, Section
from automl.report import words

__all__ = ["OVERFITTING"]


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """The table of both finalists, and a sentence for each."""
    found = outcome.analyses.get("overfitting")
    if not found:
        return None
    rows = []
    for row in found["rows"]:
        learnt, test = words.scores(row["learnt"], row["test"])
        rows.append([{"side": row["side"]}, words.model_cell(outcome.runs, row["run"]), learnt, test, *_gap(row)])
    return {
        "metric": words.metric(found["metric"]),
        "sentences": [_sentence(row) for row in found["rows"]],
        "gaps": {
            "label": "Scores on rows learnt from and on test rows",
            "columns": ["side", "model", "rows learnt from", "test rows", "gap", "95 % interval of the gap"],
            "rows": rows,
            "numeric": [2, 3, 4, 5],
        },
    }


def _gap(row: dict[str, Any]) -> tuple[str, str]:
    """The gap and its interval, with the same decimals."""
    gap, low, high = words.differences(row["gap"], row["low"], row["high"])
    return gap, "not defined" if row["low"] is None else f"{low} to {high}"


def _sentence(row: dict[str, Any]) -> str:
    if row["low"] is None:
        return f"The {row['side']} finalist: too few rows for an interval of the gap."
    if row["low"] > 0:
        return f"The {row['side']} finalist scores better on rows that it learnt from than on new ones."
    if row["high"] < 0:
        return f"The {row['side']} finalist scores better on test rows, the easier ones, than on those it learnt from."
    return f"The {row['side']} finalist shows no gap beyond noise between rows that it learnt from and new ones."


OVERFITTING = Section(
    name="overfitting",
    title="Overfitting",
    order=62,
    collect=collect,
    template="""
<p>{{ metric | opening }} on rows that each finalist learnt from, and on test rows. A gap alone is no fault: what counts
is the score on test rows.</p>
{{ table(gaps) }}
<ul>{% for sentence in sentences %}<li>{{ sentence }}</li>{% endfor %}</ul>
""",
    markdown="""{{ metric | opening }} on rows that each finalist learnt from, and on test rows.

{{ table(gaps) }}
{% for sentence in sentences %}- {{ sentence }}
{% endfor %}""",
)
