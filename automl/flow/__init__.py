"""The order of a contest: from a recipe to an outcome and predictors. No other package knows this order."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from automl.flow.contest import Finished, run
    from automl.flow.finished_run import analyse
    from automl.flow.keep import keeps_rows
    from automl.flow.one_side import Trained, train
    from automl.flow.updating import update

# OpenMP threads that spin while they wait make boosted trees predict up to a hundred times slower on a busy machine.
# Threads that sleep cost almost nothing on an idle one. The libraries read these variables when they are loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

__all__ = ["Finished", "Trained", "analyse", "keeps_rows", "run", "train", "update"]

HOMES = {
    "Finished": "contest", "run": "contest", "Trained": "one_side", "train": "one_side", "keeps_rows": "keep",
    "analyse": "finished_run", "update": "updating",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import the contest only when it is run: inspecting data needs only half of the packages."""
    if name in HOMES:
        return getattr(import_module(f"automl.flow.{HOMES[name]}"), name)
    raise AttributeError(f"module 'automl.flow' has no attribute {name!r}")
