"""Typed table columns as one matrix, for linear models (scaled, one-hot) or for trees (codes).

Free text goes through `Trigrams` (TF-IDF of character n-grams, then SVD); texts, lists and columns of many levels also
say what their words tell of the target (`automl.target_encoding.ridge`). Pictures become principal components of their
gradients and pixels, as the image baselines have them. The rest is plain NumPy.

Nothing is kept of a level, member or trigram of fewer than `MIN_LEVEL_ROWS` training rows: it is as one that training
never showed. Medians, quantiles and first days are microaggregated (`automl.target_encoding.microaggregation`).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.preprocessing import QuantileTransformer

from automl.baselines.features.dates import date_parts, first_second, varying_parts
from automl.baselines.features.levels import by_cell, cells_of, counted, find, levels_of, tokens_of
from automl.baselines.features.normal import normal_scores
from automl.baselines.features.number_columns import LARGEST, NUMBER_STEPS, apply_plain, fit_plain, medians, n_distinct
from automl.baselines.features.packed_steps import packed, unpacked
from automl.baselines.features.picture_columns import apply_pictures, fit_pictures
from automl.baselines.features.sparse_levels import level_scale, places_of_levels, with_levels
from automl.baselines.features.target_statistics import fit_levels, fit_target_statistics, targets_of, told_by
from automl.baselines.features.text_columns import apply_text, fit_text
from automl.baselines.learners.learner import own_goal
from automl.baselines.model import remembered, rows_key
from automl.records import (
    FILE_KINDS,
    MIN_LEVEL_ROWS,
    NUMERIC_KINDS,
    UNUSED_KINDS,
    Dataset,
    Table,
    Task,
    encoded_columns,
)  # fmt: skip
from automl.target_encoding.microaggregation import quantiles
from automl.target_encoding.ridge import amounts
from automl.target_encoding.value_spikes import words_of

__all__ = ["MANY_TEXTS", "TableFeatures"]

MAX_LEVELS = 255
STATISTIC_ROWS = 30_000
"""Medians, spreads and quantiles are of so many rows, evenly taken."""
SPARSE_ROWS = 100_000
MOST_LANDMARKS = 200
"""Quantiles of a column that its normal scale is interpolated between."""
MANY_TEXTS = 30_000
"""Beyond so many rows the first settings read texts by their words alone."""


Cells: TypeAlias = pd.Series | np.ndarray


class TableFeatures:
    """All columns of a frame that a model can use: float64, or sparse float32 for linear models of many rows.

    Args:
        task: names the columns and their kinds; identifier, constant and unknown columns are left out, and image
            columns whose pictures were not read.
        style: "linear" (no NaN, comparable scales, one-hot) or "trees" (NaN and codes allowed).
        text_dimensions: SVD dimensions a text column, 0 for none.
        max_levels: one-hot levels a column.
        target_means: whether texts, lists, columns with many levels and numbers that come back also become what a
            ridge on their words says of the target, a smoothed mean where a cell is one level (training rows out of
            fold).
        fill: for trees, whether NaN is filled (forests).
        quantiles: for "linear", also columns on a normal scale.
        max_codes: columns with as many levels or more become counts for trees instead of codes.
        components: principal components of an image column.
        seed: of folds and SVD.

    Source: see `automl.target_encoding.ridge`; out of fold as in scikit-learn's TargetEncoder.
    """

    def __init__(self, task: Task, style: str = "trees", text_dimensions: int = 30, max_levels: int = 60,
                 target_means: bool = True, fill: bool = False, quantiles: bool = False,
                 max_codes: int = MAX_LEVELS, components: int = 50, seed: int = 0) -> None:  # fmt: skip
        self.kinds = {c.name: str(c.kind) for c in encoded_columns(task.columns)}
        self.goal = own_goal(task.goal)
        self.n_classes = len(task.classes)
        self.style = style
        self.text_dimensions = text_dimensions
        self.max_levels = max_levels
        self.target_means = target_means
        self.fill = fill
        self.quantiles = quantiles
        self.max_codes = max_codes
        self.components = components
        self.seed = seed
        self.plan: dict[str, Any] = {}
        self.categories: list[bool] = []
        self.center: np.ndarray | None = None
        self.scale: np.ndarray | None = None
        self.shape: Any = None
        self.smooth = np.zeros(0, dtype=bool)
        self.is_sparse = False
        self.level_scale = np.zeros(0)

    def __getstate__(self) -> dict[str, Any]:
        """The attributes; of a wide table, kinds and steps as texts: a file takes kilobytes for each object.

        See `automl.baselines.features.packed_steps`.
        """
        return packed(dict(vars(self)), NUMBER_STEPS)

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(unpacked(state, NUMBER_STEPS))

    # ---- fitting

    def fit(self, dataset: Dataset, rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None) -> Any:
        """Learn levels, target means, text projections and scales; the matrix of the training rows."""
        frame = dataset.inputs.iloc[rows]
        targets = targets_of(self.goal, self.n_classes, truth)
        blocks: list[np.ndarray] = []
        self.plan, self.categories = {}, []
        self.is_sparse = self.style == "linear" and len(rows) >= SPARSE_ROWS
        there = set(frame.columns)
        plain = fit_plain(frame, self.kinds, self.style, weight, judged=self.target_means)
        for name, kind in self.kinds.items():
            if name not in there or kind in UNUSED_KINDS:
                continue
            if name in plain:
                if (made := plain.pop(name)) is not None:
                    self.plan[name] = made[0]
                    blocks.append(made[1])
                    self.categories += [False] * made[1].shape[1]
                continue
            if not _tells(frame[name], kind, weight):
                continue
            if kind in FILE_KINDS:
                if name not in dataset.pictures:
                    continue
                step, block = fit_pictures(dataset, rows, name, self.components, self.seed)
            else:
                step, block = self._fit_column(dataset, rows, frame[name], name, kind, targets)
            self.plan[name] = step
            blocks.append(block)
            self.categories += [step["kind"] == "codes" and j == 0 for j in range(block.shape[1])]
        if not blocks:
            blocks, self.categories = [np.zeros((len(rows), 1))], [False]
        levels = self._levels(frame)
        self.level_scale = level_scale(levels)
        matrix = _side_by_side(blocks)
        if self.style == "trees" and not self.fill:
            return matrix
        some = matrix
        if len(matrix) > STATISTIC_ROWS:
            some = matrix[np.linspace(0, len(matrix) - 1, STATISTIC_ROWS).astype(np.int64)]
        with np.errstate(all="ignore"):
            self.center = medians(some)
        self.categories = []  # codes count as numbers from here on
        if self.style == "linear":
            scaled = some - self.center
            percentile = np.nanpercentile if np.isnan(scaled).any() else np.percentile  # the first goes by columns
            spread = np.nanstd(np.clip(scaled, *percentile(scaled, [0.5, 99.5], axis=0)), axis=0)
            self.scale = np.where(spread > 0, spread, 1.0)
            self.smooth = n_distinct(some[:2000]) > 10
            if self.quantiles and self.smooth.any():
                filled = np.where(np.isnan(some), self.center, some)[:, self.smooth]
                landmarks = quantiles(filled, np.linspace(0.0, 1.0, min(MOST_LANDMARKS, max(len(some) // 2, 2))))
                self.shape = QuantileTransformer(
                    n_quantiles=len(landmarks), output_distribution="normal", random_state=self.seed
                ).fit(landmarks)
        return self._sparse(matrix, levels) if self.is_sparse else self._finish(matrix)

    def _fit_column(self, dataset: Dataset, rows: np.ndarray, column: pd.Series, name: str, kind: str,
                    targets: np.ndarray) -> tuple[dict[str, Any], np.ndarray]:  # fmt: skip
        step: dict[str, Any]
        if kind in NUMERIC_KINDS:
            step = {"kind": "number", "flag": bool(self.style == "linear" and column.isna().any())}
            block = self._apply(step, column)
            return (step, block) if kind == "boolean" else self._with_levels(dataset, rows, name, step, block, targets)
        if kind == "datetime":
            stamps = column.dropna()
            step = {"kind": "date", "parts": varying_parts(stamps), "origin": first_second(stamps)}
            return step, self._apply(step, column)
        if kind == "text" or kind == "url":
            step, block = fit_text(dataset, rows, column, name, self.text_dimensions)
            return self._with_target_statistics(dataset, rows, column, step, block, targets)
        names, counts = counted(column, kind == "list")
        many = len(names) > (self.max_levels if self.style == "linear" or kind == "list" else 20)
        names, counts = names[counts >= MIN_LEVEL_ROWS], counts[counts >= MIN_LEVEL_ROWS]
        order = np.argsort(-counts, kind="stable")
        rank = np.empty(len(names))
        rank[order] = np.arange(len(names))
        step = {"names": names, "values": rank}
        if kind == "list":
            keep = rank < self.max_levels
            step = {"kind": "bag", "names": names[keep], "values": rank[keep]}
        elif self.style == "linear":
            keep = rank < self.max_levels
            step = {"kind": "onehot", "names": names[keep], "values": rank[keep]}
        elif 0 < len(names) < self.max_codes:
            step["kind"] = "codes"
        else:
            step = {"kind": "counts", "names": names, "values": counts.astype(np.float64)}
        block = self._apply(step, column)
        return self._with_target_statistics(dataset, rows, column, step, block, targets) if many else (step, block)

    def _with_target_statistics(self, dataset: Dataset, rows: np.ndarray, column: pd.Series, step: dict[str, Any],
                    block: np.ndarray, targets: np.ndarray) -> tuple[dict[str, Any], np.ndarray]:  # fmt: skip
        """How much the cells hold, and what their words tell: for training rows without their own fold."""
        cells = cells_of(column)
        step["amounts"] = True
        block = np.concatenate([block, by_cell(cells, amounts)], axis=1)
        if not self.target_means:
            return step, block

        key = ("clues", str(column.name), self.seed, hash(targets.tobytes()), *rows_key(dataset, rows))
        predicted, target_statistics = remembered(key, lambda: fit_target_statistics(cells, targets, self.seed))
        step["clues"] = target_statistics
        return step, np.concatenate([block, predicted], axis=1)

    def _with_levels(self, dataset: Dataset, rows: np.ndarray, name: str, step: dict[str, Any], block: np.ndarray,
                     targets: np.ndarray) -> tuple[dict[str, Any], np.ndarray]:  # fmt: skip
        """What values that come back tell, where they tell more than their neighbours
        (`automl.target_encoding.value_spikes`).
        """
        if not self.target_means:
            return step, block
        numbers = block[:, 0]
        key = ("levels", name, self.seed, hash(targets.tobytes()), *rows_key(dataset, rows))
        known, predicted, target_statistics = remembered(key, lambda: fit_levels(numbers, targets, self.seed))
        if known is None:
            return step, block
        return {**step, "levels": known, "clues": target_statistics}, np.concatenate([block, predicted], axis=1)

    # ---- use

    @property
    def reads_arrays(self) -> bool:
        """Whether `transform` takes `automl.records.ColumnArrays` for a frame: pictures lie beside a frame."""
        return type(self) is TableFeatures and all(step["kind"] != "picture" for step in self.plan.values())

    def transform(self, dataset: Dataset, rows: np.ndarray) -> Any:
        """The matrix of other rows; unseen levels count as none."""
        frame = dataset.inputs.take(rows)
        plain = apply_plain(frame, self.plan)
        blocks = [
            plain.pop(name)
            if name in plain
            else apply_pictures(step, dataset, rows, name)
            if step["kind"] == "picture"
            else self._apply_all(step, frame[name])
            for name, step in self.plan.items()
        ]
        if not blocks:
            blocks = [np.zeros((len(rows), 1))]
        matrix = _side_by_side(blocks)
        return self._sparse(matrix, self._levels(frame)) if self.is_sparse else self._finish(matrix)

    def _apply_all(self, step: Mapping[str, Any], column: Cells) -> np.ndarray:
        if step["kind"] == "text":
            block = apply_text(step["encoder"], column)
        else:
            block = self._apply(step, column)
        if "amounts" in step:
            block = np.concatenate([block, by_cell(cells_of(column), amounts)], axis=1)
        if "clues" in step:
            cells = words_of(block[:, 0], step["levels"]) if "levels" in step else cells_of(column)
            block = np.concatenate([block, by_cell(cells, functools.partial(told_by, step["clues"]))], axis=1)
        return block

    def _apply(self, step: Mapping[str, Any], column: Cells) -> np.ndarray:
        kind = step["kind"]
        if kind == "number":
            plain = column if column.dtype == np.float64 else pd.to_numeric(column, errors="coerce")
            values = np.asarray(plain, dtype=np.float64)
            values = np.clip(values, -LARGEST, LARGEST)
            values = np.where(np.isfinite(values), values, np.nan)
            return np.stack([values, np.isnan(values) * 1.0], axis=1) if step["flag"] else values[:, None]
        if kind == "date":
            return date_parts(column, step["parts"], step["origin"], cyclic=self.style == "linear")
        if kind == "onehot" and self.is_sparse:
            return np.zeros((len(column), 0))
        if kind == "bag":
            flat, owner = tokens_of(column)
            found = find(step["names"], flat)
        else:
            names, at = levels_of(column)
            found, owner = find(step["names"], names)[at], np.arange(len(column))
        values = np.where(found >= 0, np.append(step["values"], 0.0)[found], np.nan if kind == "codes" else 0.0)
        if kind in ("codes", "counts"):
            return values[:, None]
        block = np.zeros((len(column), len(step["names"]) + (kind == "bag")))
        known = found >= 0
        block[owner[known], values[known].astype(np.int64)] = 1.0
        if kind == "bag":
            block[:, -1] = np.bincount(owner, minlength=len(column))
        return block

    def _levels(self, frame: Table) -> list[tuple[np.ndarray, int]]:
        return places_of_levels(self.plan, frame) if self.is_sparse else []

    def _sparse(self, matrix: np.ndarray, levels: list[tuple[np.ndarray, int]]) -> sparse.csr_matrix:
        n_dense = matrix.shape[1] + (int(self.smooth.sum()) if self.shape is not None else 0)
        return with_levels(matrix, self._finish, n_dense, levels, self.level_scale)

    def _finish(self, matrix: np.ndarray) -> np.ndarray:
        """Fill, scale and clip, in place: at a million rows a copy is gigabytes."""
        if self.style == "trees" and not self.fill:
            return matrix
        assert self.center is not None
        np.copyto(matrix, self.center, where=np.isnan(matrix))
        if self.style == "trees":
            return matrix
        assert self.scale is not None
        normal = None if self.shape is None else normal_scores(self.shape, matrix[:, self.smooth]) / 2.0
        matrix -= self.center
        matrix /= self.scale
        np.clip(matrix, -8.0, 8.0, out=matrix)
        return matrix if normal is None else np.concatenate([matrix, normal], axis=1)


def _tells(column: pd.Series, kind: str, weight: np.ndarray | None) -> bool:
    """Whether a training row that counts has a value; scikit-learn's boosted trees fail on a column without any."""
    there = column.notna().to_numpy()
    if kind in NUMERIC_KINDS:
        there = there & np.isfinite(column.to_numpy(np.float64, na_value=np.nan))
    return bool((there if weight is None else there & (weight > 0)).any())


def _side_by_side(blocks: list[np.ndarray]) -> np.ndarray:
    """Blocks as one float64 matrix; each is taken off the list, so that it is freed once it is copied."""
    matrix = np.empty((len(blocks[0]), sum(block.shape[1] for block in blocks)))
    end = matrix.shape[1]
    while blocks:
        block = blocks.pop()
        matrix[:, end - block.shape[1] : end] = block
        end -= block.shape[1]
    return matrix
