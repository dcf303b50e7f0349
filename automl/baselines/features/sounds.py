"""Cepstral coefficients of sounds with their changes, in statistics; or spectrograms themselves, in NumPy and SciPy.

Both are read off the spectrogram that networks read, too. A cepstrum is the cosine transform of a frame's log-mel bands
(Davis & Mermelstein, "Comparison of parametric representations for monosyllabic word recognition", IEEE Trans. ASSP 28,
1980).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.fft import dct

from automl.baselines.features.projection import Projected
from automl.baselines.model import remembered, rows_key
from automl.intake.spectrograms import decibels
from automl.records import Dataset

__all__ = ["SoundFeatures", "cepstra", "changes"]

BATCH = 256
BELOW_PEAK = 30.0
"""Decibels below a sound's loudest frame, within which a frame is part of what is heard."""
REACH = 2
"""Frames on either side that a change is measured over."""
QUANTILES = (0.1, 0.5, 0.9)


class SoundFeatures(Projected):
    """Statistics of cepstra and of their first and second changes, or levels of bands; scaled, on components if asked.

    Args:
        coefficients: cepstral coefficients that count; 0 for levels of bands.
        stretches: parts of the time in which something is heard, each with means of its own, so that order in time
            counts; of levels of bands, frames that are kept. 0 for the sound as a whole.
        components: principal components kept; 0 for the features themselves.
        seed: of the decomposition.
    """

    def __init__(self, coefficients: int, stretches: int, components: int = 0, seed: int = 0) -> None:
        self.categories: list[bool] = []
        self.coefficients = coefficients
        self.stretches = stretches
        self.components = components
        self.seed = seed
        self.center: np.ndarray | None = None
        self.scale: np.ndarray | None = None
        self.projection: Any = None

    def fit(self, dataset: Dataset, rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
        """Learn scales and the projection."""
        key = ("sounds", self.coefficients, self.stretches, *rows_key(dataset, rows))
        raw = remembered(key, lambda: self._raw(dataset, rows))
        self.center = raw.mean(axis=0)
        spread = raw.std(axis=0)
        if not self.coefficients:  # levels have one unit, so that quiet bands do not count as much as loud ones
            spread = np.full_like(spread, spread.mean())
        self.scale = np.where(spread > 1e-6, spread, 1.0)
        return self._fit_projection(raw, self._more(dataset, key, self._raw))

    def transform(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """The features of other rows."""
        return self._projected(self._raw(dataset, rows))

    def _raw(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Unscaled features ``(n, n_raw)`` float32."""
        parts = []
        for some in np.array_split(rows, max(1, -(-len(rows) // BATCH))):
            level = decibels(np.asarray(dataset.inputs[some]))  # (n, frames, bands)
            parts.append(self._statistics(level) if self.coefficients else self._levels(level))
        return np.concatenate(parts)

    def _levels(self, level: np.ndarray) -> np.ndarray:
        """Levels of bands, of some frames that each are the mean over a part of the time."""
        pieces = np.array_split(level, min(max(self.stretches, 1), level.shape[1]), axis=1)
        return np.concatenate([piece.mean(axis=1) for piece in pieces], axis=1)

    def _statistics(self, level: np.ndarray) -> np.ndarray:
        """Means, spreads and quantiles of cepstra, means and spreads of changes, and means of each stretch."""
        cepstrum = cepstra(level, self.coefficients)  # (n, frames, coefficients)
        change = changes(cepstrum)
        second = changes(change)
        blocks = [cepstrum.mean(axis=1), cepstrum.std(axis=1), *np.quantile(cepstrum, QUANTILES, axis=1)]
        blocks += [change.std(axis=1), second.std(axis=1)]
        if self.stretches:
            first, last = heard_from_to(level)
            blocks += [
                _stretched(values, first, last, self.stretches).reshape(len(level), -1) for values in (cepstrum, change)
            ]
            blocks.append(np.stack([first, last - first], axis=1) / level.shape[1])
        return np.concatenate(blocks, axis=1).astype(np.float32)


def cepstra(level: np.ndarray, n: int) -> np.ndarray:
    """The first n cepstral coefficients ``(n, frames, n)`` of decibels ``(n, frames, bands)``."""
    return np.asarray(dct(level, axis=2, norm="ortho")[:, :, : min(n, level.shape[2])], np.float32)


def changes(values: np.ndarray) -> np.ndarray:
    """The slope of each number ``(n, frames, k)`` over `REACH` frames on either side; the ends are repeated.

    Source: Furui, "Speaker-independent isolated word recognition using dynamic features of speech spectrum", IEEE
        Trans. ASSP 34 (1986), equation 1.
    """
    padded = np.pad(values, ((0, 0), (REACH, REACH), (0, 0)), mode="edge")
    n = values.shape[1]
    total = sum(k * (padded[:, REACH + k : REACH + k + n] - padded[:, REACH - k : REACH - k + n]) for k in (1, REACH))
    return np.asarray(total / (2 * sum(k * k for k in (1, REACH))), np.float32)


def heard_from_to(level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first frame, and the one after the last, within `BELOW_PEAK` of the loudest: ``(n,)`` each.

    Args:
        level: decibels ``(n, frames, bands)``.
    """
    loudness = 10.0 * np.log10(np.mean(10.0 ** (level / 10.0), axis=2))  # (n, frames)
    is_heard = loudness >= loudness.max(axis=1, keepdims=True) - BELOW_PEAK
    n_frames = level.shape[1]
    return is_heard.argmax(axis=1), n_frames - is_heard[:, ::-1].argmax(axis=1)


def _stretched(values: np.ndarray, first: np.ndarray, last: np.ndarray, n_parts: int) -> np.ndarray:
    """Means over equal parts of the frames from `first` to `last`: ``(n, n_parts, k)``."""
    sums = np.concatenate([np.zeros_like(values[:, :1]), np.cumsum(values, axis=1, dtype=np.float64)], axis=1)
    share = np.arange(n_parts + 1) / n_parts
    edges = np.floor(first[:, None] + share * (last - first)[:, None]).astype(int)  # (n, n_parts + 1)
    starts = np.minimum(edges[:, :-1], values.shape[1] - 1)
    ends = np.maximum(edges[:, 1:], starts + 1)
    rows = np.arange(len(values))[:, None]
    return np.asarray((sums[rows, ends] - sums[rows, starts]) / (ends - starts)[:, :, None], np.float32)
