"""The learned part of the detector: nine kinds with their probabilities, from plain numbers stored in the package.

Three models answer, and their probabilities are averaged: a linear one on hashed pieces of the name and the values,
boosted trees and extremely randomised trees on the signs of `automl.detect.columns.features`. They were fitted with
scikit-learn by `benchmarks/column_kinds_model.py`; here they are arrays, and predicting needs NumPy and SciPy alone.

Source: the data and the nine kinds are those of the SortingHat benchmark (Shah et al., SIGMOD 2021, Apache-2.0).
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from io import BytesIO

import numpy as np
from scipy.special import softmax

from automl.detect.columns.features import BUCKETS, N_FEATURES, Lexicon, column_features, hashed, is_gap
from automl.detect.columns.profile import ColumnProfile
from automl.records import KINDS

__all__ = ["LABELLED_KINDS", "NINE", "Forest", "Learned", "answers", "certain", "load", "probabilities", "shipped"]

NINE = (
    "categorical", "context-specific", "datetime", "embedded-number", "list", "not-generalizable", "numeric",
    "sentence", "url",
)  # fmt: skip
LABELLED_KINDS = tuple(kind for kind in KINDS if kind != "audio_path")
"""Kinds that labelled columns have; sounds count as pictures, whose rule is alike."""
WEIGHTS = {"boosted": 1.0, "randomised": 0.5, "linear": 0.3}
LEAF = 0xFFFF
CHUNK = 128  # rows that walk through all trees together


@dataclass(frozen=True, eq=False)
class Forest:
    """Decision trees, one node after the other; the left child of a node stands right behind it.

    Attributes:
        roots: first node of each tree.
        sign: which is asked, `LEAF` in a leaf.
        bound: in bins; up to it, left.
        right: how many nodes further the right child is.
        value: in a leaf, what it says: (nodes in leaves, outputs).
        leaf: of each node, its row in `value`.
        outputs: of each tree, the class it speaks of, where it speaks of one.
    """

    roots: np.ndarray
    sign: np.ndarray
    bound: np.ndarray
    right: np.ndarray
    leaf: np.ndarray
    value: np.ndarray
    outputs: np.ndarray

    def __call__(self, bins: np.ndarray) -> np.ndarray:
        """Sums over the trees, of shape (rows, 9)."""
        return np.concatenate([self._part(bins[i : i + CHUNK]) for i in range(0, len(bins), CHUNK)])

    def _part(self, bins: np.ndarray) -> np.ndarray:
        n_rows, n_trees = len(bins), len(self.roots)
        node = np.tile(self.roots.astype(np.int64), n_rows)  # (rows * trees), all trees of a row together
        moving = np.arange(len(node))
        while len(moving):
            at = node[moving]
            sign = self.sign[at]
            inner = sign != LEAF
            moving, at, sign = moving[inner], at[inner], sign[inner]
            left = bins[moving // n_trees, sign] <= self.bound[at]
            node[moving] = at + np.where(left, 1, self.right[at])
        said = self.value[self.leaf[node]].reshape(n_rows, n_trees, -1)
        if self.value.shape[1] == len(NINE):
            return np.asarray(said.sum(axis=1, dtype=np.float64))
        return np.asarray(said[:, :, 0].astype(np.float64) @ (self.outputs[:, None] == np.arange(len(NINE))))


@dataclass(frozen=True, eq=False)
class Learned:
    """What was learnt from labelled columns.

    Attributes:
        lexicon: what was learnt from names.
        edges: of each sign, the bounds of its bins.
        boosted: trees on bins.
        randomised: trees on bins.
        start: scores of the boosted trees before the first.
        linear: (2 * `BUCKETS`, 9) weights.
        shift: their offsets.
        sharpness: the power that makes the averaged probabilities calibrated.
        reliability: what a confidence was worth among labelled columns: confidences, ascending, and the shares of
            columns that were right; between them, linear. Empty where it was not measured.
        by_rule: share of right columns among those that rules alone decide, by kind.
    """

    lexicon: Lexicon
    edges: tuple[np.ndarray, ...]
    boosted: Forest
    start: np.ndarray
    randomised: Forest
    linear: np.ndarray
    shift: np.ndarray
    sharpness: float
    reliability: tuple[np.ndarray, np.ndarray] = (np.zeros(0), np.zeros(0))
    by_rule: Mapping[str, float] = field(default_factory=dict)

    def adjusted(self, sure: float) -> float:
        """What a confidence is worth: the share right of labelled columns that had it."""
        at, right = self.reliability
        return float(np.interp(sure, at, right)) if len(at) else sure

    def binned(self, rows: np.ndarray) -> np.ndarray:
        """Signs as bins, uint8."""
        out = np.empty(rows.shape, dtype=np.uint8)
        for j, edges in enumerate(self.edges):
            out[:, j] = np.searchsorted(edges, rows[:, j], side="left")
        return out


def probabilities(profiles: Sequence[ColumnProfile], model: Learned, sharp: bool = True) -> np.ndarray:
    """Probabilities of the nine kinds, of shape (profiles, 9), in the order of `NINE`.

    Args:
        profiles: the columns.
        model: what was learnt.
        sharp: calibrate; the order of the kinds is the same without.
    """
    if not profiles:
        return np.zeros((0, len(NINE)))
    parts = [column_features(p, model.lexicon) for p in profiles]
    of = np.repeat(np.arange(len(profiles)), [len(part) for part in parts])
    bins = model.binned(np.concatenate(parts))
    linear = np.tile(model.shift, (len(of), 1)).astype(np.float64)
    for i, pieces in enumerate(hashed(p, draw) for p in profiles for draw in p.draws):
        linear[i] += np.fromiter(pieces.values(), np.float64) @ model.linear[list(pieces)]
    mixed = (
        WEIGHTS["boosted"] * softmax(model.start + model.boosted(bins), axis=1)
        + WEIGHTS["randomised"] * model.randomised(bins) / len(model.randomised.roots)
        + WEIGHTS["linear"] * softmax(linear, axis=1)
    ) / sum(WEIGHTS.values())
    out = np.zeros((len(profiles), len(NINE)))
    np.add.at(out, of, mixed)
    out = np.maximum(out, 1e-9) ** (model.sharpness if sharp else 1.0)
    return np.asarray(out / out.sum(axis=1, keepdims=True))


def certain(p: ColumnProfile) -> str | None:
    """The kind that counts alone decide: a column of one value at most, without gaps, cannot distinguish rows."""
    gaps = sum(is_gap(t) for t in p.samples)
    return "not-generalizable" if p.n_distinct <= 1 or p.n_distinct - gaps == 1 else None


def answers(
    profiles: Sequence[ColumnProfile], model: Learned | None = None, likely: np.ndarray | None = None
) -> list[tuple[str, float]]:
    """The most likely of the nine kinds for each column, and its probability.

    Args:
        profiles: the columns.
        model: what was learnt; None for the one in the package.
        likely: `probabilities`, if known.
    """
    likely = probabilities(profiles, model or shipped()) if likely is None else likely
    out = []
    for p, row in zip(profiles, likely, strict=True):
        sure = certain(p)
        best = int(np.argmax(row)) if sure is None else NINE.index(sure)
        out.append((NINE[best], float(row[best]) if sure is None else max(float(row[best]), 0.95)))
    return out


# --------------------------------------------------------------------------- stored


@lru_cache(maxsize=1)
def shipped() -> Learned:
    """The model in the package, read when it is first asked."""
    return load((files("automl") / "data" / "column_kinds.npz").read_bytes())


def load(stored: bytes) -> Learned:
    """A model from the bytes that the training script wrote: an archive of arrays, none of them objects."""
    with np.load(BytesIO(stored), allow_pickle=False) as arrays:
        a: Mapping[str, np.ndarray] = {k: arrays[k] for k in arrays.files}
    words = _texts(a["words"])
    lexicon = Lexicon(
        {w: float(x) for w, x in zip(words, a["word_weights"].tolist(), strict=True) if x > 0},
        {w: int(n) for w, n in zip(words, a["word_files"].tolist(), strict=True) if n},
        dict(zip(_texts(a["stems"]), a["votes"], strict=True)),
    )
    edges = tuple(np.split(a["edges"], np.cumsum(a["n_edges"])[:-1]))
    assert len(edges) == N_FEATURES and len(a["linear"]) == 2 * BUCKETS, "stored for other signs: train again"
    linear = a["linear"].astype(np.float32) * a["linear_scale"]
    return Learned(
        lexicon, edges, _forest(a, "boosted"), a["start"], _forest(a, "randomised"), linear, a["shift"],
        float(a["sharpness"]), *_reliability(a),
    )  # fmt: skip


def _reliability(a: Mapping[str, np.ndarray]) -> tuple[tuple[np.ndarray, np.ndarray], dict[str, float]]:
    """What confidences are worth, and what the rules; nothing where only the model was stored."""
    if "reliability" not in a:
        return (np.zeros(0), np.zeros(0)), {}
    at, right = a["reliability"].astype(np.float64)
    right_by_rule: dict[str, float] = dict(zip(LABELLED_KINDS, a["by_rule"].tolist(), strict=True))
    return (at, right), right_by_rule | {"audio_path": right_by_rule["image_path"]}


def _texts(packed: np.ndarray) -> list[str]:
    return zlib.decompress(packed.tobytes()).decode("utf-8", "surrogatepass").split("\n")


def _forest(a: Mapping[str, np.ndarray], name: str) -> Forest:
    sign = a[f"{name}_sign"]
    leaf = np.cumsum(sign == LEAF) - 1
    value = a[f"{name}_value"].astype(np.float32) * a[f"{name}_scale"]
    if name == "randomised":
        value = value / value.sum(axis=1, keepdims=True)
    return Forest(
        a[f"{name}_roots"], sign, a[f"{name}_bound"], a[f"{name}_right"].astype(np.int64), leaf, value,
        a[f"{name}_outputs"],
    )  # fmt: skip
