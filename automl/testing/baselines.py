"""The contract of a baseline."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from automl.goals import known, named
from automl.records import Baseline, Facts, FitContext, GoalName, Output, Task
from automl.testing.examples import example_problem
from automl.testing.promise import promise


def check_baseline(baseline: Baseline, goals: Sequence[GoalName] = ()) -> None:
    """Check that a baseline fits raw rows of each goal and gives valid, repeatable outputs.

    - `settings` yields at least one mapping of plain values, and `make` gives a model of it that can be pickled, for it
      is fitted in another process, and comes back from there;
    - it fits rows with gaps, knowing of validation rows;
    - its output has the shape of the goal, is finite, and is the same again for the same seed.

    Args:
        baseline: of any modality (forecasts are left to its own tests).
        goals: of those it claims, the ones to check; empty for all but forecasts.

    Raises:
        AssertionError: a promise is broken; says which.
    """
    strange = [goal for goal in goals if goal not in baseline.goals]
    promise(not strange, f"{baseline.name} does not claim the goal {strange[0]!r}" if strange else "")
    of_rows = [name for name, goal in known().items() if not goal.in_windows]
    for goal in goals or [goal for goal in baseline.goals if goal in of_rows]:
        promise(goal in of_rows, f"{baseline.name}: no example of the goal {goal!r}; goals are {', '.join(of_rows)}")
        dataset, task, split, truth = example_problem(goal, baseline.modality)
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
    record = named(goal)
    needed = ("values",) if record.is_numeric else ("probabilities", "labels")
    lacking = [name for name in needed if name not in output.arrays]
    promise(
        not lacking,
        f"{baseline.name}: an Output for {goal} holds {' and '.join(needed)}; this one holds "
        f"{', '.join(output.arrays) or 'nothing'}",
    )
    if record.is_numeric:
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
    flat = (n,) if record.is_one_class else expected
    promise(
        labels.shape == flat and labels.dtype.kind in "iu",
        f"{baseline.name}: labels {labels.shape} of {labels.dtype}, expected whole numbers {flat}, codes into "
        f"task.classes ({goal})",
    )
    promise((shares >= 0).all() and (shares <= 1 + 1e-6).all(), f"{baseline.name}: probabilities outside 0..1 ({goal})")
    if record.is_one_class:
        promise(
            np.allclose(shares.sum(axis=1), 1, atol=1e-4), f"{baseline.name}: probabilities do not add to 1 ({goal})"
        )
