"""The contract of a goal."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from automl import goals, metrics, modalities
from automl.goals.shared.samples import compared, samples_of
from automl.records import LOSSES, Dataset, Goal, Head, HeldOut, Output, Regions, Split, TargetCodec, Task
from automl.testing.examples import FIT_ROWS, TRAIN_ROWS, VALID_ROWS, example_rows, example_task
from automl.testing.promise import promise

__all__ = ["check_goal"]


def check_goal(goal: Goal) -> None:
    """Check that a goal reads its target, learns it, scores it and hands it back.

    - its name and words can be printed, and it answers as its base does, whose templates and baselines serve it;
    - the usual metric and that of its example score it; a perfect prediction scores best and a noisy one worse;
    - `truth` reads what the example says that a target is; strata and the rarest class are of those items;
    - its codec (of a goal that makes rows the generator's of tables, `Modality.generator`) encodes finite numbers,
      decodes to the arrays that its example's outputs hold, and is restored from its state;
    - what it decides keeps those arrays, and `to_frame` has a row an item (a step, of windows);
    - its regions, if it has any, hold the truth they were made from as often as their level says, grow with the level,
      and are restored from their state.

    Args:
        goal: to check; one of a plug-in is made known by `automl.catalog.extend` first.

    Raises:
        AssertionError: a promise is broken; says which.
    """
    name = goal.name
    promise(re.fullmatch(r"\w{1,40}", name), f"goal {name!r}: its name is one word, as users type it")
    promise(goal.words, f"{name}: words is empty; titles show it")
    promise(
        goals.known().get(name) is goal, f"{name}: it is not known; load its file by automl.catalog.extend([...]) first"
    )
    if goal.base:
        answers = goals.named(goal.base).answers
        promise(
            goal.answers == answers,
            f"{name}: answers is {goal.answers!r}, but templates and baselines of its base {goal.base} answer "
            f"{answers!r}",
        )
    _check_metrics(goal)
    dataset, task, split = _example(goal)
    items = split.items("train")
    truth = _check_truth(goal, dataset, task, items)
    arrays = _check_codec(goal, dataset, task, split)
    _check_rows(goal, dataset, task, truth)
    _check_output(goal, task, truth, arrays)
    if goal.regions is not None:
        _check_regions(goal, goal.regions, task, truth)


def _check_regions(goal: Goal, regions: Regions, task: Task, truth: np.ndarray) -> None:
    output = goal.example.output(truth, np.random.default_rng(3), 0.5)
    context = goal.example.context(len(truth))
    promise(
        regions.kind == ("set" if goal.is_classification else "interval"),
        f"{goal.name}: its regions are of kind {regions.kind!r}, expected 'set' of classes and 'interval' of numbers",
    )
    scores = regions.fit(truth, output, task, HeldOut(context=context))
    low, high = (regions.apply(scores, output, level, context) for level in (0.8, 0.9))
    for level, found in ((0.8, low), (0.9, high)):
        share = float(np.nanmean(regions.covers(found, truth)))
        promise(share >= level, f"{goal.name}: regions of level {level:g} hold {share:.0%} of what they were made from")
    promise(
        bool((regions.size(high) >= regions.size(low)).all()),
        f"{goal.name}: regions of level 0.9 are smaller than those of level 0.8",
    )
    again = regions.apply(regions.restore(scores.state()), output, 0.9, context)
    promise(
        all(np.array_equal(array, again[name]) for name, array in high.items()),
        f"{goal.name}: its regions are others once their scores are restored from their state, as a saved model has to",
    )
    frame, n = regions.to_frame(high, output, task), len(truth) * (task.horizon or 1 if goal.in_windows else 1)
    promise(len(frame) == n, f"{goal.name}: its regions make a frame of {len(frame)} rows, expected {n}")


def _check_metrics(goal: Goal) -> None:
    serving = [*goals.metrics_for(goal.name), *(metrics.SEARCH_METRICS if goal.probed else ())]
    usual = goal.default_metric((50, 50) if goal.is_one_class else ())
    for field, metric in (("default_metric gives", usual), ("its example is scored by", goal.example.metric)):
        promise(metric in serving, f"{goal.name}: {field} {metric!r}, which does not score it; {', '.join(serving)} do")
    rng = np.random.default_rng(0)
    truth = goal.example.truth(rng.normal(size=FIT_ROWS))
    scored, context = metrics.named(goal.example.metric), goal.example.context(FIT_ROWS)
    perfect, noisy = (
        metrics.score(scored.name, truth, goal.example.output(truth, rng, noise), None, context) for noise in (0.0, 5.0)
    )
    promise(
        abs(perfect - scored.best) < 1e-6 and metrics.better(scored.name, perfect, noisy),
        f"{goal.name}: an output of its example without noise is to score {scored.best} by {scored.name}, and a noisy "
        f"one worse; they score {perfect} and {noisy}",
    )


def _example(goal: Goal) -> tuple[Dataset, Task, Split]:
    """Rows, or windows of one series, parted in order."""
    rng = np.random.default_rng(0)
    signal = rng.normal(size=FIT_ROWS)
    task, rows = example_task(goal.name), np.arange(FIT_ROWS)
    parts: dict[str, Any] = {}
    ends = (TRAIN_ROWS, TRAIN_ROWS + VALID_ROWS)
    if goal.in_windows:
        steps = task.horizon or 1
        windows = np.lib.stride_tricks.sliding_window_view(rows, steps).copy()
        parts = dict(zip(("train_windows", "valid_windows", "test_windows"), np.split(windows, ends), strict=True))
    times = pd.date_range("2024-01-01", periods=FIT_ROWS, freq="D").to_numpy()
    inputs, target = pd.DataFrame({"x": signal}), goal.example.target(signal)
    if goal.makes_rows:
        inputs, columns = example_rows(goal.name, signal)
        task = example_task(goal.name, columns=columns)
    promise(
        isinstance(target, pd.DataFrame) and len(target) == FIT_ROWS,
        f"{goal.name}: the target of its example is a frame of as many rows as there are numbers",
    )
    train, valid, test = np.split(rows, ends)
    split = Split(train, valid, test, "row", np.arange(len(test)), "synthetic", 0, **parts)
    return Dataset("example", inputs, target, times=times), task, split


def _check_truth(goal: Goal, dataset: Dataset, task: Task, items: np.ndarray) -> np.ndarray:
    said = goal.example.truth(dataset.inputs["x"].to_numpy())[: len(items)]
    read = goal.truth(dataset, task, items)
    promise(
        read.shape == said.shape and np.array_equal(read, said),
        f"{goal.name}: truth reads {read.shape} {read.dtype} from the target of its example, whose own truth is "
        f"{said.shape} {said.dtype} or has other values",
    )
    fault = goal.fault(task)
    promise(not fault, f"{goal.name}: fault says that the task of its example {fault}")
    return said


def _check_codec(goal: Goal, dataset: Dataset, task: Task, split: Split) -> set[str]:
    """Names of the arrays of its outputs."""
    items = split.items("train")
    codec = _codec(goal, dataset, task, split)
    head = getattr(codec, "head", None)
    promise(
        isinstance(head, Head),
        f"{goal.name}: its codec has a `head` that is a {type(head).__name__}, expected an automl.records.Head, which "
        "says what a network puts out",
    )
    promise(
        codec.head.loss in LOSSES,
        f"{goal.name}: the head of its codec has the loss {codec.head.loss!r}; losses are {', '.join(LOSSES)}",
    )
    encoded = codec.encode(dataset, items)
    promise(
        len(encoded) == len(items) and np.isfinite(encoded).all(),
        f"{goal.name}: its codec encodes {len(items)} items as {encoded.shape}, expected as many, all finite",
    )
    raw = np.random.default_rng(1).normal(size=(len(items), *codec.head.shape))
    decoded = codec.decode(raw)
    promise(
        isinstance(decoded, Output),
        f"{goal.name}: its codec decodes to a {type(decoded).__name__}, expected an automl.records.Output",
    )
    truth = goal.truth(dataset, task, items)
    array_names = set(goal.example.output(truth, np.random.default_rng(0), 0.0).arrays)
    promise(
        set(decoded.arrays) == array_names,
        f"{goal.name}: its codec decodes to {_listed(decoded.arrays)}, but outputs of its example hold "
        f"{_listed(array_names)}",
    )
    try:
        again = modalities.restore_codec(codec.state()).decode(raw)
    except Exception as error:
        raise AssertionError(
            f"{goal.name}: its codec cannot be restored from its state ({type(error).__name__}: {error}), as a saved "
            "model has to; name a codec of your own in restore_codec"
        ) from error
    promise(_same(decoded, again), f"{goal.name}: its codec decodes otherwise once it is restored from its state")
    return array_names


def _codec(goal: Goal, dataset: Dataset, task: Task, split: Split) -> TargetCodec:
    """The goal's own; of a goal that makes rows that of the modality's generator."""
    make = modalities.named(task).generator
    if not goal.makes_rows or make is None:
        return goal.fit_codec(dataset, task, split)
    return make(dataset, task, split)[1]


def _check_rows(goal: Goal, dataset: Dataset, task: Task, truth: np.ndarray) -> None:
    target = dataset.target
    assert target is not None
    strata = goal.strata(target)
    promise(
        strata.shape == (FIT_ROWS,) and strata.dtype == np.int64,
        f"{goal.name}: strata are {strata.shape} {strata.dtype}, expected ({FIT_ROWS},) int64, a code a row",
    )
    rarest = goal.rarest(truth, task)
    promise(
        rarest is None or (0 <= rarest[0] <= len(truth) and isinstance(rarest[1], str)),
        f"{goal.name}: rarest gives {rarest!r}, expected a number of items and a name, or None",
    )


def _check_output(goal: Goal, task: Task, truth: np.ndarray, array_names: set[str]) -> None:
    output = goal.example.output(truth, np.random.default_rng(2), 0.5)
    decision = goals.decide(truth, output, goal.name, task.metric)
    promise(
        isinstance(decision, goals.Decision),
        f"{goal.name}: its calibration fits a {type(decision).__name__}, expected an automl.goals.Decision, which a "
        "saved model can hold",
    )
    decided = goals.decided(decision, output)
    promise(
        array_names <= set(decided.arrays)
        and all(decided.arrays[k].shape == output.arrays[k].shape for k in array_names),
        f"{goal.name}: what it decides holds {_listed(decided.arrays)}, expected {_listed(array_names)} of the same "
        "shapes",
    )
    frame = goal.to_frame(decided.arrays, task)
    n = len(truth) * (task.horizon or 1 if goal.in_windows else 1)
    promise(
        isinstance(frame, pd.DataFrame | pd.Series) and len(frame) == n,
        f"{goal.name}: to_frame gives {type(frame).__name__} of {len(frame)} rows, expected a frame or a series of {n}",
    )
    if goal.makes_rows:
        again = samples_of(pd.DataFrame(frame), compared(task.columns))
        promise(
            again.tobytes() == decided.arrays["samples"].tobytes(),
            f"{goal.name}: to_frame hands back other rows than those that are scored",
        )
        return
    if goal.in_pixels:
        values = [np.asarray(task.classes, object)[codes] for codes in decided.arrays["masks"]]
        same = all(np.array_equal(np.asarray(one).astype(str), own) for one, own in zip(frame, values, strict=True))
        promise(same, f"{goal.name}: to_frame hands back other classes than those that are scored")
        return
    handed_back: Any = decided.arrays.get(
        goal.answers if goal.probed else "labels" if goal.is_classification else "values"
    )
    handed = np.asarray(frame).ravel()
    promise(
        goal.is_classification or goal.in_windows or np.array_equal(handed, np.ravel(handed_back)),
        f"{goal.name}: to_frame hands back other values than those that are scored; change them by calibration, which "
        "both are made of",
    )


def _same(one: Output, other: Output) -> bool:
    return all(np.array_equal(array, other.arrays[name]) for name, array in one.arrays.items())


def _listed(names: Any) -> str:
    return " and ".join(sorted(names)) or "nothing"
