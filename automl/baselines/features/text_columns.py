"""A table's column of texts as a projection of its trigrams."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from automl.baselines.features.levels import cells_of, evenly
from automl.baselines.features.trigrams import Trigrams
from automl.baselines.model import remembered, rows_key
from automl.records import Dataset

__all__ = ["apply_text", "fit_text"]

MAX_TEXT_ROWS = 30_000
"""Trigrams and their projection are learnt from so many rows, evenly taken: their cost would rule that of all else."""
MOST_TEXT_ROWS = 200_000
"""Beyond, texts are read by their words alone: the trigrams of 640,000 texts take a minute for each column."""
CHUNK_ROWS = 50_000


def fit_text(
    dataset: Dataset, rows: np.ndarray, column: pd.Series, name: str, n_dimensions: int
) -> tuple[dict[str, Any], np.ndarray]:
    """The projection of the training rows' texts, and what `apply_text` needs; no numbers for too few or too many.

    Args:
        dataset: that the rows are of.
        rows: training rows ``(n,)``.
        column: their texts.
        name: of the column.
        n_dimensions: of the projection, 0 for none.
    """

    def compute() -> tuple[np.ndarray, Any]:
        if len(column) > MOST_TEXT_ROWS or not n_dimensions:
            return np.zeros((len(column), 0)), None
        clean = pd.Series(cells_of(column), name="text")
        if clean.nunique() < 3:
            return np.zeros((len(clean), 0)), None
        sample = evenly(len(clean), MAX_TEXT_ROWS)
        # Trigrams alone: longer ones make the stored vocabulary and projection five times as large.
        encoder = Trigrams(min(n_dimensions, max(len(clean) - 1, 1)))
        found = encoder.fit_transform(clean.iloc[sample])
        return (found if len(sample) == len(clean) else _projected(encoder, clean)), encoder

    key = ("text", name, n_dimensions, *rows_key(dataset, rows))
    block, encoder = remembered(key, compute)
    return {"kind": "text", "encoder": encoder, "name": name}, block


def apply_text(encoder: Any, column: pd.Series | np.ndarray) -> np.ndarray:
    """The projection of other texts."""
    if encoder is None:
        return np.zeros((len(column), 0))
    return _projected(encoder, pd.Series(cells_of(column), name="text"))


def _projected(encoder: Any, texts: pd.Series) -> np.ndarray:
    """What a fitted encoder makes of texts, some thousands at a time: trigrams of all at once would fill gigabytes."""
    parts = [
        np.asarray(encoder.transform(texts.iloc[begin : begin + CHUNK_ROWS]), dtype=np.float64)
        for begin in range(0, max(len(texts), 1), CHUNK_ROWS)
    ]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
