"""One shape for shallow models that generate rows: rows as normal scores and codes, then a sampler."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr

from automl.baselines.learners.row_steps import row_steps
from automl.baselines.learners.sampler import Sampler
from automl.modalities.shared.generated import fit_samples, noise_of, restore_samples
from automl.records import Dataset, FitContext, Output, Task

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RowSampler"]

CHUNK_ROWS = 16_384
SEED_ROWS = 2**33
"""Row numbers that belong to one seed of `RowSampler.sample`."""


class RowSampler:
    """A codec of rows and a sampler.

    The row of a number depends on this number alone, so the same rows are drawn again, and in parts.

    Args:
        task: names the columns and their kinds; let go after the fit, so that what is stored is plain.
        learner: the sampler.
        seed: of the draws within ties, and of the sampler.
    """

    def __init__(self, task: Task, learner: Sampler, seed: int) -> None:
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
            DataError: a column cannot be generated, rows are too few, or nothing varies.
        """
        assert self.task is not None
        frame = dataset.inputs.take(split_rows)
        codec = fit_samples(frame, self.task, self.seed)
        self.task, self.plan = None, codec.state()
        numbers, categories = codec.rows.encode(frame, self.seed)
        sizes = [len(column.shares) for column in codec.rows.coded]
        ties = [column.quantiles.intervals for column in codec.rows.scored]
        most = self.learner.most_rows(numbers.shape[1] + categories.shape[1])
        for rows, stopped in row_steps(len(frame), most, self.learner.time_power, context.deadline, self.seed):
            learnt = np.arange(len(frame)) if rows is None else rows
            self.learner.fit(numbers[learnt], categories[learnt], sizes, self.seed, ties)
            self.n_learnt, self.stopped = len(learnt), stopped
            if context.checkpoint is not None:
                context.checkpoint(self)

    def predict(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """New rows, one for each row number ``(n,)``, which may lie beyond the data; nothing is read of the dataset."""
        codec = restore_samples(self.plan)
        parts = [codec.made(*arrays).arrays for arrays in self._drawn(rows)]
        return Output("samples", {name: np.concatenate([part[name] for part in parts]) for name in parts[0]})

    def sample(self, n: int, seed: int = 0) -> pd.DataFrame:
        """A frame of n new rows, typed as the training rows; the same for the same seed."""
        import pandas as pd

        codec = restore_samples(self.plan)
        rows = (seed + 1) * SEED_ROWS + np.arange(n, dtype=np.int64)
        parts = [codec.rows.decode(*arrays, seed) for arrays in self._drawn(rows)]
        return pd.concat(parts, ignore_index=True)

    def chosen(self, growth: float) -> dict[str, Any]:
        """Nothing was chosen by validation rows."""
        return {}

    def _drawn(self, rows: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Normal scores and codes of new rows, some thousands at a time so that memory stays bounded."""
        width = int(self.plan["head"]["shape"][0]) + 1
        for begin in range(0, max(len(rows), 1), CHUNK_ROWS):
            numbered = np.asarray(rows[begin : begin + CHUNK_ROWS], np.int64)
            yield self.learner.draw(ndtr(noise_of(numbered, width).astype(np.float64)))
