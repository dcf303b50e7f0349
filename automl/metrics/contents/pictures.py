"""Pictures as features: a small network of two layers whose filters are learned from them without labels, and pixels.

Nothing is downloaded, and what is drawn is drawn with seeds of its own, so that all processes get the same numbers.
"""

from __future__ import annotations

import numpy as np

from automl.metrics.contents.components import Components, area_weights, by_content, joined
from automl.metrics.contents.patches import PatchFilters, pooled_grid, pooled_pairs

__all__ = ["Features"]

MOST_FITTED = 1_000
MOST_SIDE = 32
LEARNT_FROM = 400
"""Pictures whose maps the second layer's filters are learned from."""
SIZES, N_FILTERS, GRIDS = (5, 3), (16, 32), (4, 2)
"""Of the two layers: sides of patches, filters of each kind, fields of the pooled grids a side."""
LEAST_POOLED = 6
CHUNK_CELLS = 4_000_000
"""Numbers in the patches of one chunk, 16 MB: what lies in the processor's cache goes faster."""
N_COMPONENTS = 48
N_PIXELS = 40
"""Principal components of pixels that a classifier reads."""
N_NEAR = 64
"""Principal components of pixels that distances to neighbours are measured in."""


class Network:
    """Two layers of filters of one kind, learned from pictures.

    Args:
        pictures: ``(n, h, w, channels)`` float32 from 0 to 1.
        by_contrast: see `PatchFilters`; of the first layer.
    """

    def __init__(self, pictures: np.ndarray, *, by_contrast: bool) -> None:
        self.first = PatchFilters(pictures, SIZES[0], N_FILTERS[0], by_contrast=by_contrast)
        maps = pooled_pairs(self.first.respond(pictures[:LEARNT_FROM]), LEAST_POOLED)
        self.second = PatchFilters(maps, min(SIZES[1], *maps.shape[1:3]), N_FILTERS[1], by_contrast=False)

    def pooled(self, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Responses of both layers, each pooled into a grid, ``(n, fields * filters)`` float32."""
        maps = pooled_pairs(self.first.respond(pictures), LEAST_POOLED)
        return pooled_grid(maps, GRIDS[0]), pooled_grid(self.second.respond(maps), GRIDS[1])


class Features:
    """Features of pictures, fitted on reference pictures.

    Two networks look at them, one at patches divided by their contrast (it sees noise and blur), one at patches as they
    are (it sees brightness, and two pictures laid over each other). Each layer of each has a quarter of the variance.

    Args:
        items: ``(n, h, w, channels)`` uint8, from 8 pixels a side; they are looked at with at most 32.

    Source: Coates & Ng, "Learning feature representations with k-means", 2012, section 4 (several layers).
    """

    def __init__(self, items: np.ndarray) -> None:
        pictures = _scaled(by_content(items, MOST_FITTED))
        self.networks = tuple(Network(pictures, by_contrast=by_contrast) for by_contrast in (True, False))
        layers = self._layers(pictures)
        self.means = [layer.mean(axis=0, dtype=np.float64) for layer in layers]
        totals = [float(layer.var(axis=0, dtype=np.float64).sum()) for layer in layers]
        self.shares = [1.0 / total if total > 0 else 0.0 for total in totals]
        self.components = Components(self._joined(layers), N_COMPONENTS)
        self.pixels = Components(_flat(pictures), N_NEAR)

    def transform(self, items: np.ndarray) -> np.ndarray:
        """Of the networks, ``(n, at most 48)`` float64; the variances of reference pictures add up to 1."""
        return self._seen(_scaled(items))

    def columns(self, items: np.ndarray) -> np.ndarray:
        """For a classifier: of the networks and of pixels, ``(n, at most 88)``."""
        pictures = _scaled(items)
        return np.concatenate([self._seen(pictures), self.pixels.transform(_flat(pictures))[:, :N_PIXELS]], axis=1)

    def points(self, items: np.ndarray) -> np.ndarray:
        """For nearest neighbours: pixels and networks, ``(n, at most 112)``; the mean squared distance is 1."""
        pictures = _scaled(items)
        return joined([(0.25, self.pixels.transform(_flat(pictures))), (0.25, self._seen(pictures))])

    def _seen(self, pictures: np.ndarray) -> np.ndarray:
        return self.components.transform(self._joined(self._layers(pictures)))

    def _layers(self, pictures: np.ndarray) -> list[np.ndarray]:
        """The pooled responses of all layers, ``(n, n_responses)`` each, in chunks of pictures."""
        cells = pictures[0].size * SIZES[0] ** 2 if len(pictures) else 1
        step = max(1, CHUNK_CELLS // cells)
        chunks = [
            [part for network in self.networks for part in network.pooled(pictures[k : k + step])]
            for k in range(0, max(len(pictures), 1), step)
        ]
        return [np.concatenate(parts) for parts in zip(*chunks, strict=True)]

    def _joined(self, layers: list[np.ndarray]) -> np.ndarray:
        centred = [layer - mean for layer, mean in zip(layers, self.means, strict=True)]
        return joined(list(zip(self.shares, centred, strict=True)))


def _scaled(items: np.ndarray) -> np.ndarray:
    """Float32 from 0 to 1, averaged to at most `MOST_SIDE` pixels a side."""
    pictures = items.astype(np.float32) / np.float32(255.0)
    _, h, w, _ = pictures.shape
    if h > MOST_SIDE:
        pictures = np.einsum("ab,nbwc->nawc", area_weights(h, MOST_SIDE).astype(np.float32), pictures, optimize=True)
    if w > MOST_SIDE:
        pictures = np.einsum("ab,nhbc->nhac", area_weights(w, MOST_SIDE).astype(np.float32), pictures, optimize=True)
    return np.ascontiguousarray(pictures)


def _flat(pictures: np.ndarray) -> np.ndarray:
    return pictures.reshape(len(pictures), int(np.prod(pictures.shape[1:]))).astype(np.float64)
