"""How far off predicted numbers will be, learnt from held-out rows: the expected score of rows without a target.

Small boosted trees learn the size of the error of a validation row from its columns and its prediction. Errors divided
by their expected size have one distribution, of which quantiles are stored. Targets are drawn from both, as labels are
drawn from probabilities. The sizes are then multiplied by one number, with which the expected score of the contest's
test rows is their real one: what a model of the same settings did on validation rows is slightly worse than what the
refitted finalist does.

Trees are stored as plain numbers. They split at round numbers, so that no cell is among them, and read a level as the
mean error of its rows, which it shares with the usual one where it has few.

Source: direct loss estimation, NannyML 2022, "Estimating performance of regression models without ground-truth"; here
errors are drawn, so that it holds for every metric.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.predict.watching.summaries import Feature, Summary, round_edges

if TYPE_CHECKING:
    from automl.records import Output

__all__ = [
    "LEAST_ROWS", "MOST_READ", "MOST_ROWS", "Errors", "Grown", "fit_errors", "levelled", "numbers_of", "readable",
    "rounded_trees", "values_of",
]  # fmt: skip

LEAST_ROWS = 100
"""Held-out rows from which errors are learnt."""
MOST_ROWS = 5_000
MOST_READ = 30
"""Columns, and numbers made of columns, that errors may depend on: those by which they differ most."""
MOST_TARGETS = 8
PRIOR_ROWS = 20.0
"""Usual rows that each bin or level is taken to have beside its own."""
TREES: Mapping[str, Any] = {
    "max_iter": 40, "learning_rate": 0.1, "max_leaf_nodes": 8, "min_samples_leaf": 20, "l2_regularization": 5.0,
}  # fmt: skip
MOST_DEPTH = 7
THRESHOLD_STEPS = 256
"""A threshold is a multiple of a power of two of at most such a part of the middle range."""
QUANTILES = 200
DIGITS = 4
LARGEST_LOG = 20.0
LEVEL_STEPS, LEVEL_RANGE = 16, 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Grown:
    """Trees of one target, one after another; a row's value is the sum over the leaves that it falls into.

    Attributes:
        feature: ``(n_nodes,)`` which of the features a node asks for; 0 for leaves.
        threshold: ``(n_nodes,)`` a value up to it goes left.
        left: ``(n_nodes,)`` next node; leaves name themselves.
        right: ``(n_nodes,)``.
        gap_left: ``(n_nodes,)`` whether a missing value goes left.
        value: ``(n_nodes,)`` of leaves; 0 for other nodes.
        roots: ``(n_trees,)`` first nodes.
    """

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    gap_left: np.ndarray
    value: np.ndarray
    roots: np.ndarray

    def sums(self, matrix: np.ndarray) -> np.ndarray:
        """The values ``(n,)`` of rows ``(n, n_features)``."""
        total, rows = np.zeros(len(matrix)), np.arange(len(matrix))
        for root in self.roots:
            at = np.full(len(matrix), root)
            for _ in range(MOST_DEPTH):
                cells = matrix[rows, self.feature[at]]
                goes_left = np.where(np.isnan(cells), self.gap_left[at], cells <= self.threshold[at])
                at = np.where(goes_left, self.left[at], self.right[at])
            total += self.value[at]
        return total


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """Sizes of errors.

    Attributes:
        read: names of the features that are read, each with the number that stands for each of its levels, as
            `Summary.places` counts them; None for numbers, which stand for themselves.
        usual: ``(n_targets,)`` mean absolute error, above zero.
        trees: for each target, of logarithms of sizes by the usual one.
        shape: ``(n_targets, n_quantiles)`` ascending quantiles of errors divided by their expected sizes.
        level: the common factor of all sizes.
    """

    read: Mapping[str, np.ndarray | None]
    usual: np.ndarray
    trees: tuple[Grown, ...]
    shape: np.ndarray
    level: float = 1.0

    def sizes(self, before: Sequence[Summary], features: Mapping[str, Feature], n_rows: int) -> np.ndarray:
        """Expected absolute errors ``(n_rows, n_targets)``.

        Args:
            before: counts of columns and predictions.
            features: of the rows, by name; one that is not there counts as missing.
            n_rows: number of rows.
        """
        matrix = numbers_of(self.read, before, features, n_rows)
        logs = np.stack([one.sums(matrix) for one in self.trees], axis=1)
        return np.asarray(self.usual * np.exp(np.clip(logs, -LARGEST_LOG, LARGEST_LOG)) * self.level)

    def drawn(self, values: np.ndarray, sizes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Targets ``(n_rows, n_targets)`` as they may be.

        Args:
            values: predictions ``(n_rows, n_targets)``.
            sizes: expected absolute errors of the same shape.
            rng: of the draws.
        """
        places = rng.integers(0, self.shape.shape[1], values.shape)
        return np.asarray(values + sizes * self.shape[np.arange(values.shape[1]), places])


def values_of(output: Output) -> np.ndarray:
    """Predicted numbers ``(n, n_targets)`` float64."""
    values = np.asarray(output.arrays["values"], np.float64)
    return values.reshape(len(values), -1)


def numbers_of(
    read: Mapping[str, np.ndarray | None], before: Sequence[Summary], features: Mapping[str, Feature], n_rows: int
) -> np.ndarray:
    """Features as trees read them, ``(n_rows, n_features)`` float64 with NaN for gaps.

    Args:
        read: as of `Errors`.
        before: counts of columns and predictions.
        features: of the rows, by name; one that is not there counts as missing.
        n_rows: number of rows.
    """
    known = {one.name: one for one in before}
    matrix = np.full((n_rows, max(len(read), 1)), np.nan)
    for place, (name, levels) in enumerate(read.items()):
        if name in features:
            matrix[:, place] = _numbers(features[name], known[name], levels)
    return matrix


def _numbers(feature: Feature, counts: Summary, levels: np.ndarray | None) -> np.ndarray:
    """A feature as trees read it, ``(n,)`` with NaN for gaps."""
    if levels is None:
        return np.where(np.isfinite(feature.values), feature.values, np.nan)
    return np.asarray(levels[counts.places(feature.values)])


# --------------------------------------------------------------------------- fitting


def fit_errors(
    values: np.ndarray, truth: np.ndarray, before: Sequence[Summary], features: Mapping[str, Feature]
) -> Errors | None:
    """Learn the sizes of errors from held-out rows.

    Args:
        values: predictions ``(n, n_targets)`` by models that had not learnt from these rows.
        truth: ``(n, n_targets)``; rows with a gap are left out.
        before: counts of columns and predictions.
        features: of the held-out rows, by name.

    Returns:
        None where there are too few rows, too many targets, or no errors.
    """
    residuals = truth.reshape(values.shape) - values
    known = np.flatnonzero(np.isfinite(residuals).all(axis=1))
    if len(known) < LEAST_ROWS or values.shape[1] > MOST_TARGETS:
        return None
    rows = known[np.linspace(0, len(known) - 1, min(len(known), MOST_ROWS)).astype(np.int64)]
    residuals = residuals[rows]
    usual = np.abs(residuals).mean(axis=0)
    if not (np.isfinite(usual) & (usual > 0)).all():
        return None
    relative = np.abs(residuals) / usual
    read, own = readable(relative, rows, before, features)
    if not read:
        return None
    matrix = numbers_of(read, before, own, len(rows))
    trees = tuple(rounded_trees(matrix, one, TREES, "poisson") for one in relative.T)
    made = Errors(read, _short(usual), trees, np.zeros((len(usual), QUANTILES)))
    sizes = made.sizes(before, own, len(rows))
    shape = np.quantile(residuals / sizes, (np.arange(QUANTILES) + 0.5) / QUANTILES, axis=0).T
    return dataclasses.replace(made, shape=_short(shape))


def readable(
    relative: np.ndarray, rows: np.ndarray, before: Sequence[Summary], features: Mapping[str, Feature]
) -> tuple[dict[str, np.ndarray | None], dict[str, Feature]]:
    """Which features sizes differ most by.

    Args:
        relative: sizes ``(n, n_targets)`` of these rows, about 1.
        rows: positions ``(n,)`` among the values of the features.
        before: counts of columns and predictions.
        features: by name.

    Returns:
        What trees read, see `Errors.read`, and all features at these rows.
    """
    counts = {one.name: one for one in before if one.name in features}
    own = {name: dataclasses.replace(features[name], values=features[name].values[rows]) for name in counts}
    means = {
        name: _shrunk(relative, counts[name].places(one.values), len(counts[name].counts)) for name, one in own.items()
    }
    names = sorted(own, key=lambda name: -means[name][1])[:MOST_READ]
    return {name: means[name][0] if own[name].values.dtype == object else None for name in names}, own


def _shrunk(relative: np.ndarray, places: np.ndarray, n_places: int) -> tuple[np.ndarray, float]:
    """The mean size in each bin or level, with the prior, and how much of the sizes' variance lies between them."""
    counts = np.bincount(places, minlength=n_places)
    sums = np.stack([np.bincount(places, one - 1, n_places) for one in relative.T])
    told = (sums**2 / (counts + PRIOR_ROWS)).sum(axis=1) / np.maximum(relative.var(axis=0), 1e-9)
    return _short((sums.mean(axis=0) / (counts + PRIOR_ROWS)) + 1), float(told.sum())


def rounded_trees(
    matrix: np.ndarray, values: np.ndarray, settings: Mapping[str, Any], loss: str, weight: np.ndarray | None = None
) -> Grown:
    """Boosted trees of some values (of their logarithms, by Poisson's loss), which split at round numbers.

    Args:
        matrix: ``(n, n_features)`` with NaN for gaps.
        values: ``(n,)``.
        settings: of scikit-learn's boosted trees.
        loss: one of theirs.
        weight: of the rows, ``(n,)``; None for one each.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    from automl.export.trees import of_gradient_boosting

    model = HistGradientBoostingRegressor(loss=loss, early_stopping=False, random_state=0, **settings)
    made = of_gradient_boosting(model.fit(matrix, values, weight))
    threshold = made.threshold.copy()
    inner = made.left != np.arange(len(made.left))
    for place in range(matrix.shape[1]):
        asked = inner & (made.feature == place) & np.isfinite(threshold)
        threshold[asked] = round_edges(matrix[:, place], threshold[asked], THRESHOLD_STEPS)
    value = np.where(inner, 0.0, made.value[:, 0])
    return Grown(
        np.where(inner, made.feature, 0), np.where(inner & np.isfinite(threshold), threshold, 0.0), made.left,
        made.right, made.gap_left & inner, _short(value), made.roots,
    )  # fmt: skip


def levelled(errors: Errors, score: float, expected: Callable[[Errors], float | None]) -> Errors:
    """The errors with the common factor at which the expected score of test rows is the real one.

    Args:
        errors: with a common factor of 1.
        score: of the test rows.
        expected: from errors to the expected score of the same rows.

    Returns:
        The errors themselves where no factor between a twentieth and twenty gives the score.
    """

    def at(log: float) -> Errors:
        return dataclasses.replace(errors, level=float(f"{math.exp(log):.{DIGITS}g}"))

    low, high = -LEVEL_RANGE, LEVEL_RANGE
    first, last = expected(at(low)), expected(at(high))
    if first is None or last is None or not min(first, last) < score < max(first, last):
        return errors
    for _ in range(LEVEL_STEPS):
        middle = (low + high) / 2
        found = expected(at(middle))
        if found is None:
            return errors
        low, high = (middle, high) if (found < score) == (last > first) else (low, middle)
    return at((low + high) / 2)


def _short(values: np.ndarray) -> np.ndarray:
    """Rounded to `DIGITS` digits."""
    return np.asarray(np.vectorize(lambda one: float(f"{one:.{DIGITS}g}"), otypes=[np.float64])(values))
