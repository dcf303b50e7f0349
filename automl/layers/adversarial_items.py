"""Pictures by an adversarial game: a generator, and a critic that compares its pictures with real ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from automl.layers.item_convolutions import PictureMaker, PictureReader
from automl.layers.item_generator import ItemGenerator
from automl.layers.knob import Knob
from automl.layers.linear_code import LinearCode
from automl.layers.residual import ResidualDense

__all__ = ["AdversarialItems", "shifted"]

STEP = 0.05
"""Length of the steps by which the slope of the critic is measured, a pixel."""
CONDITION = 32
BRIGHTNESS = 0.2
SHIFT_SHARE = 8
"""Pictures are shifted by at most one of so many parts of a side."""


@keras.saving.register_keras_serializable(package="automl")
class AdversarialItems(ItemGenerator):
    """A generative adversarial network of pictures with a relativistic loss and penalties of the critic's slope.

    The generator adds two pictures: one of principal components, whose coordinates are noise that a dense network
    bends, and one of convolutions. So it begins with normal coordinates, which have the covariance of real pictures.
    Losses, penalties and the single pass for both opponents are those of
    `automl.layers.adversarial.AdversarialRows`. The critic sees real and generated pictures shifted and brightened
    alike, reads how much features vary within the batch, and tells classes by a product of features and an embedding.

    Args:
        item_shape: see `ItemGenerator`.
        shift: see `ItemGenerator`.
        scale: see `ItemGenerator`.
        priors: see `ItemGenerator`.
        n_components: principal components; `code.fill` sets them.
        width: of the generator's dense network.
        channels: see `PictureMaker` and `PictureReader`.
        penalty: weight of the squared slope; a float or a scalar `keras.Variable`.
        augmented: whether the critic sees shifted and brightened pictures.
        decay: see `ItemGenerator`.
        seed: of the layer's own generator.

    Input and output shape: see `ItemGenerator`.

    Source: Huang, Gokaslan, Kuleshov & Tompkin (R3GAN), NeurIPS 2024, equations 2 and 3; augmentation: Zhao, Liu, Lin,
        Zhu & Han (DiffAugment), NeurIPS 2020; classes: Miyato & Koyama (projection discriminator), ICLR 2018, equation
        3; variation within the batch: Karras et al. (progressive GAN), ICLR 2018, section 3.
    """

    def __init__(
        self, item_shape: Sequence[int], shift: Sequence[float], scale: Sequence[float], priors: Sequence[float] = (),
        n_components: int = 128, width: int = 256, channels: int = 32, penalty: float | keras.Variable = 0.3,
        augmented: bool = True, decay: float = 0.999, seed: int | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(item_shape, shift, scale, priors, decay, **kwargs)
        self.n_components, self.width, self.channels = int(n_components), int(width), int(channels)
        self.penalty, self.augmented, self.seed = Knob(penalty), bool(augmented), seed
        self.generator = keras.random.SeedGenerator(seed)
        self.code = LinearCode(self.n_numbers, self.n_components)
        self.classes = keras.layers.Embedding(self.n_classes, CONDITION, dtype="float32") if self.priors else None
        self.bent = ResidualDense(self.n_components, self.width, 2)
        self.detail = PictureMaker(self.item_shape, self.channels)
        self.reader = PictureReader(self.item_shape, self.channels)
        self.last = keras.layers.Dense(1, dtype="float32")
        n_features = self.reader.n_features
        self.asked = (
            keras.layers.Embedding(self.n_classes, n_features, embeddings_initializer="zeros", dtype="float32")
            if self.priors else None
        )  # fmt: skip

    def make(self) -> list[Any]:
        """Make the weights; those of the generator are averaged."""
        n_read = self.n_components + (CONDITION if self.priors else 0)
        self.code.build((None, self.n_numbers))
        self.bent.build((None, n_read))
        self.detail.build((None, n_read + self.n_components))
        self.reader.build((None, *self.item_shape))
        self.last.build((None, self.reader.n_features + 1))
        if self.classes is not None and self.asked is not None:
            self.classes.build((None,))
            self.asked.build((None,))
        makers = [self.bent, self.detail, *([] if self.classes is None else [self.classes])]
        return [variable for layer in makers for variable in layer.trainable_variables]

    def loss(self, items: Any, classes: Any) -> Any:
        """The critic's loss, with the gradients of the generator's: the sum of both could not fall."""
        ops, random = keras.ops, keras.random
        n_items = ops.shape(items)[0]
        noise = random.normal((n_items, self.n_components), dtype="float32", seed=self.generator)
        fake = self._made(classes, noise)
        seen = self._augmented(ops.concatenate([items, fake], axis=0))
        fake = seen[n_items:]
        both = ops.stop_gradient(seen)
        direction = random.normal(ops.shape(both), dtype="float32", seed=self.generator)
        four = ops.concatenate([both, both + STEP * direction], axis=0)
        scores = self._judged(four, ops.tile(classes, [4]), 4)
        at, beside = scores[: 2 * n_items], scores[2 * n_items :]
        slope = ops.mean(ops.square((beside - at) / STEP))
        critic = ops.mean(ops.softplus(at[n_items:] - at[:n_items])) + self.penalty.read() * slope
        with keras.StatelessScope(state_mapping=[(v, ops.stop_gradient(v)) for v in self._critic_variables()]):
            opposed = self._judged(fake, classes, 1)
        maker = ops.mean(ops.softplus(ops.stop_gradient(at[:n_items]) - opposed))
        return critic + maker - ops.stop_gradient(maker)

    def generated(self, classes: Any, noise: Any) -> Any:
        """Turn noise into pictures."""
        return self._made(classes, noise[:, : self.n_components])

    def _made(self, classes: Any, noise: Any) -> Any:
        """Pictures ``(batch, h, w, c)``."""
        ops = keras.ops
        read = noise if self.classes is None else ops.concatenate([noise, self.classes(classes)], axis=1)
        codes = noise + self.bent(read)
        detail = self.detail(ops.concatenate([read, codes], axis=1))
        return ops.reshape(self.code.decoded(codes), (-1, *self.item_shape)) + detail

    def _augmented(self, pictures: Any) -> Any:
        """Pictures shifted and brightened, each at random."""
        ops, random = keras.ops, keras.random
        if not self.augmented:
            return pictures
        n_items = ops.shape(pictures)[0]
        most = [size // SHIFT_SHARE for size in self.item_shape[:2]]
        down, right = (random.randint((n_items,), -far, far + 1, seed=self.generator) for far in most)
        brighter = random.uniform((n_items, 1, 1, 1), -BRIGHTNESS, BRIGHTNESS, dtype="float32", seed=self.generator)
        return shifted(pictures, down, right) + brighter

    def _judged(self, pictures: Any, classes: Any, n_groups: int) -> Any:
        """The critic's score ``(batch,)`` of pictures in groups of equal size."""
        ops = keras.ops
        features = self.reader(pictures)
        groups = ops.reshape(features, (n_groups, -1, self.reader.n_features))
        varied = ops.mean(ops.sqrt(ops.var(groups, axis=1) + 1e-6), axis=1)
        varied = ops.reshape(ops.zeros_like(groups[:, :, :1]) + varied[:, None, None], (-1, 1))
        score = self.last(ops.concatenate([features, varied], axis=1))[:, 0]
        return score if self.asked is None else score + ops.sum(features * self.asked(classes), axis=1)

    def _critic_variables(self) -> list[Any]:
        layers = [self.reader, self.last, *([] if self.asked is None else [self.asked])]
        return [variable for layer in layers for variable in layer.trainable_variables]

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; the penalty as its present value, a float."""
        own = {
            "n_components": self.n_components, "width": self.width, "channels": self.channels,
            "penalty": self.penalty.number(), "augmented": self.augmented, "seed": self.seed,
        }  # fmt: skip
        return {**super().get_config(), **own}


def shifted(pictures: Any, down: Any, right: Any) -> Any:
    """Pictures ``(batch, h, w, c)`` shifted by whole pixels; what comes in is black (-1).

    Shifts are products with matrices of zeros and ones, which are cheaper than gathering and have a gradient.

    Args:
        pictures: scaled to -1 … 1.
        down: ``(batch,)`` int32.
        right: ``(batch,)`` int32.
    """
    ops = keras.ops
    height, width = int(pictures.shape[1]), int(pictures.shape[2])
    rows, columns = _shifts(down, height), _shifts(right, width)
    return ops.einsum("bij,bjkc,blk->bilc", rows, pictures + 1.0, columns) - 1.0


def _shifts(far: Any, size: int) -> Any:
    """``(batch, size, size)``: 1 where the new place is the old one and the shift."""
    ops = keras.ops
    places = ops.arange(size, dtype="int32")
    return ops.cast(places[None, :, None] == places[None, None, :] + far[:, None, None], "float32")
