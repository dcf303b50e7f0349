"""Subgroups: which test rows each finalist serves worse, and rates by the groups of sensitive columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.records import Outcome, Section
from automl.report import words

__all__ = ["SUBGROUPS"]

N_FOUND = 6
RATES = {
    "selection_rate": "selected", "true_positive_rate": "true positive rate",
    "false_positive_rate": "false positive rate", "mean_error": "mean error",
    "mean_absolute_error": "mean absolute error",
}  # fmt: skip
GAPS = {
    "demographic_parity_difference": "demographic parity difference",
    "demographic_parity_ratio": "demographic parity ratio",
    "true_positive_rate_difference": "true positive rate difference",
    "false_positive_rate_difference": "false positive rate difference",
    "equalized_odds_difference": "equalized odds difference",
    "equalized_odds_ratio": "equalized odds ratio",
    "mean_error_difference": "mean error difference",
    "mean_absolute_error_difference": "mean absolute error difference",
}


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """A sentence a side, the worst subgroups as a picture and a table, coverage, and sensitive columns."""
    found = outcome.analyses.get("subgroups")
    if not found:
        return None
    sides = list(dict.fromkeys(row["side"] for row in found["rows"]))
    return {
        "intro": _intro(found),
        "sentences": [_sentence(found, side) for side in sides],
        "chart": _chart(found),
        "worst": _table(found) if found["rows"] else None,
        "coverage": _coverage(found),
        "covered": any(row["found"] for row in found["coverage"]),
        "level": words.percent(found["coverage_level"]),
        "sensitive": [_sensitive(one) for one in found["sensitive"]],
    }


def _intro(found: Mapping[str, Any]) -> str:
    if not found["rows"]:
        return "No subgroup has enough test rows to be looked at."
    return (
        f"{words.count(found['n_subgroups'], 'subgroup')} of at least {found['least_items']} test rows were looked at "
        "on each side. A subgroup counts as found where its mean loss is larger than that of all other rows beyond "
        f"what {words.count(found['n_tests'], 'comparison')} would show by chance (adjusted p ≤ {found['alpha']:g}, "
        "largest statistic under random signs). Rows may be harder in themselves: then both sides are worse on them."
    )


def _sentence(found: Mapping[str, Any], side: str) -> dict[str, Any]:
    hits = [row for row in found["rows"] if row["side"] == side and row["found"]]
    if not hits:
        return {"side": side, "text": "serves no subgroup worse beyond chance."}
    more = f" and {len(hits) - N_FOUND} more" if len(hits) > N_FOUND else ""
    named = "; ".join(
        f"{words.shorten(row['subgroup'], 70)} ({words.count(row['n'], 'row')}: {_measure(row)} "
        f"{words.score(row['score'])}, all rows {words.score(row['overall'])})"
        for row in hits[:N_FOUND]
    )
    return {"side": side, "text": f"serves worse: {named}{more}."}


def _measure(row: dict[str, Any]) -> str:
    return words.metric(row["measure"]) if "_" in row["measure"] or row["measure"].islower() else str(row["measure"])


def _table(found: Mapping[str, Any]) -> dict[str, Any]:
    rows = [
        [
            {"side": row["side"]}, words.shorten(row["subgroup"], 70), row["n"], _measure(row),
            words.score(row["score"]), _interval(row), words.score(row["overall"]), words.score(row["other"]),
            _p(row["p_adjusted"]), "yes" if row["found"] else "no",
        ]
        for row in found["rows"]
    ]  # fmt: skip
    return {
        "label": "The worst subgroups of each side",
        "columns": ["side", "subgroup", "rows", "measured", "score", "95 % interval", "all rows", "other side",
                    "adjusted p", "found"],
        "rows": rows,
        "numeric": [2, 4, 5, 6, 7, 8],
    }  # fmt: skip


def _interval(row: dict[str, Any]) -> str:
    if row["low"] is None:
        return "not defined"
    low, high = words.scores(row["low"], row["high"])
    return f"{low} to {high}"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else words.rough(value, 2)


def _chart(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """Scores of the worst subgroups with intervals, one under another; only those measured by the metric."""
    rows = [row for row in found["rows"] if row["measure"] == found["metric"] and row["low"] is not None]
    names = list(dict.fromkeys(row["subgroup"] for row in rows))[:10]
    if not names:
        return None
    layers: list[dict[str, Any]] = []
    for side, shift in (("deep", 0.13), ("shallow", -0.13)):
        own = [row for row in rows if row["side"] == side and row["subgroup"] in names]
        if not own:
            continue
        places = [len(names) - 1 - names.index(row["subgroup"]) + shift for row in own]
        layers.append(
            {"mark": "points", "colour": side, "label": side, "x": [row["score"] for row in own], "y": places}
        )
        xs, ys = [], []
        for row, place in zip(own, places, strict=True):
            xs += [row["low"], row["high"], None]
            ys += [place, place, None]
        layers.append({"mark": "line", "colour": side, "faint": True, "x": xs, "y": ys})
        layers.append({"mark": "rule", "colour": side, "x": [own[0]["overall"]]})
    return {
        "alt": "Scores of the worst subgroups of both finalists, with intervals; the table holds the same.",
        "caption": "Scores with 95 % intervals; upright lines are the scores on all test rows.",
        "x": {"label": words.metric(found["metric"])},
        "y": {"names": [words.shorten(name, 48) for name in reversed(names)], "limits": [-0.6, len(names) - 0.4]},
        "grid": "both",
        "layers": layers,
        "table": _table(found),
    }


def _coverage(found: Mapping[str, Any]) -> dict[str, Any] | None:
    if not found["coverage"]:
        return None
    return {
        "label": "Coverage by subgroup",
        "columns": ["side", "subgroup", "rows", "held the truth", "95 % interval", "all rows", "adjusted p", "found"],
        "rows": [
            [
                {"side": row["side"]}, words.shorten(row["subgroup"], 70), row["n"], words.percent(row["share"]),
                "not defined" if row["low"] is None
                else f"{words.percent(row['low'])} to {words.percent(row['high'])}",
                words.percent(row["overall"]), _p(row["p_adjusted"]), "yes" if row["found"] else "no",
            ]
            for row in found["coverage"]
        ],
        "numeric": [2, 3, 4, 5, 6],
    }  # fmt: skip


def _sensitive(one: dict[str, Any]) -> dict[str, Any]:
    """Two tables of one sensitive column: figures by group, and gaps."""
    groups, gaps = [], []
    rates = [name for name in RATES if any(name in g for part in one["parts"] for g in part["groups"])]
    answers = {part["answer"] for part in one["parts"]}
    several = len(answers) > 1
    for part in one["parts"]:
        start = [{"side": part["side"]}, *([words.shorten(part["answer"], 40)] if several else [])]
        for group in part["groups"]:
            shown = [_figure(group.get(name)) for name in rates]
            groups.append([*start, words.shorten(group["group"], 60), group["n"], *shown])
        for name, value in part["gaps"].items():
            gaps.append(
                [
                    *start,
                    GAPS.get(name, name.replace("_", " ")),
                    _figure(value),
                    words.rough(part["chance"].get(name), 2),
                ]
            )
    answer = ["of"] if several else []
    return {
        "column": words.shorten(one["column"], 60),
        "why": one["why"],
        "answer": "" if several or not answers else words.shorten(next(iter(answers)), 40),
        "groups": {
            "label": f"By the groups of {one['column']}",
            "columns": ["side", *answer, "group", "rows", *(RATES[name] for name in rates)],
            "rows": groups,
            "numeric": [len(answer) + 2, *range(len(answer) + 3, len(answer) + 3 + len(rates))],
        },
        "gaps": {
            "label": f"Gaps between the groups of {one['column']}",
            "columns": ["side", *answer, "gap", "value (95 % interval)", "by chance"],
            "rows": gaps,
            "numeric": [len(answer) + 2, len(answer) + 3],
        },
    }


def _figure(value: list[float] | None) -> str:
    if value is None:
        return words.NOTHING
    return f"{words.rough(value[0], 3)} ({words.rough(value[1], 3)} to {words.rough(value[2], 3)})"


SUBGROUPS = Section(
    name="subgroups",
    title="Who is served worse",
    order=83,
    collect=collect,
    template="""
<p>{{ intro }}</p>
<ul>{% for one in sentences %}<li>{{ side(one.side) }} {{ one.text }}</li>{% endfor %}</ul>
{% if chart %}{{ figure(chart) }}{% elif worst %}{{ table(worst) }}{% endif %}
{% if coverage %}<h3>Intervals and sets by subgroup</h3>
<p>How often those of the level {{ level }} held the truth, in the subgroups where they did least often
{%- if not covered %}: in none of them less than elsewhere beyond chance{% endif %}.</p>
{% if covered %}{{ table(coverage) }}{% else %}{% call more("The least of them") %}
{{ table(coverage) }}{% endcall %}{% endif %}{% endif %}
{% for one in sensitive %}<h3>By {{ one.column }}</h3>
{% if one.why %}<p>Not compared: {{ one.why }}.</p>{% else %}
<p>{% if one.answer %}Predictions of {{ one.answer }}. {% endif %}Each figure has its 95 % interval. A gap is the
largest less the smallest of the groups, a ratio the smallest over the largest, so chance alone makes gaps above 0:
the last column is what one of twenty groupings by lot exceeds (a ratio: falls short of).</p>
{{ table(one.groups) }}
{% if one.answer %}{{ table(one.gaps) }}
{% else %}{% call more("The gaps") %}{{ table(one.gaps) }}{% endcall %}{% endif %}{% endif %}{% endfor %}
""",
    markdown="""{{ intro }}

{% for one in sentences %}- {{ side(one.side) }}: {{ one.text }}
{% endfor %}
{% if worst %}{{ table(worst) }}{% endif %}
{% if coverage %}
How often intervals or sets of the level {{ level }} held the truth:

{{ table(coverage) }}{% endif %}
{% for one in sensitive %}
**By {{ one.column }}**
{% if one.why %}
Not compared: {{ one.why }}.
{% else %}
{{ table(one.groups) }}
{{ table(one.gaps) }}{% endif %}{% endfor %}""",
)
