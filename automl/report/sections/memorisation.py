"""Memorisation: whether generated rows repeat rows that were learnt from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.records import Outcome, Section
from automl.report import words

__all__ = ["MEMORISATION"]

LEAKS = 0.55
"""ROC AUC of the attack from which on, if the interval excludes one half, more than a little is given away."""


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """A sentence for each side, and the table."""
    found = outcome.analyses.get("memorisation")
    if not found or not found["rows"]:
        return None
    return {
        "limit": words.percent(found["limit"]),
        "n_learnt": words.count(found["n_learnt"], "row"),
        "n_held": words.count(found["n_held"], "held-out row"),
        "sentences": [_sentence(row, found["limit"]) for row in found["rows"] if row["side"] != "floor"],
        "shares": _table(found),
    }


def _sentence(row: Mapping[str, Any], limit: float) -> dict[str, str]:
    said = [f"{words.percent(row['memorised'])} of its rows repeat rows that it learnt from"]
    if row["memorised_low"] > limit:
        said.append("more than may be recommended")
    if row["attack"] is not None:
        is_sure = row["attack_low"] > 0.5
        much = "gives away who was learnt from" if row["attack"] >= LEAKS else "gives away a little"
        said.append(f"an attack by density {much if is_sure else 'tells nothing'} (AUC {row['attack']:.3f})")
    return {"side": row["side"], "text": "; ".join(said) + "."}


def _table(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "label": "What generated rows give away",
        "columns": ["side", "memorised", "95 % interval", "exact copies", "held-out rows with a copy", "attack, AUC",
                    "95 % interval"],
        "rows": [
            [
                "floor" if row["side"] == "floor" else {"side": row["side"]}, words.percent(row["memorised"]),
                f"{words.percent(row['memorised_low'])} to {words.percent(row['memorised_high'])}",
                words.percent(row["copies"]), words.percent(row["repeated"]),
                words.NOTHING if row["attack"] is None else f"{row['attack']:.3f}",
                words.NOTHING if row["attack"] is None else f"{row['attack_low']:.3f} to {row['attack_high']:.3f}",
            ]
            for row in found["rows"]
        ],
        "numeric": [1, 2, 3, 4, 5, 6],
    }  # fmt: skip


MEMORISATION = Section(
    name="memorisation",
    title="What generated rows give away",
    order=16,
    collect=collect,
    group="Evidence",
    template="""
<p>Generated rows are held against {{ n_learnt }} that were learnt from and {{ n_held }}. A generator whose memorised
share is above {{ limit }} is not recommended.</p>
<ul>{% for one in sentences %}<li>{{ side(one.side) }} {{ one.text }}</li>{% endfor %}</ul>
{{ table(shares) }}
<p class="quiet">Memorised: share of generated rows that lie nearer to a row learnt from than to a held-out one, beyond
what chance would have (0: none, 100 %: a copier). Copies of rows that come back in the data are no leak: held-out rows
have copies among the rows learnt from, too. The attack guesses from the density of generated rows, held against that of
real ones, who was learnt from; 0.5 is a guess. A small distance alone proves no leak, and a large one no privacy.</p>
""",
    markdown="""Generated rows are held against {{ n_learnt }} that were learnt from and {{ n_held }}. A generator whose
memorised share is above {{ limit }} is not recommended.

{% for one in sentences %}- {{ side(one.side) }}: {{ one.text }}
{% endfor %}
{{ table(shares) }}
""",
)
