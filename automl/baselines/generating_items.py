"""One shape for shallow models that generate pictures or series: scaled items and classes, then a sampler."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.special import ndtr

from automl.baselines.learners.item_sampler import ItemSampler
from automl.baselines.learners.row_steps import row_steps
from automl.baselines.learners.sampler import cumulated, drawn_codes
from automl.modalities.shared.generated import noise_of
from automl.modalities.shared.generated_items import NOISE_NUMBERS, fit_items, restore_item_codec
from automl.records import Dataset, FitContext, Output, Task

__all__ = ["ItemModel"]

CHUNK_CELLS = 20_000_000
"""Rows times numbers of items that are made at a time."""
SEED_ROWS = 2**33
"""Row numbers that belong to one seed of `ItemModel.sample`."""


class ItemModel:
    """A codec of items and a sampler.

    The item of a number depends on this number alone, so the same items are drawn again, and in parts. Its class is
    drawn first, by the first noise number, as networks draw it.

    Args:
        task: names the label, if there is one; let go after the fit, so that what is stored is plain.
        learner: the sampler.
        seed: of the sampler.
    """

    def __init__(self, task: Task, learner: ItemSampler, seed: int) -> None:
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
            DataError: items are too few or all alike, or the label cannot be generated.
        """
        assert self.task is not None
        codec = fit_items(dataset, self.task, split_rows, self.seed)
        self.task, self.plan = None, codec.state()
        most = self.learner.most_rows(codec.n_numbers)
        n = len(split_rows)
        for rows, stopped in row_steps(n, most, self.learner.time_power, context.deadline, self.seed):
            learnt = split_rows if rows is None else split_rows[rows]
            self.learner.fit(*codec.arrays(dataset, learnt), codec.shape, self.seed)
            self.n_learnt, self.stopped = len(learnt), stopped
            if context.checkpoint is not None:
                context.checkpoint(self)

    def predict(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """New items, one for each row number ``(n,)``, which may lie beyond the data; the dataset is not read."""
        return Output("samples", {"samples": self._made(rows)})

    def sample(self, n: int, seed: int = 0) -> np.ndarray:
        """A structured array ``(n,)`` of new items, and classes if there are some; the same for the same seed."""
        return self._made((seed + 1) * SEED_ROWS + np.arange(n, dtype=np.int64))

    def chosen(self, growth: float) -> dict[str, Any]:
        """Nothing was chosen by validation rows."""
        return {}

    def _made(self, rows: np.ndarray) -> np.ndarray:
        codec = restore_item_codec(self.plan)
        parts = [codec.made(*arrays).arrays["samples"] for arrays in self._drawn(rows, codec.n_numbers, codec.priors)]
        return np.concatenate(parts)

    def _drawn(
        self, rows: np.ndarray, n_numbers: int, priors: tuple[float, ...]
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Scaled items and codes of classes of these row numbers, some at a time so that memory stays bounded."""
        step = max(CHUNK_CELLS // max(n_numbers, NOISE_NUMBERS), 1)
        for begin in range(0, max(len(rows), 1), step):
            noise = noise_of(np.asarray(rows[begin : begin + step], np.int64), NOISE_NUMBERS)
            classes = np.zeros(len(noise), np.int64)
            if priors:
                shares = cumulated(np.array(priors))[None]
                classes = drawn_codes(shares, classes, ndtr(noise[:, 0].astype(np.float64)))[0]
            yield self.learner.draw(classes, noise[:, 1:]), classes
