"""Trains networks that generate rows, and says so where all of these are alike. TensorFlow only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from automl.deep.training.failure import Collapsed
from automl.deep.training.latents import check_latents
from automl.deep.training.network import Network
from automl.records import InputSpec

__all__ = ["GeneratorNetwork"]

DECIMALS = 2
"""Of normal scores: rows that agree to so many are the same."""
LEAST_DIFFERENT = 0.01
LEAST_ROWS = 50
ITEMS = ("image", "series")
LEAST_SPREAD = 0.01
"""Variance of generated rows, as a share of that of training rows, up to which they are all alike."""


class GeneratorNetwork(Network):
    """A network whose output is a new row. The arguments are those of `Network`."""

    def predict_valid(self) -> np.ndarray:
        """New rows, as many as there are validation rows, shape (n_valid, n_numbers + n_categories).

        Raises:
            Collapsed: no more than a hundredth of them differ.
        """
        rows = super().predict_valid()
        check_rows(rows)
        return rows

    def check_fit(self, weights: Sequence[np.ndarray], raw: np.ndarray) -> None:
        """Refuse a generator whose rows are all alike, or whose latent code is unused.

        Raises:
            Collapsed: as of `check_spread` and `automl.deep.training.latents.check_latents`.
        """
        check_spread(raw, self.specs)
        self.set_weights(weights)
        check_latents(self)


def check_rows(rows: np.ndarray) -> None:
    """Refuse generated rows ``(n, n_columns)`` that collapsed; those that are not finite fail elsewhere.

    Raises:
        Collapsed: as of `GeneratorNetwork.predict_valid`.
    """
    flat = np.round(rows.reshape(len(rows), -1).astype(np.float64), DECIMALS)
    if len(flat) < LEAST_ROWS or not np.isfinite(flat).all():
        return
    n_different = len(np.unique(flat, axis=0))
    if n_different <= LEAST_DIFFERENT * len(flat):
        raise Collapsed(
            f"only {n_different} of {len(flat):,} generated rows differ: the generator makes the same rows again and "
            "again; a lower learning rate or another seed may help"
        )


def check_spread(rows: np.ndarray, specs: Sequence[InputSpec]) -> None:
    """Refuse generated rows ``(n, n_outputs)`` that hardly vary beside training rows; those of texts pass.

    Noise makes rows differ in some decimal that are all of one mode, which `check_rows` does not see.

    Args:
        rows: raw outputs: pictures or series and their classes, or numbers and codes of a table.
        specs: inputs of the network, whose statistics say how training rows vary.

    Raises:
        Collapsed: they vary by no more than a hundredth.
    """
    flat = rows.reshape(len(rows), -1).astype(np.float64)
    if len(flat) < LEAST_ROWS or not np.isfinite(flat).all():
        return
    share = _spread_of_items(flat, specs) if any(s.kind in ITEMS for s in specs) else _spread_of_rows(flat, specs)
    if share is not None and share <= LEAST_SPREAD:
        raise Collapsed(
            f"all {len(flat):,} generated items are alike: they vary by {share:.1%} of what training items do (mode "
            "collapse); a lower learning rate, a stronger penalty or another seed may help"
        )


def _spread_of_items(flat: np.ndarray, specs: Sequence[InputSpec]) -> float | None:
    """The variance of pictures or series, within their classes, as a share of that of training items."""
    spec = next(s for s in specs if s.kind in ITEMS)
    n_numbers = int(np.prod(spec.shape))
    deviations = np.asarray(spec.stats.get("deviations", ()), np.float64)
    if not len(deviations):
        return None
    classes = np.rint(flat[:, n_numbers]).astype(np.int64) if flat.shape[1] > n_numbers else np.zeros(len(flat), int)
    within = sum(flat[classes == c, :n_numbers].var(axis=0).sum() * np.mean(classes == c) for c in np.unique(classes))
    return float(within / np.square(deviations).sum())


def _spread_of_rows(flat: np.ndarray, specs: Sequence[InputSpec]) -> float | None:
    """The mean over columns of a table of their variance, or Gini impurity, as a share of that of training rows."""
    numbers = next((s for s in specs if s.kind == "numbers"), None)
    n_numbers = 0 if numbers is None else int(numbers.shape[0])
    levels = next((s for s in specs if s.kind == "categories"), None)
    priors = [] if levels is None else list(levels.stats.get("priors") or [])
    if len(priors) + n_numbers != flat.shape[1]:
        return None
    shares = list(flat[:, :n_numbers].var(axis=0))  # normal scores of training rows have a variance of 1
    for column, prior in zip(flat[:, n_numbers:].T, priors, strict=True):
        impurity = 1.0 - float(np.square(np.asarray(prior, np.float64)).sum())
        _, counts = np.unique(np.rint(column), return_counts=True)
        if impurity > 0.0:
            shares.append((1.0 - float(np.square(counts / len(column)).sum())) / impurity)
    return float(np.mean(shares)) if shares else None
