"""Texts as token ids, with a small tokeniser of our own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from automl import goals, pretrained
from automl.errors import DataError
from automl.goals.shared.samples import MOST_TEXT_CHARACTERS
from automl.modalities.shared import generated_texts
from automl.modalities.shared.categories import strings
from automl.modalities.shared.cells import as_they_are, names_of, typed
from automl.modalities.shared.ngrams import MAX_CHARACTERS, NGrams, fit_ngrams, restore_ngrams
from automl.modalities.shared.specs import check_equal, restore_spec, spec_state
from automl.modalities.shared.vectors import vectors_of, vectors_specs
from automl.records import (
    MIN_LEVEL_ROWS,
    Column,
    Dataset,
    Finding,
    InputSpec,
    Modality,
    Split,
    Table,
    TargetCodec,
    Task,
)
from automl.system.counts import counted, noun

__all__ = ["TEXT", "TextEncoder", "Tokens", "fit", "fit_tokens", "restore", "restore_tokens", "tokenise"]

MAX_WORDS = 20_000
MAX_LENGTH = 256
NGRAM_ROWS = 50_000
"""The n-grams that are read are chosen on so many rows."""
PADDING, UNKNOWN, SEPARATOR = 0, 1, 2
_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+(?:[.,:]\d+)*|[^\w\s]|_+")
_LONG_NUMBER = re.compile(r"\d{5,}")


@dataclass(eq=False)
class Tokens:
    """Text columns → ids: 0 padding, 1 unknown word, 2 between columns (where there are several), then by frequency.

    A word of fewer than `MIN_LEVEL_ROWS` training rows is an unknown one in these rows, too.

    Attributes:
        columns: names, joined in this order.
        words: the vocabulary.
        length: ids a row.
    """

    columns: list[str]
    words: list[str]
    length: int

    @cached_property
    def ids(self) -> dict[str, int]:
        """Word → id."""
        return {word: id_ for id_, word in enumerate(self.words, first_word(self.columns))}

    def transform(self, frame: Table) -> np.ndarray:
        """Token ids ``(n, length)`` int32; long texts are cut at their end."""
        ids, out = self.ids, np.zeros((len(frame), self.length), np.int32)
        for row, parts in enumerate(_documents(frame, self.columns)):
            line: list[int] = []
            for place, tokens in enumerate(parts):
                if place:
                    line.append(SEPARATOR)
                line += [ids.get(token, UNKNOWN) for token in tokens[: self.length]]
            out[row, : len(line)] = line[: self.length]
        return out

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings and lists."""
        return {"columns": self.columns, "words": self.words, "length": self.length}


def restore_tokens(state: Mapping[str, Any]) -> Tokens:
    """The part that `Tokens.state` described."""
    return Tokens(list(state["columns"]), list(state["words"]), int(state["length"]))


def fit_tokens(
    frame: pd.DataFrame, columns: list[str], most_length: int = MAX_LENGTH, most_rows: int | None = None
) -> tuple[Tokens, InputSpec] | None:
    """Fit vocabulary and length on a frame of training rows; None when they hold no word.

    Args:
        frame: training rows.
        columns: text columns.
        most_length: ids a row at most.
        most_rows: that are read, evenly taken; None for all.
    """
    if not columns:
        return None
    if most_rows is not None and len(frame) > most_rows:
        frame = frame.take(np.linspace(0, len(frame) - 1, most_rows).astype(np.int64))
    documents = _documents(frame, columns)
    counts = Counter(token for parts in documents for tokens in parts for token in tokens)
    if not counts:
        return None
    n_rows = Counter(token for parts in documents for token in {token for tokens in parts for token in tokens})
    often = (word for word, n in n_rows.items() if n >= MIN_LEVEL_ROWS)
    words = sorted(often, key=lambda word: (-counts[word], word))
    words = words[: MAX_WORDS - first_word(columns)]
    length = min(_length([sum(map(len, parts)) + len(parts) - 1 for parts in documents]), most_length)
    spec = InputSpec(
        name="tokens",
        kind="tokens",
        shape=(length,),
        dtype="int32",
        size=len(words) + first_word(columns),
        stats={"columns": list(columns)},
    )
    return Tokens(list(columns), words, length), spec


def first_word(columns: list[str]) -> int:
    """The id of the commonest word: several columns need one for what parts them."""
    return SEPARATOR + (len(columns) > 1)


@dataclass(eq=False)
class TextEncoder:
    """Texts as token ids in their order, and as a bag of weighted n-grams.

    Attributes:
        specs: "tokens"; where an n-gram comes back, "ngrams"; and, with a backbone, "vectors".
        part: what makes the tokens.
        ngrams: what makes the n-grams, or None.
    """

    specs: tuple[InputSpec, ...]
    part: Tokens
    ngrams: NGrams | None = None

    @property
    def reads_vectors(self) -> bool:
        """Whether vectors that a backbone made are an input."""
        return self.specs[-1].kind == "vectors"

    def transform(self, dataset: Dataset, rows: np.ndarray) -> dict[str, np.ndarray]:
        """``(n, length)`` int32 under "tokens" and "ngrams", ``(n, dim)`` float32 under "vectors"."""
        frame = dataset.inputs.take(rows)
        arrays = {"tokens": self.part.transform(frame)}
        if self.ngrams is not None:
            arrays["ngrams"] = self.ngrams.transform(frame)
        if self.reads_vectors:
            arrays["vectors"] = vectors_of(dataset, rows, self.specs[-1].shape[0])
        return arrays

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and arrays."""
        state = {"encoder": "text", "specs": [spec_state(spec) for spec in self.specs], **self.part.state()}
        return state if self.ngrams is None else {**state, "ngrams": self.ngrams.state()}


def fit(dataset: Dataset, task: Task, split: Split, codec: TargetCodec | None = None) -> TextEncoder:
    """Fit vocabulary, n-grams and lengths on the training rows.

    Raises:
        DataError: there is no text column, or no training text holds a word.
    """
    columns = [column.name for column in task.columns if column.kind == "text"]
    if not columns:
        raise DataError(
            f"expected a text column; found {[f'{c.name} ({c.kind})' for c in task.columns]}. "
            "Name one, such as columns={'name': 'text'}"
        )
    frame = dataset.inputs.take(split.train)
    fitted = fit_tokens(frame, columns)
    if fitted is None:
        raise DataError(
            f"expected words in the text columns {columns}; all {len(split.train)} training texts are empty. "
            "Check the columns, or that the file was read with the right delimiter"
        )
    bag = fit_ngrams(frame, columns, NGRAM_ROWS)
    specs: tuple[InputSpec, ...] = (fitted[1],) if bag is None else (fitted[1], bag[1])
    specs += vectors_specs(dataset, split.train)
    return TextEncoder(specs, fitted[0], None if bag is None else bag[0])


def restore(state: Mapping[str, Any]) -> TextEncoder:
    """The encoder that `TextEncoder.state` described."""
    specs = tuple(restore_spec(spec) for spec in state["specs"])
    tokens = restore_tokens({"length": specs[0].shape[0], **state})
    check_equal("the length of texts", tokens.length, specs[0].shape[0])
    names = ["tokens", *(["ngrams"] if "ngrams" in state else []), *(["vectors"] if len(specs) > 1 else [])]
    check_equal("the inputs of a text", [spec.name for spec in specs], names[: len(specs)])
    check_equal("the kinds of inputs of a text", [spec.kind for spec in specs], [spec.name for spec in specs])
    return TextEncoder(specs, tokens, restore_ngrams(state["ngrams"], specs[1]) if "ngrams" in state else None)


def tokenise(text: str) -> list[str]:
    """Lowercased words, numbers, and each mark of punctuation or emoji by itself.

    A number of five digits or more keeps only its length (as zeros): telephone numbers and amounts rarely repeat,
    but that there is one tells a lot.
    """
    text = text[:MAX_CHARACTERS].lower()
    return _TOKEN.findall(_LONG_NUMBER.sub(lambda found: "0" * min(len(found.group()), 15), text))


def _documents(frame: Table, columns: list[str]) -> list[tuple[list[str], ...]]:
    """For each row, the tokens of each column."""
    return list(zip(*([tokenise(text or "") for text in strings(frame[name])] for name in columns), strict=True))


def _length(lengths: list[int]) -> int:
    """95th percentile, up to a multiple of 8, within 8 to `MAX_LENGTH`."""
    usual = float(np.quantile(lengths, 0.95))
    return int(min(max(8 * np.ceil(usual / 8), 8), MAX_LENGTH))


# --------------------------------------------------------------------------- the record


def _recognises(inputs: Any, columns: Sequence[Column]) -> str | None:
    if {column.kind for column in columns} == {"text"}:
        return f"the only features are texts ({names_of(columns)})"
    return None


def _example(signal: np.ndarray, rng: np.random.Generator) -> tuple[Dataset, tuple[Column, ...]]:
    """Kind words where the signal is above zero, others below."""
    texts = [("good fine day" if s > 0 else "bad poor night") + f" word{i % 7}" for i, s in enumerate(signal)]
    return Dataset("example", pd.DataFrame({"t": texts}, dtype=object)), (Column("t", "text", 1.0, ""),)


def _decode(dataset: Dataset, task: Task, memory_mib: float | None) -> tuple[Dataset, Task]:
    """Texts as they are; those to generate more of with single blanks, cut at `MOST_TEXT_CHARACTERS`."""
    if not goals.named(task).makes_rows:
        return as_they_are(dataset, task, memory_mib)
    inputs, n_cut = dataset.inputs.copy(), 0
    for column in task.columns:
        if column.kind == "text":
            texts = [" ".join(text.split()) if isinstance(text, str) else "" for text in inputs[column.name]]
            n_cut += sum(len(text) > MOST_TEXT_CHARACTERS for text in texts)
            inputs[column.name] = pd.Series([_cut(text) for text in texts], index=inputs.index, dtype=object)
    findings = list(dataset.findings)
    if n_cut:
        what = f"{counted(n_cut, 'text')} of more than {MOST_TEXT_CHARACTERS} characters"
        message = f"{what} {noun(n_cut, 'was', 'were')} cut."
        findings.append(Finding("texts_cut", "medium", message, "Pass sentences or paragraphs as rows.", count=n_cut))
    return replace(dataset, inputs=inputs, findings=tuple(findings)), task


def _cut(text: str) -> str:
    """The text up to the last blank before the limit."""
    if len(text) <= MOST_TEXT_CHARACTERS:
        return text
    kept = text[: MOST_TEXT_CHARACTERS + 1].rpartition(" ")[0]
    return kept or text[:MOST_TEXT_CHARACTERS]


def _ready(dataset: Dataset, task: Task, read: Any) -> Dataset:
    return pretrained.with_vectors(typed(dataset, task, read), task)


TEXT = Modality(
    name="text",
    items="text",
    recognises=_recognises,
    decode=_decode,
    ready=_ready,
    fit=fit,
    generator=generated_texts.fit_text_generator,
    restore_codec={"text_samples": generated_texts.restore_text_samples},
    restore={"text": restore, "text_tokens": generated_texts.restore_text_generator},
    example=_example,
)
