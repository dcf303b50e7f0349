"""All metrics of the goal for both finalists, the blend and the floor, and which of them disagree with the verdict."""

from __future__ import annotations

from typing import Any

from automl import goals
from automl.records import Outcome, Section
from automl.report import words

__all__ = ["METRICS"]

SHOWN = ("deep", "shallow", "blend", "floor")


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """The table, and a sentence for each metric that says the opposite of the verdict's."""
    found = outcome.analyses.get("metrics")
    if not found or not found["rows"]:
        return None
    shown = [side for side in SHOWN if any(row[side] is not None for row in found["rows"])]
    rows = []
    for row in found["rows"]:
        gain, low, high = words.differences(row["gain"], row["low"], row["high"])
        interval = "not defined" if row["low"] is None else f"{low} to {high}"
        better = "higher" if row["higher_is_better"] else "lower"
        scores = words.scores(*(row[side] for side in shown))
        rows.append([words.metric(row["metric"]), better, *scores, gain, interval])
    own = found["rows"][0]
    return {
        "sentences": [_sentence(own, row) for row in found["rows"] if row["metric"] in found["disagree"]],
        "chosen": words.metric(found["metric"]),
        "labels": goals.named(outcome.task).is_classification,
        "level": words.percent(found["level"]),
        "scores": {
            "label": "All metrics",
            "columns": ["metric", "better", *shown, "deep − shallow", f"{words.percent(found['level'])} interval"],
            "rows": rows,
            "numeric": list(range(2, 4 + len(shown))),
        },
    }


def _sentence(own: dict[str, Any], row: dict[str, Any]) -> str:
    ahead, first = ("deep", "shallow") if row["gain"] > 0 else ("shallow", "deep")
    sure = own["low"] is not None and (own["low"] > 0 or own["high"] < 0)
    return (
        f"By {words.metric(row['metric'])} the {ahead} finalist is ahead by more than chance, while by "
        f"{words.metric(own['metric'])}, the verdict's metric, the {first} one is ahead"
        + ("." if sure else ", though not by more than chance.")
    )


METRICS = Section(
    name="metrics",
    title="All metrics",
    order=15,
    collect=collect,
    group="Evidence",
    template="""
{% for sentence in sentences %}<p><strong>{{ sentence }}</strong></p>{% else %}
<p>No other metric says the opposite of {{ chosen }}, the verdict's, by more than chance.</p>{% endfor %}
{{ table(scores) }}
<p class="quiet">Deep − shallow is positive where deep is better, whatever the metric's direction. Intervals ({{ level }}) are paired: test units are redrawn for both sides at once; seeds are not included, so the verdict's own interval may be wider.{% if labels %} Labels are those decided for {{ chosen }}.{% endif %}</p>
""",  # noqa: E501
    markdown="""{% for sentence in sentences %}**{{ sentence }}**

{% else %}No other metric says the opposite of {{ chosen }}, the verdict's, by more than chance.

{% endfor %}{{ table(scores) }}

Deep − shallow is positive where deep is better, whatever the metric's direction. Intervals ({{ level }}) are paired; seeds are not included.{% if labels %} Labels are those decided for {{ chosen }}.{% endif %}""",  # noqa: E501
)
