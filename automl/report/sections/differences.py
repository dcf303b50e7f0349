"""Differences: where deep does better and where shallow does, in words, and rows that only one of them has right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.records import Outcome, Section
from automl.report import sides, words
from automl.report.sections.errors import ITEMS, MARKDOWN_ITEMS, N_COLUMNS, columns, shape, shown

__all__ = ["DIFFERENCES"]


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """Counts, regions with their intervals, and examples."""
    found = outcome.analyses.get("differences")
    if not found:
        return None
    pairs = sides.finalists(outcome)
    n = len(outcome.truth)
    groups = []
    for side in ("deep", "shallow"):
        order = [int(i) for i in found["examples"].get(side, ()) if int(i) < n]
        if order and len(pairs) == 2:
            groups.append(
                {
                    "side": side,
                    "label": f"Rows that {side} serves better",
                    "sides": [c.side for _, c in pairs],
                    "columns": columns(outcome),
                    "left_out": max(0, len(getattr(outcome.examples, "columns", ())) - N_COLUMNS),
                    "items": shown(outcome, order, pairs),
                }
            )
    return {
        "holds_rows": True,
        "counts": {
            "label": "Test rows by who is right",
            "columns": [f"test {sides.test_items(outcome)}s", "number", "share"],
            "rows": [[one["what"], one["n"], words.percent(one["share"])] for one in found["counts"]],
            "numeric": [1, 2],
        },
        "regions": _regions(found),
        "sentences": [_sentence(found, row) for row in found["rows"]],
        "checked": _checked(found),
        "chart": None if not found["rows"] else {**_chart(found), "table": _regions(found)},
        "groups": groups,
        "shape": shape(outcome),
        "what": sides.test_items(outcome),
    }


def _checked(found: Mapping[str, Any]) -> str:
    if not found["n_regions"]:
        return "Too few rows, or too few differences, to look for regions in which one side does better."
    if found["n_regions"] == 1:
        return (
            f"A decision tree, grown on {words.count(found['n_grown'], 'row')} ({found['grown_on']}), found nothing to "
            "part the rows by: no region in which one side does better."
        )
    start = (
        f"A decision tree, grown on {words.count(found['n_grown'], 'row')} ({found['grown_on']}), parts the rows into "
        f"{words.count(found['n_regions'], 'region')}; each was checked on "
        f"{words.count(found['n_checked'], 'test row')} that it was not grown on"
    )
    if not found["rows"]:
        return f"{start}. In none of them is one side better beyond chance."
    return f"{start}. Those whose interval leaves out 0 are shown; the intervals hold for all regions together (95 %)."


def _sentence(found: Mapping[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    points = found["loss"] in ("error rate", "Brier score")
    scale, unit = (100.0, " points") if points else (1.0, "")
    low, high = sorted(abs(end) * scale for end in (row["low"], row["high"]))
    text = (
        f"{words.shorten(row['region'], 160)}: {row['better']} better by "
        f"{words.rough(abs(row['gain']) * scale, 2)}{unit} of {found['loss']} "
        f"({words.rough(low, 2)} to {words.rough(high, 2)}),"
        f" {words.count(row['n'], 'row')}"
    )
    if row["deep_wrong"] is not None:
        text += f"; wrong: deep {words.percent(row['deep_wrong'])}, shallow {words.percent(row['shallow_wrong'])}"
    return {"side": row["better"], "text": text + "."}


def _regions(found: Mapping[str, Any]) -> dict[str, Any] | None:
    if not found["rows"]:
        return None
    wrong = found["rows"][0]["deep_wrong"] is not None
    return {
        "label": "Regions in which one side does better",
        "columns": ["better", "region", "rows", f"gain in {found['loss']}", "interval",
                    *(["deep wrong", "shallow wrong"] if wrong else [])],
        "rows": [
            [
                {"side": row["better"]}, words.shorten(row["region"], 160), row["n"], words.number(abs(row["gain"])),
                " to ".join(words.number(end) for end in sorted((abs(row["low"]), abs(row["high"])))),
                *([words.percent(row["deep_wrong"]), words.percent(row["shallow_wrong"])] if wrong else []),
            ]
            for row in found["rows"]
        ],
        "numeric": [2, 3, 4, 5, 6],
    }  # fmt: skip


def _chart(found: Mapping[str, Any]) -> dict[str, Any]:
    """Gains with intervals: to the right deep is better."""
    rows = found["rows"]
    layers: list[dict[str, Any]] = [{"mark": "rule", "colour": "muted", "x": [0.0]}]
    for side in ("deep", "shallow"):
        own = [(len(rows) - 1 - k, row) for k, row in enumerate(rows) if row["better"] == side]
        if not own:
            continue
        xs, ys = [], []
        for place, row in own:
            xs += [row["low"], row["high"], None]
            ys += [place, place, None]
        layers.append({"mark": "points", "colour": side, "label": f"{side} is better", "x": [r["gain"] for _, r in own],
                       "y": [place for place, _ in own]})  # fmt: skip
        layers.append({"mark": "line", "colour": side, "faint": True, "x": xs, "y": ys})
    return {
        "alt": "Regions in which one side does better, with intervals; the table holds the same.",
        "x": {"label": f"lead of deep in {found['loss']}"},
        "y": {"names": [words.shorten(row["region"], 48) for row in reversed(rows)], "limits": [-0.6, len(rows) - 0.4]},
        "grid": "x",
        "shape": "wide" if len(rows) > 2 else "strip",
        "layers": layers,
    }


DIFFERENCES = Section(
    name="differences",
    title="Where they differ",
    order=84,
    collect=collect,
    template=ITEMS
    + """
{{ table(counts) }}
<p>{{ checked }}</p>
{% if sentences %}<ul>{% for one in sentences %}<li>{{ side(one.side) }} {{ one.text }}</li>{% endfor %}</ul>
{{ figure(chart) }}{% endif %}
{% for group in groups %}{% call more("Test " ~ what ~ "s that " ~ group.side ~ " serves better") %}
{{ show(group) }}{% endcall %}{% endfor %}
""",
    markdown=MARKDOWN_ITEMS
    + """{{ table(counts) }}

{{ checked }}

{% for one in sentences %}- {{ one.text }}
{% endfor %}
{% if regions %}{{ table(regions) }}{% endif %}
{% for group in groups %}
Test {{ what }}s that {{ group.side }} serves better:

{{ show(group) }}{% endfor %}""",
)
