"""Joins the features of a table's columns, free texts and images, and declares the hyperparameters of the stems.

Each free text or image is read by a stem (`automl.layers.stems`). Its features are concatenated with those of the
columns. Whether a stem is used is a choice that only tables with such an input have. Stems use the template's own
"hide_rate" (for words) and "dropout", so that tables without texts or images get no knob without effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from automl.layers.stems import stride_for
from automl.layers.table import Features, table_features

if TYPE_CHECKING:
    from automl.records import InputSpec

__all__ = ["TABLE_KINDS", "declare_stems", "fused_features", "read_specs", "stem_starts", "stem_vectors"]

TABLE_KINDS = ("numbers", "categories")
VIEWS = {"shift": 0.06, "zoom": 0.05, "light": 0.1, "erase": 0.0, "flip": 0.0}
TEXT = {"text_stem": "conv", "text_dim": 32}
IMAGE = {"image_stem": "conv", "image_width": 16, "image_blocks": "1-1-1", "image_views": "varied"}


def declare_stems(hp: Any, specs: Sequence[InputSpec]) -> None:
    """Declare the choices for texts and images, where there are any."""
    kinds = {spec.kind for spec in specs}
    off = ["none"] if kinds & set(TABLE_KINDS) else []
    if "tokens" in kinds:
        hp.Choice("text_stem", [*off, "bag", "conv"], default=TEXT["text_stem"])
        hp.Choice("text_dim", [16, 32, 64], default=TEXT["text_dim"])
    if "image" in kinds:
        hp.Choice("image_stem", [*off, "conv"], default=IMAGE["image_stem"])
        hp.Choice("image_width", [8, 16, 24], default=IMAGE["image_width"])
        hp.Choice("image_blocks", ["1-1", "1-1-1"], default=IMAGE["image_blocks"])
        hp.Choice("image_views", ["plain", "varied"], default=IMAGE["image_views"])


def stem_starts(specs: Sequence[InputSpec], starts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add settings of the stems to a template's starts.

    Images are always read by a stem. Texts of a table with other columns are not: they count only by their numeric
    features (topics and target statistics). One more start, placed second, is the first one with a text stem. This was
    chosen on validation rows (decision 10).
    """
    kinds = {spec.kind for spec in specs}
    first: dict[str, Any] = dict(IMAGE) if "image" in kinds else {}
    if "tokens" not in kinds:
        return [{**start, **first} for start in starts]
    if not kinds & set(TABLE_KINDS):
        return [{**start, **first, **TEXT} for start in starts]
    without = [{**start, **first, **TEXT, "text_stem": "none"} for start in starts]
    return [without[0], {**without[0], **TEXT}, *without[1:]]


def read_specs(specs: Sequence[InputSpec], choices: Mapping[str, Any]) -> list[InputSpec]:
    """The inputs that a network with these choices reads."""
    stems = {"tokens": choices.get("text_stem", "none"), "image": choices.get("image_stem", "none")}
    return [spec for spec in specs if stems.get(spec.kind) != "none"]


def fused_features(
    specs: Sequence[InputSpec], choices: Mapping[str, Any], knobs: Mapping[str, Any], one_hot_up_to: int
) -> tuple[dict[str, Any], Features]:
    """Keras inputs by name, and the features of all of them, concatenated.

    Args:
        choices: those for `table_features` and those of `declare_stems`.
        knobs: "hide_rate" and "dropout" are read.
        one_hot_up_to: as for `table_features`.
    """
    import keras

    specs = read_specs(specs, choices)
    inputs = {spec.name: keras.Input(spec.shape, name=spec.name, dtype=spec.dtype) for spec in specs}
    table = [spec for spec in specs if spec.kind in TABLE_KINDS]
    parts = [table_features(inputs, table, choices, knobs.get("hide_rate", 0.0), one_hot_up_to)] if table else []
    for spec in specs:
        if spec.kind not in TABLE_KINDS:
            vector = stem_vectors(inputs[spec.name], spec, choices, knobs)
            parts.append(Features(vector, (int(vector.shape[-1]),)))
    together = keras.layers.Concatenate()([part.tensor for part in parts]) if len(parts) > 1 else parts[0].tensor
    return inputs, Features(together, tuple(size for part in parts for size in part.sizes))


def stem_vectors(x: Any, spec: InputSpec, choices: Mapping[str, Any], knobs: Mapping[str, Any]) -> Any:
    """The features ``(batch, features)`` that the stem makes of a text or image."""
    import keras

    from automl.layers.dropout import KnobDropout
    from automl.layers.stems import picture_parts, word_parts

    if spec.kind == "tokens":
        dim = int(choices["text_dim"])
        widths = (2, 3) if choices["text_stem"] == "conv" else ()
        parts = word_parts(x, spec.size, dim, dim, widths, bool(widths), knobs.get("hide_rate", 0.0), 0.0)
    else:
        views = VIEWS if choices["image_views"] == "varied" else None
        parts = picture_parts(
            x, spec, int(choices["image_width"]), stride_for(spec), str(choices["image_blocks"]), True, views
        )
    together = keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    return KnobDropout(knobs["dropout"])(together)
