"""What is said where no label tells right from wrong: nothing is decided; how far both sides agree, and how stable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from automl.records import Comparison, Contestant, Split, Task
from automl.system.counts import counted

__all__ = [
    "MOST_COMPARED", "N_NEAR", "Agreement", "agreement", "alignment", "neighbour_overlap", "unlabelled",
]  # fmt: skip

TOP_SHARE = 0.05
LEAST_TOP = 5
N_NEAR, MOST_COMPARED = 10, 2_000
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Agreement:
    """How alike two rankings of the same items are.

    Attributes:
        correlation: Spearman's, of their scores.
        n_top: items that each one finds the most unusual.
        shared: share of these that both have.
    """

    correlation: float
    n_top: int
    shared: float


def agreement(one: np.ndarray, other: np.ndarray) -> Agreement:
    """How alike the scores ``(n,)`` of two models are.

    Source: Spearman, "The proof and measurement of association between two things", 1904 (ranks; ties share theirs).
    """
    from scipy.stats import rankdata

    a, b = rankdata(one), rankdata(other)
    spread = float(a.std() * b.std())
    correlation = float(((a - a.mean()) * (b - b.mean())).mean() / spread) if spread > 0 else 0.0
    n_top = min(len(one), max(LEAST_TOP, round(TOP_SHARE * len(one))))
    top = set(np.argsort(-one, kind="stable")[:n_top]) & set(np.argsort(-other, kind="stable")[:n_top])
    return Agreement(correlation, n_top, len(top) / max(n_top, 1))


def neighbour_overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Share of each row's nearest rows that two representations ``(n, dims)`` have in common, on average."""
    n = min(len(one), MOST_COMPARED)
    near = []
    for vectors in (one[:n], other[:n]):
        squares = (vectors**2).sum(axis=1)
        apart = squares[:, None] + squares[None] - 2.0 * vectors @ vectors.T
        np.fill_diagonal(apart, np.inf)
        near.append(np.argsort(apart, axis=1, kind="stable")[:, : min(N_NEAR, n - 1)])
    shared = [len(set(a) & set(b)) / max(len(a), 1) for a, b in zip(*near, strict=True)]
    return float(np.mean(shared)) if shared else 0.0


def alignment(one: np.ndarray, other: np.ndarray) -> float:
    """How alike two representations ``(n, dims)`` are, whatever their rotation and scale: 0 to 1.

    Linear centred kernel alignment, ``|Yᵀ X|² / (|Xᵀ X| |Yᵀ Y|)`` of centred vectors, in Frobenius norms.

    Args:
        one: vectors of some rows.
        other: other vectors of the same rows, of any length.

    Source: Kornblith et al., "Similarity of Neural Network Representations Revisited", ICML 2019, equation 4.
    """
    a, b = one - one.mean(axis=0), other - other.mean(axis=0)
    size = float(np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b))
    return float(np.linalg.norm(b.T @ a) ** 2) / size if size > 0 else 0.0


def unlabelled(
    task: Task, split: Split, truth: np.ndarray, deep: Contestant | None, shallow: Contestant | None, floor: Contestant
) -> Comparison:
    """No verdict; the shallow finalist is recommended, since it is the simpler one.

    Args:
        task: without a label, or with one that has a single value among the test items.
        split: its test items were scored.
        truth: of the test items.
        deep: finalist of the deep side, or None.
        shallow: finalist of the shallow side, or None.
        floor: recommended where neither side has a model.
    """
    known = [one for one in (shallow, deep) if one is not None]
    recommended = known[0].run if known else floor.run
    both = _agreement_sentence(deep, shallow) if len(known) == 2 else "Only one side finished a model."
    said = (_why(task, truth), *((both,) if both else ()))
    notes = [sentence for one in known if (sentence := _stability_sentence(one))]
    if not task.target:
        notes.append(
            "Fixed settings were used on both sides: without labels no score chooses between settings. To get a "
            "verdict, name a column that marks some rows (label), even if only a few hundred rows have a value."
        )
    return Comparison(
        verdict=None, reason="no_label", recommended=recommended, gain=None, interval=None, level=LEVEL,
        least_gain=None, n_units=len(np.unique(split.unit_ids)),
        seeds=min((max(1, len(one.per_seed)) for one in known), default=0), sentences=said, notes=tuple(notes),
        why="The shallow model is the simpler one, and nothing shows that the network is better." if known else "",
    )  # fmt: skip


def _why(task: Task, truth: np.ndarray) -> str:
    """Why nothing is decided."""
    if not task.target:
        return "No verdict without labels: nothing tells which side is right, so neither is called better."
    only = task.classes[int(truth[0])] if len(truth) and task.classes else ""
    return (
        f"No verdict: all {counted(len(truth), 'test row')} are {only!r} by label {task.target[0]!r}, so nothing tells "
        "which side is right. Test on rows of both kinds."
    )


def _agreement_sentence(deep: Contestant | None, shallow: Contestant | None) -> str:
    assert deep is not None and shallow is not None
    if "vectors" in deep.output.arrays and "vectors" in shallow.output.arrays:
        share = neighbour_overlap(deep.output.arrays["vectors"], shallow.output.arrays["vectors"])
        return f"Of a test row's {N_NEAR} nearest test rows both sides share {100 * share:.0f} % on average."
    if "scores" not in deep.output.arrays or "scores" not in shallow.output.arrays:  # probes on representations
        return ""
    found = agreement(deep.output.arrays["scores"], shallow.output.arrays["scores"])
    return (
        f"Of the {counted(found.n_top, 'most unusual test row')} of each side {100 * found.shared:.0f} % are the "
        f"same; ranked by both, all rows have the correlation {found.correlation:.2f}."
    )


def _stability_sentence(one: Contestant) -> str:
    """How alike the seeds of a finalist are."""
    seeds: Sequence[np.ndarray] = [o.arrays["scores"] for o in one.per_seed if "scores" in o.arrays]
    if len(seeds) < 2:
        return ""
    pairs = [agreement(a, b) for i, a in enumerate(seeds) for b in seeds[i + 1 :]]
    shared = float(np.mean([pair.shared for pair in pairs]))
    return (
        f"Two seeds of the {one.side} model share {100 * shared:.0f} % of their {pairs[0].n_top} most unusual test "
        f"rows (mean over {counted(len(seeds), 'seed')})."
    )
