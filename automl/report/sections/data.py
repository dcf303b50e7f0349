"""How the data was read: the task and its evidence, the split, the columns, and the findings."""

from __future__ import annotations

from collections import Counter
from typing import Any

from automl.records import Finding, Outcome, Section
from automl.report import words
from automl.report.findings import gravest_first, interface_of, next_step_text, row_numbers_text
from automl.system.advice import Interface
from automl.system.counts import noun

__all__ = ["DATA"]

N_COLUMNS = 400
N_NAMES = 12
N_OPEN = 8


def collect(outcome: Outcome) -> dict[str, Any]:
    """Evidence, split, columns and findings."""
    task, split = outcome.task, outcome.split
    parts = [("train", split.train), ("valid", split.valid), ("test", split.test)]
    total = sum(len(rows) for _, rows in parts) or 1
    interface = interface_of(outcome.recipe)
    findings = [finding(one, interface) for one in gravest_first(outcome.findings)]
    grave = [one for one in findings if one["severity"] != "low"]
    kinds = Counter(column.kind for column in task.columns)
    return {
        "evidence": [words.sentence(text) for text in task.evidence],
        "modality": task.modality,
        "rule": words.unbroken(words.sentence(split.rule)),
        "seed": split.seed,
        "units": split.units,
        "parts": [{"part": name, "n": len(rows), "share": len(rows) / total} for name, rows in parts],
        "windows": windows(outcome),
        "classes": [words.shorten(name, 40) for name in task.classes],
        "n_columns": len(task.columns),
        "kinds": ", ".join(f"{number} {kind}" for kind, number in kinds.most_common()),
        "columns": {
            "label": "Columns",
            "columns": ["column", "kind", "sure", "why"],
            "rows": [
                [words.shorten(c.name, 60), c.kind, words.percent(c.confidence), words.shorten(c.evidence, 240)]
                for c in task.columns[:N_COLUMNS]
            ],
            "numeric": [2],
            "left_out": max(0, len(task.columns) - N_COLUMNS),
        },
        "findings": grave[:N_OPEN],
        "folded": [
            {"summary": words.count(len(some), what, many), "findings": some}
            for what, many, some in (
                ("further finding", "further findings", grave[N_OPEN:]),
                ("note", "notes", [one for one in findings if one["severity"] == "low"]),
            )
            if some
        ],
    }


def windows(outcome: Outcome) -> str:
    """How many forecast windows there are, in words."""
    valid, test = outcome.split.valid_windows, outcome.split.test_windows
    if valid is None or test is None:
        return ""
    return (
        f"{words.count(len(valid), 'window')} to validate and {len(test)} to test, each of "
        f"{words.count(outcome.task.horizon or 0, 'step')}"
    )


def finding(one: Finding, interface: Interface = "shell") -> dict[str, Any]:
    """A finding in words, with its rows, and with its columns if its message does not name all of them."""
    names = [words.shorten(name, 40) for name in one.columns[:N_NAMES]]
    rest = len(one.columns) - len(names)
    listed = f"{noun(len(one.columns), 'Column')} {', '.join(names)}" + (f" and {rest:,} more" if rest else "")
    is_new = any(name not in one.message for name in one.columns)
    return {
        "check": one.check,
        "severity": one.severity,
        "message": words.shorten(one.message, 600),
        "next_step": words.shorten(next_step_text(one, interface), 600),
        "where": ". ".join(part for part in (listed if is_new else "", row_numbers_text(one)) if part),
    }


DATA = Section(
    name="data",
    title="How the data was read",
    order=20,
    collect=collect,
    group="Data",
    template="""
{% if evidence %}<ul>{% for sentence in evidence %}<li>{{ sentence }}</li>{% endfor %}</ul>{% endif %}
<h3>Split</h3>
<div class="parts" aria-hidden="true">
  {% for part in parts %}<i class="{{ part.part }}" style="flex: {{ "%.4f" | format(part.share) }}"></i>{% endfor %}</div>
<p>
  {% for part in parts %}{{ part.part }} {{ part.n | number }} ({{ part.share | percent }}){{ ", " if not loop.last }}{% endfor %}{% if windows %}; {{ windows }}{% endif %}.
{{ rule }} Seed {{ seed }}.</p>
<h3>Findings</h3>
{% macro listed(some) %}<ul class="findings">{% for one in some %}
  <li><span class="severity {{ one.severity }}">{{ one.severity }}</span><div>
  <p>{{ one.message }}</p>
  {% if one.next_step %}<p class="quiet">{{ one.next_step }}</p>{% endif %}
  {% if one.where %}<p class="quiet">{{ one.where }}</p>{% endif %}</div></li>{% endfor %}</ul>{% endmacro %}
{% if findings %}{{ listed(findings) }}{% else %}<p>Nothing grave was found in the data.</p>{% endif %}
{% for part in folded %}{% call more(part.summary) %}{{ listed(part.findings) }}{% endcall %}{% endfor %}
{% if classes %}{% call more("%d class labels" % (classes | length)) %}<p>{{ classes | join(" · ") }}</p>
  {% endcall %}{% endif %}
{% if n_columns %}{% call more("%d input column%s: %s" % (n_columns, "" if n_columns == 1 else "s", kinds)) %}{{ table(columns, "columns") }}{% endcall %}{% endif %}
""",  # noqa: E501
    markdown="""{% for sentence in evidence -%}
- {{ sentence }}
{% endfor %}
Split: {% for part in parts %}{{ part.part }} {{ part.n | number }} ({{ part.share | percent }}){{ ", " if not loop.last }}{% endfor %}{% if windows %}; {{ windows }}{% endif %}. {{ rule }} Seed {{ seed }}.

{% for one in findings -%}
- **{{ one.severity }}** {{ one.message }} {{ one.next_step }}{% if one.where %} ({{ one.where }}){% endif %}

{% else -%}
Nothing grave was found in the data.
{% endfor -%}
{% for part in folded %}{% for one in part.findings -%}
- {{ one.severity }}: {{ one.message }} {{ one.next_step }}{% if one.where %} ({{ one.where }}){% endif %}

{% endfor %}{% endfor -%}
{% if classes %}
Class labels: {{ classes | join(" · ") }}
{% endif -%}
{% if n_columns %}
Input columns ({{ kinds }}):
{{ table(columns) }}{% endif %}""",  # noqa: E501
)
