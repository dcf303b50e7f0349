"""Runs a contest: reads and splits the data, searches both sides in turn, concludes, writes the report."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl import goals, metrics
from automl.errors import MissingExtra
from automl.flow.analyses import Analyses
from automl.flow.budget.allocation import LEAST_STEP_SECONDS, settle_offers
from automl.flow.budget.clock import Clock
from automl.flow.budget.findings import SLOW, too_late_for_deep, with_times
from automl.flow.budget.ledger import Ledger
from automl.flow.budget.passes import search_and_refit
from automl.flow.budget.reserve import Reserve
from automl.flow.conclude import Conclusion, conclude
from automl.flow.environment import write_asked, write_environment
from automl.flow.fold_pairs import FoldPairs
from automl.flow.inheritance import as_updated
from automl.flow.interrupt import Interrupt
from automl.flow.keep import keep
from automl.flow.loading import LeftOut, Loading, failed_loading
from automl.flow.other_fits import OtherFits, refuse_fixed_tests
from automl.flow.prepare import audited, check_conditions, prepare, without_choices
from automl.flow.progress.console import Progress
from automl.flow.progress.loggers import check_loggers, loggers
from automl.flow.repeats import Repeats
from automl.flow.sides import deep_side, shallow_side, workers_of
from automl.predict.watching import reference_of
from automl.pretrained import store as store_vectors
from automl.records import Finding
from automl.report.findings import interface_of, next_step_text
from automl.report.trust import trust_of
from automl.shallow import ShallowSide
from automl.shallow.apart import early_child
from automl.sides.backend import check_backend
from automl.storage import files as folders
from automl.storage.run_folder import check_folder, open_folder
from automl.system import contention
from automl.system.counts import counted
from automl.system.resources import usable_cores

if TYPE_CHECKING:
    from automl.flow.prepare import Prepared
    from automl.records import Contender, Contestant, Inherited, Outcome, Recipe, Run, TargetCodec
    from automl.verdict import Pairs

__all__ = ["Finished", "run"]

FLOOR_GRACE_SECONDS = 15.0
AUDIT_SHARE, AUDIT_SHARE_LEFT, MOST_AUDIT_SECONDS = 0.05, 0.25, 10.0
OTHER_FITS_SHARE = 0.5
"""Of the time left when the search begins, what is kept back for fits on other splits at most."""
FIRST_SECONDS = 4.0
"""TensorFlow starts to load once there is a first shallow model, or after this time."""


NOTED = ("sampled_rows", "unsure_goal")
"""Findings that are shown as soon as the data are read, since the user may want to stop the run for them."""


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """The result of a contest in memory.

    Attributes:
        outcome: everything that the report reads.
        predictors: side ("deep", "shallow", "floor") → predictor.
        recommended: the side to use.
        folder: folder of the run.
        result: the content of ``result.json``.
        reference: what new rows are compared with later, as JSON types.
    """

    outcome: Outcome
    predictors: dict[str, Any]
    recommended: str
    folder: Path
    result: dict[str, Any]
    reference: dict[str, Any] = dataclasses.field(default_factory=dict)


def run(
    recipe: Recipe, started: float | None = None, *, is_kept: bool = True, inherited: Inherited | None = None
) -> Finished:
    """Run the contest that a recipe asks for.

    Args:
        recipe: what to do.
        started: `time.monotonic` value of the user's call; None for now.
        is_kept: whether the run folder stays; the report names it then.
        inherited: settings to fit in place of a search, see `automl.flow.updating`; None to search.

    Raises:
        InputError: the data, the recipe or the folder is at fault; nothing was changed.
        KeyboardInterrupt: after a second Ctrl-C.
    """
    clock = Clock(recipe.budget_seconds, started, contention.read)
    check_backend()
    check_folder(recipe.out, recipe.resume)
    check_loggers(recipe.search.log)
    quiet = recipe.quiet or recipe.json or recipe.json_lines
    with (
        Interrupt() as interrupt,
        Progress(clock, quiet=quiet, json_lines=recipe.json_lines) as progress,
        contextlib.ExitStack() as cleanup,
    ):
        remote = (
            cleanup.enter_context(contextlib.closing(workers_of(recipe, progress, interrupt)))
            if recipe.search.uses_ray
            else None
        )
        child = early_child() if math.isfinite(recipe.budget_seconds) else None
        if child is not None:  # it loads its libraries while the data are read
            cleanup.callback(child.close)
        with clock.phase("read"), clock.watch():
            prepared = prepare(recipe, tell=progress.say)
        for finding in prepared.dataset.findings:
            if finding.check in NOTED:
                progress.note(f"{finding.message} {next_step_text(finding, interface_of(recipe))}")
        for key in ("repeats", "fold_pairs"):
            if getattr(recipe, key):
                refuse_fixed_tests(key, prepared)
        task = prepared.task
        recipe = without_choices(recipe, task)
        check_conditions(recipe, task)
        folder = open_folder(recipe.out, prepared.dataset.name)
        cleanup.enter_context(folders.locked(folder))
        ledger = Ledger(folder, recipe, clock, progress.note)
        recipe = dataclasses.replace(recipe, budget_seconds=clock.budget_seconds)
        too_late = too_late_for_deep(clock, folder)
        no_deep = None if too_late is None else LeftOut(too_late)
        loading = Loading(recipe.search.device)
        hurried = math.isfinite(clock.budget_seconds) and ledger.recorded is None
        if no_deep is None:  # only now that the data are known to be good: an error must not wait for TensorFlow
            loading.start(_first_seconds(clock) if hurried and remote is None else 0.0)
            interrupt.hold()
        else:
            progress.note(f"the deep side is left out: {no_deep.reason}")
        if remote is not None and no_deep is None:
            with clock.phase("start workers"):
                remote.start(clock.deadline(math.inf))
            interrupt.hold()
        progress.listeners += loggers(recipe.search.log, folder, prepared.dataset.name)
        progress.metric, progress.higher_is_better = task.metric, metrics.named(task.metric).higher_is_better
        progress.say(f"{task.modality}, {task.goal}: {prepared.dataset.n_rows} rows, scored by {task.metric}")
        shallow = shallow_side(recipe, prepared, folder, progress, interrupt, clock, child, inherited)
        folders.clear_unfinished(folder)
        cleanup.enter_context(
            ledger
        )  # only now: the shallow side has refused a folder of another run before it changes
        write_asked(recipe, task, folder)
        write_environment(recipe, prepared, folder)
        store_vectors(folder, prepared.dataset, task)
        deep: Contender | None = None
        codec: TargetCodec | None = None
        encoder: Any = None
        left_out: dict[str, str] = {}
        runs: list[Run] = []
        try:
            with clock.phase("shallow floor"):
                runs += _floor(shallow, clock)
            reserve = Reserve(prepared, clock.budget_seconds, runs, slowness=clock.slowness)
            reserve.sides = ("deep", "shallow") if no_deep is None else ("shallow",)
            reserve.probe(shallow.floor_on_valid())
            if hurried:
                with clock.phase("first shallow model"):
                    _while_loading(shallow, clock, reserve, loading, interrupt, runs, first=True)
                if no_deep is None and clock.slowness >= SLOW:
                    too_late = too_late_for_deep(clock, folder, reserve.searching())
                    if too_late is not None and loading.give_up():
                        no_deep, reserve.sides = LeftOut(too_late), ("shallow",)
                        progress.note(f"the deep side is left out: {no_deep.reason}")
            loading.go()
            with clock.phase("audit"):  # while TensorFlow loads
                prepared = audited(prepared, _audit_seconds(clock))
            new = [finding for finding in prepared.dataset.findings if finding.check not in NOTED]
            progress.findings(new, interface_of(recipe))
            if hurried and usable_cores() > 1:
                with clock.phase("shallow models beside loading"):
                    _while_loading(shallow, clock, reserve, loading, interrupt, runs)
            with clock.phase("prepare deep"):
                begun = clock.elapsed
                if no_deep is None and (no_deep := loading.wait(lambda: interrupt.asked)) is None:
                    try:
                        made = deep_side(recipe, prepared, folder, progress, interrupt, remote, inherited)
                        deep, codec, encoder, left_out = made
                    except MissingExtra:
                        raise
                    except (ImportError, MemoryError) as error:
                        no_deep = failed_loading(error)
                if no_deep is not None and too_late is None:
                    progress.note(f"the deep side is left out: {no_deep.reason}")
                loading_seconds = clock.elapsed - begun
            sides: dict[str, Contender] = {"shallow": shallow} if deep is None else {"deep": deep, "shallow": shallow}
            recorded = {name: side.earlier_runs() for name, side in sides.items()}
            progress.resumed([run for earlier in recorded.values() for run in earlier])
            runs[:] = [run for earlier in recorded.values() for run in earlier] + runs
            if ledger.recorded is not None:
                progress.say(_going_on({name: len(earlier) for name, earlier in recorded.items()}, clock, reserve))
            fits = OtherFits(recipe, prepared, clock, sides)
            room = OTHER_FITS_SHARE * max(0.0, clock.remaining) / (2 if recipe.repeats and recipe.fold_pairs else 1)
            repeats = Repeats(recipe, fits, room)
            fold_pairs = FoldPairs(recipe, fits, room, runs, reserve.judging_seconds)
            analyses = Analyses(recipe, fits, clock, runs)
            reserve.repeating = lambda: repeats.seconds() + fold_pairs.seconds() + analyses.seconds()

            def on_no_refit() -> None:
                repeats.give_up()
                fold_pairs.give_up()

            stopped, chosen, n_seeds = search_and_refit(
                recipe, sides, clock, runs, lambda: interrupt.asked, reserve, ledger.write, on_no_refit,
                **({"refits": 1, "most_refits": 1} if not goals.named(task).has_mean else {}),
            )  # fmt: skip
            settle_offers(clock, sides)

            def pairs(predictors: Mapping[str, Any], floor: Contestant, model: Any) -> Pairs | None:
                tail = reserve.writing_seconds + repeats.seconds() + analyses.seconds()
                return fold_pairs.make(predictors, chosen, floor, model, lambda: interrupt.asked, progress.say, tail)

            progress.say("scoring both finalists on the test rows")
            with clock.phase("conclude"):
                done: Conclusion = conclude(
                    recipe, prepared, deep, shallow, encoder, codec, runs, chosen, n_seeds, left_out, pairs
                )
            with clock.phase("repeats"):
                repeated = repeats.make(
                    done.predictors, chosen, lambda: interrupt.asked, progress.say,
                    reserve.writing_seconds + analyses.seconds(),
                )  # fmt: skip
            with clock.phase("analyses"):
                described = analyses.make(
                    dataclasses.replace(done.outcome, repeats=repeated), done.scored, chosen,
                    lambda: interrupt.asked, progress.say, reserve.writing_seconds,
                )  # fmt: skip
        finally:
            for side in (deep, shallow):
                if side is not None:
                    side.close()
        outcome = with_times(described, clock, no_deep, loading_seconds, shallow.not_apart)
        outcome = dataclasses.replace(
            outcome,
            stopped="interrupt" if interrupt.asked else stopped,
            clock={**outcome.clock, "started": ledger.started},
            folder=str(folder) if is_kept else "",
        )
        if inherited is not None:
            outcome = as_updated(outcome, inherited, prepared.dataset.row_numbers)
        progress.say("writing the report")
        outcome, reference = _with_reference(outcome, prepared, recipe.weight)
        outcome, result = keep(outcome, done.predictors, done.recommended, folder, reference)
        for finding in outcome.findings:
            if finding.check == "model_not_saved":
                progress.note(f"{finding.message} {finding.next_step}")
        progress.say(f"{folder} takes {_used_mib(folder):.1f} MiB on disk")
        progress.finished(folder, result)
        progress.conclude(trust_of(outcome.findings), interface_of(recipe))
    return Finished(outcome, done.predictors, done.recommended, folder, result, reference)


def _while_loading(
    shallow: ShallowSide,
    clock: Clock,
    reserve: Reserve,
    loading: Loading,
    interrupt: Interrupt,
    runs: list[Run],
    *,
    first: bool = False,
) -> None:
    """Fit shallow models while TensorFlow loads: the one time at which both sides work at once.

    The shallow side is charged for the time of its fits, and the deep side for the part of it during which TensorFlow
    was loading, so that what is left is shared as if each had worked alone. On a single core a fit would only slow the
    loading, so there the first model is fitted alone and no other. Without a time limit nothing is fitted here, since
    there is no hurry.

    Args:
        runs: all runs; new runs are added to this list.
        first: end with the first model.
    """
    while loading.is_running and not interrupt.asked:
        left = (clock.remaining - reserve.searching() + sum(clock.spent.values())) / 2 - clock.spent["shallow"]
        if not LEAST_STEP_SECONDS <= left < math.inf:
            break
        begun = time.monotonic()
        with clock.spend("shallow"):
            new = shallow.step(left)
        clock.charge("deep", loading.seconds_within(begun, time.monotonic()))
        if not new:
            break
        runs += [dataclasses.replace(run, at_seconds=clock.elapsed) for run in new]
        if first and any(run.status == "done" for run in new):
            break


def _with_reference(outcome: Outcome, prepared: Prepared, weight: Any) -> tuple[Outcome, dict[str, Any]]:
    """Counts with which new rows are compared later (`automl watch`); empty where there is nothing to compare.

    The contest is over: what it found is not lost with them, so a fault here is a finding of the outcome.
    """
    scores: dict[str, float | None] = {run.side: run.test_score for run in outcome.runs if run.test_score is not None}
    try:
        made = reference_of(
            prepared.dataset, outcome.task, outcome.split, outcome.contestants, scores,
            weight if isinstance(weight, str) else None,
        )  # fmt: skip
    except Exception as error:  # of any column, or of a plug-in's metric
        message = f"New rows cannot be compared with those of this contest ({type(error).__name__}: {error})."
        step = "Everything else is there; `automl watch` will refuse this model. Please report the error."
        finding = Finding("not_watchable", "low", message, step)
        return dataclasses.replace(outcome, findings=(*outcome.findings, finding)), {}
    return outcome, made or {}


def _first_seconds(clock: Clock) -> float:
    """How long TensorFlow waits for the first shallow model: on a slow machine until this has used its share."""
    return FIRST_SECONDS if clock.slowness < SLOW else max(FIRST_SECONDS, clock.remaining / 2)


def _audit_seconds(clock: Clock) -> float:
    """Seconds for the audit: a twentieth of the budget, ten seconds at most; less if a resumed run has little left."""
    left = max(0.0, clock.remaining)
    return min(AUDIT_SHARE * clock.budget_seconds, AUDIT_SHARE_LEFT * left, MOST_AUDIT_SECONDS)


def _used_mib(folder: Path) -> float:
    """Size of all files in a folder, in MiB; a file that disappears meanwhile counts as 0."""
    n_bytes = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            n_bytes += path.stat().st_size if path.is_file() else 0
    return n_bytes / 2**20


def _going_on(counts: Mapping[str, int], clock: Clock, reserve: Reserve) -> str:
    """What a resumed run starts from, in words."""
    resumed = " and ".join(counted(n, f"{name} run") for name, n in counts.items())
    left = max(0.0, clock.remaining)
    budget = f"{left:.0f} s of the budget left" if math.isfinite(left) else "no bound on time"
    more = "; --budget with another time gives more" if left < reserve.searching() + LEAST_STEP_SECONDS else ""
    return f"going on with {resumed}, {budget}{more}"


def _floor(shallow: ShallowSide, clock: Clock) -> list[Run]:
    """Fit the floors, even if the budget is used up."""
    with clock.spend("shallow"):
        made = shallow.step(max(clock.remaining, FLOOR_GRACE_SECONDS)) or ()
    return [dataclasses.replace(floor, at_seconds=clock.elapsed) for floor in made]
