"""The only module that knows the order: recipe in, outcome and predictors out."""

from __future__ import annotations

from automl.flow.contest import Finished, run

__all__ = ["Finished", "run"]
