"""Sets up both sides of a contest: encodes the data, and passes on folder, callbacks and workers."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl import goals, modalities
from automl.catalog import template_loader
from automl.deep.ray.executor import RayPool
from automl.flow.budget.clock import Clock
from automl.flow.interrupt import Interrupt
from automl.flow.prepare import Prepared
from automl.flow.progress.console import Progress
from automl.flow.selection import baselines_for, templates_for
from automl.shallow import ShallowSide
from automl.sides.entries import damage

if TYPE_CHECKING:
    from automl.records import Contender, Inherited, Recipe, TargetCodec
    from automl.shallow.worker import Child

__all__ = ["deep_side", "shallow_side", "workers_of"]


def shallow_side(
    recipe: Recipe,
    prepared: Prepared,
    folder: Path | None,
    progress: Progress,
    interrupt: Interrupt,
    clock: Clock,
    child: Child | None = None,
    inherited: Inherited | None = None,
) -> ShallowSide:
    """Set up the shallow side. Without a time limit its fits run in this process, since no fit has to be ended."""
    from automl.baselines.facts import facts_of

    dataset, task, split = prepared.dataset, prepared.task, prepared.split
    side = ShallowSide(
        dataset,
        task,
        split,
        facts_of(dataset, task, split.items("train"), recipe.seed),
        baselines_for(task),
        goals.search_metric(task),
        recipe.seed,
        recipe.max_trials,
        progress.event,
        stopping=lambda: interrupt.asked,
        folder=folder,
        fingerprints=_fingerprints(recipe, prepared),
        elapsed=lambda: clock.elapsed,
        apart=math.isfinite(clock.budget_seconds),
        child=child,
        fixed=None if inherited is None else inherited.settings.get("shallow", ()),
    )
    for words in damage(side.archive.journal, side.archive.store):
        progress.note(words)
    return side


def deep_side(
    recipe: Recipe,
    prepared: Prepared,
    folder: Path | None,
    progress: Progress,
    interrupt: Interrupt,
    remote: RayPool | None,
    inherited: Inherited | None = None,
) -> tuple[Contender | None, TargetCodec, Any, dict[str, str]]:
    """Encode the data and set up the deep side.

    Returns:
        The side (None if no template fits), the codec, the encoder, and why templates are left out.
    """
    from automl.deep import DeepSide

    dataset, task, split = prepared.dataset, prepared.task, prepared.split
    encoder, codec = modalities.fit(dataset, task, split)
    facts = modalities.facts(task, split, codec)
    templates, left_out = templates_for(recipe, task, encoder.specs)
    fixed = None if inherited is None else inherited.settings.get("deep", ())
    if fixed is not None:
        templates = {name: one for name, one in templates.items() if any(name == each.family for each in fixed)}
        left_out = {}
    if not templates:
        return None, codec, encoder, left_out
    side = DeepSide(
        dataset, task, split, encoder, codec, facts, templates,
        metric=goals.search_metric(task), seed=recipe.seed, max_trials=recipe.max_trials, options=recipe.search,
        folder=folder, fingerprints=_fingerprints(recipe, prepared), on_event=progress.event,
        stopping=lambda: interrupt.asked, remote=remote, fixed=fixed,
    )  # fmt: skip
    return side, codec, encoder, left_out | side.left_out


def workers_of(recipe: Recipe, progress: Progress, interrupt: Interrupt) -> RayPool:
    """The pool of Ray workers, not started yet. A missing library or a wrong address raises before data are read."""
    return RayPool(recipe.search, template_loader(recipe.plugins), stopping=lambda: interrupt.asked, note=progress.note)


def _fingerprints(recipe: Recipe, prepared: Prepared) -> dict[str, str]:
    """Fingerprints that must be equal for a run to be resumed."""
    split, task = prepared.split, prepared.task
    rows = hashlib.blake2b(digest_size=8)
    for part in (split.train, split.valid, split.test, *(valid for _, valid in split.folds[1:])):
        rows.update(part.astype("int64").tobytes())
    asked = f"{task.goal} {task.target} {task.metric} {sorted(recipe.columns.items())} {recipe.templates} {recipe.seed}"
    asked += " pretrain" if recipe.pretrain else ""
    asked += f" given {task.condition}" if task.condition else ""
    return {
        "data": prepared.dataset.fingerprint,
        "split": rows.hexdigest(),
        "recipe": hashlib.blake2b(asked.encode(), digest_size=8).hexdigest(),
    }
