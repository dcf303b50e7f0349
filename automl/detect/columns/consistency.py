"""Open questions of one column that others of its table decide: decimal commas, the order of day and month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from automl.records import Column

__all__ = ["agreed"]

OPEN_ORDER = "no day above 12 tells the order"


def agreed(columns: Sequence[Column]) -> list[Column]:
    """The columns, where those with an open decimal mark or date order are read like the table's other columns.

    A table is written in one place: where another column shows decimal commas, 1,500 is one and a half; where the
    other dates are all day first, 03/04/2020 is in April. Columns whose kind the user set are left as they are.

    Args:
        columns: of one table, with their readings.
    """
    has_comma = any(c.reading.get("decimal") == "," for c in columns)
    orders = {c.reading["day_first"] for c in columns if "day_first" in c.reading and OPEN_ORDER not in c.evidence}
    order = next(iter(orders)) if len(orders) == 1 else None
    out = []
    for c in columns:
        if c.evidence == "set by you":
            out.append(c)
        elif has_comma and "mark" in c.reading:
            reading = {k: v for k, v in c.reading.items() if k != "mark"} | {"decimal": ","}
            out.append(replace(c, reading=reading, evidence=f"{c.evidence}, decimal comma as in other columns"))
        elif order is not None and OPEN_ORDER in c.evidence:
            known = c.evidence[: c.evidence.index(OPEN_ORDER)]
            evidence = f"{known}{'day' if order else 'month'} first as in the table's other dates"
            out.append(replace(c, reading={**c.reading, "day_first": order}, evidence=evidence))
        else:
            out.append(c)
    return out
