"""The deep side: searches and trains networks. The only package that imports keras_tuner, and TensorFlow with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from automl.deep.side import DeepSide

__all__ = ["DeepSide"]


def __getattr__(name: str) -> Any:
    """Load TensorFlow only when the deep side is asked for."""
    if name == "DeepSide":
        from automl.deep.side import DeepSide

        return DeepSide
    raise AttributeError(name)
