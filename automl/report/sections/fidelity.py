"""Fidelity: generated rows of both sides beside real ones: columns, pairs, clouds of points, and rules that hold."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from automl.records import Outcome, Section
from automl.report import words
from automl.report.likelihood import likelihood_table

__all__ = ["FIDELITY"]

LABELS = {"real": "training rows", "deep": "deep", "shallow": "shallow", "floor": "floor"}
COLOURS = {"real": "ink", "deep": "deep", "shallow": "shallow"}
N_CHARTS = 6
N_EXAMPLES = 5
N_COLUMNS = 8
YEAR_SECONDS = 31_556_952


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """Sentences, the table of distances, pictures of the columns that differ most, rules, and some rows."""
    found = outcome.analyses.get("fidelity")
    if not found or not found["rows"]:
        return None
    return {
        "n": words.count(found["n"], "held-out row"),
        "k": found["k"],
        "sentences": _sentences(found),
        "distances": _distances(found),
        "charts": [_chart(one) for one in found["columns"][:N_CHARTS]],
        "columns": _columns(found),
        "likelihood": likelihood_table(found.get("likelihood"), is_text=False),
        "given": _given(found),
        "rules": _rules(found),
        "examples": _examples(outcome),
    }


def _set(name: str) -> Any:
    return {"side": name} if name in ("deep", "shallow") else LABELS[name]


def _sentences(found: Mapping[str, Any]) -> list[dict[str, str]]:
    by = {row["set"]: row for row in found["rows"]}
    real, said = by.get("real"), []
    for side in ("deep", "shallow"):
        row = by.get(side)
        if row is None or real is None:
            continue
        covers = f"covers {words.percent(row['coverage'])} of the held-out rows (training rows: " \
                 f"{words.percent(real['coverage'])})"  # fmt: skip
        said.append({"side": side, "text": f"{covers}; columns differ by {words.rough(row['column'], 2)} in the mean, "
                     f"as real rows do by {words.rough(real['column'], 2)}."})  # fmt: skip
    return said


def _distances(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "label": "How far each set of rows is from held-out ones",
        "columns": ["rows", "coverage", "precision", "column distance, mean", "worst column", "pair distance, mean"],
        "rows": [
            [
                _set(row["set"]), words.percent(row["coverage"]), words.percent(row["precision"]),
                words.rough(row["column"], 2), words.rough(row["column_worst"], 2),
                words.NOTHING if row["pair"] is None else words.rough(row["pair"], 2),
            ]
            for row in found["rows"]
        ],
        "numeric": [1, 2, 3, 4, 5],
    }  # fmt: skip


def _chart(one: Mapping[str, Any]) -> dict[str, Any]:
    """Shares of bins or levels of one column."""
    bins = one["bins"]
    sets = [name for name in COLOURS if name in bins]
    title = words.shorten(one["column"], 40)
    if "labels" in bins:
        names = [words.shorten(label, 18) for label in bins["labels"]]
        places = list(range(len(names)))
        layers = [
            {"mark": "points", "colour": COLOURS[s], "label": _label(s), "x": places, "y": bins[s]} for s in sets
        ]  # fmt: skip
        x: dict[str, Any] = {"names": names, "limits": [-0.5, len(names) - 0.5]}
        first = bins["labels"]
    else:
        edges = bins["edges"]
        middles = [(a + b) / 2 for a, b in itertools.pairwise(edges)] or [0.0]
        layers = [
            {"mark": "line", "colour": COLOURS[s], "label": _label(s), "x": middles, "y": bins[s][: len(middles)]}
            for s in sets
        ]
        said = _date if one["is_date"] else partial(words.rough, digits=3)
        x = {"label": f"{title}, years" if one["is_date"] else title}
        if one["is_date"]:
            middles = [1970.0 + middle / YEAR_SECONDS for middle in middles]
            layers = [{**layer, "x": middles} for layer in layers]
        first = [f"{said(a)} to {said(b)}" for a, b in itertools.pairwise(edges)]
    return {
        "title": title,
        "shape": "half",
        "grid": "y",
        "alt": f"Shares of values of {title} among real and generated rows; the table holds the same.",
        "x": x,
        "y": {"label": "share of the rows", "percent": True},
        "layers": layers,
        "table": {
            "columns": ["value", *(_label(s) for s in sets)],
            "rows": [
                [words.shorten(value, 40), *(words.percent(bins[s][k]) for s in sets)] for k, value in enumerate(first)
            ],
            "numeric": list(range(1, 1 + len(sets))),
        },
    }


def _date(seconds: float) -> str:
    """The day, or the time of a short range, of seconds since 1970."""
    return str(np.datetime64(round(seconds), "s")).replace("T", " ").removesuffix(" 00:00:00")


def _cell(value: Any) -> str:
    """A cell of a generated row."""
    from pandas import isna

    if isna(value):
        return words.NOTHING
    return words.shorten(f"{value:.6g}" if isinstance(value, float) else value, 30)


def _label(name: str) -> str:
    return "held-out rows" if name == "real" else name


def _columns(found: Mapping[str, Any]) -> dict[str, Any]:
    sets = [row["set"] for row in found["rows"]]
    return {
        "label": "The columns that differ most",
        "columns": ["column", *(LABELS[s] for s in sets)],
        "rows": [
            [words.shorten(one["column"], 60), *(words.rough(one[s], 2) for s in sets)] for one in found["columns"]
        ],
        "numeric": list(range(1, 1 + len(sets))),
    }


def _rules(found: Mapping[str, Any]) -> dict[str, Any] | None:
    if not found["rules"]:
        return None
    sets = [s for s in ("deep", "shallow", "floor") if s in found["rules"][0]]
    return {
        "label": "Rules that hold in all training rows, and how many rows break them",
        "columns": ["rule", "held-out rows", *(LABELS[s] for s in sets)],
        "rows": [
            [words.shorten(one["rule"], 80), words.percent(one["real"]), *(words.percent(one[s]) for s in sets)]
            for one in found["rules"]
        ],
        "numeric": list(range(1, 2 + len(sets))),
    }


def _given(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """How rows given each value of the condition are: shares, whether they look so, and whether they are told apart."""
    told = found.get("given")
    if not told:
        return None
    sets = [s for s in ("deep", "shallow", "floor") if s in told["rows"][0]["told_apart"]]
    return {
        "label": f"Rows given each value of {words.shorten(told['column'], 40)}",
        "columns": [
            "value", "share, held out", *(f"share, {s}" for s in sets), "looks like it, held out",
            *(f"looks like it, {s}" for s in sets), *(f"told apart, {s}" for s in sets),
        ],
        "rows": [
            [
                words.shorten(one["value"] or words.NOTHING, 40),
                *(words.percent(one["share"][s]) for s in ("held_out", *sets)),
                *(_or_nothing(one["looks"][s], words.percent) for s in ("held_out", *sets)),
                *(_or_nothing(one["told_apart"][s], "{:.3f}".format) for s in sets),
            ]
            for one in told["rows"]
        ],
        "numeric": list(range(1, 3 + 3 * len(sets))),
    }  # fmt: skip


def _or_nothing(value: float | None, said: Callable[[float], str]) -> str:
    return words.NOTHING if value is None else said(value)


def _examples(outcome: Outcome) -> list[dict[str, Any]]:
    """The first generated rows of each side. They are nobody's; rows of the data are not shown beside them."""
    from automl import goals

    made = []
    for one in outcome.contestants:
        if one.side == "floor" or "samples" not in one.output.arrays:
            continue
        frame = goals.named(outcome.task).to_frame(one.output.arrays, outcome.task).head(N_EXAMPLES)
        names = list(frame.columns[:N_COLUMNS])
        more = frame.shape[1] - len(names)
        made.append(
            {
                "label": f"Rows of the {one.side} generator" + (f" ({more} more columns)" if more else ""),
                "columns": [words.shorten(name, 30) for name in names],
                "rows": [
                    [_cell(value) for value in row] for row in frame[names].astype(object).itertuples(index=False)
                ],
            }
        )
    return made


FIDELITY = Section(
    name="fidelity",
    title="Generated rows beside real ones",
    order=13,
    collect=collect,
    group="Evidence",
    template="""
<p>Rows of each generator are held against {{ n }}. Training rows in place of generated ones say what chance does.</p>
<ul>{% for one in sentences %}<li>{{ side(one.side) }} {{ one.text }}</li>{% endfor %}</ul>
{{ table(distances) }}
<p class="quiet">Coverage: share of held-out rows with a generated one among what lies nearer than their {{ k }} nearest
held-out rows. Precision: share of generated rows that lie so near to a held-out one. Distances: Kolmogorov–Smirnov of
numbers, total variation of levels and of pairs in ten bins each. They are shown and decide nothing: generators whose
columns and pairs look right may still be told apart.</p>
{% if likelihood %}{{ table(likelihood) }}
<p class="quiet">More bits are better; independent columns have 0. Numbers count by their ranks, levels by their
shares, drawn within values that many rows share. So generators of these rows compare with each other, and with those of
no other table. A bound says that the true figure may be higher.</p>{% endif %}
<div class="pair">{% for chart in charts %}{{ figure(chart) }}{% endfor %}</div>
{% if given %}{{ table(given) }}
<p class="quiet">A model of training rows says by the other columns which value a row looks like. Told apart: AUC of a
boosted classifier among rows of the value; 0.5 is a guess.</p>{% endif %}
{% if rules %}{{ table(rules) }}{% endif %}
{% call more("The columns that differ most") %}{{ table(columns) }}{% endcall %}
{% for one in examples %}<h3>{{ one.label }}</h3>{{ table(one) }}{% endfor %}
""",
    markdown="""Rows of each generator are held against {{ n }}. Training rows in place of generated ones say what chance does.

{% for one in sentences %}- {{ side(one.side) }}: {{ one.text }}
{% endfor %}
{{ table(distances) }}

{% for chart in charts %}{{ figure(chart) }}
{% endfor %}
{% if likelihood %}{{ table(likelihood) }}

{% endif %}{% if given %}{{ table(given) }}

{% endif %}{% if rules %}{{ table(rules) }}
{% endif %}
{{ table(columns) }}

{% for one in examples %}**{{ one.label }}**

{{ table(one) }}

{% endfor %}""",  # noqa: E501
)
