"""Series as features: components of their values, and what sums up each channel."""

from __future__ import annotations

import itertools

import numpy as np

from automl.metrics.contents.components import FARTHEST, Components, Standard, area_weights, by_content, joined

__all__ = ["Features"]

MOST_FITTED = 1_000
MOST_VALUES = 4_096
"""Numbers of a series that its components are made of; steps of longer ones are averaged."""
N_COMPONENTS = 48
N_VALUES = 40
"""Principal components of values that a classifier reads."""
N_NEAR = 64
MOST_SUMMARIES = 60
"""Summaries that a classifier reads one by one; more of them as this many components."""
LAGS = (1, 2, 4, 8, 16)
N_BANDS = 6
SILENT = 1e-4
"""Power of a band, of channels with variance 1, that counts as none."""
DECIMALS = 5
"""Of summaries: what series of equal mean or deviation differ by is the error of float32, which tells nothing."""
LITTLE = 0.3
"""Standard deviation of a summary that counts as little."""
SUMMARY_SHARE = 0.5
"""Of the variance of values, that summaries have at most."""


class Features:
    """Features of series, fitted on reference series.

    Args:
        items: ``(n, channels, steps)`` float32. Values that are not finite count as the mean of their channel.
    """

    def __init__(self, items: np.ndarray) -> None:
        series = by_content(items, MOST_FITTED).astype(np.float64)
        known = np.isfinite(series)
        n_known = np.maximum(known.sum(axis=(0, 2)), 1)[:, None]
        self.mean = np.where(known, series, 0.0).sum(axis=(0, 2))[:, None] / n_known
        away = np.where(known, series - self.mean, 0.0)
        spread = np.sqrt((away**2).sum(axis=(0, 2))[:, None] / n_known)
        self.scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 1e-9 * (1.0 + np.abs(self.mean)))
        scaled = self._scaled(series)
        self.averages = area_weights(series.shape[2], max(1, MOST_VALUES // max(series.shape[1], 1)))
        self.values = Components(self._flat(scaled), N_NEAR)
        summaries = _summaries(scaled)
        self.standard = Standard(summaries, LITTLE)
        self.summaries = Components(self.standard.transform(summaries), MOST_SUMMARIES)
        self.components = Components(self._both(scaled), N_COMPONENTS)

    def transform(self, items: np.ndarray) -> np.ndarray:
        """``(n, at most 48)`` float64; the variances of reference series add up to 1."""
        return self.components.transform(self._both(self._scaled(items)))

    def columns(self, items: np.ndarray) -> np.ndarray:
        """For a classifier: components of values, and summaries, ``(n, at most 100)``."""
        scaled = self._scaled(items)
        summaries = self.standard.transform(_summaries(scaled))
        if summaries.shape[1] > MOST_SUMMARIES:
            summaries = self.summaries.transform(summaries)
        return np.concatenate([self.values.transform(self._flat(scaled))[:, :N_VALUES], summaries], axis=1)

    def points(self, items: np.ndarray) -> np.ndarray:
        """For nearest neighbours: components of values ``(n, at most 64)``; the mean squared distance is 1."""
        return joined([(0.5, self.values.transform(self._flat(self._scaled(items))))])

    def _scaled(self, items: np.ndarray) -> np.ndarray:
        """Channels with mean 0 and standard deviation 1 among reference series."""
        series = items.astype(np.float64)
        series = np.where(np.isfinite(series), series, self.mean)
        return np.asarray(np.clip((series - self.mean) * self.scale, -FARTHEST, FARTHEST))

    def _flat(self, scaled: np.ndarray) -> np.ndarray:
        averaged = scaled if len(self.averages) == scaled.shape[2] else scaled @ self.averages.T
        return averaged.reshape(len(scaled), averaged.shape[1] * averaged.shape[2])

    def _both(self, scaled: np.ndarray) -> np.ndarray:
        summaries = self.standard.transform(_summaries(scaled))
        values = self.values.transform(self._flat(scaled))
        return joined([(1.0, values), (SUMMARY_SHARE / summaries.shape[1], summaries)])


def _summaries(series: np.ndarray) -> np.ndarray:
    """Of each channel: level, spread, ends, steps, autocorrelations, spectrum; and correlations of channels.

    Args:
        series: ``(n, channels, steps)``.

    Returns:
        ``(n, n_summaries)``.
    """
    centred = series - series.mean(axis=2, keepdims=True)
    variance = (centred**2).mean(axis=2)
    parts = [series.mean(axis=2), np.sqrt(variance), series.min(axis=2), series.max(axis=2)]
    if series.shape[2] > 1:
        parts.append(np.abs(np.diff(series, axis=2)).mean(axis=2))
    for lag in LAGS:
        if 2 * lag <= series.shape[2]:
            products = (centred[:, :, lag:] * centred[:, :, :-lag]).sum(axis=2) / series.shape[2]
            parts.append(products / (variance + SILENT))
    parts += _bands(centred)
    if series.shape[1] > 1:
        beside = (centred[:, 1:] * centred[:, :-1]).mean(axis=2)
        parts.append(beside / np.sqrt((variance[:, 1:] + SILENT) * (variance[:, :-1] + SILENT)))
    return np.asarray(np.round(np.concatenate(parts, axis=1), DECIMALS))


def _bands(centred: np.ndarray) -> list[np.ndarray]:
    """Decimal logarithms of amplitudes in bands of frequencies, each twice as wide as the last, ``(n, channels)``."""
    n_steps = centred.shape[2]
    power = np.abs(np.fft.rfft(centred, axis=2)[:, :, 1:]) ** 2 * (2.0 / n_steps**2)
    highest = power.shape[2]
    edges = np.unique([0, *(-(-highest // 2**k) for k in range(N_BANDS - 1, -1, -1))])
    return [0.5 * np.log10(power[:, :, low:high].sum(axis=2) + SILENT) for low, high in itertools.pairwise(edges)]
