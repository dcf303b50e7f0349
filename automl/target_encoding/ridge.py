"""What the words of a cell say of the target: ridge regression on tokens, fitted so that no row sees its own target.

The tokens of a cell are its members ("Ann Lee" and "Bo Day" in "Ann Lee, Bo Day") and its words. For a column with one
level a cell the ridge is the shrunk mean of the target for each level; for lists and texts it shares one row's target
among its tokens, which a mean for each token does not.

Both sides use it: `crossfit` gives the coefficients fitted without each fold, so that training rows can be described as
new rows will be.

Sources: Micci-Barreca, "A preprocessing scheme for high-cardinality categorical attributes", SIGKDD Explorations 2001
(shrunk target means); Wolpert, "Stacked generalization", Neural Networks 1992 (out-of-fold predictions as inputs);
Hestenes & Stiefel 1952 (conjugate gradients).
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from automl.records import MIN_LEVEL_ROWS

__all__ = [
    "AMOUNTS",
    "MAX_FIT_ROWS",
    "MAX_TARGETS",
    "MAX_TOKENS",
    "Fitted",
    "amounts",
    "coded",
    "crossfit",
    "crossfit_words",
    "spelled",
    "target_columns",
    "tokens",
    "unit_rows",
    "vocabulary",
    "weighed",
]

MAX_CHARACTERS = 10_000
MAX_TARGETS = 8
MAX_TOKENS = 20_000
MAX_FIT_ROWS = 30_000
"""A column's words are of so many training rows at most, evenly taken."""
LONGEST = 40  # characters of a member; longer ones are clauses, which do not come back
PENALTIES = (1.0, 3.0, 10.0, 30.0, 100.0)
STEPS = 40
TOLERANCE = 1e-3
_WORD = re.compile(r"\w{1,40}")
_PARTS = re.compile(r"[,;|/\n]")


AMOUNTS = ("characters", "words", "members")


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Ridge regressions of the same columns, each without one fold of the rows; the last with all rows.

    Attributes:
        coef: ``(n_folds + 1, n_tokens, n_targets)``.
        intercept: ``(n_folds + 1, n_targets)``.
        predicted: ``(n, n_targets)``, each row by the regression without its fold.
        sureness: by how many standard errors `predicted` is better than the mean, in squared error.
    """

    coef: np.ndarray
    intercept: np.ndarray
    predicted: np.ndarray
    sureness: float


def spelled(level: str) -> str:
    """A level without what spelling alone differs in: outer and repeated spaces; case, from three characters on.

    One or two characters are codes more often than words, and "a" may be another code than "A".
    """
    plain = " ".join(level.split())
    return plain.casefold() if len(plain) > 2 else plain


def tokens(cell: str | None) -> list[str]:
    """The distinct members and words of a cell in lower case; none where it is missing."""
    if not cell:
        return []
    text = cell[:MAX_CHARACTERS].casefold()
    members = [" ".join(part.split()).strip("[](){}'\"") for part in _PARTS.split(text)]
    return list(dict.fromkeys([*(m for m in members if 0 < len(m) <= LONGEST), *_WORD.findall(text)]))


def amounts(cells: Sequence[str | None]) -> np.ndarray:
    """How much is in each cell: ``(n, 3)``, the logarithms of the numbers named in `AMOUNTS` plus one; 0 if missing."""
    counts = [(len(c), c.count(" ") + 1, len(_PARTS.findall(c)) + 1) if c else (0, 0, 0) for c in cells]
    return np.log1p(np.array(counts, np.float64).reshape(-1, len(AMOUNTS)))


def vocabulary(documents: Sequence[Sequence[str]], at_most: int) -> list[str]:
    """Tokens of at least `MIN_LEVEL_ROWS` documents but not of all, most frequent first."""
    counts = Counter(itertools.chain.from_iterable(map(set, documents)))
    usable = [token for token, n in counts.items() if MIN_LEVEL_ROWS <= n < len(documents)]
    return sorted(usable, key=lambda token: (-counts[token], token))[:at_most]


def weighed(documents: Sequence[Sequence[Any]], codes: Mapping[Any, int], idf: np.ndarray) -> sparse.csr_matrix:
    """TF-IDF rows of unit length ``(n, n_tokens)`` float64; a row without known tokens is empty."""
    return unit_rows(*coded(documents, codes), idf)


def coded(documents: Sequence[Sequence[Any]], codes: Mapping[Any, int]) -> tuple[np.ndarray, np.ndarray]:
    """The codes of all known tokens, int32, one document after another, and where each ends: see `unit_rows`."""
    lengths = np.array([len(document) for document in documents], np.int64)
    every = itertools.chain.from_iterable(documents)
    found = np.fromiter(map(codes.get, every, itertools.repeat(-1)), np.int32, int(lengths.sum()))
    known = np.concatenate([[0], np.cumsum(found >= 0)])
    ends = known[np.concatenate([[0], np.cumsum(lengths)])]
    return found[found >= 0], ends.astype(np.int32)


def unit_rows(indices: np.ndarray, ends: np.ndarray, idf: np.ndarray) -> sparse.csr_matrix:
    """The same from codes: those of row i are ``indices[ends[i]:ends[i + 1]]``."""
    n_rows = len(ends) - 1
    matrix = sparse.csr_matrix((np.ones(len(indices)), indices, ends), (n_rows, len(idf)))
    matrix.sum_duplicates()
    matrix.data = (1.0 + np.log(matrix.data)) * idf[matrix.indices]
    rows = np.repeat(np.arange(n_rows), np.diff(matrix.indptr))
    length = np.sqrt(np.bincount(rows, weights=matrix.data**2, minlength=n_rows))
    matrix.data /= length[rows]
    return matrix


def target_columns(truth: np.ndarray, n_classes: int) -> np.ndarray:
    """The target as at most `MAX_TARGETS` numeric columns.

    Args:
        truth: class codes ``(n,)``, or labels or values ``(n, n_columns)``.
        n_classes: of codes, else 0.

    Returns:
        Float64 ``(n, n_targets)``: two classes give one column, more give one for each of the most frequent; several
        labels or values give the first ones, values standardised.
    """
    if truth.ndim == 1 and n_classes == 2:
        return np.asarray(truth[:, None] == 1, np.float64)
    if truth.ndim == 1:
        counts = np.bincount(truth, minlength=n_classes)
        return np.asarray(truth[:, None] == np.sort(np.argsort(-counts, kind="stable")[:MAX_TARGETS]), np.float64)
    values = truth[:, :MAX_TARGETS].astype(np.float64)
    spread = values.std(axis=0)
    return np.asarray((values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def crossfit_words(
    documents: Sequence[Sequence[str]], words: Sequence[str], targets: np.ndarray, folds: np.ndarray, n_folds: int
) -> tuple[np.ndarray, Fitted]:
    """How rare each word is, ``(n_words,)``, and `crossfit` on the words of all documents.

    Args:
        documents: distinct tokens of each training row.
        words: from `vocabulary`, in the order of their codes.
        targets: ``(n, n_targets)``.
        folds: ``(n,)`` from 0 to n_folds - 1.
        n_folds: how many there are.
    """
    indices, ends = coded(documents, {word: code for code, word in enumerate(words)})
    n_having = np.bincount(indices, minlength=len(words))
    idf = np.log((1 + len(documents)) / (1 + n_having)) + 1.0
    return idf, crossfit(unit_rows(indices, ends, idf), targets, folds, n_folds)


def crossfit(X: sparse.csr_matrix, targets: np.ndarray, folds: np.ndarray, n_folds: int) -> Fitted:
    """Fit ridge regressions without each fold, and one on all rows, with the penalty that predicts best out of fold.

    Args:
        X: ``(n, n_tokens)`` rows of unit length.
        targets: ``(n, n_targets)``.
        folds: ``(n,)`` from 0 to n_folds - 1.
    """
    n_targets, n_tried = targets.shape[1], len(PENALTIES)
    penalties = np.repeat(PENALTIES, n_targets)
    coef = np.zeros((n_folds + 1, X.shape[1], n_tried * n_targets))
    intercept = np.zeros((n_folds + 1, n_targets))
    predicted = np.zeros((len(targets), n_tried * n_targets))
    for fold in range(n_folds + 1):
        inside = np.flatnonzero(folds != fold)
        if not len(inside):
            continue
        own, left = X[inside], np.flatnonzero(folds == fold)
        intercept[fold] = targets[inside].mean(axis=0)
        coef[fold] = _solve(own, np.tile(targets[inside] - intercept[fold], n_tried), penalties)
        predicted[left] = X[left] @ coef[fold] + np.tile(intercept[fold], n_tried)
    errors = (predicted.reshape(-1, n_tried, n_targets) - targets[:, None]) ** 2  # (n, n_tried, n_targets)
    best = int(errors.sum(axis=(0, 2)).argmin())
    gains = ((targets - intercept[folds]) ** 2 - errors[:, best]).mean(axis=1)
    noise = float(gains.std()) / np.sqrt(len(gains))
    taken = slice(best * n_targets, (best + 1) * n_targets)
    sureness = float(gains.mean()) / noise if noise > 0 else 0.0
    return Fitted(coef[:, :, taken], intercept, predicted[:, taken], sureness)


def _solve(X: sparse.csr_matrix, Y: np.ndarray, penalties: np.ndarray) -> np.ndarray:
    """``(X'X + penalty I)⁻¹ X'Y`` by conjugate gradients, all columns of Y at once, a penalty each."""
    transposed = X.T.tocsr()
    left = transposed @ Y
    direction, solution = left.copy(), np.zeros_like(left)
    size = (left**2).sum(axis=0)
    enough = TOLERANCE**2 * size
    for _ in range(STEPS):
        if (size <= enough).all():
            break
        pushed = transposed @ (X @ direction) + penalties * direction
        curvature = (direction * pushed).sum(axis=0)
        step = np.divide(size, curvature, out=np.zeros_like(size), where=curvature > 0)
        solution += step * direction
        left -= step * pushed
        after = (left**2).sum(axis=0)
        direction = left + np.divide(after, size, out=np.zeros_like(size), where=size > 0) * direction
        size = after
    return np.asarray(solution)
