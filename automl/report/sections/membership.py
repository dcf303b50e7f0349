"""Membership: whether predictions give away which rows a finalist learnt from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.records import Outcome, Section
from automl.report import words

__all__ = ["MEMBERSHIP"]


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """The attack by losses on both finalists, and whether models hold rows."""
    found = outcome.analyses.get("membership")
    if not found:
        return None
    return {
        "sentences": [_sentence(found, row) for row in found["rows"]],
        "holding": [_holds(row) for row in found["rows"] if row["keeps_rows"] is not None],
        "shifted": found["shifted"],
        "loss": found["loss"],
        "losses": _losses(outcome, found),
    }


def _cases(auc: float) -> str:
    return f"{100 * auc:.0f} of 100"


def _sentence(found: Mapping[str, Any], row: dict[str, Any]) -> str:
    low = row["low"]
    text = (
        f"The {row['side']} finalist: shown a row that it learnt from and a new one, an attacker who names the one "
        f"with the smaller loss is right in {_cases(row['auc'])} cases; guessing is right in 50"
    )
    if row["auc"] <= found["clean"] or low is None or low <= 0.5:
        return f"{text}. Its losses give away little or nothing."
    if row["auc"] < found["leaks"]:
        return f"{text}. Its losses give away a little."
    if found["shifted"]:
        return f"{text}. Its losses tell rows learnt from from new ones, or only their times or groups."
    return f"{text}. Its losses give away who was among the rows: do not let strangers query it with known answers."


def _holds(row: dict[str, Any]) -> str:
    if row["keeps_rows"]:
        return f"A saved model of the {row['side']} finalist holds training rows: whoever has the file has them."
    return f"A saved model of the {row['side']} finalist holds no training rows."


def _losses(outcome: Outcome, found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "label": "Telling rows learnt from from new rows by their loss",
        "columns": ["side", "model", "AUC", "95 % interval", "advantage", "loss, learnt from",
                    "loss, new", "items"],
        "rows": [
            [{"side": row["side"]}, words.model_cell(outcome.runs, row["run"]), f"{row['auc']:.3f}", _interval(row),
             f"{row['advantage']:.3f}".replace("-", "−"),
             words.rough(row["learnt_loss"]), words.rough(row["test_loss"]), row["n_items"]]
            for row in found["rows"]
        ],
        "numeric": [2, 3, 4, 5, 6, 7],
    }  # fmt: skip


def _interval(row: dict[str, Any]) -> str:
    return "not defined" if row["low"] is None else f"{row['low']:.3f} to {row['high']:.3f}"


MEMBERSHIP = Section(
    name="membership",
    title="What a model gives away",
    order=65,
    collect=collect,
    template="""
<p>Whether the loss of a row ({{ loss }}) tells that a finalist learnt from it.</p>
{{ table(losses) }}
<ul>{% for sentence in sentences + holding %}<li>{{ sentence }}</li>{% endfor %}</ul>
{% if shifted %}<p class="quiet">Test rows are of another time or other groups than those learnt from, or were given
apart. A part of the difference may come from that.</p>{% endif %}
""",
    markdown="""Whether the loss of a row ({{ loss }}) tells that a finalist learnt from it.

{{ table(losses) }}
{% for sentence in sentences + holding %}- {{ sentence }}
{% endfor %}{% if shifted %}
Test rows are of another time or other groups than those learnt from, or were given apart. A part of the difference may
come from that.
{% endif %}""",
)
