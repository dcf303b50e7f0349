"""Texts as a few numbers: TF-IDF of words, projected by a truncated SVD (latent semantic analysis)."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl.baselines.features.words import TextFeatures
from automl.baselines.model import remembered, rows_key
from automl.records import Dataset, Task

__all__ = ["TextTopics"]

FIT_ROWS = 30_000
"""The directions are learnt from so many rows at most."""


class TextTopics:
    """Leading directions of TF-IDF rows, and how much of a row lies outside of them.

    Args:
        task: names the text columns.
        components: directions at most.
        word_ngrams: see `TextFeatures`.
        char_ngrams: see `TextFeatures`.
        outside: whether the length of what lies outside is the last column.
        seed: of the rows learnt from where they are many, and of the randomised SVD.
        spread: power of its singular value by which a direction is spread: 1 as it is, 0 for all alike.

    Source: Deerwester et al., "Indexing by latent semantic analysis", JASIS 1990.
    """

    def __init__(self, task: Task, components: int, word_ngrams: int = 1, char_ngrams: int = 0, outside: bool = True,
                 seed: int = 0, spread: float = 1.0) -> None:  # fmt: skip
        self.categories: list[bool] = []
        self.words = TextFeatures(task, word_ngrams, char_ngrams, max_features=50_000)
        self.components = components
        self.outside = outside
        self.seed = seed
        self.spread = spread
        self.axes = np.zeros((0, 0), np.float32)  # (n_components, n_words)
        self.sizes = np.ones(0)  # of the directions

    def fit(self, dataset: Dataset, rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
        """Learn words and directions; the numbers of the training rows."""
        weighed = self.words.fit(dataset, rows, truth, weight)
        words = (self.words.word_ngrams, self.words.char_ngrams)
        key = ("topics", self.components, *words, self.seed, *rows_key(dataset, rows))
        self.axes, self.sizes = remembered(key, lambda: self._directions(weighed))
        return self._on(weighed)

    def _directions(self, weighed: Any) -> tuple[np.ndarray, np.ndarray]:
        """Leading right singular vectors ``(n_components, n_words)``, and their singular values per row."""
        from sklearn.utils.extmath import randomized_svd

        if weighed.shape[0] > FIT_ROWS:
            random = np.random.default_rng(self.seed)
            weighed = weighed[np.sort(random.choice(weighed.shape[0], FIT_ROWS, replace=False))]
        size = max(min(self.components, min(weighed.shape) - 1), 1)
        _, sizes, axes = randomized_svd(weighed, size, random_state=self.seed)
        return axes.astype(np.float32), np.maximum(sizes, 1e-6 * max(sizes[0], 1e-12)) / np.sqrt(weighed.shape[0])

    def transform(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """The numbers of other rows, ``(n, n_components)`` or one more."""
        return self._on(self.words.transform(dataset, rows))

    def _on(self, weighed: Any) -> np.ndarray:
        inside = np.asarray(weighed @ self.axes.T, np.float64)
        if not self.outside:
            return inside * self.sizes ** (self.spread - 1.0)
        squares = np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel()
        return np.column_stack([inside, np.sqrt(np.maximum(squares - (inside**2).sum(axis=1), 0.0))])
