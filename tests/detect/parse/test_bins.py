"""Ranges of numbers, and columns of bins."""

from __future__ import annotations

import math

import pytest

from automl.detect.parse.bins import bins_converter, bins_reading, interval

INF = math.inf


@pytest.mark.parametrize(
    ("text", "low", "high", "unit"),
    [
        ("11 - 23 %", 11, 23, "%"), ("30-40", 30, 40, ""), ("f 50-99", 50, 99, ""), ("(20, 30]", 20, 30, ""),
        ("20k–30k", 20_000, 30_000, ""), ("$20-30k", 20_000, 30_000, "$"), ("$20,000 - $29,999", 20_000, 29_999, "$"),
        ("500-2k", 500, 2_000, ""), ("1 to 2 hours", 1, 2, "hours"), ("20 bis unter 30", 20, 30, ""),
        ("-5 - -1", -5, -1, ""), ("(-1.5--0.5]", -1.5, -0.5, ""), ("between 5 and 9", 5, 9, ""),
        ("16 - 20 years old", 16, 20, "years old"), ("$40K-$90K (est.)", 40_000, 90_000, "$"),
        ("< 5", -INF, 5, ""), ("under 18", -INF, 18, ""), ("Less than $10,000", -INF, 10_000, "$"),
        ("10+", 10, INF, ""), ("65 and over", 65, INF, ""), ("10 or more employees", 10, INF, "employees"),
        ("[75, inf)", 75, INF, ""), ("(-inf-2.5]", -INF, 2.5, ""), ("12", 12, 12, ""),
    ],
)  # fmt: skip
def test_a_range_is_read_with_its_ends_and_unit(text, low, high, unit):
    found = interval(text)
    assert (low, high, unit) == (found.low, found.high, found.unit)


@pytest.mark.parametrize(
    "text", ["A12", "2-1", "00984-3869", "1842-43", "2020-01-31", "10-20-30", "calm", "5 -", "no 5", ""]
)
def test_codes_scores_and_dates_are_no_ranges(text):
    assert interval(text) is None


@pytest.mark.parametrize(
    ("levels", "order"),
    [
        (["18-24", "25-34", "under 18", "35 and over"], ["under 18", "18-24", "25-34", "35 and over"]),
        (["10+", "< 5", "5-9"], ["< 5", "5-9", "10+"]),
        (["0", "1", "6+", "2-5"], ["0", "1", "2-5", "6+"]),
        (["50-99", "10/49", "<10", "100-500"], ["<10", "10/49", "50-99", "100-500"]),
        (["51-100", "Nov-50", "1-10"], ["1-10", "Nov-50", "51-100"]),  # a spreadsheet took 11-50 for a date
        (["(2.5, 5.0]", "(0.0, 2.5]", "(5.0, 7.5]"], ["(0.0, 2.5]", "(2.5, 5.0]", "(5.0, 7.5]"]),
    ],
)
def test_bins_are_put_in_their_order(levels, order):
    reading, share, found, is_sure = bins_reading(levels * 10)
    assert (1.0, order, True) == (share, found, is_sure)

    convert = bins_converter(reading)
    values = [convert(level) for level in order]
    assert values == sorted(set(values))


@pytest.mark.parametrize(
    "levels",
    [["0-1", "1-0", "2-1", "0-0"], ["1-3", "2-5", "4-9"], ["<=50K", ">50K"], ["red", "blue", "1-2"],
     ["2020-01", "2020-02", "2021-03"], ["1a", "2b", "3c"]],
)  # fmt: skip
def test_scores_overlaps_and_words_are_no_bins(levels):
    assert bins_reading(levels * 10) is None


def test_open_bins_lie_half_a_neighbours_width_beyond_their_end_and_not_below_zero():
    convert = bins_converter(bins_reading(["under 18", "18-24", "25-34", "35+"] * 5)[0])
    assert [convert(t) for t in ("under 18", "18-24", "25-34", "35+")] == [15.0, 21.0, 29.5, 39.5]
    convert = bins_converter(bins_reading(["< 5", "5-20", "21+"] * 5)[0])
    assert convert("< 5") == 2.5


def test_units_are_converted_and_others_are_not_read():
    reading = bins_reading(["10 - 30 minutes", "30 - 60 minutes", "1 - 2 hours", "2 - 3 hours"] * 9)[0]
    convert = bins_converter(reading)
    assert [convert(t) for t in ("10 - 30 minutes", "1 - 2 hours", "1 - 2 kg")] == [20.0, 90.0, None]


def test_a_new_range_is_read_too():
    convert = bins_converter(bins_reading(["0-9", "10-19", "20-29"] * 5)[0])
    assert [convert(t) for t in ("30-39", "7", "many")] == [34.5, 7.0, None]


def test_widths_of_bins_that_few_rows_hold_are_not_stored():
    reading = bins_reading(["0-9", "10-19", "20+"] * 9 + ["-4321--1234"])[0]
    assert reading["bins"] == [-4.5, 4.5]


NAICS = ["11", "21", "22", "23", "31-33", "42", "44-45", "48-49", "51", "52", "53", "54", "61", "62", "71", "72", "81"]


@pytest.mark.parametrize(
    "levels",
    [["31-33", "44-45", "48-49"], NAICS, ["1-2", "4-5", "7-8"], ["100-199", "700-799", "1500-1599"],
     ["3-5", "9-12", "40-42", "77"]],
)  # fmt: skip
def test_ranges_that_leave_much_out_are_codes(levels):
    assert bins_reading(levels * 10) is None


@pytest.mark.parametrize(
    "levels",
    [["0-1", "1-2", "2-3"], ["1-2", "3-4", "5-6"], ["01-02", "03-04", "05-06"], ["00-04", "05-09", "10-14"],
     ["0-9", "10-19", "20-29", "40-49", "50-59"], ["0", "0-1", "1-2", "2-3"]],
)  # fmt: skip
def test_what_may_be_scores_or_codes_is_not_sure(levels):
    found = bins_reading(levels * 10)
    assert found is None or not found[3]


@pytest.mark.parametrize(
    "levels",
    [["0-9", "10-19", "20-29"], ["1.0-1.9", "2.0-2.9", "3.0-3.9"], ["1-2", "3-4", "5+"], ["0-1 h", "1-2 h", "2-3 h"],
     ["11 - 23 %", "24 - 40 %", "41 - 77 %"], ["0-9", "10-20", "20-30", "31-40"], ["(0, 1]", "(1, 2]", "(2, 3]"],
     ["20k-29k", "30k-39k", "40k-49k"], ["1990-1999", "2000-2009", "2010-2019"]],
)  # fmt: skip
def test_bins_that_tile_their_range_are_sure(levels):
    found = bins_reading(levels * 10)
    assert found is not None and found[3]


def test_a_bin_that_a_single_row_holds_counts_for_little():
    assert bins_reading(["0-9", "10-19", "20-29"] * 20 + ["900-909"])[3]
