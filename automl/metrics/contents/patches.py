"""A layer of filters that k-means learns from patches, without labels and in the same way each time."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

__all__ = ["PatchFilters", "pooled_grid", "pooled_pairs"]

N_PATCHES = 20_000
N_ROUNDS = 10
KEPT_VARIANCE = 0.995
MOST_DIRECTIONS = 64
WHITENING = 0.1
"""Of the mean variance, added to each direction's variance in whitening."""
THRESHOLD = 0.25
"""That a response must exceed."""
FLAT = np.float32(0.01)
"""Variance of a patch, of pixels from 0 to 1, that is little contrast."""


class PatchFilters:
    """Responses of maps to filters: soft-thresholded projections of whitened patches on centres of k-means.

    Args:
        maps: ``(n, h, w, channels)`` float32 to learn from.
        size: side of a patch.
        n_filters: number of centres.
        by_contrast: whether a patch is divided by its own contrast, so that filters see faint structure (noise, blur)
            as well as strong; otherwise brightness and contrast are left as they are.

    Source: Coates & Ng, "The importance of encoding versus training with sparse coding and vector quantization", ICML
        2011, section 3.3 (soft threshold); Coates & Ng, "Learning feature representations with k-means", 2012,
        sections 2 and 3 (whitening, spherical k-means).
    """

    def __init__(self, maps: np.ndarray, size: int, n_filters: int, *, by_contrast: bool) -> None:
        self.size, self.by_contrast = size, by_contrast
        patches = self._seen(_drawn(maps, size))
        mean = patches.mean(axis=0)
        squares, axes = np.linalg.eigh(np.atleast_2d(np.cov(patches, rowvar=False, bias=True)).astype(np.float64))
        squares = np.maximum(squares, 0.0)
        order = np.argsort(-squares, kind="stable")[:MOST_DIRECTIONS]
        shares = np.cumsum(squares[order]) / max(float(squares.sum()), 1e-12)
        order = order[: int((shares < KEPT_VARIANCE).sum()) + 1]
        spread = np.sqrt(squares[order] + WHITENING * max(float(squares[order].mean()), 1e-8))
        white = (axes[:, order] / spread).astype(np.float32)
        self.kernel = white @ _centres((patches - mean) @ white, n_filters).T
        self.offset = mean @ self.kernel + np.float32(THRESHOLD)

    def respond(self, maps: np.ndarray) -> np.ndarray:
        """``(n, h - size + 1, w - size + 1, n_filters)`` float32 from maps ``(n, h, w, channels)``."""
        windows = sliding_window_view(maps, (self.size, self.size), axis=(1, 2))  # (n, h', w', channels, size, size)
        windows = windows.transpose(0, 1, 2, 4, 5, 3)
        seen = self._seen(windows.reshape(-1, self.kernel.shape[0]))
        made = np.maximum(seen @ self.kernel - self.offset, 0.0)
        return np.asarray(made.reshape(*windows.shape[:3], self.kernel.shape[1]))

    def _seen(self, patches: np.ndarray) -> np.ndarray:
        if not self.by_contrast:
            return patches
        centred = patches - patches.mean(axis=1, keepdims=True)
        variance = np.einsum("ij,ij->i", centred, centred) / np.float32(centred.shape[1])
        return np.asarray(centred / np.sqrt(variance + FLAT)[:, None])


def _drawn(maps: np.ndarray, size: int) -> np.ndarray:
    """Some of all patches ``(n, size * size * channels)``, the same each time."""
    rng = np.random.default_rng(0)
    n, h, w, _ = maps.shape
    windows = sliding_window_view(maps, (size, size), axis=(1, 2))
    item, row, column = (rng.integers(0, high, N_PATCHES) for high in (n, h - size + 1, w - size + 1))
    return windows[item, row, column].transpose(0, 2, 3, 1).reshape(N_PATCHES, -1)


def _centres(points: np.ndarray, n: int) -> np.ndarray:
    """Centres of spherical k-means ``(n, n_directions)``, each of length 1."""
    rng = np.random.default_rng(0)
    centres = _unit(points[rng.permutation(len(points))[:n]])
    every = np.arange(len(points))
    for _ in range(N_ROUNDS):
        projections = points @ centres.T
        own = projections.argmax(axis=1)
        weights = np.zeros_like(projections)
        weights[every, own] = projections[every, own]
        centres = _unit(weights.T @ points + np.float32(0.1) * centres)
    return centres


def _unit(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)


def pooled_pairs(maps: np.ndarray, least: int) -> np.ndarray:
    """Means over 2 x 2 cells ``(n, h / 2, w / 2, channels)``; an axis of fewer cells than `least` is left as it is."""
    n, h, w, channels = maps.shape
    if h >= least:
        maps = maps[:, : h // 2 * 2].reshape(n, h // 2, 2, w, channels)
        maps = np.float32(0.5) * (maps[:, :, 0] + maps[:, :, 1])
    if w >= least:
        maps = maps[:, :, : w // 2 * 2].reshape(n, maps.shape[1], w // 2, 2, channels)
        maps = np.float32(0.5) * (maps[:, :, :, 0] + maps[:, :, :, 1])
    return maps


def pooled_grid(maps: np.ndarray, side: int) -> np.ndarray:
    """Means over a grid of at most side x side fields, ``(n, n_fields * channels)``."""
    for axis in (1, 2):
        edges = np.linspace(0, maps.shape[axis], min(side, maps.shape[axis]) + 1).astype(int)
        sizes = np.diff(edges).astype(np.float32).reshape([-1 if k == axis else 1 for k in range(4)])
        maps = np.add.reduceat(maps, edges[:-1], axis=axis) / sizes
    return maps.reshape(len(maps), int(np.prod(maps.shape[1:])))
