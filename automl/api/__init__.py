"""The Python interface: `fit`, `run`, `inspect`, `load`, and what is done with finished runs."""

from __future__ import annotations

from automl.api.contests import fit, run
from automl.api.finished import analyse, compare, update
from automl.api.inspecting import inspect
from automl.api.opening import load
from automl.inspection import Inspection
from automl.predict.model import Model
from automl.predict.side_model import SideModel
from automl.result import Result

__all__ = [
    "Inspection", "Model", "Result", "SideModel", "analyse", "compare", "fit", "inspect", "load", "run", "update",
]  # fmt: skip
