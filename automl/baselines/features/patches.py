"""Codes of small patches of pictures against a dictionary that k-means learns from them, in NumPy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sklearn.cluster import MiniBatchKMeans

from automl.baselines.features.description import Description, matrix
from automl.baselines.features.gradients import PICTURES, pictures_of
from automl.baselines.features.plain.patches import MOST_WIDTH, normalised_patches, patch_codes, patches_of
from automl.baselines.features.projection import Projected
from automl.baselines.model import remembered, rows_key
from automl.records import MIN_LEVEL_ROWS, Dataset

__all__ = ["MOST_WIDTH", "PatchFeatures"]

DICTIONARY_PICTURES, DICTIONARY_PATCHES = 2_000, 40_000
"""Pictures and patches that the dictionary is learnt from."""
WHITENING = 0.1
"""Added to each eigenvalue of the patches' covariance."""
BATCH = 128


class PatchFeatures(Projected):
    """How much of each dictionary patch lies in each part of a picture.

    Patches are normalised for brightness and contrast and whitened; k-means gives the dictionary, of means of patches
    of several pictures alone; a patch's code is its
    products with the dictionary's unit vectors less a threshold, where positive; codes are summed over a grid of parts.

    Args:
        side: longer side in pixels that pictures are looked at.
        patch: side of a patch in pixels; less where the pictures have many channels.
        n_patches: patches of the dictionary.
        grid: parts along each side of a picture that codes are summed in.
        components: principal components kept; 0 for the codes themselves.
        seed: of the patches drawn, of k-means and of the decomposition.

    Source: Coates, Lee & Ng 2011, "An analysis of single-layer networks in unsupervised feature learning", section 3;
        the soft threshold is that of Coates & Ng 2011, "The importance of encoding versus training", section 3.
    """

    def __init__(self, side: int, patch: int, n_patches: int, grid: int, components: int = 0, seed: int = 0) -> None:
        self.categories: list[bool] = []
        self.side = side
        self.patch = patch
        self.n_patches = n_patches
        self.grid = grid
        self.components = components
        self.seed = seed
        self.mean: np.ndarray | None = None
        self.whiten: np.ndarray | None = None
        self.dictionary: np.ndarray | None = None
        self.center: np.ndarray | None = None
        self.scale: np.ndarray | None = None
        self.projection: Any = None

    def fit(self, dataset: Dataset, rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
        """Learn dictionary, scale and projection; the codes of the training rows."""
        pictures = pictures_of(dataset)
        n_channels = pictures.shape[3] if pictures.ndim > 3 else 1
        self.patch = min(self.patch, max(math.isqrt(MOST_WIDTH // n_channels), 1))
        how = (self.side, self.patch, self.n_patches, self.grid, self.seed)
        key = ("patches", *how, *rows_key(dataset, rows))
        raw, self.mean, self.whiten, self.dictionary = remembered(key, lambda: self._learnt(dataset, rows))
        spread = raw.std(axis=0)
        self.center, self.scale = raw.mean(axis=0), spread + max(1e-3 * float(spread.mean()), 1e-6)
        return self._fit_projection(raw, self._more(dataset, key, self._codes))

    def transform(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """The codes of other rows."""
        return self._projected(self._codes(dataset, rows))

    def _learnt(self, dataset: Dataset, rows: np.ndarray) -> tuple[np.ndarray, ...]:
        """Codes of these rows, and the mean, whitening and dictionary that they come of."""
        drawn, owners = self._drawn(dataset, rows)
        patches = normalised_patches(drawn)
        mean = patches.mean(axis=0)
        values, vectors = np.linalg.eigh(np.cov(patches - mean, rowvar=False))
        whiten = (vectors / np.sqrt(np.maximum(values, 0.0) + WHITENING)) @ vectors.T
        n_patches = min(self.n_patches, len(patches))
        clusters = MiniBatchKMeans(n_patches, n_init=1, batch_size=2_000, max_iter=6, random_state=self.seed)
        white = (patches - mean) @ whiten
        centers = _shared_means(white, clusters.fit_predict(white), owners)
        centers /= np.maximum(np.linalg.norm(centers, axis=1, keepdims=True), 1e-6)
        self.mean, self.whiten, self.dictionary = mean.astype("f4"), whiten.astype("f4"), centers.astype("f4")
        return self._codes(dataset, rows), self.mean, self.whiten, self.dictionary

    def _drawn(self, dataset: Dataset, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Some patches ``(n, patch * patch * channels)`` of some of these rows, and which picture each is of."""
        random = np.random.default_rng(self.seed)
        some = np.sort(random.permutation(rows)[:DICTIONARY_PICTURES])
        pictures, drawn = pictures_of(dataset), []
        each = max(1, DICTIONARY_PATCHES // len(some))
        for i in range(0, len(some), BATCH):
            patches = patches_of(np.asarray(pictures[some[i : i + BATCH]]), self.side, self.patch, 1)
            n, width = len(patches), patches.shape[-1]
            places = random.integers(0, patches.shape[1] * patches.shape[2], (n, each))
            drawn.append(np.take_along_axis(patches.reshape(n, -1, width), places[..., None], 1).reshape(-1, width))
        return np.concatenate(drawn), np.repeat(np.arange(len(some)), each)

    def _codes(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Unscaled features ``(n, grid * grid * n_patches)`` of these rows, float32."""
        pictures, spec = pictures_of(dataset), self._codebook()
        parts = [
            patch_codes(np.asarray(pictures[rows[i : i + BATCH]]), spec) for i in range(0, max(len(rows), 1), BATCH)
        ]
        return np.concatenate(parts)

    def _codebook(self) -> dict[str, Any]:
        """What `patch_codes` needs."""
        return {
            "side": self.side, "patch": self.patch, "grid": self.grid, "dictionary": self.dictionary,
            "mean_patch": self.mean, "whiten": self.whiten,
        }  # fmt: skip

    def describe(self) -> Description:
        """What an exported reader makes them of."""
        settings = {**self._codebook(), **self._description()}
        return Description(
            "automl.baselines.features.plain.patches:patch_features",
            settings,
            PICTURES,
            parts=matrix(self._n_columns()),
        )

    def sources(self, dataset: Dataset, rows: np.ndarray) -> dict[str, np.ndarray]:
        """The pictures of these rows."""
        return {"pictures": np.asarray(pictures_of(dataset)[rows])}


def _shared_means(white: np.ndarray, cluster: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """Means of the clusters that patches of `MIN_LEVEL_ROWS` pictures or more are in: a smaller one would show a patch.

    Args:
        white: patches ``(n, width)``.
        cluster: of each patch.
        owners: the picture of each patch.

    Returns:
        ``(n_clusters, width)``; the mean of all patches where no cluster is shared by so many.
    """
    pairs = np.unique(np.stack([cluster, owners], axis=1), axis=0)
    shared = np.flatnonzero(np.bincount(pairs[:, 0]) >= MIN_LEVEL_ROWS)
    if not len(shared):
        return np.asarray(white.mean(axis=0, keepdims=True))
    return np.stack([white[cluster == one].mean(axis=0) for one in shared])
