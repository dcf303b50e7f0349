"""Scores representations: probes learn classes from the vectors of a few labelled rows, and predict the test rows.

The labelled rows are drawn several times, the same for both sides. What differs between draws takes the place of what
differs between seeds in the interval. No representation sees a label: probes are fitted after both sides are finished.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl import goals, metrics
from automl.metrics.probe import LABELS_A_CLASS, N_LABELS, reads_standardised
from automl.records import Output

if TYPE_CHECKING:
    from automl.records import Dataset, Split, Task

__all__ = [
    "FLOOR_DRAWS", "N_DRAWS", "Probe", "ProbedPredictor", "Probing", "drawn_rows", "fit_probe", "n_labels",
    "seconds_to_probe",
]  # fmt: skip

N_DRAWS, FLOOR_DRAWS = 20, 5
PENALTIES = (0.01, 0.1, 1.0)
N_FOLDS = 3
ROUNDS, TOLERANCE = 60, 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """A fitted linear model on vectors.

    Attributes:
        middle: subtracted from the vectors, ``(dims,)``.
        scale: by which they are then divided, ``(dims,)``.
        weights: ``(dims, n_classes)``.
        bias: ``(n_classes,)``.
    """

    middle: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    bias: np.ndarray

    def predict(self, vectors: np.ndarray) -> Output:
        """Probabilities ``(n, n_classes)`` and labels."""
        logits = (vectors - self.middle) / self.scale @ self.weights + self.bias
        logits -= logits.max(axis=1, keepdims=True)
        shares = np.exp(logits)
        shares /= shares.sum(axis=1, keepdims=True)
        return Output("probabilities", {"probabilities": shares, "labels": shares.argmax(axis=1).astype(np.int64)})


def seconds_to_probe(vectors: np.ndarray, codes: np.ndarray, n_classes: int) -> float:
    """Seconds of all probes of both sides and the floor, from one probe that is fitted here.

    Args:
        vectors: ``(n, dims)`` of labelled rows.
        codes: ``(n,)`` their classes.
        n_classes: number of classes.
    """
    from threadpoolctl import threadpool_limits

    some = slice(n_labels(n_classes))
    begun = time.monotonic()
    with threadpool_limits(1, user_api="blas"):
        fit_probe(vectors[some], codes[some], n_classes)
    return (2 * N_DRAWS + FLOOR_DRAWS) * (time.monotonic() - begun)


def n_labels(n_classes: int) -> int:
    """Labelled rows of a draw, where there are as many."""
    return max(N_LABELS, LABELS_A_CLASS * n_classes)


def fit_probe(vectors: np.ndarray, codes: np.ndarray, n_classes: int, seed: int = 0) -> Probe:
    """Logistic regression; scaling and penalty are chosen by cross-validation on these rows.

    The scaling is that from which linear discriminants tell more, since they are fitted in closed form.

    Args:
        vectors: ``(n, dims)`` of the labelled rows.
        codes: ``(n,)`` their classes.
        n_classes: number of classes; those without a row get no chance.
        seed: of the folds.

    Source: the linear evaluation protocol, as in Chen et al., "A Simple Framework for Contrastive Learning of Visual
        Representations", ICML 2020, section 2.3 and appendix B.8.
    """
    middle, scale = _scalings(vectors)[int(reads_standardised(vectors, codes, n_classes))]
    scaled, folds = (vectors - middle) / scale, _folds(codes, seed)
    hits = [_hits(scaled, codes, folds, penalty) for penalty in PENALTIES]
    weights, bias = _logistic(scaled, codes, n_classes, PENALTIES[int(np.argmax(hits))])
    return Probe(middle, scale, weights, bias)


def _scalings(vectors: np.ndarray) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """As they are but for one factor, and each number with variance one."""
    middle, spread = vectors.mean(axis=0), vectors.std(axis=0)
    total = max(float(np.sqrt((spread**2).mean())), 1e-12)
    return (middle, np.full(vectors.shape[1], total)), (middle, np.maximum(spread, 1e-9 * total))


def _folds(codes: np.ndarray, seed: int) -> np.ndarray:
    """The fold ``(n,)`` of each row, every class in as many folds as it has rows."""
    order = np.lexsort((np.random.default_rng(seed).random(len(codes)), codes))
    folds = np.empty(len(codes), np.int64)
    folds[order] = np.arange(len(codes)) % N_FOLDS
    return folds


def _hits(vectors: np.ndarray, codes: np.ndarray, folds: np.ndarray, penalty: float) -> float:
    """Share of rows whose class a model names that was fitted on other folds."""
    n_classes, right = int(codes.max()) + 1, 0
    for fold in range(N_FOLDS):
        held = folds == fold
        if not held.any() or len(np.unique(codes[~held])) < 2:
            continue
        weights, bias = _logistic(vectors[~held], codes[~held], n_classes, penalty)
        right += int(((vectors[held] @ weights + bias).argmax(axis=1) == codes[held]).sum())
    return right / max(len(codes), 1)


def _logistic(vectors: np.ndarray, codes: np.ndarray, n_classes: int, inverse: float) -> tuple[np.ndarray, np.ndarray]:
    """Weights ``(dims, n_classes)`` and bias of multinomial logistic regression with a squared penalty.

    Args:
        vectors: ``(n, dims)``.
        codes: ``(n,)``.
        n_classes: number of classes.
        inverse: of the penalty's strength, as scikit-learn's C.
    """
    from scipy.optimize import minimize

    dims = vectors.shape[1]
    wanted = np.eye(n_classes)[codes]
    absent = np.where(wanted.any(axis=0), 0.0, -30.0)

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        weights, bias = theta[: dims * n_classes].reshape(dims, n_classes), theta[dims * n_classes :]
        logits = vectors @ weights + bias + absent
        logits -= logits.max(axis=1, keepdims=True)
        shares = np.exp(logits)
        total = shares.sum(axis=1, keepdims=True)
        shares /= total
        value = -inverse * float((wanted * (logits - np.log(total))).sum()) + 0.5 * float((weights**2).sum())
        off = inverse * (shares - wanted)
        return value, np.concatenate([(vectors.T @ off + weights).ravel(), off.sum(axis=0)])

    start = np.zeros(dims * n_classes + n_classes)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": ROUNDS, "ftol": TOLERANCE})
    return found.x[: dims * n_classes].reshape(dims, n_classes), found.x[dims * n_classes :] + absent


@dataclass(frozen=True, slots=True, eq=False)
class ProbedPredictor:
    """A representation with a probe on it: predicts classes, for what is measured after the verdict.

    Attributes:
        predictor: gives vectors.
        probe: reads them.
    """

    predictor: Any
    probe: Probe
    decision: None = None
    regions: None = None

    def output(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """Probabilities and labels of these rows."""
        return self.probe.predict(self.predictor.output(dataset, rows).arrays["vectors"])

    def each(self, dataset: Dataset, rows: np.ndarray) -> list[Output]:
        """The same, as one seed."""
        return [self.output(dataset, rows)]


@dataclass(frozen=True, slots=True, eq=False)
class Probing:
    """How representations are scored: the labelled rows of each draw.

    Attributes:
        dataset: its target is the label.
        task: of the contest.
        draws: row numbers of each draw; none of them is a test row.
        items: test rows.
    """

    dataset: Dataset
    task: Task
    draws: tuple[np.ndarray, ...]
    items: np.ndarray

    @classmethod
    def of(cls, dataset: Dataset, task: Task, split: Split) -> Probing | None:
        """Draw labelled training and validation rows; None where the goal is not scored by probes, or has no label."""
        if not goals.named(task).probed or task.metric == metrics.UNSCORED or dataset.target is None:
            return None
        rows = np.union1d(split.train, split.valid)
        rows = rows[dataset.target.iloc[:, 0].notna().to_numpy()[rows]]
        codes = goals.truth(dataset, task, rows)
        n = min(n_labels(len(task.classes)), max(len(rows) // 2, 2))
        rng = np.random.default_rng([split.seed, 50_000])
        draws = tuple(rows[drawn_rows(codes, n, rng)] for _ in range(N_DRAWS))
        return cls(dataset, task, draws, split.items("test"))

    @property
    def n_labels(self) -> int:
        """Labelled rows of a draw."""
        return len(self.draws[0])

    def scored(self, predictor: Any, n_draws: int = N_DRAWS) -> tuple[tuple[Output, ...], Output, ProbedPredictor]:
        """What probes on a representation predict for the test rows.

        Args:
            predictor: gives vectors.
            n_draws: the first so many draws are probed.

        Returns:
            The predictions of the probe of each draw; those of the draw with the median score; and the representation
            with that probe.
        """
        pool = np.unique(np.concatenate(self.draws))
        known = predictor.output(self.dataset, pool).arrays["vectors"]
        tested = predictor.output(self.dataset, self.items).arrays["vectors"]
        codes = goals.truth(self.dataset, self.task, pool)
        n_classes = len(self.task.classes)
        from threadpoolctl import threadpool_limits

        probes: list[Probe] = []
        with threadpool_limits(1, user_api="blas"):  # so small fits only wait for threads, thirty times as long
            for draw in self.draws[:n_draws]:
                places = np.searchsorted(pool, draw)
                probes.append(fit_probe(known[places], codes[places], n_classes))
        outputs = tuple(probe.predict(tested) for probe in probes)
        middle = self._median(outputs)
        return outputs, outputs[middle], ProbedPredictor(predictor, probes[middle])

    def _median(self, outputs: Sequence[Output]) -> int:
        truth = goals.truth(self.dataset, self.task, self.items)
        context = {"classes": len(self.task.classes)}
        scores = [metrics.score(self.task.metric, truth, output, None, context) for output in outputs]
        return int(np.argsort(scores, kind="stable")[len(scores) // 2])


def drawn_rows(codes: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Positions of about n rows: each class has its share of them, and two rows at least where it has as many.

    Args:
        codes: ``(n_rows,)`` class codes.
        n: how many are wanted.
        rng: draws them.
    """
    order = rng.permutation(len(codes))
    chosen: list[int] = []
    for code in np.unique(codes):
        own = order[codes[order] == code]
        chosen += own[: max(2, round(n * len(own) / len(codes)))].tolist()
    return np.sort(np.array(chosen, np.int64))
