"""`automl`: the commands, and what becomes of errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from automl import afresh
from automl.cli import contest, look, setting
from automl.errors import InputError, MissingExtra

__all__ = ["app", "main"]

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
app.command("inspect")(look.inspect)
app.command("predict")(look.predict)
app.command("report")(look.report)
app.command("validate")(setting.validate)
app.command("schema")(setting.schema)
app.command("doctor")(setting.doctor)


def version(asked: bool) -> None:
    """Print the version and stop."""
    if asked:
        from automl._version import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def root(
    _version: bool = typer.Option(False, "--version", callback=version, is_eager=True, help="Print the version."),
) -> None:
    """Does deep learning pay on your data? A searched deep network against a tuned shallow model."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    Returns:
        0 done, 2 the user's input is at fault, 1 our fault, 130 interrupted a second time.
    """
    afresh.allow(sys.orig_argv if arguments is None else ())
    try:
        code = app(None if arguments is None else list(arguments), prog_name="automl", standalone_mode=False)
    except (InputError, MissingExtra) as error:
        typer.echo(f"error: {error}", err=True)
        return 2
    except typer.Exit as error:
        return int(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("interrupted", err=True)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that Python's last flush finds a reader
        return 0
    except Exception as error:
        if hasattr(error, "show") and hasattr(error, "exit_code"):  # typer's own: a wrong flag or argument
            error.show()
            return 2
        return fault(error)
    return code if isinstance(code, int) else 0


def fault(error: Exception) -> int:
    """Say that this is our fault and where the traceback is."""
    import tempfile
    import traceback

    from automl._version import __version__

    text = "".join(traceback.format_exception(error))
    words = f"{type(error).__name__}: {error}".splitlines()[0][:300]
    try:
        with tempfile.NamedTemporaryFile("w", prefix="automl-", suffix=".txt", delete=False, encoding="utf-8") as file:
            file.write(f"automl {__version__}, {sys.version}\n{' '.join(sys.argv)}\n\n{text}")
        place = f"The traceback is in {file.name}; please report it with what you ran."
    except OSError:
        place = text
    typer.echo(f"error: {words}\nThis is a fault in automl, not in your input. {place}", err=True)
    return 1
