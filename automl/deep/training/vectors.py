"""Trains networks whose output represents rows, and says so where it represents nothing. TensorFlow only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from automl.deep.training.failure import Collapsed
from automl.deep.training.latents import check_latents
from automl.deep.training.network import Network

__all__ = ["VectorNetwork"]

ALIKE = 1e-6
"""Spread of the numbers, as a share of the largest, below which all rows are alike."""
UNUSED = 1e-4
"""Spread of a number, as a share of the widest one's, below which it is not used."""
LEAST_USED = 0.5


class VectorNetwork(Network):
    """A network whose output is the code itself (`Head.is_code`). The arguments are those of `Network`."""

    def predict_valid(self) -> np.ndarray:
        """Vectors of the validation rows, shape (n_valid, dims).

        Raises:
            Collapsed: all rows have the same vector, or more than half of its numbers say nothing.
        """
        vectors = super().predict_valid()
        check_vectors(vectors)
        return vectors

    def check_fit(self, weights: Sequence[np.ndarray], raw: np.ndarray) -> None:
        """Refuse a variational network whose latent code is unused.

        Raises:
            Collapsed: as of `automl.deep.training.latents.check_latents`.
        """
        self.set_weights(weights)
        check_latents(self)


def check_vectors(vectors: np.ndarray) -> None:
    """Refuse vectors ``(n, dims)`` that collapsed; those that are not finite fail elsewhere, in words of their own.

    Raises:
        Collapsed: as of `VectorNetwork.predict_valid`.
    """
    flat = vectors.reshape(len(vectors), -1).astype(np.float64)
    if len(flat) < 2 or not np.isfinite(flat).all():
        return
    spreads = np.ptp(flat, axis=0)
    if spreads.max() <= ALIKE * max(float(np.abs(flat).max()), 1e-12):
        raise Collapsed(
            f"the vectors of all {len(flat):,} validation rows are alike: the network gave up telling rows apart; a "
            "lower learning rate or weaker changes of the rows may help"
        )
    n_used = int((spreads > UNUSED * spreads.max()).sum())
    if n_used < LEAST_USED * flat.shape[1]:
        raise Collapsed(
            f"only {n_used} of the {flat.shape[1]} numbers of a vector differ between the {len(flat):,} validation "
            "rows: the network does not use the others; fewer numbers (--dims) or a lower learning rate may help"
        )
