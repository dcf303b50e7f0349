"""Workbooks: title rows, merged cells, several sheets."""

import datetime

import numpy as np
import openpyxl
import pytest

from automl import recipe as recipes
from automl.errors import DataError, RecipeError
from automl.intake import load
from automl.intake.sheets import Range, parse_sheet
from automl.records import Recipe

HEAD = ["area", "rooms", "city", "sold"]
N = 30


def rows(n=N):
    rng = np.random.default_rng(n)
    return [
        [round(float(rng.normal(50, 9)), 2), int(rng.integers(1, 9)), ("Ulm", "Kiel")[i % 2], ("yes", "no")[i % 3 > 0]]
        for i in range(n)
    ]


ROWS = rows()


@pytest.fixture
def book(tmp_path):
    def write(merged=(), hidden=(), at=(0, 0), **sheets):
        made = openpyxl.Workbook()
        made.remove(made.active)
        for title, cells in sheets.items():
            sheet = made.create_sheet(title)
            for i, row in enumerate(cells):
                for j, value in enumerate(row):
                    if value is not None:
                        sheet.cell(i + 1 + at[0], j + 1 + at[1], value)
            for place in merged if title == "data" else ():
                sheet.merge_cells(place)
            sheet.sheet_state = "hidden" if title in hidden else "visible"
        made.save(tmp_path / "book.xlsx")
        return str(tmp_path / "book.xlsx")

    return write


def read(path, target=()):
    dataset = load(Recipe(data=path, target=target))
    return dataset.inputs, [finding.check for finding in dataset.findings]


@pytest.mark.parametrize(
    ("cells", "checks"),
    [
        ([HEAD, *ROWS], []),
        ([["Report 2024"], [], HEAD, *ROWS], ["lines_above_header"]),
        ([["Station", 12], ["Lat", 48.1], [], HEAD, *ROWS], ["lines_above_header"]),
        ([HEAD, *ROWS, ["Total", 180]], ["rows_below_table"]),
        ([HEAD, *ROWS, [], ["Source: our survey"]], ["rows_below_table"]),
        ([HEAD, ["m2", "-"], *ROWS], ["units_row"]),
        ([HEAD, *ROWS[:9], HEAD, *ROWS[9:]], ["repeated_header"]),
    ],
)
def test_the_table_of_a_sheet_is_found(book, cells, checks):
    inputs, found = read(book(data=cells))
    assert list(inputs.columns) == HEAD and len(inputs) == N and found == checks
    assert inputs["area"].tolist() == [row[0] for row in ROWS] and inputs["rooms"].dtype.kind in "if"


def test_a_table_may_begin_anywhere_on_its_sheet(book):
    inputs, found = read(book(data=[HEAD, *ROWS], at=(4, 2)))
    assert list(inputs.columns) == HEAD and found == ["empty_columns"]


def test_a_sheet_without_header_keeps_its_first_row(book):
    inputs, found = read(book(data=ROWS))
    assert list(inputs.columns) == ["x0", "x1", "x2", "x3"] and len(inputs) == N and found == ["no_header"]


def test_merged_cells_hold_their_value_in_every_row_they_span(book):
    cells = [["Report"], ["region", *HEAD], *([None if i % 10 else f"R{i // 10}", *row] for i, row in enumerate(ROWS))]
    path = book(data=cells, merged=["A1:E1", *(f"A{3 + i}:A{12 + i}" for i in range(0, N, 10))])
    dataset = load(Recipe(data=path))
    assert dataset.inputs["region"].tolist() == [f"R{i // 10}" for i in range(N)]
    merged = dataset.findings[-1]
    assert merged.check == "merged_cells" and merged.columns == ("region",) and merged.count == N - 3


def test_merged_names_of_groups_are_joined_with_those_below_them(book):
    cells = [["region", 2023, None, 2024], [None, "low", "high", "low", "high"]]
    cells += [[f"R{i}", i, i + 1.5, i * 2, i] for i in range(N)]
    inputs, found = read(book(data=cells, merged=["A1:A2", "B1:C1", "D1:E1"]))
    assert list(inputs.columns) == ["region", "2023.low", "2023.high", "2024.low", "2024.high"]
    assert len(inputs) == N and found == ["two_headers"]


def test_ranges_are_filled_within_the_sheet_alone_and_never_twice():
    cells = [["a", None, 1], [None, None, 2], [], ["b", None, 3]]
    sheet = parse_sheet("s", cells, [0, 1, 5, 7], [Range(0, 0, 1, 1), Range(7, 0, 10**6, 10**4), Range(0, 0, 9, 9)])
    assert sheet.rows == [["a", "a", 1], ["a", "a", 2], [], ["b", None, 3]]
    assert len(sheet.filled) == 3


def test_the_sheet_with_the_target_is_read_and_the_others_are_named(book):
    path = book(a=[["u", "v"], *([i, i] for i in range(99))], data=[HEAD, *ROWS], hidden=("a",))
    dataset = load(Recipe(data=path, target=("sold",)))
    (finding,) = dataset.findings
    assert list(dataset.inputs.columns) == HEAD[:3] and "it has the names that are asked for" in finding.message
    assert "'data' was read" in finding.message and "not 'a'" in finding.message and "book.xlsx#a" in finding.next_step


@pytest.mark.parametrize(
    "others",
    [
        {"cover": [["My book"], ["by me"]]},
        {"cover": [[f"line {i}"] for i in range(20)]},
        {"codes": [["column", "meaning"], *([name, "of a house"] for name in HEAD)]},
    ],
)
def test_the_largest_table_is_read_where_a_cover_or_a_list_of_codes_comes_first(book, others):
    inputs, found = read(book(**others, data=[HEAD, *ROWS]))
    assert list(inputs.columns) == HEAD and len(inputs) == N and found == ["several_sheets"]


def test_of_sheets_alike_the_first_is_read_and_no_hidden_one(book):
    path = book(old=[HEAD, *rows(90)], data=[HEAD, *ROWS], later=[HEAD, *rows(40)], hidden=("old",))
    assert len(read(path)[0]) == N


@pytest.mark.parametrize("title", ["codes", "Codes", " codes"])
def test_a_sheet_is_named_behind_the_file(book, title):
    path = book(data=[HEAD, *ROWS], codes=[["q", "v"], [1, 2], [3, 4]])
    inputs, found = read(f"{path}#{title}")
    assert list(inputs.columns) == ["q", "v"] and found == []
    assert recipes.make(data=f"{path}#{title}").data == f"{path}#{title}"


def test_a_sheet_that_is_not_there_is_told_with_those_that_are(book):
    path = book(data=[HEAD, *ROWS], codes=[["q", "v"], [1, 2], [3, 4]], empty=[["q"]])
    with pytest.raises(DataError, match=r"no sheet 'code'; its sheets are 'data', 'codes', 'empty'.*mean 'codes'"):
        read(f"{path}#code")
    with pytest.raises(DataError, match=r"'empty' of book.xlsx has no header and rows"):
        read(f"{path}#empty")
    with pytest.raises(RecipeError, match="does not exist"):
        recipes.make(data=path.replace("book", "brook") + "#codes")


def test_dates_stay_dates_and_texts_texts(book):
    days = [datetime.datetime(2024, 1, 1) + datetime.timedelta(days=i) for i in range(N)]
    inputs, _ = read(book(data=[["Days"], ["day", "zip"], *([day, f"00{i:03d}"] for i, day in enumerate(days))]))
    assert inputs["day"].dtype.kind == "M" and inputs["zip"].tolist()[0] == "00000"
