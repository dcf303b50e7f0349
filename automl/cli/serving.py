"""The command `automl serve`."""

from __future__ import annotations

from typing import Annotated

import typer

from automl.cli.flags import Plugins, words

__all__ = ["serve"]


def serve(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A saved model, or a run folder.")],
    host: Annotated[str, typer.Option(help="The only address that is bound.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 for a free one, which is printed.")] = 8000,
    side: Annotated[
        str | None,
        typer.Option(help="deep, shallow, blend or floor, as far as MODEL has it; default the recommended one."),
    ] = None,
    workers: Annotated[int, typer.Option(help="Processes, each with its own copy of the model.")] = 1,
    max_body: Annotated[float, typer.Option(metavar="MIB", help="The most MiB of a request's body.")] = 16.0,
    max_rows: Annotated[int, typer.Option(help="The most rows of a request.")] = 10_000,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", help="The most seconds of a request.")] = 30.0,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A name that requests may have in their Host header (repeatable; * for any). By default this "
            "machine's own where --host is a loopback, any elsewhere.",
        ),
    ] = None,
    plugins: Plugins = None,
) -> None:
    """Serve predictions of a saved MODEL over HTTP: /predict, /predict_proba, /health, /schema, /metrics."""
    from automl.serve.server import run
    from automl.serve.settings import Settings

    run(
        Settings(
            model, side, host, port, workers, most_body_mib=max_body, most_rows=max_rows, timeout_seconds=timeout,
            plugins=tuple(words(plugins) or ()), allowed_hosts=tuple(allow_host or ()),
        )
    )  # fmt: skip
