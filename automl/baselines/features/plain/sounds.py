"""Cepstral coefficients of sounds with their changes, in statistics; or levels of bands, in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from automl.baselines.features.plain.components import on_components

__all__ = ["cepstra", "changes", "decibels", "heard_from_to", "sound_features", "sound_numbers"]

BATCH_OF_SOUNDS = 256
DECIBELS = 100.0
"""Below full scale, where silence begins."""
BELOW_PEAK = 30.0
"""Decibels below a sound's loudest frame, within which a frame is part of what is heard."""
REACH = 2
"""Frames on either side that a change is measured over."""
QUANTILES = (0.1, 0.5, 0.9)


def sound_features(given: Mapping[str, np.ndarray], spec: Mapping[str, Any]) -> np.ndarray:
    """Statistics of cepstra, or levels of bands, ``(n, n_features)`` float64.

    Args:
        given: "spectrograms" ``(n, bands, frames, 1)`` uint8, the highest band first.
        spec: see `sound_numbers` and `on_components`.
    """
    sounds = given["spectrograms"]
    parts = [
        sound_numbers(sounds[i : i + BATCH_OF_SOUNDS], spec) for i in range(0, max(len(sounds), 1), BATCH_OF_SOUNDS)
    ]
    return on_components(np.concatenate(parts), spec)


def sound_numbers(spectrograms: np.ndarray, spec: Mapping[str, Any]) -> np.ndarray:
    """Unscaled features of some sounds, ``(n, n_raw)`` float32.

    Args:
        spectrograms: ``(n, bands, frames, 1)`` uint8, the highest band first.
        spec: "coefficients" and "stretches", see `automl.baselines.features.sounds`.
    """
    level = decibels(spectrograms)
    if spec["coefficients"]:
        return statistics_of_cepstra(level, spec["coefficients"], spec["stretches"])
    pieces = np.array_split(level, min(max(spec["stretches"], 1), level.shape[1]), axis=1)
    return np.concatenate([piece.mean(axis=1) for piece in pieces], axis=1)


def decibels(pictures: np.ndarray) -> np.ndarray:
    """Decibels ``(n, frames, bands)`` float32, lowest band first, of spectrograms ``(n, bands, frames, 1)``."""
    level = pictures[:, ::-1, :, 0].astype(np.float32) * np.float32(DECIBELS / 255.0) - np.float32(DECIBELS)
    return np.ascontiguousarray(level.transpose(0, 2, 1))


def statistics_of_cepstra(level: np.ndarray, coefficients: int, stretches: int) -> np.ndarray:
    """Means, spreads and quantiles of cepstra, means and spreads of changes, and means of each stretch."""
    cepstrum = cepstra(level, coefficients)  # (n, frames, coefficients)
    change = changes(cepstrum)
    second = changes(change)
    blocks = [cepstrum.mean(axis=1), cepstrum.std(axis=1), *np.quantile(cepstrum, QUANTILES, axis=1)]
    blocks += [change.std(axis=1), second.std(axis=1)]
    if stretches:
        first, last = heard_from_to(level)
        blocks += [stretch_means(one, first, last, stretches).reshape(len(level), -1) for one in (cepstrum, change)]
        blocks.append(np.stack([first, last - first], axis=1) / level.shape[1])
    return np.concatenate(blocks, axis=1).astype(np.float32)


def cepstra(level: np.ndarray, n: int) -> np.ndarray:
    """The first n cepstral coefficients ``(n, frames, n)`` of decibels ``(n, frames, bands)``: an orthonormal cosine
    transform (DCT-II).
    """
    n_bands = level.shape[2]
    places = np.arange(min(n, n_bands))
    waves = np.cos(np.pi * places[None] * (2 * np.arange(n_bands)[:, None] + 1) / (2 * n_bands))
    waves *= np.sqrt(np.where(places == 0, 1.0, 2.0) / n_bands)
    return np.asarray(level.astype(np.float64) @ waves, np.float32)


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


def stretch_means(values: np.ndarray, first: np.ndarray, last: np.ndarray, n_parts: int) -> np.ndarray:
    """Means over equal parts of the frames from `first` to `last`: ``(n, n_parts, k)``."""
    sums = np.concatenate([np.zeros_like(values[:, :1]), np.cumsum(values, axis=1, dtype=np.float64)], axis=1)
    share = np.arange(n_parts + 1) / n_parts
    edges = np.floor(first[:, None] + share * (last - first)[:, None]).astype(int)  # (n, n_parts + 1)
    starts = np.minimum(edges[:, :-1], values.shape[1] - 1)
    ends = np.maximum(edges[:, 1:], starts + 1)
    rows = np.arange(len(values))[:, None]
    return np.asarray((sums[rows, ends] - sums[rows, starts]) / (ends - starts)[:, :, None], np.float32)
