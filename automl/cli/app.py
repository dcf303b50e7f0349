"""The program `automl`: registers the commands and turns errors into messages and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import typer

from automl.cli import contest, exporting, nightly, serving, setting, views
from automl.cli.limits import limit_words
from automl.errors import InputError, MissingExtra
from automl.system import processes, terminal, threads
from automl.system.printable import printable

__all__ = ["app", "main"]

INTERRUPTED = 130
LOADER = "automl-tensorflow"  # the name used in `flow.loading`, repeated here because importing that loads too much

app = typer.Typer(
    name="automl",
    help="Does deep learning pay on your data? A searched deep network against a tuned shallow model.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("fit")(contest.fit)
app.command("run")(contest.run)
app.command("inspect")(views.inspect)
app.command("predict")(views.predict)
app.command("sample")(views.sample)
app.command("export")(exporting.export)
app.command("serve")(serving.serve)
app.command("report")(views.report)
app.command("analyse")(views.analyse)
app.command("compare")(views.compare)
app.command("card")(views.card)
app.command("watch")(nightly.watch)
app.command("update")(nightly.update)
app.command("validate")(setting.validate)
app.command("schema")(setting.schema)
app.command("doctor")(setting.doctor)


def version(asked: bool) -> None:
    """Print the version and exit."""
    if asked:
        from automl._version import __version__

        terminal.out(__version__)
        raise typer.Exit


@app.callback()
def root(
    _version: bool = typer.Option(False, "--version", callback=version, is_eager=True, help="Print the version."),
) -> None:
    """Does deep learning pay on your data? A searched deep network against a tuned shallow model."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    Returns:
        0: done, also if the reader of standard output has gone away (such as ``head``). 1: a fault in automl. 2: the
        user's input is at fault, or the output that was asked for could not be printed. 3: all is done, and a
        condition of ``--fail-on`` holds. 130: interrupted twice.
    """
    own = arguments is None
    if own:
        terminal.open_standard()
        threads.sleep_while_waiting()
    processes.allow(sys.orig_argv if own else ())
    with terminal.guarded() as shown:
        code = _command(arguments)
        shown.flush()
        words = "" if shown.lost is None else terminal.lost_words(shown.lost)
        if code == 0 and words:
            terminal.err(f"error: {words}")
            code = 2
    if own:
        terminal.settle()
        _leave_what_loads(code)
    return code


def _command(arguments: Sequence[str] | None) -> int:
    code = _ran(arguments)
    if code == INTERRUPTED:
        terminal.err("interrupted")
    return code


def _ran(arguments: Sequence[str] | None) -> int:
    try:
        code = app(None if arguments is None else list(arguments), prog_name="automl", standalone_mode=False)
    except (InputError, MissingExtra) as error:
        terminal.err(f"error: {error}")
        return 2
    except typer.Exit as error:
        return int(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):  # some versions of typer turn it into an exit code themselves
        return INTERRUPTED
    except BrokenPipeError:  # from a stream that a library has opened itself
        return 0
    except Exception as error:
        if hasattr(error, "format_message") and hasattr(error, "exit_code"):  # typer's: a wrong flag or argument
            _wrong_usage(error)
            return 2
        words = limit_words(error)
        if words is not None:
            terminal.err(f"error: {words}")
            return 2
        return fault(error)
    return code if isinstance(code, int) else 0


def _wrong_usage(error: Any) -> None:
    """Print typer's message about a wrong flag, with the flag made printable."""
    context = getattr(error, "ctx", None)
    if context is not None:
        terminal.err(f"{context.get_usage()}\nTry '{context.command_path} --help' for help.\n")
    terminal.err(f"Error: {printable(error.format_message())}")


def _leave_what_loads(code: int) -> None:
    """Exit at once if TensorFlow is still loading in a thread: Python's normal shutdown would abort in it."""
    import threading

    if any(thread.name == LOADER for thread in threading.enumerate()):
        os._exit(code)


def fault(error: Exception) -> int:
    """Report a fault in automl and say where the traceback is."""
    import tempfile
    import traceback

    from automl._version import __version__

    text = "".join(traceback.format_exception(error))
    words = printable(f"{type(error).__name__}: {error}".splitlines()[0][:300])
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="automl-", suffix=".txt", delete=False, encoding="utf-8", errors="backslashreplace"
        ) as file:
            file.write(f"automl {__version__}, {sys.version}\n{' '.join(sys.argv)}\n\n{text}")
        place = f"The traceback is in {file.name}; please report it with what you ran."
    except OSError:
        place = text
    terminal.err(f"error: {words}\nThis is a fault in automl, not in your input. {place}")
    return 1
