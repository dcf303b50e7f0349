"""Examples of what a network sees and must put out: small inputs and targets of every kind and goal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from automl.records import Facts, GoalName, Head, InputSpec

N_ROWS = 16


def example_specs(accepts: Sequence[str], goal: GoalName) -> tuple[InputSpec, ...]:
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


def example_head(goal: GoalName) -> Head:
    """A small head of this goal, as our target codecs make them."""
    return {
        "binary": Head("binary", (1,), "sigmoid", "binary_crossentropy", priors=(0.7, 0.3)),
        "multiclass": Head("multiclass", (3,), "softmax", "sparse_categorical_crossentropy", priors=(0.5, 0.3, 0.2)),
        "multilabel": Head("multilabel", (2,), "sigmoid", "binary_crossentropy", priors=(0.5, 0.2)),
        "regression": Head("regression", (2,), "linear", "mse"),
        "forecast": Head("forecast", (4, 2, 3), "linear", "forecast", quantiles=(0.1, 0.9)),
    }[goal]


def example_facts(goal: GoalName, n_rows: int = 200) -> Facts:
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
