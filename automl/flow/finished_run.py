"""Analyses of a finished run: its saved finalists on its data, read again; the report gets what they find.

Nothing of the contest is done again: models, verdict and recommendation stay as they are. Analyses that fit models
restore both sides from the run's archives, whose finalists are named by the same rule.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl import bundle, catalog, goals, modalities, report
from automl import recipe as recipes
from automl._version import __version__
from automl.errors import BundleError, DataError, FolderError, InputError, RecipeError
from automl.flow.analyses import Analyses
from automl.flow.budget.clock import Clock
from automl.flow.budget.reserve import BASE_SECONDS, SLACK
from automl.flow.conclude import examples_of, history_of, rows_of_test, sources_of
from automl.flow.interrupt import Interrupt
from automl.flow.other_fits import OtherFits
from automl.flow.prepare import Prepared, prepare
from automl.flow.progress.console import Progress
from automl.flow.reproduce import reproduce
from automl.flow.sides import deep_side, shallow_side
from automl.records import Analysis, Comparison, Contestant, Cost, Outcome, Run
from automl.sides.backend import check_backend
from automl.sides.ensemble import members_of
from automl.storage import files as folders
from automl.storage.run_folder import RECIPE_FILE

if TYPE_CHECKING:
    from automl.records import Contender, Recipe

__all__ = ["analyse", "prepared_as_in", "recipe_of", "runs_of"]

LEAST_REFIT_SECONDS = 20.0
"""Below it no side is restored: TensorFlow and the data take some of it, and a fit would find no time."""
SIDES = ("deep", "shallow")


def analyse(
    recipe: Recipe, folder: Path, only: Sequence[str] = (), started: float | None = None
) -> tuple[Outcome, dict[str, Any], Mapping[str, Any], str]:
    """Analyse a finished run, and write its report again.

    Args:
        recipe: that of the run, with the budget for the analyses.
        folder: of the run.
        only: names of the analyses to make, also if they were made before; empty for those that were not.
        started: `time.monotonic` value of the user's call; None for now.

    Returns:
        The outcome as far as it can be told from the run, the content of ``result.json``, the predictors by side, and
        the recommended side.

    Raises:
        FolderError: the folder holds no finished run, or cannot be written.
        BundleError: its models cannot be opened.
        DataError: the data are not those of the run.
        RecipeError: there is no analysis of a name.
    """
    clock = Clock(recipe.budget_seconds, started)
    check_backend()
    catalog.extend(recipe.plugins)
    known = catalog.members(Analysis, "automl.analyses")
    for name in only:
        if name not in known:
            raise RecipeError(f"only: there is no analysis {name!r}; expected one of {', '.join(sorted(known))}")
    folders.check_plain(folder)
    stored, result = report.read(folder), report.read_result(folder)
    with contextlib.ExitStack() as cleanup:
        cleanup.enter_context(folders.locked(folder))
        interrupt = cleanup.enter_context(Interrupt())
        quiet = recipe.quiet or recipe.json or recipe.json_lines
        progress = cleanup.enter_context(Progress(clock, quiet=quiet, json_lines=recipe.json_lines))
        opened = bundle.open(
            folder, modalities.restore, modalities.restore_codec, plug_ins=catalog.plug_ins(recipe.plugins)
        )
        resumed = dataclasses.replace(recipe, out=str(folder), resume=True)
        prepared = prepared_as_in(resumed, result)  # vectors of a backbone are those that the run stored
        progress.say(f"{prepared.dataset.name}: {prepared.dataset.n_rows} rows; the finalists are those of {folder}")
        predictors = {side: opened.predictors[side] for side in opened.predictors}
        outcome = _outcome(resumed, prepared, result, predictors)
        sides = _sides(resumed, prepared, folder, outcome, progress, interrupt, clock, cleanup)
        chosen: dict[str, Run] = {
            run.side: dataclasses.replace(run, refitted=run.refitted and run.side in sides)
            for run in outcome.runs
            if run.finalist
        }
        analyses = Analyses(recipe, OtherFits(recipe, prepared, clock, sides), clock, has_all=True, only=only)
        outcome = analyses.make(
            outcome, predictors, chosen, lambda: interrupt.asked, progress.say, SLACK * BASE_SECONDS
        )
        progress.say("writing the report")
        result = {**result, **{key: report.result_dict(outcome)[key] for key in ("tradeoff", "tradeoff_left_out")}}
        report.write_again(stored, result, outcome, folder, report.known_sections())
    return outcome, result, predictors, opened.recommended


def recipe_of(folder: Path, plugins: str | Path | Sequence[str | Path] | None, given: Mapping[str, Any]) -> Recipe:
    """The recipe of a run folder, with keys that replace its own.

    Args:
        folder: of the run.
        plugins: Python files or entry points that the run was made with; None for none.
        given: keys as Python arguments; None keeps the folder's value.

    Raises:
        FolderError: the folder holds no run.
        RecipeError: its data are not where they were, or a key is wrong.
    """
    path = folder / RECIPE_FILE
    if not path.is_file():
        raise FolderError(f"{folder} holds no finished run (no {RECIPE_FILE}); give a folder that `automl fit` wrote")
    named = [plugins] if isinstance(plugins, str | Path) else list(plugins or ())
    return recipes.read(path, **given, plugins=named or None)


def prepared_as_in(recipe: Recipe, result: Mapping[str, Any]) -> Prepared:
    """The data, split as in the run.

    Raises:
        DataError: they are not those of the run.
    """
    prepared = prepare(recipe)
    fingerprint = prepared.dataset.fingerprint
    parts = {f"n_{part}": len(getattr(prepared.split, part)) for part in ("train", "valid", "test")}
    expected = result.get("fingerprint")
    split = result.get("split")
    told = split if isinstance(split, dict) else {}
    if (expected and fingerprint != expected) or any(told.get(key) != n for key, n in parts.items()):
        raise DataError(
            f"{prepared.dataset.name} is not what the run learnt from: expected the content {expected}, got "
            f"{fingerprint}; give the data of the run (--data), or run a new contest on these"
        )
    return prepared


def _run(row: Mapping[str, Any]) -> Run:
    """A run as ``result.json`` has it; its curve is not there."""
    fields = {field.name for field in dataclasses.fields(Run)} - {"cost", "curve"}
    costs = {field.name for field in dataclasses.fields(Cost)}
    cost = Cost(**{key: row[key] for key in costs if key in row and row[key] is not None})
    known = {"family": str(row["name"]).rpartition("-")[0], **{key: row[key] for key in fields if key in row}}
    return Run(**known, cost=cost)


def runs_of(result: Mapping[str, Any]) -> tuple[Run, ...]:
    """The runs of a contest, as ``result.json`` has them.

    Raises:
        FolderError: a field lacks or is of a wrong kind.
    """
    try:
        return tuple(_run(row) for row in result["runs"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise FolderError(f"the runs of the result lack a field, or hold a wrong one ({error})") from error


def _outcome(recipe: Recipe, prepared: Prepared, result: Mapping[str, Any], predictors: Mapping[str, Any]) -> Outcome:
    """The outcome of the run, as far as analyses read it; the test rows are predicted again."""
    from automl import metrics

    dataset, task, split = prepared.dataset, prepared.task, prepared.split
    items = split.items("test")
    try:
        runs = tuple(_run(row) for row in result["runs"])
        comparison = Comparison(
            result["verdict"], result["reason"], result["recommended"], result["gain"],
            None if result["interval"] is None else tuple(result["interval"]), result["level"], None, len(items), 1,
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise FolderError(
            f"result.json of the run lacks a field, or holds a wrong one ({error}); was it altered? Run the contest "
            "again"
        ) from error
    names = {run.side: run.name for run in runs if run.test_score is not None}
    shown = tuple(
        Contestant(names[side], side, output, (output,))
        for side in ("deep", "shallow", "blend", "floor")
        if side in predictors and side in names
        for output in (predictors[side].output(dataset, items),)
    )
    return Outcome(
        recipe=recipe, name=dataset.name, task=task, split=split, runs=runs, comparison=comparison,
        findings=dataset.findings, truth=goals.truth(dataset, task, items), contestants=shown,
        higher_is_better=metrics.named(task.metric).higher_is_better, weight=dataset.weight_of(items),
        context=goals.scoring_context(dataset, task, split, items), examples=examples_of(prepared, items),
        sources=sources_of(dataset, items),
        test_rows=rows_of_test(dataset, items), history=history_of(prepared, items),
        analyses=dict(result.get("tradeoff") or {}), analyses_left_out=dict(result.get("tradeoff_left_out") or {}),
        reproduce=reproduce(recipe, task), automl_version=__version__, fingerprint=dataset.fingerprint,
        folder=recipe.out or "",
    )  # fmt: skip


def _sides(
    recipe: Recipe, prepared: Prepared, folder: Path, outcome: Outcome, progress: Progress, interrupt: Interrupt,
    clock: Clock, cleanup: contextlib.ExitStack,
) -> dict[str, Contender]:  # fmt: skip
    """Both sides with their finalists named again; empty where there is no time, or they cannot be restored."""
    refitted = [run for run in outcome.runs if run.finalist and run.refitted]
    if len(refitted) < 2 or not LEAST_REFIT_SECONDS <= clock.remaining < math.inf:
        return {}
    progress.say("restoring both sides, for analyses that fit models")
    try:
        shallow: Any = shallow_side(recipe, prepared, folder, progress, interrupt, clock)
        cleanup.callback(shallow.close)
        deep, *_ = deep_side(recipe, prepared, folder, progress, interrupt, None)
        if deep is None:
            return {}
        cleanup.callback(deep.close)
    except (InputError, BundleError, OSError) as error:
        progress.note(f"no models are fitted: the run's archives cannot be read ({error})")
        return {}
    made: dict[str, Contender] = {"deep": deep, "shallow": shallow}
    if not all(made[run.side].stand_as(members_of(run) or {run.name: 1.0}) for run in refitted):
        progress.note("no models are fitted: the finalists cannot be restored from the run's archives")
        return {}
    return made
