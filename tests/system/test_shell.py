"""Advice to paste gives a command the name that it names, and runs nothing of it."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from automl.records import Finding
from automl.report.findings import finding_text, one_line
from automl.system.printable import printable
from automl.system.shell import columns_flag, fits_columns, flag, holds, path, quoted, word

NAMES = [
    "plain", "two words", "$(touch pwned)", "`touch pwned`", "a;touch pwned", "it's", 'a"b$(touch pwned)"', "-x",
    "--help", "#note", "~root", "*", "a&b|c>d", "", " ", "!!", "x=y", "größe", "\\", "new\nline",
    "\x1b[31m$(touch pwned)",
    "tab\t'\"", "\u202egpj", "caf\udce9", "\x071", "a\x00b", "\ud800", "[a]{b}?",
    "x" * 300 + "'$(touch${IFS}pwned)'" * 9,
]  # fmt: skip
TYPED = [name for name in NAMES if holds(name)]
BASH = shutil.which("bash")
needs_bash = pytest.mark.skipif(BASH is None, reason="asks a real shell")


def arguments(line: str, folder) -> list[str]:
    """What a program gets from a shell line."""
    code = f"printf '%s\\0' {line}"
    done = subprocess.run([str(BASH), "-c", os.fsencode(code)], capture_output=True, cwd=folder, check=True)
    assert os.listdir(folder) == []  # nothing of it ran
    return [os.fsdecode(part) for part in done.stdout.split(b"\0")[:-1]]


def test_what_no_command_line_can_hold_is_told_for_python() -> None:
    assert [name for name in NAMES if not holds(name)] == ["a\x00b", "\ud800"]
    assert flag("--time-column", "a\x00b") == r"time_column='a\x00b' (in Python)"


@needs_bash
def test_a_shell_reads_back_every_name(tmp_path) -> None:
    line = " ".join(word(name) for name in TYPED)
    assert arguments(line, tmp_path) == TYPED
    assert arguments(" ".join(map(quoted, TYPED)), tmp_path) == TYPED
    assert printable(line) == line


@needs_bash
def test_flags_carry_names_that_look_like_flags(tmp_path) -> None:
    for name in TYPED:
        said = arguments(flag("--target", name), tmp_path)
        assert said in (["--target", name], [f"--target={name}"])
        assert len(said) == 1 or not name.startswith("-")
    assert arguments(path("-x.csv"), tmp_path) == ["./-x.csv"]


@needs_bash
def test_kinds_of_columns_are_read_back_by_the_flag_that_takes_them(tmp_path) -> None:
    from automl.recipe.units import parse_columns

    for name in filter(fits_columns, NAMES):
        said = arguments(columns_flag(name, "text"), tmp_path)
        assert said[0] == "--columns" and parse_columns(said[1]) == {name: "text"}
    for name in ("a,b", " a", "a\n", ""):
        assert columns_flag(name, "text") == f"columns={{{name!a}: 'text'}} (in Python or a recipe)"


@needs_bash
@pytest.mark.parametrize("name", TYPED)
def test_a_long_name_in_advice_is_not_cut_where_the_rest_would_run(name: str, tmp_path) -> None:
    said = finding_text(Finding("c", "high", "C.", f"{flag('--group', name)}"))
    advice = said.removeprefix("high: C. ")
    assert "pwned" not in name or arguments(advice, tmp_path)[-1].removeprefix("--group=") == name


def test_harmless_long_names_are_cut_as_before() -> None:
    assert one_line(f"Pass --group {'x' * 300}.") == f"Pass --group {'x' * 35}…{'x' * 24}."


def test_no_message_puts_a_name_behind_a_flag_by_itself() -> None:
    import re
    from pathlib import Path

    import automl

    package = Path(automl.__file__).parent
    raw = re.compile(r"--[a-z][a-z-]*[ =]\{(?!shell\.)")
    files = [file for file in package.rglob("*.py") if file.name != "shell.py"]
    found = [f"{file.name}: {found[0]}" for file in files for found in raw.finditer(file.read_text("utf-8"))]
    assert found == []
