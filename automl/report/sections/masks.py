"""Masks: scores of each class, how much of small and large objects is found, and claimed against observed pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.metrics.figures import figure
from automl.records import Outcome, Section
from automl.report import sides, words

__all__ = ["MASKS"]

FRAME = {"shape": "half", "grid": "both"}
SHARES = {"percent": True, "limits": [-0.02, 1.02]}


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """Tables of classes and sizes, and the diagram of pixels."""
    found = outcome.analyses.get("masks")
    if not found or not found["rows"]:
        return None
    level = words.percent(found["level"])
    background = found["background"]
    return {
        "intro": f"Scores of each class on {found['n_items']} test pictures"
        + (f"; the background, value {background}, is not scored. " if background is not None else ". ")
        + "Dice and boundary F1 are means over the pictures that show the class, or in which it was predicted; "
        f"IoU takes the pixels of all pictures together. Intervals ({level}) draw whole pictures: pixels of one are "
        "not independent.",
        "classes": _class_table(found["rows"], level),
        "sizes": _size_table(found["sizes"], level) if found["sizes"] else None,
        "errors": " and ".join(
            f"{words.percent(one['error'])} for the {one['side']} finalist" for one in found["calibration"]
        ),
        "chart": _chart(found["calibration"]),
    }


def _class_table(rows: Sequence[Mapping[str, Any]], level: str) -> dict[str, Any]:
    ordered = sorted(rows, key=lambda row: str(row["class"]))
    return {
        "label": "Scores of each class",
        "columns": ["class", "side", "Dice", f"{level} interval", "IoU", "boundary F1", "pictures", "of all pixels"],
        "rows": [
            [
                words.shorten(str(row["class"]), 40), {"side": row["side"]}, _score(row["dice"]), _interval(row),
                _score(row["iou"]), _score(row["boundary_f1"]), row["n_pictures"], words.percent(row["share"]),
            ]
            for row in ordered
        ],
        "numeric": [2, 3, 4, 5, 6, 7],
    }  # fmt: skip


def _size_table(rows: Sequence[Mapping[str, Any]], level: str) -> dict[str, Any]:
    return {
        "label": "Objects found, by size",
        "columns": ["objects", "pixels", "number", "side", "found", f"{level} interval", "pixels covered"],
        "rows": [
            [
                row["size"], f"{row['from']:,} to {row['to']:,}", row["n_objects"], {"side": row["side"]},
                words.percent(row["found"]),
                "not defined" if row["low"] is None else f"{words.percent(row['low'])} to {words.percent(row['high'])}",
                words.percent(row["covered"]),
            ]
            for row in rows
        ],
        "numeric": [1, 2, 4, 5, 6],
    }  # fmt: skip


def _score(value: float | None) -> str:
    return "not defined" if value is None else figure(value)


def _interval(row: Mapping[str, Any]) -> str:
    return "not defined" if row["low"] is None else f"{figure(row['low'])} to {figure(row['high'])}"


def _chart(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    layers: list[dict[str, Any]] = [{"mark": "diagonal", "colour": "muted"}]
    for one in found:
        layers.append(
            {
                "mark": "line", "colour": one["side"], "label": one["side"], "dots": True,
                "x": sides.short([b["claimed"] for b in one["bins"]]),
                "y": sides.short([b["came_true"] for b in one["bins"]]),
            }
        )  # fmt: skip
    return {
        **FRAME,
        "alt": "Reliability of pixels: how often the likeliest class of a pixel is the true one, against its "
        "probability; "
        "the dotted diagonal is perfect.",
        "caption": "On the dotted line, the likeliest class of a pixel is the true one as often as claimed; below it a "
        "model "
        "is too sure of itself.",
        "x": {"label": "claimed probability", **SHARES},
        "y": {"label": "came true", **SHARES},
        "layers": layers,
        "table": {
            "columns": ["side", "claimed from", "to", "mean claim", "came true", "pixels"],
            "rows": [
                [
                    one["side"],
                    *(words.percent(b[key]) for key in ("low", "high", "claimed", "came_true")),
                    b["n_pixels"],
                ]
                for one in found
                for b in one["bins"]
            ],
            "numeric": [1, 2, 3, 4, 5],
        },
    }


MASKS = Section(
    name="masks",
    title="Classes, sizes and pixels",
    order=58,
    collect=collect,
    group="Evidence",
    template="""
<p>{{ intro }}</p>
{{ table(classes) }}
{% if sizes %}<h3>Objects by size</h3>
<p>An object is what hangs together of one class in the true mask; it counts as found where half of its pixels or more have its class.</p>
{{ table(sizes) }}{% endif %}
<h3>Probabilities of pixels</h3>
<p>Expected calibration error of the likeliest class: {{ errors }} (0 is perfect).</p>
{{ figure(chart) }}
""",  # noqa: E501
    markdown="""{{ intro }}

{{ table(classes) }}
{% if sizes %}
Objects by size; one counts as found where half of its pixels or more have its class.

{{ table(sizes) }}
{% endif %}
Expected calibration error of the likeliest class of a pixel: {{ errors }}.

{{ figure(chart) }}
""",
)
