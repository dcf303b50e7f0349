"""Texts as a few numbers: TF-IDF of character trigrams that several rows share, projected by a truncated SVD.

As skrub's `StringEncoder` with its defaults, but for two things: a trigram needs `MIN_LEVEL_ROWS` training rows (that
encoder has no such setting, and stores every trigram of every cell), and texts may be given some thousands at a time.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from automl.baselines.features.rounding import rounded
from automl.records import MIN_LEVEL_ROWS

__all__ = ["Trigrams"]


class Trigrams:
    """TF-IDF of trigrams inside words, then their leading directions, all divided by one total standard deviation.

    Args:
        components: directions at most.
        seed: of the randomised SVD.

    Source: Deerwester et al., "Indexing by latent semantic analysis", JASIS 1990; `skrub.StringEncoder`.
    """

    def __init__(self, components: int, seed: int = 0) -> None:
        self.components = components
        self.seed = seed
        self.vectorizer: Any = None
        self.projection: Any = None
        self.scale = 1.0
        self.is_exact = True
        """Projected in float64 and rounded; models of before lack it."""

    def fit_transform(self, texts: Collection[str]) -> np.ndarray:
        """Learn from training texts; their numbers ``(n, at most components)``, none where no trigram comes back."""
        vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3), min_df=MIN_LEVEL_ROWS)
        try:
            weighed = vectorizer.fit_transform(texts)
        except ValueError:  # how scikit-learn says that no trigram has so many rows
            return np.zeros((len(texts), 0))
        self.vectorizer = vectorizer
        if min(weighed.shape) > self.components:
            self.projection = TruncatedSVD(self.components, random_state=self.seed).fit(weighed.astype(np.float32))
        found = self._directed(weighed)
        spread = float(np.sqrt(found.var(axis=0).sum()))
        self.scale = spread if spread > 10 * np.finfo(np.float32).eps else 1.0
        return rounded(found / self.scale, 1.0)

    def transform(self, texts: Collection[str]) -> np.ndarray:
        """The numbers of other texts, of the same width."""
        if self.vectorizer is None:
            return np.zeros((len(texts), 0))
        weighed = self.vectorizer.transform(texts)
        if not getattr(self, "is_exact", False):  # what they make of directions without texts is noise of float32
            weighed = weighed.astype(np.float32)
            found = self._first(weighed) if self.projection is None else self.projection.transform(weighed)
            return np.asarray(found / self.scale, np.float64)
        return rounded(self._directed(weighed) / self.scale, 1.0)

    def _directed(self, weighed: Any) -> np.ndarray:
        """Weights ``(n, n_trigrams)`` float64 on the directions."""
        if self.projection is None:
            return self._first(weighed)
        return np.asarray(weighed @ np.asarray(self.projection.components_, np.float64).T)

    def _first(self, weighed: Any) -> np.ndarray:
        return np.asarray(weighed[:, : self.components].toarray())
