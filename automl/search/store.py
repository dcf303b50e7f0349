"""The weights of deep trials: `automl.store`."""

from automl.store import WeightStore

__all__ = ["WeightStore"]
