"""Whether what a template has built is a network that can be trained for this task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from automl.deep.failure import Unusable

if TYPE_CHECKING:
    from automl.records import Head

__all__ = ["check_built"]


def check_built(model: Any, template: str, head: Head) -> None:
    """Refuse what is no functional model with one floating output of the head's shape.

    A loss would stretch an output of another shape over the target without a word, and train on that.

    Raises:
        Unusable: says what was expected and what the template built.
    """
    if not isinstance(model, keras.Model):
        raise Unusable(f"template {template} must build a keras.Model and built {_of_type(model)}")
    outputs: list[Any] = list(getattr(model, "outputs", None) or ())
    if len(outputs) != 1:
        raise Unusable(
            f"template {template} must build a functional model with one output, and this has {len(outputs)}"
        )
    shape, dtype = tuple(outputs[0].shape)[1:], str(outputs[0].dtype)
    if shape != tuple(head.shape):
        raise Unusable(
            f"template {template} must put out the shape {tuple(head.shape)} for a row, and puts out {shape}"
        )
    if "float" not in dtype:
        raise Unusable(f"template {template} must put out floating numbers, and puts out {dtype}")


def _of_type(thing: Any) -> str:
    return "nothing" if thing is None else f"a {type(thing).__name__}"
