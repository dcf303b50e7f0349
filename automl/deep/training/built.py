"""Checks what a template built, before anything is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from automl.deep.training.failure import Unusable

if TYPE_CHECKING:
    from automl.records import Head

__all__ = ["check_built"]


def check_built(model: Any, template: str, head: Head) -> None:
    """Refuse anything but a functional model with one floating-point output of the head's shape.

    A loss would silently broadcast an output of another shape against the target, and train on that.

    Args:
        model: what the template built.
        template: name of the template.
        head: the output that is expected.

    Raises:
        Unusable: says what was expected and what the template built.
    """
    if not isinstance(model, keras.Model):
        raise Unusable(f"template {template} must build a keras.Model, but built {_of_type(model)}")
    outputs: list[Any] = list(getattr(model, "outputs", None) or ())
    if len(outputs) != 1:
        raise Unusable(
            f"template {template} must build a functional model with one output, but this one has {len(outputs)}"
        )
    shape, dtype = tuple(outputs[0].shape)[1:], str(outputs[0].dtype)
    if shape != tuple(head.shape):
        raise Unusable(f"template {template} must output the shape {tuple(head.shape)} for a row, but outputs {shape}")
    if "float" not in dtype:
        raise Unusable(f"template {template} must output floating-point numbers, but outputs {dtype}")


def _of_type(thing: Any) -> str:
    return "nothing" if thing is None else f"a {type(thing).__name__}"
