"""What templates that generate pictures or series share: inputs, classes, training settings.

They read these inputs, by spec name:

- "image" ``(h, w, c)`` uint8 or "series" ``(steps, channels)`` float32. ``stats``: "mean" and "std" a channel;
  "center" ``(numbers,)``, "components" ``(n, numbers)`` and "deviations" ``(n,)``: mean, principal components (unit
  vectors) and standard deviations along them of scaled training items in C order, as arrays;
- "categories" ``(1,)`` int32, where items have a class; ``stats["priors"]``: share of each code in a list of one list;
- "noise" ``(1 + n,)``, see `automl.layers.item_generator.ItemGenerator`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automl.records import Facts, GoalName, Head, InputKind, InputSpec, Task
from automl.templates.shared.generators import STEPS_WANTED, declare_rates, part

__all__ = [
    "GOALS", "PICTURES", "SERIES", "coded_model", "declare_rates", "item_of", "item_settings", "starting_rates",
    "unfit_components",
]  # fmt: skip

GOALS: tuple[GoalName, ...] = ("generate",)
PICTURES: tuple[InputKind, ...] = ("image", "categories", "noise")
SERIES: tuple[InputKind, ...] = ("series", "categories", "noise")
LEAST_BATCH = 64
"""That `declare_rates` allows."""
PIXEL_SCALE = 127.5
"""Pixels are scaled to -1 … 1."""


def item_of(specs: Sequence[InputSpec]) -> InputSpec:
    """The input of the items themselves."""
    return next(spec for spec in specs if spec.kind in ("image", "series"))


def item_settings(specs: Sequence[InputSpec]) -> dict[str, Any]:
    """Arguments of an `ItemGenerator` that follow from the inputs: shape, scaling and shares of the classes."""
    spec, classes = item_of(specs), part(specs, "categories")
    n_channels = int(spec.shape[-1])
    is_picture = spec.kind == "image"
    return {
        "item_shape": tuple(int(size) for size in spec.shape),
        "shift": [PIXEL_SCALE] * n_channels if is_picture else list(spec.stats["mean"]),
        "scale": [PIXEL_SCALE] * n_channels if is_picture else list(spec.stats["std"]),
        "priors": () if classes is None else tuple(classes.stats["priors"][0]),
    }


def starting_rates(facts: Facts, batch_size: int = 64, steps_wanted: int = STEPS_WANTED) -> dict[str, Any]:
    """The first rates, batch size and epochs: as many epochs as make some `steps_wanted` steps.

    Args:
        facts: of the training rows.
        batch_size: rows of a step, fewer where there are few rows.
        steps_wanted: steps in all.
    """
    n_rows = max(facts.n_rows, 1)
    while batch_size > LEAST_BATCH and batch_size * 8 > n_rows:
        batch_size //= 2
    epochs = round(steps_wanted / max(n_rows // batch_size, 1) / 5) * 5
    return {
        "learning_rate": 1e-3, "weight_decay": 1e-4, "batch_size": batch_size, "epochs": int(min(max(epochs, 10), 300)),
    }  # fmt: skip


def _item_model(layer: Any, specs: Sequence[InputSpec], head: Head, name: str) -> Any:
    """The model that one `ItemGenerator` makes.

    Args:
        layer: of the same specs (`item_settings`).
        specs: inputs of the network.
        head: its shape is what the layer must give.
        name: of the model.
    """
    import keras

    kinds: tuple[InputKind, ...] = (item_of(specs).kind, "categories", "noise")
    read = [spec for kind in kinds if (spec := part(specs, kind)) is not None]
    inputs = {spec.name: keras.Input(spec.shape, name=spec.name, dtype=spec.dtype) for spec in read}
    return keras.Model(inputs, layer(list(inputs.values())), name=name)


def coded_model(layer: Any, specs: Sequence[InputSpec], head: Head, name: str) -> Any:
    """`_item_model` of a layer that works with principal components: its code is filled with those of the items."""
    stats = item_of(specs).stats
    layer.code.fill(stats["center"], stats["components"], stats["deviations"])
    return _item_model(layer, specs, head, name)


def unfit_components(name: str, accepts: Sequence[InputKind], task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why the template `name` cannot be used: see `_unfit_items`; and it needs principal components."""
    reason = _unfit_items(name, accepts, task, specs)
    if reason is None and not len(item_of(specs).stats.get("deviations", ())):
        return f"{name} works with principal components; these items have none"
    return reason


def _unfit_items(name: str, accepts: Sequence[InputKind], task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why the template `name` cannot be used: it makes items of one kind out of noise."""
    kinds = [spec.kind for spec in specs]
    if accepts[0] not in kinds or not set(kinds) <= set(accepts):
        return f"{name} generates {'pictures' if accepts[0] == 'image' else 'series'}; this task has {', '.join(kinds)}"
    if "noise" not in kinds:
        return f"{name} makes items out of noise; this task has no input of noise"
    return None
