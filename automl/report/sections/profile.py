"""Each input column: missing values, levels, shape, and its importance on both sides where that was measured."""

from __future__ import annotations

from typing import Any

from automl.metrics import figures
from automl.records import Outcome, Section
from automl.report import words

__all__ = ["PROFILE"]


def collect(outcome: Outcome) -> dict[str, Any] | None:
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
    has_range = any(row["range"] for row in rows)
    return {
        "n_rows": found["n_rows"],
        "has_no_range": not has_range,
        "left_out": found["left_out"],
        "sides": sides,
        "rows": rows,
    }


def importances(outcome: Outcome) -> dict[str, dict[str, str]]:
    """Column → side → its importance, in the metric's units; empty where none was measured.

    The intervals stand in the section on importance: with them the table would not fit on a page.
    """
    known: list[tuple[str, str, float]] = []
    for row in (outcome.analyses.get("importance") or {}).get("rows", ()):
        name, value = row.get("column", row.get("factor")), row.get("importance", row.get("drop"))
        if name is not None and value is not None and "side" in row:
            known.append((str(name), str(row["side"]), float(value)))
    decimals = figures.places(max((abs(value) for *_, value in known), default=0.0))
    made: dict[str, dict[str, str]] = {}
    for name, side, value in known:
        made.setdefault(name, {})[side] = figures.figure(value, decimals)
    return made


def spread(row: dict[str, Any]) -> str:
    """The least, middle and greatest value of a column of numbers or times."""
    if row["low"] is None:
        return ""
    ends = [one if isinstance(one, str) else words.rough(one) for one in (row["low"], row["median"], row["high"])]
    return " · ".join(ends)


PROFILE = Section(
    name="profile",
    title="Profile of the columns",
    order=22,
    collect=collect,
    group="Data",
    template="""
<div class="scroll" tabindex="0" role="group" aria-label="Profile of the columns"><table class="profile">
<thead><tr><th scope="col">column</th><th scope="col">kind</th><th scope="col" class="n">missing</th><th scope="col" class="n">levels</th>
  <th scope="col">spread</th>{% if not has_no_range %}<th scope="col">least · median · most</th>{% endif %}{% for name in sides %}<th scope="col" class="n">matters, {{ name }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in rows %}<tr><td>{{ row.column }}</td><td>{{ row.kind }}</td><td class="n">{{ row.missing }}</td><td class="n">{{ row.levels }}</td>
  <td>{% if row.shape %}{{ bars(row.shape, "Shares of the %s of %s" % (row.of, row.column)) }}{% endif %}</td>{% if not has_no_range %}<td>{{ row.range }}</td>{% endif %}{% for one in row.importance %}<td class="n">{{ one }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></div>
<p class="quiet">From {{ n_rows | number }} training rows. Bars: shares of values in equal bins (numbers, times), of levels (the most frequent first), or of lengths (texts).{% if sides %} A column matters by what the score gets worse without it.{% endif %}{% if left_out %} {{ left_out | counted("more column") }} {{ "is" if left_out == 1 else "are" }} left out here.{% endif %}</p>
""",  # noqa: E501
    markdown="""| column | kind | missing | levels | least · median · most |{% for name in sides %} matters, {{ name }} |{% endfor %}
|---|---|---:|---:|---|{% for name in sides %}---:|{% endfor %}
{% for row in rows -%}
| {{ row.column }} | {{ row.kind }} | {{ row.missing }} | {{ row.levels }} | {{ row.range or " " }} |{% for one in row.importance %} {{ one }} |{% endfor %}
{% endfor %}
""",  # noqa: E501
)
