"""The contract of a baseline."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from automl.records import Baseline, Column, Dataset, Facts, FitContext, GoalName, Output, Split, Task
from automl.testing.promise import promise

CHECKED: tuple[GoalName, ...] = ("binary", "multiclass", "multilabel", "regression")


def check_baseline(baseline: Baseline, goals: Sequence[GoalName] = ()) -> None:
    """Check that a baseline fits raw rows of each goal and gives valid, repeatable outputs.

    - `settings` yields at least one mapping of plain values, and `make` gives a model of it that can be pickled, for it
      is fitted in another process, and comes back from there;
    - it fits rows with gaps, knowing of validation rows;
    - its output has the shape of the goal, is finite, and is the same again for the same seed.

    Args:
        baseline: of the modality tabular, text, image or sequence (forecasts are left to its own tests).
        goals: of those it claims, the ones to check; empty for all but forecasts.

    Raises:
        AssertionError: a promise is broken; says which.
    """
    strange = [goal for goal in goals if goal not in baseline.goals]
    promise(not strange, f"{baseline.name} does not claim the goal {strange[0]!r}" if strange else "")
    for goal in goals or [goal for goal in baseline.goals if goal != "forecast"]:
        promise(goal in CHECKED, f"{baseline.name}: no example of the goal {goal!r}; goals are {', '.join(CHECKED)}")
        dataset, task, split, truth = _baseline_example(baseline, goal)
        facts = Facts(len(split.train), len(task.classes))
        if baseline.unfit(task, facts) is not None:
            continue
        settings = _first_settings(baseline, task, facts, goal)
        context = FitContext(valid_rows=split.valid, valid_truth=truth[split.valid])
        outputs = []
        for _ in range(2):
            model = _pickled(baseline, baseline.make(task, settings, 0), "make")
            model.fit(dataset, split.train, truth[split.train], None, context)
            outputs.append(_pickled(baseline, model, "fit").predict(dataset, split.test))
        _check_output(baseline, goal, outputs[0], len(split.test), task)
        for name, array in outputs[0].arrays.items():
            same = np.allclose(array, outputs[1].arrays[name])
            promise(same, f"{baseline.name}: the same seed gives other {name} ({goal})")


def _first_settings(baseline: Baseline, task: Task, facts: Facts, goal: GoalName) -> Mapping[str, Any]:
    first = next(iter(baseline.settings(task, facts, 0)), None)
    promise(first is not None, f"{baseline.name}: settings yields nothing; yield at least the default ({goal})")
    assert first is not None
    try:
        json.dumps(dict(first))
    except (TypeError, ValueError) as error:
        raise AssertionError(
            f"{baseline.name}: settings must be a dict of plain values, which the journal and the report write as JSON"
            f"; got {first!r}: {error}"
        ) from error
    return first


def _pickled(baseline: Baseline, model: Any, after: str) -> Any:
    """The model as another process gets it."""
    try:
        return pickle.loads(pickle.dumps(model))
    except Exception as error:
        raise AssertionError(
            f"{baseline.name}: its model travels between processes, but after {after} it cannot be pickled "
            f"({type(error).__name__}: {error}). Define its class at the top of the file, and hold no lambda in it"
        ) from error


def _check_output(baseline: Baseline, goal: GoalName, output: Output, n: int, task: Task) -> None:
    needed = ("values",) if goal == "regression" else ("probabilities", "labels")
    lacking = [name for name in needed if name not in output.arrays]
    promise(
        not lacking,
        f"{baseline.name}: an Output for {goal} holds {' and '.join(needed)}; this one holds "
        f"{', '.join(output.arrays) or 'nothing'}",
    )
    if goal == "regression":
        values = output.arrays["values"]
        promise(
            values.shape == (n, 1) and np.isfinite(values).all(),
            f"{baseline.name}: values {values.shape}, expected {(n, 1)}, rows and targets, all finite",
        )
        return
    shares, labels = output.arrays["probabilities"], output.arrays["labels"]
    expected = (n, len(task.classes))
    promise(
        shares.shape == expected, f"{baseline.name}: probabilities {shares.shape}, expected {expected}, rows and "
        f"classes ({goal})",
    )  # fmt: skip
    flat = expected if goal == "multilabel" else (n,)
    promise(
        labels.shape == flat and labels.dtype.kind in "iu",
        f"{baseline.name}: labels {labels.shape} of {labels.dtype}, expected whole numbers {flat}, codes into "
        f"task.classes ({goal})",
    )
    promise((shares >= 0).all() and (shares <= 1 + 1e-6).all(), f"{baseline.name}: probabilities outside 0..1 ({goal})")
    if goal != "multilabel":
        promise(
            np.allclose(shares.sum(axis=1), 1, atol=1e-4), f"{baseline.name}: probabilities do not add to 1 ({goal})"
        )


def _baseline_example(baseline: Baseline, goal: GoalName) -> tuple[Dataset, Task, Split, np.ndarray]:
    import pandas as pd

    rng = np.random.default_rng(0)
    n = 120
    signal = rng.normal(size=n)
    columns: tuple[Column, ...] = ()
    pictures: dict[str, np.ndarray] = {}
    inputs: Any
    if baseline.modality == "tabular":
        levels = np.where(signal > 0, "up", "down").astype(object)
        paths = pd.Series([f"{i}.png" if i % 9 else None for i in range(n)], dtype=object)  # None: no picture
        inputs = pd.DataFrame({"x": signal, "z": rng.normal(size=n), "c": levels, "p": paths})
        inputs.loc[::11, "z"], inputs.loc[::13, "c"] = np.nan, None
        columns = (
            Column("x", "numeric", 1.0, ""),
            Column("z", "numeric", 1.0, ""),
            Column("c", "categorical", 1.0, ""),
            Column("p", "image_path", 1.0, "", {"shape": [16, 16, 1]}),
        )
        pictures = {"p": _example_pictures(rng, signal)}
    elif baseline.modality == "text":
        inputs = pd.DataFrame({"t": [("good fine day" if s > 0 else "bad poor night") + f" word{i % 7}"
                                     for i, s in enumerate(signal)]}, dtype=object)  # fmt: skip
        columns = (Column("t", "text", 1.0, ""),)
    elif baseline.modality == "image":
        inputs = _example_pictures(rng, signal)
    else:
        inputs = (rng.normal(size=(n, 1, 40)) + signal[:, None, None]).astype("float32")
    truth: np.ndarray
    classes: tuple[str, ...] = ()
    if goal == "regression":
        truth, target = signal[:, None], pd.DataFrame({"y": signal})
    elif goal == "multilabel":
        truth = np.stack([signal > 0, signal > 0.5], axis=1).astype("int8")
        classes, target = ("a", "b"), pd.DataFrame(truth, columns=["a", "b"])
    else:
        classes = ("a", "b") if goal == "binary" else ("a", "b", "c")
        truth = (np.digitize(signal, [0.0] if goal == "binary" else [-0.5, 0.5])).astype("int64")
        target = pd.DataFrame({"y": np.asarray(classes, object)[truth]})
    metric = {"regression": "r2", "binary": "roc_auc"}.get(goal, "accuracy")
    names = ("a", "b") if goal == "multilabel" else ("y",)
    task = Task(
        baseline.modality, goal, names, metric, classes, positive="b" if goal == "binary" else None, columns=columns
    )
    rows = np.arange(n)
    split = Split(rows[:80], rows[80:100], rows[100:], "row", rows[:20], "synthetic", 0)
    return Dataset("example", inputs, target, pictures=pictures), task, split, truth


def _example_pictures(rng: np.random.Generator, signal: np.ndarray) -> np.ndarray:
    """Grey pictures that are the brighter, the larger the signal is."""
    noise = rng.normal(120, 20, (len(signal), 16, 16, 1))
    pictures: np.ndarray = np.clip(noise + 40 * signal[:, None, None, None], 0, 255).astype("uint8")
    return pictures
