"""The only package that knows the order: recipe in, outcome and predictors out."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from automl.flow.contest import Finished, run
    from automl.flow.keep import keeps_rows
    from automl.flow.one_side import Trained, train

# Threads of OpenMP that spin while they wait make boosted trees predict up to a hundred times slower on a machine that
# does other things too; ones that sleep cost next to nothing on an idle one. Read when the libraries first load.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

__all__ = ["Finished", "Trained", "keeps_rows", "run", "train"]

HOMES = {"Finished": "contest", "run": "contest", "Trained": "one_side", "train": "one_side", "keeps_rows": "keep"}


def __getattr__(name: str) -> Any:
    """Load the contest when it is run: a look at the data needs half of the rooms."""
    if name in HOMES:
        return getattr(import_module(f"automl.flow.{HOMES[name]}"), name)
    raise AttributeError(f"module 'automl.flow' has no attribute {name!r}")
