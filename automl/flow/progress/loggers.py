"""The loggers that a recipe may name; their libraries are looked for before any time is spent."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from automl.errors import MissingExtra
from automl.flow.progress.listeners import TensorBoard
from automl.flow.progress.mlflow_runs import MLflow

if TYPE_CHECKING:
    from automl.flow.progress.listeners import Listener

__all__ = ["check_loggers", "loggers"]


def check_loggers(names: tuple[str, ...]) -> None:
    """Check that the libraries of these loggers are installed.

    Raises:
        MissingExtra: a library is not installed; the message names the extra.
    """
    if "mlflow" in names and find_spec("mlflow") is None:
        raise MissingExtra(
            "`log: mlflow` needs the library mlflow, which is not installed; "
            "install it with: pip install 'automl-keras[mlflow]'"
        )


def loggers(names: tuple[str, ...], folder: Path, title: str) -> list[Listener]:
    """The listener of each named logger.

    Args:
        names: names of loggers.
        folder: folder of the run.
        title: name of the run in the logs.
    """
    listeners: list[Listener] = []
    if "tensorboard" in names:
        listeners.append(TensorBoard(folder / "tensorboard"))
    if "mlflow" in names:
        listeners.append(MLflow(folder / "mlflow", title))
    return listeners
