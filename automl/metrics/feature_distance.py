"""The Fréchet distance between features of held-out and generated rows, for many weightings of them at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from automl.metrics.contents.components import Remembered, digest
from automl.metrics.contents.rows import RowFeatures

__all__ = ["feature_distance", "frechet", "row_features"]

KEPT_FITS, KEPT_ROWS = 4, 32
RIDGE = 1e-10
"""Added to all variances of both sets: a covariance of few rows has no Cholesky factor without it."""
CHUNK_CELLS = 2_000_000
"""Numbers in the second moments of one chunk of weightings, 16 MB."""

_fits: Remembered[RowFeatures] = Remembered(KEPT_FITS)
_rows: Remembered[np.ndarray] = Remembered(KEPT_ROWS)


def feature_distance(
    truth: np.ndarray, draws: list[np.ndarray], reference: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    """The mean over draws of the Fréchet distance, as a function of weightings ``(n_weightings, n)``.

    Args:
        truth: held-out rows ``(n,)``, a structured array.
        draws: generated rows with the same fields, ``(n,)`` each.
        reference: rows that the features are fitted on.
    """
    real = row_features(truth, reference)
    sets = [row_features(draw, reference) for draw in draws]
    products: list[np.ndarray] = []  # made when they are asked for; they take more memory than the features

    def evaluate(weights: np.ndarray) -> np.ndarray:
        if not products:
            products.extend(_products(rows) for rows in (real, *sets))
        found = [frechet(real, made, weights, (products[0], own)) for made, own in zip(sets, products[1:], strict=True)]
        return np.asarray(np.mean(found, axis=0))

    return evaluate


def row_features(rows: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Features of rows ``(n, n_dims)``, fitted on the reference; both are remembered by what they hold."""
    at = digest(reference)
    fitted = _fits.get(at, lambda: RowFeatures(reference))
    return _rows.get(at + digest(rows), lambda: fitted.transform(rows))


def frechet(
    real: np.ndarray, made: np.ndarray, weights: np.ndarray, products: tuple[np.ndarray, np.ndarray] | None = None
) -> np.ndarray:
    """The Fréchet distance of two sets for each weighting, ``(n_weightings,)``; NaN where all weights are 0.

    ``|μ - ν|² + tr(S + T - 2 (S T)^½)``. The trace of the root is the sum of the roots of the eigenvalues of
    ``Lᵀ T L`` where ``S = L Lᵀ``.

    Args:
        real: ``(n, n_dims)``.
        made: ``(n, n_dims)``; row i has the weight of row i of the real ones.
        weights: ``(n_weightings, n)``.
        products: of the dimensions of both, where they are known (`_products`).

    Source: Dowson & Landau, "The Fréchet distance between multivariate normal distributions", Journal of Multivariate
        Analysis 12 (1982), equation 4; Heusel et al., "GANs trained by a two time-scale update rule converge to a local
        Nash equilibrium", NeurIPS 2017, equation 6.
    """
    totals = weights.sum(axis=1)
    found = np.full(len(weights), np.nan)
    places = np.flatnonzero(totals > 0)
    both = products or (_products(real), _products(made))
    step = max(1, CHUNK_CELLS // max(real.shape[1] ** 2, 1))
    for k in range(0, len(places), step):
        some = places[k : k + step]
        shares = weights[some] / totals[some, None]
        (mean, spread), (other_mean, other_spread) = (
            _moments(shares, rows, squares) for rows, squares in zip((real, made), both, strict=True)
        )
        root = np.linalg.cholesky(spread)
        values = np.linalg.eigvalsh(root.transpose(0, 2, 1) @ other_spread @ root)
        traces = np.trace(spread, axis1=1, axis2=2) + np.trace(other_spread, axis1=1, axis2=2)
        roots = np.sqrt(np.maximum(values, 0.0)).sum(axis=1)
        found[some] = np.maximum(((mean - other_mean) ** 2).sum(axis=1) + traces - 2.0 * roots, 0.0)
    return found


def _products(rows: np.ndarray) -> np.ndarray:
    """Products of all pairs of dimensions, ``(n, n_dims * (n_dims + 1) / 2)``."""
    first, second = np.triu_indices(rows.shape[1])
    return np.asarray(rows[:, first] * rows[:, second])


def _moments(shares: np.ndarray, rows: np.ndarray, products: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means ``(n_weightings, n_dims)`` and covariances ``(n_weightings, n_dims, n_dims)``, with `RIDGE`."""
    n_dims = rows.shape[1]
    mean, pairs = shares @ rows, shares @ products
    first, second = np.triu_indices(n_dims)
    spread = np.empty((len(shares), n_dims, n_dims))
    spread[:, first, second] = pairs
    spread[:, second, first] = pairs
    spread -= mean[:, :, None] * mean[:, None, :]
    spread[:, np.arange(n_dims), np.arange(n_dims)] += RIDGE
    return mean, spread
