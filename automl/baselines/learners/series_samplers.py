"""Samplers of series: blocks of training series joined, and autoregressions around a mean curve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from automl.baselines.learners.item_sampler import (
    ItemSampler,
    class_rows,
    continued,
    most_rows_of,
    placed,
    uniform,
)

__all__ = ["Autoregression", "BlockBootstrap"]

STORED_CELLS = 20_000_000
"""Rows times numbers of the training series that a bootstrap holds."""
CHUNK_ROWS = 512
LEAST_BLOCK = 2
RIDGE = 1e-3
MOST_LAGGED = 400
"""Lags times channels, at most."""
MOST_WORK = 200_000_000
"""Rows times steps times the squared number of lagged values of a fit."""
LARGEST_ROOT = 0.999
"""Of the autoregression: more would grow without end."""
START_ROWS = 10.0


class BlockBootstrap(ItemSampler):
    """Blocks of training series of a class, each at its own place in time, joined smoothly.

    Blocks begin at the same steps within a series, and at random ones between series. Each block comes from the one of
    some random series that is most like the one before around the join, and fades into it there. The sampler holds the
    training series.

    Args:
        blocks: of a series.
        candidates: series that are compared; 1 for a random one.
        join: steps of a join, as a share of a block.

    Source: Künsch, "The jackknife and the bootstrap for general stationary observations", 1989; Politis & Romano, "A
        circular block-resampling procedure for stationary data", 1992 (random first block); Carlstein et al., "Matched-
        block bootstrap for dependent data", 1998.
    """

    time_power = 0.0

    def __init__(self, blocks: int = 4, candidates: int = 10, join: float = 0.2) -> None:
        self.blocks = blocks
        self.candidates = candidates
        self.join = join
        self.places = np.zeros(1, np.int64)  # of each code among the classes
        self.series = np.zeros((0, 0, 0), np.float32)  # (n, steps, channels), by class
        self.ends = np.zeros((0, 2), np.int64)  # first series of a class, and the one after its last

    def most_rows(self, n_numbers: int) -> int:
        """As many as may be stored."""
        return most_rows_of(n_numbers, STORED_CELLS)

    def fit(self, items: np.ndarray, classes: np.ndarray, shape: Sequence[int], seed: int) -> None:
        """Keep the series of classes of enough rows."""
        rows, self.places = class_rows(classes)
        self.series = np.asarray(items[np.concatenate(rows)], np.float32).reshape(-1, *shape)
        ends = np.cumsum([0, *(len(own) for own in rows)])
        self.ends = np.stack([ends[:-1], ends[1:]], axis=1).astype(np.int64)

    def draw(self, classes: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """New series, some at a time."""
        own = self.ends[placed(classes, self.places)]
        width = 1 + (self.blocks + 1) * self.candidates
        parts = [np.zeros((0, self.series[0].size))]
        for begin in range(0, len(noise), CHUNK_ROWS):
            part = slice(begin, begin + CHUNK_ROWS)
            parts.append(self._drawn(own[part], uniform(continued(noise[part], width))))
        return np.concatenate(parts)

    def _drawn(self, ends: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """Series ``(n, numbers)`` of uniform noise; `ends` are the first and the last series to draw from."""
        n, steps = len(noise), self.series.shape[1]
        length = max(steps / self.blocks, LEAST_BLOCK)
        half = max(round(self.join * length / 2.0), 1)
        picks = ends[:, :1] + (noise[:, 1:] * (ends[:, 1:] - ends[:, :1])).astype(np.int64)
        picks = np.minimum(picks, ends[:, 1:] - 1).reshape(n, -1, self.candidates)
        source = picks[:, 0, 0]
        made = self.series[source].astype(np.float64)
        for block in range(1, picks.shape[1]):
            start = np.rint((block - noise[:, 0]) * length).astype(np.int64)
            source = self._matched(source, picks[:, block], start[:, None] + np.arange(-half, half + 1))
            share = np.clip((np.arange(steps) - start[:, None] + half) / (2.0 * half), 0.0, 1.0)[:, :, None]
            made = (1.0 - share) * made + share * self.series[source]
        return np.asarray(made.reshape(n, self.series[0].size))

    def _matched(self, source: np.ndarray, picks: np.ndarray, around: np.ndarray) -> np.ndarray:
        """Of some series ``(n, candidates)`` the one ``(n,)`` most like another at these steps ``(n, n_steps)``."""
        if self.candidates == 1:
            return np.asarray(picks[:, 0])
        around = np.clip(around, 0, self.series.shape[1] - 1)
        there = self.series[source[:, None], around]
        apart = self.series[picks[:, :, None], around[:, None, :]] - there[:, None]
        distances = (apart**2).sum(axis=(2, 3), dtype=np.float64)
        distances[picks == source[:, None]] = np.inf  # the same series again would be no new block
        return np.asarray(np.take_along_axis(picks, distances.argmin(axis=1)[:, None], axis=1)[:, 0])


class Autoregression(ItemSampler):
    """Each class by a mean curve, a curve of deviations, and a vector autoregression of what is left.

    The first steps are drawn from their own normal distribution, the others from the steps before them and normal
    innovations.

    Args:
        lags: steps before that a step depends on.
        by_class: whether each class has coefficients of its own, next to its own curves.
        smoothing: steps over which the curve of deviations is averaged, as a share of the series.

    Source: Hamilton, "Time series analysis", 1994, chapters 10 and 11 (vector autoregressions).
    """

    def __init__(self, lags: int = 10, by_class: bool = True, smoothing: float = 0.05) -> None:
        self.lags = lags
        self.by_class = by_class
        self.smoothing = smoothing
        self.places = np.zeros(1, np.int64)  # of each code among the classes
        self.curves = np.zeros((0, 0, 0), np.float32)  # (n_classes, steps, channels)
        self.spreads = np.zeros((0, 0, 0), np.float32)
        self.coefficients = np.zeros((0, 0, 0))  # (n_classes, lags * channels, channels), oldest lag first
        self.innovations = np.zeros((0, 0, 0))  # (n_classes, channels, channels), lower triangles
        self.starts = np.zeros((0, 0, 0))  # (n_classes, lags * channels, lags * channels), lower triangles

    def fit(self, items: np.ndarray, classes: np.ndarray, shape: Sequence[int], seed: int) -> None:
        """Curves, then least squares with a small ridge."""
        steps, channels = int(shape[0]), int(shape[1])
        series = np.asarray(items, np.float64).reshape(len(items), steps, channels)
        rows, self.places = class_rows(classes)
        lags = max(min(self.lags, steps // 4, MOST_LAGGED // channels), 1)
        self.curves = np.stack([series[own].mean(axis=0) for own in rows]).astype(np.float32)
        spreads = [_smooth(series[own].var(axis=0), max(round(self.smoothing * steps), 1)) for own in rows]
        floor = 1e-6 * max(float(np.mean(spreads)), 1e-12)
        self.spreads = np.sqrt(np.maximum(np.stack(spreads), floor)).astype(np.float32)
        white = [(series[own] - self.curves[k]) / self.spreads[k] for k, own in enumerate(rows)]
        every = np.concatenate(white)
        common = np.cov(every[:, :lags].reshape(len(every), -1).T, bias=True).reshape(lags * channels, -1)
        fits = [_autoregression(part, lags) for part in (white if self.by_class else [every])]
        self.coefficients = np.stack([fit[0] for fit in fits])
        self.innovations = np.stack([fit[1] for fit in fits])
        self.starts = np.stack([_start(part, lags, common) for part in white])

    def draw(self, classes: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """New series, step by step."""
        own = placed(classes, self.places)
        steps, channels = self.curves.shape[1:]
        lagged = self.starts.shape[1]
        numbers = continued(noise, steps * channels).reshape(len(noise), steps, channels)
        white = np.empty((len(noise), steps * channels))
        for code in np.unique(own).tolist():
            rows, fit = np.flatnonzero(own == code), min(code, len(self.coefficients) - 1)
            made = np.empty((len(rows), steps * channels))
            made[:, :lagged] = numbers[rows].reshape(len(rows), steps * channels)[:, :lagged] @ self.starts[code].T
            shocks = numbers[rows] @ self.innovations[fit].T
            for step in range(lagged // channels, steps):
                end = step * channels
                made[:, end : end + channels] = made[:, end - lagged : end] @ self.coefficients[fit] + shocks[:, step]
            white[rows] = made
        series = self.curves[own] + self.spreads[own] * white.reshape(len(noise), steps, channels)
        return np.asarray(series.reshape(len(noise), steps * channels), np.float64)


def _smooth(values: np.ndarray, width: int) -> np.ndarray:
    """Moving averages over time ``(steps, channels)``, of fewer steps at the ends."""
    totals = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    at = np.arange(len(values))
    low, high = np.maximum(at - width // 2, 0), np.minimum(at + width // 2 + 1, len(values))
    return np.asarray((totals[high] - totals[low]) / (high - low)[:, None])


def _autoregression(series: np.ndarray, lags: int) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients ``(lags * channels, channels)``, and the root of the covariance of innovations."""
    n, steps, channels = series.shape
    width = lags * channels
    gram, cross = np.zeros((width, width)), np.zeros((width, channels))
    flat = series.reshape(n, -1)
    stride = max(n * (steps - lags) * width**2 // MOST_WORK, 1)
    places = range(lags, steps, stride)
    for step in places:
        before = flat[:, (step - lags) * channels : step * channels]
        gram += before.T @ before
        cross += before.T @ series[:, step]
    gram += RIDGE * max(float(np.trace(gram)) / width, 1e-12) * np.eye(width) / lags
    coefficients = _stable(np.linalg.solve(gram, cross), channels)
    covariance = np.zeros((channels, channels))
    for step in places:
        error = series[:, step] - flat[:, (step - lags) * channels : step * channels] @ coefficients
        covariance += error.T @ error
    return coefficients, _root(covariance / (n * len(places)))


def _stable(coefficients: np.ndarray, channels: int) -> np.ndarray:
    """Coefficients whose companion matrix has no root beyond `LARGEST_ROOT`: older lags are damped more."""
    width = len(coefficients)
    companion = np.eye(width, k=channels)
    companion[width - channels :] = coefficients.T
    largest = float(np.abs(np.linalg.eigvals(companion)).max())
    if largest <= LARGEST_ROOT:
        return coefficients
    ages = np.repeat(np.arange(width // channels, 0, -1), channels)  # steps back
    return np.asarray(coefficients * ((LARGEST_ROOT / largest) ** ages)[:, None])


def _start(series: np.ndarray, lags: int, common: np.ndarray) -> np.ndarray:
    """Root of the covariance of the first steps ``(lags * channels, lags * channels)``, drawn towards a common one."""
    own = np.cov(series[:, :lags].reshape(len(series), -1).T, bias=True).reshape(common.shape)
    share = len(series) / (len(series) + START_ROWS)
    return _root(share * own + (1.0 - share) * common)


def _root(covariance: np.ndarray) -> np.ndarray:
    """Lower triangle of a covariance."""
    ridge = 1e-6 * max(float(np.trace(covariance)) / len(covariance), 1e-12)
    return np.linalg.cholesky(covariance + ridge * np.eye(len(covariance)))
