"""Data need: both finalists' settings on fewer rows, where their curves cross, and what more rows would bring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.records import Outcome, Section
from automl.report import words

__all__ = ["DATA_NEED"]


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """Both curves as a picture with its table, and sentences on crossing and on twice the rows."""
    found = outcome.analyses.get("data_need")
    if not found:
        return None
    return {
        "metric": words.metric(found["metric"]),
        "items": found["items"],
        "drawn": found["drawn"],
        "sentences": [
            words.unbroken(one) for one in (_crossing(found), *(_twice(found, law) for law in found["laws"]))
        ],
        "left_out": found["left_out"],
        "chart": _chart(found),
    }


def _rows_word(found: Mapping[str, Any], n: float) -> str:
    """A number of rows at two significant digits, since no crossing is known better."""
    rough = int(float(f"{n:.2g}"))
    return words.count(rough, "window" if found["items"] == "windows" else "row")


def _crossing(found: Mapping[str, Any]) -> str:
    crossing, n = found["crossing"], found["n_items"]
    if crossing is None:
        leader = found["leader"]
        if leader is None:
            return "Which side leads changes between the sizes by no more than noise: no crossing can be named."
        return f"The {leader} side leads at every size measured, and no crossing within reach is likelier than not."
    leader = crossing["leads_beyond"]
    other = "shallow" if leader == "deep" else "deep"
    at = _rows_word(found, crossing["rows"])
    far = _rows_word(found, found["reach"] * n) if crossing["extrapolated"] else _rows_word(found, n)
    high = f"more than {far}" if crossing["high"] is None else _rows_word(found, crossing["high"])
    low = words.number(int(float(f"{crossing['low']:.2g}")))
    where = f"about {at} (95 % interval {low} to {high})"
    sure = words.percent(crossing["certainty"])
    if crossing["extrapolated"]:
        return (
            f"The {leader} side would overtake the {other} one at {where}, if both curves go on as power laws; "
            f"there were {words.number(n)} to learn from. It does so in {sure} of the resampled curves."
        )
    return f"The {leader} side overtakes the {other} one at {where}, in {sure} of the resampled curves."


def _twice(found: Mapping[str, Any], law: dict[str, Any]) -> str:
    side = law["side"]
    if law["refused"]:
        return f"What twice the {found['items']} would bring the {side} side is not said: {law['refused']}."
    metric = words.metric(found["metric"])
    gain = words.rough(law["twice"])
    if law["twice_low"] is None:
        return f"Twice the {found['items']} would likely make {metric} of the {side} side better by {gain}."
    return (
        f"Twice the {found['items']} would likely make {metric} of the {side} side better by {gain} (95 % interval "
        f"{words.rough(law['twice_low'])} to {words.rough(law['twice_high'])})."
    )


def _chart(found: Mapping[str, Any]) -> dict[str, Any]:
    metric, items = words.metric(found["metric"]), found["items"]
    layers: list[dict[str, Any]] = []
    for side in ("deep", "shallow"):
        own = [row for row in found["rows"] if row["side"] == side]
        x = [row["n_learnt"] for row in own]
        layers.append(
            {"mark": "band", "colour": side, "x": x, "low": [row["low"] for row in own],
             "high": [row["high"] for row in own]}
        )  # fmt: skip
        layers.append(
            {"mark": "line", "colour": side, "label": side, "dots": True, "x": x, "y": [row["score"] for row in own]}
        )
    ticks = sorted({row["n_learnt"] for row in found["rows"]})
    several = any(row["share"] < 1 and row["fits"] > 1 for row in found["rows"])
    return {
        "title": f"{metric} over the {items} learnt from",
        "alt": f"Learning curves: {metric} on the test items of both sides' settings, fitted on parts of the {items}.",
        "caption": "The right end is the contest's own fits, one seed each. Bands: 95 % intervals over test items "
        f"and {'draws' if several else 'seeds'}; {words.direction(found['higher_is_better'])}.",
        "x": {"label": f"{items} learnt from", "log_ticks": ticks},
        "y": {"label": metric},
        "layers": layers,
        "table": {
            "columns": ["side", items, "fits", metric, "95 % interval"],
            "rows": [
                [row["side"], row["n_learnt"], row["fits"], words.score(row["score"]), _interval(row)]
                for row in found["rows"]
            ],
            "numeric": [1, 2, 3, 4],
        },
    }


def _interval(row: dict[str, Any]) -> str:
    return "not defined" if row["low"] is None else " to ".join(words.scores(row["low"], row["high"]))


DATA_NEED = Section(
    name="data_need",
    title="Data need",
    order=63,
    collect=collect,
    template="""
<p>Both finalists' settings, fitted again on
{% if drawn %}random parts of the {{ items }}, each part within the larger ones{% else %}the latest part of the
{{ items }}{% endif %}, and scored on the same test items.</p>
{{ figure(chart) }}
<ul>{% for sentence in sentences %}<li>{{ sentence }}</li>{% endfor %}</ul>
{% if left_out %}<p class="quiet">{{ left_out | capitalize }}.</p>{% endif %}
""",
    markdown="""Both finalists' settings, fitted again on {% if drawn %}random parts of the {{ items }}, each part
within the larger ones{% else %}the latest part of the {{ items }}{% endif %}, and scored on the same test items.

{{ table(chart.table) }}
{% for sentence in sentences %}- {{ sentence }}
{% endfor %}{% if left_out %}
{{ left_out | capitalize }}.
{% endif %}""",
)
