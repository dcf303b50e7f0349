"""The contract of a baseline."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from automl.goals import known, learnable, learnt_truth, named, plug_in
from automl.goals.shared.scores import MOST_SCORE
from automl.goals.shared.vectors import dims_of
from automl.records import Baseline, Dataset, Facts, FitContext, GoalName, Output, Split, Task
from automl.testing.examples import decoded_problem
from automl.testing.promise import promise


def check_baseline(baseline: Baseline, goals: Sequence[GoalName] = ()) -> None:
    """Check that a baseline fits raw rows of each goal and gives valid, repeatable outputs.

    - `settings` yields at least one mapping of plain values, and `make` gives a model of it that can be pickled, for it
      is fitted in another process, and comes back from there;
    - it fits rows with gaps, with weights and without, knowing of validation rows;
    - its output has the shape of the goal, is finite, and is the same again for the same seed; without a target it is
      a score of each row that is a rank, a vector of no more numbers than the task has dims, or a new row;
    - it serves a plug-in's goal that is based on one of its own;
    - a saved model may consist of the types that its fitted model holds.

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
        dataset, task, split, truth = decoded_problem(goal, baseline.modality)
        facts = Facts(len(split.train), len(task.classes))
        if baseline.unfit(task, facts) is not None:
            continue
        fields = truth.dtype.names or ()
        settings = _first_settings(baseline, task, facts, goal)
        if not named(goal).needs_target:  # the label is not shown to those who learn
            dataset, truth = learnable(dataset, task), learnt_truth(dataset, task, np.arange(len(truth)))
        problem = _Problem(dataset, task, split, truth, fields)
        model = _fitted(baseline, problem, settings, None)
        outputs = [one.predict(dataset, split.test) for one in (model, _fitted(baseline, problem, settings, None))]
        _check_output(baseline, goal, outputs[0], len(split.test), task, fields)
        for name, array in outputs[0].arrays.items():
            again = outputs[1].arrays[name]
            same = array.tobytes() == again.tobytes() if array.dtype.names else np.allclose(array, again)
            promise(same, f"{baseline.name}: the same seed gives other {name} ({goal})")
        _check_types(baseline, model)
        _check_weights_and_plugged_goal(baseline, goal, problem, settings)


class _Problem(NamedTuple):
    dataset: Dataset
    task: Task
    split: Split
    truth: np.ndarray
    fields: tuple[str, ...] = ()
    """Of the truth, where rows or items are generated."""


def _fitted(baseline: Baseline, problem: _Problem, settings: Mapping[str, Any], weight: np.ndarray | None) -> Any:
    """A model that was fitted on the training rows."""
    dataset, task, split, truth, _ = problem
    context = FitContext(valid_rows=split.valid, valid_truth=truth[split.valid])
    model = _pickled(baseline, baseline.make(task, settings, 0), "make")
    model.fit(dataset, split.train, truth[split.train], weight, context)
    return _pickled(baseline, model, "fit")


def _check_weights_and_plugged_goal(
    baseline: Baseline, goal: GoalName, problem: _Problem, settings: Mapping[str, Any]
) -> None:
    """Weights, some of them zero, may be ignored but not refused; the name of a plug-in's goal may be any."""
    own = [record for record in known().values() if record.base]
    plugged = replace(named(goal), name=f"{goal}_of_a_plug_in", base=goal)
    plug_in([*own, plugged])
    try:
        weight = np.linspace(0.0, 2.0, len(problem.split.train))
        theirs = problem._replace(task=replace(problem.task, goal=plugged.name))
        if not _why_not(baseline, goal, theirs, settings, weight):
            return
        if why := _why_not(baseline, goal, problem, settings, weight):
            raise AssertionError(
                f"{baseline.name}: it cannot be fitted with weights ({why}; {goal}); `weight` is (n,) or None, and may "
                "be ignored"
            )
        why = _why_not(baseline, goal, theirs, settings, None)
        raise AssertionError(
            f"{baseline.name}: it does not serve a plug-in's goal whose base is {goal} ({why}); ask "
            "automl.goals.named(task).answers, not the name of the goal"
        )
    finally:
        plug_in(own)


def _why_not(
    baseline: Baseline, goal: GoalName, problem: _Problem, settings: Mapping[str, Any], weight: np.ndarray | None
) -> str:
    """Why a model could not be fitted, or predicts something else than its goal asks for; empty if it did well."""
    try:
        output = _fitted(baseline, problem, settings, weight).predict(problem.dataset, problem.split.test)
        _check_output(baseline, goal, output, len(problem.split.test), problem.task, problem.fields)
    except AssertionError as error:
        return str(error).removeprefix(f"{baseline.name}: ")
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _check_types(baseline: Baseline, model: Any) -> None:
    """A saved model holds types of the plug-in's package, those that skops trusts, and those that are declared."""
    import skops.io

    from automl.storage.trusted import TRUSTED, Untrusted, check, check_plugged, names_in

    package = baseline.make.__module__.partition(".")[0]
    try:
        content = skops.io.dumps(model)
        others = names_in(content) - frozenset(TRUSTED)
        own = {name for name in others if name.startswith(f"{package}.") or name in baseline.types}
        if package == __name__.partition(".")[0]:
            check(content)
        else:
            check_plugged(content, own)
    except Untrusted as error:
        raise AssertionError(f"{baseline.name}: its fitted model could not be saved: {error}") from error
    except Exception as error:
        raise AssertionError(
            f"{baseline.name}: its fitted model could not be saved, because skops cannot write it "
            f"({type(error).__name__}: {error}); hold plain values, arrays and estimators in it"
        ) from error


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


def _check_output(
    baseline: Baseline, goal: GoalName, output: Output, n: int, task: Task, fields: tuple[str, ...]
) -> None:
    record = named(goal)
    if record.makes_rows:
        _check_generated(baseline, goal, output, n, fields)
        return
    if record.in_pixels:
        _check_masks(baseline, output, n, task)
        return
    if output.kind in ("scores", "vectors") or not record.needs_target:
        _check_untargeted(baseline, goal, output, n, task)
        return
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


def _check_masks(baseline: Baseline, output: Output, n: int, task: Task) -> None:
    """Probabilities of each pixel's classes, and the likeliest of them."""
    lacking = {"pixel_probabilities", "masks"} - set(output.arrays)
    promise(
        output.kind == "masks" and not lacking,
        f"{baseline.name}: an Output of masks is of kind 'masks' and holds pixel_probabilities and masks; this one is "
        f"of kind {output.kind!r} and holds {', '.join(output.arrays) or 'nothing'}",
    )
    shares, masks = output.arrays["pixel_probabilities"], output.arrays["masks"]
    promise(
        shares.ndim == 4 and len(shares) == n and shares.shape[-1] == len(task.classes),
        f"{baseline.name}: pixel_probabilities {shares.shape}, expected {(n, 'height', 'width', len(task.classes))}",
    )
    promise(
        masks.shape == shares.shape[:-1] and masks.dtype == np.uint8,
        f"{baseline.name}: masks {masks.shape} of {masks.dtype}, expected {shares.shape[:-1]} of uint8",
    )
    promise(
        bool((shares >= 0).all()) and np.allclose(shares.sum(axis=-1), 1, atol=1e-4),
        f"{baseline.name}: probabilities of a pixel are negative or do not add to 1",
    )


def _check_generated(baseline: Baseline, goal: GoalName, output: Output, n: int, expected: tuple[str, ...]) -> None:
    """Rows or items with the fields of the truth."""
    found = output.arrays.get("samples")
    promise(
        output.kind == "samples" and found is not None and found.shape == (n,) and found.dtype.names == expected,
        f"{baseline.name}: an Output for {goal} is of kind 'samples' and holds 'samples' {(n,)}, a structured array "
        f"with the fields {', '.join(expected)}; this one is of kind {output.kind!r} and holds "
        f"{', '.join(f'{name} {array.shape} {array.dtype}' for name, array in output.arrays.items()) or 'nothing'}",
    )


def _check_untargeted(baseline: Baseline, goal: GoalName, output: Output, n: int, task: Task) -> None:
    """Scores that are ranks, or vectors that are no longer than was asked for."""
    kind = "vectors" if named(goal).answers == "vectors" else "scores"
    promise(
        output.kind == kind and kind in output.arrays,
        f"{baseline.name}: an Output for {goal} is of kind {kind!r} and holds them; this one is of kind "
        f"{output.kind!r} and holds {', '.join(output.arrays) or 'nothing'}",
    )
    found = output.arrays[kind]
    promise(
        found.dtype == np.float64 and bool(np.isfinite(found).all()),
        f"{baseline.name}: {kind} of {found.dtype}, expected float64, all finite ({goal})",
    )
    if kind == "vectors":
        promise(
            found.ndim == 2 and len(found) == n and 1 <= found.shape[1] <= dims_of(task),
            f"{baseline.name}: vectors {found.shape}, expected {(n, dims_of(task))}, or fewer numbers ({goal})",
        )
        return
    promise(found.shape == (n,), f"{baseline.name}: scores {found.shape}, expected {(n,)} ({goal})")
    promise(
        bool((found > -1 - 1e-9).all() and (found < MOST_SCORE + 1e-9).all()),
        f"{baseline.name}: its values go from {found.min():.3g} to {found.max():.3g}, expected ranks among scores of "
        f"training rows from -1 to {MOST_SCORE:g}; use automl.score_ranks ({goal})",
    )
