"""Ridge regression for many penalties from one decomposition, and the best of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.linear_model import Ridge

__all__ = ["ridge_path"]

Judge = Callable[[np.ndarray, np.ndarray], float]
CHUNK_ROWS = 20_000
MAX_SQUARE = 3000
"""Largest matrix that is decomposed; beyond it sparse rows are solved penalty by penalty."""


def ridge_path(
    X: Any, Y: np.ndarray, weight: np.ndarray | None, strengths: Sequence[float], judge: Judge | None
) -> tuple[np.ndarray, np.ndarray, float]:
    """Fit every penalty and keep the best.

    Args:
        X: ``(n, p)`` dense without NaN, or sparse.
        Y: ``(n, k)``.
        weight: ``(n,)`` or None.
        strengths: penalties, as multiples of the mean eigenvalue of the centred second moments.
        judge: ``judge(coef, intercept) -> loss``; None for leave-one-out residuals.

    Returns:
        coef ``(p, k)``, intercept ``(k,)`` and the strength taken.

    Source: leave-one-out residuals of a linear smoother, Allen 1974 (PRESS), as in Rifkin & Lippert 2007.
    """
    n, p = X.shape
    w = np.ones(n) if weight is None else np.asarray(weight, dtype=np.float64) * (n / weight.sum())
    if sparse.issparse(X) and min(n, p) > MAX_SQUARE:
        return _iterative(X, Y, w, strengths, judge)
    center = np.asarray(X.T @ w).ravel() / n
    middle = (w @ Y) / n
    T = (Y - middle) * np.sqrt(w)[:, None]
    solve = _moments if sparse.issparse(X) and p <= n and judge is not None else _primal if p <= n else _dual
    best: tuple[float, np.ndarray, float] | None = None
    for strength, coef, left_out in solve(X, w, center, T, strengths):
        loss = judge(coef, middle - center @ coef) if judge is not None else float(np.mean(left_out**2))
        if best is None or loss < best[0]:
            best = (loss, coef, strength)
    assert best is not None
    return best[1], middle - center @ best[1], best[2]


def _primal(X: Any, w: np.ndarray, center: np.ndarray, T: np.ndarray, strengths: Sequence[float]) -> Any:
    """Yield (strength, coef, leave-one-out residuals) from the ``(p, p)`` second moments."""
    dense = X.toarray() if sparse.issparse(X) else np.asarray(X)
    Z = (dense - center) * np.sqrt(w)[:, None]
    values, vectors = np.linalg.eigh(Z.T @ Z)
    values = np.maximum(values, 0.0)
    spread = max(float(values.mean()), 1e-12)
    scores = Z @ vectors
    projected = scores.T @ T
    for strength in strengths:
        inverse = 1.0 / (values + strength * spread)
        inner = projected * inverse[:, None]
        leverage = (scores**2) @ inverse + w / len(w)
        left_out = (T - scores @ inner) / np.maximum(1.0 - leverage, 1e-6)[:, None]
        yield float(strength), vectors @ inner, left_out


def _moments(X: Any, w: np.ndarray, center: np.ndarray, T: np.ndarray, strengths: Sequence[float]) -> Any:
    """The same from sparse rows, some thousands at a time; leave-one-out residuals are not told (zeros)."""
    root = np.sqrt(w)[:, None]
    square, cross = np.zeros((X.shape[1], X.shape[1])), np.zeros((X.shape[1], T.shape[1]))
    for begin in range(0, X.shape[0], CHUNK_ROWS):
        part = slice(begin, begin + CHUNK_ROWS)
        Z = (X[part].toarray() - center) * root[part]
        square += Z.T @ Z
        cross += Z.T @ T[part]
    values, vectors = np.linalg.eigh(square)
    values = np.maximum(values, 0.0)
    spread = max(float(values.mean()), 1e-12)
    projected = vectors.T @ cross
    for strength in strengths:
        inverse = 1.0 / (values + strength * spread)
        yield float(strength), vectors @ (projected * inverse[:, None]), np.zeros_like(T[:1])


def _dual(X: Any, w: np.ndarray, center: np.ndarray, T: np.ndarray, strengths: Sequence[float]) -> Any:
    """The same from the ``(n, n)`` inner products, for more columns than rows."""
    root = np.sqrt(w)
    if sparse.issparse(X):
        cross = np.asarray(X @ center).ravel()
        gram = (X @ X.T).toarray() - cross[:, None] - cross[None, :] + center @ center
    else:
        Z = np.asarray(X) - center
        gram = Z @ Z.T
    gram = gram * np.outer(root, root)
    spread = max(float(np.trace(gram)) / len(w), 1e-12)
    # Centring leaves the direction of the intercept at 0, where its leverage would hide that of the rows: move it away.
    values, vectors = np.linalg.eigh(gram + 1e4 * spread * np.outer(root, root))
    values = np.maximum(values, 0.0)
    projected = vectors.T @ T
    for strength in strengths:
        inverse = 1.0 / (values + strength * spread)
        dual = vectors @ (projected * inverse[:, None])
        scaled = dual * root[:, None]
        coef = np.asarray(X.T @ scaled) - np.outer(center, scaled.sum(axis=0))
        diagonal = (vectors**2) @ inverse
        yield float(strength), coef, dual / np.maximum(diagonal, 1e-12)[:, None]


def _iterative(
    X: Any, Y: np.ndarray, w: np.ndarray, strengths: Sequence[float], judge: Judge | None
) -> tuple[np.ndarray, np.ndarray, float]:
    """Conjugate gradients a penalty; without a judge the middle penalty is taken."""
    mean_eigenvalue = float(X.multiply(X).sum()) / min(X.shape)
    tried = strengths if judge is not None else [sorted(strengths)[len(strengths) // 2]]
    best: tuple[float, np.ndarray, np.ndarray, float] | None = None
    for strength in tried:
        model = Ridge(alpha=strength * mean_eigenvalue, solver="sparse_cg", tol=1e-3).fit(X, Y, sample_weight=w)
        coef, intercept = np.atleast_2d(model.coef_).T, np.atleast_1d(model.intercept_)
        loss = judge(coef, intercept) if judge is not None else 0.0
        if best is None or loss < best[0]:
            best = (loss, coef, intercept, float(strength))
    assert best is not None
    return best[1], best[2], best[3]
