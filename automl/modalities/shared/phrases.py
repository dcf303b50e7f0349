"""Text, list and wordy columns of a table as dense numbers: latent semantic vectors and multi-hot members.

Source: Deerwester et al., "Indexing by latent semantic analysis", JASIS 1990 (truncated SVD of a weighted
term-document matrix); weights as scikit-learn's TfidfVectorizer with ``sublinear_tf`` and smoothed idf.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from automl.modalities.shared.categories import strings
from automl.modalities.shared.specs import MAX_STAT_ROWS, evenly, numbers_spec
from automl.records import InputSpec, Table
from automl.target_encoding.ridge import vocabulary, weighed

__all__ = ["Members", "Phrases", "Texts", "fit_texts", "restore_texts", "wordy"]

MAX_WORDS = 5_000
MAX_MEMBERS = 64
MAX_FIT_ROWS = 10_000
FEW_TOPICS = 8
"""Topics of one column among several: more of them are noise to a network beside what the words tell of the target."""
MAX_CHARACTERS = 10_000
_WORD = re.compile(r"\w+")
_SEPARATOR = r"[,;|/\n]"


@dataclass(eq=False)
class Phrases:
    """One column → latent semantic vector of its words (or of a list's members).

    Attributes:
        column: name.
        separator: regular expression between a list's members; empty for words.
        words: vocabulary in code order.
        idf: ``(n_words,)``.
        components: ``(n_words, n_dimensions)`` float32.
    """

    column: str
    separator: str
    words: list[str]
    idf: np.ndarray
    components: np.ndarray

    @cached_property
    def codes(self) -> dict[str, int]:
        """Word → code."""
        return {word: code for code, word in enumerate(self.words)}

    @property
    def names(self) -> list[str]:
        """A name for each number."""
        return [f"{self.column}.topic{i + 1}" for i in range(self.components.shape[1])]

    def transform(self, frame: Table) -> np.ndarray:
        """``(n, n_dimensions)`` float32; every row on its own, so one row gives what it gives among others."""
        tokens = _tokens(frame[self.column], self.separator)
        return np.asarray(weighed(tokens, self.codes, self.idf).astype(np.float32) @ self.components, np.float32)

    def state(self) -> dict[str, Any]:
        """Plain lists and arrays."""
        return {
            "column": self.column,
            "separator": self.separator,
            "words": self.words,
            "idf": self.idf,
            "components": self.components,
        }


@dataclass(eq=False)
class Members:
    """One list column → a 0/1 number for each of its most frequent members.

    Attributes:
        column: name.
        separator: regular expression between members.
        members: in column order.
    """

    column: str
    separator: str
    members: list[str]

    @cached_property
    def codes(self) -> dict[str, int]:
        """Member → column."""
        return {member: code for code, member in enumerate(self.members)}

    @property
    def names(self) -> list[str]:
        """A name for each number."""
        return [f"{self.column} has {member}" for member in self.members]

    def transform(self, frame: Table) -> np.ndarray:
        """``(n, n_members)`` float32."""
        out = np.zeros((len(frame), len(self.members)), np.float32)
        for row, members in enumerate(_tokens(frame[self.column], self.separator)):
            for member in members:
                code = self.codes.get(member)
                if code is not None:
                    out[row, code] = 1.0
        return out

    def state(self) -> dict[str, Any]:
        """Plain lists."""
        return {"column": self.column, "separator": self.separator, "members": self.members}


@dataclass(eq=False)
class Texts:
    """All wordy columns of a table, side by side."""

    parts: list[Phrases | Members]

    def transform(self, frame: Table) -> np.ndarray:
        """``(n, n_columns)`` float32."""
        return np.concatenate([part.transform(frame) for part in self.parts], axis=1)

    def state(self) -> dict[str, Any]:
        """Parts by place (JSON knows no order of types in a list of dicts with arrays)."""
        return {f"{place:04d}": part.state() for place, part in enumerate(self.parts)}


def restore_texts(state: Mapping[str, Any]) -> Texts:
    """The part that `Texts.state` described."""
    parts: list[Phrases | Members] = []
    for _, part in sorted(state.items()):
        if not is_separator(part["separator"]):
            raise ValueError(f"{part['separator']!r:.40} parts no members of a list")
        if "members" in part:
            parts.append(Members(part["column"], part["separator"], list(part["members"])))
        else:
            words = list(part["words"])
            parts.append(Phrases(part["column"], part["separator"], words, part["idf"], part["components"]))
    return Texts(parts)


def is_separator(pattern: Any) -> bool:
    """Whether a regular expression is one that `fit_texts` gives: none, the usual one, or a literal that is escaped.

    Any other could take years to match, and comes from a file that we did not write.
    """
    if not isinstance(pattern, str):
        return False
    return pattern in ("", _SEPARATOR) or re.escape(re.sub(r"\\(.)", r"\1", pattern, flags=re.DOTALL)) == pattern


def fit_texts(
    frame: pd.DataFrame, texts: Sequence[str], names: Sequence[str], lists: Mapping[str, str], seed: int
) -> tuple[Texts, InputSpec] | None:
    """Fit on a frame of training rows; None when there is nothing to read.

    Args:
        frame: training rows.
        texts: columns read as words.
        names: categorical columns whose words are read, too.
        lists: columns read as members → their separator (a literal), or "" for the usual ones.
        seed: of the randomised SVD.
    """
    n_dimensions = 24 if len(texts) + len(lists) <= 1 else FEW_TOPICS
    parts: list[Phrases | Members] = []
    for name in texts:
        parts += _fit_phrases(frame[name], "", n_dimensions, seed)
    for name in names:
        parts += _fit_phrases(frame[name], "", FEW_TOPICS, seed)
    for name, literal in lists.items():
        separator = re.escape(literal) if literal else _SEPARATOR
        frequent = vocabulary(_tokens(frame[name], separator), MAX_WORDS)
        if not frequent:
            continue
        parts.append(Members(name, separator, frequent[:MAX_MEMBERS]))
        if len(frequent) > MAX_MEMBERS:
            parts += _fit_phrases(frame[name], separator, n_dimensions, seed)
    if not parts:
        return None
    part = Texts(parts)
    names = [name for piece in parts for name in piece.names]
    sample = frame.iloc[evenly(np.arange(len(frame)), MAX_STAT_ROWS)]  # all that statistics are made from
    return part, numbers_spec("texts", names, part.transform(sample), [0.0] * len(names))


def wordy(column: pd.Series) -> bool:
    """Whether a categorical column has so many levels of several words that its words tell more than its levels."""
    levels = {value for value in strings(column) if value}
    return len(levels) > 100 and sum(len(_WORD.findall(level)) > 1 for level in levels) > len(levels) / 2


def _fit_phrases(column: pd.Series, separator: str, n_dimensions: int, seed: int) -> list[Phrases]:
    sample = column.iloc[evenly(np.arange(len(column)), MAX_FIT_ROWS)]
    documents = _tokens(sample, separator)
    words = vocabulary(documents, MAX_WORDS)
    if not words:
        return []
    codes = {word: code for code, word in enumerate(words)}
    n_having = np.zeros(len(words))
    for document in documents:
        n_having[[codes[word] for word in set(document) if word in codes]] += 1
    idf = np.log((1 + len(documents)) / (1 + n_having)) + 1.0
    if len(words) <= n_dimensions:
        components = np.eye(len(words), dtype=np.float32)
    else:
        matrix = weighed(documents, codes, idf).astype(np.float32)
        n_wanted = min(n_dimensions, min(matrix.shape) - 1)
        if n_wanted < 1:
            return []
        components = _directions(matrix, n_wanted, seed)
    return [Phrases(str(column.name), separator, words, idf, np.ascontiguousarray(components))]


def _directions(matrix: sparse.csr_matrix, n_wanted: int, seed: int) -> np.ndarray:
    """Leading right singular vectors ``(n_words, at most n_wanted)`` float32."""
    from sklearn.utils.extmath import randomized_svd
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):  # matrices this thin are decomposed ten times faster by one thread
        _, strength, right = randomized_svd(matrix, n_components=n_wanted, n_iter=4, random_state=seed)
    return np.asarray(right[strength > 1e-4 * strength[0]].T, np.float32)


def _tokens(column: pd.Series | np.ndarray, separator: str) -> list[list[str]]:
    texts = [(value or "")[:MAX_CHARACTERS].lower() for value in strings(column)]
    if not separator:
        return [_WORD.findall(text) for text in texts]
    parting = re.compile(separator)
    return [[m for member in parting.split(text) if (m := member.strip(" \t[](){}'\""))] for text in texts]
