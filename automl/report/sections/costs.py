"""What each side costs: time, memory, size, and how many times as much one costs as the other."""

from __future__ import annotations

import math
from typing import Any

from automl.records import Outcome, Run, Section
from automl.report import sides, words

__all__ = ["COSTS"]

# label, attribute of Cost, unit, whether less is better
MEASURES = (
    ("fitting the finalist", "fit_seconds", "s", True),
    ("predicting one row", "predict_ms", "ms", True),
    ("predicting many", "rows_per_second", "rows/s", False),
    ("peak memory while fitting", "peak_mib", "MiB", True),
    ("size on disk", "size_mib", "MiB", True),
    ("parameters", "n_parameters", "", True),
)


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """The finalists' costs side by side, and what each side spent in all."""
    runs = {run.side: run for run, _ in sides.finalists(outcome)}
    if not runs:
        return None
    deep, shallow = runs.get("deep"), runs.get("shallow")
    rows = [measure(deep, shallow, *one) for one in MEASURES]
    scale = scaled([row for row in rows if row])
    return {
        "scale": scale,
        "compared": any(row["dearer"] for row in rows if row),
        "deep": deep.name if deep else None,
        "shallow": shallow.name if shallow else None,
        "device": ", ".join(sorted({run.device for run in runs.values()})),
        "rows": [row for row in rows if row],
        "spent": spent(outcome),
        "total": total(outcome),
        "phases": {
            "label": "Where the time went",
            "columns": ["phase", "time"],
            "rows": [
                [str(k).replace("_", " "), words.duration(v)] for k, v in (outcome.clock.get("phases") or {}).items()
            ],
            "numeric": [1],
        },
    }


def measure(
    deep: Run | None, shallow: Run | None, label: str, key: str, unit: str, less: bool
) -> dict[str, Any] | None:
    """One cost of both, with the factor between them; None where neither was measured."""
    a, b = (getattr(run.cost, key) if run else None for run in (deep, shallow))
    if a is None and b is None:
        return None
    row: dict[str, Any] = {"label": label, "deep": amount(a, unit), "shallow": amount(b, unit), "dearer": None}
    if a and b and a > 0 and b > 0:
        factor = a / b if less else b / a
        row["dearer"] = "deep" if factor >= 1 else "shallow"
        times = max(factor, 1 / factor)
        row["factor"] = f"{row['dearer']}, {words.rough(times, 2)} ×" if times >= 1.05 else "about equal"
        row["times"] = times
    return row


def scaled(rows: list[dict[str, Any]]) -> int:
    """The power of ten that a full bar stands for; each row gets the length of its bar on a logarithmic scale."""
    factors = [row.pop("times", 1.0) for row in rows]
    power = max(1, math.ceil(math.log10(max(factors, default=1.0)) - 1e-9))
    for row, times in zip(rows, factors, strict=True):
        row["bar"] = round(math.log10(times) / power, 3)
    return int(10**power)


def amount(value: float | None, unit: str) -> str:
    """A cost with its unit."""
    if unit == "MiB" and value is not None:
        return words.mebibytes(value)
    return words.duration(value) if unit == "s" else f"{words.rough(value)} {unit if value is not None else ''}".strip()


def spent(outcome: Outcome) -> str:
    """How much time each side used for its whole search."""
    used = outcome.clock.get("spent") or {}
    offered = outcome.clock.get("offered") or {}
    parts = []
    for side in ("deep", "shallow"):
        if used.get(side) is not None:
            share = f" of {words.duration(offered[side])} offered" if offered.get(side) else ""
            parts.append(f"the {side} side {words.duration(used[side])}{share}")
    return f"The whole search took {' and '.join(parts)}." if parts else ""


def total(outcome: Outcome) -> dict[str, Any] | None:
    """The total cost of both finalists and the blend in a year at the user's rates; None if none was measured."""
    runs = [run for run, _ in sides.finalists(outcome)] + [run for run in outcome.runs if run.side == "blend"]
    known = [run for run in runs if run.hours_per_year is not None]
    if not known:
        return None
    rates = outcome.recipe.costs
    return {
        "label": "Total cost in a year",
        "columns": ["model", "side", "CPU hours a year"],
        "rows": [
            [{"text": words.title(run), "run": run.name}, {"side": run.side}, hours(run.hours_per_year)]
            for run in known
        ],
        "numeric": [2],
        "rates": (
            f"In a year, for {words.rough(rates.retrains_per_year)} fits with all seeds and "
            f"{words.rough(rates.predictions_per_year, 12)} predictions in batches"
        ),
        "turn": turn(outcome),
    }


def hours(value: float | None) -> str:
    """CPU hours at two figures."""
    return "< 0.001" if value is not None and value < 0.0005 else words.rough(value, 2)


def turn(outcome: Outcome) -> str:
    """From how many predictions a year on the other side is the cheaper one."""
    pair = [run for run, _ in sides.finalists(outcome) if run.hours_per_year is not None]
    if len(pair) < 2:
        return ""
    at, now = outcome.comparison.crossing, outcome.recipe.costs.predictions_per_year
    low, high = sorted(pair, key=lambda run: run.hours_per_year or 0.0)
    if at is None:
        return f"The {low.side} one is the cheaper at any number of predictions."
    first, then = (low, high) if now < at else (high, low)
    number = words.rough(float(f"{at:.2g}"), 2)
    return f"Up to {number} predictions a year the {first.side} one is the cheaper, beyond that the {then.side} one."


COSTS = Section(
    name="costs",
    title="Costs",
    order=60,
    collect=collect,
    group="Trade-off",
    template="""
<p>{{ spent }} Device: {{ device }}.</p>
<div class="scroll" tabindex="0" role="group" aria-label="Costs"><table>
<thead><tr><th scope="col">of the finalists</th><th scope="col" class="n">{{ side("deep") }}</th>
  <th scope="col" class="n">{{ side("shallow") }}</th>{% if compared %}<th scope="col">costs more</th>
  <th scope="col" class="bar"><span class="shallow">← shallow</span>&ensp;<span class="deep">deep →</span></th>{% endif %}
  </tr></thead>
<tbody>{% for row in rows %}<tr><td>{{ row.label }}</td><td class="n">{{ row.deep }}</td>
  <td class="n">{{ row.shallow }}</td>{% if compared %}<td class="run">{{ row.factor or "–" }}</td>
  <td class="bar">{% if row.dearer %}<span class="ratio" aria-hidden="true"><i class="{{ row.dearer }}" style="--r: {{ row.bar }}"></i></span>{% endif %}</td>{% endif %}
  </tr>
{% endfor %}</tbody></table></div>
{% if compared %}<p class="quiet bar">Bars show on a logarithmic scale how many times as much a side costs, up to {{ scale | number }} times.</p>{% endif %}
{% if total %}<p>{{ total.rates }} (<code>costs:</code> in a recipe, <code>--retrains-per-year</code> and <code>--predictions-per-year</code> set your own numbers):</p>
{{ table(total) }}
{% if total.turn %}<p>{{ total.turn }}</p>{% endif %}{% endif %}
{% if exports %}<p>Exports of these models, each checked against the model. Of one row, in one process, medians: the file alone, the reader that makes its inputs of cells, and the model itself from typed cells on.</p>
{{ table(exports) }}{% endif %}
{% if phases.rows %}{% call more("Where the time went") %}{{ table(phases) }}{% endcall %}{% endif %}
""",  # noqa: E501
    markdown="""{{ spent }} Device: {{ device }}.

| of the finalists | deep | shallow | costs more |
|---|---:|---:|---|
{% for row in rows -%}
| {{ row.label }} | {{ row.deep }} | {{ row.shallow }} | {{ row.factor or "–" }} |
{% endfor %}
{% if total %}{{ total.rates }} (`costs:` in a recipe, `--retrains-per-year` and `--predictions-per-year` set your own numbers):

{{ table(total) }}
{{ total.turn }}

{% endif %}
{% if exports %}Exports, each checked against the model; medians of one row in one process:

{{ table(exports) }}

{% endif %}
{% if phases.rows %}{{ table(phases) }}{% endif %}""",  # noqa: E501
)
