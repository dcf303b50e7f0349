"""How to run the same contest again."""

from __future__ import annotations

from typing import Any

from automl.records import Outcome, Section
from automl.report import words

__all__ = ["REPRODUCE"]

STOPPED = {
    "budget": "the end of its budget",
    "max_trials": "the number of trials",
    "exhausted": "having tried everything",
    "interrupt": "an interrupt",
}


def collect(outcome: Outcome) -> dict[str, Any]:
    """The call in its three forms, the seed, versions and the machine."""
    given = outcome.reproduce
    facts = [["seed", str(outcome.recipe.seed)], ["automl", outcome.automl_version]]
    if outcome.clock.get("started"):
        facts.append(["started", words.moment(outcome.clock["started"])])
    facts.append(["stopped by", STOPPED.get(outcome.stopped, outcome.stopped)])
    return {
        "command": words.visible(str(given.get("command") or "")),
        "python": words.visible(str(given.get("python") or "")),
        "recipe": words.visible(str(given.get("recipe") or "")),
        "facts": facts,
        "lineage": lineage(outcome),
        "versions": named("Versions", "library", "version", given.get("versions")),
        "machine": named("Machine", "part", "value", given.get("machine")),
    }


def lineage(outcome: Outcome) -> dict[str, Any] | None:
    """The contests before an update as a table, oldest first; None for a contest with a search."""
    if outcome.inherited is None or not outcome.inherited.lineage:
        return None
    rows = [
        [
            words.shorten(one.folder, 80), words.moment(one.started) if one.started else "", one.n_rows,
            one.fingerprint, one.verdict or "none", one.recommended, words.metric(one.metric),
            "" if one.score is None else words.number(one.score, 4),
            "" if one.gain is None else words.number(one.gain, 3),
        ]
        for one in outcome.inherited.lineage
    ]  # fmt: skip
    columns = ["run", "started", "rows", "data", "verdict", "recommended", "metric", "score", "gain of deep"]
    return {"label": "Earlier contests, oldest first", "columns": columns, "rows": rows, "numeric": [2, 7, 8]}


def named(label: str, name: str, value: str, given: Any) -> dict[str, Any]:
    """A mapping as a table of two columns."""
    rows = [[str(k).replace("_", " "), words.shorten(v, 160)] for k, v in (given or {}).items()]
    return {"label": label, "columns": [name, value], "rows": rows}


REPRODUCE = Section(
    name="reproduce",
    title="How to reproduce",
    order=110,
    collect=collect,
    group="Reproduce",
    template="""
<p>Under a time budget a faster or slower machine tries more or fewer settings; with the same seed, a number of trials and <code>none</code> as its budget, the same machine repeats a run exactly.</p>
{% if command %}<h3>Command line</h3><pre tabindex="0">{{ command }}</pre>{% endif %}
{% if python %}<h3>Python</h3><pre tabindex="0">{{ python }}</pre>{% endif %}
{% if recipe %}{% call more("Recipe (YAML)") %}<pre tabindex="0">{{ recipe }}</pre>{% endcall %}{% endif %}
<dl class="facts">{% for name, value in facts %}<dt>{{ name }}</dt><dd>{{ value }}</dd>{% endfor %}</dl>
{% if lineage %}<h3>Lineage</h3>{{ table(lineage) }}{% endif %}
{% if versions.rows %}{% call more("Versions") %}{{ table(versions) }}{% endcall %}{% endif %}
{% if machine.rows %}{% call more("Machine") %}{{ table(machine) }}{% endcall %}{% endif %}
""",  # noqa: E501
    markdown="""{% if command %}{{ fence(command, "sh") }}
{% endif %}{% if python %}
{{ fence(python, "python") }}
{% endif %}{% if recipe %}
{{ fence(recipe, "yaml") }}
{% endif %}
{% for name, value in facts -%}
- {{ name }}: {{ value }}
{% endfor %}{% if lineage %}{{ table(lineage) }}{% endif %}{% if versions.rows %}{{ table(versions) }}{% endif %}{% if machine.rows %}{{ table(machine) }}{% endif %}""",  # noqa: E501
)
