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
        "profile": profile(outcome),
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


def profile(outcome: Outcome) -> dict[str, Any] | None:
    """Each column's missing values, levels and shape, and its importance where that was measured."""
    found = outcome.analyses.get("profile")
    if not found:
        return None
    importance = importances(outcome)
    sides = [side for side in ("deep", "shallow") if any(side in one for one in importance.values())]
    rows = []
    for row in found["rows"]:
        own = importance.get(row["column"], {})
        rows.append(
            {
                "column": words.shorten(row["column"], 60), "kind": row["kind"],
                "missing": words.percent(row["missing"]),
                "levels": words.NOTHING if row["levels"] is None else words.number(row["levels"]),
                "range": spread(row), "of": row["spread_of"], "shape": found["shapes"].get(row["column"]) or [],
                "importance": [own.get(side, words.NOTHING) for side in sides],
            }
        )  # fmt: skip
    return {"n_rows": found["n_rows"], "left_out": found["left_out"], "sides": sides, "rows": rows}


def importances(outcome: Outcome) -> dict[str, dict[str, str]]:
    """Column → side → its importance with the interval, in the metric's units; empty where none was measured."""
    made: dict[str, dict[str, str]] = {}
    for row in (outcome.analyses.get("importance") or {}).get("rows", ()):
        name, value = row.get("column", row.get("factor")), row.get("importance", row.get("drop"))
        if name is None or value is None or "side" not in row:
            continue
        text = words.number(value, 3)
        if row.get("low") is not None and row.get("high") is not None:
            text += f" ({words.number(row['low'], 3)} to {words.number(row['high'], 3)})"
        made.setdefault(str(name), {})[str(row["side"])] = text
    return made


def spread(row: dict[str, Any]) -> str:
    """The least, middle and greatest value of a column of numbers or times."""
    if row["low"] is None:
        return ""
    ends = [one if isinstance(one, str) else words.number(one) for one in (row["low"], row["median"], row["high"])]
    return " · ".join(ends)


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
{% if profile %}<h3>Columns</h3>
<div class="scroll" tabindex="0" role="group" aria-label="Profile of the columns"><table class="profile">
<thead><tr><th scope="col">column</th><th scope="col">kind</th><th scope="col" class="n">missing</th><th scope="col" class="n">levels</th>
  <th scope="col">spread</th><th scope="col">least · median · most</th>{% for name in profile.sides %}<th scope="col" class="n">importance, {{ name }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in profile.rows %}<tr><td>{{ row.column }}</td><td>{{ row.kind }}</td><td class="n">{{ row.missing }}</td><td class="n">{{ row.levels }}</td>
  <td>{% if row.shape %}{{ bars(row.shape, "Shares of the %s of %s" % (row.of, row.column)) }}{% endif %}</td><td>{{ row.range }}</td>{% for one in row.importance %}<td class="n">{{ one }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></div>
<p class="quiet">From {{ profile.n_rows | number }} training rows. Bars: shares of values in equal bins (numbers, times), of levels (the most frequent first), or of lengths (texts).{% if profile.left_out %} {{ profile.left_out | counted("more column") }} {{ "is" if profile.left_out == 1 else "are" }} left out here.{% endif %}</p>{% endif %}
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
{% if profile %}
| column | kind | missing | levels | least · median · most |{% for name in profile.sides %} importance, {{ name }} |{% endfor %}
|---|---|---:|---:|---|{% for name in profile.sides %}---:|{% endfor %}
{% for row in profile.rows -%}
| {{ row.column }} | {{ row.kind }} | {{ row.missing }} | {{ row.levels }} | {{ row.range or " " }} |{% for one in row.importance %} {{ one }} |{% endfor %}
{% endfor %}
{% endif -%}
{% if classes %}
Class labels: {{ classes | join(" · ") }}
{% endif -%}
{% if n_columns %}
Input columns ({{ kinds }}):
{{ table(columns) }}{% endif %}""",  # noqa: E501
)
