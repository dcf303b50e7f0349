"""The commands `automl watch` and `automl update`: what comes after a contest, night after night."""

from __future__ import annotations

import json as jsons
from typing import Annotated

import typer

from automl.cli.contest import FAILED_ON, end_by_conditions, only_result, tell
from automl.cli.flags import Budget, FailOn, Json, JsonLines, Out, Plugins, Quiet, given, words
from automl.system import terminal
from automl.system.printable import printable

__all__ = ["update", "watch"]


def watch(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A saved model, or a run folder.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="New rows, with the target if it is known.")],
    out: Annotated[str | None, typer.Option(help="Page to write: .html, .md or .json.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON and nothing else.")] = False,
    side: Annotated[
        str | None, typer.Option(help="deep, shallow, blend or floor; default the recommended one.")
    ] = None,
    fail_on: Annotated[
        str | None,
        typer.Option(
            help="End with exit code 3 if this holds. Fields: drift (columns), predictions (same, drifted), expected, "
            "score. Default 'drift>0|predictions=drifted'."
        ),
    ] = None,
    plugins: Plugins = None,
) -> None:
    """Compare NEW rows with those that MODEL was trained on: drift, the score to be expected, the real one."""
    from automl import api
    from automl.report import kind_of
    from automl.storage.files import as_named

    if out is not None:
        from pathlib import Path

        kind_of(Path(as_named(out)))
    with only_result(json):
        found = api.load(model, words(plugins) or ()).watch(new, side, fail_on)
    if out is not None:
        found.report(out)
    if json:
        terminal.out_json(jsons.dumps(found.to_dict(), indent=1))
    else:
        terminal.out(str(found), needed=False)
        if out is not None:
            terminal.out(printable(f"Page: {out}"), needed=False)
    if found.failed_on:
        raise typer.Exit(FAILED_ON)


def update(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run folder.")],
    new: Annotated[
        str,
        typer.Argument(metavar="NEW", help="New rows with all columns of the old ones, or new items in the same form."),
    ],
    data: Annotated[str | None, typer.Option(help="Where the data of RUN lie now, if not where they lay.")] = None,
    test: Annotated[str | None, typer.Option(help="Where its test rows lie now, if they were given.")] = None,
    budget: Budget = None,
    analysis: Annotated[
        float | None, typer.Option(help="Share of the budget for what is measured after the verdict. Default 0.")
    ] = None,
    out: Out = None,
    fail_on: FailOn = None,
    plugins: Plugins = None,
    quiet: Quiet = False,
    json: Json = False,
    json_lines: JsonLines = False,
) -> None:
    """Fit the settings of both finalists of RUN on its rows and NEW ones, without a search, and compare them anew."""
    from automl import api

    flags = given({
        "data": data, "test": test, "budget": budget, "analysis": analysis, "out": out, "fail_on": fail_on,
        "plugins": words(plugins), "quiet": quiet or json or None, "json": json or None,
        "json_lines": json_lines or None,
    })  # fmt: skip
    with only_result(json):
        result = api.update(run, new, **flags)
    tell(result, json)
    end_by_conditions(result)
