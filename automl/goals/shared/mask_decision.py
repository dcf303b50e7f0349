"""From probabilities of pixels to masks: how much of the background becomes a class, chosen on validation pictures.

The likeliest class of each pixel gives the fewest wrong pixels, and not the best overlap: where a thing is small,
half of
the chance is too high a price. So the background's log-probability is lowered or raised by one number, the same rule
for both sides, if that gains more on validation pictures than noise would give.

Source: Lipton, Elkan & Naryanaswamy 2014 (the best threshold of F1, which Dice is, lies below one half).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl import metrics
from automl.goals.shared.calibration import Decision
from automl.records import GoalName, Output

__all__ = ["MaskThreshold"]

SHIFTS = (-1.0, -0.5, 0.5, 1.0, 1.5, 2.0)
LEAST_PICTURES = 4
SMALLEST = 1e-12


@dataclass(frozen=True, slots=True)
class MaskThreshold:
    """Lowers the background before the likeliest class is taken.

    Attributes:
        background: its code, or None where no class is background: then nothing is decided.
        n_classes: how many there are.
    """

    background: int | None = None
    n_classes: int = 0

    def fit(
        self, truth: np.ndarray, output: Output, goal: GoalName, metric: str, weight: np.ndarray | None = None
    ) -> Decision:
        """See `automl.goals.decide`."""
        plain = Decision(goal, metric)
        own = metrics.find(metric)
        is_odd = not np.isfinite(output.arrays["pixel_probabilities"]).all()
        if self.background is None or own is None or own.reads != "masks" or len(truth) < LEAST_PICTURES or is_odd:
            return plain
        context = {"classes": self.n_classes, "background": self.background}
        weights = np.ones(len(truth)) if weight is None else weight
        name = metric if metrics.item_losses(metric, truth, output, context) is not None else "dice"
        before = self._losses(name, truth, output, context)
        best, lead = plain, 0.0
        for shift in SHIFTS:
            biases = tuple(-shift if code == self.background else 0.0 for code in range(self.n_classes))
            made = Decision(goal, metric, biases=biases)
            gains = before - self._losses(name, truth, self.apply(made, output), context)
            mean = float(np.average(gains, weights=weights))
            noise = float(gains.std(ddof=1) / np.sqrt(len(gains)))
            if mean > max(noise, lead):
                best, lead = made, mean
        return best

    def _losses(self, metric: str, truth: np.ndarray, output: Output, context: Mapping[str, Any]) -> np.ndarray:
        found = metrics.item_losses(metric, truth, output, context)
        assert found is not None
        return found[0]

    def apply(self, decision: Decision, output: Output) -> Output:
        """See `automl.goals.decided`: probabilities stay, masks follow the biases."""
        if not decision.biases or "pixel_probabilities" not in output.arrays:
            return output
        shares = output.arrays["pixel_probabilities"]
        if len(decision.biases) != shares.shape[-1]:
            return output
        factors = np.exp(np.asarray(decision.biases, np.float32))
        masks = (np.maximum(shares, SMALLEST) * factors).argmax(axis=-1).astype(np.uint8)
        return Output(output.kind, {**output.arrays, "masks": masks})
