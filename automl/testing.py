"""The contract that every plug-in must pass, as functions to call from its tests.

    from automl import testing
    from my_package import MY_TEMPLATE

    def test_my_template():
        testing.check_template(MY_TEMPLATE)

Each function raises AssertionError with the promise that was broken. They run on small synthetic data, in seconds.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from automl.records import (
    Baseline,
    Dataset,
    Facts,
    FitContext,
    Goal,
    Head,
    InputSpec,
    Metric,
    Outcome,
    Output,
    Section,
    Split,
    Task,
    Template,
)

__all__ = [
    "check_baseline", "check_metric", "check_section", "check_template", "example_arrays", "example_facts",
    "example_head", "example_specs", "example_target",
]  # fmt: skip

N_ROWS = 16
LOOP_KNOBS = ("learning_rate", "weight_decay")
LOOP_CHOICES = ("batch_size", "epochs")


def promise(kept: Any, words: str) -> None:
    """Raise AssertionError with these words unless the promise was kept (also under ``python -O``)."""
    if not bool(kept):
        raise AssertionError(words)


# --------------------------------------------------------------------------- examples of what a network sees


def example_specs(accepts: Sequence[str], goal: Goal) -> tuple[InputSpec, ...]:
    """Small input specs of the kinds a template accepts, as our encoders emit them for this goal."""
    if goal == "forecast":
        moments = {"n_targets": 2, "horizon": 4, "season": 3}
        specs = [
            InputSpec("series", "series", (12, 3), "float32", stats={"mean": [5.0] * 3, "std": [2.0] * 3, **moments}),
            InputSpec("future", "series", (4, 3), "float32", stats={"mean": [0.0] * 3, "std": [1.0] * 3, **moments}),
            InputSpec("categories", "categories", (1,), "int32", 5, {"columns": ["series"], "sizes": [5]}),
        ]
        return tuple(spec for spec in specs if spec.kind in accepts)
    edges = [list(np.linspace(-2, 2, 9)), [0.0, 1.0], [0.0]]
    numbers = {"median": [0.0, 0.0, 0.0], "scale": [1.0, 1.0, 1.0], "quantiles": edges, "missing": [0.0, 0.0, 0.0]}
    specs = [
        InputSpec("numbers", "numbers", (3,), "float32", stats=numbers),
        InputSpec("texts", "numbers", (3,), "float32", stats=numbers),
        InputSpec("categories", "categories", (2,), "int32", 6, {"columns": ["a", "b"], "sizes": [3, 6]}),
        InputSpec("tokens", "tokens", (7,), "int32", 30, {"columns": ["text"]}),
        InputSpec("image", "image", (12, 10, 3), "uint8", stats={"mean": [120.0] * 3, "std": [60.0] * 3}),
        InputSpec("series", "series", (20, 2), "float32", stats={"mean": [5.0, 5.0], "std": [2.0, 2.0]}),
    ]
    return tuple(spec for spec in specs if spec.kind in accepts)


def example_head(goal: Goal) -> Head:
    """A small head of this goal, as our target codecs make them."""
    return {
        "binary": Head("binary", (1,), "sigmoid", "binary_crossentropy", priors=(0.7, 0.3)),
        "multiclass": Head("multiclass", (3,), "softmax", "sparse_categorical_crossentropy", priors=(0.5, 0.3, 0.2)),
        "multilabel": Head("multilabel", (2,), "sigmoid", "binary_crossentropy", priors=(0.5, 0.2)),
        "regression": Head("regression", (2,), "linear", "mse"),
        "forecast": Head("forecast", (4, 2, 3), "linear", "forecast", quantiles=(0.1, 0.9)),
    }[goal]


def example_facts(goal: Goal, n_rows: int = 200) -> Facts:
    """Facts that go with `example_head`."""
    head = example_head(goal)
    return Facts(n_rows, len(head.priors), head.priors)


def example_arrays(specs: Sequence[InputSpec], n_rows: int = N_ROWS, seed: int = 0) -> dict[str, np.ndarray]:
    """Random rows for these specs."""
    rng = np.random.default_rng(seed)
    arrays: dict[str, np.ndarray] = {}
    array: np.ndarray
    for spec in specs:
        shape = (n_rows, *spec.shape)
        if spec.kind == "categories":
            array = np.stack([rng.integers(0, size, n_rows) for size in spec.stats["sizes"]], axis=1)
        elif spec.kind == "tokens":
            array = rng.integers(2, spec.size, shape) * (np.arange(shape[1]) < rng.integers(1, shape[1], (n_rows, 1)))
        elif spec.kind == "image":
            array = rng.integers(0, 256, shape)
        else:
            array = rng.normal(5.0 if spec.name == "series" else 0.0, 1.0, shape)
        arrays[spec.name] = array.astype(spec.dtype)
    return arrays


def example_target(head: Head, n_rows: int = N_ROWS, seed: int = 0) -> np.ndarray:
    """A random target as `TargetCodec.encode` gives it."""
    rng = np.random.default_rng(seed)
    if head.goal == "multiclass":
        return rng.integers(0, head.shape[0], n_rows).astype("int32")
    if head.goal == "forecast":
        return rng.normal(5.0, 1.0, (n_rows, *head.shape[:-1])).astype("float32")
    if head.goal == "regression":
        return rng.normal(0.0, 1.0, (n_rows, *head.shape)).astype("float32")
    return rng.integers(0, 2, (n_rows, *head.shape)).astype("float32")


# --------------------------------------------------------------------------- templates


def check_template(template: Template, goals: Sequence[Goal] = (), n_random: int = 3) -> None:
    """Check that a template keeps what the search loop relies on.

    - its space declares learning_rate, weight_decay, batch_size and epochs, and every knob as a float; its starts name
      only what the space declares, within its bounds;
    - it builds for each goal, and from the defaults, each start and random points, with inputs named as specs and
      float32 output of the head's shape; each input kind that it accepts is read by one of these networks at least;
    - same seed, same weights; every weight has a gradient, losses are finite, a few steps lower them;
    - knobs are read at every step, without tracing again, and are not saved;
    - saved and loaded, it predicts the same bits.

    Args:
        template: to check. goals: of those it claims, the ones to check; empty for all. n_random: points per goal.

    Raises:
        AssertionError: a promise is broken; says which.
    """
    for number, goal in enumerate(goals or template.goals):
        promise(goal in template.goals, f"{template.name} does not claim the goal {goal!r}")
        specs, head, facts = example_specs(template.accepts, goal), example_head(goal), example_facts(goal)
        task = Task("sequence" if goal == "forecast" else "tabular", goal, ("y",), "r2", horizon=4)
        reason = template.unfit(task, specs)
        promise(reason is None, f"{template.name} accepts {template.accepts} but finds them unfit: {reason}")
        points = _points(template, specs, facts, n_random)
        model, knobs = _built(template, points[0], specs, head)
        _check_shape(template, model, specs, head)
        if number == 0:  # what does not depend on the goal
            read = {tensor.name for tensor in model.inputs}
            for point in points[1:]:
                other = _built(template, point, specs, head)[0]
                _check_shape(template, other, specs, head)
                read |= {tensor.name for tensor in other.inputs}
            left = sorted({spec.name for spec in specs} - read)
            promise(not left, f"{template.name} accepts {template.accepts}, but no setting tried reads {left}")
            _check_seed(template, points[0], specs, head)
            _check_knobs(template, points[0], specs, head)
            _check_round_trip(template, model, specs)
        _check_learns(template, model, knobs, specs, head, n_steps=0 if number else 4)


def _points(template: Template, specs: Sequence[InputSpec], facts: Facts, n_random: int) -> list[dict[str, Any]]:
    """The defaults, every start, and random points of the space."""
    import keras_tuner

    hp = keras_tuner.HyperParameters()
    template.space(hp, specs, facts)
    declared = {parameter.name: parameter for parameter in hp.space}
    for name in (*LOOP_KNOBS, *LOOP_CHOICES, *template.knobs):
        promise(name in declared, f"{template.name}: its space must declare {name!r}")
    for name in (*LOOP_KNOBS, *template.knobs):
        promise(name in template.knobs, f"{template.name}: {name!r} must be among its knobs")
        promise(isinstance(declared[name], keras_tuner.engine.hyperparameters.Float), f"knob {name!r} must be a Float")
    if template.prior is not None:
        promise(template.prior(specs, facts) > 0, f"{template.name}: its prior must be a positive number")
    starts = list(template.starts(specs, facts))
    promise(starts, f"{template.name}: starts must give at least one setting")
    for start in starts:
        for name, value in start.items():
            promise(name in declared, f"{template.name}: start names {name!r}, which its space lacks")
            promise(_allowed(declared[name], value), f"{template.name}: start {name}={value!r} is out of its bounds")
    rng = random.Random(0)
    drawn = [{name: parameter.random_sample(rng.random()) for name, parameter in declared.items()}
             for _ in range(n_random)]  # fmt: skip
    return [dict(hp.values), *({**hp.values, **start} for start in starts), *drawn]


def _allowed(parameter: Any, value: Any) -> bool:
    if hasattr(parameter, "min_value"):
        return bool(parameter.min_value <= value <= parameter.max_value)
    return value in parameter.values if hasattr(parameter, "values") else True


def _built(
    template: Template, point: Mapping[str, Any], specs: Sequence[InputSpec], head: Head, seed: int = 0
) -> tuple[Any, dict[str, Any]]:
    import keras

    keras.utils.set_random_seed(seed)
    knobs = {name: keras.Variable(float(point[name]), trainable=False, dtype="float32") for name in template.knobs}
    choices = {name: value for name, value in point.items() if name not in template.knobs}
    return template.build(choices, knobs, specs, head), knobs


def _check_shape(template: Template, model: Any, specs: Sequence[InputSpec], head: Head) -> None:
    names = {tensor.name for tensor in model.inputs}
    promise(names <= {spec.name for spec in specs}, f"{template.name}: inputs {names} are not named as the specs")
    output = model(_read(model, example_arrays(specs)), training=False)
    shape = tuple(output.shape)
    promise(shape == (N_ROWS, *head.shape), f"{template.name}: output {shape}, expected {(N_ROWS, *head.shape)}")
    promise("float32" in str(output.dtype), f"{template.name}: output is {output.dtype}, expected float32")
    promise(np.isfinite(np.asarray(output)).all(), f"{template.name}: output is not finite")


def _read(model: Any, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays that a network has an input for."""
    names = {tensor.name for tensor in model.inputs}
    return {name: array for name, array in arrays.items() if name in names}


def _check_seed(template: Template, point: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> None:
    first, second, other = (_built(template, point, specs, head, seed)[0].get_weights() for seed in (1, 1, 2))
    same = len(first) == len(second) and all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    promise(same, f"{template.name}: the same seed must give the same weights in the same order")
    differs = any(not np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    promise(differs, f"{template.name}: another seed must give other weights")


def _check_learns(
    template: Template,
    model: Any,
    knobs: Mapping[str, Any],
    specs: Sequence[InputSpec],
    head: Head,
    n_steps: int,
) -> None:
    import keras
    import tensorflow as tf

    from automl.layers.losses import loss_for

    held = {id(variable) for variable in knobs.values()}
    promise(not held & {id(variable) for variable in model.variables}, f"{template.name}: knobs are among its weights")
    arrays, target, loss = _read(model, example_arrays(specs)), example_target(head), loss_for(head)
    optimizer = keras.optimizers.Adam(2e-3)
    for name in set(knobs) - set(LOOP_KNOBS):
        knobs[name].assign(0.0)  # no noise: the same batch must fit better
    losses: list[float] = []
    for _ in range(n_steps + 1):
        with tf.GradientTape() as tape:
            value = loss(target, model(arrays, training=True))
        gradients = tape.gradient(value, model.trainable_variables)
        lost = [v.path for v, g in zip(model.trainable_variables, gradients, strict=True) if g is None]
        promise(not lost, f"{template.name}: no gradient reaches {lost}")
        losses.append(float(value))
        if len(losses) <= n_steps:
            optimizer.apply(gradients, model.trainable_variables)
    promise(np.isfinite(losses).all(), f"{template.name}: losses {losses} are not finite")
    promise(not n_steps or min(losses[1:]) < losses[0], f"{template.name}: the loss does not fall: {losses}")


def _check_knobs(template: Template, point: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> None:
    import keras_tuner
    import tensorflow as tf

    hp = keras_tuner.HyperParameters()
    template.space(hp, specs, example_facts(head.goal))
    bounds = {parameter.name: parameter for parameter in hp.space}
    model, knobs = _built(template, point, specs, head)
    arrays, traces = _read(model, example_arrays(specs)), []

    @tf.function  # type: ignore[untyped-decorator, unused-ignore]
    def step(x: Any) -> Any:
        traces.append(1)
        return model(x, training=True)

    x = {name: tf.constant(array) for name, array in arrays.items()}
    for variable, name in ((knobs[name], name) for name in knobs):
        variable.assign(bounds[name].min_value)
    still = np.asarray(step(x))
    for name in (name for name in template.knobs if name not in LOOP_KNOBS):
        knobs[name].assign(bounds[name].max_value)
        moved = any(not np.array_equal(still, step(x)) for _ in range(5))
        promise(moved, f"{template.name}: knob {name!r} has no effect in training")
        knobs[name].assign(bounds[name].min_value)
    promise(len(traces) == 1, f"{template.name}: a change of a knob traced the step again")


def _check_round_trip(template: Template, model: Any, specs: Sequence[InputSpec]) -> None:
    import keras

    from automl.layers import register

    register()
    arrays = _read(model, example_arrays(specs, seed=1))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        loaded = keras.models.load_model(path, compile=False, safe_mode=True)
    before, after = (np.asarray(network(arrays, training=False)) for network in (model, loaded))
    promise(np.array_equal(before, after), f"{template.name}: saved and loaded, it predicts otherwise")


# --------------------------------------------------------------------------- metrics


def check_metric(metric: Metric) -> None:
    """Check that a metric knows a perfect prediction, falls with a wrong one, and reads weights.

    Raises:
        AssertionError: a promise is broken; says which.
    """
    for goal in metric.goals:
        truth, perfect, poor, context = _metric_example(metric, goal)
        best, worse = (float(metric.fn(truth, array, None, context)) for array in (perfect, poor))
        promise(np.isfinite([best, worse]).all(), f"{metric.name}: scores {best}, {worse} are not finite ({goal})")
        promise(
            abs(best - metric.best) < 1e-5, f"{metric.name}: perfect scores {best}, expected {metric.best} ({goal})"
        )
        falls = worse < best if metric.higher_is_better else worse > best
        promise(falls, f"{metric.name}: a poor prediction scores {worse}, a perfect one {best} ({goal})")
        ones = float(metric.fn(truth, poor, np.ones(len(truth)), context))
        promise(abs(ones - worse) < 1e-9, f"{metric.name}: weights of one change the score ({goal})")
        twice = float(metric.fn(truth, poor, np.full(len(truth), 2.5), context))
        promise(abs(twice - worse) < 1e-6, f"{metric.name}: equal weights change the score ({goal})")


def _metric_example(metric: Metric, goal: Goal) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
    """Truth, a perfect prediction, a poor one, and the context."""
    rng = np.random.default_rng(0)
    n = 60
    if goal in ("binary", "multiclass", "multilabel"):
        n_classes = {"binary": 2, "multiclass": 3, "multilabel": 2}[goal]
        if goal == "multilabel":
            labels = rng.integers(0, 2, (n, n_classes)).astype("int8")
            sure = labels.astype("float64")
        else:
            labels = np.concatenate([np.arange(n_classes), rng.integers(0, n_classes, n - n_classes)]).astype("int64")
            sure = np.eye(n_classes)[labels]
        perfect = labels if metric.reads == "labels" else sure
        return labels, perfect, perfect[rng.permutation(n)], {"classes": n_classes}
    if goal == "forecast":
        truth = rng.normal(size=(n, 4, 2))
        context = {"scale": np.ones((n, 2)), "series": np.arange(n) % 3, "quantiles": (0.1, 0.9)}
        perfect = np.repeat(truth[..., None], 2, axis=3) if metric.reads == "quantiles" else truth
        return truth, perfect, perfect[::-1], context
    truth = rng.normal(size=(n, 2))
    return truth, truth, truth[::-1], {}


# --------------------------------------------------------------------------- sections


def check_section(section: Section, outcome: Outcome) -> None:
    """Check that a section makes plain data (or nothing), the same each time, and that its templates parse.

    Args:
        section: to check. outcome: any that a run made.

    Raises:
        AssertionError: a promise is broken; says which.
    """
    import jinja2

    for source in (section.template, section.markdown):
        jinja2.Environment(autoescape=True).parse(source)
    promise("|safe" not in section.template.replace(" ", ""), f"{section.name}: 'safe' would let user text through")
    data = section.collect(outcome)
    if data is None:
        return
    try:
        text = json.dumps(data, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise AssertionError(f"{section.name}: what it collects is not plain JSON ({error})") from error
    promise(
        json.loads(text) == json.loads(json.dumps(section.collect(outcome))), f"{section.name}: collects anew each time"
    )


# --------------------------------------------------------------------------- baselines


def check_baseline(baseline: Baseline, goals: Sequence[Goal] = ()) -> None:
    """Check that a baseline fits raw rows of each goal and gives valid, repeatable outputs.

    Args:
        baseline: of the modality tabular, text, image or sequence (forecasts are left to its own tests).
        goals: of those it claims, the ones to check; empty for all but forecasts.

    Raises:
        AssertionError: a promise is broken; says which.
    """
    for goal in goals or [goal for goal in baseline.goals if goal != "forecast"]:
        dataset, task, split, truth = _baseline_example(baseline, goal)
        facts = Facts(len(split.train), len(task.classes))
        if baseline.unfit(task, facts) is not None:
            continue
        settings = next(iter(baseline.settings(task, facts, 0)))
        json.dumps(dict(settings))
        context = FitContext(valid_rows=split.valid, valid_truth=truth[split.valid])
        outputs = []
        for _ in range(2):
            model = baseline.make(task, settings, 0)
            model.fit(dataset, split.train, truth[split.train], None, context)
            outputs.append(model.predict(dataset, split.test))
        _check_output(baseline, goal, outputs[0], len(split.test), task)
        for name, array in outputs[0].arrays.items():
            same = np.allclose(array, outputs[1].arrays[name])
            promise(same, f"{baseline.name}: the same seed gives other {name} ({goal})")


def _check_output(baseline: Baseline, goal: Goal, output: Output, n: int, task: Task) -> None:
    if goal == "regression":
        values = output.arrays["values"]
        promise(values.shape == (n, 1) and np.isfinite(values).all(), f"{baseline.name}: values {values.shape}")
        return
    shares = output.arrays["probabilities"]
    promise(shares.shape == (n, len(task.classes)), f"{baseline.name}: probabilities {shares.shape} ({goal})")
    promise((shares >= 0).all() and (shares <= 1 + 1e-6).all(), f"{baseline.name}: probabilities outside 0..1 ({goal})")
    if goal != "multilabel":
        promise(
            np.allclose(shares.sum(axis=1), 1, atol=1e-4), f"{baseline.name}: probabilities do not add to 1 ({goal})"
        )


def _baseline_example(baseline: Baseline, goal: Goal) -> tuple[Dataset, Task, Split, np.ndarray]:
    import pandas as pd

    from automl.records import Column

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
