"""Vectors that say what encoded rows hold, for the teacher of pretraining: principal components of simple features."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.baselines.features.gradients import oriented_gradients, resized
from automl.records import NGRAM_BITS

if TYPE_CHECKING:
    from automl.records import InputSpec

__all__ = ["descriptors"]

COMPONENTS = 100
FITTED_ROWS = 4_000
"""Rows that principal components are computed from at most."""
CHUNK = 1024
MOST_SIDE, PIXEL_SIDE, CELLS = 32, 14, 7
PIXEL_WEIGHT = 0.5
"""Of small pixels beside gradients, which say more."""
MOST_LEVELS, BUCKETS = 64, 1024
STEPS, FREQUENCIES = 32, 16
CLIP = 4.0
Block = tuple[np.ndarray, float]
"""Features ``(n, n_features)`` and their weight."""


def descriptors(arrays: Mapping[str, np.ndarray], specs: Sequence[InputSpec], seed: int) -> np.ndarray:
    """Principal components of what rows hold, whatever their labels.

    Each input has the same variance in all. Pictures are oriented gradients and small pixels, tables standardised
    numbers and levels, texts counts of their words, series block means and frequencies.

    Args:
        arrays: encoded inputs of all rows, by spec name.
        specs: the inputs.
        seed: of the rows that the components are computed from.

    Returns:
        ``(n, n_components)`` float32.

    Source: Turk & Pentland 1991; Dalal & Triggs 2005 (gradients).
    """
    from sklearn.decomposition import PCA

    n = len(next(iter(arrays.values())))
    scaled = []
    for spec in specs:
        parts = [_BY_KIND[spec.kind](arrays[spec.name][at : at + CHUNK], spec) for at in range(0, n, CHUNK)]
        for place, (_, weight) in enumerate(parts[0]):
            block = np.concatenate([part[place][0] for part in parts]).astype(np.float32)
            block -= block.mean(axis=0)
            spread = np.sqrt(float((block**2).sum()) / max(n, 1))
            scaled.append(block * (weight / max(spread, 1e-6)))
    X = np.concatenate(scaled, axis=1)
    rows = np.arange(n)
    if n > FITTED_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(n, FITTED_ROWS, replace=False))
    size = min(COMPONENTS, X.shape[1], len(rows))
    solver = "full" if size > min(X.shape[1], len(rows)) // 2 else "randomized"
    fitted = PCA(size, svd_solver=solver, random_state=seed % 2**32).fit(X[rows])
    return np.asarray(fitted.transform(X), np.float32)


def _picture(pictures: np.ndarray, spec: InputSpec) -> list[Block]:
    shown = resized(pictures.astype(np.float32) / 255.0, MOST_SIDE)
    cell = max(2, round(max(shown.shape[1:3]) / CELLS))
    small = resized(shown, PIXEL_SIDE)
    return [(oriented_gradients(shown, cell), 1.0), (small.reshape(len(small), -1), PIXEL_WEIGHT)]


def _numbers(values: np.ndarray, spec: InputSpec) -> list[Block]:
    center, scale = np.asarray(spec.stats["median"]), np.asarray(spec.stats["scale"])
    return [(np.clip((values - center) / np.where(scale > 0, scale, 1.0), -CLIP, CLIP), 1.0)]


def _categories(codes: np.ndarray, spec: InputSpec) -> list[Block]:
    sizes = [min(int(size), MOST_LEVELS) for size in spec.stats["sizes"]]
    columns = [
        np.eye(size, dtype=np.float32)[np.minimum(codes[:, place], size - 1)] for place, size in enumerate(sizes)
    ]
    return [(np.concatenate(columns, axis=1), 1.0)]


def _words(tokens: np.ndarray, spec: InputSpec) -> list[Block]:
    return [(_counts(tokens, (tokens > 1).astype(np.float32)), 1.0)]


def _ngrams(packed: np.ndarray, spec: InputSpec) -> list[Block]:
    return [(_counts(packed & (2**NGRAM_BITS - 1), (packed >> NGRAM_BITS).astype(np.float32)), 1.0)]


def _counts(ids: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weights of ids summed in buckets, damped and of unit length ``(n, BUCKETS)``."""
    summed = np.zeros((len(ids), BUCKETS), np.float32)
    np.add.at(summed, (np.repeat(np.arange(len(ids)), ids.shape[1]), (ids % BUCKETS).ravel()), weights.ravel())
    damped = np.log1p(summed)
    unit: np.ndarray = damped / np.maximum(np.linalg.norm(damped, axis=1, keepdims=True), 1e-6)
    return unit


def _vectors(vectors: np.ndarray, spec: InputSpec) -> list[Block]:
    std = np.asarray(spec.stats["std"])
    return [((vectors - np.asarray(spec.stats["mean"])) / np.where(std > 0, std, 1.0), 1.0)]


def _series(series: np.ndarray, spec: InputSpec) -> list[Block]:
    std = np.asarray(spec.stats["std"])
    values = (series - np.asarray(spec.stats["mean"])) / np.where(std > 0, std, 1.0)  # (n, steps, channels)
    steps = min(STEPS, values.shape[1])
    edges = np.linspace(0, values.shape[1], steps + 1).astype(int)[:-1]
    widths = np.diff([*edges, values.shape[1]])
    means = np.add.reduceat(values, edges, axis=1) / widths[:, None]
    power = np.log1p(np.abs(np.fft.rfft(values, axis=1))[:, 1 : FREQUENCIES + 1])
    blocks = [means, power] if power.shape[1] else [means]
    return [(block.reshape(len(series), -1), 1.0) for block in blocks]


_BY_KIND: dict[str, Callable[[Any, InputSpec], list[Block]]] = {
    "image": _picture,
    "spectrogram": _picture,
    "numbers": _numbers,
    "categories": _categories,
    "tokens": _words,
    "ngrams": _ngrams,
    "vectors": _vectors,
    "series": _series,
}
