"""Analyses that apply to the contest and were not made: why, and how to have them."""

from __future__ import annotations

from typing import Any

from automl.records import Outcome, Section
from automl.report import words
from automl.system import shell

__all__ = ["LEFT_OUT"]

BUDGET = "5m"
KEPT = "run"
"""How a folder may be named where the run's own was not kept."""


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """Each of them with its reason, and the command that makes them."""
    if not outcome.analyses_left_out:
        return None
    folder = outcome.folder
    named = shell.path(folder or KEPT) if shell.holds(folder) else "RUN"
    named_by: dict[str, list[str]] = {}
    for name, reason in outcome.analyses_left_out.items():
        named_by.setdefault(words.shorten(reason, 300), []).append(name.replace("_", " "))
    return {
        "reasons": [{"name": ", ".join(names), "reason": reason} for reason, names in named_by.items()],
        "command": f"automl analyse {named} {shell.flag('--budget', BUDGET)}",
        "is_named": named != "RUN",
        "is_kept": bool(folder),
    }


LEFT_OUT = Section(
    name="left_out",
    title="Analyses that were not made",
    order=89,
    collect=collect,
    group="Trade-off",
    template="""
<ul>{% for one in reasons %}<li>{{ one.name }}: {{ one.reason }}</li>{% endfor %}</ul>
<p>{% if is_kept is defined and not is_kept %}This run's folder was not kept. To have them, run the contest again with
a folder (<code>out="run"</code>), and then:{% else %}To add them
{%- if not is_named %}, with the run's folder as RUN{% endif %}:{% endif %}</p>
<pre tabindex="0">{{ command }}</pre>
""",
    markdown="""{% for one in reasons -%}
- {{ one.name }}: {{ one.reason }}
{% endfor %}
{% if is_kept is defined and not is_kept %}This run's folder was not kept. To have them, run the contest again with
a folder (`out="run"`), and then:{% else %}To add them
{%- if not is_named %}, with the run's folder as RUN{% endif %}:{% endif %}

{{ fence(command, "sh") }}""",
)
