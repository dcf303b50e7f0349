"""TF-IDF of words and of characters inside words, hashed: no vocabulary is stored, bundles stay small and private."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from automl.baselines.features.description import SPARSE, Description
from automl.baselines.features.plain.words import buckets_of
from automl.baselines.model import remembered, rows_key
from automl.errors import DataError
from automl.modalities.shared.ngrams import BUCKETS, character_counts, word_counts
from automl.records import FILE_KINDS, MIN_LEVEL_ROWS, Dataset, Task

__all__ = ["TextFeatures"]

LETTERS = np.array([*"etaoinshrdlu"])
MADE_UP, MOST_WORDS = 40_000, 2_000


class TextFeatures:
    """Text columns as sparse TF-IDF rows, each block of unit length.

    Args:
        task: names the text columns.
        word_ngrams: largest n-gram (0 for none; characters from 2).
        char_ngrams: largest n-gram (0 for none; characters from 2).
        separate: one block a column, or all columns joined.
        max_features: columns kept a block, commonest first.
        min_rows: training rows that a feature must occur in, `MIN_LEVEL_ROWS` at least: whether a bucket is kept would
            tell whether a word was there.

    Source: hashing, Weinberger et al. 2009; sublinear TF-IDF, Manning, Raghavan & Schütze 2008, section 6.4.
    """

    def __init__(self, task: Task, word_ngrams: int = 2, char_ngrams: int = 5, separate: bool = False,
                 max_features: int = 200_000, min_rows: int = MIN_LEVEL_ROWS) -> None:  # fmt: skip
        self.columns = [c.name for c in task.columns if c.kind not in ("identifier", "constant", *FILE_KINDS)]
        self.categories: list[bool] = []
        self.word_ngrams = word_ngrams
        self.char_ngrams = char_ngrams
        self.separate = separate
        self.max_features = max_features
        self.min_rows = min_rows
        self.kept: list[np.ndarray] = []
        self.idf: list[np.ndarray] = []

    def made_up_words(self) -> dict[str, list[str]]:
        """By column, words that are made of random letters and fall into buckets that are read; no word is stored.

        So an export can be checked on texts that tell something.
        """
        random = np.random.default_rng(0)
        lengths = random.integers(1, 8, MADE_UP)
        words = ["".join(LETTERS[random.integers(0, len(LETTERS), length)]) for length in lengths]
        if self.word_ngrams and len(self.kept[0]):
            is_read = np.isin(buckets_of(words), self.kept[0])
            read = [word for word, one in zip(words, is_read, strict=True) if one]
            words = read * (MOST_WORDS // max(2 * len(read), 1)) + words  # about half of the words are read
        return dict.fromkeys(self.columns, words[:MOST_WORDS])

    def _counts(self, dataset: Dataset, rows: np.ndarray) -> list[Any]:
        frame = dataset.inputs.iloc[rows]
        columns = [[str(v) if v is not None and v == v else "" for v in frame[c]] for c in self.columns]
        texts = columns if self.separate else [["\n".join(cells) for cells in zip(*columns, strict=True)]]
        if not self.columns:
            texts = [[""] * len(rows)]
        blocks = []
        for text in texts:
            blocks += [word_counts(text, self.word_ngrams)] if self.word_ngrams else []
            blocks += [character_counts(text, self.char_ngrams)] if self.char_ngrams else []
        return blocks

    def _remembered(self, dataset: Dataset, rows: np.ndarray) -> list[Any]:
        key = ("tokens", self.word_ngrams, self.char_ngrams, self.separate, *rows_key(dataset, rows))
        return list(remembered(key, lambda: tuple(self._counts(dataset, rows))))

    def fit(self, dataset: Dataset, rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None) -> Any:
        """Choose the features and weigh them by rarity."""
        self.kept, self.idf = [], []
        counts = self._remembered(dataset, rows)
        for block in counts:
            seen = np.bincount(block.indices, minlength=BUCKETS)
            kept = np.flatnonzero(seen >= max(self.min_rows, MIN_LEVEL_ROWS))
            if len(kept) > self.max_features:
                kept = np.sort(kept[np.argsort(-seen[kept], kind="stable")[: self.max_features]])
            self.kept.append(kept.astype(np.int64))
            self.idf.append((np.log((1 + len(rows)) / (1 + seen[kept])) + 1).astype(np.float32))
        return self._weigh(counts)

    def transform(self, dataset: Dataset, rows: np.ndarray) -> Any:
        """TF-IDF of other rows."""
        return self._weigh(self._counts(dataset, rows))

    def describe(self) -> Description:
        """What an exported reader makes them of."""
        if not self.columns:
            raise DataError("a shallow model without a column of texts has no export")
        settings = {
            "columns": list(self.columns), "separate": self.separate, "word_ngrams": self.word_ngrams,
            "char_ngrams": self.char_ngrams, "kept": [one.astype(np.int32) for one in self.kept], "idf": self.idf,
        }  # fmt: skip
        n_columns = sum(map(len, self.kept)) or 1
        maker = "automl.baselines.features.plain.words:text_features"
        return Description(maker, settings, {}, tuple(self.columns), SPARSE, n_columns)

    def sources(self, dataset: Dataset, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Nothing: a caller gives the cells."""
        return {}

    def _weigh(self, counts: list[Any]) -> Any:
        blocks = []
        for block, kept, idf in zip(counts, self.kept, self.idf, strict=True):
            if not len(kept):
                continue
            at = np.minimum(np.searchsorted(kept, block.indices), len(kept) - 1)
            known = kept[at] == block.indices
            row = np.repeat(np.arange(block.shape[0]), np.diff(block.indptr))[known]
            values = (1 + np.log(block.data[known])) * idf[at[known]]
            length = np.sqrt(np.bincount(row, weights=values.astype(np.float64) ** 2, minlength=block.shape[0]))
            values = values / np.maximum(length, 1e-12)[row]
            shape = (block.shape[0], len(kept))
            blocks.append(sparse.csr_matrix((values.astype(np.float64), (row, at[known])), shape=shape))
        if not blocks:
            return sparse.csr_matrix(np.ones((counts[0].shape[0], 1)))
        return sparse.hstack(blocks, format="csr")
