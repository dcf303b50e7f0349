"""A teacher in closed form: kernel ridge regression on vectors of rows, whose predictions are pseudo-labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, log_expit, log_softmax, softmax

if TYPE_CHECKING:
    from automl.records import Head

__all__ = ["Teacher"]

MOST_LABELLED = 2_000
WIDTH = 1.5
"""Gamma of the kernel is this divided by the median squared distance between labelled rows."""
STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
SHARPNESS = (1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 16.0)
CHUNK = 4096
RAREST = 1e-3


class Teacher:
    """Predicts the target of all rows from the labels of some.

    Strength of the penalty and sharpness of probabilities are those of the best loss when each labelled row is left
    out in turn, which kernel ridge regression gives in closed form.

    Args:
        vectors: ``(n, n_components)`` of all rows.
        head: of the networks that it teaches.
        seed: of the labelled rows that are used where there are many.

    Source: leave-one-out residuals of ridge regression: Hastie, Tibshirani & Friedman, "The Elements of Statistical
        Learning", 2nd edition, equation 7.64; pseudo-labels: Lee, "Pseudo-Label", ICML 2013 workshop; soft ones of a
        teacher: Hinton, Vinyals & Dean 2015.
    """

    def __init__(self, vectors: np.ndarray, head: Head, seed: int) -> None:
        self.vectors, self.head, self.seed = vectors, head, seed

    def targets(self, labelled: np.ndarray, target: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        """What the teacher predicts for rows, as the loss of a network compares with.

        Args:
            labelled: numbers of the rows whose labels it learns.
            target: their target: shares of classes, labels or standardised values ``(n_labelled, n_outputs)``, NaN
                where a value is not known, for which the mean stands.
            wanted: numbers of the rows to predict.

        Returns:
            ``(n_wanted, n_outputs)`` float32: probabilities, or standardised values.
        """
        target = np.asarray(target, np.float64).reshape(len(labelled), -1)
        if not np.isfinite(target).all():
            means = [column[np.isfinite(column)].mean() if np.isfinite(column).any() else 0.0 for column in target.T]
            target = np.where(np.isfinite(target), target, means)
        if len(labelled) > MOST_LABELLED:
            some = np.random.default_rng(self.seed).choice(len(labelled), MOST_LABELLED, replace=False)
            labelled, target = labelled[some], target[some]
        own = self.vectors[labelled].astype(np.float64)
        apart = _squares(own, own)
        gamma = WIDTH / max(float(np.median(apart[np.triu_indices(len(own), 1)])) if len(own) > 1 else 1.0, 1e-9)
        center = target.mean(axis=0)
        solution, sharpness = self._fitted(np.exp(-gamma * apart), target, center)
        parts = [
            self._predicted(np.exp(-gamma * _squares(self.vectors[some], own)) @ solution, center, sharpness)
            for some in np.array_split(wanted, max(1, -(-len(wanted) // CHUNK)))
        ]
        return np.concatenate(parts).astype(np.float32)

    def _fitted(self, kernel: np.ndarray, target: np.ndarray, center: np.ndarray) -> tuple[np.ndarray, float]:
        """Coefficients of the labelled rows, and the factor on scores."""
        values, basis = np.linalg.eigh(kernel)
        values, rotated = np.maximum(values, 0.0), basis.T @ (target - center)
        best: tuple[float, np.ndarray, float] | None = None
        for strength in STRENGTHS:
            shrunk = 1.0 / (values + strength)
            solution = basis @ (shrunk[:, None] * rotated)
            left_out = (target - center) - solution / ((basis**2) @ shrunk)[:, None]
            for sharpness in SHARPNESS if self.head.activation != "linear" else (1.0,):
                loss = self._loss(target, left_out, center, sharpness)
                if best is None or loss < best[0]:
                    best = loss, solution, sharpness
        assert best is not None
        return best[1], best[2]

    def _loss(self, target: np.ndarray, scores: np.ndarray, center: np.ndarray, sharpness: float) -> float:
        if self.head.activation == "linear":
            return float(np.mean((target - center - scores) ** 2))
        logits = self._logits(scores, center, sharpness)
        if self.head.activation == "softmax":
            return float(-np.mean(np.sum(target * log_softmax(logits, axis=1), axis=1)))
        return float(-np.mean(target * log_expit(logits) + (1 - target) * log_expit(-logits)))

    def _logits(self, scores: np.ndarray, center: np.ndarray, sharpness: float) -> np.ndarray:
        shares = np.clip(center, RAREST, 1 - RAREST)
        prior = np.log(shares) if self.head.activation == "softmax" else np.log(shares) - np.log1p(-shares)
        logits: np.ndarray = sharpness * scores + prior
        return logits

    def _predicted(self, scores: np.ndarray, center: np.ndarray, sharpness: float) -> np.ndarray:
        if self.head.activation == "linear":
            return np.asarray(center + scores)
        logits = self._logits(scores, center, sharpness)
        return np.asarray(softmax(logits, axis=1) if self.head.activation == "softmax" else expit(logits))


def _squares(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared distances ``(len(a), len(b))``."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    apart: np.ndarray = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None] - 2.0 * a @ b.T
    return np.asarray(np.maximum(apart, 0.0))
