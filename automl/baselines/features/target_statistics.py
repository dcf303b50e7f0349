"""What the words of a column tell of the target, as a ridge on them says it, out of fold for training rows.

Source: see `automl.target_encoding.ridge`; out of fold as in scikit-learn's TargetEncoder.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from automl.baselines.features.levels import FEW_ROWS, by_cell, evenly, find
from automl.target_encoding.ridge import coded, crossfit, tokens, unit_rows, vocabulary, weighed
from automl.target_encoding.value_spikes import value_spikes, words_of

__all__ = ["fit_levels", "fit_target_statistics", "told_by"]

MAX_TOKENS = 20_000
MAX_CLUE_ROWS = 30_000
CHUNK_ROWS = 50_000
N_FOLDS = 5


def fit_target_statistics(cells: list[str], goals: np.ndarray, seed: int) -> tuple[np.ndarray, dict[str, Any]]:
    """What the words of training rows tell, ``(n, n_goals)``, each row without its fold; and what new rows need."""
    sample = evenly(len(cells), MAX_CLUE_ROWS)
    documents = [tokens(cells[i]) for i in sample]
    words = np.array(sorted(map(_bytes, vocabulary(documents, MAX_TOKENS))), dtype=np.bytes_)
    indices, ends = coded(documents, _codes(words))
    idf = np.log((1 + len(sample)) / (1 + np.bincount(indices, minlength=len(words)))) + 1.0
    folds = np.random.default_rng(seed).integers(0, N_FOLDS, len(sample))
    found = crossfit(unit_rows(indices, ends, idf), goals[sample], folds, N_FOLDS)
    target_statistics = {"words": words, "idf": idf, "coef": found.coef[-1], "intercept": found.intercept[-1]}
    if len(sample) == len(cells):
        return found.predicted, target_statistics
    told = by_cell(cells, functools.partial(told_by, target_statistics))  # of rows that no fold was fitted on
    told[sample] = found.predicted
    return told, target_statistics


def fit_levels(
    numbers: np.ndarray, goals: np.ndarray, seed: int
) -> tuple[np.ndarray | None, np.ndarray | None, dict[str, Any] | None]:
    """The values of a numeric column that come back (`automl.target_encoding.value_spikes`), and what they tell.

    As for `fit_target_statistics`.

    Args:
        numbers: ``(n,)`` float64 of training rows.
        goals: ``(n, n_goals)``.

    Returns:
        Three times None where they tell no more than their neighbours.
    """
    sample = evenly(len(numbers), MAX_CLUE_ROWS)
    folds = np.random.default_rng(seed).integers(0, N_FOLDS, len(sample))
    known = value_spikes(numbers[sample], goals[sample], folds)
    return (
        (None, None, None) if known is None else (known, *fit_target_statistics(words_of(numbers, known), goals, seed))
    )


def _rows_of(target_statistics: Mapping[str, Any], documents: list[list[str]]) -> Any:
    """TF-IDF rows; words of a few rows are looked up by halving, since a table of all words would take longer."""
    if len(documents) > FEW_ROWS:
        return weighed(documents, _codes(target_statistics["words"]), target_statistics["idf"])
    found = find(
        target_statistics["words"],
        np.array([_bytes(word) for document in documents for word in document], np.bytes_),
    )
    owner = np.repeat(np.arange(len(documents)), [len(document) for document in documents])[found >= 0]
    ends = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(documents)))])
    return unit_rows(found[found >= 0].astype(np.int32), ends.astype(np.int32), target_statistics["idf"])


def _codes(words: np.ndarray) -> dict[str, int]:
    """The place of each stored word."""
    return {word.decode("utf-8", "surrogatepass"): code for code, word in enumerate(words.tolist())}


def _bytes(word: str) -> bytes:
    """A word as NumPy stores it in the least space."""
    return word.encode("utf-8", "surrogatepass").rstrip(b"\0")


def told_by(target_statistics: Mapping[str, Any], cells: list[str]) -> np.ndarray:
    """What the words of new rows tell, ``(n, n_goals)``."""
    told = [
        np.asarray(
            _rows_of(target_statistics, list(map(tokens, cells[i : i + CHUNK_ROWS]))) @ target_statistics["coef"]
            + target_statistics["intercept"]
        )
        for i in range(0, max(len(cells), 1), CHUNK_ROWS)
    ]
    return told[0] if len(told) == 1 else np.concatenate(told)
