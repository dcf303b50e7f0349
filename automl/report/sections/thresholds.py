"""ROC, precision-recall and gains of both finalists, and what errors cost at each threshold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.records import Outcome, Section
from automl.report import words

__all__ = ["THRESHOLDS"]

SHARES: dict[str, Any] = {"percent": True, "limits": [-0.02, 1.02]}
KINDS = (
    ("roc", "ROC", "false alarms, of all negatives", "found, of all positives",
     "The dotted diagonal is chance; the nearer to the upper left corner, the better."),
    ("precision_recall", "Precision and recall", "recall: found, of all positives", "precision: right, of all flagged",
     "Higher is better."),
    ("gains", "Cumulative gains", "flagged, of all rows, the most probable first", "found, of all positives",
     "The dotted diagonal is chance: to flag a tenth of the rows finds a tenth of the positives."),
)  # fmt: skip
MOST_CLASSES = 3
"""Whose curves are drawn; the table holds all."""


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """Curves, areas, lift and costs."""
    found = outcome.analyses.get("thresholds")
    if not found:
        return None
    classes = list(dict.fromkeys(curve["class"] for curve in found["curves"]))
    return {
        "charts": [
            chart for name in classes[:MOST_CLASSES] for chart in _charts(found, name, found["is_binary"])
        ],
        "not_drawn": [words.shorten(name, 40) for name in classes[MOST_CLASSES:]],
        "areas": _areas(found),
        "lift": _lift(found),
        "costs": _costs(found, outcome),
    }  # fmt: skip


def _charts(found: Mapping[str, Any], name: str, is_binary: bool) -> list[dict[str, Any]]:
    curves = [curve for curve in found["curves"] if curve["class"] == name]
    short = words.shorten(name, 40)
    of = f"“{short}”" if is_binary else f"“{short}” against the rest"
    charts: list[dict[str, Any]] = []
    for key, title, x, y, caption in KINDS:
        diagonal = [] if key == "precision_recall" else [{"mark": "diagonal", "colour": "muted"}]
        layers = [{"mark": "line", "colour": curve["side"], "label": curve["side"], **curve[key]} for curve in curves]
        charts.append(
            {
                "title": f"{title}, {of}",
                "shape": "half",
                "grid": "both",
                "alt": f"{title} of {' and '.join(curve['side'] for curve in curves)} for {of}: {y} against {x}.",
                "caption": caption,
                "x": {"label": x, **SHARES},
                "y": {"label": y, **SHARES},
                "layers": [*diagonal, *layers],
                "table": {
                    "columns": ["side", x, y],
                    "rows": [
                        [curve["side"], words.percent(a), words.percent(b)]
                        for curve in curves
                        for a, b in _some(curve[key])
                    ],
                    "numeric": [1, 2],
                },
            }
        )
    return charts


def _some(curve: dict[str, list[float]], most: int = 21) -> list[tuple[float, float]]:
    """At most so many points of a curve, with both its ends."""
    points = list(zip(curve["x"], curve["y"], strict=True))
    if len(points) <= most:
        return points
    return [points[round(i * (len(points) - 1) / (most - 1))] for i in range(most)]


def _areas(found: Mapping[str, Any]) -> dict[str, Any]:
    level = words.percent(found["level"])
    rows = []
    for row in found["areas"]:
        texts = []
        for metric in ("roc_auc", "average_precision"):
            low, high = row[f"{metric}_low"], row[f"{metric}_high"]
            ends = words.scores(row[metric], low, high)
            texts += [ends[0], "not defined" if low is None or high is None else f"{ends[1]} to {ends[2]}"]
        rows.append([words.shorten(row["class"], 40), {"side": row["side"]}, *texts])
    return {
        "label": "Areas under the curves",
        "columns": ["class", "side", "ROC AUC", f"{level} interval", "average precision", f"{level} interval"],
        "rows": rows,
        "numeric": [2, 3, 4, 5],
    }


def _lift(found: Mapping[str, Any]) -> dict[str, Any]:
    shares = [one["share"] for one in found["curves"][0]["lift"]]
    return {
        "label": "Lift",
        "columns": ["class", "side", *(f"top {words.percent(share)}" for share in shares)],
        "rows": [
            [words.shorten(curve["class"], 40), {"side": curve["side"]},
             *(f"{words.rough(one['lift'], 3)} ×" for one in curve["lift"])]
            for curve in found["curves"]
        ],
        "numeric": list(range(2, 2 + len(shares))),
    }  # fmt: skip


def _costs(found: Mapping[str, Any], outcome: Outcome) -> dict[str, Any] | None:
    """The chart of costs, the table of thresholds, and which side is the cheaper."""
    costs = found["costs"]
    if not costs:
        return None
    alarm, miss = (words.rough(costs[key], 12) for key in ("false_alarm", "miss"))
    lines = [
        {"mark": "line", "colour": line["side"], "label": line["side"], "x": line["x"], "y": line["y"]}
        for line in costs["lines"]
    ]
    level = words.percent(found["level"])
    shown = [row[key] for row in found["rows"] for key in ("cost", "low", "high")]
    texts = iter(words.scores(*shown))
    columns = [(next(texts), next(texts), next(texts)) for _ in found["rows"]]
    return {
        "sentence": _saved(costs, level),
        "rates": f"A false alarm costs {alarm}, a miss {miss}"
        + ("." if costs["given"] else ": nothing else was said, so both kinds of errors count the same."),
        "positive": words.shorten(found["positive"], 60),
        "given": costs["given"],
        "table": {
            "label": "Costs at thresholds",
            "columns": ["side", "threshold", "at", "cost of a row", f"{level} interval", "false alarms", "misses"],
            "rows": [
                [
                    "–" if row["side"] == "floor" else {"side": row["side"]}, row["rule"],
                    words.NOTHING if row["threshold"] is None else words.rough(row["threshold"], 3),
                    cost, "not defined" if row["low"] is None else f"{low} to {high}",
                    row["false_alarms"], row["misses"],
                ]
                for row, (cost, low, high) in zip(found["rows"], columns, strict=True)
            ],
            "numeric": [2, 3, 4, 5, 6],
        },
        "chart": {
            "title": "Cost against threshold",
            "alt": "Mean cost of a test row against the threshold above which it is flagged, for both sides.",
            "caption": "Mean cost of a test row. Thresholds of the table come from validation rows.",
            "x": {"label": "threshold of the probability", **SHARES},
            "y": {"label": "mean cost of a row"},
            "layers": lines,
            "table": {
                "columns": ["side", "threshold", "mean cost of a row"],
                "rows": [
                    [line["side"], words.rough(x, 3), words.number(y)]
                    for line in costs["lines"]
                    for x, y in _some(line)
                ],
                "numeric": [1, 2],
            },
        },
    }  # fmt: skip


def _saved(costs: dict[str, Any], level: str) -> str:
    gain = costs["saved_by_deep"]
    if gain is None or gain["low"] is None:
        return ""
    side, by = ("deep", gain["value"]) if gain["value"] > 0 else ("shallow", -gain["value"])
    ends = (gain["low"], gain["high"]) if side == "deep" else (-gain["high"], -gain["low"])
    amount, low, high = words.differences(by, *ends)
    interval = f"{level} interval {low} to {high}"
    sure = "" if ends[0] > 0 else ", which chance may explain"
    return (
        f"At the thresholds chosen on validation rows the {side} finalist costs {amount.lstrip('+')} a row less "
        f"({interval}){sure}."
    )


THRESHOLDS = Section(
    name="thresholds",
    title="Thresholds and the cost of errors",
    order=17,
    collect=collect,
    group="Trade-off",
    template="""
{% if costs %}{% if costs.sentence %}<p><strong>{{ costs.sentence }}</strong></p>{% endif %}
<p>{{ costs.rates }} Rows are flagged as “{{ costs.positive }}” where its probability is above the threshold. {% if not costs.given %}Your own costs: <code>--false-alarm 1 --miss 20</code>, or <code>costs: {false_alarm: 1, miss: 20}</code> in a recipe.{% endif %}</p>
{{ table(costs.table) }}
<p class="quiet">Thresholds are chosen on validation rows; costs are those of test rows. “From the costs alone” is the threshold that is best where probabilities are calibrated (Elkan 2001).</p>
{{ figure(costs.chart) }}{% endif %}
<div class="pair">{% for chart in charts %}{{ figure(chart) }}{% endfor %}</div>
{% if not_drawn %}<p class="quiet">Not drawn: {{ not_drawn | join(", ") }}.</p>{% endif %}
{{ table(areas) }}
<h3>Lift</h3>
<p>How many times as many positives are found among the most probable rows as among as many rows drawn at random.</p>
{{ table(lift) }}
""",  # noqa: E501
    markdown="""{% if costs %}{% if costs.sentence %}**{{ costs.sentence }}**

{% endif %}{{ costs.rates }} Rows are flagged as “{{ costs.positive }}” where its probability is above the threshold. Thresholds are chosen on validation rows; costs are those of test rows.

{{ table(costs.table) }}
{{ figure(costs.chart) }}
{% endif %}{{ table(areas) }}

Lift: how many times as many positives are found among the most probable rows as among as many rows drawn at random.

{{ table(lift) }}""",  # noqa: E501
)
