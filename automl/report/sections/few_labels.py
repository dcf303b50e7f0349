"""Few labels: probes on both representations against the number of labelled rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.records import Outcome, Section
from automl.report import words

__all__ = ["FEW_LABELS"]

PROBES = {"linear": "linear probe", "neighbours": "nearest neighbours"}
COLOURS = {"deep": "deep", "shallow": "shallow", "floor": "muted"}


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """A picture for each probe and one table."""
    found = outcome.analyses.get("few_labels")
    if not found:
        return None
    return {
        "sentence": _sentence(found),
        "metric": words.metric(found["metric"]),
        "charts": [_chart(found, probe) for probe in PROBES],
        "scores": _table(found),
    }


def _sentence(found: Mapping[str, Any]) -> str:
    """Which side leads with how many labels, by the linear probe, beyond the draws."""
    sign = 1.0 if found["higher_is_better"] else -1.0
    said = []
    own = {(row["side"], row["n_labels"]): row for row in found["rows"] if row["probe"] == "linear"}
    for n in sorted({n for _, n in own}):
        deep, shallow = own.get(("deep", n)), own.get(("shallow", n))
        if deep is None or shallow is None or deep["low"] is None or shallow["low"] is None:
            continue
        better, other = (deep, shallow) if sign * (deep["score"] - shallow["score"]) > 0 else (shallow, deep)
        apart = better["low"] > other["high"] if sign > 0 else better["high"] < other["low"]
        said.append(f"with {words.count(n, 'label')} {better['side'] if apart else 'neither'}")
    return f"Ahead by more than the draws differ: {', '.join(said)}." if said else ""


def _chart(found: Mapping[str, Any], probe: str) -> dict[str, Any]:
    layers: list[dict[str, Any]] = []
    rows = [row for row in found["rows"] if row["probe"] == probe]
    for side, colour in COLOURS.items():
        own = [row for row in rows if row["side"] == side]
        if not own:
            continue
        x = [row["n_labels"] for row in own]
        low = [row["score"] if row["low"] is None else row["low"] for row in own]
        high = [row["score"] if row["high"] is None else row["high"] for row in own]
        layers.append({"mark": "band", "colour": colour, "x": x, "low": low, "high": high})
        layers.append({"mark": "line", "colour": colour, "label": side, "dots": True, "x": x,
                       "y": [row["score"] for row in own]})  # fmt: skip
    metric = words.metric(found["metric"])
    return {
        "title": f"{PROBES[probe].capitalize()}",
        "shape": "half",
        "alt": f"{metric} of a {PROBES[probe]} on both representations against the number of labelled rows.",
        "caption": f"Bands: {words.percent(found['level'])} intervals over draws of labelled rows; "
        f"{words.direction(found['higher_is_better'])}.",
        "x": {"label": "labelled rows", "log_ticks": sorted({row["n_labels"] for row in rows})},
        "y": {"label": metric},
        "layers": layers,
        "table": _table(found, probe),
    }


def _table(found: Mapping[str, Any], probe: str | None = None) -> dict[str, Any]:
    rows = [row for row in found["rows"] if probe in (None, row["probe"])]
    return {
        "label": "Scores by number of labels",
        "columns": ["side", "probe", "labels", "draws", words.metric(found["metric"]),
                    f"{words.percent(found['level'])} interval"],
        "rows": [
            [
                "floor" if row["side"] == "floor" else {"side": row["side"]}, PROBES[row["probe"]], row["n_labels"],
                row["draws"], words.score(row["score"]),
                "one draw" if row["low"] is None else " to ".join(words.scores(row["low"], row["high"])),
            ]
            for row in rows
        ],
        "numeric": [2, 3, 4, 5],
    }  # fmt: skip


FEW_LABELS = Section(
    name="few_labels",
    title="How many labels it takes",
    order=12,
    collect=collect,
    group="Evidence",
    template="""
<p>Both representations stay as they are; a linear model and nearest neighbours learn from a few labelled rows and predict the test rows. {{ sentence }}</p>
<div class="pair">{% for chart in charts %}{{ figure(chart) }}{% endfor %}</div>
{{ table(scores) }}
""",  # noqa: E501
    markdown="""Both representations stay as they are; a linear model and nearest neighbours learn from a few labelled rows and predict the test rows. {{ sentence }}

{% for chart in charts %}{{ figure(chart) }}
{% endfor %}""",  # noqa: E501
)
