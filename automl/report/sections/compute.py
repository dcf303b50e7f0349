"""Estimated energy of both sides, and what it costs at the user's rates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.records import Outcome, Section
from automl.report import words

__all__ = ["COMPUTE"]


def collect(outcome: Outcome) -> dict[str, Any] | None:
    """The table, with the power that it rests on."""
    found = outcome.analyses.get("compute")
    if not found:
        return None
    rows = [
        [
            {"side": row["side"]}, words.score(row["score"]), _watts(row), _amount(row["search_wh"], "Wh"),
            _amount(row["fit_wh"], "Wh"), _amount(row["joules_a_1000_predictions"], "J"),
            _amount(row["kwh_a_year"], "kWh"), _amount(row["price_a_year"], ""), words.rough(row["hours_a_year"], 2),
        ]
        for row in found["rows"]
    ]  # fmt: skip
    columns = ["side", words.metric(found["metric"]), "power", "search", "all its fits", "1,000 predictions", "a year",
               "its price", "CPU hours"]  # fmt: skip
    columns, rows = _known(columns, rows)
    return {
        "basis": _basis(found),
        "elsewhere": any(row["device"] != "cpu" and not row["watts_measured"] for row in found["rows"]),
        "rates": f"A year holds {words.rough(found['retrains_per_year'])} fits with all seeds and "
        f"{words.rough(found['predictions_per_year'], 12)} predictions in batches; a kilowatt-hour costs "
        f"{words.rough(found['price_per_kwh'])}.",
        "energy": {
            "label": "Estimated energy",
            "columns": columns,
            "rows": rows,
            "numeric": list(range(1, len(columns))),
        },
    }  # fmt: skip


def _known(columns: list[str], rows: list[list[Any]]) -> tuple[list[str], list[list[Any]]]:
    """The columns without those that no row knows."""
    kept = [i for i in range(len(columns)) if any(row[i] != words.NOTHING for row in rows)]
    return [columns[i] for i in kept], [[row[i] for i in kept] for row in rows]


def _watts(row: dict[str, Any]) -> str:
    return f"{words.rough(row['watts'])} W{' measured' if row['watts_measured'] else ''}"


def _amount(value: float | None, unit: str) -> str:
    return words.NOTHING if value is None else f"{words.rough(value)} {unit}".strip()


def _basis(found: Mapping[str, Any]) -> str:
    if found["counters"]:
        counters = " and ".join(found["counters"])
        return (
            f"Power was read from the machine's counters ({counters}) while each finalist predicted; energy is that "
            "power times measured seconds. Other programs that ran at that time are in it."
        )
    share = found["share_of_cores"]
    part = "" if share >= 1 else f", of whose cores the run may use {words.percent(share)}"
    return (
        f"An estimate: measured seconds times the {words.rough(found['power_watts'])} W that a busy processor is taken "
        f"to draw{part}. This machine's own counters of energy (RAPL, NVML) cannot be read."
    )


COMPUTE = Section(
    name="compute",
    title="Compute and energy",
    order=18,
    collect=collect,
    group="Trade-off",
    template="""
<p>{{ basis }}{% if elsewhere %} An accelerator's power is not in it.{% endif %} Memory, disks and cooling are left out.</p>
{{ table(energy) }}
<p>{{ rates }} Your own numbers: <code>--power-watts</code>, <code>--price-per-kwh</code>, <code>--retrains-per-year</code> and <code>--predictions-per-year</code>, or <code>costs:</code> in a recipe.</p>
""",  # noqa: E501
    markdown="""{{ basis }}{% if elsewhere %} An accelerator's power is not in it.{% endif %} Memory, disks and cooling are left out.

{{ table(energy) }}

{{ rates }}""",  # noqa: E501
)
