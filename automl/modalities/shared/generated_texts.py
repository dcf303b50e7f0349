"""What a generator of texts reads and what becomes of its output: ids of subwords, and noise for new texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from automl.errors import DataError
from automl.goals.shared.heads import head_state, restore_head
from automl.goals.shared.samples import MOST_TEXT_CHARACTERS, samples_of
from automl.goals.shared.subwords import PADDING, Subwords, fit_subwords, restore_subwords, words_of
from automl.modalities.shared.generated import NOISE, noise_of
from automl.modalities.shared.specs import check_equal, restore_spec, spec_state
from automl.records import Column, Dataset, Head, InputSpec, Output, Split, Task
from automl.system.counts import counted

__all__ = [
    "TextCodec", "TextGeneratorEncoder", "fit_text_generator", "fit_texts", "restore_text_generator",
    "restore_text_samples", "texts_of",
]  # fmt: skip

TOKENS = "tokens"
MOST_LENGTH = 96
"""Tokens of a text: some 200 to 300 characters of English."""
LEAST_TEXTS, LEAST_WORDS = 50, 10
LENGTH_SHARE = 0.95


@dataclass(eq=False)
class TextCodec:
    """Between ids of subwords, and texts.

    Attributes:
        head: an id for each place.
        subwords: between ids and characters.
        column: name of the column of texts.
    """

    head: Head
    subwords: Subwords
    column: str

    @property
    def length(self) -> int:
        """Tokens of a text at most, its end included."""
        return int(self.head.shape[0])

    def encode(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Zeros ``(n, 1)`` float32: the network's layers add their own losses."""
        return np.zeros((len(rows), 1), np.float32)

    def truth(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """The texts themselves, see `automl.goals.shared.samples.samples_of`."""
        return samples_of(dataset.inputs.take(rows), [Column(self.column, "text", 1.0, "")])

    def ids(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Ids ``(n, length)`` int32 of these texts: tokens, their end, padding."""
        return self.subwords.transform(texts_of(dataset.inputs[self.column].take(rows)), self.length)

    def characters(self, ids: np.ndarray) -> np.ndarray:
        """Characters ``(n,)`` float64 of texts of ids ``(n, length)``, at least 1; unknown ones do not count."""
        return np.array([max(len(text), 1) for text in self.subwords.decode(ids)], np.float64)

    def decode(self, raw: np.ndarray) -> Output:
        """A network's ids ``(n, length)`` as "samples" ``(n,)``."""
        return self.made(np.rint(np.nan_to_num(np.asarray(raw).reshape(len(raw), -1))).astype(np.int64))

    def made(self, ids: np.ndarray) -> Output:
        """Texts of ids ``(n, length)``."""
        made = np.empty(len(ids), [(self.column, f"U{MOST_TEXT_CHARACTERS}")])
        made[self.column] = self.subwords.decode(ids)
        return Output("samples", {"samples": made})

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings and lists."""
        own = {"column": self.column, "subwords": self.subwords.state()}
        return {"codec": "text_samples", "head": head_state(self.head), **own}


@dataclass(eq=False)
class TextGeneratorEncoder:
    """Texts as "tokens" and "noise".

    The noise of a text depends on its row number alone. Row numbers beyond the data are those of new texts: they have
    noise and no tokens, which prediction does not read.

    Attributes:
        specs: of both.
        codec: between texts and ids.
    """

    specs: tuple[InputSpec, ...]
    codec: TextCodec

    def transform(self, dataset: Dataset, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Arrays by spec name for these row numbers ``(n,)``."""
        tokens = np.full((len(rows), self.codec.length), PADDING, np.int32)
        there = np.flatnonzero(rows < dataset.n_rows)
        if len(there):
            tokens[there] = self.codec.ids(dataset, rows[there])
        return {TOKENS: tokens, NOISE: noise_of(rows, self.codec.length)}

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings and lists."""
        specs = [spec_state(spec) for spec in self.specs]
        return {"encoder": "text_tokens", "specs": specs, "codec": self.codec.state()}


def fit_text_generator(dataset: Dataset, task: Task, split: Split) -> tuple[TextGeneratorEncoder, TextCodec]:
    """Encoder and codec of a deep generator of texts, fitted on training rows.

    Raises:
        DataError: there is not one column of texts, or too few texts or words.
    """
    codec = fit_texts(dataset, task, split.train)
    ids = codec.ids(dataset, split.train)
    counts = np.bincount(ids.ravel(), minlength=codec.subwords.size).astype(np.float64)
    counts[PADDING] = 0.0
    stats = {
        "columns": [codec.column], "shares": (counts / counts.sum()).tolist(),
        "filled": float(np.count_nonzero(ids != PADDING) / ids.size),
    }  # fmt: skip
    tokens = InputSpec(TOKENS, "tokens", (codec.length,), "int32", codec.subwords.size, stats)
    return TextGeneratorEncoder((tokens, InputSpec(NOISE, "noise", (codec.length,), "float32")), codec), codec


def fit_texts(dataset: Dataset, task: Task, rows: np.ndarray) -> TextCodec:
    """Fit subwords and the length on these rows.

    The length is that of 95 of 100 texts, up to a multiple of 8, at most `MOST_LENGTH`; longer texts are cut.

    Raises:
        DataError: there is not one column of texts, or too few texts or words.
    """
    column = _column_of(task)
    texts = texts_of(dataset.inputs[column].take(rows))
    _check(column, texts)
    subwords = fit_subwords(texts)
    usual = float(np.quantile([len(ids) + 1 for ids in subwords.encode(texts)], LENGTH_SHARE))
    length = int(min(max(8 * np.ceil(usual / 8), 8), MOST_LENGTH))
    return TextCodec(Head(task.goal, (length,), "linear", "own"), subwords, column)


def restore_text_samples(state: Mapping[str, Any]) -> TextCodec:
    """The codec that `TextCodec.state` described.

    Raises:
        ValueError: a part of it is malformed.
    """
    head = restore_head(state["head"])
    if len(head.shape) != 1 or type(head.shape[0]) is not int or not 0 < head.shape[0] <= MOST_LENGTH:
        raise ValueError(f"expected texts of at most {MOST_LENGTH} tokens, got {head.shape!r:.60}")
    if not isinstance(state["column"], str):
        raise ValueError("expected the name of a column of texts")
    return TextCodec(head, restore_subwords(state["subwords"]), state["column"])


def restore_text_generator(state: Mapping[str, Any]) -> TextGeneratorEncoder:
    """The encoder that `TextGeneratorEncoder.state` described.

    Raises:
        ValueError: a part of it is malformed, or its parts do not fit each other.
    """
    specs = tuple(restore_spec(spec) for spec in state["specs"])
    codec = restore_text_samples(state["codec"])
    shown = [(spec.name, spec.kind, spec.shape, spec.size) for spec in specs]
    shape = (codec.length,)
    expected = [(TOKENS, "tokens", shape, codec.subwords.size), (NOISE, "noise", shape, 0)]
    check_equal("the inputs of a generator of texts", shown, expected)
    return TextGeneratorEncoder(specs, codec)


def texts_of(values: pd.Series) -> list[str]:
    """Cells as strings, empty for a missing one."""
    return [cell if isinstance(cell, str) else "" for cell in values.tolist()]


def _column_of(task: Task) -> str:
    columns = [column.name for column in task.columns if column.kind == "text"]
    if len(columns) != 1:
        found = [f"{column.name} ({column.kind})" for column in task.columns[:8]]
        more = "Leave out the others: drop=[...]" if columns else "Name it, such as columns={'name': 'text'}"
        raise DataError(f"expected one text column to generate texts; found {found}. {more}")
    return columns[0]


def _check(column: str, texts: Sequence[str]) -> None:
    n_texts = sum(bool(text.strip()) for text in texts)
    if n_texts < LEAST_TEXTS:
        raise DataError(
            f"expected at least {LEAST_TEXTS} training texts to generate texts like them; found "
            f"{counted(n_texts, 'text')} in column {column!r}. Add rows"
        )
    n_words = len({word for text in texts for word in words_of(text)})
    if n_words < LEAST_WORDS:
        raise DataError(
            f"expected at least {LEAST_WORDS} different words in the training texts of column {column!r}; found "
            f"{n_words}. Texts of so few words are levels: columns={{{column!r}: 'categorical'}}"
        )
