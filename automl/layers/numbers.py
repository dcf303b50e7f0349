"""Layers for a table's numeric columns: robust scaling and numeric embeddings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

__all__ = ["LinearEmbedding", "PeriodicEmbedding", "PiecewiseLinearEmbedding", "RobustScale"]


@keras.saving.register_keras_serializable(package="automl")
class RobustScale(keras.layers.Layer):  # type: ignore[misc]
    """Robust scaling and smooth clipping: ``z = (x - median) / scale``, ``y = z / sqrt(1 + (z / limit)²)``.

    Medians and scales are kept in the config, not as weights, so that every export format contains them.

    Args:
        median: of each column.
        scale: of each column, such as its interquartile range; 0 counts as 1.
        limit: upper bound of the result's magnitude.

    Input shape: ``(batch, columns)``. Output shape: the same.

    Source: Holzmüller, Grinsztajn & Steinwart, "Better by default" (RealMLP), NeurIPS 2024, section 3.1.
    """

    def __init__(self, median: Sequence[float], scale: Sequence[float], limit: float = 3.0, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)  # half precision would round inputs such as a year
        self.median = [float(value) for value in median]
        self.scale = [float(value) if value else 1.0 for value in scale]
        self.limit = float(limit)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Scale and clip."""
        z = keras.ops.cast(inputs, "float32") - np.asarray(self.median, "float32")
        z = keras.ops.clip(z / np.asarray(self.scale, "float32"), -1e6, 1e6)  # otherwise its square would overflow
        clipped = z / keras.ops.sqrt(1.0 + keras.ops.square(z / self.limit))
        return keras.ops.cast(clipped, self.compute_dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        config = {"median": self.median, "scale": self.scale, "limit": self.limit}
        return {**_without_autocast(super().get_config()), **config}


def bin_edges(quantiles: Sequence[float], n_bins: int, splits: Sequence[float] = ()) -> list[float]:
    """At most ``n_bins + 1`` strictly ascending edges of a column.

    Args:
        quantiles: ascending; edges are picked evenly from them where there are no splits.
        n_bins: 1 or more.
        splits: where a decision tree would split the column, best first; the first ``n_bins - 1`` become inner edges.
    """
    if len(splits) and len(quantiles):
        quantiles = [quantiles[0], *splits[: n_bins - 1], quantiles[-1]]
    edges = np.unique(np.asarray(quantiles, "float32"))
    edges = edges[np.isfinite(edges)]
    if len(edges) > n_bins + 1:
        edges = edges[np.unique(np.linspace(0, len(edges) - 1, n_bins + 1).round().astype(int))]
    if len(edges) < 2:
        start = float(edges[0]) if len(edges) else 0.0
        return [start, start + max(1.0, abs(start))]  # a constant column: one bin, which tells higher values apart
    return [float(edge) for edge in edges]


@keras.saving.register_keras_serializable(package="automl")
class PiecewiseLinearEmbedding(keras.layers.Layer):  # type: ignore[misc]
    """Embeds each column by its position among bins: ``y_c = v_c + z_c u_c + Σ_t ple_t(x_c) W_ct``.

    ``ple_t`` is 0 below bin t, 1 above it, and linear inside. The outer bins extend linearly by half a bin beyond the
    training range and are constant after that. ``z`` is the column scaled by its outer edges. Bin weights start at
    zero, so the embedding starts linear.

    Args:
        edges: ascending bin edges of each column; columns may have different numbers of them.
        dim: size of the embedding of a column.

    Input shape: ``(batch, columns)`` in the edges' units. Output shape: ``(batch, columns, dim)``.

    Source: Gorishniy, Rubachev & Babenko, "On Embeddings for Numerical Features", NeurIPS 2022, section 3.2; the
        linear part and zero start as in the authors' ``rtdl_num_embeddings``, version "B".
    """

    def __init__(self, edges: Sequence[Sequence[float]], dim: int, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)  # half precision would confuse neighbouring bins
        self.edges = [[float(edge) for edge in column] for column in edges]
        self.dim = int(dim)
        n_bins = max(len(column) for column in self.edges) - 1
        low = np.zeros((len(self.edges), n_bins), "float32")
        width = np.ones((len(self.edges), n_bins), "float32")
        least = np.zeros((len(self.edges), n_bins), "float32")
        most = np.zeros((len(self.edges), n_bins), "float32")  # stays zero for bins that a column does not have
        for row, column in enumerate(self.edges):
            n_own = len(column) - 1
            low[row, :n_own], width[row, :n_own] = column[:-1], np.diff(column)
            most[row, :n_own] = 1.0
            least[row, 0], most[row, n_own - 1] = -0.5, 1.5
        self.bins = _Constants(low, width, least, most)
        first = np.asarray([column[0] for column in self.edges], "float32")
        last = np.asarray([column[-1] for column in self.edges], "float32")
        self.range = _Constants((first + last) / 2, (last - first) / 2)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make a linear map and bin weights for each column."""
        n_columns, n_bins = self.bins.arrays[0].shape
        spread = keras.initializers.RandomUniform(-1 / math.sqrt(self.dim), 1 / math.sqrt(self.dim))
        self.slope = self.add_weight(shape=(n_columns, self.dim), initializer=spread, name="slope")
        self.offset = self.add_weight(shape=(n_columns, self.dim), initializer=spread, name="offset")
        self.kernel = self.add_weight(shape=(n_columns, n_bins, self.dim), initializer="zeros", name="kernel")

    def call(self, inputs: Any) -> Any:
        """Encode and embed."""
        low, width, least, most = self.bins.arrays
        middle, half = self.range.arrays
        x = keras.ops.cast(inputs, "float32")
        ple = keras.ops.clip((x[:, :, None] - low) / width, least, most)  # (batch, columns, bins)
        z = keras.ops.clip((x - middle) / half, -2.0, 2.0)
        ple, z, slope, offset, kernel = (
            keras.ops.cast(part, self.compute_dtype) for part in (ple, z, self.slope, self.offset, self.kernel)
        )
        return z[:, :, None] * slope + offset + keras.ops.einsum("ncb,cbd->ncd", ple, kernel)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, columns, dim)."""
        return (*input_shape, self.dim)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**_without_autocast(super().get_config()), "edges": self.edges, "dim": self.dim}


@keras.saving.register_keras_serializable(package="automl")
class LinearEmbedding(keras.layers.Layer):  # type: ignore[misc]
    """Embeds each column linearly: ``y_c = x_c u_c``, with a learned vector for each column.

    Args:
        dim: size of the embedding of a column.

    Input shape: ``(batch, columns)``, scaled. Output shape: ``(batch, columns, dim)``.

    Source: Gorishniy et al., "Revisiting Deep Learning Models for Tabular Data", NeurIPS 2021, section 3.3.
    """

    def __init__(self, dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dim = int(dim)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make a vector for each column."""
        spread = keras.initializers.RandomUniform(-1 / math.sqrt(self.dim), 1 / math.sqrt(self.dim))
        self.slope = self.add_weight(shape=(int(input_shape[-1] or 0), self.dim), initializer=spread, name="slope")

    def call(self, inputs: Any) -> Any:
        """Multiply by the vectors."""
        return inputs[:, :, None] * self.slope

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, columns, dim)."""
        return (*input_shape, self.dim)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**super().get_config(), "dim": self.dim}


def _without_autocast(config: dict[str, Any]) -> dict[str, Any]:
    """The config without "autocast", which the constructor sets itself."""
    return {key: value for key, value in config.items() if key != "autocast"}


class _Constants:
    """Holds arrays that Keras neither tracks nor saves, because they follow from the config."""

    __slots__ = ("arrays",)

    def __init__(self, *arrays: np.ndarray) -> None:
        self.arrays = arrays


@keras.saving.register_keras_serializable(package="automl")
class PeriodicEmbedding(keras.layers.Layer):  # type: ignore[misc]
    """Embeds each column by learned periodic features: ``y_c = [x_c, W_c cos(2π(f_c x_c + p_c)) + v_c]``.

    Args:
        n_frequencies: number of frequencies per column.
        dim: size of the embedding of a column, the column's own value included.
        sigma: standard deviation of the initial frequencies, per unit of the scaled column.

    Input shape: ``(batch, columns)``, scaled. Output shape: ``(batch, columns, dim)``.

    Source: Gorishniy et al., NeurIPS 2022 (PLR); Holzmüller et al., NeurIPS 2024 (PBLD: cosine with phase, dense
        connection).
    """

    def __init__(self, n_frequencies: int, dim: int, sigma: float = 0.1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_frequencies, self.dim, self.sigma = int(n_frequencies), int(dim), float(sigma)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make frequencies, phases and a linear map for each column."""
        shape = (int(input_shape[-1] or 0), self.n_frequencies)
        bound = 1 / math.sqrt(self.n_frequencies)
        spread = keras.initializers.RandomUniform(-bound, bound)
        normal = keras.initializers.RandomNormal(stddev=self.sigma)
        phase = keras.initializers.RandomUniform(-0.5, 0.5)
        self.frequency = self.add_weight(shape=shape, initializer=normal, name="frequency")
        self.phase = self.add_weight(shape=shape, initializer=phase, name="phase")
        self.kernel = self.add_weight(shape=(*shape, self.dim - 1), initializer=spread, name="kernel")
        self.offset = self.add_weight(shape=(shape[0], self.dim - 1), initializer=spread, name="offset")

    def call(self, inputs: Any) -> Any:
        """Compute the periodic features."""
        waves = keras.ops.cos(2 * math.pi * (inputs[:, :, None] * self.frequency + self.phase))
        mixed = keras.ops.einsum("ncf,cfd->ncd", waves, self.kernel) + self.offset
        return keras.ops.concatenate([inputs[:, :, None], mixed], axis=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, columns, dim)."""
        return (*input_shape, self.dim)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        config = {"n_frequencies": self.n_frequencies, "dim": self.dim, "sigma": self.sigma}
        return {**super().get_config(), **config}
