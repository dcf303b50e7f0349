"""Which exports of a contest's finalists there are, by modality, side and format: differences, size, one-row latency.

    python benchmarks/exports.py [--only table,words,pictures,sounds,series,texts,forecast] [--formats onnx,litert,...]
        [--trials 1] [--folder FOLDER] [--families]

The data are made, a few hundred items each; contests try so many settings a family and end by that. Each side is then
exported in each format, which checks the file against the model in its own runtime; what is refused is shown in its own
words. With `--families` no contest is run: each shallow family is fitted once, with its first settings, and exported.
`--folder` keeps runs and exports. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

N_ITEMS = 240
FORMATS = ("onnx", "saved_model", "litert", "openvino", "keras", "python")


def main() -> None:
    """Run the contests and export their finalists."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(MADE))
    parser.add_argument("--formats", default=",".join(FORMATS))
    parser.add_argument("--trials", type=int, default=1)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--families", action="store_true")
    asked = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch:
        for name in asked.only.split(","):
            place, formats = (asked.folder or Path(scratch)) / name, asked.formats.split(",")
            rows += (
                families_of(name, formats, place) if asked.families else exports_of(name, formats, asked.trials, place)
            )
    print(json.dumps(rows))


def exports_of(name: str, formats: list[str], trials: int, folder: Path) -> list[dict[str, Any]]:
    """The exports of one contest."""
    import automl

    how, new = MADE[name](np.random.default_rng(0))
    begun = time.perf_counter()
    result = automl.fit(
        **how, budget="none", max_trials=trials, ensemble=False, seed=1, out=folder / "run", quiet=True, analysis=0.0
    )
    finalists = {run["side"]: run for run in result.result["runs"] if run["finalist"]}
    families = ", ".join(f"{side}: {run['family']}" for side, run in finalists.items())
    print(f"{name}: contest {time.perf_counter() - begun:.0f} s; {families}", flush=True)
    rows = []
    made_of = {side: run["family"] for side, run in finalists.items()}
    if "blend" in result.model.predictors:
        made_of["blend"] = " + ".join(made_of.values())
    for side, family in made_of.items():
        for format_ in formats:
            begun = time.perf_counter()
            row: dict[str, Any] = {"of": name, "side": side, "family": family, "format": format_}
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    made = result.export(folder / f"{side}-{format_}", format_, side, new)
            except automl.errors.AutomlError as error:
                row |= {"refused": str(error)}
                print(f"  {side} as {format_}: refused: {error}", flush=True)
            else:
                row |= {k: made.manifest.get(k) for k in ("difference", "size_mib", "latency_ms", "inputs")}
                told = str(made).splitlines()[1:3]
                print(f"  {side} as {format_} ({time.perf_counter() - begun:.0f} s): {'; '.join(told)}", flush=True)
            rows.append(row)
    return rows


def families_of(name: str, formats: list[str], folder: Path) -> list[dict[str, Any]]:
    """The exports of each shallow family, fitted once with its first settings."""
    import automl
    from automl import goals, modalities, recipe
    from automl.flow.prepare import prepare
    from automl.flow.selection import baselines_for
    from automl.predict.model import SideModel
    from automl.records import Facts, FitContext
    from automl.sides.predictors import ShallowPredictor

    how, new = MADE[name](np.random.default_rng(0))
    how.pop("templates", None)
    prepared = prepare(recipe.make(seed=1, **how))
    dataset, task, split = prepared.dataset, prepared.task, prepared.split
    encoder, _ = modalities.fit(dataset, task, split)
    facts = Facts(len(split.train), len(task.classes), contexts=(15,), start_context=15, transforms=("none",))
    items = {part: split.items(part) for part in ("train", "valid")}
    truth = {part: goals.truth(dataset, task, of_part) for part, of_part in items.items()}
    rows = []
    for family, baseline in baselines_for(task).items():
        is_floor = baseline.tier == "floor" and goals.named(task).in_rows
        if is_floor or (baseline.unfit is not None and baseline.unfit(task, facts)):
            continue
        model = baseline.make(task, next(iter(baseline.settings(task, facts, 0))), 0)
        model.fit(dataset, items["train"], truth["train"], None, FitContext(None, None, items["valid"], truth["valid"]))
        side = SideModel("shallow", task, ShallowPredictor((model,)), encoder=encoder)
        for format_ in formats:
            row: dict[str, Any] = {"of": name, "side": "shallow", "family": family, "format": format_}
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    made = side.export(folder / f"{family}-{format_}", format_, new)
            except automl.errors.AutomlError as error:
                row |= {"refused": str(error)}
                print(f"  {name}, {family} as {format_}: refused: {error}", flush=True)
            else:
                row |= {k: made.manifest.get(k) for k in ("difference", "size_mib", "latency_ms")}
                told = "; ".join(str(made).splitlines()[1:3])
                print(f"  {name}, {family} as {format_}: {told}", flush=True)
            rows.append(row)
    return rows


# --------------------------------------------------------------------------- data

Made = tuple[dict[str, Any], Any]
"""Arguments of `automl.fit`, and rows to check exports on: None for made-up ones."""


def classes(rng: np.random.Generator) -> np.ndarray:
    """Two classes, at random."""
    return rng.choice(["a", "b"], N_ITEMS)


def table(rng: np.random.Generator) -> Made:
    """Numbers, levels and dates."""
    frame = pd.DataFrame({
        "x": rng.normal(size=N_ITEMS), "z": rng.exponential(size=N_ITEMS), "c": rng.choice(list("pqr"), N_ITEMS),
        "day": pd.date_range("2020-01-01", periods=N_ITEMS, freq="D"),
    })  # fmt: skip
    return {"data": frame.assign(y=np.where(frame.x + (frame.c == "p") > 0.3, "yes", "no")), "target": "y"}, None


def words(rng: np.random.Generator) -> Made:
    """A table with a column of free text."""
    told = table(rng)[0]["data"]
    note = [" ".join(rng.choice(["good", "late", "broken", "fine", "day"], 8)) + f" {i}" for i in range(N_ITEMS)]
    return {"data": told.assign(note=note), "target": "y"}, None


def pictures(rng: np.random.Generator) -> Made:
    """Coloured pictures, darker ones of one class."""
    y = classes(rng)
    x = rng.integers(0, 200, (N_ITEMS, 16, 16, 3)) + 40 * (y == "a")[:, None, None, None]
    return {"data": (x.astype("uint8"), y)}, None


def sounds(rng: np.random.Generator) -> Made:
    """A fifth of a second each, louder ones of one class."""
    y = classes(rng)
    x = rng.normal(0, 0.1, (N_ITEMS, 1_600)) * np.where(y == "a", 1.0, 2.0)[:, None]
    return {"data": {"X": x, "y": y, "rate": 8_000}}, None


def series(rng: np.random.Generator) -> Made:
    """Two channels of 60 steps, with a trend in one class."""
    y = classes(rng)
    x = rng.normal(size=(N_ITEMS, 2, 60)) + np.linspace(0, 1, 60) * (y == "a")[:, None, None]
    return {"data": (x, y)}, None


def texts(rng: np.random.Generator) -> Made:
    """Texts of fifteen words, read in their order."""
    y = classes(rng)
    some = np.where(y == "a", "good", "bad")
    made = [
        " ".join(rng.permutation([some[i], *rng.choice(["day", "night", "sea", "hill"], 14)])) for i in range(N_ITEMS)
    ]
    return {"data": pd.DataFrame({"t": made, "y": y}), "target": "y", "templates": "text_cnn"}, None


def forecast(rng: np.random.Generator) -> Made:
    """A daily series with a week."""
    steps = np.arange(400)
    frame = pd.DataFrame({
        "day": pd.date_range("2020-01-01", periods=400, freq="D"),
        "v": 10 + np.sin(2 * np.pi * steps / 7) + 0.1 * rng.normal(size=400).cumsum(),
    })  # fmt: skip
    how = {"data": frame, "goal": "forecast", "target": "v", "time_column": "day", "horizon": 7}
    return how, frame.tail(120)


MADE: dict[str, Callable[[np.random.Generator], Made]] = {
    one.__name__: one for one in (table, words, pictures, sounds, series, texts, forecast)
}


if __name__ == "__main__":
    main()
