"""Cepstral coefficients of sounds with their changes, in statistics; or spectrograms themselves, in NumPy.

Both are read off the spectrogram that networks read, too. A cepstrum is the cosine transform of a frame's log-mel bands
(Davis & Mermelstein, "Comparison of parametric representations for monosyllabic word recognition", IEEE Trans. ASSP 28,
1980).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from automl.baselines.features.description import Description, matrix
from automl.baselines.features.plain.sounds import cepstra, changes, sound_numbers
from automl.baselines.features.projection import Projected
from automl.baselines.model import remembered, rows_key
from automl.records import Dataset

__all__ = ["SoundFeatures", "cepstra", "changes"]

BATCH = 256
SPECTROGRAMS = {
    "spectrograms": "spectrograms of this many bands, the highest first, and frames, 0 to 255 as in training"
}


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
            parts.append(sound_numbers(np.asarray(dataset.inputs[some]), self._settings()))
        return np.concatenate(parts)

    def _settings(self) -> dict[str, Any]:
        """What `sound_numbers` needs."""
        return {"coefficients": self.coefficients, "stretches": self.stretches}

    def describe(self) -> Description:
        """What an exported reader makes them of."""
        settings = {**self._settings(), **self._description()}
        return Description(
            "automl.baselines.features.plain.sounds:sound_features",
            settings,
            SPECTROGRAMS,
            parts=matrix(self._n_columns()),
        )

    def sources(self, dataset: Dataset, rows: np.ndarray) -> dict[str, np.ndarray]:
        """The spectrograms of these rows."""
        return {"spectrograms": np.asarray(dataset.inputs[rows])}
