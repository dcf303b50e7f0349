"""Layers of networks that restore what was hidden from them: masks of cells, steps and words, and losses of these.

Each mask has a learned token in place of what it hides, and hides one place of each row at least. Outside training
nothing is hidden, and masks are 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from automl.layers.knob import Knob

__all__ = ["MaskColumns", "MaskSteps", "MaskWords", "MaskedCategories", "MaskedError", "MaskedWords"]


class _Mask(keras.layers.Layer):  # type: ignore[misc]
    """What masks share: the share of places that is hidden, the draw, and the learned token."""

    def __init__(self, rate: float | keras.Variable, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate, self.seed = Knob(rate), seed
        self.generator = keras.random.SeedGenerator(seed)

    def _token(self, size: int) -> None:
        self.token = self.add_weight(shape=(size,), initializer="zeros", name="token")

    def _drawn(self, n_rows: Any, n_places: int, there: Any = None) -> Any:
        """Which places are hidden, ``(batch, places)`` float32: a share of those that are there, and one at least."""
        ops = keras.ops
        draw = keras.random.uniform((n_rows, n_places), dtype="float32", seed=self.generator)
        if there is not None:
            draw = ops.where(there, draw, 2.0)
        least = ops.min(draw, axis=1, keepdims=True)
        return ops.cast((draw < 1.5) & ((draw < self.rate.read()) | (draw <= least)), "float32")

    def _hidden(self, x: Any, mask: Any) -> Any:
        """The token where the mask, which broadcasts against x, is 1."""
        mask = keras.ops.cast(mask, x.dtype)
        return x * (1 - mask) + keras.ops.cast(self.token, x.dtype) * mask

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; the share as its present value, a float."""
        return {**super().get_config(), "rate": self.rate.number(), "seed": self.seed}


@keras.saving.register_keras_serializable(package="automl")
class MaskColumns(_Mask):
    """Hides a share of a table's columns of each row in training, with all their features.

    Args:
        rate: share of the columns; a float or a scalar `keras.Variable`.
        widths: number of features of each column, in the order of the features.
        seed: of the layer's own generator.

    Input shape: ``(batch, features)``. Output shape: ``[(batch, features), (batch, columns) 1 where hidden]``.

    Source: Devlin et al., "BERT", NAACL 2019, section 3.1 (masks and their token); for tables: Yoon et al., "VIME",
        NeurIPS 2020, section 4.1.
    """

    def __init__(
        self, rate: float | keras.Variable, widths: Sequence[int], seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(rate, seed, **kwargs)
        self.widths = [int(width) for width in widths]

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the token."""
        self._token(sum(self.widths))

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Hide columns in training."""
        n_rows, n_columns = keras.ops.shape(inputs)[0], len(self.widths)
        if not training:
            return inputs, keras.ops.zeros((n_rows, n_columns), "float32")
        mask = self._drawn(n_rows, n_columns)
        places = np.repeat(np.arange(n_columns), self.widths).astype("int32")
        return self._hidden(inputs, keras.ops.take(mask, places, axis=1)), mask

    def compute_output_spec(self, inputs: Any, training: bool | None = None) -> Any:
        """The input's shape, and (batch, columns)."""
        mask = keras.KerasTensor((inputs.shape[0], len(self.widths)), dtype="float32")
        return keras.KerasTensor(inputs.shape, dtype=self.compute_dtype), mask

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**super().get_config(), "widths": self.widths}


@keras.saving.register_keras_serializable(package="automl")
class MaskSteps(_Mask):
    """Hides a share of a series's stretches, or of a picture's squares, in training.

    Args:
        rate: share of the stretches; a float or a scalar `keras.Variable`.
        span: steps of a stretch, or pixels of a square's side; the last ones may be shorter.
        seed: of the layer's own generator.

    Input shape: ``(batch, steps, channels)`` or ``(batch, height, width, channels)``.
    Output shape: ``[the input's, (batch, steps) or (batch, height, width) 1 where hidden]``.

    Source: He et al., "Masked Autoencoders Are Scalable Vision Learners", CVPR 2022, section 3 (patches of pictures);
        Nie et al., "A Time Series is Worth 64 Words", ICLR 2023, section 3.2 (of series). There patches that are hidden
        are left out, here a token stands for them.
    """

    def __init__(self, rate: float | keras.Variable, span: int, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(rate, seed, **kwargs)
        self.span = int(span)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the token."""
        self._token(int(input_shape[-1] or 0))

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Hide stretches or squares in training."""
        ops = keras.ops
        n_rows, sizes = ops.shape(inputs)[0], [int(size) for size in inputs.shape[1:-1]]
        if not training:
            return inputs, ops.zeros((n_rows, *sizes), "float32")
        counts = [-(-size // self.span) for size in sizes]
        mask = ops.reshape(self._drawn(n_rows, int(np.prod(counts))), (-1, *counts))
        for axis, size in enumerate(sizes, start=1):
            mask = ops.take(mask, (np.arange(size) // self.span).astype("int32"), axis=axis)
        return self._hidden(inputs, mask[..., None]), mask

    def compute_output_spec(self, inputs: Any, training: bool | None = None) -> Any:
        """The input's shape, and that of its places."""
        mask = keras.KerasTensor(inputs.shape[:-1], dtype="float32")
        return keras.KerasTensor(inputs.shape, dtype=self.compute_dtype), mask

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**super().get_config(), "span": self.span}


@keras.saving.register_keras_serializable(package="automl")
class MaskWords(_Mask):
    """Hides a share of a text's words in training; padding (0) and unknown words (1) are never among them.

    Args:
        rate: share of the words; a float or a scalar `keras.Variable`.
        seed: of the layer's own generator.

    Input shape: ``[(batch, length, dim) word vectors, (batch, length) ids]``.
    Output shape: ``[(batch, length, dim), (batch, length) 1 where hidden]``.

    Source: Devlin et al., "BERT", NAACL 2019, section 3.1; all hidden words become the token.
    """

    def build(self, input_shape: Sequence[tuple[int | None, ...]]) -> None:
        """Make the token."""
        self._token(int(input_shape[0][-1] or 0))

    def call(self, inputs: Sequence[Any], training: bool | None = None) -> Any:
        """Hide words in training."""
        words, tokens = inputs
        ops = keras.ops
        n_rows, length = ops.shape(words)[0], int(words.shape[1])
        if not training:
            return words, ops.zeros((n_rows, length), "float32")
        mask = self._drawn(n_rows, length, ops.cast(tokens, "int32") > 1)
        return self._hidden(words, mask[..., None]), mask

    def compute_output_spec(self, inputs: Sequence[Any], training: bool | None = None) -> Any:
        """The word vectors' shape, and (batch, length)."""
        words = inputs[0]
        mask = keras.KerasTensor(words.shape[:-1], dtype="float32")
        return keras.KerasTensor(words.shape, dtype=self.compute_dtype), mask


class _MaskedLoss(keras.layers.Layer):  # type: ignore[misc]
    """What losses of hidden places share: places that were visible count as `visible` of a hidden one."""

    def __init__(self, visible: float | keras.Variable = 0.0, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.visible = Knob(visible)
        self.built = True

    def _weights(self, mask: Any) -> Any:
        """The weight of each place, of the mask's shape."""
        mask = keras.ops.cast(mask, "float32")
        return mask + (1.0 - mask) * self.visible.read()

    def compute_output_shape(self, input_shape: Sequence[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        """(batch, 1)."""
        return (input_shape[0][0], 1)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; the weight as its present value, a float."""
        return {**super().get_config(), "visible": self.visible.number()}


@keras.saving.register_keras_serializable(package="automl")
class MaskedError(_MaskedLoss):
    """Squared errors of what was hidden: ``Σ_p w_p mean_c (x_pc - r_pc)²``, w = 1 for hidden places p.

    Without a mask all places count alike.

    Args:
        visible: weight of places that were not hidden, 0 to 1; a float or a scalar `keras.Variable`.
        is_mean: whether the sum is divided by the number of places.

    Input shape: ``[(batch, ..., channels) truth, the same restored, (batch, ...) mask]``, or the first
    two. Output shape: ``(batch, 1)``.

    Source: He et al., CVPR 2022, section 3 (errors of hidden patches alone); Vincent et al., JMLR 2010, section 3.4 (a
        weight for what was not corrupted).
    """

    def __init__(self, visible: float | keras.Variable = 0.0, is_mean: bool = False, **kwargs: Any) -> None:
        super().__init__(visible, **kwargs)
        self.is_mean = bool(is_mean)

    def call(self, inputs: Sequence[Any]) -> Any:
        """Compare the rows with what was restored of them."""
        ops = keras.ops
        truth, restored = (ops.cast(part, "float32") for part in inputs[:2])
        each = ops.mean(ops.square(truth - restored), axis=-1)
        each = each * self._weights(inputs[2]) if len(inputs) > 2 else each
        n_places = int(np.prod([int(size) for size in each.shape[1:]]))
        total = ops.sum(ops.reshape(each, (-1, n_places)), axis=1, keepdims=True)
        return total / n_places if self.is_mean else total

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**super().get_config(), "is_mean": self.is_mean}


@keras.saving.register_keras_serializable(package="automl")
class MaskedCategories(_MaskedLoss):
    """Cross-entropies of hidden categories: ``-Σ_c w_c log p_c(level)``, w = 1 for hidden columns c.

    Args:
        sizes: number of levels of each column that is read, code 0 included; a code outside counts as 0.
        most: the most levels of a column that are told apart; the rarest of more count as one.
        columns: positions in the codes of the columns that logits and mask hold; empty for all in their order.
        visible: weight of columns that were not hidden, 0 to 1; a float or a scalar `keras.Variable`.

    Input shape: ``[(batch, columns) codes, (batch, n_logits), (batch, columns) mask]``. Output shape: ``(batch, 1)``.

    Source: Devlin et al., "BERT", NAACL 2019, section 3.1 (cross-entropy of hidden tokens).
    """

    def __init__(
        self, sizes: Sequence[int], most: int = 128, columns: Sequence[int] = (),
        visible: float | keras.Variable = 0.0, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(visible, **kwargs)
        self.sizes, self.most, self.columns = [int(size) for size in sizes], int(most), [int(at) for at in columns]

    def call(self, inputs: Sequence[Any]) -> Any:
        """Compare the codes with the logits."""
        ops = keras.ops
        codes, logits, weights = ops.cast(inputs[0], "int32"), ops.cast(inputs[1], "float32"), self._weights(inputs[2])
        if self.columns:
            codes = ops.take(codes, np.asarray(self.columns, "int32"), axis=1)
        sizes, told = np.asarray(self.sizes, "int32"), [min(size, self.most) for size in self.sizes]
        codes = ops.where((codes >= 0) & (codes < sizes), codes, 0)
        codes = ops.minimum(codes, np.asarray(told, "int32") - 1)
        parts, begin = [], 0
        for column, size in enumerate(told):
            own = logits[:, begin : begin + size]
            logs = ops.log_softmax(own, axis=-1) if size > 1 else 0.0 * own
            parts.append(-ops.sum(logs * ops.one_hot(codes[:, column], size, dtype="float32"), axis=-1))
            begin += size
        return ops.sum(ops.stack(parts, axis=1) * weights, axis=1, keepdims=True)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**super().get_config(), "sizes": self.sizes, "most": self.most, "columns": self.columns}


@keras.saving.register_keras_serializable(package="automl")
class MaskedWords(_MaskedLoss):
    """The mean cross-entropy of a text's hidden words, all under the same distribution over the vocabulary.

    Args:
        visible: weight of words that were not hidden, 0 to 1; a float or a scalar `keras.Variable`.

    Input shape: ``[(batch, length) ids, (batch, vocabulary) logits, (batch, length) mask]``; padding (0) and unknown
    words (1) do not count. Output shape: ``(batch, 1)``.

    Source: Le & Mikolov, "Distributed Representations of Sentences and Documents", ICML 2014, section 2.3 (a text's
        vector predicts its words, whatever their order), here words that the vector has not seen.
    """

    def call(self, inputs: Sequence[Any]) -> Any:
        """Compare the words with the logits."""
        ops = keras.ops
        tokens, logits = ops.cast(inputs[0], "int32"), ops.cast(inputs[1], "float32")
        size = int(logits.shape[-1])
        is_known = (tokens > 1) & (tokens < size)
        logs = ops.take_along_axis(ops.log_softmax(logits, axis=-1), ops.where(is_known, tokens, 0), axis=1)
        weights = self._weights(inputs[2]) * ops.cast(is_known, "float32")
        total = ops.sum(weights * logs, axis=1, keepdims=True)
        return -total / ops.maximum(ops.sum(weights, axis=1, keepdims=True), 1e-6)
