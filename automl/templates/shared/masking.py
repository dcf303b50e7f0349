"""Networks that restore what was hidden from them: how a row of any kind is hidden in part, read, and restored.

`hidden_parts` makes the inputs, features of what is left of each, and a function that turns the code's features into
the loss of that input. A table's columns are hidden one by one, series in stretches, texts word by word, pictures in
squares. What is restored are numbers, levels and words; of pictures it is their oriented gradients, whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automl.records import InputKind, InputSpec
from automl.templates.shared.arrays import ARRAYS, convolved, restored_array, scaled_array
from automl.templates.shared.reconstruction import CATEGORY_DIM, MOST_LEVELS, ONE_HOT_UP_TO, scaled_numbers

__all__ = ["ACCEPTS", "HiddenPart", "cell_for", "gradients_of", "hidden_parts", "narrowed", "span_for"]

ACCEPTS: tuple[InputKind, ...] = ("numbers", "categories", "vectors", "tokens", "image", "series")
CELLS = 8
"""Cells of oriented gradients along the longer side of a picture."""
GRADIENT_SCALE = 5.0
"""By which oriented gradients get a standard deviation near one."""
STRETCHES = 16
"""Of a series that are hidden or shown as one."""
BESIDE = 64
"""Features of a picture or series that stands beside other columns."""


@dataclass(frozen=True, slots=True, eq=False)
class HiddenPart:
    """One input, of which a part is hidden in training.

    Attributes:
        spec: of the input.
        features: of what is shown, ``(batch, features)``.
        loss: features made of the code → the loss of this input, ``(batch, 1)``, a sum over its columns.
        n_columns: columns that the loss counts.
    """

    spec: InputSpec
    features: Any
    loss: Callable[[Any], Any]
    n_columns: int


def hidden_parts(
    specs: Sequence[InputSpec], choices: Mapping[str, Any], rate: Any, visible: Any
) -> tuple[dict[str, Any], list[HiddenPart]]:
    """Inputs by name, and what is made of each.

    Args:
        specs: inputs of the network; those of other kinds are passed over.
        choices: "limit" is read for numbers, "word_dim" for texts, and "reader" and "filters" for pictures and series:
            "convolutions", or "dense" for the values of a series and the oriented gradients of a picture.
        rate: share that is hidden, a number or a knob.
        visible: weight of what was not hidden in the loss, a number or a knob.
    """
    import keras

    inputs: dict[str, Any] = {}
    parts: list[HiddenPart] = []
    makers = {"categories": _categories, "tokens": _words, "image": _picture, "series": _series}
    for spec in (spec for spec in specs if spec.kind in ACCEPTS):
        x = inputs[spec.name] = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)
        parts.append(makers.get(spec.kind, _numbers)(x, spec, choices, rate, visible))
    return inputs, parts


def narrowed(parts: Sequence[HiddenPart]) -> Any:
    """Features of all inputs, ``(batch, features)``; those of pictures and series beside others become few."""
    import keras

    if len(parts) == 1:
        return parts[0].features
    features = [
        keras.layers.Dense(BESIDE, activation="gelu")(part.features) if part.spec.kind in ARRAYS else part.features
        for part in parts
    ]
    return keras.layers.Concatenate()(features)


def _numbers(x: Any, spec: InputSpec, choices: Mapping[str, Any], rate: Any, visible: Any) -> HiddenPart:
    import keras

    from automl.layers.masking import MaskColumns, MaskedError

    target, n = scaled_numbers(x, spec, choices), int(spec.shape[0])
    shown, mask = MaskColumns(rate, [1] * n)(target)

    def loss(features: Any) -> Any:
        restored = keras.layers.Dense(n, dtype="float32")(features)
        truth, restored = (keras.layers.Reshape((n, 1), dtype="float32")(part) for part in (target, restored))
        return MaskedError(visible)([truth, restored, mask])

    return HiddenPart(spec, shown, loss, n)


def _categories(x: Any, spec: InputSpec, choices: Mapping[str, Any], rate: Any, visible: Any) -> HiddenPart:
    import keras

    from automl.layers.masking import MaskColumns, MaskedCategories
    from automl.layers.table import category_features

    sizes = [int(size) for size in spec.stats["sizes"]]
    few = [place for place, size in enumerate(sizes) if size - 1 <= ONE_HOT_UP_TO]
    columns = [*few, *(place for place in range(len(sizes)) if place not in few)]  # the order of the features
    sizes = [sizes[place] for place in columns]
    own = category_features(x, spec, {"category_dim": CATEGORY_DIM}, 0.0, ONE_HOT_UP_TO)
    features = keras.layers.Concatenate()([part.tensor for part in own]) if len(own) > 1 else own[0].tensor
    shown, mask = MaskColumns(rate, [size for part in own for size in part.sizes])(features)

    def loss(features: Any) -> Any:
        logits = keras.layers.Dense(sum(min(size, MOST_LEVELS) for size in sizes), dtype="float32")(features)
        return MaskedCategories(sizes, MOST_LEVELS, columns, visible)([x, logits, mask])

    return HiddenPart(spec, shown, loss, len(sizes))


def _words(x: Any, spec: InputSpec, choices: Mapping[str, Any], rate: Any, visible: Any) -> HiddenPart:
    """The mean of the words that are shown, and the maximum of convolutions over them; all words are one column."""
    import keras

    from automl.layers.masking import MaskedWords, MaskWords
    from automl.layers.pooling import WordPool
    from automl.layers.tokens import TokenEmbedding

    dim = int(choices["word_dim"])
    shown, mask = MaskWords(rate)([TokenEmbedding(spec.size, dim)(x), x])
    near = keras.layers.Conv1D(dim, 3, padding="same", activation="gelu")(shown)
    features = keras.layers.Concatenate()([WordPool("mean")([shown, x]), WordPool("max")([near, x])])

    def loss(features: Any) -> Any:
        logits = keras.layers.Dense(max(spec.size, 2), dtype="float32")(features)
        return MaskedWords(visible)([x, logits, mask])

    return HiddenPart(spec, features, loss, 1)


def _series(x: Any, spec: InputSpec, choices: Mapping[str, Any], rate: Any, visible: Any) -> HiddenPart:
    from automl.layers.masking import MaskedError, MaskSteps

    filters = int(choices["filters"]) if choices["reader"] == "convolutions" else 0
    target = scaled_array(x, spec)
    shown, mask = MaskSteps(rate, span_for(int(target.shape[1])))(target)
    features, sizes = convolved(shown, False, filters)

    def loss(features: Any) -> Any:
        restored = restored_array(features, False, sizes, filters, int(target.shape[-1]))
        return MaskedError(visible, is_mean=True)([target, restored, mask])

    return HiddenPart(spec, features, loss, 1)


def _picture(x: Any, spec: InputSpec, choices: Mapping[str, Any], rate: Any, visible: Any) -> HiddenPart:
    """The whole picture's oriented gradients are restored: those of the edge of a square tell what is hidden in it."""
    import keras

    from automl.layers.masking import MaskedError, MaskSteps

    pixels = scaled_array(x, spec)
    cell = cell_for(max(int(size) for size in pixels.shape[1:3]))
    target = gradients_of(pixels, cell)
    shown, _ = MaskSteps(rate, 2 * cell)(pixels)
    if choices["reader"] == "convolutions":
        features = convolved(shown, True, int(choices["filters"]))[0]
    else:
        features = keras.layers.Flatten()(gradients_of(shown, cell))
    shape = tuple(int(size) for size in target.shape[1:])

    def loss(features: Any) -> Any:
        restored = keras.layers.Dense(shape[0] * shape[1] * shape[2], dtype="float32")(features)
        restored = keras.layers.Reshape(shape, dtype="float32")(restored)
        return MaskedError(is_mean=True)([target, restored])

    return HiddenPart(spec, features, loss, 1)


def gradients_of(x: Any, cell: int) -> Any:
    """Oriented gradients of standardised pictures, scaled for a network, ``(batch, rows, columns, numbers)``."""
    import keras

    from automl.layers.gradients import OrientedGradients

    return keras.layers.Rescaling(GRADIENT_SCALE, dtype="float32")(OrientedGradients(cell)(x))


def cell_for(side: int) -> int:
    """Pixels of a cell's side, for pictures with so many pixels along the longer side."""
    return max(2, -(-side // CELLS))


def span_for(n_steps: int) -> int:
    """Steps of a stretch of a series that is hidden or shown as one."""
    return max(1, n_steps // STRETCHES)
