"""The journal of deep trials: `automl.journal`."""

from automl.journal import Journal

__all__ = ["Journal"]
