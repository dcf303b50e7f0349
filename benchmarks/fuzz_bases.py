"""Sound saved models and run folders, made once, for `fuzz.py` to damage."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["SETS", "arguments", "bases", "prepare", "rows", "split_of"]

SETS: Mapping[str, dict[str, Any]] = {
    "table": {"target": "y"}, "values": {"target": "y"}, "words": {"target": "y"}, "pictures": {}, "waves": {},
    "series": {"target": "y", "time_column": "day", "series": "shop", "horizon": 4, "goal": "forecast"},
}  # fmt: skip
RUNS = ("table", "words", "series")
"""Sets of which a whole run is made; of the others each template and baseline by itself."""


def data(name: str) -> Any:
    """A small data set, always the same."""
    rng = np.random.default_rng(len(name))
    n = 160
    x = rng.normal(size=n)
    if name in ("table", "values"):
        noise = x + rng.normal(0, 0.5, n)
        return pd.DataFrame({
            "x": x, "z": rng.normal(size=n).round(1), "price": [f"${v:,.2f}" for v in rng.normal(1e3, 300, n)],
            "level": rng.choice(["low", "mid", "high"], n), "flag": rng.integers(0, 2, n).astype(bool),
            "day": pd.date_range("2020-01-01", periods=n, freq="D").strftime("%d.%m.%Y"),
            "note": [" ".join(rng.choice(["red", "blue", "fast", "slow", "old", "new"], 8)) + str(i) for i in range(n)],
            "y": noise if name == "values" else np.where(noise > 0, "yes", "no"),
        })  # fmt: skip
    labels = rng.integers(0, 2, n)
    if name == "words":
        own = (["sun", "sea", "sand"], ["snow", "ice", "fog"])
        texts = [" ".join([*rng.choice(own[label], 4), *rng.choice(["the", "a", "of", "and"], 6)]) for label in labels]
        return pd.DataFrame({"text": texts, "y": np.array(["warm", "cold"])[labels]})
    if name == "pictures":
        return rng.integers(0, 120, (n, 12, 12, 3), dtype=np.uint8) + 100 * labels[:, None, None, None].astype(
            "uint8"
        ), labels
    if name == "waves":
        return rng.normal(size=(n, 2, 24)) + np.sin(np.arange(24) * (1 + labels[:, None, None])), labels
    days = pd.date_range("2020-01-01", periods=90, freq="D")
    return pd.concat([pd.DataFrame({"day": days, "shop": shop, "y": np.sin(np.arange(90)) + rng.normal(0, 0.1, 90)})
                      for shop in ("north", "south")], ignore_index=True)  # fmt: skip


def rows(name: str) -> Any:
    """Rows to predict."""
    whole = data(name)
    if name == "series":
        return whole
    return whole[0][:6] if isinstance(whole, tuple) else whole.head(6).drop(columns="y")


def arguments(name: str) -> dict[str, Any]:
    """A call of `fit`."""
    return {"data": data(name), **SETS[name], "max_trials": 1, "budget": "20s", "quiet": True}


def split_of(name: str) -> tuple[Any, Any]:
    """The recipe and what is prepared of it."""
    from automl import recipe as recipes
    from automl.flow.prepare import prepare as prepared

    recipe = recipes.make(**arguments(name))
    return recipe, prepared(recipe)


def prepare(work: Path) -> None:
    """Make what is not there yet, in a process of its own."""
    if not (work / "done").exists():
        subprocess.run([sys.executable, __file__, str(work)], check=True)


def bases(work: Path, kind: str) -> list[Path]:
    """Folders of a kind ("run", "deep", "shallow"), each named `SET-...`."""
    return sorted((work / kind).iterdir())


def make(work: Path) -> None:
    """All of them."""
    import automl

    shutil.rmtree(work, ignore_errors=True)
    for name in RUNS:
        automl.fit(**arguments(name), out=str(work / "run" / f"{name}-run"))
    for name in SETS:
        recipe, prepared = split_of(name)
        make_shallow(work / "shallow", name, prepared)
        make_deep(work / "deep", name, recipe, prepared)
    (work / "done").write_text(automl.__version__)


def make_shallow(folder: Path, name: str, prepared: Any, most_settings: int = 2) -> None:
    """A bundle for each baseline that fits, with the baseline's first settings."""
    from automl import bundle
    from automl.flow.selection import baselines_for
    from automl.records import Facts, FitContext
    from automl.shallow.data import TrainingData
    from automl.sides.predictors import ShallowPredictor

    task = prepared.task
    part = TrainingData.of(prepared.dataset, task, prepared.split, task.metric).parts[0]
    facts = Facts(len(part.items), len(task.classes))
    for baseline in baselines_for(task).values():
        if task.goal not in baseline.goals or baseline.unfit(task, facts) is not None:
            continue
        for number, settings in zip(range(most_settings), baseline.settings(task, facts, 0), strict=False):
            model = baseline.make(task, settings, 0)
            try:
                model.fit(
                    prepared.dataset, part.items, part.truth, None, FitContext(None, None, part.valid, part.valid_truth)
                )
                bundle.save(folder / f"{name}-{baseline.name}-{number}", task, {"shallow": ShallowPredictor((model,))},
                    "shallow",
                            {}, "", keeps_rows=baseline.keeps_rows)  # fmt: skip
            except Exception as error:  # an optional library that is missing, say
                print(f"{name}: {baseline.name} is left out: {type(error).__name__}: {error}", file=sys.stderr)


def make_deep(folder: Path, name: str, recipe: Any, prepared: Any) -> None:
    """A bundle for each template that fits, with an untrained network."""
    import keras
    import keras_tuner

    from automl import bundle, modalities
    from automl.flow.selection import templates_for
    from automl.sides.predictors import DeepPredictor

    dataset, task, split = prepared.dataset, prepared.task, prepared.split
    encoder, codec = modalities.fit(dataset, task, split)
    facts = modalities.facts(task, split, codec)
    for template in templates_for(recipe, task, encoder.specs)[0].values():
        if template.keeps_rows:  # its last layer holds rows, which only a search gives it
            continue
        space = keras_tuner.HyperParameters()
        template.space(space, encoder.specs, facts)
        point = {**space.values, **next(iter(template.starts(encoder.specs, facts)), {})}
        knobs = {knob: keras.Variable(float(point[knob]), trainable=False, dtype="float32") for knob in template.knobs}
        choices = {key: value for key, value in point.items() if key not in template.knobs}
        model = template.build(choices, knobs, encoder.specs, codec.head)
        bundle.save(
            folder / f"{name}-{template.name}", task, {"deep": DeepPredictor((model,), encoder, codec)}, "deep", {}, ""
        )


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    warnings.simplefilter("ignore")
    make(Path(sys.argv[1]))
    print(json.dumps({kind: len(bases(Path(sys.argv[1]), kind)) for kind in ("run", "shallow", "deep")}))
