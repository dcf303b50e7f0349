"""Fits both finalists' settings once more on other parts of the same rows, within the time that is left.

Repeats on other splits and out-of-fold pairs are made of such fits: of a refit's kind, with encoders of their own, for
the length that the contest chose. Calibration and thresholds stay as the contest made them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from automl import goals
from automl.errors import OutOfTime, RecipeError
from automl.sides.items import refit_items

if TYPE_CHECKING:
    from automl.flow.budget.clock import Clock
    from automl.flow.prepare import Prepared
    from automl.records import Contender, Dataset, Output, Recipe, Run, Side, Split, Task

__all__ = [
    "INTERRUPTED", "NO_TIME", "OtherFits", "not_possible", "refuse_fixed_tests", "words_of",
]  # fmt: skip

Result = TypeVar("Result")

EXPECTED_MEMBERS = 3
"""Members that an ensemble is reckoned with before it is named: all of them are fitted on another split."""
SLACK = 1.3
WHOLE = 0.8
"""Of the contest's items, what a fit must learn from to say how long the next one takes."""
NO_TIME = "the budget left no time for them"
INTERRUPTED = "the run was interrupted"


def refuse_fixed_tests(key: str, prepared: Prepared) -> None:
    """Refuse what needs other test rows where the rule of the split gives the same ones with every seed.

    Args:
        key: of the recipe, that asks for it.
        prepared: data that are split.

    Raises:
        RecipeError: says why there are no other test rows, and what to do.
    """
    dataset, why = prepared.dataset, None
    if dataset.given is not None and dataset.given.any():
        why = "the test rows are given"
    elif prepared.split.in_time:
        why = "the rows are split in time, and the latest ones test"
    if why is not None:
        raise RecipeError(
            f"{key}: expected rows that can be split in other ways, but {why} ({prepared.split.rule}); leave {key} "
            "out: the interval of this split is what can be had"
        )


def not_possible(chosen: Mapping[str, Run]) -> str:
    """Why the finalists cannot be fitted again; "" if they can."""
    if len(chosen) < 2:
        return "only one side has a finalist" if chosen else "no side has a finalist"
    if not all(run.refitted for run in chosen.values()):
        return "the finalists could not be refitted, so there is no fit to repeat"
    return ""


class OtherFits:
    """Fits of both sides' finalists on other splits.

    Args:
        recipe: says whether finalists may be ensembles.
        prepared: the data.
        clock: the budget.
        sides: the sides by name.
    """

    def __init__(self, recipe: Recipe, prepared: Prepared, clock: Clock, sides: Mapping[str, Contender]) -> None:
        self.prepared, self.clock, self.sides = prepared, clock, sides
        self.n_members = EXPECTED_MEMBERS if recipe.ensemble else 1
        self._slowest: dict[str, float] = {}

    def seconds(self) -> float:
        """Seconds that both sides are expected to take for one split: after the first one, as long as the slowest."""
        return sum(self._each(self.n_members).values())

    def seconds_of(self, wanted: int, least: int, room_seconds: float) -> float:
        """Seconds for as many splits as there is room for; 0 for less than `least` of them.

        Before finalists are named ensembles are reckoned with, or single models if there is no room for ensembles.

        Args:
            wanted: the most splits.
            least: fewer are of no use.
            room_seconds: finite.
        """
        for n_members in (self.n_members, 1):
            each = sum(self._each(n_members).values())
            n = min(wanted, int(room_seconds / each)) if each else 0
            if n >= max(least, 1):
                return n * each
        return 0.0

    def _each(self, n_members: int) -> dict[str, float]:
        return {
            name: self._slowest.get(name) or SLACK * side.seconds_a_repeat(n_members)
            for name, side in self.sides.items()
        }

    def outputs(
        self,
        task: Task,
        part: Split,
        number: int,
        predictors: Mapping[str, Any],
        tail_seconds: float,
        dataset: Dataset | None = None,
    ) -> dict[Side, Output]:
        """Fit both finalists on a split, and predict its test items.

        Args:
            task: the task, with facts of the split's training rows.
            part: the split.
            number: of the fit; seeds follow from it.
            predictors: the predictors of the finalists, with their decisions.
            tail_seconds: time to leave for what follows.
            dataset: the same rows with other values of the target to learn from; None for those of the contest.

        Returns:
            Side → its decided predictions.

        Raises:
            OutOfTime: the time was over before the end of a fit.
        """
        waiting = self._each(self.n_members)
        is_whole = len(refit_items(part)) >= WHOLE * len(refit_items(self.prepared.split))
        made: dict[Side, Output] = {}
        for name, side in self.sides.items():
            del waiting[name]
            begun = self.clock.elapsed
            left = self.clock.remaining - tail_seconds - sum(waiting.values())
            output = side.repeat(task, part, number, left, dataset)
            made[cast("Side", name)] = goals.decided(predictors[name].decision, output)
            if is_whole:
                self._slowest[name] = max(self._slowest.get(name, 0.0), self.clock.elapsed - begun)
        return made

    def attempt(
        self, action: Callable[[], Result], tail_seconds: float, stopping: Callable[[], bool]
    ) -> tuple[Result | None, str, str]:
        """Do something with the outputs of a split, if there is time; an error loses nothing but this.

        Args:
            action: calls `outputs` once.
            tail_seconds: time to leave for what follows.
            stopping: returns whether the user wants to stop.

        Returns:
            What the action returns, or None; why all that was to follow is left out, or ""; why this failed, or "".
        """
        if stopping():
            return None, INTERRUPTED, ""
        if self.clock.remaining - tail_seconds < self.seconds():
            return None, NO_TIME, ""
        made, left_out, failure = None, "", ""
        try:
            made = action()
        except OutOfTime:
            left_out = NO_TIME
        except Exception as error:  # the verdict stands without it
            if self.clock.remaining <= tail_seconds:  # late is not the same as failed
                left_out = NO_TIME
            elif not stopping():
                failure = words_of(error)
        return made, INTERRUPTED if stopping() else left_out, failure


def words_of(error: Exception) -> str:
    """What an error says, cut to one line of a page and without its last full stop."""
    return (str(error)[:300] or type(error).__name__).rstrip(".")
