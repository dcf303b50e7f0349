"""Networks that restore what they read: how rows of any kind become a code, and how the code becomes rows again.

`read` makes the inputs and their features, `coded` a vector of them, `row_errors` what is wrong with the rows that a
code restores, and `finished` the network: scores of how unusual a row is, or the code itself (goal "represent").

A table's columns meet in dense layers. So do the pixels of pictures and the steps of series, or they go through
convolutions of stride 2 and back (`reader`). Where they stand beside other columns, all share one code, and each
picture or series counts as one column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automl.records import Facts, GoalName, Head, InputKind, InputSpec, Task
from automl.templates.shared.arrays import ARRAYS, convolved, restored_array, scaled_array
from automl.templates.shared.series import judged_for, steps_of

__all__ = [
    "ACCEPTS", "ARRAYS", "GOALS", "KNOBS", "Part", "Reading", "code_for", "code_size", "coded", "declare_shape",
    "declare_training", "dense", "finished", "other_readers", "read", "row_errors", "scaled_array", "scaled_numbers",
    "starting_shape", "starting_training", "unfit_rows",
]  # fmt: skip

GOALS: tuple[GoalName, ...] = ("anomaly", "represent")
ACCEPTS: tuple[InputKind, ...] = ("numbers", "categories", "vectors", "image", "series")
KNOBS = ("learning_rate", "weight_decay", "noise", "trim")
MOST_LEVELS = 128
"""Levels of a column that are told apart when it is restored; the rarest of more count as one."""
ONE_HOT_UP_TO = 32
"""Levels of a column that is read one-hot; one with more is read by a learned embedding."""
CATEGORY_DIM = 8
LIMITS = (3.0, 10.0, 30.0)
"""Of scaled numbers, in standard deviations (`automl.layers.numbers.RobustScale`)."""
LAST_SHARE = 32
"""A series judged by its end is judged by one step in so many."""
CODES = (2, 4, 8, 16, 32, 64)
STEPS_OF_TABLES, STEPS_OF_ARRAYS = 6_000, 2_000
"""Training steps of a schedule."""
BESIDE = 64
"""Features of a picture or series that stands beside other columns."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One input.

    Attributes:
        spec: of the input.
        target: what is to be restored: scaled numbers ``(batch, ...)``, or codes of categories.
        features: ``(batch, features)``.
        sizes: of pictures and series: ``(rows, columns)`` or ``(steps,)`` before each halving and after the last; one
            entry where nothing is halved.
    """

    spec: InputSpec
    target: Any
    features: Any
    sizes: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """The inputs of a network, and what was made of them.

    Attributes:
        inputs: by spec name.
        parts: one for each input.
        filters: of the first convolution; 0 where pictures and series are read by dense layers.
    """

    inputs: dict[str, Any]
    parts: tuple[Part, ...]
    filters: int

    @property
    def is_convolved(self) -> bool:
        """Whether there is nothing but one picture or series that convolutions read."""
        return self.filters > 0 and len(self.parts) == 1 and self.parts[0].spec.kind in ARRAYS


def unfit_rows(name: str, task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why the template `name` cannot restore these inputs; None where it can. Words are passed over."""
    kinds = {spec.kind for spec in specs}
    if not kinds & set(ACCEPTS):
        return f"{name} reads {', '.join(ACCEPTS)}; this task has {', '.join(sorted(kinds)) or 'no inputs'}"
    return None


def declare_training(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare rates, noise, the share of each batch that is left out, batch size and epochs."""
    start = starting_training(specs, facts)
    hp.Float("learning_rate", 2e-4, 1e-2, sampling="log", default=start["learning_rate"])
    hp.Float("weight_decay", 1e-6, 1e-1, sampling="log", default=start["weight_decay"])
    hp.Float("noise", 0.0, 0.5, default=start["noise"])
    hp.Float("trim", 0.0, 0.3, default=start["trim"])
    hp.Choice("batch_size", [32, 64, 128, 256], default=start["batch_size"])
    hp.Int("epochs", 5, 400, step=5, default=start["epochs"])


def starting_training(specs: Sequence[InputSpec], facts: Facts) -> dict[str, Any]:
    """The settings of `declare_training` to begin with: they are safe where anomalies are among the training rows."""
    has_arrays = any(spec.kind in ARRAYS for spec in specs)
    batch_size = 64 if has_arrays or facts.n_rows < 4_000 else 256
    steps = STEPS_OF_ARRAYS if has_arrays else STEPS_OF_TABLES
    epochs = round(steps * batch_size / max(facts.n_rows, 1) / 5) * 5
    return {
        "learning_rate": 2e-3 if has_arrays else 1e-3, "weight_decay": 1e-4, "noise": 0.0, "trim": 0.15,
        "batch_size": batch_size, "epochs": min(max(epochs, 5), 200),
    }  # fmt: skip


def declare_shape(hp: Any, specs: Sequence[InputSpec]) -> None:
    """Declare the size of the code and, where they matter, the dense layers and convolutions."""
    start = starting_shape(specs)
    hp.Choice("code", list(CODES), default=start["code"])
    hp.Choice("width", [64, 128, 256], default=start["width"])
    hp.Int("layers", 1, 3, default=start["layers"])
    if "reader" in start:
        hp.Choice("reader", ["dense", "convolutions"], default=start["reader"])
        hp.Choice("filters", [8, 16, 32], default=start["filters"])
    if "limit" in start:
        hp.Choice("limit", list(LIMITS), default=start["limit"])
    if "judged" in start:
        hp.Choice("judged", ["all", "last"], default=start["judged"])


def starting_shape(specs: Sequence[InputSpec]) -> dict[str, Any]:
    """The settings of `declare_shape` to begin with, as far as they matter for these inputs."""
    kinds = [spec.kind for spec in specs if spec.kind in ACCEPTS]
    start: dict[str, Any] = {"code": code_for(specs), "width": 128, "layers": 2}
    if set(kinds) & set(ARRAYS):
        start.update(width=256, reader="dense" if "image" in kinds else "convolutions", filters=16)
    if "numbers" in kinds:
        start.update(limit=10.0)
    if kinds == ["series"] and steps_of(specs) > 2:
        start.update(judged=judged_for(specs))
    return start


def other_readers(start: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The start with dense layers in place of convolutions, or the other way round, where there is such a choice.

    Dense layers take five steps in the time of one. Trained on one class of clothes (900 pictures of 28 x 28) they told
    the others apart at a ROC AUC of .922 in 7 s, convolutions .910 in 12 s (means of four classes); of windows of 128
    steps it was .91 and .93.
    """
    if "reader" not in start:
        return []
    return [{**start, "reader": "dense" if start["reader"] == "convolutions" else "convolutions"}]


def code_for(specs: Sequence[InputSpec]) -> int:
    """The size of the code to begin with: half the columns of a table, 32 for a picture or series."""
    if any(spec.kind in ARRAYS for spec in specs):
        return 32
    n_columns = sum(int(spec.shape[0]) for spec in specs if spec.kind in ACCEPTS)
    return max(size for size in CODES if size <= max(n_columns / 2, CODES[0]))


def read(specs: Sequence[InputSpec], choices: Mapping[str, Any], noise: Any) -> Reading:
    """Inputs and features of all kinds that can be restored.

    Args:
        specs: inputs of the network.
        choices: "reader" and "filters" are read where there are pictures or series, and "limit" (of scaled numbers)
            where there are numbers.
        noise: standard deviation of the noise that is added to scaled values in training, and share of the categories
            that is hidden; a number or a knob.
    """
    import keras

    inputs, parts = {}, []
    filters = int(choices["filters"]) if choices.get("reader") == "convolutions" else 0
    for spec in specs:
        if spec.kind not in ACCEPTS:
            continue
        x = inputs[spec.name] = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)
        if spec.kind == "categories":
            parts.append(_categories(x, spec, noise))
        elif spec.kind in ARRAYS:
            parts.append(_array(x, spec, filters, noise))
        else:
            parts.append(_numbers(x, spec, choices, noise))
    return Reading(inputs, tuple(parts), filters)


def coded(reading: Reading, choices: Mapping[str, Any], size: int) -> Any:
    """A vector ``(batch, size)`` of all features, without activation.

    Args:
        reading: the inputs.
        choices: "width" and "layers" are read where there are dense layers.
        size: of the code, or of what is made of it.
    """
    import keras

    if reading.is_convolved:
        return keras.layers.Dense(size)(reading.parts[0].features)
    parts = [
        keras.layers.Dense(BESIDE, activation="gelu")(part.features) if part.spec.kind in ARRAYS else part.features
        for part in reading.parts
    ]
    x = keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    return keras.layers.Dense(size)(dense(x, _widths(choices)))


def dense(x: Any, widths: Sequence[int]) -> Any:
    """Dense layers of these widths."""
    import keras

    for width in widths:
        x = keras.layers.Dense(width, activation="gelu")(x)
    return x


def row_errors(reading: Reading, codes: Any, choices: Mapping[str, Any], has_spread: bool) -> tuple[Any, Any]:
    """What is wrong with the rows restored from codes, ``(batch, 1)``: as the loss reads it, and as the score does.

    They differ where a series is judged by its last steps alone.

    Args:
        reading: the inputs, which are restored.
        codes: ``(batch · draws, size)``.
        choices: as for `coded`; "judged" is read for a series.
        has_spread: whether standard deviations are learned; the result is then a negative log-likelihood. Otherwise it
            is the mean over columns of squared errors, or of cross-entropies where a column has categories.
    """
    import keras

    x = codes if reading.is_convolved else dense(codes, _widths(choices)[::-1])
    restored = [_restored(part, x, reading.filters, has_spread) for part in reading.parts]
    errors = [_error(part, one, has_spread) for part, one in zip(reading.parts, restored, strict=True)]
    total = keras.layers.Add(dtype="float32")(errors) if len(errors) > 1 else errors[0]
    if choices.get("judged") == "last":
        (part,), (one,) = reading.parts, restored
        return total, _error(part, one, has_spread, n_last=max(part.sizes[0][0] // LAST_SHARE, 1))
    if not has_spread:
        n_columns = sum(1 if part.spec.kind in ARRAYS else int(part.spec.shape[0]) for part in reading.parts)
        total = keras.layers.Rescaling(1.0 / n_columns, dtype="float32")(total)
    return total, total


def finished(reading: Reading, code: Any, score: Any, loss: Any, trim: Any, head: Head, name: str) -> Any:
    """The network, uncompiled: it gives ranks of scores, or codes where the goal is "represent".

    Args:
        reading: the inputs.
        code: ``(batch, size)``.
        score: ``(batch, 1)``, the larger the more unusual.
        loss: ``(batch, 1)`` of each row.
        trim: share of each batch that the loss leaves out; a number or a knob.
        head: output of the network.
        name: of the network.
    """
    import keras

    from automl.layers.ranks import ReferenceRank
    from automl.layers.reconstruction import RowLoss

    if head.is_code:
        return keras.Model(reading.inputs, RowLoss(trim)([code, loss]), name=name)
    return keras.Model(reading.inputs, ReferenceRank()(RowLoss(trim)([score, loss])), name=name)


def code_size(choices: Mapping[str, Any], head: Head) -> int:
    """Numbers of the code: the user's choice where it is the output."""
    return int(head.shape[0]) if head.is_code else int(choices["code"])


def _widths(choices: Mapping[str, Any]) -> list[int]:
    """From the inputs to the code each layer is half as wide as the one before."""
    return [max(int(choices["width"]) >> number, 8) for number in range(int(choices["layers"]))]


def scaled_numbers(x: Any, spec: InputSpec, choices: Mapping[str, Any]) -> Any:
    """Numbers or vectors scaled by moments of the training rows, ``(batch, columns)`` float32.

    Args:
        x: raw.
        spec: of the input.
        choices: "limit" is read for numbers.
    """
    from automl.layers.numbers import RobustScale
    from automl.layers.pixels import ChannelScale

    if spec.kind == "vectors":
        return ChannelScale(spec.stats["mean"], spec.stats["std"], dtype="float32")(x)
    n = int(spec.shape[0])
    middle, scale = spec.stats.get("median") or [0.0] * n, spec.stats.get("scale") or [1.0] * n
    return RobustScale(middle, scale, float(choices["limit"]), dtype="float32")(x)


def _numbers(x: Any, spec: InputSpec, choices: Mapping[str, Any], noise: Any) -> Part:
    from automl.layers.noise import KnobNoise

    target = scaled_numbers(x, spec, choices)
    return Part(spec, target, KnobNoise(noise)(target))


def _categories(x: Any, spec: InputSpec, noise: Any) -> Part:
    import keras

    from automl.layers.table import category_features

    parts = [part.tensor for part in category_features(x, spec, {"category_dim": CATEGORY_DIM}, noise, ONE_HOT_UP_TO)]
    return Part(spec, x, keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0])


def _array(x: Any, spec: InputSpec, filters: int, noise: Any) -> Part:
    """A picture or series, and what is read of it: see `convolved`. Arguments as for `read`."""
    from automl.layers.noise import KnobNoise

    target = scaled_array(x, spec)
    features, sizes = convolved(KnobNoise(noise)(target), spec.kind == "image", filters)
    return Part(spec, target, features, sizes)


def _restored(part: Part, x: Any, filters: int, has_spread: bool) -> Any:
    """One input restored from features ``(batch · draws, features)``; logits of categories."""
    import keras

    if part.spec.kind in ARRAYS:
        n_channels = int(part.target.shape[-1]) * (2 if has_spread else 1)
        return restored_array(x, part.spec.kind == "image", part.sizes, filters, n_channels)
    if part.spec.kind == "categories":
        size = sum(min(int(size), MOST_LEVELS) for size in part.spec.stats["sizes"])
    else:
        size = int(part.target.shape[-1]) * (2 if has_spread else 1)
    return keras.layers.Dense(size, dtype="float32")(x)  # half precision would pass for an error


def _error(part: Part, restored: Any, has_spread: bool, n_last: int = 0) -> Any:
    """What is wrong with one input as it was restored, ``(batch, 1)``."""
    from automl.layers.reconstruction import ArrayError, CategoryError

    if part.spec.kind == "categories":
        return CategoryError(part.spec.stats["sizes"], MOST_LEVELS)([part.target, restored])
    is_mean = part.spec.kind in ARRAYS and not has_spread
    return ArrayError(has_spread, is_mean, n_last)([part.target, restored])
