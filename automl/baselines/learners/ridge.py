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
        Y: ``(n, k)``, NaN where a value is not known.
        weight: ``(n,)`` or None.
        strengths: penalties, as multiples of the mean eigenvalue of the centred second moments.
        judge: ``judge(coef, intercept) -> loss``; None for leave-one-out residuals.

    Returns:
        coef ``(p, k)``, intercept ``(k,)`` and the strength taken.

    Source: leave-one-out residuals of a linear smoother, Allen 1974 (PRESS), as in Rifkin & Lippert 2007.
    """
    n, p = X.shape
    w = np.ones(n) if weight is None else np.asarray(weight, dtype=np.float64)
    if np.isnan(Y).any():
        return _with_gaps(X, Y, w, strengths, judge)
    if sparse.issparse(X) and min(n, p) > MAX_SQUARE:
        return _iterative(X, Y, w * (n / w.sum()), strengths, judge)
    best: tuple[float, np.ndarray, np.ndarray, float] | None = None
    for strength, coef, intercept, left_out in _solutions(X, Y, w, strengths, judge):
        loss = judge(coef, intercept) if judge is not None else float(np.mean(left_out**2))
        if best is None or loss < best[0]:
            best = (loss, coef, intercept, strength)
    assert best is not None
    return best[1], best[2], best[3]


def _with_gaps(
    X: Any, Y: np.ndarray, w: np.ndarray, strengths: Sequence[float], judge: Judge | None
) -> tuple[np.ndarray, np.ndarray, float]:
    """The same where Y is not known everywhere: each column from the rows that know it, with one penalty for all.

    A column that no row knows is 0.
    """
    large = sparse.issparse(X) and min(X.shape) > MAX_SQUARE
    strengths = [sorted(strengths)[len(strengths) // 2]] if large else strengths
    known = ~np.isnan(Y)
    patterns, of_column = np.unique(known, axis=1, return_inverse=True)
    n_columns, n_known = Y.shape[1], int(known.sum())
    coefs = np.zeros((len(strengths), X.shape[1], n_columns))
    intercepts, squares = np.zeros((len(strengths), n_columns)), np.zeros(len(strengths))
    for pattern, rows in enumerate(patterns.T):
        columns = np.flatnonzero(np.asarray(of_column).reshape(-1) == pattern)
        if w[rows].sum() > 0:
            solve = _by_gradients if large else _solutions
            solutions = solve(X[rows], Y[rows][:, columns], w[rows], strengths, judge)
            for place, (_, coef, intercept, left_out) in enumerate(solutions):
                coefs[place][:, columns], intercepts[place][columns] = coef, intercept
                squares[place] += float((left_out**2).sum())
    losses = [judge(coef, b) for coef, b in zip(coefs, intercepts, strict=True)] if judge else squares / max(n_known, 1)
    best = int(np.argmin(losses))
    return coefs[best], intercepts[best], float(strengths[best])


def _by_gradients(X: Any, Y: np.ndarray, weight: np.ndarray, strengths: Sequence[float], judge: Judge | None) -> Any:
    """As `_solutions`, for one penalty and matrices too large to decompose; leave-one-out residuals are zeros."""
    coef, intercept, strength = _iterative(X, Y, weight * (len(weight) / weight.sum()), strengths, None)
    yield strength, coef, intercept, np.zeros((1, Y.shape[1]))


def _solutions(X: Any, Y: np.ndarray, weight: np.ndarray, strengths: Sequence[float], judge: Judge | None) -> Any:
    """Yield (strength, coef, intercept, leave-one-out residuals) from one decomposition."""
    n, p = X.shape
    w = weight * (n / weight.sum())
    center = np.asarray(X.T @ w).ravel() / n
    middle = (w @ Y) / n
    T = (Y - middle) * np.sqrt(w)[:, None]
    solve = _moments if sparse.issparse(X) and p <= n and judge is not None else _primal if p <= n else _dual
    for strength, coef, left_out in solve(X, w, center, T, strengths):
        yield strength, coef, middle - center @ coef, left_out


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
