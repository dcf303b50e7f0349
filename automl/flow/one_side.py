"""Searches one side alone, for the estimators: reads the data, searches within the budget, names the finalist.

There are no test rows, so there is no verdict and no report, and nothing is written to disk. The finalist is refitted
once on all rows if the time allows. It gets no further seeds: they serve the interval of a verdict, and more search
makes better use of the time.
"""

from __future__ import annotations

import contextlib
import math
import sys
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from automl import metrics
from automl.errors import OutOfTime, RecipeError, TrialError
from automl.flow.budget.clock import Clock
from automl.flow.budget.findings import LOADING_SECONDS
from automl.flow.budget.passes import search_and_refit
from automl.flow.budget.reserve import Reserve
from automl.flow.conclude import finish
from automl.flow.interrupt import Interrupt
from automl.flow.keep import keeps_rows
from automl.flow.loading import failed_loading, import_deep, lacking
from automl.flow.prepare import prepare
from automl.flow.progress.console import Progress
from automl.flow.sides import deep_side, shallow_side, workers_of
from automl.shallow import ShallowSide
from automl.sides.backend import check_backend
from automl.system.counts import counted

if TYPE_CHECKING:
    from automl.flow.prepare import Prepared
    from automl.records import Contender, Encoder, Inherited, Recipe, Run, TargetCodec, Task
    from automl.sides.predictors import Predictor

__all__ = ["Trained", "train"]


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """The result of `train`.

    Attributes:
        task: the detected task.
        predictor: predictor of the finalist.
        finalist: run of the finalist.
        runs: all runs.
        keeps_rows: whether the finalist's fitted state holds training rows.
    """

    task: Task
    predictor: Predictor
    finalist: Run
    runs: tuple[Run, ...]
    keeps_rows: bool


def train(
    recipe: Recipe,
    side: Literal["deep", "shallow"],
    started: float | None = None,
    inherited: Inherited | None = None,
) -> Trained:
    """Search one side with the whole budget.

    Args:
        recipe: what is asked for. With an infinite budget and `max_trials`, no time plays a part, so the same seed
            gives the same model.
        side: the side to search.
        started: `time.monotonic` value of the user's call; None for now.
        inherited: settings that are fitted as they are; None to search.

    Raises:
        InputError: the data or the recipe is at fault.
        OutOfTime: the budget is too small to load TensorFlow.
        TrialError: no trial gave a model.
    """
    if recipe.search.log:
        raise RecipeError("search.log: one side alone has no run folder for logs; leave it out, or run a contest")
    if side == "deep":
        check_backend()
    clock = Clock(recipe.budget_seconds, started)
    interrupt = Interrupt()  # not used as a context, so that Ctrl-C raises in this call and in the caller's loop
    with Progress(clock, quiet=recipe.quiet) as progress, contextlib.ExitStack() as cleanup:
        with clock.phase("read"):
            prepared = prepare(recipe, tested=False)
        task = prepared.task
        progress.metric, progress.higher_is_better = task.metric, metrics.named(task.metric).higher_is_better
        contender, encoder, codec = _contender(recipe, side, prepared, progress, interrupt, clock, cleanup, inherited)
        runs: list[Run] = []
        reserve = Reserve(prepared, clock.budget_seconds, runs)
        if isinstance(contender, ShallowSide):
            with clock.spend(side):
                runs += contender.step(clock.remaining) or ()  # the floors; scoring is timed on one of them
            reserve.probe(contender.floor_on_valid())
        sides: dict[str, Contender] = {side: contender}
        _, finalists, _ = search_and_refit(recipe, sides, clock, runs, lambda: False, reserve, refits=1, most_refits=1)
        if side not in finalists:
            raise TrialError(_why_none(side, runs, recipe.latency_ms))
        chosen = finalists[side]
        predictor, _ = finish(contender, prepared, encoder, codec, 1)
        return Trained(task, predictor, chosen, tuple(runs), keeps_rows([chosen], runs))


def _contender(
    recipe: Recipe,
    side: str,
    prepared: Prepared,
    progress: Progress,
    interrupt: Interrupt,
    clock: Clock,
    cleanup: contextlib.ExitStack,
    inherited: Inherited | None,
) -> tuple[Contender, Encoder | None, TargetCodec | None]:
    """Set up the side; `cleanup` closes it. TensorFlow is loaded for the deep side only."""
    if side == "shallow":
        shallow = shallow_side(recipe, prepared, None, progress, interrupt, clock, inherited=inherited)
        cleanup.callback(shallow.close)
        return shallow, None, None
    if "tensorflow" not in sys.modules and clock.remaining < LOADING_SECONDS:
        raise OutOfTime(
            f"{max(0.0, clock.remaining):.0f} s of the budget were left, too little to load TensorFlow and train; "
            f"give at least {2 * LOADING_SECONDS:.0f} s"
        )
    problem = lacking()
    try:
        if problem is None:
            import_deep(recipe.search.device)
    except (ImportError, MemoryError) as error:
        problem = failed_loading(error)
    if problem is not None:
        raise TrialError(f"{problem.reason}. {problem.step}")
    remote = cleanup.enter_context(contextlib.closing(workers_of(recipe, progress, interrupt))) if (
        recipe.search.uses_ray
    ) else None  # fmt: skip
    if remote is not None:
        remote.start(clock.deadline(math.inf))
    deep, codec, encoder, left_out = deep_side(recipe, prepared, None, progress, interrupt, remote, inherited)
    if deep is None:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise TrialError(f"no deep template fits this task ({reasons}); use the shallow side")
    cleanup.callback(deep.close)
    return deep, encoder, codec


def _why_none(side: str, runs: list[Run], latency_ms: float | None) -> str:
    """Why there is no finalist, and what may help."""
    tried = [run for run in runs if run.side == side]
    if not tried:
        return f"the budget was over before a {side} model was fitted; give a longer one"
    if latency_ms is not None and any(run.valid_score is not None for run in tried):
        models = counted(len(tried), f"{side} model")
        return f"none of {models} predicts a row within {latency_ms:g} ms; allow a longer latency"
    common: Any = Counter(run.failure or run.status for run in tried).most_common(1)[0][0]
    return (
        f"none of {counted(len(tried), f'{side} trial')} gave a model; the most frequent reason: {common}. "
        "Depending on the reason, a longer budget or more memory may help"
    )
