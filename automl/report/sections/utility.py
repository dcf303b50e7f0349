"""Utility: models that learnt from generated rows predict real ones."""

from __future__ import annotations

from typing import Any

from automl.records import Outcome, Section
from automl.report import words

__all__ = ["UTILITY"]


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """A sentence for each side, and the table."""
    found = outcome.analyses.get("utility")
    if not found or not found["rows"]:
        return None
    metric = words.metric(found["metric"])
    by = {row["side"]: row for row in found["rows"]}
    real = by.get("real")
    return {
        "label": words.shorten(found["label"], 60),
        "metric": metric,
        "learner": "A linear model of their features" if found.get("learner") == "linear" else "A boosted model",
        "n_learnt": words.count(found["n_learnt"], "row"),
        "n_held": words.count(found["n_held"], "held-out row"),
        "sentences": [_sentence(by[side], real, metric) for side in ("deep", "shallow") if side in by],
        "scores": {
            "label": f"Predicting {words.shorten(found['label'], 60)}",
            "columns": ["learnt from", metric, "95 % interval"],
            "rows": [
                [
                    {"side": row["side"]} if row["side"] in by and row["side"] not in ("real", "floor")
                    else {"real": "real rows", "floor": "the floor's rows"}[row["side"]],
                    "nothing learnt" if row["score"] is None else words.score(row["score"]),
                    words.NOTHING if row["low"] is None else " to ".join(words.scores(row["low"], row["high"])),
                ]
                for row in found["rows"]
            ],
            "numeric": [1, 2],
        },
    }  # fmt: skip


def _sentence(row: dict[str, Any], real: dict[str, Any] | None, metric: str) -> dict[str, str]:
    if row["score"] is None:
        return {"side": row["side"], "text": "its rows hold nothing to learn from."}
    if real is None or real["score"] is None:
        return {"side": row["side"], "text": f"{metric} {words.score(row['score'])}."}
    lost = real["score"] - row["score"]
    said = (
        "as good as from real rows"
        if row["high"] >= real["score"]
        else f"{words.rough(lost, 2)} less than from real rows"
    )
    return {"side": row["side"], "text": f"{metric} {words.score(row['score'])}: {said}."}


UTILITY = Section(
    name="utility",
    title="What models learn from generated rows",
    order=14,
    collect=collect,
    group="Evidence",
    template="""
<p>{{ learner }} learns from {{ n_learnt }} to predict {{ label }}, and is scored on {{ n_held }}.</p>
<ul>{% for one in sentences %}<li>{{ side(one.side) }} {{ one.text }}</li>{% endfor %}</ul>
{{ table(scores) }}
""",
    markdown="""{{ learner }} learns from {{ n_learnt }} to predict {{ label }}, and is scored on {{ n_held }}.

{% for one in sentences %}- {{ side(one.side) }}: {{ one.text }}
{% endfor %}
{{ table(scores) }}
""",
)
