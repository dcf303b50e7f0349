"""A bounded number of the rows of a stream: drawn at random, or the latest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from automl.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Reservoir"]

ROOM = 1.25
"""Rows are thrown out whenever this many times the wanted number are held."""
MOST_ROOM = 3.0


class Reservoir:
    """Keeps the rows with the smallest keys of all that were added.

    Keys drawn uniformly make it a random sample without replacement, in which every set of rows is equally likely.

    Args:
        n_wanted: rows to keep.
        whole: keep all rows of one key or none, so that fewer may be left.

    Source: Li, "Reservoir-sampling algorithms of time complexity O(n(1 + log(N/n)))", ACM TOMS 1994, on keys with a
    threshold; here rows are thrown out in bulk.
    """

    def __init__(self, n_wanted: int, *, whole: bool = False) -> None:
        self.n_wanted, self.whole = n_wanted, whole
        self.n_seen = 0
        self._parts: list[tuple[np.ndarray, np.ndarray, pa.RecordBatch]] = []
        self._n_rows_held = 0
        self._most = np.inf  # rows with a larger key are out
        self._out = np.inf  # smallest key that was thrown out

    def add(self, batch: pa.RecordBatch, keys: np.ndarray) -> None:
        """Take in the next rows of the stream.

        Args:
            batch: the rows.
            keys: ``(n,)`` float64; a row with a NaN is passed over.

        Raises:
            DataError: rows of one key are to stay together and are far more than are wanted.
        """
        places = np.arange(self.n_seen, self.n_seen + len(keys))
        self.n_seen += len(keys)
        self._hold(keys, places, batch)
        if self._n_rows_held > ROOM * self.n_wanted:
            self._throw_out()

    @property
    def n_kept(self) -> int:
        """Rows held so far."""
        return self._n_rows_held

    def _hold(self, keys: np.ndarray, places: np.ndarray, batch: pa.RecordBatch) -> None:
        import pyarrow as pa

        inside = keys <= self._most
        outside = keys[keys > self._most]
        if len(outside):
            self._out = min(self._out, float(outside.min()))
        if not inside.any():
            return
        kept = batch.take(pa.array(np.flatnonzero(inside)))  # a copy, so that the rest of the batch is freed
        self._parts.append((keys[inside], places[inside], kept))
        self._n_rows_held += len(kept)

    def _throw_out(self) -> None:
        keys = np.concatenate([own for own, _, _ in self._parts])
        if len(keys) <= self.n_wanted:
            return
        self._most = float(np.partition(keys, self.n_wanted - 1)[self.n_wanted - 1])
        held, self._parts, self._n_rows_held = self._parts, [], 0
        while held:
            self._hold(*held.pop(0))
        if self._n_rows_held > MOST_ROOM * self.n_wanted:
            raise DataError(
                f"more than {self._n_rows_held:,} rows have the same time, and {self.n_wanted:,} fit into the "
                "memory that may be used; `memory` under `search:` (or --memory) sets that limit"
            )

    def rows(self) -> tuple[pa.Table, np.ndarray]:
        """The rows kept, in the order of the stream, and the position of each in it; the reservoir is empty then."""
        import pyarrow as pa

        self._throw_out()
        keys = np.concatenate([own for own, _, _ in self._parts])
        places = np.concatenate([own for _, own, _ in self._parts])
        table = pa.Table.from_batches([batch for _, _, batch in self._parts])
        self._parts, self._n_rows_held = [], 0
        if self.whole:
            too_many = len(keys) > ROOM * self.n_wanted
            chosen = np.flatnonzero(keys < (self._most if too_many else self._out))
        else:
            chosen = np.sort(np.lexsort((places, keys))[: self.n_wanted])
        if len(chosen) < len(keys):
            mask = np.zeros(len(keys), bool)
            mask[chosen] = True
            table = table.filter(pa.array(mask))
        return table, places[chosen]
