"""Typed table columns as one matrix, for linear models (scaled, one-hot) or for trees (codes, target means).

Free text goes through skrub's `StringEncoder` (TF-IDF of character n-grams, then SVD); the rest is plain NumPy.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.preprocessing import QuantileTransformer

from automl.baselines.model import remembered, rows_key
from automl.records import Dataset, Task

__all__ = ["TableFeatures"]

NUMERIC = ("numeric", "embedded_number", "boolean")
PARTS = ("year", "month", "day", "day_of_week", "hour")
MAX_LEVELS = 255
STATISTIC_ROWS = 30_000
"""Medians, spreads and quantiles are of so many rows, evenly taken."""
MISSING = "\x00missing"


class TableFeatures:
    """All columns of a frame that a model can use, as float64.

    Args:
        task: names the columns and their kinds; identifier, constant, unknown and image columns are left out.
        style: "linear" (no NaN, comparable scales, one-hot) or "trees" (NaN and codes allowed).
        text_dimensions: SVD dimensions a text column. max_levels: one-hot levels a column.
        target_means: whether columns with many levels, and lists, also become smoothed means of the target
            (training rows out of fold). fill: for trees, whether NaN is filled (forests).
            max_codes: columns with as many levels or more become counts for trees instead of codes.
        seed: of folds and SVD.

    Source: target means with shrinkage, Micci-Barreca 2001; out of fold as in scikit-learn's TargetEncoder.
    """

    def __init__(self, task: Task, style: str = "trees", text_dimensions: int = 30, max_levels: int = 60,
                 target_means: bool = True, fill: bool = False, quantiles: bool = False,
                 max_codes: int = MAX_LEVELS, seed: int = 0) -> None:  # fmt: skip
        self.kinds = {c.name: str(c.kind) for c in task.columns}
        self.goal = str(task.goal)
        self.n_classes = len(task.classes)
        self.style = style
        self.text_dimensions = text_dimensions
        self.max_levels = max_levels
        self.target_means = target_means
        self.fill = fill
        self.quantiles = quantiles
        self.max_codes = max_codes
        self.seed = seed
        self.plan: dict[str, Any] = {}
        self.categories: list[bool] = []
        self.center: np.ndarray | None = None
        self.scale: np.ndarray | None = None
        self.shape: Any = None
        self.smooth = np.zeros(0, dtype=bool)

    # ---- fitting

    def fit(self, dataset: Dataset, rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
        """Learn levels, target means, text projections and scales; the matrix of the training rows."""
        frame = dataset.inputs.iloc[rows]
        goals = self._goals(truth)
        blocks: list[np.ndarray] = []
        self.plan, self.categories = {}, []
        for name, kind in self.kinds.items():
            if name not in frame.columns or kind in ("identifier", "constant", "unknown", "image_path"):
                continue
            step, block = self._fit_column(dataset, rows, frame[name], name, kind, goals)
            self.plan[name] = step
            blocks.append(block)
            self.categories += [step["kind"] == "codes" and j == 0 for j in range(block.shape[1])]
        if not blocks:
            blocks, self.categories = [np.zeros((len(rows), 1))], [False]
        matrix = _side_by_side(blocks)
        if self.style == "trees" and not self.fill:
            return matrix
        some = matrix
        if len(matrix) > STATISTIC_ROWS:
            some = matrix[np.linspace(0, len(matrix) - 1, STATISTIC_ROWS).astype(np.int64)]
        with np.errstate(all="ignore"):
            self.center = np.array([np.nanmedian(c) if np.isfinite(c).any() else 0.0 for c in some.T])
        self.categories = []  # codes count as numbers from here on
        if self.style == "linear":
            scaled = some - self.center
            spread = np.nanstd(np.clip(scaled, *np.nanpercentile(scaled, [0.5, 99.5], axis=0)), axis=0)
            self.scale = np.where(spread > 0, spread, 1.0)
            self.smooth = np.array([len(np.unique(c[:2000])) > 10 for c in some.T])
            if self.quantiles and self.smooth.any():
                self.shape = QuantileTransformer(
                    n_quantiles=min(200, len(rows)), output_distribution="normal", random_state=self.seed
                ).fit(np.where(np.isnan(some), self.center, some)[:, self.smooth])
        return self._finish(matrix)

    def _goals(self, truth: np.ndarray) -> np.ndarray:
        """The target as up to 12 numeric columns, for target means."""
        if self.goal == "multiclass":
            codes = np.arange(self.n_classes)[:12]
            return np.asarray(truth[:, None] == codes, dtype=np.float64)
        return truth.reshape(len(truth), -1)[:, :12].astype(np.float64)

    def _fit_column(self, dataset: Dataset, rows: np.ndarray, column: pd.Series, name: str, kind: str,
                    goals: np.ndarray) -> tuple[dict[str, Any], np.ndarray]:  # fmt: skip
        step: dict[str, Any]
        if kind in NUMERIC:
            step = {"kind": "number", "flag": bool(self.style == "linear" and column.isna().any())}
            return step, self._apply(step, column)
        if kind == "datetime":
            stamps = column.dropna()
            varying = [p for p in PARTS if getattr(stamps.dt, p).nunique() > 1] if len(stamps) else []
            step = {"kind": "date", "parts": varying, "origin": float(stamps.min().timestamp()) if len(stamps) else 0.0}
            return step, self._apply(step, column)
        if kind == "text" or kind == "url":
            return self._fit_text(dataset, rows, column, name)
        flat, owner = tokens_of(column, kind == "list")
        names, codes, counts = np.unique(flat, return_inverse=True, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        rank = np.empty(len(names))
        rank[order] = np.arange(len(names))
        step = {"names": names, "values": rank}
        if kind == "list":
            keep = rank < self.max_levels
            step = {"kind": "bag", "names": names[keep], "values": rank[keep]}
        elif self.style == "linear":
            keep = (rank < self.max_levels) & (counts > 1)
            step = {"kind": "onehot", "names": names[keep], "values": rank[keep]}
        elif len(names) < self.max_codes:
            step["kind"] = "codes"
        else:
            step = {"kind": "counts", "names": names, "values": counts.astype(np.float64)}
        block = self._apply(step, column)
        many = len(names) > (self.max_levels if self.style == "linear" or kind == "list" else 20)
        if self.target_means and many:
            block = np.concatenate([block, self._fit_means(step, names, codes, owner, goals)], axis=1)
        return step, block

    def _fit_text(self, dataset: Dataset, rows: np.ndarray, column: pd.Series,
                  name: str) -> tuple[dict[str, Any], np.ndarray]:  # fmt: skip
        def compute() -> tuple[np.ndarray, Any]:
            from skrub import StringEncoder  # takes as long to import as scikit-learn

            clean = pd.Series([str(v) if v is not None and v == v else "" for v in column], name="text")
            size = min(self.text_dimensions, max(len(clean) - 1, 1))
            if clean.nunique() < 3:
                return np.zeros((len(clean), 0)), None
            # Trigrams alone: longer ones make the stored vocabulary and projection five times as large.
            encoder = StringEncoder(n_components=size, ngram_range=(3, 3), random_state=0)
            with warnings.catch_warnings():  # few trigrams give fewer dimensions: nothing to tell the user
                warnings.simplefilter("ignore", UserWarning)
                found = np.asarray(encoder.fit_transform(clean), dtype=np.float64)
            return found, encoder

        key = ("text", name, self.text_dimensions, *rows_key(dataset, rows))
        block, encoder = remembered(key, compute)
        step = {"kind": "text", "encoder": encoder, "name": name}
        return step, np.concatenate([block, _lengths(column)], axis=1)

    def _fit_means(self, step: dict[str, Any], names: np.ndarray, codes: np.ndarray, owner: np.ndarray,
                   goals: np.ndarray) -> np.ndarray:  # fmt: skip
        """Shrunk target means a token for new rows; for training rows out of fold, so that no row sees its own."""
        prior = goals.mean(axis=0)
        table, counts = _means(codes, owner, goals, prior, len(names))
        step.update(prior=prior, mean_names=names[counts > 1], means=table[counts > 1])
        folds = np.random.default_rng(self.seed).integers(0, 5, len(goals))
        block = np.empty_like(goals)
        for fold in range(5):
            inside = folds[owner] != fold
            table, counts = _means(codes[inside], owner[inside], goals, prior, len(names))
            known = np.where(counts[codes] > 1, codes, -1)
            block[folds == fold] = _mean_rows(known, owner, table, prior, len(goals))[folds == fold]
        return block

    # ---- use

    def transform(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """The matrix of other rows; unseen levels count as none."""
        frame = dataset.inputs.iloc[rows]
        blocks = [self._apply_all(step, frame[name], dataset, rows) for name, step in self.plan.items()]
        if not blocks:
            blocks = [np.zeros((len(rows), 1))]
        return self._finish(_side_by_side(blocks))

    def _apply_all(self, step: Mapping[str, Any], column: pd.Series, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        if step["kind"] == "text":
            if step["encoder"] is None:
                return _lengths(column)
            clean = pd.Series([str(v) if v is not None and v == v else "" for v in column], name="text")
            found = np.asarray(step["encoder"].transform(clean), dtype=np.float64)
            return np.concatenate([found, _lengths(column)], axis=1)
        block = self._apply(step, column)
        if "means" not in step:
            return block
        flat, owner = tokens_of(column, step["kind"] == "bag")
        found = find(step["mean_names"], flat)
        return np.concatenate([block, _mean_rows(found, owner, step["means"], step["prior"], len(column))], axis=1)

    def _apply(self, step: Mapping[str, Any], column: pd.Series) -> np.ndarray:
        kind = step["kind"]
        if kind == "number":
            values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
            values = np.where(np.isfinite(values), values, np.nan)
            return np.stack([values, np.isnan(values) * 1.0], axis=1) if step["flag"] else values[:, None]
        if kind == "date":
            return _date_parts(column, step["parts"], step["origin"], cyclic=self.style == "linear")
        flat, owner = tokens_of(column, kind == "bag")
        found = find(step["names"], flat)
        values = np.where(found >= 0, np.append(step["values"], 0.0)[found], np.nan if kind == "codes" else 0.0)
        if kind in ("codes", "counts"):
            return values[:, None]
        block = np.zeros((len(column), len(step["names"]) + (kind == "bag")))
        known = found >= 0
        block[owner[known], values[known].astype(np.int64)] = 1.0
        if kind == "bag":
            block[:, -1] = np.bincount(owner, minlength=len(column))
        return block

    def _finish(self, matrix: np.ndarray) -> np.ndarray:
        """Fill, scale and clip, in place: at a million rows a copy is gigabytes."""
        if self.style == "trees" and not self.fill:
            return matrix
        assert self.center is not None
        np.copyto(matrix, self.center, where=np.isnan(matrix))
        if self.style == "trees":
            return matrix
        assert self.scale is not None
        normal = None if self.shape is None else self.shape.transform(matrix[:, self.smooth]) / 2.0
        matrix -= self.center
        matrix /= self.scale
        np.clip(matrix, -8.0, 8.0, out=matrix)
        return matrix if normal is None else np.concatenate([matrix, normal], axis=1)


def _side_by_side(blocks: list[np.ndarray]) -> np.ndarray:
    """Blocks as one float64 matrix; each is taken off the list, so that it is freed once it is copied."""
    matrix = np.empty((len(blocks[0]), sum(block.shape[1] for block in blocks)))
    end = matrix.shape[1]
    while blocks:
        block = blocks.pop()
        matrix[:, end - block.shape[1] : end] = block
        end -= block.shape[1]
    return matrix


def level(value: Any) -> str:
    """A category as a string; missing values are a level of their own."""
    return MISSING if value is None or value != value else str(value)


def parts(value: Any) -> list[str]:
    """The distinct items of a list cell: separated by ``;``, ``|`` or ``,``, brackets and quotes dropped."""
    if value is None or value != value:
        return []
    text = str(value).strip().strip("[](){}")
    for mark in (";", "|", ","):
        if mark in text:
            return list(dict.fromkeys(p.strip().strip("'\"") for p in text.split(mark) if p.strip()))
    return [text] if text else []


def tokens_of(column: pd.Series, is_list: bool) -> tuple[np.ndarray, np.ndarray]:
    """All tokens of a column one after the other, and the row that each belongs to."""
    bags = [parts(v) for v in column] if is_list else [[level(v)] for v in column]
    owner = np.repeat(np.arange(len(bags)), [len(bag) for bag in bags])
    return np.array([token for bag in bags for token in bag], dtype=np.str_), owner.astype(np.int64)


def find(names: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Positions of tokens in sorted names, -1 where absent."""
    if not len(names):
        return np.full(len(tokens), -1)
    at = np.minimum(np.searchsorted(names, tokens), len(names) - 1)
    return np.where(names[at] == tokens, at, -1)


def _lengths(column: pd.Series) -> np.ndarray:
    return np.array([[np.log1p(len(str(v)))] if v is not None and v == v else [0.0] for v in column]).reshape(-1, 1)


def _date_parts(column: pd.Series, names: list[str], origin: float, cyclic: bool) -> np.ndarray:
    stamps = pd.to_datetime(column)
    days = (stamps - pd.Timestamp(origin, unit="s")).dt.total_seconds().to_numpy(dtype=np.float64) / 86400
    blocks = [days]
    period = {"month": 12.0, "day": 31.0, "day_of_week": 7.0, "hour": 24.0}
    for name in names:
        value = getattr(stamps.dt, name).to_numpy(dtype=np.float64)
        if cyclic and name in period:
            angle = 2 * np.pi * value / period[name]
            blocks += [np.sin(angle), np.cos(angle)]
        else:
            blocks.append(value)
    return np.stack(blocks, axis=1)


def _means(codes: np.ndarray, owner: np.ndarray, goals: np.ndarray, prior: np.ndarray, n_names: int,
           smooth: float = 8.0) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Shrunk mean of the goals and count of each token."""
    counts = np.bincount(codes, minlength=n_names)
    sums = np.stack([np.bincount(codes, weights=g[owner], minlength=n_names) for g in goals.T], axis=1)
    return (sums + smooth * prior) / (counts + smooth)[:, None], counts


def _mean_rows(found: np.ndarray, owner: np.ndarray, table: np.ndarray, prior: np.ndarray, n_rows: int) -> np.ndarray:
    """Mean of the known tokens' entries in each row; the prior where none is known."""
    known = found >= 0
    counts = np.bincount(owner[known], minlength=n_rows)
    entries = table[found[known]]
    sums = np.stack([np.bincount(owner[known], weights=e, minlength=n_rows) for e in entries.T], axis=1)
    return np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], prior)
