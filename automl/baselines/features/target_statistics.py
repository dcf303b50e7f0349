"""What the words of a column tell of the target, as a ridge on them says it, out of fold for training rows.

Source: see `automl.target_encoding.ridge`; out of fold as in scikit-learn's TargetEncoder.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from automl import goals
from automl.baselines.features.levels import FEW_ROWS, by_cell, evenly, find
from automl.baselines.features.rounding import rounded, size_of
from automl.goals.shared.target_transform import transform_for
from automl.records import GoalName
from automl.target_encoding.ridge import (
    MAX_FIT_ROWS,
    MAX_TOKENS,
    crossfit_words,
    target_columns,
    tokens,
    unit_rows,
    vocabulary,
    weighed,
)
from automl.target_encoding.value_spikes import value_spikes, words_of

__all__ = ["come_back", "fit_levels", "fit_target_statistics", "targets_of", "told_by"]

CHUNK_ROWS = 50_000
N_FOLDS = 5
"""New rows are told by the ridge on all rows; networks, which keep the ridge without each fold, have more of them."""


def fit_target_statistics(cells: list[str], targets: np.ndarray, seed: int) -> tuple[np.ndarray, dict[str, Any]]:
    """What the words of training rows tell, ``(n, n_targets)``, each row without its fold; and what new rows need."""
    sample = evenly(len(cells), MAX_FIT_ROWS)
    documents = [tokens(cells[i]) for i in sample]
    words = np.array(sorted(map(_bytes, vocabulary(documents, MAX_TOKENS))), dtype=np.bytes_)
    idf, fitted = crossfit_words(documents, list(_codes(words)), targets[sample], _folds(len(sample), seed), N_FOLDS)
    target_statistics = {"words": words, "idf": idf, "coef": fitted.coef[-1], "intercept": fitted.intercept[-1]}
    if len(sample) == len(cells):
        return rounded(fitted.predicted, _size(target_statistics)), target_statistics
    predicted = by_cell(cells, functools.partial(told_by, target_statistics))  # of rows that no fold was fitted on
    predicted[sample] = rounded(fitted.predicted, _size(target_statistics))
    return predicted, target_statistics


def fit_levels(
    numbers: np.ndarray, targets: np.ndarray, seed: int
) -> tuple[np.ndarray | None, np.ndarray | None, dict[str, Any] | None]:
    """The values of a numeric column that come back (`automl.target_encoding.value_spikes`), and what they tell.

    As for `fit_target_statistics`.

    Args:
        numbers: ``(n,)`` float64 of training rows.
        targets: ``(n, n_targets)``.

    Returns:
        Three times None where they tell no more than their neighbours.
    """
    known = come_back(numbers, targets, seed)
    if known is None:
        return None, None, None
    return known, *fit_target_statistics(words_of(numbers, known), targets, seed)


def come_back(numbers: np.ndarray, targets: np.ndarray, seed: int) -> np.ndarray | None:
    """The values of a numeric column that come back, ascending; None where they tell no more than their neighbours.

    Args:
        numbers: ``(n,)`` float64 of training rows.
        targets: ``(n, n_targets)``.
        seed: of the folds.
    """
    sample = evenly(len(numbers), MAX_FIT_ROWS)
    return value_spikes(numbers[sample], targets[sample], _folds(len(sample), seed))


def targets_of(goal_name: GoalName, n_classes: int, truth: np.ndarray) -> np.ndarray:
    """The target as a few numeric columns ``(n, n_targets)``, without strong skew.

    Args:
        goal_name: of the task.
        n_classes: classes, or labels.
        truth: ``(n,)`` codes, ``(n, n_labels)``, or values without NaN.
    """
    goal = goals.named(goal_name)
    if goal.is_numeric:
        columns = truth.reshape(len(truth), -1).T
        truth = np.stack([transform_for(column).forward(column) for column in columns.astype(np.float64)], axis=1)
    return target_columns(truth, n_classes if goal.is_one_class else 0)


def _folds(n_rows: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, N_FOLDS, n_rows)


def _rows_of(target_statistics: Mapping[str, Any], documents: list[list[str]]) -> Any:
    """TF-IDF rows; words of a few rows are looked up by halving, since a table of all words would take longer."""
    if len(documents) > FEW_ROWS:
        return weighed(documents, _codes(target_statistics["words"]), target_statistics["idf"])
    words = np.array([_bytes(word) for document in documents for word in document], np.bytes_)
    codes = find(target_statistics["words"], words)
    owner = np.repeat(np.arange(len(documents)), [len(document) for document in documents])[codes >= 0]
    ends = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(documents)))])
    return unit_rows(codes[codes >= 0].astype(np.int32), ends.astype(np.int32), target_statistics["idf"])


def _codes(words: np.ndarray) -> dict[str, int]:
    """The place of each stored word."""
    return {word.decode("utf-8", "surrogatepass"): code for code, word in enumerate(words.tolist())}


def _bytes(word: str) -> bytes:
    """A word as NumPy stores it in the least space."""
    return word.encode("utf-8", "surrogatepass").rstrip(b"\0")


def told_by(target_statistics: Mapping[str, Any], cells: list[str]) -> np.ndarray:
    """What the words of new rows tell, ``(n, n_targets)``."""
    coef, intercept = target_statistics["coef"], target_statistics["intercept"]
    parts = [
        np.asarray(_rows_of(target_statistics, list(map(tokens, cells[i : i + CHUNK_ROWS]))) @ coef + intercept)
        for i in range(0, max(len(cells), 1), CHUNK_ROWS)
    ]
    return rounded(parts[0] if len(parts) == 1 else np.concatenate(parts), _size(target_statistics))


def _size(target_statistics: Mapping[str, Any]) -> float:
    return size_of(np.asarray(target_statistics["coef"]), np.asarray(target_statistics["intercept"]))
