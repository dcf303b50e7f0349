"""What `fuzz.py` does to odd frames: inspect, split, encode, fit floors and fast models, or run a whole contest."""

from __future__ import annotations

import contextlib
import io
import json
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from fuzz_forms import Made, made, other_rows
from fuzz_tables import safe_text

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from schema_breaks import breaks

__all__ = ["RUNS"]

SCHEMA = json.loads((Path(__file__).resolve().parents[1] / "docs" / "result.schema.json").read_text("utf-8"))
MOST_ATTEMPTS = 40
FIT_SECONDS = 10.0
CALL = "import sys; from automl.cli import main; sys.exit(main(sys.argv[1:]))"


def prepared(one: Made) -> Any:
    """What `fit` would learn from: loaded, detected and split."""
    from automl import recipe as recipes
    from automl.flow.prepare import prepare

    return prepare(recipes.make(data=one.data, max_trials=1, **one.options))


def view(one: Made, stage: Callable[[str], None], deep: bool, rng: np.random.Generator, folder: Path) -> None:
    """Inspect, split, encode, and read the rows once more as new ones; with `deep` fit floors and fast models too.

    Args:
        one: the input. stage: told of what begins. deep: fit and predict too. rng, folder: for other new rows.
    """
    import automl

    stage("inspect")
    str(automl.inspect(one.data, **one.options)).encode("utf-8")
    stage("split")
    found = prepared(one)
    encoder = encoded(found, stage)
    stage("new rows")
    new_rows(one.data[0] if isinstance(one.data, tuple) else one.data, found.task, encoder)
    others(rng, folder, found.task, encoder, stage)
    if deep:
        stage("baselines")
        baselines(found)


def encoded(found: Any, stage: Callable[[str], None]) -> Any:
    """Fit encoder and codec on training rows, transform test rows, and restore both from their packed states."""
    from automl import modalities
    from automl.bundle.packing import pack, unpack

    stage("encoding")
    dataset, task, split = found.dataset, found.task, found.split
    encoder, codec = modalities.fit(dataset, task, split)
    items = split.test if split.test_windows is None else split.test_windows
    first = encoder.transform(dataset, items)
    codec.encode(dataset, split.train if split.train_windows is None else split.train_windows)
    modalities.facts(task, split, codec)
    stage("states")
    arrays: dict[str, np.ndarray] = {}
    states = json.loads(json.dumps(pack([encoder.state(), codec.state()], arrays)))
    again = modalities.restore(unpack(states, arrays)[0]).transform(dataset, items)
    modalities.restore_codec(unpack(states, arrays)[1])
    assert all(np.array_equal(first[key], again[key], equal_nan=first[key].dtype.kind == "f") for key in first)
    return encoder


def new_rows(data: Any, task: Any, encoder: Any) -> None:
    """Rows to predict."""
    from automl.predict.rows import future, read_rows

    dataset = read_rows(data, task, on_odd="warn")
    if task.goal == "forecast":
        encoder.transform(*future(dataset, task))
    else:
        encoder.transform(dataset, np.arange(dataset.n_rows))


def others(rng: np.random.Generator, folder: Path, task: Any, encoder: Any, stage: Callable[[str], None]) -> None:
    """Rows to predict whose columns hold something else than those trained on; they may be refused."""
    from automl.errors import InputError

    stage("other new rows")
    names = [*(column.name for column in task.columns), *task.target, "more"]
    with contextlib.suppress(InputError):
        new_rows(other_rows(rng, names, folder), task, encoder)


def baselines(found: Any) -> None:
    """Floors and the first shallow models, where exceptions are not noted but raised."""
    from automl.flow.selection import baselines_for
    from automl.records import Facts
    from automl.shallow import ShallowSide
    from automl.shallow.child import run_fit
    from automl.shallow.messages import FitSpec

    task, split = found.task, found.split
    items = split.train if split.train_windows is None else split.train_windows
    facts = Facts(len(items), len(task.classes))
    side = ShallowSide(found.dataset, task, split, facts, baselines_for(task), task.metric,
                       max_trials=1, apart=False)  # fmt: skip
    try:
        side.step(60.0)
        for search in side.tuning.searches[:2]:
            model = pickle.dumps(search.baseline.make(task, next(search.fresh), 0))
            run_fit(side.worker.payload, FitSpec(model, None, time.monotonic() + FIT_SECONDS, 0), lambda model: None)
    finally:
        side.close()


def run_frame(rng: np.random.Generator, folder: Path, work: Path, number: int, stage: Callable[..., None]) -> None:
    """One of the frames."""
    one = made(rng, folder)
    stage("inspect", f"{one.told} {safe_text(one.options)}")
    view(one, stage, number % 10 == 0, rng, folder)


def run_fit(rng: np.random.Generator, folder: Path, work: Path, number: int, stage: Callable[..., None]) -> None:
    """The first frame of these that can be split, through a whole contest; every fifth file by the command line."""
    from automl.errors import InputError

    for attempt in range(MOST_ATTEMPTS):
        place = folder / str(attempt)
        place.mkdir()
        one = made(rng, place)
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                prepared(one)
            break
        except Exception:  # refused, or a finding of the other part
            continue
    else:
        raise InputError(f"none of {MOST_ATTEMPTS} frames can be split")
    out = folder / "out"
    if number % 5 == 0 and isinstance(one.data, str) and all(isinstance(v, str) for v in one.options.values()):
        stage("command line", f"{one.told} {safe_text(one.options)}")
        by_command_line(one, out)
    else:
        import automl

        stage("fit", f"{one.told} {safe_text(one.options)}")
        automl.fit(one.data, **{"seed": 0, **one.options}, max_trials=1, budget="20s", out=str(out), quiet=True)
    stage("result")
    problems = list(breaks(json.loads((out / "result.json").read_text("utf-8")), SCHEMA))
    if problems:
        raise RuntimeError(f"result.json breaks its schema: {problems[:3]}")
    stage("loading and predicting")
    predicts_again(out, one)


def by_command_line(one: Made, out: Path) -> None:
    flags = [part for key, value in one.options.items() for part in (f"--{key.replace('_', '-')}", value)]
    command = [sys.executable, "-c", CALL, "fit", one.data, *flags]
    command += ["--max-trials", "1", "--budget", "20s", "--out", str(out), "--quiet"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode == 2:
        from automl.errors import InputError

        raise InputError(done.stderr.decode("utf-8", "replace")[-300:])
    if done.returncode != 0:
        raise RuntimeError(f"exit code {done.returncode}: {done.stderr.decode('utf-8', 'replace')[-300:]}")


def predicts_again(out: Path, one: Made) -> None:
    """What was saved is opened, and predicts the inputs again."""
    import automl

    model = automl.load(out)
    model.predict(one.data[0] if isinstance(one.data, tuple) else one.data)


RUNS = {"frames": run_frame, "fits": run_fit}
