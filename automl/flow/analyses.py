"""Runs the analyses after the verdict, within their share of the budget; none of them changes it.

Those that only predict come first, the cheapest and most telling before others; then those that fit models. An analysis
that fails loses nothing but itself. See ``docs/decisions/0045-trade-off.md``.
"""

from __future__ import annotations

import dataclasses
import math
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from automl import catalog, goals, metrics
from automl.detect import with_training_facts
from automl.errors import OutOfTime
from automl.flow.other_fits import INTERRUPTED, NO_TIME, OtherFits, not_possible, words_of
from automl.records import Analysis, AnalysisContext, AnalysisFacts
from automl.report.words import plain
from automl.sides.items import refit_items

if TYPE_CHECKING:
    from automl.flow.budget.clock import Clock
    from automl.records import Dataset, Outcome, Output, Recipe, Run, Side, Split, Task

__all__ = ["Analyses", "in_order"]

NUMBERS_FROM = 300
NUMBERS_EACH = 100
MOST_NUMBERED = 1000
"""Numbers of these fits, from which their seeds follow, lie beyond those of repeats and out-of-fold pairs."""
TIMED_ITEMS = 1024
"""Test items that are predicted once more to time both finalists."""
NO_REFITS_UNTIMED = "it fits models, which is only done within a time limit; give the run a budget"
SIDES = ("deep", "shallow")


class Analyses:
    """Plans and makes the analyses of a contest.

    Args:
        recipe: says which share of the budget they may take.
        fits: fits both finalists on other splits.
        clock: the budget.
        runs: all runs so far, in a list that grows.
        has_all: whether the whole budget is theirs.
        only: names of those to make; empty for all.
    """

    def __init__(
        self,
        recipe: Recipe,
        fits: OtherFits,
        clock: Clock,
        runs: Sequence[Run] = (),
        *,
        has_all: bool = False,
        only: Sequence[str] = (),
    ) -> None:
        self.recipe, self.fits, self.clock = recipe, fits, clock
        self.runs, self.has_all, self.only = runs, has_all, tuple(only)

    def seconds(self) -> float:
        """Seconds that a search keeps back for them: none before each side has a model, which is worth more."""
        if self.has_all or math.isinf(self.clock.budget_seconds):
            return 0.0
        with_model = {run.side for run in self.runs if run.status != "failed" and run.valid_score is not None}
        return self._share_seconds if set(self.fits.sides) <= with_model else 0.0

    @property
    def _share_seconds(self) -> float:
        """Their share of the budget."""
        return self.recipe.analysis * self.clock.budget_seconds

    def make(
        self,
        outcome: Outcome,
        predictors: Mapping[str, Any],
        chosen: Mapping[str, Run],
        stopping: Callable[[], bool],
        say: Callable[[str], None],
        tail_seconds: float,
    ) -> Outcome:
        """Make the analyses, as many as the time allows.

        Args:
            outcome: of the contest; analyses of an earlier call stay where they are not made again.
            predictors: side → predictor.
            chosen: side → the finalist's run as it stands.
            stopping: returns whether the user wants to stop.
            say: called with what is done next.
            tail_seconds: time to leave for the report.

        Returns:
            The outcome with what they found, and why others were not made.
        """
        if not (self.recipe.analysis or self.has_all) or not any(side in predictors for side in SIDES):
            return outcome
        ends = self._ends(tail_seconds)
        found, left_out = dict(outcome.analyses), dict(outcome.analyses_left_out)
        is_scored = outcome.comparison.reason != "no_label"
        try:
            facts = self._facts(outcome, predictors, chosen, is_timed=ends > time.monotonic())
        except Exception as error:  # the verdict stands without any of them
            why = f"it failed: {words_of(error)}"
            left_out |= {one.name: why for one in self._wanted(found, is_scored)}
            return dataclasses.replace(outcome, analyses_left_out=left_out)
        for analysis in self._wanted(found, is_scored):
            base = dataclasses.replace(outcome, analyses=dict(found), analyses_left_out=dict(left_out))
            context = self._context(analysis, base, predictors, chosen, facts, ends, stopping, tail_seconds)
            made, reason = _attempt(analysis, context, say)
            if made is not None:
                found[analysis.name] = made
                left_out.pop(analysis.name, None)
            elif reason and analysis.name not in found:
                left_out[analysis.name] = reason
        return dataclasses.replace(outcome, analyses=found, analyses_left_out=left_out)

    def _wanted(self, found: Mapping[str, Any], is_scored: bool) -> list[Analysis]:
        """Those to make, in their order: those that are named, else those that were not made before."""
        goal = goals.named(self.fits.prepared.task)
        known = [one for one in in_order() if one.is_about(goal, is_scored)]
        if self.only:
            return [one for one in known if one.name in self.only]
        return [one for one in known if one.name not in found]

    @property
    def _is_probed(self) -> bool:
        """Whether analyses see probes on representations."""
        task = self.fits.prepared.task
        return goals.named(task).probed and task.metric != metrics.UNSCORED

    def _ends(self, tail_seconds: float) -> float:
        """When all analyses must have ended, as `time.monotonic` gives it."""
        if math.isinf(self.clock.budget_seconds):
            return math.inf
        left = self.clock.remaining - tail_seconds
        return time.monotonic() + (left if self.has_all else min(left, self._share_seconds))

    def _facts(
        self, outcome: Outcome, predictors: Mapping[str, Any], chosen: Mapping[str, Run], is_timed: bool
    ) -> AnalysisFacts:
        """What analyses may cost; where no time is left for any, predictions are not timed again for it."""
        part, inputs = self.fits.prepared.split, self.fits.prepared.dataset.inputs
        n_test = len(part.items("test"))
        is_refittable = not self._is_probed and not goals.named(self.fits.prepared.task).makes_rows
        can_refit = not not_possible(chosen) and is_refittable
        return AnalysisFacts(
            n_train=len(refit_items(part)) if can_refit else len(part.items("train")),
            n_test=n_test,
            n_columns=inputs.shape[1] if hasattr(inputs, "columns") else 1,
            predict_seconds={
                run.side: self._predict_seconds(predictors[run.side])
                if is_timed
                else n_test / (run.cost.rows_per_second or 1.0)
                for run in outcome.runs
                if run.finalist and run.side in predictors
            },
            refit_seconds=self.fits.seconds() if can_refit else math.inf,
        )

    def _predict_seconds(self, predictor: Any) -> float:
        """Time to predict all test items: that of a few, which read the data as they are in memory."""
        items = self.fits.prepared.split.items("test")
        some = items[:TIMED_ITEMS]
        begun = time.monotonic()
        predictor.output(self.fits.prepared.dataset, some)
        return (time.monotonic() - begun) * len(items) / max(len(some), 1)

    def _context(
        self, analysis: Analysis, outcome: Outcome, predictors: Mapping[str, Any], chosen: Mapping[str, Run],
        facts: AnalysisFacts, ends: float, stopping: Callable[[], bool], tail_seconds: float,
    ) -> AnalysisContext:  # fmt: skip
        prepared = self.fits.prepared
        first = NUMBERS_FROM + NUMBERS_EACH * (zlib.crc32(analysis.name.encode()) % MOST_NUMBERED)

        def refit(part: Split, number: int, dataset: Dataset | None = None) -> Mapping[Side, Output]:
            left = ends - time.monotonic()
            tail = self.clock.remaining - left if math.isfinite(left) else tail_seconds
            return self.fits.outputs(_task_of(prepared.task, part, dataset or prepared.dataset), part, first + number,
                                     predictors, tail, dataset)  # fmt: skip

        is_probed = self._is_probed
        return AnalysisContext(
            prepared.dataset, _probes_task(prepared.task) if is_probed else prepared.task, prepared.split, outcome,
            predictors, facts, None if is_probed or not_possible(chosen) else refit, ends, stopping,
        )  # fmt: skip


def _probes_task(task: Task) -> Task:
    """What probes on a representation do: they tell classes."""
    return dataclasses.replace(task, goal="binary" if len(task.classes) == 2 else "multiclass")


def _task_of(task: Task, part: Split, dataset: Dataset) -> Task:
    return task if part.train_windows is not None else with_training_facts(task, dataset, part.train)


def in_order() -> tuple[Analysis, ...]:
    """All analyses, those of plug-ins too: first those that only predict."""
    known = catalog.members(Analysis, "automl.analyses").values()
    return tuple(sorted(known, key=lambda one: (one.refits, one.order, one.name)))


def _attempt(
    analysis: Analysis, context: AnalysisContext, say: Callable[[str], None]
) -> tuple[dict[str, Any] | None, str]:
    """What an analysis found, or why it was not made; neither where it does not apply."""
    try:
        if analysis.unfit(context) is not None:
            return None, ""
        if context.stopping():
            return None, INTERRUPTED
        if analysis.refits and math.isinf(context.deadline):
            return None, NO_REFITS_UNTIMED
        if context.remaining_seconds < analysis.cost(context.facts):
            return None, NO_TIME
        say(f"analysis: {analysis.name.replace('_', ' ')}")
        made = analysis.run(context)
    except OutOfTime:
        return None, NO_TIME
    except Exception as error:  # the verdict stands without it
        return None, f"it failed: {words_of(error)}"
    return (None, "") if made is None else (plain(made), "")
