"""Vectors that represent rows: their codec, and how many numbers they have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from automl.goals.shared.untargeted import UntargetedCodec
from automl.records import Output

if TYPE_CHECKING:
    from automl.records import Task

__all__ = ["VectorCodec", "dims_of"]

TABLE_DIMS, DIMS = 32, 64


def dims_of(task: Task) -> int:
    """How many numbers represent a row: as the user said, else 64, and for a table 32 or half its columns if fewer."""
    if task.dims is not None:
        return task.dims
    if not task.columns or task.image_shape:
        return DIMS
    has_texts = any(column.kind == "text" for column in task.columns)
    return TABLE_DIMS if has_texts or len(task.columns) > 8 else max(2, len(task.columns) // 2)


@dataclass(eq=False)
class VectorCodec(UntargetedCodec):
    """The network's output as it is."""

    name: ClassVar[str] = "vectors"

    def decode(self, raw: np.ndarray) -> Output:
        """Vectors ``(n, dims)`` float64."""
        return Output("vectors", {"vectors": np.asarray(raw, np.float64).reshape(len(raw), -1)})
