"""Typed table columns as one matrix, for linear models (scaled, one-hot) or for trees (codes).

Free text goes through skrub's `StringEncoder` (TF-IDF of character n-grams, then SVD); texts, lists and columns of many
levels also say what their words tell of the target (`automl.evidence`). Pictures become principal components of their
gradients and pixels, as the image baselines have them. The rest is plain NumPy.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.preprocessing import QuantileTransformer

from automl.baselines.gradients import PictureFeatures
from automl.baselines.model import remembered, rows_key
from automl.evidence import amounts, crossfit, goals_of, spelled, tokens, unit_rows, vocabulary, weighed
from automl.records import Dataset, Task
from automl.repeated import levels_of, words_of
from automl.skew import shape_of

__all__ = ["TableFeatures"]

NUMERIC = ("numeric", "embedded_number", "boolean")
PARTS = ("year", "month", "day", "day_of_week", "hour")
MAX_LEVELS = 255
STATISTIC_ROWS = 30_000
"""Medians, spreads and quantiles are of so many rows, evenly taken."""
MISSING = "\x00missing"
MAX_TOKENS = 20_000
MAX_CLUE_ROWS = 30_000
N_FOLDS = 5
FEW_ROWS = 64
LEAST_SPREAD = 1e-3
"""Of a component of pictures, beside the first one's."""
PICTURE_SIDE, PICTURE_CELL = 48, 8
"""Pixels of a picture's longer side and of a gradient's cell: the first setting of the image baselines."""


class TableFeatures:
    """All columns of a frame that a model can use, as float64.

    Args:
        task: names the columns and their kinds; identifier, constant and unknown columns are left out, and image
            columns whose pictures were not read.
        style: "linear" (no NaN, comparable scales, one-hot) or "trees" (NaN and codes allowed).
        text_dimensions: SVD dimensions a text column, 0 for none. max_levels: one-hot levels a column.
        target_means: whether texts, lists, columns with many levels and numbers that come back also become what a
            ridge on their words says of the target, a smoothed mean where a cell is one level (training rows out of
            fold).
        fill: for trees, whether NaN is filled (forests). quantiles: for "linear", also columns on a normal scale.
        max_codes: columns with as many levels or more become counts for trees instead of codes.
        components: principal components of an image column.
        seed: of folds and SVD.

    Source: see `automl.evidence`; out of fold as in scikit-learn's TargetEncoder.
    """

    def __init__(self, task: Task, style: str = "trees", text_dimensions: int = 30, max_levels: int = 60,
                 target_means: bool = True, fill: bool = False, quantiles: bool = False,
                 max_codes: int = MAX_LEVELS, components: int = 50, seed: int = 0) -> None:  # fmt: skip
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
        self.components = components
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
            if name not in frame.columns or kind in ("identifier", "constant", "unknown"):
                continue
            if kind == "image_path":
                if name not in dataset.pictures or not frame[name].notna().any():
                    continue
                step, block = self._fit_pictures(dataset, rows, name)
            else:
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
        """The target as a few numeric columns, without strong skew."""
        if self.goal == "regression":
            columns = truth.reshape(len(truth), -1).T
            truth = np.stack([shape_of(column).forward(column) for column in columns.astype(np.float64)], axis=1)
        return goals_of(truth, self.n_classes if self.goal in ("binary", "multiclass") else 0)

    def _fit_column(self, dataset: Dataset, rows: np.ndarray, column: pd.Series, name: str, kind: str,
                    goals: np.ndarray) -> tuple[dict[str, Any], np.ndarray]:  # fmt: skip
        step: dict[str, Any]
        if kind in NUMERIC:
            step = {"kind": "number", "flag": bool(self.style == "linear" and column.isna().any())}
            block = self._apply(step, column)
            return (step, block) if kind == "boolean" else self._with_levels(dataset, rows, name, step, block, goals)
        if kind == "datetime":
            stamps = column.dropna()
            varying = [p for p in PARTS if getattr(stamps.dt, p).nunique() > 1] if len(stamps) else []
            step = {"kind": "date", "parts": varying, "origin": float(stamps.min().timestamp()) if len(stamps) else 0.0}
            return step, self._apply(step, column)
        if kind == "text" or kind == "url":
            step, block = self._fit_text(dataset, rows, column, name)
            return self._with_clues(dataset, rows, column, step, block, goals)
        names, counts = np.unique(tokens_of(column, kind == "list")[0], return_counts=True)
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
        return self._with_clues(dataset, rows, column, step, block, goals) if many else (step, block)

    def _fit_pictures(self, dataset: Dataset, rows: np.ndarray, name: str) -> tuple[dict[str, Any], np.ndarray]:
        """Components of the pictures that are there, zeros for the others, and (where some lack) which those are."""
        there = dataset.inputs[name].notna().to_numpy()[rows]

        def compute() -> tuple[np.ndarray, PictureFeatures]:
            encoder = PictureFeatures(PICTURE_SIDE, PICTURE_CELL, True, self.components, self.seed, name)
            found = encoder.fit(dataset, rows[there], np.zeros(0), None)
            spread = found.std(axis=0)  # where pictures are alike, the last components are rounding errors
            return found[:, : max(int((spread > LEAST_SPREAD * spread.max()).sum()), 1)], encoder

        key = ("components", name, self.components, self.seed, *rows_key(dataset, rows))
        block, encoder = remembered(key, compute)
        step: dict[str, Any] = {
            "kind": "picture",
            "encoder": encoder,
            "n": block.shape[1],
            "flag": not bool(there.all()),
        }
        return step, _placed(block, there, step)

    def _fit_text(self, dataset: Dataset, rows: np.ndarray, column: pd.Series,
                  name: str) -> tuple[dict[str, Any], np.ndarray]:  # fmt: skip
        def compute() -> tuple[np.ndarray, Any]:
            from skrub import StringEncoder  # takes as long to import as scikit-learn

            clean = pd.Series([str(v) if v is not None and v == v else "" for v in column], name="text")
            size = min(self.text_dimensions, max(len(clean) - 1, 1))
            if clean.nunique() < 3 or not self.text_dimensions:
                return np.zeros((len(clean), 0)), None
            # Trigrams alone: longer ones make the stored vocabulary and projection five times as large.
            encoder = StringEncoder(n_components=size, ngram_range=(3, 3), random_state=0)
            with warnings.catch_warnings():  # few trigrams give fewer dimensions: nothing to tell the user
                warnings.simplefilter("ignore", UserWarning)
                found = np.asarray(encoder.fit_transform(clean), dtype=np.float64)
            return found, encoder

        key = ("text", name, self.text_dimensions, *rows_key(dataset, rows))
        block, encoder = remembered(key, compute)
        return {"kind": "text", "encoder": encoder, "name": name}, block

    def _with_clues(self, dataset: Dataset, rows: np.ndarray, column: pd.Series, step: dict[str, Any],
                    block: np.ndarray, goals: np.ndarray) -> tuple[dict[str, Any], np.ndarray]:  # fmt: skip
        """How much the cells hold, and what their words tell: for training rows without their own fold."""
        cells = cells_of(column)
        step["amounts"] = True
        block = np.concatenate([block, amounts(cells)], axis=1)
        if not self.target_means:
            return step, block

        key = ("clues", str(column.name), self.seed, hash(goals.tobytes()), *rows_key(dataset, rows))
        told, clues = remembered(key, lambda: _fit_clues(cells, goals, self.seed))
        step["clues"] = clues
        return step, np.concatenate([block, told], axis=1)

    def _with_levels(self, dataset: Dataset, rows: np.ndarray, name: str, step: dict[str, Any], block: np.ndarray,
                     goals: np.ndarray) -> tuple[dict[str, Any], np.ndarray]:  # fmt: skip
        """What values that come back tell, where they tell more than their neighbours (`automl.repeated`)."""
        if not self.target_means:
            return step, block
        numbers = block[:, 0]

        def compute() -> tuple[np.ndarray | None, Any, Any]:
            sample = evenly(len(numbers), MAX_CLUE_ROWS)
            folds = np.random.default_rng(self.seed).integers(0, N_FOLDS, len(sample))
            known = levels_of(numbers[sample], goals[sample], folds)
            cells = None if known is None else words_of(numbers, known)
            return (known, *((None, None) if cells is None else _fit_clues(cells, goals, self.seed)))

        key = ("levels", name, self.seed, hash(goals.tobytes()), *rows_key(dataset, rows))
        known, told, clues = remembered(key, compute)
        if known is None:
            return step, block
        return {**step, "levels": known, "clues": clues}, np.concatenate([block, told], axis=1)

    # ---- use

    def transform(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """The matrix of other rows; unseen levels count as none."""
        frame = dataset.inputs.iloc[rows]
        blocks = [
            self._apply_pictures(step, dataset, rows, name)
            if step["kind"] == "picture"
            else self._apply_all(step, frame[name])
            for name, step in self.plan.items()
        ]
        if not blocks:
            blocks = [np.zeros((len(rows), 1))]
        return self._finish(_side_by_side(blocks))

    def _apply_pictures(self, step: Mapping[str, Any], dataset: Dataset, rows: np.ndarray, name: str) -> np.ndarray:
        there = dataset.inputs[name].notna().to_numpy()[rows]
        block = step["encoder"].transform(dataset, rows[there]) if there.any() else np.zeros((0, step["n"]))
        return _placed(block[:, : step["n"]], there, step)

    def _apply_all(self, step: Mapping[str, Any], column: pd.Series) -> np.ndarray:
        if step["kind"] == "text":
            block = np.zeros((len(column), 0))
            if step["encoder"] is not None:
                clean = pd.Series([str(v) if v is not None and v == v else "" for v in column], name="text")
                block = np.asarray(step["encoder"].transform(clean), dtype=np.float64)
        else:
            block = self._apply(step, column)
        if "amounts" in step:
            block = np.concatenate([block, amounts(cells_of(column))], axis=1)
        if "clues" in step:
            numbered = "levels" in step
            cells: Sequence[str | None] = words_of(block[:, 0], step["levels"]) if numbered else cells_of(column)
            block = np.concatenate([block, _told(step["clues"], cells)], axis=1)
        return block

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


def _placed(block: np.ndarray, there: np.ndarray, step: Mapping[str, Any]) -> np.ndarray:
    """Components of some rows among all, and a column of marks where training rows lacked pictures, too."""
    made = np.zeros((len(there), step["n"] + step["flag"]))
    made[there, : step["n"]] = block
    if step["flag"]:
        made[:, -1] = ~there
    return made


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
    """A category as `automl.evidence.spelled`; missing values are a level of their own."""
    return MISSING if value is None or value != value else spelled(str(value))


def parts(value: Any) -> list[str]:
    """The distinct items of a list cell: separated by ``;``, ``|`` or ``,``, brackets and quotes dropped."""
    if value is None or value != value:
        return []
    text = str(value).strip().strip("[](){}")
    for mark in (";", "|", ","):
        if mark in text:
            return list(dict.fromkeys(spelled(p.strip().strip("'\"")) for p in text.split(mark) if p.strip()))
    return [spelled(text)] if text else []


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


def cells_of(column: pd.Series) -> list[str]:
    """Cells as strings, empty where missing."""
    return [str(v) if v is not None and v == v else "" for v in column]


def evenly(n_rows: int, at_most: int) -> np.ndarray:
    """All rows, or so many of them, evenly spread."""
    return np.arange(n_rows) if n_rows <= at_most else np.linspace(0, n_rows - 1, at_most).astype(np.int64)


def _fit_clues(cells: Sequence[str | None], goals: np.ndarray, seed: int) -> tuple[np.ndarray, dict[str, Any]]:
    """What the words of training rows tell, ``(n, n_goals)``, each row without its fold; and what new rows need."""
    sample = evenly(len(cells), MAX_CLUE_ROWS)
    documents = [tokens(cell) for cell in cells]
    words = np.array(sorted(map(_bytes, vocabulary([documents[i] for i in sample], MAX_TOKENS))), dtype=np.bytes_)
    clues = {"words": words, "idf": np.ones(len(words))}
    present = _rows_of(clues, documents)
    n_having = np.bincount(present[sample].indices, minlength=len(words))
    clues["idf"] = np.log((1 + len(sample)) / (1 + n_having)) + 1.0
    matrix = _rows_of(clues, documents)
    folds = np.random.default_rng(seed).integers(0, N_FOLDS, len(sample))
    found = crossfit(matrix[sample], goals[sample], folds, N_FOLDS)
    clues |= {"coef": found.coef[-1], "intercept": found.intercept[-1]}
    told = np.asarray(matrix @ found.coef[-1] + found.intercept[-1])  # of rows that no fold was fitted on
    told[sample] = found.predicted
    return told, clues


def _rows_of(clues: Mapping[str, Any], documents: list[list[str]]) -> Any:
    """TF-IDF rows; words of a few rows are looked up by halving, since a table of all words would take longer."""
    if len(documents) > FEW_ROWS:
        codes = {word: code for code, word in enumerate(clues["words"].tolist())}
        return weighed([list(map(_bytes, document)) for document in documents], codes, clues["idf"])
    found = find(clues["words"], np.array([_bytes(word) for document in documents for word in document], np.bytes_))
    owner = np.repeat(np.arange(len(documents)), [len(document) for document in documents])[found >= 0]
    ends = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(documents)))])
    return unit_rows(found[found >= 0].astype(np.int32), ends.astype(np.int32), clues["idf"])


def _bytes(word: str) -> bytes:
    """A word as NumPy stores it in the least space."""
    return word.encode("utf-8", "surrogatepass").rstrip(b"\0")


def _told(clues: Mapping[str, Any], cells: Sequence[str | None]) -> np.ndarray:
    """What the words of new rows tell, ``(n, n_goals)``."""
    return np.asarray(_rows_of(clues, [tokens(cell) for cell in cells]) @ clues["coef"] + clues["intercept"])


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
