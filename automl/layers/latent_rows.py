"""Rows out of a latent code whose distribution is learned along with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from automl.layers.autoregressive import code_loss, code_nats
from automl.layers.knob import Knob
from automl.layers.latent_prior import LOG_2_PI, LatentPrior
from automl.layers.residual import ResidualDense
from automl.layers.row_codes import FIRST_OWN, own_uniforms, picked, uniform_of
from automl.layers.row_generator import RowGenerator

__all__ = ["LatentRows", "coded_width"]

LOW_LOG_STD, HIGH_LOG_STD = -5.0, 2.0
BOUND_DRAWS = 8
"""Codes of a row by which its density is told."""


@keras.saving.register_keras_serializable(package="automl")
class LatentRows(RowGenerator):
    """A variational autoencoder of rows with a learned prior.

    The loss is ``Σ_i -log p(column i | z) + β (log q(z|x) - log p(z))``. The columns are coded by `RowCodes`: numbers
    are told by the bin of their rank. Given the code z the columns are independent, so what they have in common must be
    in z. A weight β below 1 lets z say more; the prior is learned from the codes of rows whatever β is, and a flexible
    one keeps up with them.

    Args:
        edges: see `RowGenerator`.
        levels: see `RowGenerator`.
        dims: numbers of a code, at most 63.
        width: of the encoder and the decoder.
        depth: residual blocks of each.
        n_components: normal distributions of the prior.
        n_couplings: invertible couplings of the prior.
        beta: weight of the divergence; a float or a scalar `keras.Variable`.
        dropout: of the encoder and the decoder; a float or a scalar `keras.Variable`.
        decay: see `RowGenerator`.
        seed: of the layer's own generator.

    Input and output shape: see `RowGenerator`.

    Source: Kingma & Welling, "Auto-Encoding Variational Bayes", ICLR 2014, equation 10; rows of tables: Xu,
        Skoularidou, Cuesta-Infante & Veeramachaneni (TVAE), NeurIPS 2019; β: Higgins et al., ICLR 2017; prior: see
        `LatentPrior`.
    """

    def __init__(
        self, edges: Sequence[Sequence[float]], levels: Sequence[Sequence[int]], dims: int = 32, width: int = 256,
        depth: int = 2, n_components: int = 64, n_couplings: int = 4, beta: float | keras.Variable = 1.0,
        dropout: float | keras.Variable = 0.0, decay: float = 0.999, seed: int | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(edges, levels, decay, **kwargs)
        self.dims, self.width, self.depth, self.seed = min(int(dims), FIRST_OWN - 1), int(width), int(depth), seed
        self.beta, self.dropout = Knob(beta), Knob(dropout)
        self.generator = keras.random.SeedGenerator(seed)
        sizes = self.columns.n_levels
        self.encoder = ResidualDense(2 * self.dims, self.width, self.depth, self.dropout.source)
        self.decoder = ResidualDense(sum(sizes), self.width, self.depth, self.dropout.source)
        self.prior = LatentPrior(self.dims, n_components, n_couplings)

    no_density = ""
    is_bound = True

    def make(self) -> list[Any]:
        """Make the weights; those of the decoder and of the prior are averaged."""
        sizes = self.columns.n_levels
        spread = keras.initializers.RandomNormal(stddev=0.3)
        self.table = self.add_weight(shape=(sum(sizes), coded_width(self.width)), initializer=spread, name="table")
        self.encoder.build((None, coded_width(self.width) * len(sizes)))
        self.decoder.build((None, self.dims))
        self.prior.build((None, self.dims))
        return [*self.decoder.trainable_variables, *self.prior.trainable_variables]

    def loss(self, numbers: Any, categories: Any) -> Any:
        """Code the rows, restore them, and compare the codes with the prior."""
        ops = keras.ops
        codes, mean, log_std = self._coded(numbers, categories, training=True)
        noise = keras.random.normal(ops.shape(log_std), dtype="float32", seed=self.generator)
        z = mean + ops.exp(log_std) * noise
        own = -ops.sum(log_std + 0.5 * noise * noise + 0.5 * LOG_2_PI, axis=1)
        divergence = ops.mean(own - self.prior(z))
        return code_loss(self.decoder(z, training=True), codes, self.columns.n_levels) + self.beta.read() * divergence

    def log_density(self, inputs: Sequence[Any]) -> Any:
        """Lower bounds of log densities (evidence lower bound), means of `BOUND_DRAWS` codes of each row."""
        ops = keras.ops
        _, widths = self.codes_of(inputs)
        numbers = ops.cast(inputs[0], "float32") if self.columns.edges else None
        categories = inputs[-2] if self.columns.levels else None
        codes, mean, log_std = self._coded(numbers, categories, training=False)
        total = 0.0
        with self.averages.applied():
            for draw in range(BOUND_DRAWS):
                noise = keras.random.normal(ops.shape(log_std), dtype="float32", seed=draw)
                z = mean + ops.exp(log_std) * noise
                own = -ops.sum(log_std + 0.5 * noise * noise + 0.5 * LOG_2_PI, axis=1)
                nats = code_nats(self.decoder(z, training=False), codes, self.columns.n_levels)
                total = total + self.prior(z) - own - nats
        return total / BOUND_DRAWS - widths

    def posterior(self, inputs: Sequence[Any]) -> tuple[Any, Any, Any]:
        """Means and log variances ``(batch, dims)`` of the codes of rows, and what the decoder tells of the means.

        Args:
            inputs: as of `call`.
        """
        numbers = keras.ops.cast(inputs[0], "float32") if self.columns.edges else None
        _, mean, log_std = self._coded(numbers, inputs[-2] if self.columns.levels else None, training=False)
        with self.averages.applied():
            return mean, 2.0 * log_std, self.decoder(mean, training=False)

    def _coded(self, numbers: Any, categories: Any, training: bool) -> tuple[Any, Any, Any]:
        """Codes ``(batch, columns)`` of rows; means and bounded log deviations ``(batch, dims)`` of their posterior."""
        ops = keras.ops
        sizes = self.columns.n_levels
        codes = ops.stack(self.columns.coded(numbers, categories), axis=1)
        first = np.cumsum([0, *sizes[:-1]]).astype("int32")
        embedded = ops.take(self.table, codes + first, axis=0)
        both = self.encoder(ops.reshape(embedded, (-1, coded_width(self.width) * len(sizes))), training=training)
        return codes, both[:, : self.dims], ops.clip(both[:, self.dims :], LOW_LOG_STD, HIGH_LOG_STD)

    def generated(self, noise: Any) -> Any:
        """Draw codes from the prior, and columns from what the decoder tells."""
        n_columns = self.columns.n_columns
        z = self.prior.drawn(uniform_of(noise[:, FIRST_OWN - 1]), noise[:, : self.dims])
        logits, uniforms = self.decoder(z, training=False), own_uniforms(noise, n_columns, 0)
        codes, begin = [], 0
        for place, size in enumerate(self.columns.n_levels):
            codes.append(picked(logits[:, begin : begin + size], uniforms[:, place]))
            begin += size
        return self.columns.rows(codes, own_uniforms(noise, n_columns, 1))

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; knobs as their present values, floats."""
        own = {
            "dims": self.dims, "width": self.width, "depth": self.depth, "seed": self.seed,
            "n_components": self.prior.n_components, "n_couplings": self.prior.n_couplings,
            "beta": self.beta.number(), "dropout": self.dropout.number(),
        }  # fmt: skip
        return {**super().get_config(), **own}


def coded_width(width: int) -> int:
    """Size of the embedding of a column that a network of this width reads."""
    return max(width // 16, 4)
