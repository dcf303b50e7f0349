"""How fast a variable learns beside the others of its network.

A layer notes it on the variable; the training loop reads it once, when the network is built. Nothing of it is saved.
"""

from __future__ import annotations

from typing import Any

__all__ = ["paced", "rate_factor"]


def paced(variable: Any, rate: float) -> Any:
    """Note on a variable what multiplies the learning rate for it, and give it back.

    Args:
        variable: a `keras.Variable`.
        rate: a factor; above 1 learns faster than the rest.
    """
    variable.rate_factor = float(rate)
    return variable


def rate_factor(variable: Any) -> float:
    """What multiplies the learning rate for this variable; 1 unless `paced` said otherwise."""
    return float(getattr(variable, "rate_factor", 1.0))
