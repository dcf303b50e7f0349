"""Analyses that apply to the contest and were not made: why, and how to have them."""

from __future__ import annotations

from typing import Any

from automl.records import Outcome, Section
from automl.report import words
from automl.system import shell

__all__ = ["LEFT_OUT"]

BUDGET = "5m"


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """Each of them with its reason, and the command that makes them."""
    if not outcome.analyses_left_out:
        return None
    folder = outcome.recipe.out
    named = shell.path(str(folder)) if folder and shell.holds(str(folder)) else "RUN"
    named_by: dict[str, list[str]] = {}
    for name, reason in outcome.analyses_left_out.items():
        named_by.setdefault(words.shorten(reason, 300), []).append(name.replace("_", " "))
    return {
        "reasons": [{"name": ", ".join(names), "reason": reason} for reason, names in named_by.items()],
        "command": f"automl analyse {named} {shell.flag('--budget', BUDGET)}",
        "is_named": named != "RUN",
    }


LEFT_OUT = Section(
    name="left_out",
    title="Analyses that were not made",
    order=89,
    collect=collect,
    group="Trade-off",
    template="""
<ul>{% for one in reasons %}<li>{{ one.name }}: {{ one.reason }}</li>{% endfor %}</ul>
<p>To add them{% if not is_named %}, with the run's folder as RUN{% endif %}:</p>
<pre tabindex="0">{{ command }}</pre>
""",
    markdown="""{% for one in reasons -%}
- {{ one.name }}: {{ one.reason }}
{% endfor %}
To add them{% if not is_named %}, with the run's folder as RUN{% endif %}:

{{ fence(command, "sh") }}""",
)
