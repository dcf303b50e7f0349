"""HBOS: how low the histograms of the columns are where a row lies."""

from __future__ import annotations

import numpy as np

from automl.baselines.learners.detector import Detector
from automl.target_encoding.microaggregation import quantiles

__all__ = ["Histograms"]

MOST_CELLS = 40_000_000


class Histograms(Detector):
    """Sums over columns of minus the log of a histogram's height, the highest bin of each column being 1.

    Beyond the outermost edges a column is as unusual as one row in a bin as wide as the outermost one, and a little
    more with the distance.

    Args:
        n_bins: bins of a column.
        dynamic: whether all bins hold as many rows, so that they are narrow where rows are many; else all are as wide.

    Source: Goldstein & Dengel, "Histogram-based outlier score (HBOS): a fast unsupervised anomaly detection algorithm",
        KI 2012, section 2.
    """

    def __init__(self, n_bins: int = 10, dynamic: bool = False) -> None:
        self.n_bins = n_bins
        self.dynamic = dynamic
        self.edges: list[np.ndarray] = []
        self.surprises: list[np.ndarray] = []  # minus the log of each height, and that of a bin of one row at its end

    def most_rows(self, n_columns: int) -> int:
        """As many as memory holds twice."""
        return max(MOST_CELLS // max(n_columns, 1), 1_000)

    def fit(self, X: np.ndarray) -> None:
        """Count rows in the bins of each column."""
        self.edges, self.surprises = [], []
        levels = np.linspace(0.0, 1.0, self.n_bins + 1)
        for edges, values in zip(quantiles(X, levels if self.dynamic else levels[[0, -1]]).T, X.T, strict=True):
            edges = np.unique(edges if self.dynamic else edges[0] + (edges[1] - edges[0]) * levels)
            if len(edges) < 2:
                edges = edges[0] + np.array([-0.5, 0.5])
            counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
            widths = np.diff(edges)
            heights = np.maximum(counts, 0.5) / widths
            least = 0.5 / widths.max()
            self.edges.append(edges)
            self.surprises.append(np.log(heights.max()) - np.log(np.append(heights, least)))

    def scores(self, X: np.ndarray) -> np.ndarray:
        """Sums of minus log heights ``(n,)``."""
        found = np.zeros(len(X))
        for values, edges, surprises in zip(X.T, self.edges, self.surprises, strict=True):
            place = np.clip(np.searchsorted(edges, values, "right") - 1, 0, len(edges) - 2)
            beyond = np.maximum(np.maximum(values - edges[-1], edges[0] - values), 0.0) / (edges[-1] - edges[0])
            found += np.where(beyond > 0, surprises[-1] + np.log1p(beyond), surprises[place])
        return found
