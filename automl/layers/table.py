"""Scaling and embedding of a table's inputs before the first dense layer, as parts of a Keras graph.

Keras is imported inside the functions, so that templates can import this module without loading Keras.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from automl.records import InputSpec

__all__ = ["Features", "number_vectors", "scaled", "table_features"]

N_FREQUENCIES = 16
FEWEST_BINS = 8
"""Where columns have too few different values for more bins to matter."""


@dataclass(frozen=True, slots=True)
class Features:
    """The features of some columns.

    Attributes:
        tensor: ``(batch, features)``.
        sizes: number of features of each column.
    """

    tensor: Any
    sizes: tuple[int, ...]


def table_features(
    inputs: Mapping[str, Any], specs: Sequence[InputSpec], choices: Mapping[str, Any], hide_rate: Any,
    one_hot_up_to: int,
) -> Features:  # fmt: skip
    """The features of all inputs of a table, concatenated.

    Args:
        inputs: Keras inputs by spec name.
        choices: "numeric", "numeric_dim", "bins", "bins_by" and "category_dim" are read, as far as there are columns
            for which they matter.
        hide_rate: share of codes hidden in training, a number or a knob.
        one_hot_up_to: the most levels, code 0 not counted, of a column that is one-hot encoded; columns with more
            levels get learned embeddings.
    """
    import keras

    parts: list[Features] = []
    for spec in specs:
        if spec.kind == "categories":
            parts += category_features(inputs[spec.name], spec, choices, hide_rate, one_hot_up_to)
        else:
            parts.append(number_features(inputs[spec.name], spec, choices))
    tensors = [part.tensor for part in parts]
    together = keras.layers.Concatenate()(tensors) if len(tensors) > 1 else tensors[0]
    return Features(together, tuple(size for part in parts for size in part.sizes))


def number_vectors(x: Any, spec: InputSpec, choices: Mapping[str, Any], dim: int) -> Any | None:
    """Numeric columns embedded as ``(batch, columns, dim)``; None where they are not embedded.

    Args:
        choices: these are read: "numeric" ("plain", "piecewise" or "periodic"), "bins" (how many) and "bins_by"
            ("quantiles", or "target" for the splits of a tree, where there are any).
    """
    from automl.layers.numbers import PeriodicEmbedding, PiecewiseLinearEmbedding, bin_edges

    quantiles = spec.stats.get("quantiles")
    if spec.name == "texts" or not quantiles or choices["numeric"] == "plain":
        return None
    if choices["numeric"] == "periodic":
        return PeriodicEmbedding(N_FREQUENCIES, dim)(scaled(x, spec))
    splits: Sequence[Sequence[float]] = spec.stats.get("splits") or [[]] * len(quantiles)
    if choices.get("bins_by") == "quantiles":
        splits = [[]] * len(quantiles)
    n_bins = int(choices.get("bins", FEWEST_BINS))
    edges = [bin_edges(column, n_bins, own) for column, own in zip(quantiles, splits, strict=True)]
    return PiecewiseLinearEmbedding(edges, dim)(x)


def scaled(x: Any, spec: InputSpec) -> Any:
    """Numeric columns, centred, scaled and smoothly clipped."""
    from automl.layers.numbers import RobustScale

    n_columns = int(spec.shape[0])
    return RobustScale(spec.stats.get("median") or [0.0] * n_columns, spec.stats.get("scale") or [1.0] * n_columns)(x)


def number_features(x: Any, spec: InputSpec, choices: Mapping[str, Any]) -> Features:
    """Features of numeric columns: embedded by `number_vectors`, or only scaled where that returns None."""
    import keras

    n_columns, dim = int(spec.shape[0]), int(choices.get("numeric_dim", 1))
    vectors = number_vectors(x, spec, choices, dim)
    if vectors is None:
        return Features(scaled(x, spec), (1,) * n_columns)
    return Features(keras.layers.Flatten()(vectors), (dim,) * n_columns)


def category_features(
    x: Any, spec: InputSpec, choices: Mapping[str, Any], hide_rate: Any, one_hot_up_to: int
) -> list[Features]:
    """Features of category codes: one-hot where a column has few levels, learned embeddings where it has more."""
    import keras

    from automl.layers.categories import CategoryEmbedding, OneHotCategories, one_hot_widths

    sizes = [int(size) for size in spec.stats["sizes"]]
    few = [place for place, size in enumerate(sizes) if size - 1 <= one_hot_up_to]
    many = [place for place, size in enumerate(sizes) if size - 1 > one_hot_up_to]
    features = []
    if few:
        own = [sizes[place] for place in few]
        features.append(Features(OneHotCategories(own, hide_rate, few)(x), tuple(one_hot_widths(own))))
    if many:
        dim = int(choices["category_dim"])
        table = CategoryEmbedding([sizes[place] for place in many], dim, hide_rate, many if few else ())
        features.append(Features(keras.layers.Flatten()(table(x)), (dim,) * len(many)))
    return features
