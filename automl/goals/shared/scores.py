"""Scores of how unusual a row is, both sides alike: their codec, and when a score raises an alarm.

A score is a rank among the training rows (`automl.score_ranks`): 0.98 says that 98 % of them are less unusual,
and above 1 a row is more unusual than all of them. So scores of different models can be averaged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from automl.goals.shared.calibration import TWO_CLASSES, Decision
from automl.goals.shared.untargeted import UntargetedCodec
from automl.records import Output

if TYPE_CHECKING:
    from automl.records import GoalName

__all__ = ["ALARM_THRESHOLD", "MOST_SCORE", "USUAL_SHARE", "AlarmThreshold", "ScoreCodec", "score_output"]

MOST_SCORE = 2.0
"""Below which scores stay."""
USUAL_SHARE = 0.01
"""Of the validation rows, those that raise an alarm where neither the user nor a label says how many should."""


def score_output(scores: np.ndarray) -> Output:
    """Scores ``(n,)`` as an output of classification: half the score in place of a chance until it is calibrated."""
    scores = np.asarray(scores, np.float64).reshape(-1)
    high = np.clip(scores / MOST_SCORE, 0.0, 1.0)
    arrays = {
        "scores": scores,
        "probabilities": np.stack([1.0 - high, high], axis=1),
        "labels": (high >= 0.5).astype(np.int64),
    }
    return Output("scores", arrays)


@dataclass(eq=False)
class ScoreCodec(UntargetedCodec):
    """One number a row."""

    name: ClassVar[str] = "scores"

    def decode(self, raw: np.ndarray) -> Output:
        """Scores ``(n, 1)`` as an output."""
        return score_output(raw)


@dataclass(frozen=True, slots=True)
class AlarmThreshold:
    """Which scores raise an alarm, decided on validation rows.

    Attributes:
        contamination: share of the validation rows that raise one; None to choose: with a label the threshold of the
            best F1 on calibrated chances, without one `USUAL_SHARE` of the rows.
    """

    contamination: float | None = None

    def fit(
        self, truth: np.ndarray, output: Output, goal: GoalName, metric: str, weight: np.ndarray | None = None
    ) -> Decision:
        """See `automl.goals.decide`."""
        truth = np.asarray(truth)
        is_labelled = 0 < int((truth == 1).sum()) < len(truth)
        if is_labelled:
            made = TWO_CLASSES.fit(truth, output, goal, metric, weight)
        else:
            made = Decision(goal, metric, (1.0,), (0.0,), (0.5,))
        share = self.contamination if self.contamination is not None else (None if is_labelled else USUAL_SHARE)
        if share is None or not len(truth):
            return made
        chances = TWO_CLASSES.apply(made, output).arrays["probabilities"][:, 1]
        threshold = float(np.quantile(chances, 1.0 - share, method="higher"))
        return Decision(goal, metric, made.slopes, made.shifts, (threshold,), (), made.reach)

    def apply(self, decision: Decision, output: Output) -> Output:
        """See `automl.goals.decided`."""
        return TWO_CLASSES.apply(decision, output)


ALARM_THRESHOLD = AlarmThreshold()
