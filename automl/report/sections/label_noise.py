"""Label noise: what both sides lose if a share of the training labels is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.records import Outcome, Section
from automl.report import words

__all__ = ["LABEL_NOISE"]


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """Both curves as a picture with its table, and which side loses more."""
    found = outcome.analyses.get("label_noise")
    if not found:
        return None
    return {
        "metric": words.metric(found["metric"]),
        "noise": found["noise"],
        "sentence": words.unbroken(_sentence(found)),
        "left_out": found["left_out"],
        "chart": _chart(found),
    }


def _sentence(found: Mapping[str, Any]) -> str:
    compared, metric = found["compared"], words.metric(found["metric"])
    size = words.rough(abs(compared["difference"]))
    more = compared["loses_more"]
    if more is None:
        side = "deep" if compared["difference"] > 0 else "shallow"
        return (
            f"Neither side surely loses more: over the noisy fits the {side} side lost {size} of {metric} more on "
            "average, which is within noise, or not so at every share."
        )
    ends = sorted(abs(end) for end in (compared["low"], compared["high"]))
    interval = f"95 % interval {words.rough(ends[0])} to {words.rough(ends[1])}"
    return f"The {more} side loses more: {size} of {metric} more on average over the noisy fits ({interval})."


def _chart(found: Mapping[str, Any]) -> dict[str, Any]:
    metric = words.metric(found["metric"])
    several = any(row["share"] and row["fits"] > 1 for row in found["rows"])
    layers: list[dict[str, Any]] = []
    for side in ("deep", "shallow"):
        own = [row for row in found["rows"] if row["side"] == side]
        x = [row["share"] for row in own]
        layers.append(
            {"mark": "band", "colour": side, "x": x, "low": [row["low"] for row in own],
             "high": [row["high"] for row in own]}
        )  # fmt: skip
        layers.append(
            {"mark": "line", "colour": side, "label": side, "dots": True, "x": x, "y": [row["score"] for row in own]}
        )
    return {
        "title": f"{metric} over the share of wrong training labels",
        "alt": f"{metric} on true test labels of both sides' settings, fitted on labels a share of which is wrong.",
        "caption": f"The left end is the contest's own fits, one seed each. Bands: 95 % intervals over test items and "
        f"{'draws' if several else 'seeds'}; {words.direction(found['higher_is_better'])}.",
        "x": {"label": "wrong training labels", "percent": True},
        "y": {"label": metric},
        "layers": layers,
        "table": {
            "columns": ["side", "wrong labels", "fits", metric, "95 % interval", "lost", "95 % interval of the loss"],
            "rows": [
                [row["side"], words.percent(row["share"]), row["fits"], words.score(row["score"]),
                 _interval(row["low"], row["high"]), words.rough(row["lost"]) if row["share"] else "",
                 _interval(row["lost_low"], row["lost_high"]) if row["share"] else ""]
                for row in found["rows"]
            ],
            "numeric": [1, 2, 3, 4, 5, 6],
        },
    }  # fmt: skip


def _interval(low: float | None, high: float | None) -> str:
    return "not defined" if low is None or high is None else f"{words.rough(low)} to {words.rough(high)}"


LABEL_NOISE = Section(
    name="label_noise",
    title="Wrong training labels",
    order=64,
    collect=collect,
    template="""
<p>Both finalists' settings, fitted again on training labels a share of which was replaced
{% if noise == "classes" %}by other classes{% else %}by those of other rows{% endif %}. Test labels stay as they
are.</p>
{{ figure(chart) }}
<p>{{ sentence }}</p>
{% if left_out %}<p class="quiet">{{ left_out | capitalize }}.</p>{% endif %}
""",
    markdown="""Both finalists' settings, fitted again on training labels a share of which was replaced
{% if noise == "classes" %}by other classes{% else %}by those of other rows{% endif %}. Test labels stay as they are.

{{ table(chart.table) }}
{{ sentence }}
{% if left_out %}
{{ left_out | capitalize }}.
{% endif %}""",
)
