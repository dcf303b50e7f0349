"""Fewer labels: scores of both sides by number of labels, with and without the rows that have none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.records import Outcome, Section
from automl.report import words

__all__ = ["PRETRAINING"]


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """A picture with its table, what the search found, and sentences."""
    found = outcome.analyses.get("pretraining")
    if not found:
        return None
    return {
        "n_unlabelled": words.count(found["n_unlabelled"], "row"),
        "sentences": [words.unbroken(one) for one in _sentences(found)],
        "left_out": found["left_out"],
        "charts": [_chart(found, side) for side in ("deep", "shallow")] if found["gains"] else [],
        "gains": _gains(found) if found["gains"] else None,
        "searched": _searched(found),
    }


def _sentences(found: Mapping[str, Any]) -> list[str]:
    said = []
    for side in ("deep", "shallow"):
        if not found["uses"].get(side, False):
            said.append(f"The {side} finalist was chosen without rows that have no label.")
            continue
        own = [gain for gain in found["gains"] if gain["side"] == side]
        if own:
            said.append(_of_side(side, own))
    sizes = {gain["n_labels"] for gain in found["gains"]}
    if found["uses"].get("deep") and sizes:
        fewest = min(sizes)
        gains = {gain["side"]: gain["gain"] for gain in found["gains"] if gain["n_labels"] == fewest}
        if len(gains) > 1:
            more = "more" if gains["deep"] > gains["shallow"] else "no more"
            said.append(
                f"With {words.count(fewest, 'label')} they bring the deep side {more} than the shallow one "
                f"({words.rough(gains['deep'])} against {words.rough(gains['shallow'])})."
            )
    return said


def _of_side(side: str, own: list[dict[str, Any]]) -> str:
    """Where rows without a label help a side beyond noise."""
    surely = [gain["n_labels"] for gain in own if gain["low"] is not None and gain["low"] > 0]
    worse = [gain["n_labels"] for gain in own if gain["high"] is not None and gain["high"] < 0]
    if not surely and not worse:
        return f"Rows without a label change the score of the {side} side by no more than noise."
    said = []
    if surely:
        said.append(f"help the {side} side beyond noise with {_listed(surely)} labels")
    if worse:
        said.append(f"{'harm it' if surely else f'harm the {side} side'} with {_listed(worse)}")
    return f"Rows without a label {' and '.join(said)}."


def _listed(numbers: list[int]) -> str:
    return ", ".join(words.number(n) for n in sorted(numbers))


def _chart(found: Mapping[str, Any], side: str) -> dict[str, Any]:
    metric = words.metric(found["metric"])
    rows = [row for row in found["rows"] if row["side"] == side]
    layers: list[dict[str, Any]] = []
    for way, colour in (("with", side), ("without", "muted")):
        own = [row for row in rows if row["unlabelled"] == way]
        x = [row["n_labels"] for row in own]
        low = [row["score"] if row["low"] is None else row["low"] for row in own]
        high = [row["score"] if row["high"] is None else row["high"] for row in own]
        layers.append({"mark": "band", "colour": colour, "x": x, "low": low, "high": high})
        layers.append({"mark": "line", "colour": colour, "label": way, "dots": True, "x": x,
                       "y": [row["score"] for row in own]})  # fmt: skip
    return {
        "title": f"The {side} side",
        "shape": "half",
        "alt": f"{metric} of the {side} side by number of labels, with and without the rows that have no label.",
        "caption": "With the rows that have no label, and without. Bands: "
        f"{words.percent(found['level'])} intervals over test items and fits; "
        f"{words.direction(found['higher_is_better'])}.",
        "x": {"label": "labels", "log_ticks": sorted({row["n_labels"] for row in rows})},
        "y": {"label": metric},
        "layers": layers,
        "table": {
            "columns": ["rows without a label", "labels", "fits", metric, f"{words.percent(found['level'])} interval"],
            "rows": [
                [
                    row["unlabelled"],
                    row["n_labels"],
                    row["fits"],
                    words.score(row["score"]),
                    _interval(row, scores=True),
                ]
                for row in rows
            ],
            "numeric": [1, 2, 3, 4],
        },
    }


def _gains(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "label": "What rows without a label bring",
        "columns": ["side", "labels", "gain", f"{words.percent(found['level'])} interval"],
        "rows": [
            [{"side": gain["side"]}, gain["n_labels"], words.rough(gain["gain"]), _interval(gain)]
            for gain in found["gains"]
        ],
        "numeric": [1, 2, 3],
    }


def _interval(row: Mapping[str, Any], scores: bool = False) -> str:
    if row["low"] is None:
        return "not defined"
    ends = words.scores(row["low"], row["high"]) if scores else (words.rough(row["low"]), words.rough(row["high"]))
    return " to ".join(ends)


def _searched(found: Mapping[str, Any]) -> dict[str, Any] | None:
    if not found["searched"]:
        return None
    return {
        "label": "Best validation scores of the search",
        "columns": ["side", "rows without a label", "runs", words.metric(found["metric"])],
        "rows": [
            [{"side": one["side"]}, "with" if one["used"] else "without", one["runs"], words.score(one["score"])]
            for one in found["searched"]
        ],
        "numeric": [2, 3],
    }


PRETRAINING = Section(
    name="pretraining",
    title="Fewer labels",
    order=24,
    collect=collect,
    group="Evidence",
    template="""
<p>Both sides could learn from {{ n_unlabelled }} without a label: networks are pretrained on what a teacher in closed form, which knows the labels of the training rows, predicts for them; shallow models learn components on all rows, or from their own surest predictions. None of these rows is scored.{% if charts %} Below, both finalists' settings are fitted again on parts of the labels, with and without these rows.{% endif %}</p>
<ul>{% for sentence in sentences %}<li>{{ sentence }}</li>{% endfor %}</ul>
{% if charts %}<div class="pair">{% for chart in charts %}{{ figure(chart) }}{% endfor %}</div>{% endif %}
{% if gains %}{{ table(gains) }}{% endif %}
{% if searched %}{{ table(searched) }}{% endif %}
{% if left_out %}<p class="quiet">{{ left_out | capitalize }}.</p>{% endif %}
""",  # noqa: E501
    markdown="""Both sides could learn from {{ n_unlabelled }} without a label: networks are pretrained on what a teacher in closed form, which knows the labels of the training rows, predicts for them; shallow models learn components on all rows, or from their own surest predictions. None of these rows is scored.{% if charts %} Below, both finalists' settings are fitted again on parts of the labels, with and without these rows.{% endif %}

{% for sentence in sentences %}- {{ sentence }}
{% endfor %}
{% for chart in charts %}{{ figure(chart) }}
{% endfor %}{% if gains %}{{ table(gains) }}
{% endif %}{% if searched %}{{ table(searched) }}
{% endif %}{% if left_out %}
{{ left_out | capitalize }}.
{% endif %}""",  # noqa: E501
)
