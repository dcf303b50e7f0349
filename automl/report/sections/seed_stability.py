"""Seed stability: how alike the vectors of two fits of each side are."""

from __future__ import annotations

from typing import Any

from automl.records import Outcome, Section
from automl.report import words

__all__ = ["SEED_STABILITY"]


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """One row a side."""
    found = outcome.analyses.get("seed_stability")
    if not found or not found["rows"]:
        return None
    return {
        "intro": (
            "Each finalist was fitted once more with another seed. So alike are the vectors of the same "
            f"{words.count(found['n'], 'test row')}: by the share of each row's {found['k']} nearest rows that both "
            "fits have in common, and by linear centred kernel alignment (1: the same but for rotation and scale)."
        ),
        "scores": {
            "label": "Two fits of each side",
            "columns": ["side", "neighbours in common", "alignment"],
            "rows": [
                [{"side": row["side"]}, words.percent(row["neighbours"]), words.rough(row["alignment"], 3)]
                for row in found["rows"]
            ],
            "numeric": [1, 2],
        },
    }


SEED_STABILITY = Section(
    name="seed_stability",
    title="Two seeds of each side",
    order=23,
    collect=collect,
    group="Evidence",
    template="<p>{{ intro }}</p>\n{{ table(scores) }}\n",
    markdown="{{ intro }}\n\n{{ table(scores) }}",
)
