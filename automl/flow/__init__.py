"""The only package that knows the order: recipe in, outcome and predictors out."""

from __future__ import annotations

import os

# Threads of OpenMP that spin while they wait make boosted trees predict up to a hundred times slower on a machine that
# does other things too; ones that sleep cost next to nothing on an idle one. Read when the libraries first load.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from automl.flow.contest import Finished, run

__all__ = ["Finished", "run"]
