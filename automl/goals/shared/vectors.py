"""Vectors that represent rows: their codec, and how many numbers they have."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.records import Head, Output

if TYPE_CHECKING:
    from automl.records import Dataset, Task

__all__ = ["VectorCodec", "dims_of", "head_state"]

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
class VectorCodec:
    """The network's output as it is, and nothing to learn it from: the network's layers add their own losses."""

    head: Head

    def encode(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Zeros ``(n, 1)`` float32."""
        return np.zeros((len(rows), 1), np.float32)

    def truth(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Zeros ``(n,)``: nothing is learnt from a label."""
        return np.zeros(len(rows), np.int64)

    def decode(self, raw: np.ndarray) -> Output:
        """Vectors ``(n, dims)`` float64."""
        return Output("vectors", {"vectors": np.asarray(raw, np.float64).reshape(len(raw), -1)})

    def state(self) -> dict[str, Any]:
        """Plain numbers and strings."""
        return {"codec": "vectors", "head": head_state(self.head)}


def head_state(head: Head) -> dict[str, Any]:
    """A head as plain numbers, strings and lists."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(head).items()}
