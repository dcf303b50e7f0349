"""Records of corruptions: how inputs are changed to measure what scores lose by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from automl.records.data import Dataset, Task


@dataclass(frozen=True, slots=True, eq=False)
class CorruptionInputs:
    """What a corruption changes, and on what scale.

    Attributes:
        dataset: the test rows alone, in their order; for a forecast all rows, since windows read those before them.
        task: the task.
        rows: whose inputs may change: all rows of the test; of a forecast, every row.
        spread: spread of the training rows' values: by column of numbers; of an array of series, by the channel's
            number as text.
        row_spread: forecasts only: ``(n_rows, n_targets)``: the mean absolute seasonal change of each target before
            the test, in the row's own series.
        lowest: forecasts only: ``(n_targets,)``: what no training value falls below, of targets that are never
            negative; else -inf.
    """

    dataset: Dataset
    task: Task
    rows: np.ndarray
    spread: Mapping[str, float] = field(default_factory=dict)
    row_spread: np.ndarray | None = None
    lowest: np.ndarray | None = None

    def columns(self, *kinds: str) -> list[str]:
        """Names of the input columns of these kinds that the dataset's frame holds."""
        frame = self.dataset.inputs
        if not hasattr(frame, "columns"):
            return []
        return [column.name for column in self.task.columns if column.kind in kinds and column.name in frame.columns]


@dataclass(frozen=True, slots=True, eq=False)
class Corruption:
    """One way in which inputs get worse.

    Attributes:
        name: unique.
        order: those with lower orders come first: the cheapest and most usual.
        words: what happens, for people: "numbers with noise".
        unit: what a strength is, for people and in few words, since it stands under a picture: "share of the cells".
        severities: strengths above 0, ascending, about five.
        applies: whether there is anything that it can change.
        apply: ``apply(inputs, strength, rng) -> dataset`` with other inputs in the same rows. It changes neither the
            dataset that it is given, nor any target that is scored. The generator is at the same state for each
            strength: what a weaker one changes, a stronger one should change as well.
        percent: whether strengths are shares.
        source: paper or definition.
    """

    name: str
    order: int
    words: str
    unit: str
    severities: tuple[float, ...]
    applies: Callable[[CorruptionInputs], bool]
    apply: Callable[[CorruptionInputs, float, np.random.Generator], Dataset]
    percent: bool = False
    source: str = ""
