"""The Markdown twin of the page: its frame, its macros, and how user text is kept from being read as Markdown."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup

from automl.report.words import visible

__all__ = ["MACROS", "PAGE", "fence", "safe"]

SPECIAL = re.compile(r"([\\`*_{}\[\]#|~$])")

MACROS = """
{%- macro side(name) -%}{{ name }}{%- endmacro -%}

{%- macro cell(value) -%}
{%- if value is mapping -%}{{ value.side or "" }}{{ " " if value.side and value.text }}{{ value.text or "" }}
{%- if value.run %} ({{ value.run }}){% endif -%}
{%- elif value is string -%}{{ value }}
{%- else -%}{{ value | number }}{%- endif -%}
{%- endmacro -%}

{%- macro table(data, class="") %}
|{% for title in data.columns %} {{ title or " " }} |{% endfor %}
|{% for title in data.columns %}---{{ ":" if data.rows and (data.rows[0][loop.index0] is number
  or (data.numeric and loop.index0 in data.numeric)) }}|{% endfor %}
{% for row in data.rows -%}
|{% for value in row %} {{ cell(value) }} |{% endfor %}
{% endfor %}
{%- if data.left_out %}
{{ data.left_out | counted("more row") }} {{ "is" if data.left_out == 1 else "are" }} left out here.
{% endif %}
{%- endmacro -%}

{%- macro figure(chart) %}
{% if chart.title %}**{{ chart.side ~ ": " if chart.side }}{{ chart.title }}
{%- if chart.run %} ({{ chart.run }}){% endif %}**

{% endif %}{% if chart.caption %}*{{ chart.caption }}*
{% endif %}{% if chart.table %}{{ table(chart.table) }}{% else %}
{{ chart.alt }}
{% endif %}
{%- endmacro -%}
"""

PAGE = """# {{ head.name }}

{{ head.task }}, scored by {{ head.metric }}
{% macro shown(section) %}
## {{ section.title }}
{% if section.problem %}
This part could not be made: {{ section.problem }}.
{% endif %}
{{ section.body }}
{% endmacro %}{% for section in front %}{{ shown(section) }}{% endfor %}
{% for group in groups %}{% for section in group.sections %}{{ shown(section) }}{% endfor %}{% endfor %}
---

Made by automl {{ automl_version }}{% if head.started %} from a run started {{ head.started }}{% endif %}.
"""


def safe(value: Any) -> Any:
    """Jinja's `finalize`: text that is not our own markup is escaped for Markdown and for the HTML inside it."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    text = " ".join(visible(value).split()) + (" " if value.endswith(" ") else "")
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = SPECIAL.sub(r"\\\1", text)
    text = re.sub(r"^(\s*)([-+]|\d+[.)])(?=\s)", lambda m: f"{m[1]}{m[2][:-1]}\\{m[2][-1]}", text)
    return Markup(re.sub(r"(?i)\b(https?|ftp|mailto):", r"\1&#58;", text))


def fence(text: str, language: str = "") -> Markup:
    """The text as a code block that nothing inside it can end."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return Markup(f"{ticks}{language}\n{visible(text).rstrip()}\n{ticks}")
