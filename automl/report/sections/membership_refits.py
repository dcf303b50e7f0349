"""Membership with refits: what an attacker learns who fits the same settings with each row and without it."""

from __future__ import annotations

from typing import Any

from automl.records import Outcome, Section

__all__ = ["MEMBERSHIP_REFITS"]


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """The table of both sides, and a sentence for each."""
    found = outcome.analyses.get("membership_refits")
    if not found:
        return None
    return {
        "n_fits": found["n_fits"],
        "sentences": [
            f"The {row['side']} side: right in {100 * row['auc']:.0f} of 100 cases; guessing is right in 50."
            for row in found["rows"]
        ],
        "attacks": {
            "label": "Telling rows learnt from by fits with and without them",
            "columns": ["side", "AUC of the likelihood ratio", "95 % interval", "AUC of the loss alone"],
            "rows": [
                [{"side": row["side"]}, f"{row['auc']:.3f}", _interval(row), f"{row['plain_auc']:.3f}"]
                for row in found["rows"]
            ],
            "numeric": [1, 2, 3],
        },
    }


def _interval(row: dict[str, Any]) -> str:
    return "not defined" if row["low"] is None else f"{row['low']:.3f} to {row['high']:.3f}"


MEMBERSHIP_REFITS = Section(
    name="membership_refits",
    title="What a stronger attacker learns",
    order=66,
    collect=collect,
    template="""
<p>An attacker who knows the settings fits them on data of the same kind: {{ n_fits }} fits on random halves of the
rows learnt from, each attacked by what the others say of every row.</p>
{{ table(attacks) }}
<ul>{% for sentence in sentences %}<li>{{ sentence }}</li>{% endfor %}</ul>
""",
    markdown="""An attacker who knows the settings fits them on data of the same kind: {{ n_fits }} fits on random
halves of the rows learnt from, each attacked by what the others say of every row.

{{ table(attacks) }}
{% for sentence in sentences %}- {{ sentence }}
{% endfor %}""",
)
