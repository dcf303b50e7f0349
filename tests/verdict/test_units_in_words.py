"""Windows of several series that start together are one unit, and both numbers are told."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from automl.records import Split
from automl.report.reasons import would_change
from automl.report.sections.verdict import facts
from automl.testing.outcomes import example_outcome
from automl.verdict.words import count_of_units, measured_on

EMPTY = np.zeros(0, dtype=np.int64)


def split(units: str, ids: Any) -> Split:
    return Split(EMPTY, EMPTY, EMPTY, units, np.asarray(ids), "", 0)


PANEL = split("window", np.tile(np.arange(15), 3))


@pytest.mark.parametrize(
    ("part", "n", "expected"),
    [
        (PANEL, 15, "45 test windows that start at 15 times"),
        (split("window", np.arange(15)), 15, "15 test windows"),
        (split("series", np.repeat(np.arange(12), 4)), 12, "12 test series"),
        (split("row", np.arange(1)), 1, "1 test row"),
    ],
)
def test_what_a_score_was_measured_on(part: Split, n: int, expected: str) -> None:
    assert measured_on(n, part) == expected


def test_units_of_a_panel_are_not_called_windows() -> None:
    assert count_of_units(40, PANEL) == "40 starting times of test windows"
    assert count_of_units(40, split("window", np.arange(15))) == "40 test windows"


def test_the_page_of_a_panel_says_both() -> None:
    made = example_outcome("forecast")
    comparison = dataclasses.replace(made.comparison, n_units=15, seeds=1, gain=0.1, reason="undecided")
    part = dataclasses.replace(made.split, units="window", unit_ids=PANEL.unit_ids)
    panel = dataclasses.replace(made, truth=np.zeros((45, 2, 1)), split=part, comparison=comparison)
    assert facts(panel)[0] == ["Rests on", "45 test windows, resampled as 15 starting times; 1 seed of each model"]
    assert "starting times of test windows" in would_change(panel, is_doubtful=False)
