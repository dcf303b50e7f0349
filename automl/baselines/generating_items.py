"""Shallow models that generate pictures or series: scaled items and classes, then a sampler."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import ndtr

from automl.baselines.generating import GeneratorModel, Learn, seeded_rows
from automl.baselines.learners.item_sampler import ItemSampler
from automl.baselines.learners.sampler import cumulated, drawn_codes
from automl.modalities.shared.generated import noise_of
from automl.modalities.shared.generated_items import NOISE_NUMBERS, fit_items, restore_item_codec
from automl.records import Dataset, Output, Task

__all__ = ["ItemModel"]

CHUNK_CELLS = 20_000_000
"""Rows times numbers of items that are made at a time."""


class ItemModel(GeneratorModel):
    """A codec of items and an `ItemSampler`. The class of an item is drawn by the first noise number, as networks do.

    Args: see `GeneratorModel`.
    """

    learner: ItemSampler

    def sample(self, n: int, seed: int = 0) -> np.ndarray:
        """A structured array ``(n,)`` of new items, and classes if there are some; the same for the same seed."""
        return np.concatenate([part.arrays["samples"] for part in self._made(seeded_rows(n, seed))])

    def _prepared(self, dataset: Dataset, task: Task, rows: np.ndarray) -> Learn:
        codec = fit_items(dataset, task, rows, self.seed)

        def learn(learnt: np.ndarray) -> None:
            self.learner.fit(*codec.arrays(dataset, rows[learnt]), codec.shape, self.seed)

        return codec.state(), self.learner.most_rows(codec.n_numbers), self.learner.time_power, learn

    def _made(self, rows: np.ndarray) -> Iterator[Output]:
        codec = restore_item_codec(self.plan)
        step = max(CHUNK_CELLS // max(codec.n_numbers, NOISE_NUMBERS), 1)
        for begin in range(0, max(len(rows), 1), step):
            noise = noise_of(rows[begin : begin + step], NOISE_NUMBERS)
            classes = np.zeros(len(noise), np.int64)
            if codec.priors:
                shares = cumulated(np.array(codec.priors))[None]
                classes = drawn_codes(shares, classes, ndtr(noise[:, 0].astype(np.float64)))[0]
            yield codec.made(self.learner.draw(classes, noise[:, 1:]), classes)
