"""Where a table begins and ends: titles, comments, headers, units, rows that are none; and headers that are data."""

import numpy as np
import pytest

from automl.errors import DataError
from automl.intake import delimited
from automl.intake.raw import Hints

RNG = np.random.default_rng(1)
N = 40
HEAD, NAMES = "area,rooms,city,sold", ["area", "rooms", "city", "sold"]
NUMBERED = ["x0", "x1", "x2", "x3"]


def lines(n=N, delimiter=","):
    rng = np.random.default_rng(n)
    return "".join(
        delimiter.join([
            f"{rng.normal(50, 9):.2f}", str(rng.integers(1, 9)), str(rng.choice(["Ulm", "Kiel", "Bonn"])),
            str(rng.choice(["yes", "no"])),
        ]) + "\n" for _ in range(n)
    )  # fmt: skip


def each(row, n=N):
    return "".join(row(i) + "\n" for i in range(n))


def read(text, **hints):
    return delimited.read(text.encode(), "t.csv", Hints(**hints))


def checks(text):
    return [finding.check for finding in text.findings]


ROWS = lines()

ABOVE = {
    "a title with a comma": f"Sales, 2024\n\n{HEAD}\n{ROWS}",
    "names and values": f"Station:,12\nLat:,48.1\n\n{HEAD}\n{ROWS}",
    "names and values, padded": f"Station:,12,,\nLat:,48.1,,\n,,,\n{HEAD}\n{ROWS}",
    "settings": f"device=X12\nrate=5\n{HEAD}\n{ROWS}",
    "quotes": f'"My ""great"" report"\n"from: a, to: b"\n{HEAD}\n{ROWS}',
    "a stray quote": f'The 5" pipes\n\n{HEAD}\n{ROWS}',
    "many comments": each(lambda i: f"# comment {i}, with, commas", 60) + f"{HEAD}\n{ROWS}",
    "many lines": each(lambda i: f"line {i} of the preamble", 20) + f"{HEAD}\n{ROWS}",
    "names in a comment": f"# area,rooms,city,sold\n{ROWS}",
    "names in the last of several comments": f"# made by us\n#area,rooms,city,sold\n{ROWS}",
    "names parted by blanks in a comment": f"# area rooms city sold\n{ROWS}",
    "names parted otherwise": f"{HEAD}\n{lines(delimiter=';')}",
    "semicolons and a title": f"Bericht 12;\n\n{HEAD.replace(',', ';')}\n{lines(delimiter=';').replace('.', ',')}",
}


@pytest.mark.parametrize("text", ABOVE.values(), ids=ABOVE)
def test_the_header_is_found_below_other_lines(text):
    found = read(text)
    assert list(found.frame.columns) == NAMES and len(found.frame) == N
    assert found.frame["area"].dtype.kind == "f"


def test_a_title_of_as_many_cells_as_the_table_is_none_of_its_names():
    found = read("Report, March 2024\nname,value\n" + each(lambda i: f"n{i},{i * 1.5}"))
    assert list(found.frame.columns) == ["name", "value"] and checks(found) == ["lines_above_header"]
    assert "'Report March 2024'" in found.findings[0].message


def test_the_target_tells_the_header():
    found = read(f"a note, b\nx,y,z,w\n{HEAD}\n{ROWS}", target=("sold",))
    assert list(found.frame.columns) == NAMES and len(found.frame) == N


BELOW = {
    "a total": f"{HEAD}\n{ROWS}Total,180,,\n",
    "a total and a mean": f"{HEAD}\n{ROWS}Total,180,,\nMean,4.5,,\n",
    "notes": f"{HEAD}\n{ROWS}\nNotes:\n1) the first\n2) the second\n",
    "a note in padded cells": f"{HEAD}\n{ROWS},,,\nSource: our survey,,,\n",
    "a sentence": f"{HEAD}\n{ROWS}\n\nAll values without warranty\n",
    "a count": f"{HEAD}\n{ROWS}----------\nTotal rows: 40\n",
    "an end": f"{HEAD}\n{ROWS}EOF\n",
}


@pytest.mark.parametrize("text", BELOW.values(), ids=BELOW)
def test_what_stands_below_a_table_is_left_out(text):
    found = read(text)
    assert len(found.frame) == N and found.frame["area"].dtype.kind == "f"
    assert checks(found) == ["rows_below_table"]


def test_a_note_within_a_quoted_cell_stays_there():
    text = "area,note\n" + each(lambda i: f'{i}.5,"see\nSource: me"')
    found = read(text)
    assert found.frame["note"].tolist() == ["see\nSource: me"] * N and checks(found) == []


def test_a_category_that_is_called_total_is_one():
    text = "region,share\n" + each(lambda i: f"{('North', 'South')[i % 2]},{i % 3}") + "Total,1\n"
    assert read(text).frame["region"].tolist()[-1] == "Total"


BESIDE = {
    "units": (f"{HEAD}\nm2,-,,\n{ROWS}", "units_row"),
    "units in brackets": (f"{HEAD}\n[m2],[-],[],[]\n{ROWS}", "units_row"),
    "types": (f"{HEAD}\nfloat,int,string,string\n{ROWS}", "units_row"),
    "descriptions": (f"{HEAD}\nLiving area,How many rooms,Where it is,Was it sold?\n{ROWS}", "units_row"),
}


@pytest.mark.parametrize(("text", "check"), BESIDE.values(), ids=BESIDE)
def test_units_below_the_header_are_no_row(text, check):
    found = read(text)
    assert list(found.frame.columns) == NAMES and len(found.frame) == N and checks(found) == [check]


def test_a_line_that_is_drawn_and_a_comment_below_the_header_are_no_rows():
    for line in ("----,----,----,----", "# the rows"):
        assert len(read(f"{HEAD}\n{line}\n{ROWS}").frame) == N


@pytest.mark.parametrize("first", ["unknown,unknown,Kiel,yes", ",,Kiel,yes", "NA,NA,Kiel,yes", ".,3,Ulm,yes"])
def test_a_first_row_of_gaps_is_a_row(first):
    assert len(read(f"{HEAD}\n{first}\n{ROWS}").frame) == N + 1


AGAIN = {
    "plain": f"{HEAD}\n{ROWS}{HEAD}\n{ROWS}",
    "quoted": f'"area","rooms","city","sold"\n{ROWS}"area","rooms","city","sold"\n{ROWS}',
    "a byte-order mark": f"\ufeff{HEAD}\n{ROWS}\ufeff{HEAD}\n{ROWS}",
    "a title": f"T 1\n{HEAD}\n{ROWS}T 1\n{HEAD}\n{ROWS}",
    "a comment": f"{HEAD}\n{ROWS}# second part\n{ROWS}",
    "units": f"{HEAD}\nm2,-,,\n{ROWS}{HEAD}\nm2,-,,\n{ROWS}",
}


@pytest.mark.parametrize("text", AGAIN.values(), ids=AGAIN)
def test_a_header_that_comes_again_is_no_row(text):
    found = read(text)
    assert len(found.frame) == 2 * N and found.frame["area"].dtype.kind == "f"
    assert {"repeated_header", "comment_lines"} & set(checks(found))


def test_rows_keep_their_places_where_the_header_comes_again():
    found = read(f"{HEAD}\n{ROWS}{HEAD}\n{ROWS}")
    assert found.frame.index.tolist() == [*range(N), *range(N + 1, 2 * N + 1)]
    assert found.findings[0].rows == (N,)


def test_answers_that_are_spelled_as_their_column_stay():
    assert len(read("yes\n" + "yes\nno\n" * 20).frame) == N


HEADLESS = {
    "numbers and a class": each(lambda i: f"{RNG.normal():.1f},{RNG.normal():.1f},{RNG.normal():.1f},{'ab'[i % 2]}"),
    "whole numbers and a class": each(
        lambda i: f"{RNG.integers(99)},{RNG.integers(99)},{RNG.integers(9)},{('cat', 'dog')[i % 2]}"
    ),
    "words alone": each(lambda i: ",".join([*RNG.choice(["high", "low", "med"], 3), ("acc", "unacc")[i % 2]]), 200),
    "a class first": each(lambda i: f"{'MFI'[i % 3]},{RNG.random():.3f},{RNG.random():.3f},{RNG.integers(1, 29)}"),
    "blanks after commas": each(
        lambda i: (
            f"{RNG.integers(20, 70)}, {('Private', 'State')[i % 2]}, {RNG.integers(10**6)}, {('<=5', '>5')[i % 2]}"
        )
    ),
    "a gap": "?,5.1,3.5,b\n" + each(lambda i: f"{RNG.normal():.1f},5.1,{RNG.normal():.1f},{'ab'[i % 2]}"),
    "dates": each(lambda i: f"2024-01-{i % 28 + 1:02d},{RNG.integers(99)},{RNG.integers(9)},{RNG.integers(9)}"),
    "blanks between": each(lambda i: f"{RNG.random():.2f} {RNG.random():.2f} {RNG.integers(9)} {RNG.integers(3)}"),
    "colons": each(lambda i: f"{RNG.integers(1, 99)}::{RNG.integers(1, 999)}::{RNG.integers(1, 6)}::{978300760 + i}"),
    "a comment above": f"# made by us\n{ROWS}",
}


@pytest.mark.parametrize("text", HEADLESS.values(), ids=HEADLESS)
def test_a_first_row_of_data_is_none_of_names(text):
    found = read(text)
    n_rows = sum(not line.startswith("#") for line in text.splitlines())
    assert list(found.frame.columns) == NUMBERED and len(found.frame) == n_rows
    assert "no_header" in checks(found)


HEADERS = {
    "years": ("country,2019,2020,2021", lambda i: f"C{i},{i},{i + 1},{i + 2}"),
    "wavelengths": ("sample,400.5,401.0,401.5", lambda i: f"s{i},{i / 7:.3f},{i / 9:.3f},{i / 11:.3f}"),
    "dates": ("series,2020-01-01,2020-02-01,2020-03-01", lambda i: f"S{i},{i}.5,{i},{i + 2}"),
    "dates beside names": ("province,lat,1/22/20,1/23/20", lambda i: f"P{i},{i}.5,{i},{i + 2}"),
    "numbers from 0": ("0,1,2,3", lambda i: f"{i}.5,{i},{i + 2},{i % 2}"),
    "a sign": ("#,Name,Type,HP", lambda i: f"{i},P{i},{('Grass', 'Fire')[i % 2]},{i * 3}"),
    "a name behind a sign": ("#id,%share,note,y", lambda i: f"{i},{i / 7:.2f},n{i},{i % 2}"),
    "words alone": ("name,city,job,team", lambda i: f"N{i},C{i % 3},J{i % 4},T{i}"),
    "a name that is a class": ("spam,text,n,m", lambda i: f"{('spam', 'ham')[i % 2]},we have {i} left,{i},{i}"),
}


@pytest.mark.parametrize(("head", "row"), HEADERS.values(), ids=HEADERS)
def test_names_are_names_however_odd(head, row):
    found = read(f"{head}\n{each(row)}")
    assert list(found.frame.columns) == head.split(",") and len(found.frame) == N and checks(found) == []


def test_the_unnamed_index_of_a_frame_is_a_column():
    assert list(read(",no\n" + each(lambda i: f"{i},{('yes', 'no')[i % 2]}")).frame.columns) == ["Unnamed: 0", "no"]


@pytest.mark.parametrize("head", ["2023,,2024,\nlow,high,low,high", "a,a,b,b\nx,y,x,y"])
def test_two_rows_of_names_are_joined(head):
    found = read(f"{head}\n{each(lambda i: f'{i}.1,{i},{i + 2},{i * 3}')}")
    upper, lower = (line.split(",") for line in head.split("\n"))
    groups = [upper[0], upper[0], upper[2], upper[2]]
    assert list(found.frame.columns) == [f"{a}.{b}" for a, b in zip(groups, lower, strict=True)]
    assert len(found.frame) == N and checks(found) == ["two_headers"]


SHIFTED = {
    "numbers first": each(lambda i: f"{i}.5,{i % 3},Kiel, DE,yes"),
    "words first": each(lambda i: f"n{i},{i % 3},Kiel, DE,yes"),
    "numbers that come back": each(lambda i: f"{i % 5},{i % 3},Kiel, DE,yes"),
}


@pytest.mark.parametrize("rows", SHIFTED.values(), ids=SHIFTED)
def test_names_that_would_move_by_a_column_are_refused(rows):
    with pytest.raises(DataError, match=r"rows of t.csv have 5 cells and its header 4 names.*put quotes round cells"):
        read(f"{HEAD}\n{rows}")


DIALECTS = {
    "blanks before quotes": ("area, note, sold\n" + each(lambda i: f'{i}.5, "Kiel, DE", yes'), "Kiel, DE"),
    "escaped quotes": ("area,note,sold\n" + each(lambda i: f'{i}.5,"the \\"old\\" one",yes'), 'the "old" one'),
    "escaped quotes and lines": ("area,note,sold\n" + each(lambda i: f'{i}.5,"he: \\"a,\nb\\"",yes'), 'he: "a,\nb"'),
    "plain backslashes": ("area,note,sold\n" + each(lambda i: f'{i}.5,"C:\\dir\\",yes'), "C:\\dir\\"),
    "an escaped delimiter": ("area\tnote\tsold\n" + each(lambda i: f"{i}.5\tKiel\\\tDE\tyes"), "Kiel\tDE"),
    "objects": ("area,note,sold\n" + each(lambda i: f'{i}.5,"{{\\"a\\": 1, \\"b\\": 2}}",yes'), '{"a": 1, "b": 2}'),
    "single quotes": ("'area','note','sold'\n" + each(lambda i: f"{i}.5,'Kiel, DE','yes'"), "Kiel, DE"),
    "apostrophes": ("area,note,sold\n" + each(lambda i: f"{i}.5,'t is,yes"), "'t is"),
    "inches": ("area,note,sold\n" + each(lambda i: f'{i}.5,5" pipe,yes'), '5" pipe'),
    "carets": ("area^note^sold\n" + each(lambda i: f"{i}.5^a,b^yes"), "a,b"),
    "control characters": ("area\x01note\x01sold\n" + each(lambda i: f"{i}.5\x01a,b\x01yes"), "a,b"),
    "a drawn table": ("| area | note | sold |\n|---|---|---|\n" + each(lambda i: f"| {i}.5 | a,b | yes |"), None),
}


@pytest.mark.parametrize(("text", "note"), DIALECTS.values(), ids=DIALECTS)
def test_a_dialect_is_the_one_that_makes_rows_alike(text, note):
    frame = read(text).frame
    assert list(frame.columns) == ["area", "note", "sold"] and len(frame) == N
    assert frame["area"].tolist() == [i + 0.5 for i in range(N)]
    assert note is None or set(frame["note"]) == {note}


def test_a_column_of_texts_is_not_parted_at_its_commas():
    text = "text\n" + each(lambda i: f"hello, you {i}, and, so on" if i % 3 else f"plain {i}")
    found = read(text)
    assert list(found.frame.columns) == ["text"] and len(found.frame) == N and checks(found) == ["dialect"]


def test_numbers_with_commas_do_not_part_what_semicolons_part():
    text = "a;b;c\n" + each(lambda i: f"1,234,{i:03d};2,345,678;3,456,789")
    assert list(read(text).frame.columns) == ["a", "b", "c"]
