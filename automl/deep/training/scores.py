"""Trains networks that score how unusual a row is, and gives them the scores of training rows. TensorFlow only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from automl.deep.training.failure import Collapsed, Unusable
from automl.deep.training.latents import check_latents
from automl.deep.training.network import PREDICT_BATCH, Network
from automl.layers.ranks import ReferenceRank
from automl.score_ranks import reference

__all__ = ["ScoringNetwork"]

MOST_ROWS = 4096


class ScoringNetwork(Network):
    """A network with one `ReferenceRank` layer at its end.

    Before rows are predicted, the layer gets scores of rows that the network learns from: of all of them, or of a
    sample that is drawn once. The arguments are those of `Network`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ranked = [layer for layer in self.model.layers if isinstance(layer, ReferenceRank)]
        if len(ranked) != 1:
            raise Unusable(
                f"template {self.template.name} must end in one ReferenceRank layer to score rows, but has "
                f"{len(ranked)}"
            )
        self.layer = ranked[0]
        self._scores = keras.Model(self.model.inputs, self.layer.input)
        self._placed = False
        self._scored = tf.function(self._raw_scores, input_signature=self._forward.input_signature, autograph=False)

    def reset(self, knobs: Mapping[str, float], batch_size: int, seed: int) -> None:
        """Start over, as `Network.reset` does."""
        super().reset(knobs, batch_size, seed)
        self._placed = False

    def complete(self) -> None:
        """Give the layer the scores of training rows."""
        self._place()

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Restore what `weights` returned, including the reference."""
        super().set_weights(weights)
        self._placed = True

    def train(self, batches: np.ndarray, learning_rates: np.ndarray) -> float:
        """As `Network.train`; the reference is out of date afterwards."""
        self._placed = False
        return super().train(batches, learning_rates)

    def predict_valid(self) -> np.ndarray:
        """Ranks of the validation rows, shape (n_valid, 1)."""
        self._place()
        return super().predict_valid()

    def predict(self, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        """Ranks of encoded rows, shape (n, 1)."""
        self._place()
        return super().predict(arrays)

    def check_fit(self, weights: Sequence[np.ndarray], raw: np.ndarray) -> None:
        """Refuse a variational network whose latent code is unused.

        Raises:
            Collapsed: as of `automl.deep.training.latents.check_latents`.
        """
        self.set_weights(weights)
        check_latents(self)

    def _place(self) -> None:
        if self._placed:
            return
        rows = np.arange(self.n_train) if self._rows is None else np.asarray(self._rows)
        if len(rows) > MOST_ROWS:
            rows = np.sort(np.random.default_rng(0).choice(rows, MOST_ROWS, replace=False))
        parts = []
        for begin in range(0, len(rows), PREDICT_BATCH):
            some = rows[begin : begin + PREDICT_BATCH]
            parts.append(self._scored({n: tf.gather(t, some) for n, t in self._read(self.data.inputs).items()}).numpy())
        scores = np.concatenate(parts).reshape(-1)
        if len(scores) > 1 and np.isfinite(scores).all() and np.ptp(scores) == 0.0:
            raise Collapsed(
                f"all {len(scores):,} training rows are alike to the network: the network gave up telling rows "
                "apart; a lower learning rate may help"
            )
        if np.isfinite(scores).all():  # otherwise the trial fails on its predictions, which says why
            self.layer.reference.assign(reference(scores, self.layer.n_reference))
            self.layer.ready.assign(1.0)
        self._placed = True

    def _raw_scores(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        return self._scores(inputs, training=False)
