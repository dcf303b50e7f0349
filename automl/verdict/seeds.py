"""Seeds redrawn for each replicate, and the predictions of their average."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from automl.goals.shared.outputs import means
from automl.records import Contestant, Output

__all__ = ["Draws", "draw", "mixed"]


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Seeds redrawn with replacement, once for each replicate.

    Attributes:
        multisets: ``(n_distinct, n_seeds)`` how often each seed was drawn, distinct rows.
        which: ``(n_replicates,)`` the multiset of each replicate.
    """

    multisets: np.ndarray
    which: np.ndarray


def draw(n_seeds: int, n_replicates: int, rng: np.random.Generator) -> Draws:
    """Redraw ``n_seeds`` seeds with replacement for each replicate; few draws are distinct (10 of 3 seeds)."""
    counts = rng.multinomial(n_seeds, np.full(n_seeds, 1.0 / n_seeds), size=n_replicates)
    multisets, which = np.unique(counts, axis=0, return_inverse=True)
    return Draws(multisets, np.asarray(which).reshape(-1))


def mixed(contestant: Contestant, shares: np.ndarray) -> Output:
    """Predictions of a weighted average of the seeds.

    Args:
        contestant: with its seeds' decided outputs.
        shares: ``(n_seeds,)`` weight of each seed; they sum to 1.

    Returns:
        The mean of probabilities, values and quantiles; labels by the rule that the finalist itself follows.
    """
    used = [(output, float(share)) for output, share in zip(contestant.per_seed, shares, strict=True) if share > 0]
    if len(used) == 1:
        return used[0][0]
    weights = [share for _, share in used]
    arrays = means([output for output, _ in used], weights)
    if "labels" in contestant.output.arrays:
        votes = [(np.asarray(output.arrays["labels"]), share) for output, share in used]
        arrays["labels"] = _labels(contestant.output, arrays.get("probabilities"), votes)
    if "masks" in contestant.output.arrays:
        arrays["masks"] = _masks(arrays["pixel_probabilities"], used)
    return Output(contestant.output.kind, arrays)


def _masks(p: np.ndarray, used: Sequence[tuple[Output, float]]) -> np.ndarray:
    """The class of each pixel that most seeds predict, each by the finalist's rule; in a tie the more probable one."""
    tally = 1e-6 * p
    for output, share in used:
        tally += share * (np.asarray(output.arrays["masks"])[..., None] == np.arange(p.shape[-1]))
    return np.asarray(tally.argmax(axis=-1), np.uint8)


def _labels(decided: Output, p: np.ndarray | None, votes: Sequence[tuple[np.ndarray, float]]) -> np.ndarray:
    """Labels of averaged probabilities: by the finalist's thresholds where its labels show them, else by vote."""
    labels = np.asarray(decided.arrays["labels"])
    known = decided.arrays.get("probabilities")
    if p is not None and known is not None:
        if labels.ndim == 2:
            cuts = [_threshold(known[:, k], labels[:, k]) for k in range(labels.shape[1])]
            if None not in cuts:
                return np.asarray(p >= np.asarray(cuts, np.float64), dtype=np.int64)
        elif known.shape[1] == 2:
            cut = _threshold(known[:, 1], labels)
            if cut is not None:
                return np.asarray(p[:, 1] >= cut, dtype=np.int64)
        elif (known.argmax(axis=1) == labels).all():
            return np.asarray(p.argmax(axis=1), dtype=np.int64)
    return _vote(p, votes)


def _threshold(p: np.ndarray, labels: np.ndarray) -> float | None:
    """The threshold from which on labels are 1, as near to one half as they allow; None where there is none."""
    highest_no = float(p[labels == 0].max(initial=0.0))
    lowest_yes = float(p[labels == 1].min(initial=1.0))
    if highest_no > lowest_yes or (highest_no == lowest_yes and 0.0 < highest_no < 1.0):
        return None
    return float(np.clip(0.5, np.nextafter(highest_no, 2.0), lowest_yes)) if highest_no < lowest_yes else 0.5


def _vote(p: np.ndarray | None, votes: Sequence[tuple[np.ndarray, float]]) -> np.ndarray:
    """The label that most seeds predict; in a tie the more probable one."""
    first = votes[0][0]
    if first.ndim == 2:
        for_it = np.average([labels for labels, _ in votes], axis=0, weights=[share for _, share in votes])
        return np.asarray(for_it >= 0.5, dtype=np.int64)
    n_classes = max(int(labels.max(initial=0)) for labels, _ in votes) + 1
    n_classes = n_classes if p is None else max(n_classes, p.shape[1])
    tally = np.zeros((len(first), n_classes))
    for labels, share in votes:
        tally[np.arange(len(first)), labels] += share
    if p is not None:
        tally[:, : p.shape[1]] += 1e-6 * p
    return np.asarray(tally.argmax(axis=1), dtype=np.int64)
