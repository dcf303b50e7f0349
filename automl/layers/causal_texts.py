"""A language model that generates texts token by token: a causal transformer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from automl.layers.averages import WeightAverages
from automl.layers.knob import Knob
from automl.layers.row_codes import EDGE, uniform_of

__all__ = ["CausalTexts", "picked_in_blocks"]

PADDING, UNKNOWN, END = 0, 1, 2
"""Ids with a meaning of their own; padding also stands before the first token."""
NEVER = -1e9
"""The logit of what is not generated, and of the tokens to come in attention."""
BLOCK = 32
"""Tokens whose shares are summed first when one is drawn."""
EPSILON = 1e-6
SMALL = 0.02


@keras.saving.register_keras_serializable(package="automl")
class CausalTexts(keras.layers.Layer):  # type: ignore[misc]
    """Learns texts in training by the next token's cross-entropy; otherwise turns noise into texts.

    ``h = √width E[t] + P``; for each block ``h ← h + attention(norm(h))`` over the tokens so far, ``h ← h + B gelu(A
    norm(h))``; logits ``norm(h) Eᵀ + b``. The token of a place is drawn by one number of the noise, the inverse of the
    distribution function. Keys and values of earlier tokens are kept, so a text costs as much as one pass over it.
    The loop ends when all texts of a batch have ended. Weights are averaged (`WeightAverages`).

    Args:
        size: of the vocabulary; ids 0 padding, 1 unknown and 2 end of text included.
        length: tokens of a text.
        width: numbers of h.
        depth: blocks.
        heads: of the attention; must divide `width`.
        shares: how often each id comes, from which b begins; empty for equal shares.
        filled: share of the cells of a batch for which there is room in training; the tokens of a batch are packed into
            so many of its rows, without padding.
        dropout: share of the numbers of h and of what a block adds that is set to zero in training; a float or a scalar
            `keras.Variable`.
        decay: of the average of the weights.
        seed: of the layer's own generator.

    Input shape: a list of ids ``(batch, length)`` int32 and standard normal noise ``(batch, length)``.
    Output shape: ``(batch, length)`` float32: ids of new texts; in training the loss, in each cell.

    Source: Radford et al., "Language Models are Unsupervised Multitask Learners" (GPT-2), 2019, section 2.3
        (normalisation before each part); tied embeddings: Press & Wolf, EACL 2017; root mean square normalisation:
        Zhang & Sennrich, NeurIPS 2019.
    """

    def __init__(
        self, size: int, length: int, width: int = 128, depth: int = 2, heads: int = 4, shares: Sequence[float] = (),
        filled: float = 1.0, dropout: float | keras.Variable = 0.0, decay: float = 0.999, seed: int | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.size, self.length = int(size), int(length)
        self.width, self.depth, self.heads, self.seed = int(width), int(depth), int(heads), seed
        if self.width % self.heads:
            raise ValueError(f"expected a width divisible by {self.heads} heads, got {self.width}")
        self.shares = [float(share) for share in shares]
        self.filled = min(float(filled), 1.0)
        self.dropout = Knob(dropout)
        self.averages = WeightAverages(decay)
        self.generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape: Sequence[tuple[int | None, ...]]) -> None:
        """Make the weights and their averages."""
        width, normal = self.width, keras.initializers.RandomNormal
        inner, outer = 1.0 / math.sqrt(width), 1.0 / math.sqrt(8.0 * width * max(self.depth, 1))
        logs = np.log(np.maximum(np.array(self.shares or [1.0 / self.size] * self.size), 1e-7))

        def weight(name: str, shape: tuple[int, ...], deviation: float) -> Any:
            return self.add_weight(shape=shape, initializer=normal(stddev=deviation), name=name)

        def flat(name: str, size: int, value: float = 0.0) -> Any:
            return self.add_weight(shape=(size,), initializer=keras.initializers.Constant(value), name=name)

        self.table = weight("table", (self.size, width), 0.5 * inner)
        # A flat variable gets no weight decay.
        self.places = weight("places", (self.length * width,), SMALL)
        self.bias = self.add_weight(
            shape=(self.size,), initializer=keras.initializers.Constant(logs.tolist()), name="bias"
        )
        self.blocks = [
            {
                "norm": flat(f"norm_{i}", width, 1.0),
                "qkv": weight(f"qkv_{i}", (width, 3 * width), inner),
                "out": weight(f"out_{i}", (width, width), outer),
                "norm_2": flat(f"norm_2_{i}", width, 1.0),
                "up": weight(f"up_{i}", (width, 4 * width), inner),
                "up_bias": flat(f"up_bias_{i}", 4 * width),
                "down": weight(f"down_{i}", (4 * width, width), outer),
            }
            for i in range(self.depth)
        ]
        self.last_norm = flat("last_norm", width, 1.0)
        inside = [variable for block in self.blocks for variable in block.values()]
        self.averages.follow([self.table, self.places, self.bias, *inside, self.last_norm])

    def call(self, inputs: Sequence[Any], training: bool | None = None) -> Any:
        """Learn, or generate."""
        ops = keras.ops
        noise = ops.cast(inputs[1], "float32")
        if not training:
            with self.averages.applied():
                return ops.cast(self.generated(noise), "float32")
        loss = self.loss(ops.cast(inputs[0], "int32"))
        self.add_loss(loss)
        self.averages.update()
        return ops.zeros_like(noise) + ops.stop_gradient(loss)

    def loss(self, ids: Any) -> Any:
        """The mean negative log-likelihood of the tokens ``(batch, length)``, in nats; padding does not count."""
        ops = keras.ops
        packed = self.packed(ids)
        logits = self.logits(*packed, training=True)
        right = ops.take_along_axis(logits, packed[1][..., None], axis=-1)[..., 0]
        counts = ops.cast(packed[1] != PADDING, "float32")
        nats = (ops.logsumexp(logits, axis=-1) - right) * counts
        return ops.sum(nats) / ops.maximum(ops.sum(counts), 1.0)

    def log_density(self, inputs: Sequence[Any]) -> Any:
        """Log probabilities ``(batch,)`` of texts in nats, their ends included; unknown tokens are left out.

        Args:
            inputs: as of `call`.
        """
        ops = keras.ops
        ids = ops.cast(inputs[0], "int32")
        before = ops.pad(ids[:, :-1], [[0, 0], [1, 0]], constant_values=PADDING)
        place = ops.zeros_like(ids) + ops.arange(self.length, dtype="int32")
        text = ops.zeros_like(ids) + ops.arange(ops.shape(ids)[0], dtype="int32")[:, None]
        special = np.zeros(self.size, "float32")
        special[[PADDING, UNKNOWN]] = NEVER  # as texts are generated
        with self.averages.applied():
            logits = self.logits(before, ids, place, text) + special
        right = ops.take_along_axis(logits, ids[..., None], axis=-1)[..., 0]
        counts = ops.logical_and(ids != PADDING, ids != UNKNOWN)
        return ops.sum(ops.where(counts, right - ops.logsumexp(logits, axis=-1), 0.0), axis=1)

    def packed(self, ids: Any) -> tuple[Any, Any, Any, Any]:
        """Texts one after another without padding, in so many rows as `filled` says; what finds no room is left out.

        Args:
            ids: ``(batch, length)`` int32.

        Returns:
            Four arrays ``(rows, length)`` int32: the token before, the token, its place in its text, and the text's
            number in the batch.
        """
        ops = keras.ops
        n = ops.shape(ids)[0]
        before = ops.pad(ids[:, :-1], [[0, 0], [1, 0]], constant_values=PADDING)
        place = ops.zeros_like(ids) + ops.arange(self.length, dtype="int32")
        text = ops.zeros_like(ids) + ops.arange(n, dtype="int32")[:, None]
        n_rows = n if self.filled >= 1.0 else (n * round(1_000 * self.filled) + 999) // 1_000
        room = n_rows * self.length
        cells = n * self.length
        is_padding = ops.reshape(ops.cast(ids == PADDING, "int32"), (-1,))
        # Sorted are cell numbers, to which padding adds their count: it comes last, and all else stays in its order.
        order = ops.argsort(ops.arange(cells, dtype="int32") + is_padding * cells)[:room]

        def moved(x: Any) -> Any:
            return ops.reshape(ops.take(ops.reshape(x, (cells,)), order), (-1, self.length))

        return moved(before), moved(ids), moved(place), moved(text)

    def logits(self, before: Any, ids: Any, place: Any, text: Any, training: bool = False) -> Any:
        """Logits ``(rows, length, size)`` of each token given those of its text before it; see `packed`.

        A text may begin in one row and end in the next, so a row also attends to the one before.
        """
        ops = keras.ops
        h = self._dropped(self._embedded(before, place), training)
        number = ops.where(ids == PADDING, -1, text)
        earlier = ops.concatenate([_row_before(number, -2), number], axis=1)
        later = np.triu(np.ones((self.length, self.length), bool), 1)
        is_hidden = ops.concatenate([np.zeros_like(later), later], axis=1)  # (length, 2 length)
        is_hidden = ops.logical_or(is_hidden, number[:, :, None] != earlier[:, None, :])
        penalty = (ops.cast(is_hidden, "float32") * NEVER)[:, None]
        for block in self.blocks:
            q, k, v = self._parts(block, h, self.length)  # (rows, heads, length, width / heads)
            k, v = (ops.concatenate([_row_before(x), x], axis=2) for x in (k, v))
            weights = ops.softmax(ops.matmul(q, ops.transpose(k, (0, 1, 3, 2))) + penalty, axis=-1)
            seen = ops.reshape(ops.transpose(ops.matmul(weights, v), (0, 2, 1, 3)), (-1, self.length, self.width))
            h = h + self._dropped(ops.matmul(seen, block["out"]), training)
            h = h + self._dropped(_units(block, h), training)
        return self._read_out(h)

    def generated(self, noise: Any) -> Any:
        """Ids ``(batch, length)`` int32 of noise ``(batch, length)``."""
        ops = keras.ops
        n, n_heads, head = ops.shape(noise)[0], self.heads, self.width // self.heads
        uniforms = ops.transpose(uniform_of(noise))  # (length, batch)
        none = ops.zeros((n * n_heads, self.length, head), "float32")
        rows = ops.arange(n * n_heads, dtype="int32")
        special = np.zeros(self.size, "float32")
        special[[PADDING, UNKNOWN]] = NEVER

        def is_going(step: Any, last: Any, ids: Any, *cache: Any) -> Any:
            return ops.logical_and(step < self.length, ops.any(last != END))

        def draw(step: Any, last: Any, ids: Any, *cache: Any) -> tuple[Any, ...]:
            h = self._embedded(ops.where(last == END, PADDING, last), step)
            to_come = ops.cast(ops.arange(self.length) > step, "float32") * NEVER
            at = ops.stack([rows, ops.zeros_like(rows) + step], axis=1)
            new = []
            for block, keys, values in zip(self.blocks, cache[::2], cache[1::2], strict=True):
                q, k, v = (ops.reshape(part, (-1, head)) for part in self._parts(block, h[:, None], 1))
                keys, values = ops.scatter_update(keys, at, k), ops.scatter_update(values, at, v)
                new += [keys, values]
                weights = ops.softmax(ops.matmul(keys, q[..., None])[..., 0] + to_come, axis=-1)
                seen = ops.reshape(ops.matmul(weights[:, None], values), (-1, self.width))
                h = h + ops.matmul(seen, block["out"])
                h = h + _units(block, h)
            logits = self._read_out(h) + special
            drawn = picked_in_blocks(logits, ops.take(uniforms, step, axis=0))
            is_over = last == END
            own = ops.where(is_over, PADDING, drawn)
            ids = ops.scatter_update(ids, ops.reshape(step, (1, 1)), own[None])
            return (step + 1, ops.where(is_over, END, drawn), ids, *new)

        begun = (ops.convert_to_tensor(0, "int32"), ops.zeros((n,), "int32"), ops.zeros((self.length, n), "int32"))
        cache = [none] * (2 * self.depth)
        return ops.transpose(ops.while_loop(is_going, draw, (*begun, *cache))[2])

    def _embedded(self, before: Any, place: Any) -> Any:
        """The token before ``(...)`` and the place ``(...)`` or ``()`` as numbers ``(..., width)``."""
        ops = keras.ops
        places = ops.reshape(self.places, (self.length, self.width))
        return math.sqrt(self.width) * ops.take(self.table, before, axis=0) + ops.take(places, place, axis=0)

    def _parts(self, block: dict[str, Any], h: Any, n_tokens: int) -> list[Any]:
        """Queries (scaled), keys and values, each ``(batch, heads, n_tokens, width / heads)``."""
        ops = keras.ops
        head = self.width // self.heads
        made = ops.matmul(_normal(h, block["norm"]), block["qkv"])
        apart = ops.transpose(ops.reshape(made, (-1, n_tokens, 3, self.heads, head)), (2, 0, 3, 1, 4))
        return [apart[0] / math.sqrt(head), apart[1], apart[2]]

    def _read_out(self, h: Any) -> Any:
        return keras.ops.matmul(_normal(h, self.last_norm), keras.ops.transpose(self.table)) + self.bias

    def _dropped(self, x: Any, training: bool) -> Any:
        if not training:
            return x
        keep = 1.0 - self.dropout.read()
        drawn = keras.random.uniform(keras.ops.shape(x), dtype="float32", seed=self.generator)
        return keras.ops.where(drawn < keep, x / keep, 0.0)

    def compute_output_shape(self, input_shape: Sequence[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        """(batch, length)."""
        return (input_shape[1][0], self.length)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; dropout as its present value, a float."""
        own = {
            "size": self.size, "length": self.length, "width": self.width, "depth": self.depth, "heads": self.heads,
            "shares": self.shares, "filled": self.filled, "seed": self.seed, "decay": self.averages.decay,
        }  # fmt: skip
        return {**super().get_config(), **own, "dropout": self.dropout.number()}


def _normal(x: Any, gain: Any) -> Any:
    """Divided by the root of the mean square."""
    ops = keras.ops
    return x * ops.rsqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + EPSILON) * gain


def picked_in_blocks(logits: Any, uniform: Any) -> Any:
    """Draw a token of each row as `automl.layers.row_codes.picked` does: first its block, then the token in the block.

    Sums along all tokens took four times as long.

    Args:
        logits: ``(batch, tokens)``.
        uniform: ``(batch,)``, from 1e-6 to 1 - 1e-6.

    Returns:
        ``(batch,)`` int32 tokens.
    """
    ops = keras.ops
    n_blocks = -(-int(logits.shape[-1]) // BLOCK)
    shares = ops.pad(ops.softmax(logits, axis=-1), [[0, 0], [0, n_blocks * BLOCK - int(logits.shape[-1])]])
    shares = ops.reshape(shares, (-1, n_blocks, BLOCK))
    ends = ops.cumsum(ops.sum(shares, axis=-1), axis=-1)
    wanted = uniform * ends[:, -1]
    block = ops.sum(ops.cast(wanted[:, None] >= ends, "int32"), axis=-1)[:, None]
    own = ops.take_along_axis(shares, block[..., None], axis=1)[:, 0]
    own_ends = ops.cumsum(own, axis=-1)
    begin = (ops.take_along_axis(ends, block, axis=1) - own_ends[:, -1:])[:, 0]
    rest = ops.clip(wanted - begin, 0.0, own_ends[:, -1] * (1.0 - EDGE))
    return block[:, 0] * BLOCK + ops.sum(ops.cast(rest[:, None] >= own_ends, "int32"), axis=-1)


def _row_before(x: Any, first: float = 0.0) -> Any:
    """The row before each row; this number before the first."""
    return keras.ops.concatenate([keras.ops.zeros_like(x[:1]) + keras.ops.cast(first, x.dtype), x[:-1]], axis=0)


def _units(block: dict[str, Any], h: Any) -> Any:
    """What the dense units of a block add."""
    ops = keras.ops
    units = ops.gelu(ops.matmul(_normal(h, block["norm_2"]), block["up"]) + block["up_bias"])
    return ops.matmul(units, block["down"])
