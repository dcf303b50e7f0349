"""Where to part a numeric column so that its parts tell most about the target.

One small regression or classification tree a column, grown best first: its first ``n - 1`` splits are the best ``n``
bins that greedy growth finds, for every ``n`` at once.

Source: Gorishniy, Rubachev & Babenko, "On Embeddings for Numerical Features", NeurIPS 2022, section 3.2.2.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from automl.modalities.shared.numbers import Numbers
from automl.modalities.shared.specs import evenly

if TYPE_CHECKING:
    from automl.modalities.tabular import TabularEncoder
    from automl.records import Dataset, Split, TargetCodec

__all__ = ["splits_by_target", "with_splits"]

MAX_BINS = 64
MAX_ROWS = 20_000
MAX_CELLS = 2_000_000
LEAST_ROWS = 2_000
MAX_COLUMNS = 500  # more would take seconds
LEAF_SHARE = 1 / 150
LEAF_ROWS = (8, 64)
LEAST_GAIN = 1e-5


def with_splits(encoder: TabularEncoder, dataset: Dataset, split: Split, codec: TargetCodec) -> TabularEncoder:
    """The encoder, its spec of numbers with ``stats["splits"]``: `splits_by_target` of its columns, if not too many.

    Args:
        encoder: fitted.
        dataset: of which training rows alone are read.
        split: of which training rows alone are read.
        codec: fitted.
    """
    numbers = encoder.parts.get("numbers")
    if not isinstance(numbers, Numbers) or codec.head.loss == "own":  # without a target there is nothing to tell
        return encoder
    n_columns = next(int(spec.shape[0]) for spec in encoder.specs if spec.name == "numbers")
    if n_columns > MAX_COLUMNS:
        return encoder
    rows = evenly(split.train, min(MAX_ROWS, max(LEAST_ROWS, MAX_CELLS // n_columns)))
    values = numbers.transform(encoder.frame(dataset, rows))
    weight = dataset.weight_of(rows)
    target = np.nan_to_num(codec.encode(dataset, rows))  # a number that is not known stands at the mean, 0
    splits = splits_by_target(values, target, weight)
    specs = tuple(
        replace(spec, stats={**spec.stats, "splits": splits}) if spec.name == "numbers" else spec
        for spec in encoder.specs
    )
    return replace(encoder, specs=specs)


def splits_by_target(values: np.ndarray, target: np.ndarray, weight: np.ndarray | None = None) -> list[list[float]]:
    """Thresholds of each column, most telling first.

    Args:
        values: ``(n, n_columns)`` without NaN.
        target: ``(n,)`` integer codes, or ``(n, k)`` numbers.
        weight: ``(n,)`` or None.

    Returns:
        Up to 63 thresholds a column; none where no split helps, or where a column has fewer than three values.
    """
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    grower = DecisionTreeClassifier if target.dtype.kind in "iu" else DecisionTreeRegressor
    leaf = int(np.clip(len(values) * LEAF_SHARE, *LEAF_ROWS))
    found: list[list[float]] = []
    for column in values.T:
        if len(column) < 2 * leaf or _has_two_values(column):
            found.append([])
            continue
        tree = grower(max_leaf_nodes=MAX_BINS, min_samples_leaf=leaf, min_impurity_decrease=LEAST_GAIN, random_state=0)
        grown = tree.fit(column[:, None], target, sample_weight=weight).tree_
        parents = np.flatnonzero(grown.children_left != grown.children_right)
        order = np.argsort(grown.children_left[parents])  # children are numbered when their parent is split
        found.append([float(threshold) for threshold in grown.threshold[parents[order]]])
    return found


def _has_two_values(column: np.ndarray) -> bool:
    return bool(np.isin(column, (column.min(), column.max())).all())
