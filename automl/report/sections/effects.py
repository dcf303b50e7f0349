"""Effects: partial dependence of both finalists on the columns that matter, with curves of single rows."""

from __future__ import annotations

from typing import Any

from automl.records import Outcome, Section
from automl.report import words
from automl.report.sides import short

__all__ = ["EFFECTS"]

N_CURVES = 8


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """A picture of each column, both sides on it, and a sentence on how far they differ."""
    found = outcome.analyses.get("effects")
    if not found or not found["panels"]:
        return None
    return {
        "intro": (
            f"Mean predictions of {words.count(found['n_rows'], 'test row')} whose cell of one column is set to each "
            "value (partial dependence), and faint curves of single rows. Where those cross, the column works "
            "together with others. Values that do not occur together in the data may be among them."
        ),
        "charts": [_chart(panel) for panel in found["panels"]],
        "sentences": [text for panel in found["panels"] if (text := _sentence(panel))],
    }


def _sentence(panel: dict[str, Any]) -> str:
    """By how much the means of both sides change, and where they are furthest apart."""
    means = {side: [v for v in curve["mean"] if v is not None] for side, curve in panel["sides"].items()}
    if any(not values for values in means.values()):
        return ""
    spans = " and ".join(f"{side} by {words.rough(max(v) - min(v), 2)}" for side, v in means.items())
    name = words.shorten(panel["column"], 40)
    text = f"{name}: the mean {words.shorten(panel['answer'], 60)} changes for {spans}"
    if len(means) == 2:
        deep, shallow = (panel["sides"][side]["mean"] for side in ("deep", "shallow"))
        gaps = [abs(a - b) if a is not None and b is not None else -1.0 for a, b in zip(deep, shallow, strict=True)]
        at = gaps.index(max(gaps))
        text += f"; they are furthest apart at {words.shorten(panel['written'][at], 30)} ({words.rough(gaps[at], 2)})"
    return text + "."


def _chart(panel: dict[str, Any]) -> dict[str, Any]:
    mark = "line" if panel["numeric"] else "points"  # levels have no order that a line could follow
    layers: list[dict[str, Any]] = []
    for side, curve in panel["sides"].items():
        for values in curve["curves"][:N_CURVES]:
            layers.append({"mark": mark, "colour": side, "faint": True, "x": panel["x"], "y": short_of(values)})
    for side, curve in panel["sides"].items():
        layers.append({"mark": mark, "colour": side, "label": side, "x": panel["x"], "y": short_of(curve["mean"]),
                       "dots": True})  # fmt: skip
    names = {} if panel["numeric"] else {"names": [words.shorten(name, 18) for name in panel["written"]]}
    rows = []
    for i, value in enumerate(panel["written"]):
        cells: list[Any] = [words.shorten(value, 40)]
        for curve in panel["sides"].values():
            cells += [
                words.rough(curve["mean"][i]),
                f"{words.rough(curve['low'][i])} to {words.rough(curve['high'][i])}",
            ]
        rows.append(cells)
    titles = [title for side in panel["sides"] for title in (f"{side}: mean", f"{side}: middle 80 %")]
    return {
        "title": words.shorten(panel["column"], 60),
        "shape": "half",
        "alt": f"How predictions of both finalists change with {panel['column']}.",
        "x": {"label": words.shorten(panel["column"], 40), **names},
        "y": {"label": words.shorten(panel["answer"], 40)},
        "layers": layers,
        "table": {"columns": ["value", *titles], "rows": rows, "numeric": list(range(1, 1 + len(titles)))},
    }


def short_of(values: list[float | None]) -> list[float | None]:
    """Numbers at six digits."""
    return short([float("nan") if value is None else value for value in values])


EFFECTS = Section(
    name="effects",
    title="How predictions change",
    order=86,
    collect=collect,
    template="""
<p>{{ intro }}</p>
<ul>{% for text in sentences %}<li>{{ text }}</li>{% endfor %}</ul>
<div class="pair">{% for chart in charts %}{{ figure(chart) }}{% endfor %}</div>
""",
    markdown="""{{ intro }}

{% for text in sentences %}- {{ text }}
{% endfor %}
{% for chart in charts %}{{ figure(chart) }}
{% endfor %}""",
)
