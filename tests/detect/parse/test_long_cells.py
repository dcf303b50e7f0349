"""Long cells cost little: patterns of several parts never see them; the work of others grows by their length."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from automl.detect.columns.kinds import columns
from automl.detect.parse import bins, date_forms, numerals, stamps, units, written_dates, zones
from automl.detect.parse.amounts import numbers
from automl.detect.parse.bins import bins_converter, bins_reading, interval
from automl.detect.parse.numerals import LONGEST
from automl.detect.parse.stamps import dates
from automl.detect.parse.units import FORMS, converter, quantity, quantity_reading
from automl.detect.parse.written_dates import date_reading
from automl.detect.target import classes

READ_WHOLE = {"_BOUND", "_DIGIT", "_DIGITS", "_FRACTION", "_POINT", "_COMMA", "_BLANKS", "PLAIN_STAMP", "CHINESE",
              "MONTH_YEAR", "QUARTER", "WEEK", "PACKED"}  # fmt: skip
"""Patterns that may see long cells: each character is looked at once or twice."""
RUNS = [" ", "1", "5 ", "a", "-", "1,", "<", "'", "1'", "10:00 ", "1 - ", "(", ".", "about ", "\u00a0", "1d"]
PUMPED = [f"{begin}{run * (10_000 // len(run))}{end}" for begin in ("", "5", "12/11/2020 10:00") for run in RUNS
          for end in ("", "x", " kg!", "5")]  # fmt: skip


class Counted:
    """A pattern that notes the longest text that it was given."""

    def __init__(self, pattern: re.Pattern[str], name: str, longest: dict[str, int]) -> None:
        self.pattern, self.name, self.longest = pattern, name, longest

    def __getattr__(self, method):
        def called(*arguments):
            text = arguments[-1]
            self.longest[self.name] = max(self.longest.get(self.name, 0), len(text))
            return getattr(self.pattern, method)(*arguments)

        return called


@pytest.fixture
def longest(monkeypatch):
    """The length of the longest text that each pattern of the room was given."""
    seen: dict[str, int] = {}
    for module in (bins, date_forms, numerals, stamps, units, written_dates, zones, classes):
        for name, value in list(vars(module).items()):
            if isinstance(value, re.Pattern) and (module, name) != (stamps, "YEAR_LAST"):  # pandas takes no other
                monkeypatch.setattr(module, name, Counted(value, name, seen))
            elif isinstance(value, tuple) and value and all(isinstance(one, re.Pattern) for one in value):
                monkeypatch.setattr(module, name, tuple(Counted(one, name, seen) for one in value))
    for name, (read, unit, sign) in list(FORMS.items()):
        monkeypatch.setitem(units.FORMS, name, (read, unit, Counted(sign, name, seen)))
    return seen


def _refused(seen: dict[str, int]) -> dict[str, int]:
    return {name: length for name, length in seen.items() if name not in READ_WHOLE and length > LONGEST}


def test_patterns_of_several_parts_never_see_a_long_cell(longest):
    cells = pd.Series(PUMPED, dtype=object)
    for text in PUMPED:
        interval(text)
        bins_converter({"bins": [0.0, 0.0]})(text)
        quantity(text)
        for form in FORMS:
            converter({"unit": "", "form": form})(text)
    bins_reading(PUMPED)
    quantity_reading(PUMPED)
    date_reading(PUMPED)
    numbers(cells, {"unit": "kg"})
    dates(cells)
    dates(cells, {"clock": True})
    dates(cells, {"wall": True})
    zones.zone_of(cells)
    classes.grades(PUMPED[:5], object)
    assert _refused(longest) == {}


def test_columns_of_long_cells_are_no_bins_and_cost_no_pattern(longest):
    long = [f"{i} to {i + 1}, " + "and so on from 3 to 5 " * 450 for i in range(40)]
    assert bins_reading(long) is None
    assert not {name for name in longest if name.startswith("_B") and name != "_BLANKS"}
    columns(pd.DataFrame({"a": long, "b": ["1" + " " * 9_000 + "x"] * 40}))
    assert _refused(longest) == {}


@pytest.mark.parametrize("text", ["5" + " " * 700 + "kg", "  5\t kg ", "\u00a05\u00a0kg"])
def test_blanks_are_counted_as_few(text):
    assert quantity(text) == (5.0, "kg")


def test_a_range_among_blanks_is_read_and_two_numbers_stay_two():
    assert interval("10" + " " * 500 + "-" + " " * 300 + "20").high == 20.0
    assert quantity("5" + " " * 50 + "200") is None


def test_the_recorder_notes_what_a_pattern_is_given(longest):
    quantity("5 kg")
    assert longest["_QUANTITY"] == 4


def test_no_pattern_can_part_a_run_of_digits_in_two_ways():
    folder = Path(numerals.__file__).parents[2]
    ambiguous = [r"\d+\.?\d*", r"\d*\.?\d*", r"\d+\.?\d+", r"(?m)^[ \t]+|[ \t]+$"]
    found = [(path.name, piece) for path in folder.rglob("*.py") for piece in ambiguous
             if piece in path.read_text("utf-8")]  # fmt: skip
    assert found == []
