"""Saved models and run folders for `fuzz.py`: damaged, then opened, predicted with, reported and resumed."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from fuzz_bases import arguments, bases, prepare, rows, split_of
from fuzz_cells import some, words
from fuzz_damage import BY_NAME, damage, json_file, odd_thing, regular, seal, store_file

__all__ = ["RUNS", "prepare"]

MOST_SIDES = 3
KINDS = ("shallow", "shallow", "deep", "run")
"""What is damaged as a saved model: one family's, one template's, or both sides of a run."""


def one_bundle(rng: np.random.Generator, folder: Path, work: Path, number: int, stage: Callable[..., None]) -> None:
    """A saved model: damaged, sealed again three times in four, opened, predicted with."""
    kind = some(rng, 1, KINDS)[0]
    base = some(rng, 1, bases(work, kind))[0]
    bundle = folder / "m"
    shutil.copytree(base / "model" if kind == "run" else base, bundle)
    for _ in range(1 if rng.random() < 0.8 else 2):
        paths = [path for path in regular(bundle) if path.suffix in BY_NAME]
        if not paths:
            break
        path = some(rng, 1, paths)[0]
        how = rng.random()
        if how < 0.85:
            damage(rng, path, BY_NAME[path.suffix] if how < 0.75 else None)
        elif how < 0.92:
            others = [other for other in regular(some(rng, 1, bases(work, kind))[0]) if other.suffix in BY_NAME]
            path.write_bytes(some(rng, 1, others)[0].read_bytes())
        else:
            odd_thing(rng, path)
        stage("opening", f"{kind} {base.name}: {path.name}")
    if rng.random() < 0.75:
        seal(bundle)
    predicted(bundle, base.name.partition("-")[0], rng, stage)


def predicted(bundle: Path, name: str, rng: np.random.Generator, stage: Callable[..., None]) -> None:
    """Open and predict with each side; every one that is refused may be, with others tried all the same."""
    import automl
    from automl.errors import InputError

    model = automl.load(bundle)
    str(model.task)
    new = rows(name)
    if rng.random() < 0.2 and hasattr(new, "columns"):
        new = new.astype(object).map(lambda cell: some(rng, 1, [cell, None, "x", *words(rng, 1)])[0])
    refused: InputError | None = None
    for side in list(model.predictors)[:MOST_SIDES]:
        stage(f"predicting by {str(side)[:20]}")
        try:
            chosen = model.side(side)
            chosen.predict(new)
            if chosen.task.goal in ("binary", "multiclass", "multilabel"):
                chosen.predict_proba(new)
        except InputError as error:
            refused = error
    if refused is not None:
        raise refused


def one_report(rng: np.random.Generator, folder: Path, work: Path, number: int, stage: Callable[..., None]) -> None:
    """A run folder whose stored report is damaged, made into pages again."""
    from automl import report as reports
    from automl.cli.app import main

    base = some(rng, 1, bases(work, "run"))[0]
    run = folder / "r"
    shutil.copytree(base, run)
    path = run / "report.json"
    how = rng.random()
    if how < 0.9:
        damage(rng, path, json_file if how < 0.8 else None)
    else:
        odd_thing(rng, path)
    stage("report", f"report of {base.name}")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as errors:
        code = main(["report", str(run)])
    if code not in (0, 2):
        reports.render(run)  # once more, for its traceback
        raise RuntimeError(f"exit code {code}: {errors.getvalue()[:250]}")


def damaged_run(
    rng: np.random.Generator, folder: Path, work: Path, only: str, stage: Callable[..., None]
) -> tuple[str, Path]:
    """A run folder with some of its files, those that match `only`, damaged."""
    base = some(rng, 1, bases(work, "run"))[0]
    run = folder / "r"
    shutil.copytree(base, run)
    paths = sorted(run.glob(only))
    for _ in range(int(rng.integers(1, 3))):
        path = some(
            rng, 1, [path for path in paths if path.is_file() and not path.is_symlink()] or [run / "spent.json"]
        )[0]
        if not path.exists() or path.is_symlink():
            continue
        how, store = rng.random(), path.parent.name in ("weights", "shallow")
        if how < 0.9:
            damage(rng, path, None if how > 0.8 else store_file if store else BY_NAME.get(path.suffix))
        else:
            odd_thing(rng, path)
        stage("resuming", f"{base.name}: {path.relative_to(run)}")
    return base.name.partition("-")[0], run


def one_shallow_log(
    rng: np.random.Generator, folder: Path, work: Path, number: int, stage: Callable[..., None]
) -> None:
    """The shallow side goes on from a damaged journal and damaged models."""
    from automl.flow.selection import baselines_for
    from automl.records import Facts
    from automl.shallow import ShallowSide
    from automl.shallow.data import TrainingData

    name, run = damaged_run(rng, folder, work, "shallow*/*" if rng.random() < 0.3 else "shallow.log", stage)
    _, prepared = split_of(name)
    task = prepared.task
    first = next(iter((work / "run" / f"{name}-run" / "shallow.log").read_bytes().splitlines()))
    facts = Facts(len(TrainingData.of(prepared.dataset, task, prepared.split, task.metric).items), len(task.classes))
    side = ShallowSide(
        prepared.dataset, task, prepared.split, facts, baselines_for(task), task.metric, max_trials=2, folder=run,
        fingerprints=json.loads(first.partition(b" ")[2])["fingerprints"], apart=False,
    )  # fmt: skip
    try:
        side.step(20.0)
        side.step(20.0)
        side.earlier_runs()
        if side.ranked:
            side.choose(None, True)
            side.outputs("valid", 1)
    finally:
        side.close()


def one_resume(rng: np.random.Generator, folder: Path, work: Path, number: int, stage: Callable[..., None]) -> None:
    """A whole run goes on."""
    import automl

    only = some(rng, 1, ["*.log", "*.log", "spent.json", "weights/*", "shallow/*", "*", "result.json", "model/*"])[0]
    name, run = damaged_run(rng, folder, work, only, stage)
    automl.fit(**{**arguments(name), "max_trials": 2, "budget": "12s"}, out=str(run), resume=True)


def run_file(rng: np.random.Generator, folder: Path, work: Path, number: int, stage: Callable[..., None]) -> None:
    """One damaged file, by its number: of ten a resume, two of the shallow side, a report, six saved models."""
    kind = number % 10
    of = one_resume if kind == 0 else one_shallow_log if kind in (3, 6) else one_report if kind == 5 else one_bundle
    of(rng, folder, work, number, stage)


RUNS = {"files": run_file}
