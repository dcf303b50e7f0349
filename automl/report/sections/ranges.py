"""Ranges: how scores and alarms match anomalies that last, beside what is measured row by row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.records import Outcome, Section
from automl.report import words

__all__ = ["RANGES"]

SHOWN = ("deep", "shallow", "blend", "floor")
JUDGED = {
    "rows": ("average precision", "each row"),
    "windows": ("average precision", "windows of {steps} side by side"),
    "volume": ("VUS-PR", "rows, with buffers of up to {steps}"),
    "found": ("stretches with an alarm", "each of {n_stretches}"),
    "recall": ("range-based recall", "alarms in each stretch"),
    "precision": ("range-based precision", "each run of alarms"),
    "f1": ("range-based F1", "both"),
}
"""Each measure and what it judges, in words."""


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """One table, and what its rows stand for."""
    found = outcome.analyses.get("ranges")
    if not found:
        return None
    shown = [side for side in SHOWN if any(row[side] is not None for row in found["rows"])]
    return {
        "intro": _intro(found),
        "metric": words.metric(outcome.task.metric),
        "steps": words.count(found["steps"], "row"),
        "scores": {
            "label": "Scores of anomalies that last",
            "columns": ["measure", "judged", *shown],
            "rows": [
                [name, what.format(steps=words.count(found["steps"], "row"), n_stretches=found["n_stretches"]),
                 *(words.NOTHING if row[side] is None else words.score(row[side]) for side in shown)]
                for row in found["rows"]
                for name, what in (JUDGED[row["measure"]],)
            ],
            "numeric": list(range(2, 2 + len(shown))),
        },
    }  # fmt: skip


def _intro(found: Mapping[str, Any]) -> str:
    series = "" if found["n_series"] < 2 else f" of {words.count(found['n_series'], 'series', 'series')}"
    return (
        f"{words.count(found['n_marked'], 'anomalous row')} among {words.count(found['n'], 'test row')}{series} lie in "
        f"{words.count(found['n_stretches'], 'stretch', 'stretches')} of {words.rough(found['median_rows'], 3)} rows "
        "in the median. A detector may find a stretch in part, or raise its alarm a few rows beside it; "
        "these figures say how it fares then. They are higher where a side is better, and decide nothing."
    )


SOURCES = """Labels stay where they are, and no stretch counts as found in all its rows because one of them is. VUS-PR is the area under a precision-recall curve that also credits rows near a stretch, the less the farther they lie, as a mean over buffers of 0 to {{ steps }} (Paparrizos et al. 2022). Range-based recall is the share of a stretch that alarms cover, over the number of separate alarms in it; precision is the same for each run of alarms (Tatbul et al. 2018). No intervals: test rows cannot be redrawn without cutting stretches. The verdict goes by {{ metric }}, row by row."""  # noqa: E501

RANGES = Section(
    name="ranges",
    title="Anomalies that last",
    order=19,
    collect=collect,
    group="Evidence",
    template="<p>{{ intro }}</p>\n{{ table(scores) }}\n" + f'<p class="quiet">{SOURCES}</p>\n',
    markdown="{{ intro }}\n\n{{ table(scores) }}\n\n" + SOURCES,
)
