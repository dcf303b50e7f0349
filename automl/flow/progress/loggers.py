"""The loggers that a recipe may ask for by name; each needs a library that is asked for before any time is spent."""

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
    """See that the libraries of these loggers are there.

    Raises:
        MissingExtra: one is not installed; names the extra.
    """
    if "mlflow" in names and find_spec("mlflow") is None:
        raise MissingExtra(
            "`log: mlflow` needs the library mlflow, which is not installed; "
            "install it with: pip install 'automl-keras[mlflow]'"
        )


def loggers(names: tuple[str, ...], folder: Path, title: str) -> list[Listener]:
    """A listener for each name.

    Args:
        names: of loggers.
        folder: of the run.
        title: what the run is called there.
    """
    found: list[Listener] = []
    if "tensorboard" in names:
        found.append(TensorBoard(folder / "tensorboard"))
    if "mlflow" in names:
        found.append(MLflow(folder / "mlflow", title))
    return found
