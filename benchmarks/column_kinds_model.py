"""Fit the learned part of the detector of column kinds, and store it as plain numbers in the package.

    python benchmarks/column_kinds_model.py TRAIN.csv[.gz]

TRAIN is the training part of the SortingHat benchmark (Shah et al., SIGMOD 2021; Apache-2.0; github.com/pvn25/
ML-Data-Prep-Zoo, `data_train.csv`, its labels written out as words). It writes `automl/data/column_kinds.npz`: the same
numbers each time on the same machine. `benchmarks/column_kinds.py` measures the same fit by cross-validation.
"""

from __future__ import annotations

import argparse
import math
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, StratifiedKFold

import automl
from automl.detect.columns.features import BUCKETS, N_FEATURES, N_VOTES, Lexicon, column_features, hashed, spoken, stem
from automl.detect.columns.kinds import NINE_OF_KIND, may_be_overruled, settled
from automl.detect.columns.model import LABELLED_KINDS, LEAF, NINE, load, probabilities
from automl.detect.columns.profile import ColumnProfile, benchmark_profile
from automl.detect.columns.rules import TABLE_RULES
from automl.detect.columns.sample import ColumnSample
from automl.records import Column

__all__ = [
    "FOLDS", "Shown", "believed", "fitted", "folds", "out_of_fold", "reliability", "row_sample", "ruled", "sharpened",
    "sharpness", "shown", "table",
]  # fmt: skip

SEED = 0
FOLDS = 5
BOOSTED = {
    "max_iter": 120, "learning_rate": 0.08, "max_leaf_nodes": 15, "min_samples_leaf": 10, "l2_regularization": 3.0,
    "max_features": 0.3, "early_stopping": False,
}  # fmt: skip
BOOSTINGS = 2
"""Seeds, each fitted twice: to columns alike, and to files by the root of their columns. Scores are averaged."""
RANDOMISED = {"n_estimators": 250, "max_features": 0.3}
LINEAR = {"C": 20.0, "max_iter": 60, "tol": 1e-3}
AT = np.array([0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 1.0])
"""Confidences whose worth is stored."""
LEAST_SURE, LEAST_RULED = 0.05, 10
"""No judged kind is shown with less; columns that a rule must have decided for its share right to be measured."""
OUT_OF_USE = (NINE.index("context-specific"), NINE.index("not-generalizable"))
STORED = Path(automl.__file__).parent / "data" / "column_kinds.npz"

# --------------------------------------------------------------------------- the table


def table(path: str) -> tuple[list[ColumnProfile], np.ndarray, np.ndarray]:
    """Profiles, labels (positions in `NINE`) and source files of a benchmark's rows."""
    rows = pd.read_csv(path)
    labels = rows["y_act"].map({kind: i for i, kind in enumerate(NINE)})
    if labels.isna().any():
        odd = rows["y_act"][labels.isna()].iloc[0]
        raise SystemExit(f"y_act of {path} holds {odd!r}; expected one of {', '.join(NINE)}")
    profiles = [benchmark_profile(row) for row in rows.to_dict("records")]
    return profiles, labels.to_numpy(np.int64), rows["Record_id"].to_numpy()


# --------------------------------------------------------------------------- rows as the rules see them


class RowSample(ColumnSample):
    """A row of the benchmark as the rules see it: they ask for counts that its five values do not show."""

    profile: ColumnProfile

    @property
    def n_missing(self) -> int:
        return self.profile.n_missing

    @property
    def n_distinct(self) -> int:
        return self.profile.n_distinct

    @property
    def n_present(self) -> int:
        return self.profile.n_present

    @property
    def distinct_share(self) -> float:
        return min(self.profile.n_distinct / max(min(self.profile.n_present, 1_000), 1), 1.0)


def row_sample(p: ColumnProfile) -> RowSample:
    """The samples as a series, with the bounds of numbers among them."""
    if p.is_number:
        numbers = [float(t) for t in p.samples] + [p.low, p.high]
        whole = all(x.is_integer() for x in numbers)
        series = pd.Series([int(x) for x in numbers] if whole else numbers)
        series = series.astype("float64") if whole and series.dtype == object else series
    else:
        series = pd.Series(list(p.samples), dtype=object)
    seen = RowSample(p.name, series, p.samples, p.is_number)
    object.__setattr__(seen, "profile", p)
    return seen


def ruled(seen: ColumnSample) -> Column:
    """What the rules alone say."""
    return next(found for rule in TABLE_RULES if (found := rule(seen)) is not None)


# --------------------------------------------------------------------------- the fit


def fitted(
    profiles: Sequence[ColumnProfile], labels: np.ndarray, records: np.ndarray, sharpness: float = 1.0,
    measured: Mapping[str, np.ndarray] | None = None,
) -> bytes:  # fmt: skip
    """Fit all parts on these columns and nothing else, as the bytes to be stored; with what was measured by folds."""
    lexicon, known, own = _lexicon(profiles, labels, records)
    rows = np.concatenate([column_features(p, lexicon, vote) for p, vote in zip(profiles, own, strict=True)])
    edges = [_edges(rows[:, j]) for j in range(N_FEATURES)]
    bins = np.column_stack([np.searchsorted(e, rows[:, j], side="left") for j, e in enumerate(edges)])
    weights = _weights(records)
    boosted = [
        HistGradientBoostingClassifier(random_state=SEED + i, **BOOSTED).fit(bins, labels, weight)
        for i in range(BOOSTINGS)
        for weight in (None, weights)
    ]
    randomised = ExtraTreesClassifier(random_state=SEED, n_jobs=1, **RANDOMISED).fit(bins, labels)
    linear = LogisticRegression(**LINEAR).fit(_pieces(profiles), labels)
    coefficients = linear.coef_.T
    scale = np.abs(coefficients).max() / 127
    store: dict[str, Any] = {
        **known,
        "edges": np.concatenate(edges).astype(np.float32),
        "n_edges": np.array([len(e) for e in edges], dtype=np.int32),
        "start": np.mean([m._baseline_prediction for m in boosted], axis=0, dtype=np.float64).reshape(1, -1),
        "linear": np.round(coefficients / scale).astype(np.int8),
        "linear_scale": np.float32(scale),
        "shift": linear.intercept_.astype(np.float64),
        "sharpness": np.float64(sharpness),
        **_boosted_arrays(boosted),
        **_randomised_arrays(randomised),
        **(measured or {}),
    }
    out = BytesIO()
    np.savez_compressed(out, **store)
    return out.getvalue()


def _weights(records: np.ndarray) -> np.ndarray:
    """Of mean 1: a file of a hundred columns counts ten times as much as one of a single column, not a hundred."""
    _, file, size = np.unique(records, return_inverse=True, return_counts=True)
    weights = 1 / np.sqrt(size[file])
    return np.asarray(weights / weights.mean())


def _lexicon(
    profiles: Sequence[ColumnProfile], labels: np.ndarray, records: np.ndarray
) -> tuple[Lexicon, dict[str, np.ndarray], np.ndarray]:
    """What names tell, the same as arrays, and of each column how its own file voted for its stem.

    Words are those that come back in names of several files, in values of several files, or in the package's novels.
    """
    named, shown = defaultdict(set), defaultdict(set)
    for p, record in zip(profiles, records.tolist(), strict=True):
        for word in spoken(p.name):
            named[word].add(record)
        if not p.is_number:
            for word in set(re.findall(r"[a-z]{3,}", " ".join(p.samples)[:2000].lower())):
                shown[word].add(record)
    novels = pd.read_csv(STORED.parent / "novels.csv.gz")
    read = Counter(re.findall(r"[a-z]{3,}", " ".join(novels["passage"]).lower()))
    weight: dict[str, float] = {w: math.log(n) for w, n in read.items() if n >= 2}
    for word, where in shown.items():
        if len(where) >= 3:
            weight[word] = max(weight.get(word, 0.0), math.log(len(where)))
    for word, where in named.items():
        if len(word) >= 3 and len(where) >= 2:
            weight[word] = max(weight.get(word, 0.0), math.log(len(where)) + 1)
    counted = {w: len(where) for w, where in named.items() if len(where) >= 2}
    words = sorted(weight.keys() | counted.keys())
    weights = np.array([weight.get(w, 0.0) for w in words], dtype=np.float16)
    files_ = np.array([counted.get(w, 0) for w in words], dtype=np.int32)
    votes, own = _votes(profiles, labels, records)
    lexicon = Lexicon({w: float(x) for w, x in zip(words, weights, strict=True) if x > 0}, counted, votes)
    known = {"words": _packed(words), "word_weights": weights, "word_files": files_, "stems": _packed(list(votes)),
             "votes": np.array(list(votes.values()))}  # fmt: skip
    return lexicon, known, own


def _votes(
    profiles: Sequence[ColumnProfile], labels: np.ndarray, records: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Votes for the kinds of each stem, and how each column's file voted: the root of its columns, by their kinds."""
    stems = [stem(p) for p in profiles]
    places = list(zip(stems, records.tolist(), strict=True))
    cast = {place: np.zeros(N_VOTES, dtype=np.float32) for place in places}
    for place, label in zip(places, labels.tolist(), strict=True):
        cast[place][label] += 1
    cast = {place: counts / np.sqrt(counts.sum()) for place, counts in cast.items()}
    votes = {s: np.zeros(N_VOTES, dtype=np.float32) for s in sorted(set(stems))}
    for (name, _), vote in cast.items():
        votes[name] += vote
    return votes, np.array([cast[place] for place in places])


def _packed(texts: Sequence[str]) -> np.ndarray:
    return np.frombuffer(zlib.compress("\n".join(texts).encode("utf-8", "surrogatepass"), 9), dtype=np.uint8)


def _edges(values: np.ndarray) -> np.ndarray:
    """Bounds of at most 256 bins, as boosted trees make them: all values, or quantiles of many."""
    different = np.unique(values)
    if len(different) <= 255:
        return np.asarray((different[1:] + different[:-1]) / 2, dtype=np.float32)
    return np.unique(np.quantile(values, np.linspace(0, 1, 256)[1:-1])).astype(np.float32)


def _pieces(profiles: Sequence[ColumnProfile]) -> csr_matrix:
    found = [hashed(p, p.draws[0]) for p in profiles]
    starts = np.cumsum([0, *map(len, found)])
    columns = np.fromiter((b for f in found for b in f), np.int64, starts[-1])
    values = np.fromiter((v for f in found for v in f.values()), np.float64, starts[-1])
    return csr_matrix((values, columns, starts), shape=(len(found), 2 * BUCKETS))


# --------------------------------------------------------------------------- trees as arrays


def _boosted_arrays(models: Sequence[Any]) -> dict[str, np.ndarray]:
    """The trees of all models, each with its part of the mean score."""
    trees = [tree for model in models for stage in model._predictors for tree in stage]
    nodes = []
    for tree in trees:
        n = tree.nodes
        asked, value = np.where(n["is_leaf"], -1, n["feature_idx"]), n["value"] / len(models)
        nodes.append((asked, n["num_threshold"], n["left"].astype(np.int64), n["right"], value))
    outputs = np.tile(np.arange(len(NINE)), len(trees) // len(NINE)).astype(np.int8)
    return _arrays("boosted", nodes, outputs, lambda v: (v.astype(np.float16)[:, None], 1.0))


def _randomised_arrays(model: Any) -> dict[str, np.ndarray]:
    nodes = []
    for estimator in model.estimators_:
        t = estimator.tree_
        nodes.append((t.feature, t.threshold, t.children_left, t.children_right, t.value[:, 0, :]))
    outputs = np.full(len(nodes), -1, dtype=np.int8)
    return _arrays("randomised", nodes, outputs, lambda v: (np.round(v * 255).astype(np.uint8), 1 / 255))


def _arrays(name: str, trees: Iterable[Any], outputs: np.ndarray, packed: Any) -> dict[str, np.ndarray]:
    """Trees one behind the other, each node's left child right behind it."""
    roots, signs_, bounds, rights, values, start = [], [], [], [], [], 0
    for feature, threshold, left, right, value in trees:
        order, places = _preorder(np.asarray(feature) < 0, np.asarray(left), np.asarray(right))
        leaf = np.asarray(feature)[order] < 0
        roots.append(start)
        start += len(order)
        signs_.append(np.where(leaf, LEAF, np.asarray(feature)[order]).astype(np.uint16))
        bounds.append(np.where(leaf, 0, np.floor(np.asarray(threshold)[order].clip(0, 255))).astype(np.uint8))
        rights.append(np.where(leaf, 0, places[np.asarray(right)[order]] - np.arange(len(order))).astype(np.uint16))
        values.append(np.asarray(value)[order][leaf])
    stored, scale = packed(np.concatenate(values))
    return {
        f"{name}_roots": np.array(roots, dtype=np.int32), f"{name}_sign": np.concatenate(signs_),
        f"{name}_bound": np.concatenate(bounds), f"{name}_right": np.concatenate(rights), f"{name}_value": stored,
        f"{name}_scale": np.float32(scale), f"{name}_outputs": outputs,
    }  # fmt: skip


def _preorder(leaf: np.ndarray, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order, stack = [], [0]
    while stack:
        node = stack.pop()
        order.append(node)
        if not leaf[node]:
            stack += [int(right[node]), int(left[node])]
    places = np.zeros(len(leaf), dtype=np.int64)
    places[order] = np.arange(len(order))
    return np.array(order), places


# --------------------------------------------------------------------------- folds


def folds(labels: np.ndarray, records: np.ndarray, grouped: bool) -> list[tuple[np.ndarray, np.ndarray]]:
    """Five parts: of whole files, or of columns drawn at random."""
    blank = np.zeros(len(labels))
    if grouped:
        return list(GroupKFold(FOLDS).split(blank, labels, records))
    return list(StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(blank, labels))


def out_of_fold(
    profiles: Sequence[ColumnProfile], labels: np.ndarray, records: np.ndarray, grouped: bool, most: int = FOLDS
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of each column (not yet calibrated) by a model that has seen nothing of its fold.

    Args:
        profiles, labels, records: as `table` gives them. grouped: whole files apart. most: so many folds are asked.

    Returns:
        (columns, 9) probabilities; the columns that were asked.
    """
    out = np.zeros((len(labels), len(NINE)))
    seen = []
    for train, test in folds(labels, records, grouped)[:most]:
        model = load(fitted([profiles[i] for i in train], labels[train], records[train]))
        out[test] = probabilities([profiles[i] for i in test], model, sharp=False)
        seen.append(test)
    return out, np.sort(np.concatenate(seen))


def sharpened(found: np.ndarray, power: float) -> np.ndarray:
    """Probabilities raised to a power."""
    out = np.maximum(found, 1e-9) ** power
    return np.asarray(out / out.sum(axis=1, keepdims=True))


def sharpness(found: np.ndarray, labels: np.ndarray) -> float:
    """The power that makes the labels likeliest."""
    powers = np.linspace(0.6, 2.5, 39)
    losses = [-np.log(sharpened(found, power)[np.arange(len(labels)), labels]).mean() for power in powers]
    return float(powers[int(np.argmin(losses))])


# --------------------------------------------------------------------------- how sure


@dataclass(frozen=True)
class Shown:
    """The kinds in use of some columns, and how sure the detector is of them.

    Attributes:
        kinds: of the product.
        confidence: before it is calibrated.
        is_judged: whether the model had a say.
        is_right: whether the label is of that kind. Labels that leave a column out of use say nothing of the kind of a
            column in use: these columns are in neither part.
        records: source files.
    """

    kinds: np.ndarray
    confidence: np.ndarray
    is_judged: np.ndarray
    is_right: np.ndarray
    records: np.ndarray


def shown(profiles: Sequence[ColumnProfile], found: np.ndarray, labels: np.ndarray, records: np.ndarray) -> Shown:
    """What the detector would show of columns, by probabilities (calibrated) of models that have not seen them."""
    rows = []
    for p, row, label, record in zip(profiles, found, labels.tolist(), records.tolist(), strict=True):
        seen = row_sample(p)
        by_rule = ruled(seen)
        judged = may_be_overruled(seen, by_rule)
        one = settled(seen, by_rule, p, row) if judged else by_rule
        nine = NINE.index(NINE_OF_KIND[one.kind])
        if label in OUT_OF_USE and nine not in OUT_OF_USE:
            continue
        rows.append((one.kind, one.confidence, judged, nine == label, record))
    kinds, confidence, judged, right, files = map(np.array, zip(*rows, strict=True))
    return Shown(kinds, confidence, judged, right, files)


def reliability(some: Shown, at: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """What confidences and rules are worth, as arrays to be stored.

    Judged kinds: the share right as a rising function of the confidence (isotonic regression), at a few confidences.
    Kinds by rule alone: the share right of each, with half a column right and half a column wrong added.

    Args:
        some: columns whose models have not seen them. at: positions to learn from; None for all.

    Source: Zadrozny and Elkan 2002, "Transforming classifier scores into accurate multiclass probability estimates".
    """
    at = np.arange(len(some.kinds)) if at is None else at
    judged = at[some.is_judged[at]]
    rising = IsotonicRegression(y_min=LEAST_SURE, y_max=1 - LEAST_SURE / 5, out_of_bounds="clip")
    rising.fit(some.confidence[judged], some.is_right[judged])
    right = rising.predict(AT)
    by_rule = []
    for kind in LABELLED_KINDS:
        own = at[~some.is_judged[at] & (some.kinds[at] == kind)]
        by_rule.append((some.is_right[own].sum() + 0.5) / (len(own) + 1) if len(own) >= LEAST_RULED else 1.0)
    return {"reliability": np.stack([AT, right]), "by_rule": np.array(by_rule)}


def believed(some: Shown, store: Mapping[str, np.ndarray], at: np.ndarray) -> np.ndarray:
    """The confidence that is shown, at these positions."""
    by_rule = dict(zip(LABELLED_KINDS, store["by_rule"].tolist(), strict=True))
    sure = some.confidence[at]
    most = np.array([1.0 if kind == "constant" else by_rule[kind] for kind in some.kinds[at].tolist()])
    return np.where(some.is_judged[at], np.interp(sure, *store["reliability"]), np.minimum(sure, most))


def main() -> None:
    """Fit, calibrate by folds of whole files, store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train")
    train = parser.parse_args().train
    profiles, labels, records = table(train)
    found, _ = out_of_fold(profiles, labels, records, grouped=True)
    power = sharpness(found, labels)
    measured = reliability(shown(profiles, sharpened(found, power), labels, records))
    stored = fitted(profiles, labels, records, power, measured)
    load(stored)
    STORED.write_bytes(stored)
    print(f"{STORED.name}: {len(stored) / 1e6:.2f} MB, fitted on {len(labels):,} columns, sharpness {power:.2f}")


if __name__ == "__main__":
    main()
