"""Features of pictures and sounds that are centred, scaled and, if asked for, projected on principal components."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.decomposition import PCA

from automl.baselines.features.plain.components import on_components
from automl.baselines.model import remembered
from automl.baselines.self_training import sample_of
from automl.records import Dataset

__all__ = ["Projected"]

MOST_UNLABELLED = 4_000
"""Rows without a label that components are learnt from."""


class Projected:
    """The last steps of features of pictures and sounds; the class that derives from it learns `center` and `scale`.

    Attributes:
        components: principal components kept; 0 for the features themselves.
        seed: of the decomposition.
        center: mean of each raw feature over the training rows.
        scale: what each is divided by.
        projection: the fitted decomposition; None without one.
        of_all: before a fit: whether components are learnt on rows without a label, too.
    """

    of_all = False

    components: int
    seed: int
    center: np.ndarray | None
    scale: np.ndarray | None
    projection: Any

    def _more(
        self, dataset: Dataset, key: tuple[Any, ...], raw_of: Callable[[Dataset, np.ndarray], np.ndarray]
    ) -> np.ndarray | None:
        """Raw features of the rows without a label that components are learnt from, too; None where there are none.

        Args:
            dataset: with these rows.
            key: under which the raw features of the training rows are remembered.
            raw_of: makes raw features ``(n, n_raw)`` of rows of a dataset.
        """
        is_used = self.__dict__.pop("of_all", False)  # the class's own value is left: what is stored does not have it
        unlabelled = dataset.unlabelled
        if not is_used or unlabelled is None or not unlabelled.n_rows:
            return None
        rows = sample_of(unlabelled.n_rows, MOST_UNLABELLED, self.seed)
        more: np.ndarray = remembered(("unlabelled", *key), lambda: raw_of(unlabelled, rows))
        return more

    def _fit_projection(self, raw: np.ndarray, more: np.ndarray | None = None) -> np.ndarray:
        """Learn the decomposition from the raw features ``(n, n_raw)`` of the training rows; returns theirs.

        Args:
            raw: of the training rows.
            more: ``(n_more, n_raw)`` of rows without a label, or None.
        """
        if self.components:
            X = self._scaled(raw if more is None else np.concatenate([raw, more]))
            size = int(min(self.components, *X.shape))
            self.projection = PCA(size, svd_solver="randomized", random_state=self.seed).fit(X)
        return self._projected(raw)

    def _projected(self, raw: np.ndarray) -> np.ndarray:
        """Features ``(n, n_features)`` float64 of raw ones."""
        return on_components(raw, self._description())

    def _description(self) -> dict[str, Any]:
        """What `automl.baselines.features.plain.components.on_components` needs."""
        p = self.projection
        return {
            "center": self.center, "scale": self.scale, "axes": None if p is None else p.components_,
            "mean": None if p is None else p.mean_,
        }  # fmt: skip

    def _n_columns(self) -> int:
        """Of the features."""
        assert self.center is not None
        return int(len(self.center) if self.projection is None else len(self.projection.components_))

    def _scaled(self, raw: np.ndarray) -> np.ndarray:
        return np.asarray((raw - self.center) / self.scale)
