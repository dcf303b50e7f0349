"""Out-of-fold pairs: what both finalists' settings predict for all rows that chose nothing, for the verdict.

These rows, test rows among them, are dealt into folds. Both finalists' settings are fitted on all rows but a fold, and
predict it. So there are several times as many pairs of predictions as the test alone has, none of them of a row that a
fit has learnt from or that chose settings. See ``docs/decisions/0038-out-of-fold-pairs.md``.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from automl import goals, split, verdict
from automl.detect import with_training_facts
from automl.errors import DataError
from automl.flow.other_fits import INTERRUPTED, OtherFits, not_possible
from automl.goals.shared.outputs import joined
from automl.records import Contestant, Side
from automl.system.counts import counted

if TYPE_CHECKING:
    from automl.records import Output, Recipe, Run, Split

__all__ = ["FoldPairs"]

SIDES: tuple[Side, Side] = ("deep", "shallow")
LEAST_TIMES = 2.0
"""Of the rows of the test, what an incomplete set of folds must hold."""
NUMBERS_FROM = 200
"""Numbers of these fits, from which their seeds follow, lie beyond those of repeats."""


class FoldPairs:
    """Plans and makes the out-of-fold pairs of a contest.

    Args:
        recipe: says how many folds are wanted.
        fits: fits both finalists on other splits.
        room_seconds: the most time to keep back.
        runs: all runs so far, in a list that grows: they say how many hold-outs chose settings.
        judging_seconds: of a number of items: the time to judge their pairs.

    Attributes:
        wanted: number of folds to keep time for.
    """

    def __init__(
        self,
        recipe: Recipe,
        fits: OtherFits,
        room_seconds: float,
        runs: list[Run],
        judging_seconds: Callable[[int], float],
    ) -> None:
        self.asked, self.fits, self.room_seconds = recipe.fold_pairs, fits, room_seconds
        self.prepared, self.runs, self.judging_seconds = fits.prepared, runs, judging_seconds
        self.wanted = self.asked if len(fits.sides) > 1 else 0

    @property
    def n_holdouts(self) -> int:
        """The most hold-outs on which a trial was judged: their rows chose settings."""
        return max((run.n_holdouts for run in self.runs if run.side in ("deep", "shallow")), default=1)

    @property
    def n_items(self) -> int:
        """Rows that all folds hold together."""
        parts = self.prepared.split
        n_all = len(parts.train) + len(parts.valid) + len(parts.test)
        return n_all - len(split.rows_that_chose(parts, self.n_holdouts))

    @property
    def least_folds(self) -> int:
        """Folds that are enough: all, or those that hold twice as many rows as the test; else the test decides."""
        n_each = max(self.n_items / max(self.asked, 1), 1.0)
        return min(self.asked, math.ceil(LEAST_TIMES * len(self.prepared.split.test) / n_each))

    def seconds(self) -> float:
        """Seconds to keep back: for all folds, or for as many as there is room for if these are enough."""
        if not self.wanted or math.isinf(self.room_seconds):
            return 0.0
        judging = self.judging_seconds(self.n_items)
        fits = self.fits.seconds_of(self.wanted, self.least_folds, self.room_seconds - judging)
        return fits + judging if fits else 0.0

    def give_up(self) -> None:
        """Keep no more time back: without refits there is nothing to fit again."""
        self.wanted = 0

    def make(
        self,
        predictors: Mapping[str, Any],
        chosen: Mapping[str, Run],
        floor: Contestant,
        floor_model: Any,
        stopping: Callable[[], bool],
        say: Callable[[str], None],
        tail_seconds: float,
    ) -> verdict.Pairs | None:
        """Make the folds, as many as the time allows.

        Args:
            predictors: the predictors of the finalists, with their decisions.
            chosen: side → the finalist's run as it stands.
            floor: the floor as a contestant.
            floor_model: predicts as the floor does.
            stopping: returns whether the user wants to stop.
            say: called with what is done next.
            tail_seconds: time to leave for what follows.

        Returns:
            The pairs, or why there are none; None if none were asked for.
        """
        if not self.asked:
            return None
        left_out = INTERRUPTED if stopping() else not_possible(chosen)
        made: list[tuple[Split, dict[Side, Output]]] = []
        parts: tuple[Split, ...] = ()
        if not left_out:
            try:
                prepared = self.prepared
                parts = split.fold_splits(prepared.dataset, prepared.task, prepared.split, self.n_holdouts, self.asked)
            except DataError as error:
                left_out = f"the folds could not be made: {str(error).rstrip('.')}"
        tail_seconds += self.judging_seconds(self.n_items) if parts else 0.0
        for number, part in enumerate(parts, 1):
            outputs_of = functools.partial(self._outputs, part, number, predictors, tail_seconds, say)
            outputs, left_out, failure = self.fits.attempt(outputs_of, tail_seconds, stopping)
            if outputs is not None:
                made.append((part, outputs))
            if left_out or failure:
                left_out = left_out or f"a fit failed: {failure}"
                break
        if len(made) < max(1, self.least_folds):
            left_out = left_out or "there are too few rows for them"
            return verdict.Pairs(
                self.asked, left_out=f"{left_out} (after {counted(len(made), 'fold')})" if made else left_out
            )
        return self._pairs(made, chosen, floor, floor_model, left_out)

    def _outputs(
        self, part: Split, number: int, predictors: Mapping[str, Any], tail_seconds: float, say: Callable[[str], None]
    ) -> dict[Side, Output]:
        say(f"out-of-fold pairs {number} of {self.asked}: both finalists on all other rows")
        task = with_training_facts(self.prepared.task, self.prepared.dataset, part.train)
        return self.fits.outputs(task, part, NUMBERS_FROM + number, predictors, tail_seconds)

    def _pairs(
        self,
        made: list[tuple[Split, dict[Side, Output]]],
        chosen: Mapping[str, Run],
        floor: Contestant,
        floor_model: Any,
        left_out: str,
    ) -> verdict.Pairs:
        """The pairs of all folds together."""
        dataset, task, own = self.prepared.dataset, self.prepared.task, self.prepared.split
        items = np.concatenate([part.test for part, _ in made])
        outputs = {side: joined([outputs[side] for _, outputs in made]) for side in SIDES}
        deep, shallow = (Contestant(chosen[side].name, side, outputs[side], (outputs[side],)) for side in SIDES)
        return verdict.Pairs(
            self.asked, len(made), len(split.rows_that_chose(own, self.n_holdouts)),
            dataclasses.replace(own, test=items, unit_ids=split.unit_ids_of(dataset, own, items)),
            goals.truth(dataset, task, items), dataset.weight_of(items),
            goals.scoring_context(dataset, task, own, items), deep, shallow,
            dataclasses.replace(floor, output=floor_model.predict(dataset, items)), left_out,
        )  # fmt: skip
