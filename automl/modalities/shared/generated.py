"""What a generator of rows reads and what becomes of its output: normal scores, codes, and noise for new rows."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from automl.goals.shared.generated import BESIDE, columns_of
from automl.goals.shared.heads import head_state
from automl.goals.shared.rowcodec import RowCodec, fit_rowcodec, restore_rowcodec
from automl.goals.shared.samples import LEFT_OUT_KINDS, compared, samples_of
from automl.modalities.shared.specs import restore_spec, spec_state
from automl.records import Column, Dataset, Head, InputSpec, Output, Split, Task

__all__ = ["NOISE", "RowEncoder", "SampleCodec", "fit_generator", "noise_of", "restore_rows", "restore_samples"]

NOISE = "noise"
BLOCK_ROWS = 1_024
NOISE_SEED = 20_261
LATENT_NUMBERS = 64


@dataclass(eq=False)
class RowEncoder:
    """Rows of a table as "numbers", "categories" and "noise".

    The noise of a row depends on its number alone. Row numbers beyond the data are those of new rows: they have noise
    and no columns, which prediction does not read.

    Attributes:
        specs: of the parts.
        rows: between the user's columns and arrays.
    """

    specs: tuple[InputSpec, ...]
    rows: RowCodec

    def transform(self, dataset: Dataset, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Arrays by spec name for these row numbers ``(n,)``."""
        numbers = np.zeros((len(rows), len(self.rows.scored)), np.float32)
        categories = np.zeros((len(rows), len(self.rows.coded)), np.int32)
        there = np.flatnonzero(rows < dataset.n_rows)
        if len(there):
            numbers[there], categories[there] = self.rows.encode(dataset.inputs.take(rows[there]), seed=len(there))
        arrays = {"numbers": numbers, "categories": categories}
        sizes = {spec.name: spec.shape[0] for spec in self.specs}
        return {name: array for name, array in arrays.items() if name in sizes} | {NOISE: noise_of(rows, sizes[NOISE])}

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and arrays."""
        return {"encoder": "rows", "specs": [spec_state(spec) for spec in self.specs], "rows": self.rows.state()}


@dataclass(eq=False)
class SampleCodec:
    """Between normal scores and codes of a generator, and rows.

    Attributes:
        head: one number a column of `rows`: first normal scores, then codes.
        rows: between arrays and the user's columns.
        columns: of the typed frame.
    """

    head: Head
    rows: RowCodec
    columns: tuple[Column, ...]

    def encode(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Zeros ``(n, 1)`` float32: the network's layers add their own losses."""
        return np.zeros((len(rows), 1), np.float32)

    def truth(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """The rows themselves, see `automl.goals.shared.samples.samples_of`."""
        return samples_of(dataset.inputs.take(rows), compared(self.columns))

    def decode(self, raw: np.ndarray) -> Output:
        """Normal scores and codes ``(n, n_numbers + n_categories)`` as "samples" ``(n,)``."""
        n_numbers = len(self.rows.scored)
        raw = np.asarray(raw, np.float64).reshape(len(raw), -1)
        return self.made(raw[:, :n_numbers], np.rint(raw[:, n_numbers:]).astype(np.int64))

    def made(self, numbers: np.ndarray, categories: np.ndarray) -> Output:
        """Rows from normal scores ``(n, n_numbers)`` and codes ``(n, n_categories)``."""
        seed = zlib.crc32(np.ascontiguousarray(numbers).tobytes() + np.ascontiguousarray(categories).tobytes())
        frame = self.rows.decode(numbers, categories, seed)
        arrays = {"samples": samples_of(frame, compared(self.columns))}
        beside = [column for column in self.columns if column.kind in LEFT_OUT_KINDS and column.name in frame]
        if beside:
            arrays[BESIDE] = samples_of(frame, beside)
        return Output("samples", arrays)

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and arrays."""
        columns = [[column.name, column.kind] for column in self.columns]
        return {"codec": "samples", "head": head_state(self.head), "rows": self.rows.state(), "columns": columns}


def restore_samples(state: Mapping[str, Any]) -> SampleCodec:
    """The codec that `SampleCodec.state` described."""
    columns = tuple(Column(str(name), kind, 1.0, "") for name, kind in state["columns"])
    plain: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in state["head"].items()
    }
    return SampleCodec(Head(**plain), restore_rowcodec(state["rows"]), columns)


def fit_samples(frame: pd.DataFrame, task: Task, seed: int) -> SampleCodec:
    """Fit on a typed frame of training rows.

    Raises:
        DataError: a column cannot be generated, or too little varies.
    """
    columns = columns_of(task)
    rows = fit_rowcodec(frame, columns, seed)
    size = len(rows.scored) + len(rows.coded)
    return SampleCodec(Head(task.goal, (size,), "linear", "own"), rows, columns)


def fit_generator(dataset: Dataset, task: Task, split: Split) -> tuple[RowEncoder, SampleCodec]:
    """Encoder and codec of a deep generator, fitted on training rows.

    Raises:
        DataError: a column cannot be generated, or too little varies.
    """
    codec = fit_samples(dataset.inputs.take(split.train), task, split.seed)
    size = LATENT_NUMBERS + 2 * codec.head.shape[0]
    specs = (*codec.rows.specs, InputSpec(NOISE, "noise", (size,), "float32"))
    return RowEncoder(specs, codec.rows), codec


def restore_rows(state: Mapping[str, Any]) -> RowEncoder:
    """The encoder that `RowEncoder.state` described."""
    return RowEncoder(tuple(restore_spec(spec) for spec in state["specs"]), restore_rowcodec(state["rows"]))


def noise_of(rows: np.ndarray, size: int) -> np.ndarray:
    """Standard normal numbers ``(n, size)`` float32 that depend on the row numbers alone.

    Args:
        rows: ``(n,)`` row numbers, from 0 up to 2⁶³.
        size: numbers a row.
    """
    made = np.empty((len(rows), size), np.float32)
    blocks = rows // BLOCK_ROWS
    for block in np.unique(blocks):
        own = blocks == block
        drawn = np.random.default_rng([NOISE_SEED, int(block)]).standard_normal((BLOCK_ROWS, size), np.float32)
        made[own] = drawn[rows[own] % BLOCK_ROWS]
    return made
