"""Findings in the words that every face shows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import automl
from automl.records import Finding
from automl.report.findings import column_text, finding_text, row_numbers_text

PACKAGE = Path(automl.__file__).parent


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("age", "age"),
        ("line\nbreak\tand more", r"line\nbreak\tand more"),
        ("größe", "größe"),
        ("x" * 300, "x" * 39 + "…"),
        ("Prix\xa0TTC\u202f\u3000", "Prix\xa0TTC\u202f\u3000"),
        ("a\u200db\u200cc", "a\u200db\u200cc"),
        ("a\u2028b\u2029c\x85", r"a\u2028b\u2029c\x85"),
        ("\ud800x\0", r"\ud800x\x00"),
    ],
)
def test_a_column_takes_one_line_of_a_table_whatever_its_name(name: str, shown: str) -> None:
    assert column_text(name) == shown


def test_a_name_without_an_end_does_not_bury_what_is_said_of_it() -> None:
    line = finding_text(Finding("leaking_column", "high", f"'{'x' * 300}' tells 'y'.", "Leave it out."))
    assert line == f"high: '{'x' * 34}…{'x' * 24}' tells 'y'. Leave it out."


def test_a_long_path_keeps_the_name_of_its_file() -> None:
    line = finding_text(Finding("nul_characters", "low", f"NULs in /data/{'deep/' * 30}march.csv.", "Look there."))
    assert "/march.csv. Look there." in line and len(line) < 120


def test_rows_of_the_test_data_are_told_apart() -> None:
    def words(rows: tuple[int, ...], count: int = 0) -> str:
        return row_numbers_text(Finding("c", "low", "C.", rows=rows, count=count, test_from=200))

    assert words((7, 203)) == "Row 7; row 3 of the test data"
    assert words((200,)) == "Row 0 of the test data"
    assert words((199, 7, 200, 203), 9) == "Rows 199, 7; rows 0, 3 of the test data and 5 more"
    assert words((203,), 2) == "Rows 3 of the test data and 1 more"


def test_files_are_named_to_whoever_looks() -> None:
    names = tuple(f"{i}.png" for i in range(20))
    many = Finding("unreadable_images", "high", "Some cannot be read.", "Replace them.", count=30, files=names)
    assert "(Files 0.png, 1.png, 2.png, 3.png, 4.png and 25 more.)" in finding_text(many)
    one = Finding("unreadable_images", "high", "One cannot be read.", count=1, files=("a\nb.png",))
    assert finding_text(one).endswith(r"(File a\nb.png.)")


def test_every_finding_about_data_says_what_to_do() -> None:
    without = []
    for file in [*PACKAGE.glob("detect/**/*.py"), *PACKAGE.glob("intake/*.py")]:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding":
                steps = [*node.args[3:4], *(k.value for k in node.keywords if k.arg == "next_step")]
                if not steps or (isinstance(steps[0], ast.Constant) and not steps[0].value):
                    without.append(f"{file.name}:{node.lineno}")
    assert without == []
