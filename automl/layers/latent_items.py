"""Pictures and series out of a latent code whose distribution is learned along with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from automl.layers.class_mixture import ClassMixture
from automl.layers.item_generator import ItemGenerator
from automl.layers.knob import Knob
from automl.layers.latent_prior import LOG_2_PI
from automl.layers.linear_code import LinearCode
from automl.layers.residual import SMALL, ResidualDense
from automl.layers.row_codes import uniform_of
from automl.layers.spectral_noise import SpectralNoise

__all__ = ["LatentItems"]

LOW_LOG_STD, HIGH_LOG_STD = -5.0, 2.0
FIRST_LOG_STD = -1.0
"""Of a code before anything is learnt, so that codes tell items apart from the first step on."""
CONDITION = 32
"""Numbers of the embedding of a class."""
LEAST_DEVIATION = 1e-6


@keras.saving.register_keras_serializable(package="automl")
class LatentItems(ItemGenerator):
    """A variational autoencoder of principal components with a learned prior and learned variances.

    The loss is ``-log p(c | z, y) + β (log q(z | c, y) - log p(z | y))`` with c the coordinates of an item along its
    principal components and y its class. The likelihood is normal with a mean and a scale for each coordinate, both
    told by the decoder; a generated item is drawn from it, so that what z does not tell varies as it should.

    The code begins as the first coordinates themselves: encoder and decoder add to a linear map. So no number of the
    code is unused, and decoded items are at no time blurred more than those coordinates are.

    What the components leave out of a series is its texture. It is noise of a learned spectrum (`SpectralNoise`), as
    loud as the decoder tells.

    Args:
        item_shape: see `ItemGenerator`.
        shift: see `ItemGenerator`.
        scale: see `ItemGenerator`.
        priors: see `ItemGenerator`.
        n_components: principal components; `code.fill` sets them.
        dims: numbers of a code z, at most `n_components`.
        width: of the encoder and the decoder.
        depth: residual blocks of each.
        n_mixed: normal distributions of the prior.
        textured: whether items are series whose texture is generated too.
        beta: weight of the divergence; a float or a scalar `keras.Variable`.
        dropout: of the encoder and the decoder; a float or a scalar `keras.Variable`.
        decay: see `ItemGenerator`.
        seed: of the layer's own generator.

    Input and output shape: see `ItemGenerator`; of the noise ``1 + dims + n_components`` numbers are
    read, and of a texture all that are left.

    Source: Kingma & Welling, "Auto-Encoding Variational Bayes", ICLR 2014, equation 10; learned variances: Rybkin,
        Daniilidis & Levine (σ-VAE), ICML 2021; β: Higgins et al., ICLR 2017; prior: see
        `ClassMixture`.
    """

    def __init__(
        self, item_shape: Sequence[int], shift: Sequence[float], scale: Sequence[float], priors: Sequence[float] = (),
        n_components: int = 256, dims: int = 64, width: int = 256, depth: int = 2, n_mixed: int = 50,
        textured: bool = False, beta: float | keras.Variable = 1.0, dropout: float | keras.Variable = 0.0,
        decay: float = 0.999, seed: int | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(item_shape, shift, scale, priors, decay, **kwargs)
        self.n_components, self.dims = int(n_components), min(int(dims), int(n_components))
        self.width, self.depth, self.seed = int(width), int(depth), seed
        self.beta, self.dropout = Knob(beta), Knob(dropout)
        self.generator = keras.random.SeedGenerator(seed)
        self.code = LinearCode(self.n_numbers, self.n_components)
        self.classes = keras.layers.Embedding(self.n_classes, CONDITION, dtype="float32") if self.priors else None
        self.encoder = ResidualDense(2 * self.dims, self.width, self.depth, self.dropout.source)
        self.decoder = ResidualDense(
            2 * self.n_components + bool(textured), self.width, self.depth, self.dropout.source
        )
        for network in (self.encoder, self.decoder):
            network.last.kernel_initializer = keras.initializers.VarianceScaling(SMALL)
        self.prior = ClassMixture(self.dims, self.n_classes, n_mixed)
        self.texture = SpectralNoise(*self.item_shape) if textured else None

    def make(self) -> list[Any]:
        """Make the weights; all but those of the encoder are averaged."""
        n_condition = CONDITION if self.classes is not None else 0
        self.code.build((None, self.n_numbers))
        self.encoder.build((None, self.n_components + n_condition))
        self.decoder.build((None, self.dims + n_condition))
        self.prior.build((None, self.dims))
        makers: list[keras.layers.Layer] = [self.decoder, self.prior]
        if self.classes is not None:
            self.classes.build((None,))
            makers.append(self.classes)
        if self.texture is not None:
            self.texture.build((None, *self.item_shape))
            makers.append(self.texture)
        return [variable for layer in makers for variable in layer.trainable_variables]

    def loss(self, items: Any, classes: Any) -> Any:
        """Code the items, restore their coordinates, and compare the codes with the prior."""
        ops = keras.ops
        flat = ops.reshape(items, (-1, self.n_numbers))
        coordinates = self.code(flat)
        mean, log_std = self._coded(coordinates, classes, training=True)
        noise = keras.random.normal(ops.shape(log_std), dtype="float32", seed=self.generator)
        z = mean + ops.exp(log_std) * noise
        own = -ops.sum(log_std + 0.5 * noise * noise + 0.5 * LOG_2_PI, axis=1)
        divergence = ops.mean(own - self.prior.density(z, classes))
        mean, log_std, loud = self.decoded(z, classes, training=True)
        error = 0.5 * ops.square((coordinates - mean) * ops.exp(-log_std)) + log_std + 0.5 * LOG_2_PI
        total = ops.mean(ops.sum(error, axis=1)) + self.beta.read() * divergence
        if self.texture is None:
            return total
        left = ops.reshape(flat - self.code.decoded(coordinates), (-1, *self.item_shape))
        return total + ops.mean(self.texture(left, loud))

    def posterior(self, inputs: Sequence[Any]) -> tuple[Any, Any, Any]:
        """Means and log variances ``(batch, dims)`` of the codes of items, and what the decoder tells of the means.

        Args:
            inputs: as of `call`.
        """
        items, classes = self.scaled(inputs)
        coordinates = self.code(keras.ops.reshape(items, (-1, self.n_numbers)))
        mean, log_std = self._coded(coordinates, classes, training=False)
        with self.averages.applied():
            return mean, 2.0 * log_std, self.decoded(mean, classes, training=False)[0]

    def _coded(self, coordinates: Any, classes: Any, training: bool) -> tuple[Any, Any]:
        """Means and bounded log deviations ``(batch, dims)`` of the codes of coordinates ``(batch, components)``."""
        both = self.encoder(self._with(coordinates, classes), training=training)
        log_std = keras.ops.clip(both[:, self.dims :] + FIRST_LOG_STD, LOW_LOG_STD, HIGH_LOG_STD)
        return coordinates[:, : self.dims] + both[:, : self.dims], log_std

    def decoded(self, z: Any, classes: Any, training: bool) -> tuple[Any, Any, Any]:
        """What the decoder tells of codes.

        Args:
            z: ``(batch, dims)`` codes.
            classes: ``(batch,)`` int32.
            training: whether numbers are dropped.

        Returns:
            Means and logarithms of the scales ``(batch, n_components)`` of the coordinates, and the logarithm
            ``(batch,)`` of the scale of the texture.
        """
        ops, n = keras.ops, self.n_components
        numbers = self.decoder(self._with(z, classes), training=training)
        mean = ops.pad(z, [[0, 0], [0, n - self.dims]]) + numbers[:, :n]
        log_std = ops.clip(numbers[:, n : 2 * n], LOW_LOG_STD, HIGH_LOG_STD)
        return mean, log_std, self._last_scale() + numbers[:, -1]

    def generated(self, classes: Any, noise: Any) -> Any:
        """Draw codes from the prior, and coordinates and texture from what the decoder tells."""
        ops = keras.ops
        own, rest = noise[:, 1 : 1 + self.dims], noise[:, 1 + self.dims :]
        z = self.prior.drawn(uniform_of(noise[:, 0]), own, classes)
        mean, log_std, loud = self.decoded(z, classes, training=False)
        flat = self.code.decoded(mean + ops.exp(log_std) * rest[:, : self.n_components])
        if self.texture is not None:
            texture = ops.reshape(self.texture.drawn(rest[:, self.n_components :], loud), (-1, self.n_numbers))
            along = ops.matmul(texture, ops.transpose(self.code.components))
            flat = flat + texture - ops.matmul(along, ops.convert_to_tensor(self.code.components))
        return ops.reshape(flat, (-1, *self.item_shape))

    def _with(self, numbers: Any, classes: Any) -> Any:
        """Numbers, and what the class is embedded as."""
        return numbers if self.classes is None else keras.ops.concatenate([numbers, self.classes(classes)], axis=1)

    def _last_scale(self) -> Any:
        """The logarithm of the deviation along the last component: a texture is hardly louder."""
        return keras.ops.log(keras.ops.maximum(self.code.deviations[-1], LEAST_DEVIATION))

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; knobs as their present values, floats."""
        own = {
            "n_components": self.n_components, "dims": self.dims, "width": self.width, "depth": self.depth,
            "n_mixed": self.prior.n_components, "textured": self.texture is not None, "beta": self.beta.number(),
            "dropout": self.dropout.number(), "seed": self.seed,
        }  # fmt: skip
        return {**super().get_config(), **own}
