"""Stored detectors and projections: their arrays fit one another, and nothing in them loops or grows without measure.

All of them are read by NumPy, which looks itself where it indexes; what is checked here is what it would not mind:
arrays that are spread to many dimensions, walks without end, and a ready-made object where one is made of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from automl.storage.trusted.errors import Untrusted

__all__ = ["CHECKS", "check_series_form"]

MOST_DEPTH, MOST_TREES = 12, 100_000
MOST_NEIGHBOURS, MOST_BAGS = 100_000, 1_000
MOST_STEPS, MOST_LAGS = 1_000_000, 100_000
MOST_SIZE = 1_000_000


def _need(holds: bool, part: Any, what: str) -> None:
    if not holds:
        raise Untrusted(f"a {type(part).__name__} has {what}")


def _array(part: Any, name: str, n_dims: int) -> np.ndarray:
    """An attribute, which must be an array of numbers of so many dimensions."""
    value = getattr(part, name)
    is_array = isinstance(value, np.ndarray) and value.dtype.kind in "biuf" and value.ndim == n_dims
    _need(is_array, part, f"{name!r} that is no array of {n_dims} dimensions")
    return np.asarray(value)


def _whole(part: Any, name: str, least: int, most: int) -> int:
    value = getattr(part, name)
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(least <= value <= most)
    _need(is_whole, part, f"{name!r} without measure")
    return int(value)


def _number(part: Any, name: str) -> float:
    value = getattr(part, name)
    is_number = isinstance(value, int | float | np.floating | np.integer) and bool(np.isfinite(value))
    _need(is_number, part, f"{name!r} that is no number")
    return float(value)


def check_score_model(part: Any) -> None:
    """A reference as a row of numbers, and a detector of ours."""
    reference = _array(part, "reference", 1)
    _need(2 <= len(reference) <= MOST_SIZE, part, "no reference")
    _need(type(part.detector).__name__ in DETECTORS, part, "another detector")


def check_vector_model(part: Any) -> None:
    """A projection of ours, or none."""
    _need(part.projection is None or type(part.projection).__name__ in PROJECTIONS, part, "another projection")


def check_forest(part: Any) -> None:
    """Complete trees of one depth."""
    depth = _whole(part, "depth", 0, MOST_DEPTH)
    features, thresholds = _array(part, "features", 2), _array(part, "thresholds", 2)
    lengths = _array(part, "lengths", 2)
    _need(features.dtype.kind in "iu" and len(features) <= MOST_TREES, part, "other columns than trees")
    _need(features.shape == thresholds.shape == (len(features), 2**depth - 1), part, "trees of another depth")
    _need(lengths.shape == (len(features), 2**depth), part, "other leaves than trees")
    _number(part, "unit")


def check_search(part: Any) -> None:
    """Rows alone: what finds the nearest of them is made of them again."""
    _need(part.finder is None, part, "a finder that was not made here")
    rows = _array(part, "rows", 2)
    _need(rows.dtype == np.float32 and bool(np.isfinite(rows).all()), part, "rows that are no numbers")


def check_neighbours(part: Any) -> None:
    """Searches among rows."""
    _whole(part, "k", 1, MOST_NEIGHBOURS)
    is_list = isinstance(part.searches, list) and len(part.searches) <= MOST_BAGS
    _need(is_list and all(type(s).__name__ == "NeighbourSearch" for s in part.searches), part, "other searches")
    _need(all(len(s.rows) > 0 for s in part.searches), part, "a search among no rows")


def check_factor(part: Any) -> None:
    """A reach and a density for each row."""
    _whole(part, "k", 1, MOST_NEIGHBOURS)
    _need(type(part.search).__name__ == "NeighbourSearch", part, "another search")
    n = len(part.search.rows)
    _need(n > 0 and len(_array(part, "reach", 1)) == n == len(_array(part, "density", 1)), part, "other densities")


def check_vectors(part: Any) -> None:
    """A weight for each vector."""
    _need(len(_array(part, "rows", 2)) == len(_array(part, "weights", 1)), part, "other weights than vectors")
    for name in ("width", "offset"):
        _number(part, name)


def check_principal(part: Any) -> None:
    """Axes of as many columns as the mean, and a variance for each."""
    mean, axes = _array(part, "mean", 1), _array(part, "axes", 2)
    _need(axes.shape[1:] == mean.shape, part, "axes of other columns than its mean")
    _need(len(_array(part, "variances", 1)) == len(axes), part, "other variances than axes")
    _number(part, "rest")


def check_mixture(part: Any) -> None:
    """A root and a constant for each mean."""
    means = _array(part, "means", 2)
    n, width = means.shape
    roots = _array(part, "roots", 3 if part.full else 2)
    _need(roots.shape == ((n, width, width) if part.full else (n, width)), part, "other roots than means")
    _need(len(_array(part, "constants", 1)) == n, part, "other constants than means")


def check_tails(part: Any) -> None:
    """As many probabilities as places."""
    places = _array(part, "places", 2)
    _need(places.shape == _array(part, "left", 2).shape == _array(part, "right", 2).shape, part, "other tails")
    _need(len(_array(part, "leans_right", 1)) == len(places) and places.shape[1] > 1, part, "other columns")


def check_histograms(part: Any) -> None:
    """A height for each bin, and one more."""
    both = part.edges, part.surprises
    _need(all(isinstance(one, list) for one in both) and len(both[0]) == len(both[1]), part, "no bins")
    for edges, surprises in zip(*both, strict=True):
        are_rows = all(isinstance(a, np.ndarray) and a.ndim == 1 and a.dtype.kind == "f" for a in (edges, surprises))
        _need(are_rows and len(edges) == len(surprises) >= 2, part, "other heights than bins")


def check_projection(part: Any) -> None:
    """Axes of as many columns as the mean."""
    _need(_array(part, "axes", 2).shape[1:] == _array(part, "mean", 1).shape, part, "axes of other columns")


def check_random_projection(part: Any) -> None:
    """Axes alone."""
    _array(part, "axes", 2)


def check_kernel(part: Any) -> None:
    """A phase for each feature."""
    weights = _array(part, "weights", 2)
    _need(weights.shape[1] == len(_array(part, "phases", 1)) and part.n_features > 0, part, "other phases")
    _number(part, "n_features")
    _need(type(part.inner).__name__ == "PrincipalProjection", part, "another projection")


def check_topics(part: Any) -> None:
    """A reader of words, and directions of them."""
    _need(type(part.words).__name__ == "TextFeatures", part, "another reader of words")
    axes = _array(part, "axes", 2)
    _need(len(_array(part, "sizes", 1)) == len(axes), part, "other sizes than directions")
    _number(part, "spread")


def check_series_form(part: Any) -> None:
    """Channels and steps of training series; None in models of older versions."""
    form = part.form
    if form is None:
        return
    sound = isinstance(form, tuple) and len(form) == 2 and all(type(size) is int for size in form)
    _need(sound and all(1 <= size <= MOST_STEPS for size in form), part, "series without a form")


def check_series_values(part: Any) -> None:
    """How many steps memory is taken for."""
    check_series_form(part)
    _whole(part, "steps", 1, MOST_STEPS)
    _need(part.projection is None or type(part.projection).__name__ == "PCA", part, "another projection")


def check_errors(part: Any) -> None:
    """As many weights as lags, and moments of each channel."""
    lags, weights = _whole(part, "lags", 1, MOST_LAGS), _array(part, "weights", 2)
    _need(weights.shape[1] == lags + 1, part, "other weights than lags")
    _need(_array(part, "moments", 2).shape == (2, len(weights)), part, "other moments than channels")
    _need(_array(part, "center", 1).shape == _array(part, "scale", 1).shape, part, "other scales")


def check_last_steps(part: Any) -> None:
    """As many weights as a forecast sees values, and moments of each channel."""
    steps, weights = _whole(part, "steps", 1, MOST_LAGS), _array(part, "weights", 2)
    channels = len(weights)
    _need(weights.shape[1] == (steps + 1) * channels, part, "other weights than values that a forecast sees")
    _need(_array(part, "moments", 2).shape == (2, channels), part, "other moments than channels")
    _need(_array(part, "center", 1).shape == _array(part, "scale", 1).shape, part, "other scales")


DETECTORS = frozenset({
    "GaussianMixture", "Histograms", "IsolationForest", "LocalOutlierFactor", "NeighbourDistance", "OneClassVectors",
    "PrincipalComponents", "TailProbabilities",
})  # fmt: skip
PROJECTIONS = frozenset({"KernelComponents", "PrincipalProjection", "RandomProjection"})

CHECKS: Mapping[str, Callable[[Any], None]] = {
    "ScoreModel": check_score_model,
    "VectorModel": check_vector_model,
    "IsolationForest": check_forest,
    "NeighbourSearch": check_search,
    "NeighbourDistance": check_neighbours,
    "LocalOutlierFactor": check_factor,
    "OneClassVectors": check_vectors,
    "PrincipalComponents": check_principal,
    "GaussianMixture": check_mixture,
    "TailProbabilities": check_tails,
    "Histograms": check_histograms,
    "PrincipalProjection": check_projection,
    "RandomProjection": check_random_projection,
    "KernelComponents": check_kernel,
    "TextTopics": check_topics,
    "SeriesValues": check_series_values,
    "ForecastErrors": check_errors,
    "LastSteps": check_last_steps,
}
"""By class, what is checked; all classes are those of `automl.storage.trusted.lists`."""
