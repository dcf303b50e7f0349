"""How fast a variable learns and decays beside the others of its network.

A layer notes it on the variable; the training loop reads it once, when the network is built. Nothing of it is saved.
"""

from __future__ import annotations

from typing import Any

__all__ = ["decay_factor", "paced", "rate_factor"]


def paced(variable: Any, rate: float = 1.0, decay: float | None = None) -> Any:
    """Note factors on a variable and give it back.

    Args:
        variable: a `keras.Variable`. rate: multiplies the learning rate, for the step and for the decay.
        decay: multiplies the weight decay besides; None for 1 on matrices and 0 on vectors (biases, norms, scales).
    """
    variable.rate_factor, variable.own_decay_factor = float(rate), decay
    return variable


def rate_factor(variable: Any) -> float:
    """What multiplies the learning rate for this variable; 1 unless `paced` said otherwise."""
    return float(getattr(variable, "rate_factor", 1.0))


def decay_factor(variable: Any) -> float:
    """What multiplies the weight decay for this variable, beside its rate."""
    own = getattr(variable, "own_decay_factor", None)
    return (1.0 if len(variable.shape) > 1 else 0.0) if own is None else float(own)
