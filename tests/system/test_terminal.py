"""The door to the standard streams: what they cannot take ends nothing."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import automl
from automl.system import terminal
from automl.system.terminal import Lasting

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(automl.__file__).parent.parent)}


class Broken(io.StringIO):
    """A stream of a user's own that fails at every turn."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        raise self.error

    def flush(self) -> None:
        raise self.error

    def isatty(self) -> bool:
        raise self.error


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(28, "full"), ValueError("closed"), KeyError("own")])
def test_a_stream_that_fails_is_noted_and_ends_nothing(error: Exception) -> None:
    stream = Lasting(Broken(error))
    assert stream.write("a") == 1 and not stream.isatty()
    stream.flush()
    stream.close()
    assert stream.lost is error


def test_a_stream_that_is_not_there_is_noted() -> None:
    stream = Lasting(None)
    stream.write("a")
    assert isinstance(stream.lost, OSError) and not stream.isatty()


def test_a_sound_stream_gets_all_and_stays_open() -> None:
    under = io.StringIO()
    stream = Lasting(under)
    stream.write("größe\n")
    stream.close()
    assert under.getvalue() == "größe\n" and stream.lost is None and not under.closed


def test_a_descriptor_is_written_at_once_in_its_encoding_and_a_reader_may_go() -> None:
    reading, writing = os.pipe()
    stream = Lasting(writing, "ascii")
    stream.write("größe \udce9\n")
    assert os.read(reading, 100) == rb"gr\xf6\xdfe \udce9" + b"\n"
    os.close(reading)
    stream.write("more\n")
    assert isinstance(stream.lost, BrokenPipeError)
    stream.close()


def test_a_character_that_the_stream_has_no_code_for_is_an_escape() -> None:
    under = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    stream = Lasting(under)
    stream.write("größe €")
    stream.flush()
    assert under.buffer.getvalue() == "größe ".encode("latin-1") + rb"\u20ac" and stream.lost is None


def test_the_console_reads_no_markup_and_spells_what_a_layout_let_through() -> None:
    from rich.table import Table

    under = io.StringIO()
    console = terminal.console(Lasting(under))
    table = Table("[red]name[/]", width=60)
    table.add_row("[link=http://a]b[/] :smile: \x1b[2J")
    console.print(table)
    console.print("[bold]x[/]\x07")
    shown = under.getvalue()
    assert "[link=http://a]b[/] :smile: \\x1b[2J" in shown and "[bold]x[/]" in shown and "[red]name[/]" in shown
    assert "\x1b" not in shown and "\x07" not in shown


def run(code: str, before: str = "", after: str = "", **settings) -> subprocess.CompletedProcess[str]:
    """Python code by a shell that sets its streams."""
    line = f"{before} '{sys.executable}' -c \"$CODE\" {after}"
    environment = {**ENVIRONMENT, "CODE": code, **settings}
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=600, env=environment)


COMMAND = "import sys; from automl.cli import main; sys.argv[1:] = {arguments!r}; sys.exit(main())"
VERSION = COMMAND.format(arguments=["--version"])
SCHEMA = COMMAND.format(arguments=["schema"])
posix = pytest.mark.skipif(os.name != "posix", reason="by a shell")
needs_full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")


@posix
@pytest.mark.parametrize("code", [VERSION, SCHEMA])
def test_output_that_is_read_is_exit_0(code: str) -> None:
    done = run(code)
    assert done.returncode == 0 and done.stdout and done.stderr == ""


@posix
@needs_full
@pytest.mark.parametrize("after", [">/dev/full", ">&-"])
@pytest.mark.parametrize("code", [VERSION, SCHEMA])
def test_output_that_is_lost_is_exit_2_with_words_and_no_trace(code: str, after: str) -> None:
    done = run(code, after=after)
    assert done.returncode == 2
    assert done.stderr.startswith("error: standard output could not be written (") and done.stderr.count("\n") == 1


@posix
def test_a_reader_that_has_gone_is_exit_0_without_a_word() -> None:
    done = run(SCHEMA, before="(", after="; echo code $? >&2) | true")
    assert done.stderr == "code 0\n"


@posix
@needs_full
@pytest.mark.parametrize("after", ["2>&-", "2>/dev/full", ">&- 2>&- <&-"])
def test_messages_that_nobody_can_read_change_no_exit_code(after: str) -> None:
    code = COMMAND.format(arguments=["validate", "no such.yaml"])
    assert run(code, after=after).returncode == 2


@posix
def test_no_file_takes_the_place_of_a_closed_stream(tmp_path) -> None:
    code = (
        "import os; from automl.system import terminal; terminal.open_standard(); handle = os.open(os.environ['FILE'], "
        "os.O_CREAT | os.O_WRONLY); os.write(1, b'noise'); os.write(2, b'noise'); assert handle > 2"
    )
    done = run(code, after=">&- 2>&- <&-", FILE=str(tmp_path / "precious"))
    assert done.returncode == 0 and (tmp_path / "precious").read_bytes() == b""


def test_json_says_the_same_where_only_ascii_is_taken(monkeypatch) -> None:
    below = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(below, encoding="ascii"))
    terminal.out_json(json.dumps({"größe": "\U0001f600\x9b"}, ensure_ascii=False))
    assert json.loads(below.getvalue()) == {"größe": "\U0001f600\x9b"}


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_predictions_go_to_programs_as_they_are_and_to_a_terminal_spelled_out(monkeypatch) -> None:
    program, screen, ascii_only = io.StringIO(), Screen(), io.BytesIO()
    for stream in (program, screen, io.TextIOWrapper(ascii_only, encoding="ascii")):
        monkeypatch.setattr(sys, "stdout", stream)
        terminal.out_data("y\nä\x1b[2J")
    assert program.getvalue() == "y\nä\x1b[2J\n"
    assert screen.getvalue() == "y\nä\\x1b[2J\n"
    assert ascii_only.getvalue() == "y\nä\x1b[2J\n".encode()


def test_nothing_else_in_the_package_writes_to_the_standard_streams() -> None:
    import ast

    package = Path(automl.__file__).parent
    found = []
    for file in package.rglob("*.py"):
        if file.name == "terminal.py" and file.parent == package:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            written = name in ("print", "typer.echo", "typer.secho", "click.echo", "Console", "rich.print") or (
                name.endswith((".stdout.write", ".stderr.write"))
            )
            if written:
                found.append(f"{file.relative_to(package)}:{node.lineno}: {name}")
    assert found == []
