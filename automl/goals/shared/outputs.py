"""Several outputs as one: weighted means, and sets of rows one after another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from automl.records import Output

__all__ = ["combine", "joined", "means", "taken"]


def combine(outputs: Sequence[Output], weights: Sequence[float] | None = None) -> Output:
    """The weighted mean of several outputs of one kind; labels and masks follow from the mean probabilities.

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
    arrays = {name: mean.astype(first.arrays[name].dtype) for name, mean in means(outputs, shares).items()}
    if "labels" in first.arrays:
        votes = [output.arrays["labels"] for output in outputs]
        arrays["labels"] = _likeliest(arrays.get("probabilities"), votes, shares)
    if "masks" in first.arrays:
        codes = arrays["pixel_probabilities"].argmax(axis=-1)
        arrays["masks"] = codes.astype(first.arrays["masks"].dtype)
    return Output(first.kind, arrays)


def means(outputs: Sequence[Output], weights: Sequence[float] | np.ndarray) -> dict[str, np.ndarray]:
    """The weighted means, float64, of all arrays but labels and masks that every output has."""
    return {
        name: np.average([np.asarray(output.arrays[name], np.float64) for output in outputs], axis=0, weights=weights)
        for name in outputs[0].arrays
        if name not in ("labels", "masks") and all(name in output.arrays for output in outputs)
    }


def joined(outputs: Sequence[Output]) -> Output:
    """Predictions for several sets of rows as one, in this order."""
    if len(outputs) == 1:
        return outputs[0]
    arrays = {name: np.concatenate([output.arrays[name] for output in outputs]) for name in outputs[0].arrays}
    return Output(outputs[0].kind, arrays)


def taken(output: Output, items: np.ndarray) -> Output:
    """The predictions of some of the rows, by their positions."""
    return Output(output.kind, {name: array[items] for name, array in output.arrays.items()})


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
