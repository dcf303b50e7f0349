"""What is odd about the rows of a request, with the rows that it concerns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from automl.detect import NewColumn
from automl.predict.odd_rows import odd_cells
from automl.records import Dataset, Finding

__all__ = ["warnings_of"]


def warnings_of(findings: Sequence[Finding], compared: Sequence[NewColumn], dataset: Dataset) -> list[dict[str, Any]]:
    """Findings as values of JSON, the gravest first.

    Args:
        findings: that are told.
        compared: the used columns beside training.
        dataset: the rows that were read.

    Returns:
        For each: ``check``, ``severity``, ``message``, ``columns``, and ``rows``, the positions of the rows that it
        concerns, from 0; null where it concerns all of them, or columns as a whole.
    """
    return [
        {
            "check": one.check,
            "severity": one.severity,
            "message": f"{one.message} {one.next_step}".strip(),
            "columns": list(one.columns),
            "rows": _rows(one, compared, dataset),
        }
        for one in findings
    ]


def _rows(finding: Finding, compared: Sequence[NewColumn], dataset: Dataset) -> list[int] | None:
    """The rows that a finding concerns, by their positions in the request."""
    masks = [odd_cells(finding.check, c) for c in compared if c.column.name in finding.columns]
    found = [mask for mask in masks if mask is not None]
    if not found:
        return list(finding.rows) or None
    concerned = np.flatnonzero(np.logical_or.reduce(found))
    numbers = dataset.row_numbers
    is_known = numbers is not None and len(numbers) == len(found[0])
    return [int(row) for row in (numbers[concerned] if is_known and numbers is not None else concerned)]
