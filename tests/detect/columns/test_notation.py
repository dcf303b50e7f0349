"""New cells in another notation than training's: read by their own where that is certain, else as training was."""

import numpy as np
import pandas as pd
import pytest

from automl.detect.columns.new_columns import read_new
from automl.records import Column

GAP = None


def column(kind, reading=None, **seen):
    return Column("x", kind, 1.0, "", reading or {}, seen)


def number(low, high, **reading):
    return column("numeric", reading, low=low, high=high, usual=[low, high], missing=0.0)


def read(known, cells, dtype=object):
    frame, (found,) = read_new(pd.DataFrame({"x": pd.Series(cells, dtype=dtype)}), [known])
    return frame["x"], found


SHARES, PRICES, EUROS = number(0.0, 1.1), number(512, 9216), number(512, 9216, decimal=",", unit="€")
MASS = number(0, 10, unit="kg", units={"kg": 1.0, "g": 0.001, "": 1.0})
NUMBERS = {
    "commas": (SHARES, ["0,650", "0,412"], [0.65, 0.412], {"with a decimal comma": 2}),
    "both marks": (SHARES, ["0.650", "0,412"], [0.65, 0.412], {"with a decimal comma": 1}),
    "gaps": (SHARES, ["", "-", "n.v.", "n/a", "unknown", GAP], [np.nan] * 6, {}),
    "open as in training": (PRICES, ["1,500", "2,000"], [1500, 2000], {}),
    "open, by the range": (PRICES, ["1.500", "2.000"], [1500, 2000], {"with points between thousands": 2}),
    "open, by the range, of commas": (number(0, 10), ["1,500", "2,250"], [1.5, 2.25], {"with a decimal comma": 2}),
    "open, by others": (number(0, 1e6), ["1,5", "2,250"], [1.5, 2.25], {"with a decimal comma": 2}),
    "open, both within": (number(0, 1e6), ["1.500"], [1.5], {}),
    "open, of commas": (number(512, 9216, decimal=","), ["1.500"], [1500], {}),
    "points of commas": (number(512, 9216, decimal=","), ["1500.5"], [1500.5], {"with a decimal point": 1}),
    "blanks and ticks": (PRICES, ["1 234,5", "3'000.25"], [1234.5, 3000.25], {"with a decimal comma": 1}),
    "currency": (number(0, 5000), ["$0.7", "1.045,00 $"], [0.7, 1045], {"without the unit '$'": 2}),
    "other currency": (EUROS, ["$5", "600 €", "600"], [np.nan, 600, 600], {}),
    "bounds": (number(0, 10), ["<5", "~3"], [5, 3], {"with signs around the number": 2}),
    "units": (MASS, ["500 g", "2 lb", "3 m", "7"], [0.5, 0.90718474, np.nan, 7], {"in 'lb', turned into 'kg'": 1}),
    "no unit": (number(0, 10), ["7 apples", "two"], [np.nan, np.nan], {}),
    "percentages": (SHARES, ["12 %", "45%"], [0.12, 0.45], {"as percentages of one": 2}),
    "percentages as such": (number(-1, 110), ["12 %", "45%"], [12, 45], {"without the unit '%'": 2}),
    "shares": (number(4, 128, unit="%"), ["0.12", 0.5], [12, 50], {"as shares of one": 2}),
    "few percent": (number(0.1, 128, unit="%"), ["0.12", 0.5], [0.12, 0.5], {}),
    "feet": (number(50, 80, unit="in", form="feet and inches"), ["6'1\"", "180 cm", "71"], [73, 70.866142, np.nan],
             {"in 'cm', turned into 'in'": 1}),
    "stand-ins": (number(0, 10, missing=[-999.0]), ["-999", "5"], [np.nan, 5], {}),
}  # fmt: skip


@pytest.mark.parametrize(("known", "cells", "expected", "said"), NUMBERS.values(), ids=NUMBERS)
def test_numbers(known, cells, expected, said):
    values, found = read(known, cells)
    np.testing.assert_allclose(values, expected, rtol=1e-6)
    assert dict(found.otherwise) == said
    many, found = read(known, cells * 40)  # more cells than are read one by one
    np.testing.assert_allclose(many, expected * 40, rtol=1e-6)
    assert dict(found.otherwise) == {how: 40 * n for how, n in said.items()}


def test_what_cannot_be_read_and_what_is_a_gap_are_told_apart():
    _, found = read(number(0, 10, missing=[-1.0]), ["much", "", "n/a", "-1", "3", GAP])
    assert found.unread.tolist() == [True, *[False] * 5] and found.examples == ("much",)
    assert found.gaps.tolist() == [False, True, True, True, False, True]
    _, found = read(number(0, 10), [np.nan, 1.0, np.inf], "float64")
    assert found.gaps.tolist() == [True, False, True] and not found.unread.any()


def test_a_decimal_mark_that_the_table_shows_decides_for_columns_that_leave_it_open():
    frame = pd.DataFrame({"x": ["1,500"], "z": ["2,5"]}, dtype=object)
    columns = [number(0, 1e6), Column("z", "numeric", 1.0, "")]
    made, _ = read_new(frame, columns)
    assert made["x"].tolist() == [1.5]
    made, _ = read_new(frame.assign(z=["2.5"]), columns)
    assert made["x"].tolist() == [1500]


DATES = {
    "day first": ({"day_first": False}, ["31/01/2024", "03/02/2024"], ["2024-01-31", "2024-02-03"], 1),
    "month first": ({"day_first": True}, ["01/31/2024", "03/02/2024"], ["2024-01-31", "2024-03-02"], 1),
    "open": ({"day_first": True}, ["03/02/2024"], ["2024-02-03"], 0),
    "open and new": ({}, ["2024-01-31", "03/02/2024"], ["2024-01-31", "2024-03-02"], 1),
    "open and new, with points": ({}, ["03.02.2024"], ["2024-02-03"], 1),
    "ISO": ({"day_first": True}, ["2024-01-31T12:00:00"], ["2024-01-31 12:00"], 0),
    "named": ({"day_first": True}, ["31 Jan 2024", "Feb 3, 2024", "n/a"], ["2024-01-31", "2024-02-03", None], 0),
    "days of spreadsheets": ({}, [45000, 45001], ["2023-03-15", "2023-03-16"], 2),
    "days as text": ({}, ["45000"], ["2023-03-15"], 1),
    "packed": ({}, [20240131], ["2024-01-31"], 0),
    "seconds": ({}, [1.7e9], ["2023-11-14 22:13:20"], 1),
    "text for packed": ({"numbers": "yyyymmdd"}, ["2024-01-31", "20240201"], ["2024-01-31", "2024-02-01"], 1),
}


@pytest.mark.parametrize(("reading", "cells", "expected", "n_otherwise"), DATES.values(), ids=DATES)
def test_dates(reading, cells, expected, n_otherwise):
    dtype = object if isinstance(cells[0], str) else None
    values, found = read(column("datetime", reading), cells, dtype)
    assert values.tolist() == pd.to_datetime(pd.Series(expected), format="ISO8601").tolist()
    assert found.otherwise.total() == n_otherwise and not found.unread.any()


def test_what_is_no_date_is_unread():
    _, found = read(column("datetime", {"numbers": "yyyymmdd"}), ["soon", "20240201"])
    assert found.unread.tolist() == [True, False]


LEVELS = column("categorical", levels=["Red", "dark blue", "1", "01234", "A-1", "a 1"], rare=0.0, missing=0.0)


def test_levels_are_found_by_their_letters_and_numbers():
    values, found = read(LEVELS, ["red", " Red ", "DARK  BLUE", "Dark-Blue", "1.0", "1234", "a_1", "pink", GAP])
    assert values.tolist() == ["Red", "Red", "dark blue", "dark blue", "1", "01234", "a_1", "pink", None]
    assert dict(found.otherwise) == {"in another spelling": 3}  # of numbers nothing is to be said
    assert found.unknown.tolist() == [*[False] * 6, True, True, False] and found.examples == ("a_1", "pink")
    values, found = read(column("categorical"), ["red", "Red"])
    assert values.tolist() == ["red", "Red"] and not found.unknown.any()


def test_lists_may_be_parted_by_another_separator():
    known = column("list", {"separator": ";"}, levels=["a", "b", "c"], rare=0.0, missing=0.0)
    values, found = read(known, ["a;b", "a, b", "a|z", "c"])
    assert values.tolist() == ["a;b", "a; b", "a|z", "c"] and found.unknown.tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    ("reading", "cells", "expected"),
    [
        ({"true": "yes", "false": "no"}, ["1", "0", "TRUE", "ja", "maybe", GAP], [1, 0, 1, 1, np.nan, np.nan]),
        ({"true": "1", "false": "0"}, ["yes", "No", True, 0, "off", " "], [1, 0, 1, 0, 0, np.nan]),
        ({"true": "x", "empty": "false"}, ["x", GAP, "foo"], [1, 0, np.nan]),
    ],
)
def test_yes_and_no(reading, cells, expected):
    values, found = read(column("boolean", reading), cells)
    np.testing.assert_array_equal(values.to_numpy(), expected)
    assert found.unread.tolist() == [cell in ("maybe", "foo") for cell in cells]
