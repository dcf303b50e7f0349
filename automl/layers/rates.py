"""Learning-rate multipliers of single variables.

A layer sets the multiplier on the variable. The training loop reads it once, when the network is built. It isn't saved.
"""

from __future__ import annotations

from typing import Any

__all__ = ["paced", "rate_factor"]


def paced(variable: Any, rate: float) -> Any:
    """Set a variable's learning-rate multiplier, and return the variable.

    Args:
        variable: a `keras.Variable`.
        rate: the multiplier; above 1 the variable learns faster than the rest.
    """
    variable.rate_factor = float(rate)
    return variable


def rate_factor(variable: Any) -> float:
    """The learning-rate multiplier of this variable; 1 unless `paced` set another."""
    return float(getattr(variable, "rate_factor", 1.0))
