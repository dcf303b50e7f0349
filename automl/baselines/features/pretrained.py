"""Vectors that a backbone made of texts or pictures, standardised; with or without TF-IDF of the texts beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from automl.baselines.features.description import SPARSE, Description, matrix
from automl.baselines.features.words import TextFeatures
from automl.records import Dataset, Task

__all__ = ["PretrainedFeatures"]

VECTORS = {"vectors": "what the backbone makes of an item"}


class PretrainedFeatures:
    """Each number of a vector, less its mean, over its standard deviation; together they have unit length.

    Args:
        task: names the text columns.
        words: share of TF-IDF blocks beside the vectors; 0 for none.

    Source: Conneau & Kiela, "SentEval", LREC 2018 (linear models on frozen vectors).
    """

    def __init__(self, task: Task, words: float = 0.0) -> None:
        self.categories: list[bool] = []
        self.words = float(words)
        self.blocks = TextFeatures(task) if words else None
        self.mean: np.ndarray | None = None
        self.scale: np.ndarray | None = None

    def fit(self, dataset: Dataset, rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None) -> Any:
        """Learn means and scales, and which words there are."""
        vectors = _vectors(dataset, rows)
        self.mean, spread = vectors.mean(axis=0), vectors.std(axis=0)
        self.scale = np.maximum(spread, 1e-6) * np.float32(np.sqrt(vectors.shape[1]))
        return self._joined(vectors, None if self.blocks is None else self.blocks.fit(dataset, rows, truth, weight))

    def transform(self, dataset: Dataset, rows: np.ndarray) -> Any:
        """The matrix of other rows."""
        words = None if self.blocks is None else self.blocks.transform(dataset, rows)
        return self._joined(_vectors(dataset, rows), words)

    def describe(self) -> Description:
        """What an exported reader makes them of."""
        assert self.mean is not None
        settings: dict[str, Any] = {"mean": self.mean, "scale": self.scale, "share": self.words, "words": None}
        blocks = self.blocks
        if blocks is None:
            maker = "automl.baselines.features.plain.vectors:vector_features"
            return Description(maker, settings, VECTORS, parts=matrix(len(self.mean)))
        of_words = blocks.describe()
        return Description(
            "automl.baselines.features.plain.vectors:vectors_and_words", settings | {"words": of_words.settings},
            VECTORS, of_words.columns, SPARSE, len(self.mean) + int(of_words.n_columns or 0),
        )  # fmt: skip

    def made_up_words(self) -> dict[str, list[str]]:
        """As `TextFeatures.made_up_words`."""
        return {} if self.blocks is None else self.blocks.made_up_words()

    def sources(self, dataset: Dataset, rows: np.ndarray) -> dict[str, np.ndarray]:
        """The vectors of these rows."""
        return {"vectors": _vectors(dataset, rows)}

    def _joined(self, vectors: np.ndarray, words: Any) -> Any:
        assert self.mean is not None and self.scale is not None
        scaled = ((vectors - self.mean) / self.scale).astype(np.float64)
        return scaled if words is None else sparse.hstack([sparse.csr_matrix(scaled), words * self.words], format="csr")


def _vectors(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    assert dataset.vectors is not None
    vectors: np.ndarray = np.asarray(dataset.vectors[rows])
    return vectors
