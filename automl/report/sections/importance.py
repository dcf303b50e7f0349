"""Importance: what each finalist's score drops by where a column is exchanged between rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.records import Outcome, Section
from automl.report import sides, words

__all__ = ["IMPORTANCE"]

N_SHOWN = 12
N_ROWS = 40
KINDS = {
    "column": "column", "group": "columns together", "channel": "channel", "segment": "segment", "lags": "lags",
    "calendar": "calendar", "covariate": "covariate",
}  # fmt: skip


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """A picture of both sides, sentences on what matters and whether they agree, and the table."""
    found = outcome.analyses.get("importance")
    if not found or not found["rows"]:
        return None
    rows = found["rows"]
    names, noun = _names(rows), _noun(rows)
    items = f"test {sides.test_items(outcome)}"
    measured = list(dict.fromkeys(row["side"] for row in rows))
    return {
        "intro": (
            f"How much {words.metric(found['metric'])} gets worse on {words.count(found['n_items'], items)} where "
            f"the values of one {noun} are exchanged between them, mean of "
            f"{words.count(found['n_permutations'], 'exchange')}, with 95 % intervals. A {noun} "
            "may matter little because another holds the same"
            + (": so columns that go together are also exchanged together." if noun == "column" else ".")
        ),
        "sentences": [_sentence(rows, side) for side in measured],
        "agreement": found["agreement"],
        "left_out": found["n_left_out"],
        "noun": noun,
        "nouns": noun.replace("part", "parts") if "part" in noun else f"{noun}s",
        "chart": {**_chart(found, rows, names), "table": _table(rows, names)},
    }


def _noun(rows: list[dict[str, Any]]) -> str:
    """What is exchanged: a column, a part of series, or an input of a forecast."""
    kinds = {row["kind"] for row in rows}
    if kinds & {"lags", "calendar", "covariate"}:
        return "part of the inputs"
    return "part of the series" if kinds & {"channel", "segment"} else "column"


def _names(rows: list[dict[str, Any]]) -> list[str]:
    """Factors by the largest drop of either side, each side's measured by its own largest one."""
    share: dict[str, float] = {}
    for side in {row["side"] for row in rows}:
        own = [row for row in rows if row["side"] == side]
        most = max((row["drop"] or 0.0 for row in own), default=0.0) or 1.0
        for row in own:
            share[row["factor"]] = max(share.get(row["factor"], -1e300), (row["drop"] or 0.0) / most)
    return sorted(share, key=lambda name: (-share[name], name))


def _sentence(rows: list[dict[str, Any]], side: str) -> dict[str, Any]:
    sure = [row for row in rows if row["side"] == side and row["low"] is not None and row["low"] > 0]
    if not sure:
        return {"side": side, "text": "nothing matters beyond chance."}
    named = "; ".join(
        f"{words.shorten(row['factor'], 60)} ({'together ' if row['kind'] == 'group' else ''}"
        f"{words.rough(row['drop'], 3)})"
        for row in sure[:5]
    )
    more = f" and {len(sure) - 5} more" if len(sure) > 5 else ""
    return {"side": side, "text": f"rests most on {named}{more}."}


def _chart(found: Mapping[str, Any], rows: list[dict[str, Any]], names: list[str]) -> dict[str, Any]:
    shown = names[:N_SHOWN]
    layers: list[dict[str, Any]] = [{"mark": "rule", "colour": "muted", "x": [0.0]}]
    for side, shift in (("deep", 0.13), ("shallow", -0.13)):
        own = [row for row in rows if row["side"] == side and row["factor"] in shown and row["drop"] is not None]
        if not own:
            continue
        places = [len(shown) - 1 - shown.index(row["factor"]) + shift for row in own]
        xs, ys = [], []
        for row, place in zip(own, places, strict=True):
            if row["low"] is not None:
                xs += [row["low"], row["high"], None]
                ys += [place, place, None]
        layers.append({"mark": "points", "colour": side, "label": side, "x": [row["drop"] for row in own], "y": places})
        if xs:
            layers.append({"mark": "line", "colour": side, "faint": True, "x": xs, "y": ys})
    return {
        "alt": "How much both finalists' scores drop by column, with intervals; the table holds the same.",
        "caption": "To the right: the side's score rests on it.",
        "x": {"label": f"{words.metric(found['metric'])} gets worse by"},
        "y": {"names": [words.shorten(name, 48) for name in reversed(shown)], "limits": [-0.6, len(shown) - 0.4]},
        "grid": "both",
        "layers": layers,
    }


def _table(rows: list[dict[str, Any]], names: list[str]) -> dict[str, Any]:
    by = {(row["factor"], row["side"]): row for row in rows}
    measured = list(dict.fromkeys(row["side"] for row in rows))
    made = []
    for name in names[:N_ROWS]:
        there = [by.get((name, side)) for side in measured]
        kind = next(row["kind"] for row in there if row)
        cells: list[Any] = [words.shorten(name, 60), KINDS.get(kind, kind)]
        for row in there:
            cells += [_drop(row), "" if row is None or row["rank"] is None else str(row["rank"])]
        made.append(cells)
    return {
        "label": "Drops of the score",
        "columns": [
            "what",
            "kind",
            *(title for side in measured for title in (f"{side}: drop (95 % interval)", "rank")),
        ],
        "rows": made,
        "numeric": list(range(2, 2 + 2 * len(measured))),
        "left_out": max(0, len(names) - N_ROWS),
    }


def _drop(row: dict[str, Any] | None) -> str:
    if row is None or row["drop"] is None:
        return words.NOTHING
    if row["low"] is None:
        return words.rough(row["drop"], 3)
    return f"{words.rough(row['drop'], 3)} ({words.rough(row['low'], 2)} to {words.rough(row['high'], 2)})"


IMPORTANCE = Section(
    name="importance",
    title="What matters",
    order=85,
    collect=collect,
    template="""
<p>{{ intro }}</p>
<ul>{% for one in sentences %}<li>{{ side(one.side) }} {{ one.text }}</li>{% endfor %}</ul>
{% if agreement %}<p>{{ agreement }}</p>{% endif %}
{{ figure(chart) }}
{% if left_out %}<p class="quiet">
{{- left_out | counted("more " ~ (noun or "column"), "more " ~ (nouns or "columns")) }}
{{ "was" if left_out == 1 else "were" }} not
exchanged: those that go together least with the predictions of either side.</p>{% endif %}
""",
    markdown="""{{ intro }}

{% for one in sentences %}- {{ side(one.side) }} {{ one.text }}
{% endfor %}
{{ agreement }}

{{ figure(chart) }}
""",
)
