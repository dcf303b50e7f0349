"""Self-training: a model learns from rows without a label by what it predicts for them surely."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from automl.records import Dataset, FitContext

    Fit = Callable[[Any, Dataset, np.ndarray, np.ndarray, np.ndarray | None, FitContext], None]
    """Fits a model on rows with their truth and weights."""

__all__ = ["MOST_ADDED", "joined", "sample_of", "self_trained"]

SHARES = (0.3, 0.5)
"""Of the rows predicted to be of a class, the surest ones that each round adds."""
MOST_LOOKED, MOST_ADDED = 8_000, 2_500
WEIGHT = 0.3
"""Of a row with a predicted label, where one with its own has 1."""


def self_trained(
    fit: Fit,
    model: Any,
    dataset: Dataset,
    rows: np.ndarray,
    truth: np.ndarray,
    weight: np.ndarray | None,
    context: FitContext,
    seed: int = 0,
) -> Any:
    """A model fitted on labelled rows, then anew on them and the surest predicted rows, in as many rounds as `SHARES`.

    Of each predicted class the same share is added, so that frequent classes do not crowd out others.

    Args:
        fit: fits a model.
        model: not fitted; copies of it are.
        dataset: whose `unlabelled` rows are there.
        rows: the labelled rows to learn from.
        truth: codes of their classes ``(n,)``.
        weight: ``(n,)`` or None.
        context: of the fit.
        seed: of the rows that are looked at where there are many.

    Raises:
        OutOfTime: the first fit did not end in time. Later ones that do not are left out.

    Source: Yarowsky, ACL 1995, algorithm of section 4; as in scikit-learn's `SelfTrainingClassifier`.
    """
    from automl.errors import OutOfTime

    unlabelled = dataset.unlabelled
    assert unlabelled is not None
    looked_at = sample_of(unlabelled.n_rows, MOST_LOOKED, seed)
    fitted = copy.deepcopy(model)
    fit(fitted, dataset, rows, truth, weight, context)
    own = np.ones(len(rows)) if weight is None else weight
    for share in SHARES:
        probabilities = fitted.predict(unlabelled, looked_at).arrays["probabilities"]
        sure = _surest(probabilities, share, seed)
        both = joined(dataset, unlabelled, looked_at[sure])
        items = np.concatenate([rows, dataset.n_rows + np.arange(len(sure))])
        codes = np.concatenate([truth, probabilities[sure].argmax(axis=1)])
        weights = np.concatenate([own, np.full(len(sure), WEIGHT * float(own.mean()))])
        student = copy.deepcopy(model)
        try:
            fit(student, both, items, codes, weights, context)
        except OutOfTime:
            break
        if getattr(student, "stopped", ""):
            break
        fitted = student
    return fitted


def sample_of(n: int, most: int, seed: int) -> np.ndarray:
    """Numbers of at most so many of n rows, sorted."""
    return np.arange(n) if n <= most else np.sort(np.random.default_rng(seed).choice(n, most, replace=False))


def _surest(probabilities: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Numbers of the surest rows of each predicted class, at most `MOST_ADDED` of them in all."""
    predicted, sureness = probabilities.argmax(axis=1), probabilities.max(axis=1)
    chosen = []
    for code in np.unique(predicted):
        own = np.flatnonzero(predicted == code)
        chosen.append(own[np.argsort(-sureness[own], kind="stable")][: max(1, round(share * len(own)))])
    found = np.sort(np.concatenate(chosen))
    return np.asarray(found[sample_of(len(found), MOST_ADDED, seed)])


def joined(dataset: Dataset, more: Dataset, rows: np.ndarray) -> Dataset:
    """Inputs of all rows of a dataset, followed by some rows of another one; without targets."""
    inputs: Any
    if isinstance(dataset.inputs, pd.DataFrame):
        columns = list(dataset.inputs.columns)
        inputs = pd.concat([dataset.inputs, more.inputs.iloc[rows].reindex(columns=columns)], ignore_index=True)
    else:
        inputs = np.concatenate([np.asarray(dataset.inputs), np.asarray(more.inputs)[rows]])
    pictures = {name: np.concatenate([images, more.pictures[name][rows]]) for name, images in dataset.pictures.items()}
    vectors = None
    if dataset.vectors is not None and more.vectors is not None:
        vectors = np.concatenate([np.asarray(dataset.vectors), np.asarray(more.vectors)[rows]])
    return dataclasses.replace(
        dataset, inputs=inputs, pictures=pictures, vectors=vectors, target=None, observed=None, groups=None,
        fingerprint=_named(dataset, rows), times=None, series=None, weight=None, given=None, row_numbers=None,
        aside=None, unlabelled=None,
    )  # fmt: skip


def _named(dataset: Dataset, rows: np.ndarray) -> str:
    """A fingerprint of its own, since features are remembered by it (`automl.baselines.model.rows_key`)."""
    digest = hashlib.blake2b(dataset.fingerprint.encode(), digest_size=16)
    digest.update(np.ascontiguousarray(rows, np.int64).tobytes())
    return digest.hexdigest()
