"""How long several workers go on before the other side of the contest has its turn."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

__all__ = ["round_ends"]

ROUND_SHARE = 0.5
LEAST_TRIALS = 4


def round_ends(seconds: float, n_workers: int, fit_seconds: Sequence[float]) -> float:
    """Seconds after which a round starts no more trials and waits for those under way.

    While it waits for the slowest, workers stand idle, so rounds are long: half of the time offered, or all of it
    where half would hold fewer than four trials a worker. With one worker a round is one trial.

    Args:
        seconds: offered, infinite for no clock. fit_seconds: of earlier trials.
    """
    if n_workers == 1 or not math.isfinite(seconds):
        return seconds
    typical = statistics.median(fit_seconds) if fit_seconds else 0.0
    half = ROUND_SHARE * seconds
    return half if half >= LEAST_TRIALS * typical else seconds
