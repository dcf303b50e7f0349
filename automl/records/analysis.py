"""Records of analyses: what is measured of both finalists after the verdict, and described apart from it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from automl.records.names import Side

if TYPE_CHECKING:
    import numpy as np

    from automl.records.data import Dataset, Split, Task
    from automl.records.goal import Goal
    from automl.records.network import Output
    from automl.records.outcome import Outcome


class SidePredictor(Protocol):
    """A finalist, the blend or the floor, as an analysis uses it."""

    def output(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """Predict rows ``(n,)``, or forecast windows ``(n, horizon)``, of a dataset of the contest's columns."""
        ...


class Refit(Protocol):
    """Fits both finalists' settings again."""

    def __call__(self, part: Split, number: int, dataset: Dataset | None = None) -> Mapping[Side, Output]:
        """Fit on the training and validation items of a split, and predict its test items.

        Args:
            part: any split of the rows; its parts need not be those of the contest.
            number: of the fit within the analysis, from 1; its seeds follow from it.
            dataset: the same rows with other values of the target to learn from; None for those of the contest.

        Returns:
            Side → its decided predictions for ``part.items("test")``.

        Raises:
            OutOfTime: the time was over before the end of a fit.
            TrialError: a fit failed.
        """
        ...


@dataclass(frozen=True, slots=True)
class AnalysisFacts:
    """What an analysis can estimate its cost from.

    Attributes:
        n_train: rows (windows) that the finalists learnt from.
        n_test: scored test items.
        n_columns: columns of the inputs; 1 where they are an array.
        predict_seconds: of each finalist: time to predict all test items once.
        refit_seconds: time to fit both finalists once more on as many rows; infinite where they cannot be refitted.
    """

    n_train: int
    n_test: int
    n_columns: int
    predict_seconds: Mapping[Side, float] = field(default_factory=dict)
    refit_seconds: float = math.inf

    @property
    def pass_seconds(self) -> float:
        """Time for both finalists to predict all test items once."""
        return sum(self.predict_seconds.values())


@dataclass(frozen=True, slots=True, eq=False)
class AnalysisContext:
    """What an analysis works with.

    Attributes:
        dataset: all rows; an analysis never changes them, but may replace them by a copy.
        task: the task.
        split: the contest's split.
        outcome: the contest's outcome: truth, predictions, weights and context of the scored test items, the runs, and
            what earlier analyses found.
        predictors: side → its predictor.
        facts: what costs are estimated from.
        refit: fits both finalists again; None where that is not possible.
        deadline: `time.monotonic` value at which the analysis must have ended; infinite without a time limit.
        stopping: returns whether the user wants to stop.
    """

    dataset: Dataset
    task: Task
    split: Split
    outcome: Outcome
    predictors: Mapping[str, SidePredictor]
    facts: AnalysisFacts
    refit: Refit | None = None
    deadline: float = math.inf
    stopping: Callable[[], bool] = lambda: False

    @property
    def seed(self) -> int:
        """Of all random draws of the analysis."""
        return self.outcome.recipe.seed

    @property
    def remaining_seconds(self) -> float:
        """Seconds left; infinite without a time limit."""
        return self.deadline - time.monotonic()

    def has_time_for(self, seconds: float) -> bool:
        """Whether a step that is expected to take so long can be begun: the user has not stopped, and there is time."""
        return not self.stopping() and self.remaining_seconds >= seconds


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """One analysis of both finalists. It describes; it never changes the verdict or the recommendation.

    Attributes:
        name: unique; the key under ``tradeoff`` in ``result.json``.
        order: those with lower orders come first: the cheapest and most telling.
        unfit: ``unfit(context) -> reason or None``: why it does not apply to this contest. Such an analysis is not
            mentioned anywhere.
        cost: ``cost(facts) -> seconds`` for the least that is worth having.
        run: ``run(context) -> dict or None``: plain JSON types. It ends before `AnalysisContext.deadline`, with what it
            has by then; None if that is nothing. The key ``rows`` holds a list of flat dicts with the same keys, for
            `automl.Result.analysis`; other keys are its own. Test rows are only scored, never learnt from.
        reads: what it is about: "predictions" of given items, generated "rows", "masks" of pictures, or "runs" alone,
            whatever the goal.
        of_masks: of one that reads predictions: whether these may be masks, since it reads nothing of them but scores.
        refits: whether it fits models. Such analyses come last, and never without a time limit.
        scored: whether it reads scores of the metric. Such analyses are left out where no label tells test items apart.
        source: paper or definition.
        example: what `run` may return, small: the section that draws it is tested with it.
    """

    name: str
    order: int
    run: Callable[[AnalysisContext], dict[str, Any] | None]
    unfit: Callable[[AnalysisContext], str | None] = lambda context: None
    cost: Callable[[AnalysisFacts], float] = lambda facts: 0.0
    refits: bool = False
    reads: Literal["predictions", "rows", "masks", "runs"] = "predictions"
    of_masks: bool = False
    scored: bool = True
    source: str = ""
    example: Mapping[str, Any] = field(default_factory=dict)

    def is_about(self, goal: Goal, is_scored: bool = True) -> bool:
        """Whether it can be made for contests of a goal.

        What fits models anew is not: vectors are scored by probes and generators by draws, so that none is refitted.

        Args:
            goal: of the contest.
            is_scored: whether test items are scored; where they are not, what reads scores does not apply.
        """
        subject = "rows" if goal.makes_rows else "masks" if goal.in_pixels else "predictions"
        if self.reads not in (subject, "runs") and not (goal.in_pixels and self.of_masks):
            return False
        return goal.has_mean or not self.refits if is_scored else not self.scored
