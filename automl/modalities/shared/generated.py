"""What a generator of rows reads: the rows as normal scores and codes, and noise from which new ones are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl.goals.shared.rowcodec import RowCodec, restore_rowcodec
from automl.modalities.shared.specs import restore_spec, spec_state
from automl.records import Dataset, InputSpec

__all__ = ["NOISE", "RowEncoder", "noise_of", "restore_rows", "row_encoder"]

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
        numbers = np.zeros((len(rows), self.rows.n_numbers), np.float32)
        categories = np.zeros((len(rows), self.rows.n_categories), np.int32)
        there = np.flatnonzero(rows < dataset.n_rows)
        if len(there):
            numbers[there], categories[there] = self.rows.encode(dataset.inputs.take(rows[there]), seed=len(there))
        arrays = {"numbers": numbers, "categories": categories}
        sizes = {spec.name: spec.shape[0] for spec in self.specs}
        return {name: array for name, array in arrays.items() if name in sizes} | {NOISE: noise_of(rows, sizes[NOISE])}

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and arrays."""
        return {"encoder": "rows", "specs": [spec_state(spec) for spec in self.specs], "rows": self.rows.state()}


def row_encoder(rows: RowCodec) -> RowEncoder:
    """The encoder that goes with the codec of a generator."""
    size = LATENT_NUMBERS + 2 * (rows.n_numbers + rows.n_categories)
    return RowEncoder((*rows.specs, InputSpec(NOISE, "noise", (size,), "float32")), rows)


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
