"""`automl run` with several recipes: their contests as one job, with one page at the end."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from automl.cli.flags import LISTS
from automl.errors import FolderError, RecipeError
from automl.system import shell, terminal
from automl.system.printable import printable

__all__ = ["run_several"]

RUNS = Path("automl-runs")
OWN = ("out", "resume", "workers", "ray_address", "json", "quiet", "json_lines")
"""Flags that concern the whole job; all others are handed to each contest."""


def run_several(recipes: Sequence[str], flags: Mapping[str, Any], within: str | None) -> None:
    """Run the contests of several recipes.

    Args:
        recipes: paths of YAML files.
        flags: the recipe's keys for the flags that were given.
        within: time for all of them together, as a budget is written; None for their own budgets alone.

    Raises:
        RecipeError: a flag does not fit several recipes.
        FolderError: the folder holds something else, or cannot be written.
        typer.Exit: with the exit code of the job.
    """
    from automl.flow.batch import exit_code_of, jobs_of, run_batch
    from automl.flow.batch.places import LocalPlaces, Places, RayPlaces
    from automl.recipe import parse_budget

    if flags.get("json") or flags.get("json_lines"):
        raise RecipeError("--json and --json-lines are for one recipe; with several, read batch.json in --out")
    seconds = math.inf if within is None else parse_budget(within)
    out = _folder(flags.get("out"), bool(flags.get("resume")))
    n_slots = int(flags.get("workers") or 1)
    if n_slots < 1:
        raise RecipeError(f"--workers: expected contests that run at once, at least 1, got {n_slots}")
    jobs = jobs_of(recipes, out, flags.get("budget"))
    n_slots = min(n_slots, len(jobs))
    handed = handed_on({name: value for name, value in flags.items() if name not in OWN})
    address = flags.get("ray_address")
    places: Places = LocalPlaces(n_slots) if address is None else RayPlaces(n_slots, str(address))
    quiet = bool(flags.get("quiet"))
    try:
        ended = run_batch(
            jobs, out, places, handed, seconds,
            (lambda text: None) if quiet else (lambda text: terminal.out(printable(text), needed=False)),
        )  # fmt: skip
    finally:
        places.close()
    for one in ended:
        if one.code not in (0, 3):
            terminal.err(printable(f"{one.job.name}: {one.state}: {one.words}", "\n"))
    code = exit_code_of(ended)
    if code:
        raise typer.Exit(code)


def handed_on(flags: Mapping[str, Any]) -> list[str]:
    """Flags as the words of a command line.

    Args:
        flags: the recipe's keys for the flags that were given.
    """
    words: list[str] = []
    for name, value in flags.items():
        flag = f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            words.append(flag if value else f"--no-{flag[2:]}")
        elif isinstance(value, list) and name not in LISTS:
            words += [f"{flag}={one}" for one in value]
        else:
            words.append(f"{flag}={','.join(value) if isinstance(value, list) else value}")
    return words


def _folder(out: str | None, resume: bool) -> Path:
    """The folder of the job: new, empty, or that of an earlier job that goes on."""
    from automl.flow.batch.driver import LOGS, SUMMARY
    from automl.storage.files import guard, unused

    if out is None:
        if resume:
            raise RecipeError("--resume: name the folder of the job to go on with: --out FOLDER --resume")
        return unused(RUNS / f"batch-{time.strftime('%Y%m%d-%H%M%S')}")
    folder = Path(out)
    with guard(folder):
        there = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    is_job = LOGS in there or SUMMARY in there
    if there and not resume:
        raise FolderError(
            f"{folder} is not empty; give another --out, or --resume to go on with the job that it holds "
            f"({shell.flag('--out', out)} --resume)"
        )
    if there and not is_job:
        raise FolderError(f"{folder} holds no job of several recipes (no {LOGS}); give a folder that is new or empty")
    return folder
