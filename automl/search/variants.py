"""Cheap neighbours of a good setting: other knobs under the same choices need no new compilation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["vary"]

CHANGED = 0.6
SPREAD = 0.15


def vary(space: Any, settings: Mapping[str, Any], knobs: Sequence[str], rng: np.random.Generator) -> dict[str, Any]:
    """Move some knobs by a normal step on the space's own scale (0 to 1, logarithmic where the space is).

    Args:
        space: KerasTuner HyperParameters. settings: of a good trial. knobs: those that may move; at least one does.
    """
    varied = dict(settings)
    movable = [hp for hp in space.space if hp.name in knobs and hasattr(hp, "value_to_prob")]
    moved = [hp for hp in movable if rng.random() < CHANGED] or movable[:1]
    for hp in moved:
        at = float(hp.value_to_prob(varied[hp.name])) + SPREAD * rng.standard_normal()
        varied[hp.name] = hp.prob_to_value(float(np.clip(at, 0.0, 1.0)))
    return varied
