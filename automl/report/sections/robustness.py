"""Robustness: scores of both finalists as the inputs of test rows get worse, a small picture for each way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl import metrics
from automl.records import Outcome, Section
from automl.report import words

__all__ = ["ROBUSTNESS"]


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """A picture with its table for each corruption, the summary of both sides, and sentences."""
    found = outcome.analyses.get("robustness")
    if not found:
        return None
    metric = found["metric"]
    return {
        "metric": words.metric(metric),
        "direction": words.direction(metrics.named(metric).higher_is_better),
        "rows": words.count(found["n_items"], "test item"),
        "sampled": found["n_items"] < found["n_test"],
        "sentences": [sentence for one in found["corruptions"] for sentence in _sentences(one, found)],
        "charts": [_chart(one, found) for one in found["corruptions"]],
        "summary": _summary(found),
        "left_out": [f"{one['words']} ({one['reason']})" for one in found["left_out"]],
    }


def _strength(value: float | None, corruption: dict[str, Any]) -> str:
    return words.percent(value) if corruption["percent"] else words.rough(value)


def _with_unit(value: float | None, corruption: dict[str, Any]) -> str:
    """A strength with what it is counted in, where that is no share."""
    what, _, unit = str(corruption["unit"]).partition(", in ")
    if corruption["percent"]:
        return _strength(value, corruption)
    return f"{_strength(value, corruption)} {unit}" if unit else f"{_strength(value, corruption)}, {what}"


def _sentences(corruption: dict[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Who loses half of the lead over the floor, and where; and whether the sides differ over all strengths."""
    own = [row for row in found["summary"] if row["corruption"] == corruption["name"] and row["lead"] is not None]
    said = {row["side"]: _of_side(row, corruption) for row in own}
    if len(said) == 2 and len(set(said.values())) == 1:
        parts = [f"neither side {_of_side(own[0], corruption)[6:]}" if own[0]["lead"] > 0 and own[0]["half_at"] is None
                 else f"both sides {said['deep']}"]  # fmt: skip
    else:
        parts = [f"{side} {words_of}" for side, words_of in said.items()]
    if corruption["low"] is not None:
        low, high = words.differences(corruption["low"], corruption["high"])
        better = "deep is better" if corruption["low"] > 0 else "shallow is better" if corruption["high"] < 0 else ""
        what = better or "they do not differ beyond noise"
        parts.append(f"on average over all strengths {what} (gain of deep {low} to {high})")
    return [f"{words.sentence(corruption['words']).removesuffix('.')}: {'; '.join(parts)}."] if parts else []


def _of_side(row: dict[str, Any], corruption: dict[str, Any]) -> str:
    if row["lead"] <= 0:
        return "had no lead over the floor to lose"
    if row["half_at"] is None:
        return f"never lost half of the lead over the floor (up to {_with_unit(row['strongest'], corruption)})"
    return f"lost half of the lead over the floor at {_with_unit(row['half_at'], corruption)}"


def _chart(corruption: dict[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    rows = [row for row in found["rows"] if row["corruption"] == corruption["name"]]
    strengths = [row["strength"] for row in rows]
    layers: list[dict[str, Any]] = [
        {"mark": "line", "colour": side, "label": side, "dots": True, "x": strengths, "y": [row[side] for row in rows]}
        for side in ("deep", "shallow")
        if any(row[side] is not None for row in rows)
    ]
    if found["floor"] is not None:
        layers.append({"mark": "rule", "colour": "floor", "label": "floor, inputs unchanged", "y": [found["floor"]]})
    return {
        "title": words.sentence(corruption["words"]).removesuffix("."),
        "shape": "half",
        "alt": f"{words.metric(found['metric'])} of both finalists against the strength of {corruption['words']}.",
        "x": {"label": corruption["unit"], "percent": corruption["percent"]},
        "y": {"label": words.metric(found["metric"])},
        "layers": layers,
        "table": _table(rows, corruption),
    }


def _table(rows: list[dict[str, Any]], corruption: dict[str, Any]) -> dict[str, Any]:
    lines = []
    for row in rows:
        one, other = words.scores(row["deep"], row["shallow"])
        gain, low, high = words.differences(row["gain"], row["low"], row["high"])
        interval = words.NOTHING if row["low"] is None else f"{low} to {high}"
        lines.append([_strength(row["strength"], corruption), one, other, gain, interval])
    return {
        "label": f"Scores with {corruption['words']}",
        "columns": ["strength", "deep", "shallow", "gain of deep", "95 % interval of the gain"],
        "rows": lines,
        "numeric": [0, 1, 2, 3, 4],
    }


def _summary(found: Mapping[str, Any]) -> dict[str, Any]:
    by_name = {one["name"]: one for one in found["corruptions"]}
    rows = []
    for row in found["summary"]:
        corruption = by_name[row["corruption"]]
        clean, area, worst = words.scores(row["clean"], row["area"], row["worst"])
        half = "no lead" if row["lead"] is not None and row["lead"] <= 0 else "not lost"
        at = _strength(row["half_at"], corruption) if row["half_at"] is not None else half
        at = words.NOTHING if row["lead"] is None else at
        rows.append([corruption["words"], {"side": row["side"]}, clean, area, worst, at])
    return {
        "label": "What each corruption costs",
        "columns": ["corruption", "side", "unchanged", "mean", "at the strongest", "half of lead lost at"],
        "rows": rows,
        "numeric": [2, 3, 4, 5],
    }


ROBUSTNESS = Section(
    name="robustness",
    title="Robustness",
    order=67,
    collect=collect,
    template="""
<p>Scores ({{ metric }}, {{ direction }}) of both finalists on {{ rows }}{% if sampled %}, drawn at random{% endif %},
as their inputs get worse. Both sides read the same changed inputs; neither has learnt from such. The lead over the
floor is the distance to a model that learns nothing from the inputs.</p>
{{ table(summary) }}
<ul>{% for sentence in sentences %}<li>{{ sentence }}</li>{% endfor %}</ul>
<div class="pair">{% for chart in charts %}{{ figure(chart) }}{% endfor %}</div>
{% if left_out %}<p class="quiet">Not measured, or not up to the strongest: {{ left_out | join("; ") }}.</p>{% endif %}
""",
    markdown="""Scores ({{ metric }}, {{ direction }}) of both finalists on {{ rows }}{% if sampled %}, drawn at
random{% endif %}, as their inputs get worse. Both sides read the same changed inputs.

{{ table(summary) }}
{% for sentence in sentences %}- {{ sentence }}
{% endfor %}
{% for chart in charts %}{{ figure(chart) }}
{% endfor %}{% if left_out %}Not measured, or not up to the strongest: {{ left_out | join("; ") }}.
{% endif %}""",
)
