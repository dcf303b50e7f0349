"""What goals that learn no target share: a codec that encodes nothing, and the truth of their label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from automl.goals.shared.heads import head_state
from automl.goals.shared.truth import class_codes
from automl.records import Head

if TYPE_CHECKING:
    from automl.records import Dataset, Task

__all__ = ["UntargetedCodec", "label_truth"]


@dataclass(eq=False)
class UntargetedCodec:
    """Nothing to learn from: the network's layers add their own losses. Goals add how its output is read.

    Attributes:
        head: of the network.
        name: of the codec in its state.
    """

    head: Head
    name: ClassVar[str] = ""

    def encode(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Zeros ``(n, 1)`` float32."""
        return np.zeros((len(rows), 1), np.float32)

    def truth(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Zeros ``(n,)``: nothing is learnt from a label."""
        return np.zeros(len(rows), np.int64)

    def state(self) -> dict[str, Any]:
        """Plain numbers and strings."""
        return {"codec": self.name, "head": head_state(self.head)}


def label_truth(dataset: Dataset, task: Task, items: np.ndarray) -> np.ndarray:
    """Codes ``(n,)`` int64 of the label among the task's classes; zeros for data without one."""
    if dataset.target is None or not task.target:
        return np.zeros(len(items), np.int64)
    return class_codes(dataset, task.target[0], task.classes, items)
