"""Several outputs as one: weighted means, and sets of rows one after another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from automl.records import Output

__all__ = ["combine", "joined", "mixed"]


def combine(outputs: Sequence[Output], weights: Sequence[float] | None = None) -> Output:
    """The weighted mean of several outputs of one kind; labels follow from the mean probabilities.

    Arrays that not all of them have are left out: a boosted forecast that was cut may lack quantiles.

    Args:
        outputs: of the same rows.
        weights: one each, any positive sum; None for equal ones.

    Returns:
        The first itself when there is one only.
    """
    if len(outputs) == 1:
        return outputs[0]
    first = outputs[0]
    shares = np.full(len(outputs), 1.0) if weights is None else np.asarray(weights, dtype="float64")
    shares = shares / shares.sum()
    arrays = {
        name: np.average([output.arrays[name] for output in outputs], axis=0, weights=shares).astype(array.dtype)
        for name, array in first.arrays.items()
        if name != "labels" and all(name in output.arrays for output in outputs)
    }
    if "labels" in first.arrays:
        votes = [output.arrays["labels"] for output in outputs]
        arrays["labels"] = _likeliest(arrays.get("probabilities"), votes, shares)
    return Output(first.kind, arrays)


def joined(outputs: Sequence[Output]) -> Output:
    """Predictions for several sets of rows as one, in this order."""
    if len(outputs) == 1:
        return outputs[0]
    arrays = {name: np.concatenate([output.arrays[name] for output in outputs]) for name in outputs[0].arrays}
    return Output(outputs[0].kind, arrays)


def _likeliest(probabilities: np.ndarray | None, votes: Sequence[np.ndarray], shares: np.ndarray) -> np.ndarray:
    """Labels from mean probabilities, or by weighted majority (the lower code in a draw) where there are none."""
    if probabilities is None:
        ballots = np.stack(votes)
        codes = np.arange(ballots.max(initial=0) + 1)
        counts = np.tensordot(shares, ballots[..., None] == codes, axes=1)  # (n, ..., n_classes)
        return np.asarray(counts.argmax(axis=-1), dtype=votes[0].dtype)
    if votes[0].ndim == 2:  # multilabel: each label on its own
        return (probabilities >= 0.5).astype(votes[0].dtype)
    return np.asarray(probabilities.argmax(axis=1), dtype=votes[0].dtype)


def mixed(deep: Output, shallow: Output, weight_of_deep: float) -> Output:
    """Both outputs averaged with this weight; labels follow the averaged probabilities."""
    arrays: dict[str, np.ndarray] = {}
    for name, array in deep.arrays.items():
        if name in shallow.arrays and name != "labels":
            arrays[name] = weight_of_deep * array + (1 - weight_of_deep) * shallow.arrays[name]
    if "labels" in deep.arrays:
        probabilities = arrays["probabilities"]
        multilabel = deep.arrays["labels"].ndim == 2
        arrays["labels"] = (probabilities >= 0.5).astype(np.int64) if multilabel else probabilities.argmax(axis=1)
    return Output(deep.kind, arrays)
