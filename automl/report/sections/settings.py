"""The finalists' hyperparameters."""

from __future__ import annotations

import json
from typing import Any

from automl.records import Outcome, Run, Section
from automl.report import sides, words

__all__ = ["SETTINGS"]


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """Each finalist's settings, name and value."""
    entries = [entry(run) for run, _ in sides.finalists(outcome)]
    return {"finalists": entries} if entries else None


def entry(run: Run) -> dict[str, Any]:
    """A finalist with its settings."""
    return {
        "run": run.name,
        "side": run.side,
        "family": words.title(run),
        "learnt": sides.learnt(run),
        "settings": {
            "label": f"Hyperparameters of {run.name}",
            "columns": ["setting", "value"],
            "rows": [[str(name), written(value)] for name, value in run.choices.items()],
        },
    }


def written(value: Any) -> str:
    """A setting's value as one would type it."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, str):
        return words.shorten(value, 120)
    return words.shorten(json.dumps(words.plain(value), ensure_ascii=False), 200)


SETTINGS = Section(
    name="settings",
    title="Best hyperparameters",
    order=100,
    collect=collect,
    group="Search",
    template="""
<div class="pair">{% for one in finalists %}<div><h3>{{ side(one.side) }} {{ one.family }} {{ small(one.run) }}</h3>
  {% if one.learnt %}<p class="quiet">{{ one.learnt }}</p>{% endif %}
{% if one.settings.rows %}{{ table(one.settings) }}{% else %}<p>Its defaults.</p>{% endif %}</div>
  {% endfor %}</div>
""",
    markdown="""{% for one in finalists -%}
**{{ one.side }}, {{ one.run }}** ({{ one.family }}{{ ", " ~ one.learnt if one.learnt }})
{% if one.settings.rows %}{{ table(one.settings) }}{% else %}
Its defaults.
{% endif %}
{% endfor %}""",
)
