"""Preserved: what vectors without a label keep of the inputs, for both sides and the floor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.records import Outcome, Section
from automl.report import words

__all__ = ["PRESERVED"]


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """One table, and how alike both sides are."""
    found = outcome.analyses.get("preserved")
    if not found or not found["rows"]:
        return None
    return {
        "intro": (
            f"What the vectors of {words.count(found['n'], 'test row')} keep of "
            f"{words.count(found['n_features'], 'input number')}, which are the same for both sides: how much of their "
            f"variance a linear model reads off the vectors, and how many of a row's {found['k']} nearest rows stay "
            f"near (by chance {words.percent(found['chance'])})."
        ),
        "both": _both(found),
        "scores": {
            "label": "What the vectors keep of the inputs",
            "columns": ["side", "dims", "variance explained (R²)", "neighbours kept"],
            "rows": [
                [{"side": row["side"]}, row["dims"],
                 words.NOTHING if row["explained"] is None else words.rough(row["explained"], 3),
                 words.percent(row["neighbours"])]
                for row in found["rows"]
            ],
            "numeric": [1, 2, 3],
        },
    }  # fmt: skip


def _both(found: Mapping[str, Any]) -> str:
    if found["alignment"] is None:
        return ""
    return (
        f"Between both sides {words.percent(found['shared'])} of the neighbours are the same, and the vectors' "
        f"alignment is {words.rough(found['alignment'], 2)} (1: the same but for rotation and scale)."
    )


NOTE = (
    "None of this says which vectors are better for a purpose: those that keep most of the inputs may keep noise. "
    "A label, even of a few hundred rows, would tell. The linear model is a ridge regression that training rows fit; "
    "alignment is linear centred kernel alignment (Kornblith et al. 2019)."
)

PRESERVED = Section(
    name="preserved",
    title="What the vectors keep",
    order=21,
    collect=collect,
    group="Evidence",
    template="<p>{{ intro }}</p>\n{{ table(scores) }}\n{% if both %}<p>{{ both }}</p>{% endif %}\n"
    + f'<p class="quiet">{NOTE}</p>\n',
    markdown="{{ intro }}\n\n{{ table(scores) }}\n\n{{ both }}\n\n" + NOTE,
)
