"""Examples of what is learnt from: small inputs and targets of every modality, kind and goal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from automl import goals, modalities
from automl.detect.generated import GENERATED_KINDS
from automl.goals.shared.samples import frame_of
from automl.modalities.shared.generated_items import NOISE_NUMBERS
from automl.picture_gradients import averaged, described
from automl.records import (
    NGRAM_BITS,
    Column,
    Dataset,
    Facts,
    GoalName,
    Head,
    InputSpec,
    ModalityName,
    Split,
    Task,
)

N_ROWS = 16
FIT_ROWS, TRAIN_ROWS, VALID_ROWS = 120, 80, 20


def example_task(goal: GoalName, modality: ModalityName | None = None, columns: tuple[Column, ...] = ()) -> Task:
    """A task of this goal, by the goal's own example: of a table's rows or windows where no modality is named."""
    record = goals.named(goal)
    modality = modality or ("sequence" if record.in_windows else "image" if record.in_pixels else "tabular")
    example, numbers = record.example, np.linspace(-1.0, 1.0, 9)
    target = () if record.makes_rows else tuple(map(str, example.target(numbers).columns))
    return Task(
        modality, goal, target, example.metric, example.classes, columns=columns, evidence=("Made up.",),
        **example.fields,
    )  # fmt: skip


def example_problem(goal: GoalName, modality: ModalityName) -> tuple[Dataset, Task, Split, np.ndarray]:
    """A dataset whose inputs tell the target, its task, how its rows are parted, and the truth of all rows.

    Args:
        goal: any whose items are rows.
        modality: any; for goals that make rows, one that has a generator.
    """
    rng = np.random.default_rng(0)
    signal = rng.normal(size=FIT_ROWS)
    dataset, columns = modalities.named(modality).example(signal, rng)
    record = goals.named(goal)
    example = record.example
    rows = np.arange(FIT_ROWS)
    valid, test = TRAIN_ROWS, TRAIN_ROWS + VALID_ROWS
    split = Split(rows[:valid], rows[valid:test], rows[test:], "row", rows[: FIT_ROWS - test], "synthetic", 0)
    if record.makes_rows and modalities.named(modality).items != "rows":
        task = example_task(goal, modality, columns)
        dataset, task = modalities.named(modality).decode(dataset, task, None)
        return dataset, task, split, goals.truth(dataset, task, rows)
    if record.makes_rows:
        columns = tuple(column for column in columns if column.kind in GENERATED_KINDS)
        dataset = replace(dataset, inputs=dataset.inputs[[column.name for column in columns]], pictures={})
        task = replace(example_task(goal, modality, columns), label=columns[0].name)
        return dataset, task, split, goals.truth(dataset, task, rows)
    dataset = replace(dataset, target=example.target(signal))
    return dataset, example_task(goal, modality, columns), split, example.truth(signal)


def decoded_problem(goal: GoalName, modality: ModalityName) -> tuple[Dataset, Task, Split, np.ndarray]:
    """The same, its inputs as both sides read them; a table's pictures are decoded already."""
    dataset, task, split, truth = example_problem(goal, modality)
    if not dataset.pictures and not goals.named(goal).makes_rows:
        dataset, task = modalities.named(modality).decode(dataset, task, None)
    return dataset, task, split, truth


def example_rows(goal: GoalName, numbers: np.ndarray) -> tuple[pd.DataFrame, tuple[Column, ...]]:
    """The rows of which a goal that makes rows has its example's truth, and their columns."""
    truth = goals.named(goal).example.truth(numbers)
    columns = tuple(
        Column(name, "numeric" if truth.dtype[name].kind == "f" else "categorical", 1.0, "made up")
        for name in truth.dtype.names or ()
    )
    return frame_of(truth, columns), columns


def example_specs(accepts: Sequence[str], goal: GoalName) -> tuple[InputSpec, ...]:
    """Small input specs of the kinds a template accepts, as our encoders emit them for this goal."""
    if goals.named(goal).in_windows:
        moments = {"n_targets": 2, "horizon": 4, "season": 3}
        reach = {
            "contexts": [6, 12],
            "start": 6,
            "transforms": ["none", "sqrt", "log"],
            "low": [1.0] * 2,
            "high": [9.0] * 2,
        }
        specs = [
            InputSpec(
                "series", "series", (12, 3), "float32", stats={"mean": [5.0] * 3, "std": [2.0] * 3, **moments, **reach}
            ),
            InputSpec("future", "series", (4, 3), "float32", stats={"mean": [0.0] * 3, "std": [1.0] * 3, **moments}),
            InputSpec("categories", "categories", (1,), "int32", 5, {"columns": ["series"], "sizes": [5]}),
        ]
        return tuple(spec for spec in specs if spec.kind in accepts)
    if goals.named(goal).makes_rows:
        return tuple(spec for spec in _generated_specs(accepts) if spec.kind in accepts)
    edges = [list(np.linspace(-2, 2, 40)), [0.0, 1.0], [0.0]]
    splits = [[0.2, -0.7, 1.1, -1.4, 0.6, -0.2, 1.6, -1.8, 0.9, -1.0], [], []]
    numbers = {
        "median": [0.0, 0.0, 0.0], "scale": [1.0, 1.0, 1.0], "quantiles": edges, "splits": splits,
        "missing": [0.0, 0.0, 0.0],
    }  # fmt: skip
    filters = np.linalg.qr(np.random.default_rng(0).normal(size=(27, 27)))[0][:5].round(4)
    image: dict[str, Any] = {"mean": [120.0] * 3, "std": [60.0] * 3, "patch_filters": filters.tolist()}
    if not goals.named(goal).needs_target:
        blank = described(np.zeros((1, 12, 10, 3), np.float32), np, averaged)
        image["gradients"] = _component_stats(sum(part.size for part in blank))
    specs = [
        InputSpec("numbers", "numbers", (3,), "float32", stats=numbers),
        InputSpec("texts", "numbers", (3,), "float32", stats=numbers),
        InputSpec("categories", "categories", (2,), "int32", 12, {"columns": ["a", "b"], "sizes": [3, 12]}),
        InputSpec("tokens", "tokens", (7,), "int32", 30, {"columns": ["text"]}),
        InputSpec("ngrams", "ngrams", (9,), "int32", 40, {"columns": ["text"]}),
        InputSpec("vectors", "vectors", (6,), "float32", stats={"mean": [0.1] * 6, "std": [0.5] * 6}),
        InputSpec("image", "image", (12, 10, 3), "uint8", stats=image),
        InputSpec("spectrogram", "spectrogram", (20, 24, 1), "uint8", stats={"mean": [90.0], "std": [50.0]}),
        InputSpec("series", "series", (20, 2), "float32", stats={"mean": [5.0, 5.0], "std": [2.0, 2.0]}),
    ]
    if goals.named(goal).in_pixels:
        sides = goals.named(goal).example.head.shape[:2]
        specs = [replace(spec, shape=(*sides, 3)) if spec.kind == "image" else spec for spec in specs]
    return tuple(spec for spec in specs if spec.kind in accepts)


def _generated_specs(accepts: Sequence[str]) -> list[InputSpec]:
    """What a generator of pictures, series, texts or rows of a table reads."""
    shares = {"columns": ["c"], "sizes": [4], "priors": [[0.0, 0.5, 0.3, 0.2]]}
    classes = InputSpec("categories", "categories", (1,), "int32", 4, shares)
    if "image" in accepts:
        stats = {"mean": [127.5], "std": [127.5], **_component_stats(80)}
        return [InputSpec("image", "image", (10, 8, 1), "uint8", stats=stats), classes, _noise(NOISE_NUMBERS)]
    if "series" in accepts:
        stats = {"mean": [5.0, 5.0], "std": [2.0, 2.0], **_component_stats(40)}
        return [InputSpec("series", "series", (20, 2), "float32", stats=stats), classes, _noise(NOISE_NUMBERS)]
    if "tokens" in accepts:
        return [InputSpec("tokens", "tokens", (7,), "int32", 30, {"columns": ["text"]}), _noise(7)]
    numbers = InputSpec("numbers", "numbers", (1,), "float32", stats={"columns": ["x"], "ties": [[[0.1, 0.3]]]})
    return [numbers, classes, _noise(64 + 2 * 2)]


def _noise(size: int) -> InputSpec:
    return InputSpec("noise", "noise", (size,), "float32")


def _component_stats(size: int) -> dict[str, np.ndarray]:
    """Mean, principal components and deviations of made-up items of so many numbers."""
    vectors = np.linalg.qr(np.random.default_rng(0).normal(size=(size, 12)))[0].T
    deviations = np.linspace(1.0, 0.1, len(vectors))
    parts = {"center": np.zeros(size), "components": vectors, "deviations": deviations}
    return {name: part.astype(np.float32) for name, part in parts.items()}


def example_head(goal: GoalName, specs: Sequence[InputSpec] = ()) -> Head:
    """A small head of this goal, as our target codecs make them.

    Args:
        goal: any.
        specs: of the network's inputs; a generator's output has the size of what it reads.
    """
    head = goals.named(goal).example.head
    own = {spec.kind: math.prod(spec.shape) for spec in specs}
    size = next((own[kind] for kind in ("image", "series", "tokens") if kind in own), 0)
    if not goals.named(goal).makes_rows or not size:
        return head
    return replace(head, shape=(size + ("categories" in own),))


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
        elif spec.kind == "ngrams":
            array = rng.integers(1, spec.size, shape) + (rng.integers(1, 2_048, shape) << NGRAM_BITS)
            array = array * (np.arange(shape[1]) < rng.integers(1, shape[1], (n_rows, 1)))
        elif spec.kind in ("image", "spectrogram"):
            array = rng.integers(0, 256, shape)
        else:
            array = rng.normal(5.0 if spec.name == "series" else 0.0, 1.0, shape)
        arrays[spec.name] = array.astype(spec.dtype)
    return arrays


def example_target(head: Head, n_rows: int = N_ROWS, seed: int = 0) -> np.ndarray:
    """A random target as `TargetCodec.encode` gives it, for a head of `example_head`."""
    return goals.named(head.goal).example.encoded(n_rows, np.random.default_rng(seed))
