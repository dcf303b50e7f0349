"""The forward pass of a BERT-like encoder, in NumPy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Bert", "bert_of"]

TOKENS_A_BATCH = 512
CACHED_NUMBERS = 16_384
"""Numbers that are activated at once: a dozen passes over them stay in the processor's cache."""
LIMITS = {
    "hidden_size": 4_096, "num_hidden_layers": 48, "num_attention_heads": 64, "intermediate_size": 16_384,
    "max_position_embeddings": 8_192, "vocab_size": 1_000_000,
}  # fmt: skip
ACTIVATIONS = ("gelu", "gelu_new", "relu")


@dataclass(frozen=True, slots=True, eq=False)
class _Dense:
    kernel: np.ndarray  # (inputs, outputs)
    bias: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        y: np.ndarray = x @ self.kernel
        y += self.bias
        return y


@dataclass(frozen=True, slots=True, eq=False)
class _Norm:
    gain: np.ndarray
    bias: np.ndarray
    epsilon: float

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Standardise the rows of ``(n, dim)`` in place, and return it."""
        x -= x.mean(axis=-1, keepdims=True)
        variance = np.einsum("ij,ij->i", x, x)[:, None] / np.float32(x.shape[-1])
        x *= 1 / np.sqrt(variance + np.float32(self.epsilon))
        x *= self.gain
        x += self.bias
        return x


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    reads: _Dense  # query, key and value side by side
    out: _Dense
    out_norm: _Norm
    up: _Dense
    down: _Dense
    down_norm: _Norm


@dataclass(frozen=True, slots=True, eq=False)
class Bert:
    """Token ids → one vector a text: the mean of the last layer's tokens, or its first token.

    Attributes:
        words: (vocabulary, dim).
        places: (positions, dim), with the vector of the one segment added.
        norm: of the embeddings.
        blocks: the layers.
        heads: of each.
        activation: of the hidden layer in a block.
        first_token: whether a text's vector is that of its first token.

    Source: Devlin et al., NAACL 2019; mean of tokens, Reimers & Gurevych (Sentence-BERT), EMNLP 2019.
    """

    words: np.ndarray
    places: np.ndarray
    norm: _Norm
    blocks: tuple[_Block, ...]
    heads: int
    activation: str
    first_token: bool = False

    @property
    def dim(self) -> int:
        """Numbers of a vector."""
        return int(self.words.shape[1])

    @property
    def longest(self) -> int:
        """The most tokens of a text."""
        return len(self.places)

    def vectors(self, texts: Sequence[Sequence[int]]) -> np.ndarray:
        """Vectors ``(n, dim)`` of texts as token ids; texts of a like length are computed together."""
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        out = np.zeros((len(texts), self.dim), np.float32)
        begin = 0
        while begin < len(order):
            end = begin + 1
            while end < len(order) and (end + 1 - begin) * max(len(texts[order[end]]), 1) <= TOKENS_A_BATCH:
                end += 1
            rows = order[begin:end]
            out[rows] = self._of_batch([texts[row] for row in rows])
            begin = end
        return out

    def _of_batch(self, texts: Sequence[Sequence[int]]) -> np.ndarray:
        length = max(max(map(len, texts)), 1)
        ids = np.zeros((len(texts), length), np.int64)
        there = np.zeros((len(texts), length), np.float32)
        for row, text in enumerate(texts):
            ids[row, : len(text)], there[row, : len(text)] = text, 1.0
        x = self.tokens(ids, there)
        if self.first_token:
            return np.asarray(x[:, 0])
        mean: np.ndarray = (x * there[..., None]).sum(axis=1) / np.maximum(there.sum(axis=1), 1.0)[:, None]
        return mean

    def tokens(self, ids: np.ndarray, there: np.ndarray) -> np.ndarray:
        """The last layer ``(n, length, dim)``.

        Args:
            ids: ``(n, length)``.
            there: ``(n, length)``, 1 for tokens and 0 for padding.
        """
        n, length = ids.shape
        x = self.norm((self.words[ids] + self.places[:length]).reshape(n * length, self.dim))
        hidden = (1.0 - there[:, None, None, :]) * np.float32(-1e4)
        for block in self.blocks:
            joined = block.out(self._attended(block.reads(x), hidden))
            joined += x
            x = block.out_norm(joined)
            down = block.down(_activated(block.up(x), self.activation))
            down += x
            x = block.down_norm(down)
        return x.reshape(n, length, self.dim)

    def _attended(self, reads: np.ndarray, hidden: np.ndarray) -> np.ndarray:
        """Each token's mean of values ``(n * length, dim)``, weighted by softmax of its query with all keys.

        Args:
            reads: ``(n * length, 3 * dim)``, queries, keys and values; changed.
            hidden: ``(n, 1, 1, length)``, added to the scores.
        """
        n, length, size = len(hidden), hidden.shape[-1], self.dim // self.heads
        reads[:, : self.dim] *= np.float32(1 / math.sqrt(size))
        query, key, value = reads.reshape(n, length, 3, self.heads, size).transpose(2, 0, 3, 1, 4)
        scores = query @ key.transpose(0, 1, 3, 2)  # (n, heads, length, length)
        scores += hidden
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        joined: np.ndarray = (scores @ value).transpose(0, 2, 1, 3)
        return joined.reshape(n * length, self.dim)


def bert_of(config: Mapping[str, Any], tensors: Mapping[str, np.ndarray], first_token: bool = False) -> Bert:
    """The encoder of a configuration and its tensors.

    Raises:
        ValueError: a size is none, a tensor is missing or of another shape, or a setting is not known.
    """
    size = {name: config.get(name) for name in LIMITS}
    for name, value in size.items():
        if type(value) is not int or not 0 < value <= LIMITS[name]:
            raise ValueError(f"its config.json says {name} {value!r:.40}; expected 1 to {LIMITS[name]:,}")
    dim, inner, heads = (int(config[name]) for name in ("hidden_size", "intermediate_size", "num_attention_heads"))
    activation, places = config.get("hidden_act", "gelu"), config.get("position_embedding_type", "absolute")
    if dim % heads or activation not in ACTIVATIONS or places != "absolute":
        raise ValueError(
            f"its config.json says {heads} heads of {dim}, {activation!r:.40} and positions {places!r:.40}; expected "
            f"heads that divide the size, {', '.join(ACTIVATIONS)} and 'absolute'"
        )
    epsilon = float(config.get("layer_norm_eps", 1e-12))
    lead = "bert." if "bert.embeddings.word_embeddings.weight" in tensors else ""

    def tensor(name: str, *shape: int) -> np.ndarray:
        found = tensors.get(lead + name)
        if found is None or found.shape != shape:
            raise ValueError(
                f"expected a tensor {lead + name} of shape {shape}; found {getattr(found, 'shape', 'none')}"
            )
        return found

    def dense(name: str, inputs: int, outputs: int) -> _Dense:
        kernel = np.ascontiguousarray(tensor(f"{name}.weight", outputs, inputs).T)
        return _Dense(kernel, tensor(f"{name}.bias", outputs))

    def norm(name: str) -> _Norm:
        return _Norm(tensor(f"{name}.weight", dim), tensor(f"{name}.bias", dim), epsilon)

    def block(number: int) -> _Block:
        name = f"encoder.layer.{number}"
        own = [dense(f"{name}.attention.self.{part}", dim, dim) for part in ("query", "key", "value")]
        reads = _Dense(np.concatenate([one.kernel for one in own], axis=1), np.concatenate([one.bias for one in own]))
        return _Block(
            reads, dense(f"{name}.attention.output.dense", dim, dim),
            norm(f"{name}.attention.output.LayerNorm"), dense(f"{name}.intermediate.dense", dim, inner),
            dense(f"{name}.output.dense", inner, dim), norm(f"{name}.output.LayerNorm"),
        )  # fmt: skip

    segments = config.get("type_vocab_size", 2)
    if type(segments) is not int or not 0 < segments <= 16:
        raise ValueError(f"its config.json says type_vocab_size {segments!r:.40}; expected 1 to 16")
    segment = tensor("embeddings.token_type_embeddings.weight", segments, dim)[0]
    at = tensor("embeddings.position_embeddings.weight", int(config["max_position_embeddings"]), dim) + segment
    words = tensor("embeddings.word_embeddings.weight", int(config["vocab_size"]), dim)
    blocks = tuple(block(number) for number in range(int(config["num_hidden_layers"])))
    return Bert(words, at, norm("embeddings.LayerNorm"), blocks, heads, activation, first_token)


def _activated(x: np.ndarray, name: str) -> np.ndarray:
    """The activation of each number, in place where that is faster."""
    if name == "relu":
        return np.asarray(np.maximum(x, 0, out=x))
    if name == "gelu_new":
        y: np.ndarray = 0.5 * x * (1 + np.tanh(np.float32(math.sqrt(2 / math.pi)) * (x + np.float32(0.044715) * x**3)))
        return y
    flat = x.reshape(-1)
    for begin in range(0, len(flat), CACHED_NUMBERS):
        part = flat[begin : begin + CACHED_NUMBERS]
        share = _erf(part * np.float32(1 / math.sqrt(2)))
        share += 1
        share *= np.float32(0.5)
        part *= share
    return flat.reshape(x.shape)


def _erf(x: np.ndarray) -> np.ndarray:
    """The error function of float32, within 2e-7: SciPy's took a quarter of the whole forward pass.

    Source: Abramowitz and Stegun 1964, formula 7.1.26.
    """
    far = np.abs(x)
    t = np.float32(0.3275911) * far
    t += 1
    np.reciprocal(t, out=t)
    y = np.full_like(t, 1.061405429)
    for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592, 0.0):
        y *= t
        y += np.float32(coefficient)
    far *= -far
    y *= np.exp(far, out=far)
    np.subtract(1, y, out=y)
    signed: np.ndarray = np.copysign(y, x, out=y)
    return signed
