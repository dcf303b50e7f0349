"""The order of a contest: read, split, both sides in turn by the clock, conclude, report, keep."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl import folder as folders
from automl import metrics, modalities
from automl.baselines import ShallowSide
from automl.clock import Clock
from automl.errors import RecipeError
from automl.flow.conclude import Conclusion, conclude
from automl.flow.folder import check_folder, open_folder
from automl.flow.interrupt import Interrupt
from automl.flow.keep import keep
from automl.flow.ledger import Ledger
from automl.flow.listeners import TensorBoard
from automl.flow.plugged import loader
from automl.flow.prepare import Prepared, baselines_for, prepare, templates_for
from automl.flow.progress import Progress, quiet_libraries
from automl.search.ray_pool import RayPool

if TYPE_CHECKING:
    from automl.journal import Journal
    from automl.records import Contender, DeviceWish, Outcome, Recipe, Run, TargetCodec
    from automl.store import WeightStore

__all__ = ["Finished", "run"]

FLOOR_GRACE_SECONDS = 15.0
SEEDS = 3
SEED_SHARE = 0.5
SEED_SLACK = 1.15
LEAST_STEP_SECONDS = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """What a run leaves in memory.

    Attributes:
        outcome: all that the report sees. predictors: side ("deep", "shallow", "floor") → predictor.
        recommended: the side to use. folder: of the run. result: the contract's dict.
    """

    outcome: Outcome
    predictors: dict[str, Any]
    recommended: str
    folder: Path
    result: dict[str, Any]


def run(recipe: Recipe, started: float | None = None) -> Finished:
    """Run the contest that a recipe asks for.

    Args:
        recipe: what to do. started: `time.monotonic` value of the user's call, now when None.

    Raises:
        InputError: the data, the recipe or the folder is at fault; nothing was changed.
        KeyboardInterrupt: after a second Ctrl-C.
    """
    clock = Clock(recipe.budget_seconds, started)
    check_folder(recipe.out, recipe.resume)
    warm = threading.Thread(target=_import_deep, args=(recipe.search.device,), daemon=True)
    quiet = recipe.quiet or recipe.json or recipe.json_lines
    with (
        Interrupt() as interrupt,
        Progress(clock, quiet=quiet, json_lines=recipe.json_lines) as progress,
        contextlib.ExitStack() as held,
    ):
        remote = (
            held.enter_context(contextlib.closing(_workers(recipe, progress, interrupt)))
            if recipe.search.uses_ray
            else None
        )
        with clock.phase("read"):
            prepared = prepare(recipe)
        warm.start()  # only once the data is good: an error must not wait for TensorFlow to load
        if remote is not None:
            with clock.phase("start workers"):
                remote.start(clock.deadline(math.inf))
        task = prepared.task
        folder = open_folder(recipe.out, prepared.dataset.name)
        held.enter_context(folders.locked(folder))
        ledger = Ledger(folder, recipe, clock, progress.note)
        recipe = dataclasses.replace(recipe, budget_seconds=clock.budget_seconds)
        if "tensorboard" in recipe.search.log:
            progress.listeners.append(TensorBoard(folder / "tensorboard"))
        progress.metric, progress.higher_is_better = task.metric, metrics.named(task.metric).higher_is_better
        progress.say(f"{task.modality}, {task.goal}: {prepared.dataset.n_rows} rows, scored by {task.metric}")
        shallow = _shallow_side(recipe, prepared, folder, progress, interrupt, clock)
        folders.clear_unfinished(folder)
        held.enter_context(ledger)  # only now, so that a folder of something else stays as it was
        deep: Contender | None = None
        runs: list[Run] = []
        try:
            with clock.phase("shallow floor"):
                runs += _floor(shallow, clock)
            with clock.phase("prepare deep"):
                warm.join()
                deep, codec, encoder, left_out = _deep_side(recipe, prepared, folder, progress, interrupt, remote)
            sides: dict[str, Contender] = {"shallow": shallow} if deep is None else {"deep": deep, "shallow": shallow}
            earlier = {name: side.earlier_runs() for name, side in sides.items()}
            runs = [run for found in earlier.values() for run in found] + runs
            if ledger.earlier is not None:
                progress.say(_going_on({name: len(found) for name, found in earlier.items()}, clock))
            with clock.phase("search"):
                stopped = _alternate(sides, clock, runs, lambda: interrupt.asked, _reserve(clock), ledger.write)
            with clock.phase("seeds"):
                chosen, n_seeds = _seeds(recipe, sides, clock, lambda: interrupt.asked)
            progress.say("scoring both finalists on the test rows")
            with clock.phase("conclude"):
                done: Conclusion = conclude(
                    recipe, prepared, deep, shallow, encoder, codec, runs, chosen, n_seeds, left_out
                )
        finally:
            for side in (deep, shallow):
                if side is not None:
                    side.close()
        wall_seconds = clock.elapsed
        outcome = dataclasses.replace(
            done.outcome,
            stopped="interrupt" if interrupt.asked else stopped,
            clock={
                "budget_seconds": clock.budget_seconds if math.isfinite(clock.budget_seconds) else 0.0,
                "wall_seconds": wall_seconds,
                "started": ledger.started,
                "phases": dict(clock.phases),
                "spent": dict(clock.spent),
            },
        )
        progress.say("writing the report")
        result = keep(outcome, done.predictors, done.recommended, folder)
        progress.say(f"{folder} takes {_used_mib(folder):.1f} MiB on disk")
    return Finished(outcome, done.predictors, done.recommended, folder, result)


def _used_mib(folder: Path) -> float:
    """Size of all files in a folder; one that goes away meanwhile counts for nothing."""
    n_bytes = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            n_bytes += path.stat().st_size if path.is_file() else 0
    return n_bytes / 2**20


def _import_deep(wish: DeviceWish) -> None:
    """Load TensorFlow, Keras and KerasTuner, and look for devices, while other things are prepared.

    TensorFlow's libraries write lines about missing GPUs straight to the terminal; they are kept from it here, and
    `automl doctor` tells what matters of them.
    """
    with quiet_libraries():
        import automl.search.side  # noqa: F401
        from automl.search import device

        with contextlib.suppress(RecipeError):  # the deep side asks again, where the user hears of it
            device.prepare(wish)


def _shallow_side(
    recipe: Recipe, prepared: Prepared, folder: Path, progress: Progress, interrupt: Interrupt, clock: Clock
) -> ShallowSide:
    from automl.records import Facts

    task, split = prepared.task, prepared.split
    items = split.train if split.train_windows is None else split.train_windows
    side = ShallowSide(
        prepared.dataset,
        task,
        split,
        Facts(len(items), len(task.classes)),
        baselines_for(task),
        task.metric,
        recipe.seed,
        prepared.dataset.weight,
        recipe.max_trials,
        progress.event,
        stopping=lambda: interrupt.asked,
        folder=folder,
        fingerprints=_fingerprints(recipe, prepared),
        elapsed=lambda: clock.elapsed,
    )
    _tell(progress, side.archive.journal, side.archive.store)
    return side


def _deep_side(
    recipe: Recipe, prepared: Prepared, folder: Path, progress: Progress, interrupt: Interrupt, remote: RayPool | None
) -> tuple[Contender | None, TargetCodec, Any, dict[str, str]]:
    """Encode for the networks and set the search up; no side when no template fits."""
    from automl.search import DeepSide

    dataset, task, split = prepared.dataset, prepared.task, prepared.split
    encoder, codec = modalities.fit(dataset, task, split)
    facts = modalities.facts(dataset, task, split, codec)
    templates, left_out = templates_for(recipe, task, encoder.specs)
    if not templates:
        return None, codec, encoder, left_out
    side = DeepSide(
        dataset, task, split, encoder, codec, facts, templates,
        metric=task.metric, seed=recipe.seed, max_trials=recipe.max_trials, options=recipe.search, folder=folder,
        fingerprints=_fingerprints(recipe, prepared), on_event=progress.event, stopping=lambda: interrupt.asked,
        remote=remote,
    )  # fmt: skip
    return side, codec, encoder, left_out | side.left_out


def _workers(recipe: Recipe, progress: Progress, interrupt: Interrupt) -> RayPool:
    """Ray's workers, not yet started; a missing library or a wrong address is told before the data are read."""
    return RayPool(recipe.search, loader(recipe.plugins), stopping=lambda: interrupt.asked, note=progress.note)


def _tell(progress: Progress, journal: Journal, store: WeightStore | None) -> None:
    """Say what an earlier call has left that cannot be read."""
    if journal.unreadable or journal.put_aside:
        progress.note(journal.summary())
    if store is not None and store.unreadable:
        names = ", ".join(store.unreadable)
        progress.note(f"damaged files in {store.folder} were put aside: {names}; what they held is fitted again")


def _fingerprints(recipe: Recipe, prepared: Prepared) -> dict[str, str]:
    """What must be the same for a run to be gone on with."""
    split, task = prepared.split, prepared.task
    rows = hashlib.blake2b(digest_size=8)
    for part in (split.train, split.valid, split.test, *(valid for _, valid in split.folds[1:])):
        rows.update(part.astype("int64").tobytes())
    asked = f"{task.goal} {task.target} {task.metric} {sorted(recipe.columns.items())} {recipe.templates} {recipe.seed}"
    return {
        "data": prepared.dataset.fingerprint,
        "split": rows.hexdigest(),
        "recipe": hashlib.blake2b(asked.encode(), digest_size=8).hexdigest(),
    }


def _going_on(counts: Mapping[str, int], clock: Clock) -> str:
    """What a resumed run starts from, in words."""
    found = " and ".join(f"{n} {name}" for name, n in counts.items())
    left = max(0.0, clock.remaining)
    budget = f"{left:.0f} s of the budget left" if math.isfinite(left) else "no bound on time"
    more = "; --budget with another time gives more" if left < _reserve(clock) + LEAST_STEP_SECONDS else ""
    return f"going on with {found} runs, {budget}{more}"


def _reserve(clock: Clock) -> float:
    """Seconds kept back for scoring, measuring and comparing the finalists."""
    return 2.0 + 0.03 * min(clock.budget_seconds, 300.0) if math.isfinite(clock.budget_seconds) else 0.0


def _floor(shallow: ShallowSide, clock: Clock) -> list[Run]:
    """The floor is fitted whatever the budget."""
    with clock.spend("shallow"):
        made = shallow.step(max(clock.remaining, FLOOR_GRACE_SECONDS)) or ()
    return [dataclasses.replace(one, at_seconds=clock.elapsed) for one in made]


def _alternate(
    sides: dict[str, Contender],
    clock: Clock,
    runs: list[Run],
    stopping: Callable[[], bool],
    reserve: float,
    on_step: Callable[[], None] = lambda: None,
) -> str:
    """Give the next step to the side that has spent less, until time or ideas are over; why it ended."""
    open_sides = dict(sides)
    total = clock.remaining - reserve
    already = sum(clock.spent.values())
    share = (total + already) / max(len(sides), 1)
    refused: dict[str, float] = {}
    earlier = {run.name for run in runs}
    while open_sides:
        if stopping():
            return "interrupt"
        name = min(open_sides, key=lambda side: clock.spent[side])
        side = open_sides[name]
        others = [s for s in sides if s != name]
        left_of_all = clock.remaining - reserve
        seeds = _kept_for_seeds(sides, share)
        if any(other in open_sides for other in others):
            left = min(left_of_all, share - clock.spent[name]) - seeds[name]
        else:  # what the other side left unused passes over
            left = left_of_all - sum(seeds.values())
        made = None
        if left >= LEAST_STEP_SECONDS:
            with clock.spend(name):
                made = side.step(left)
            on_step()
        if made is None:
            del open_sides[name]
            refused[name] = left
            if not open_sides:  # a side that had too little for another trial may have enough with what the other left
                rest = clock.remaining - reserve - sum(_kept_for_seeds(sides, share).values())
                open_sides = {one: sides[one] for one, seconds in refused.items() if rest > seconds + 1.0}
            continue
        new = [dataclasses.replace(one, at_seconds=clock.elapsed) for one in made]
        again = earlier & {one.name for one in new}  # fitted by an earlier call, but its model was lost
        runs[:] = [one for one in runs if one.name not in again] + new
    return "budget" if clock.remaining - reserve < 0.25 * clock.budget_seconds else "exhausted"


def _kept_for_seeds(sides: dict[str, Contender], share: float) -> dict[str, float]:
    """Seconds each side keeps back to fit its finalist again with other seeds: the same number on all sides.

    Args:
        share: seconds that each side has in all. At most `SEED_SHARE` of them goes to seeds: a model that needs most
            of the time for itself is better trained well once.
    """
    each = {name: SEED_SLACK * side.seconds_a_seed() for name, side in sides.items()}
    if not math.isfinite(share) or not sum(each.values()):
        return dict.fromkeys(sides, 0.0)
    n_more = min(SEEDS - 1, *(int(SEED_SHARE * share / seconds) for seconds in each.values() if seconds))
    return {name: n_more * seconds for name, seconds in each.items()}


def _seeds(
    recipe: Recipe, sides: dict[str, Contender], clock: Clock, stopping: Callable[[], bool]
) -> tuple[dict[str, Run], int]:
    """Name the finalists and fit each again with the same number of further seeds; them, and how many each has.

    Ensembles are named only where they can be fitted with as many seeds as single models could: seeds are what a
    verdict is sure by (docs/decisions/0004-ensembles.md).
    """
    reserve = _reserve(clock)
    chosen = _named(recipe, sides, ensemble=False)
    if recipe.ensemble and chosen:
        affordable = _affordable(chosen, sides, clock.remaining - reserve)
        chosen = _named(recipe, sides, ensemble=True)
        if _affordable(chosen, sides, clock.remaining - reserve) < affordable:
            chosen = _named(recipe, sides, ensemble=False)
    n_seeds = 1
    while chosen and n_seeds < SEEDS and not stopping():
        if _affordable(chosen, sides, clock.remaining - reserve) < 1:
            break
        for name in chosen:
            side = sides[name]
            with clock.spend(name):
                worked = side.add_seed(min(clock.remaining - reserve, SEED_SLACK * side.seconds_a_seed()))
            if not worked:
                return chosen, n_seeds
        n_seeds += 1
    return chosen, n_seeds


def _named(recipe: Recipe, sides: dict[str, Contender], *, ensemble: bool) -> dict[str, Run]:
    """Each side's finalist, where it has one."""
    runs = {name: side.choose(recipe.latency_ms, ensemble) for name, side in sides.items()}
    return {name: run for name, run in runs.items() if run is not None}


def _affordable(chosen: dict[str, Run], sides: dict[str, Contender], seconds: float) -> int:
    """How many further seeds all finalists can be fitted with, at most those that are wanted."""
    needed = sum(SEED_SLACK * sides[name].seconds_a_seed() for name in chosen)
    return SEEDS - 1 if seconds >= (SEEDS - 1) * needed else max(0, int(seconds / needed))
