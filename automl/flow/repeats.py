"""Repeats of the comparison: the finalists' settings are fitted again on other splits of the same rows, and compared.

The verdict stays that of the contest's own split. A repeat is another draw by the same rule with another seed. Each
side's finalist is fitted once on its training and validation rows, with the length that the contest chose, and its
decisions (calibration, thresholds) stay as the contest made them. See ``docs/decisions/0037-repeats.md``.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from automl import goals, metrics, split, verdict
from automl.detect import with_training_facts
from automl.errors import DataError
from automl.flow.other_fits import INTERRUPTED, OtherFits, not_possible, words_of
from automl.sides.items import refit_items
from automl.verdict.repeated import LEAST_REPEATS

if TYPE_CHECKING:
    from automl.flow.prepare import Prepared
    from automl.records import Recipe, Run, Split
    from automl.records import Repeats as Repeated

__all__ = ["Repeats", "other_splits"]

SEED_STEP = 1_000_003
TRIES = 20
"""Draws in a row without new test rows after which there are taken to be none."""


def other_splits(prepared: Prepared, seed: int) -> Iterator[Split]:
    """Further splits of the same rows by the same rule, without further hold-outs; no two test the same rows.

    Args:
        prepared: data with the contest's split, which is not among them.
        seed: of the contest.

    Raises:
        DataError: none of `TRIES` draws in a row could be made.
    """
    seen, misses, refused = {prepared.split.test.tobytes()}, 0, 0
    for number in itertools.count(1):
        try:
            made = split.split(prepared.dataset, prepared.task, (seed + SEED_STEP * number) % 2**32, hold_outs=False)
        except DataError:  # a draw by groups in which no row of a class trains
            misses, refused = misses + 1, refused + 1
            if refused >= TRIES:
                raise
        else:
            misses, refused = (misses + 1 if made.test.tobytes() in seen else 0), 0
            if not misses:
                seen.add(made.test.tobytes())
                yield made
        if misses >= TRIES:
            return


class Repeats:
    """Plans and makes the repeats of a contest.

    Args:
        recipe: says how many are wanted.
        fits: fits both finalists on other splits.
        room_seconds: the most time to keep back for repeats.

    Attributes:
        wanted: number of repeats to keep time for.
    """

    def __init__(self, recipe: Recipe, fits: OtherFits, room_seconds: float) -> None:
        self.recipe, self.fits, self.room_seconds = recipe, fits, room_seconds
        self.prepared = fits.prepared
        self.wanted = recipe.repeats if len(fits.sides) > 1 else 0

    def seconds(self) -> float:
        """Seconds to keep back: for all that are wanted, or for as many as there is room for.

        None are kept back for fewer than two, which give no interval.
        """
        if not self.wanted or math.isinf(self.room_seconds):
            return 0.0
        return self.fits.seconds_of(self.wanted, LEAST_REPEATS, self.room_seconds)

    def give_up(self) -> None:
        """Keep no more time back: without refits there is no fit to repeat."""
        self.wanted = 0

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
        parts = other_splits(self.prepared, self.recipe.seed)
        left_out = INTERRUPTED if stopping() else not_possible(chosen)
        for number in range(1, asked + 1):
            part, left_out = (None, left_out) if left_out else _next(parts)
            if part is None:
                break
            gain_of = functools.partial(self._gain, part, number, predictors, tail_seconds, say)
            gain, left_out, failure = self.fits.attempt(gain_of, tail_seconds, stopping)
            if gain is not None:
                gains.append(gain)
                ratios.append(len(part.items("test")) / len(refit_items(part)))
            failures += [failure] if failure else []
        ratio = float(np.mean(ratios)) if ratios else 0.0
        return verdict.repeated(self.prepared.task.metric, asked, gains, ratio, failures, left_out)

    def _gain(
        self, part: Split, number: int, predictors: Mapping[str, Any], tail_seconds: float, say: Callable[[str], None]
    ) -> float:
        """The gain of deep over shallow on the test items of a split."""
        say(f"repeat {number} of {self.recipe.repeats}: both finalists on another split")
        dataset, items = self.prepared.dataset, part.items("test")
        task = with_training_facts(self.prepared.task, dataset, part.train)
        truth, weight = goals.truth(dataset, task, items), dataset.weight_of(items)
        context = goals.scoring_context(dataset, task, part, items)
        outputs = self.fits.outputs(task, part, number, predictors, tail_seconds)
        scores = {name: metrics.score(task.metric, truth, output, weight, context) for name, output in outputs.items()}
        gain = metrics.gain(task.metric, scores["deep"], scores["shallow"])
        if not math.isfinite(gain):
            raise DataError(f"{task.metric} is not defined on its test rows")
        return gain


def _next(parts: Iterator[Split]) -> tuple[Split | None, str]:
    """The next split, or why there is none."""
    try:
        part = next(parts, None)
    except Exception as error:  # the verdict stands without it
        return None, f"no further split could be made: {words_of(error)}"
    return part, "" if part is not None else "there are no further splits of these rows by the same rule"
