"""The command `automl export`: a saved model as a file of another runtime, or as a script."""

from __future__ import annotations

from typing import Annotated

import typer

from automl.cli.flags import Plugins, words
from automl.system import terminal
from automl.system.printable import printable

__all__ = ["export"]


def export(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A saved model, or a run folder.")],
    out: Annotated[str, typer.Option(metavar="PATH", help="New folder to write.")],
    format: Annotated[  # noqa: A002
        str, typer.Option(help="onnx, litert, openvino, saved_model, keras, or python (a training script).")
    ] = "onnx",
    side: Annotated[
        str | None, typer.Option(help="deep, shallow or blend, as far as MODEL has it; default the recommended one.")
    ] = None,
    rows: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Rows to check the export on; by default they are made up. Of a forecast, a history."
        ),
    ] = None,
    plugins: Plugins = None,
) -> None:
    """Export a saved MODEL so that it predicts without automl, checked against it on up to 1,000 rows."""
    from automl import api

    made = api.load(model, words(plugins) or ()).export(out, format, side, rows)
    terminal.out(printable(str(made), keep="\n"), needed=False)
