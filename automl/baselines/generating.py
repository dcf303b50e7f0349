"""One shape for shallow models that generate: a codec of items, then a sampler; and the one that generates rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr

from automl.baselines.learners.row_steps import row_steps
from automl.baselines.learners.sampler import Sampler
from automl.modalities.shared.generated import fit_samples, noise_of, restore_samples
from automl.records import Dataset, FitContext, Output, Task

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CHUNK_ROWS", "GeneratorModel", "Learn", "RowSampler", "seeded_rows"]

CHUNK_ROWS = 16_384
SEED_ROWS = 2**33
"""Row numbers that belong to one seed of `sample`."""
Learn = tuple[dict[str, Any], int, float, Callable[[np.ndarray], None]]
"""State of a codec; how many rows are learnt from at most, and by which power of them the time grows; and what learns
from rows, given their positions ``(n,)`` among those of the fit."""


def seeded_rows(n: int, seed: int) -> np.ndarray:
    """The n row numbers ``(n,)`` int64 of a seed of `sample`."""
    return (seed + 1) * SEED_ROWS + np.arange(n, dtype=np.int64)


class GeneratorModel(ABC):
    """A codec of items and a sampler.

    The item of a row number depends on this number alone, so the same items are drawn again, and in parts.

    Args:
        task: names columns and their kinds; let go after the fit, so that what is stored is plain.
        learner: the sampler.
        seed: of the sampler, and of the order in which rows are taken.
    """

    def __init__(self, task: Task, learner: Any, seed: int) -> None:
        self.task: Task | None = task
        self.learner = learner
        self.seed = seed
        self.plan: dict[str, Any] = {}  # state of the codec
        self.stopped = ""
        self.n_learnt = 0

    def fit(self, dataset: Dataset, split_rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None,
            context: FitContext) -> None:  # fmt: skip
        """Fit codec and sampler on these rows, once; neither `truth` nor `weight` is read.

        Raises:
            DataError: items are too few, nothing varies, or something cannot be generated.
        """
        assert self.task is not None
        self.plan, most, time_power, learn = self._prepared(dataset, self.task, split_rows)
        self.task = None
        for rows, stopped in row_steps(len(split_rows), most, time_power, context.deadline, self.seed):
            learnt = np.arange(len(split_rows)) if rows is None else rows
            learn(learnt)
            self.n_learnt, self.stopped = len(learnt), stopped
            if context.checkpoint is not None:
                context.checkpoint(self)

    def predict(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """New items, one for each row number ``(n,)``, which may lie beyond the data; the dataset is not read."""
        parts = [part.arrays for part in self._made(np.asarray(rows, np.int64))]
        return Output("samples", {name: np.concatenate([part[name] for part in parts]) for name in parts[0]})

    def chosen(self, growth: float) -> dict[str, Any]:
        """Nothing was chosen by validation rows."""
        return {}

    @abstractmethod
    def _prepared(self, dataset: Dataset, task: Task, rows: np.ndarray) -> Learn:
        """Fit the codec on these rows."""

    @abstractmethod
    def _made(self, rows: np.ndarray) -> Iterator[Output]:
        """New items of row numbers, some at a time so that memory stays bounded; once where there are none."""


class RowSampler(GeneratorModel):
    """A codec of rows of a table and a `Sampler`. The seed is also that of draws within ties.

    Args: see `GeneratorModel`.
    """

    learner: Sampler

    def sample(self, n: int, seed: int = 0) -> pd.DataFrame:
        """A frame of n new rows, typed as the training rows; the same for the same seed."""
        import pandas as pd

        codec = restore_samples(self.plan)
        parts = [codec.rows.decode(*arrays, seed) for arrays in self._drawn(seeded_rows(n, seed))]
        return pd.concat(parts, ignore_index=True)

    def log_likelihood(self, dataset: Dataset, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """Log densities ``(n,)`` of rows of a dataset beyond those by independent columns, in nats; and 1 for each row.

        None where the sampler has none (`Sampler.no_density`).
        """
        codec = restore_samples(self.plan)
        numbers, categories = codec.rows.encode(dataset.inputs.take(rows), self.seed)
        found = self.learner.log_density(numbers, categories)
        return None if found is None else (found - codec.rows.log_shares(categories), np.ones(len(found)))

    def _prepared(self, dataset: Dataset, task: Task, rows: np.ndarray) -> Learn:
        frame = dataset.inputs.take(rows)
        codec = fit_samples(frame, task, self.seed)
        numbers, categories = codec.rows.encode(frame, self.seed)
        sizes = [len(column.shares) for column in codec.rows.coded]
        ties = [column.quantiles.intervals for column in codec.rows.scored]

        def learn(learnt: np.ndarray) -> None:
            self.learner.fit(numbers[learnt], categories[learnt], sizes, self.seed, ties)

        most = self.learner.most_rows(numbers.shape[1] + categories.shape[1])
        return codec.state(), most, self.learner.time_power, learn

    def _made(self, rows: np.ndarray) -> Iterator[Output]:
        codec = restore_samples(self.plan)
        for arrays in self._drawn(rows):
            yield codec.made(*arrays)

    def _drawn(self, rows: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Normal scores and codes of new rows, some thousands at a time."""
        width = int(self.plan["head"]["shape"][0]) + 1
        for begin in range(0, max(len(rows), 1), CHUNK_ROWS):
            yield self.learner.draw(ndtr(noise_of(rows[begin : begin + CHUNK_ROWS], width).astype(np.float64)))
