"""Repeats of the comparison: the finalists' settings are fitted again on other splits of the same rows, and compared.

The verdict stays that of the contest's own split. A repeat is another draw by the same rule with another seed. Each
side's finalist is fitted once on its training and validation rows, with the length that the contest chose, and its
decisions (calibration, thresholds) stay as the contest made them. See ``docs/decisions/0037-repeats.md``.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from automl import goals, metrics, split, verdict
from automl.detect import with_training_facts
from automl.errors import DataError, OutOfTime, RecipeError
from automl.flow.budget.allocation import EXPECTED_MEMBERS
from automl.sides.items import refit_items
from automl.verdict.repeated import LEAST_REPEATS

if TYPE_CHECKING:
    from automl.flow.budget.clock import Clock
    from automl.flow.prepare import Prepared
    from automl.records import Contender, Recipe, Run, Split
    from automl.records import Repeats as Repeated

__all__ = ["Repeats", "check", "other_splits"]

SEED_STEP = 1_000_003
TRIES = 20
"""Draws in a row without new test rows after which there are taken to be none."""
SLACK = 1.3
MOST_SHARE = 0.5
"""Of the time left when the search begins, what is kept back for repeats at most."""
NO_TIME = "the budget left no time for them"


def check(recipe: Recipe, prepared: Prepared) -> None:
    """Refuse repeats where the rule of the split gives the same test rows with every seed.

    Args:
        recipe: what is asked for.
        prepared: data that are split.

    Raises:
        RecipeError: says why there is no other split, and what to do.
    """
    if not recipe.repeats:
        return
    dataset = prepared.dataset
    why = None
    if dataset.given is not None and dataset.given.any():
        why = "the test rows are given"
    elif prepared.split.in_time:
        why = "the rows are split in time, and the latest ones test"
    if why is not None:
        raise RecipeError(
            f"repeats: expected rows that can be split in other ways, but {why} ({prepared.split.rule}); leave repeats "
            "out: the interval of this split is what can be had"
        )


def other_splits(prepared: Prepared, seed: int) -> Iterator[Split]:
    """Further splits of the same rows by the same rule, without further hold-outs; no two test the same rows.

    Args:
        prepared: data with the contest's split, which is not among them.
        seed: of the contest.
    """
    seen, misses = {prepared.split.test.tobytes()}, 0
    for number in itertools.count(1):
        try:
            made = split.split(prepared.dataset, prepared.task, (seed + SEED_STEP * number) % 2**32, hold_outs=False)
        except DataError:  # a draw by groups in which no row of a class trains
            made = None
        misses = misses + 1 if made is None or made.test.tobytes() in seen else 0
        if misses >= TRIES:
            return
        if made is not None and not misses:
            seen.add(made.test.tobytes())
            yield dataclasses.replace(made, folds=())


class Repeats:
    """Plans and makes the repeats of a contest.

    Args:
        recipe: says how many are wanted.
        prepared: the data.
        clock: the budget, when the search is about to begin.
        sides: the sides by name.

    Attributes:
        wanted: number of repeats to keep time for and to make.
    """

    def __init__(self, recipe: Recipe, prepared: Prepared, clock: Clock, sides: Mapping[str, Contender]) -> None:
        self.recipe, self.prepared, self.clock, self.sides = recipe, prepared, clock, sides
        self.wanted = recipe.repeats if len(sides) > 1 else 0
        self.n_members = EXPECTED_MEMBERS if recipe.ensemble else 1
        self._room = MOST_SHARE * max(0.0, clock.remaining)
        self._slowest: dict[str, float] = {}

    def seconds(self) -> float:
        """Seconds to keep back: for all that are wanted, or for as many as half of the time is enough for.

        None are kept back for fewer than two, which give no interval.
        """
        each = sum(self._each().values())
        if not self.wanted or not each or math.isinf(self._room):
            return 0.0
        n = min(self.wanted, int(self._room / each))
        return n * each if n >= LEAST_REPEATS else 0.0

    def _each(self) -> dict[str, float]:
        """The time that each side is expected to take for a repeat: after the first one, as long as the slowest."""
        return {
            name: self._slowest.get(name) or SLACK * side.seconds_a_repeat(self.n_members)
            for name, side in self.sides.items()
        }

    def make(
        self,
        predictors: Mapping[str, Any],
        chosen: Mapping[str, Run],
        stopping: Callable[[], bool],
        say: Callable[[str], None],
        tail_seconds: float,
    ) -> Repeated | None:
        """Make the repeats, as many as the time allows.

        Args:
            predictors: the predictors of the finalists, with their decisions.
            chosen: side → the finalist's run as it stands.
            stopping: returns whether the user wants to stop.
            say: called with what is done next.
            tail_seconds: time to leave for the report.

        Returns:
            What they say; None if none were asked for.
        """
        asked = self.recipe.repeats
        if not asked:
            return None
        gains: list[float] = []
        ratios: list[float] = []
        failures: list[str] = []
        left_out = _not_possible(chosen) or ("" if self.wanted else NO_TIME)
        parts = iter(()) if left_out else itertools.islice(other_splits(self.prepared, self.recipe.seed), asked)
        number = 0
        for number, part in enumerate(parts, 1):
            left = self.clock.remaining - tail_seconds
            left_out = "the run was interrupted" if stopping() else NO_TIME if left < sum(self._each().values()) else ""
            if left_out:
                break
            say(f"repeat {number} of {asked}: both finalists on another split")
            try:
                gains.append(self._gain(part, number, predictors, tail_seconds))
                ratios.append(len(part.items("test")) / len(refit_items(part)))
            except OutOfTime:
                left_out = "the run was interrupted" if stopping() else NO_TIME
                break
            except Exception as error:  # the verdict stands without it
                if stopping() or self.clock.remaining <= tail_seconds:
                    left_out = "the run was interrupted" if stopping() else NO_TIME
                    break
                failures.append(str(error)[:300] or type(error).__name__)
        left_out = left_out or "there are no further splits of these rows by the same rule"
        ratio = float(np.mean(ratios)) if ratios else 0.0
        return verdict.repeated(self.prepared.task.metric, asked, gains, ratio, failures, left_out)

    def _gain(self, part: Split, number: int, predictors: Mapping[str, Any], tail_seconds: float) -> float:
        """The gain of deep over shallow on the test items of a split."""
        dataset, items = self.prepared.dataset, part.items("test")
        task = with_training_facts(self.prepared.task, dataset, part.train)
        truth, weight = goals.truth(dataset, task, items), dataset.weight_of(items)
        context = goals.scoring_context(dataset, task, part, items)
        scores: dict[str, float] = {}
        waiting = self._each()
        for name, side in self.sides.items():
            del waiting[name]
            begun = self.clock.elapsed
            output = side.repeat(task, part, number, self.clock.remaining - tail_seconds - sum(waiting.values()))
            output = goals.decided(predictors[name].decision, output)
            scores[name] = metrics.score(task.metric, truth, output, weight, context)
            self._slowest[name] = max(self._slowest.get(name, 0.0), self.clock.elapsed - begun)
        gain = metrics.gain(task.metric, scores["deep"], scores["shallow"])
        if not math.isfinite(gain):
            raise DataError(f"{task.metric} is not defined on its test rows")
        return gain


def _not_possible(chosen: Mapping[str, Run]) -> str:
    """Why no repeat can be made; "" if they can."""
    if len(chosen) < 2:
        return "only one side has a finalist" if chosen else "no side has a finalist"
    if not all(run.refitted for run in chosen.values()):
        return "the finalists could not be refitted, so there is no fit to repeat"
    return ""
