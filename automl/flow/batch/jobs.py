"""The contests of several recipes: where each goes, how long it may take, and how it ended."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from automl.errors import RecipeError
from automl.recipe.reader import examine

__all__ = ["INTERRUPTED", "Ended", "Job", "State", "exit_code_of", "jobs_of", "share_of"]

MOST_RECIPES = 500
FAULT, INPUT, FAILED_ON, INTERRUPTED = 1, 2, 3, 130
GRAVEST = (INTERRUPTED, FAULT, INPUT, FAILED_ON)
LEAST_SECONDS = 10.0
"""A contest is not started with less time."""
WRITING_SECONDS = 10.0
"""Of a contest's share, what is kept for its start and its report, which its budget does not count."""

State = Literal["done", "failed", "refused", "no time", "interrupted", "kept"]


@dataclass(frozen=True, slots=True)
class Job:
    """One contest.

    Attributes:
        name: of its folder; unique.
        recipe: its path.
        folder: its run folder.
        budget_seconds: that its recipe (or a flag) gives; infinite for none.
        problems: why it cannot run; empty if it can.
    """

    name: str
    recipe: Path
    folder: Path
    budget_seconds: float
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a contest ended.

    Attributes:
        job: the contest.
        state: done; failed (a fault, or its input); refused (its recipe is not valid); no time; interrupted; kept: an
            earlier call had finished it.
        code: exit code of its process; 2 where it was not started.
        seconds: that its process ran.
        words: what it said last, if it failed.
    """

    job: Job
    state: State
    code: int
    seconds: float = 0.0
    words: str = ""


def jobs_of(recipes: Sequence[str | Path], out: Path, budget: str | None = None) -> list[Job]:
    """The contests of several recipes; a wrong recipe is told and does not stop the others.

    Args:
        recipes: paths of YAML files.
        out: folder of all run folders.
        budget: of each contest, in place of the recipe's own.

    Raises:
        RecipeError: there are too many, or one is named twice.
    """
    if len(recipes) > MOST_RECIPES:
        raise RecipeError(f"run: expected at most {MOST_RECIPES} recipes, got {len(recipes)}; name fewer")
    paths = [Path(recipe) for recipe in recipes]
    twice = next((path for i, path in enumerate(paths) if path.resolve() in {p.resolve() for p in paths[:i]}), None)
    if twice is not None:
        raise RecipeError(f"run: {twice} is named twice; name each recipe once")
    jobs: list[Job] = []
    for path in paths:
        keys, problems = examine(path, {} if budget is None else {"budget": budget})
        name = _unused(re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("-.") or "recipe", [job.name for job in jobs])
        seconds = 0.0 if keys is None else float(keys.budget)
        jobs.append(Job(name, path, out / name, seconds, tuple(problems)))
    return jobs


def _unused(name: str, taken: Sequence[str]) -> str:
    number, made = 1, name
    while made in taken:
        number += 1
        made = f"{name}-{number}"
    return made


def share_of(job: Job, left_seconds: float, n_waiting: int, n_slots: int) -> float | None:
    """The budget of the next contest: its own, or a fair share of the time left; None if that is too little.

    Each contest that waits has the same claim: the time left, times the contests that run at once, over those waiting.

    Args:
        job: the next contest.
        left_seconds: until the whole job is to end; infinite for no such bound.
        n_waiting: contests that have not begun, this one among them.
        n_slots: contests that run at once.
    """
    share = left_seconds * min(1.0, n_slots / max(n_waiting, 1)) - WRITING_SECONDS
    if share < LEAST_SECONDS:
        return None
    return min(job.budget_seconds, share)


def exit_code_of(ended: Sequence[Ended]) -> int:
    """The exit code of all: that of an interrupt, else of a fault, a wrong input, a condition that holds, else 0."""
    codes = {one.code for one in ended}
    known = next((code for code in GRAVEST if code in codes), None)
    return known if known is not None else FAULT if codes - {0} else 0
