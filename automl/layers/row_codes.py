"""Rows of a table as codes, and back: numbers as bins of their rank, categories as the levels that may be generated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

__all__ = ["FIRST_OWN", "RowCodes", "normal_of", "own_uniforms", "picked", "uniform_of"]

FIRST_OWN = 64
"""How many numbers of a row's noise belong to the row as a whole; two for each column follow."""
EDGE = 1e-6
SQRT_2 = 2.0**0.5


def uniform_of(noise: Any) -> Any:
    """Standard normal numbers as uniform ones, between `EDGE` and 1 - `EDGE`: the normal distribution function."""
    ops = keras.ops
    return ops.clip(0.5 * (1.0 + ops.erf(ops.cast(noise, "float32") / SQRT_2)), EDGE, 1.0 - EDGE)


def normal_of(uniform: Any) -> Any:
    """Uniform numbers as standard normal ones, the inverse of `uniform_of`."""
    ops = keras.ops
    return SQRT_2 * ops.erfinv(2.0 * ops.clip(uniform, EDGE, 1.0 - EDGE) - 1.0)


def own_uniforms(noise: Any, n_columns: int, which: int) -> Any:
    """The uniform numbers ``(batch, columns)`` that belong to the columns.

    Args:
        noise: ``(batch, 64 + 2 · columns)`` standard normal.
        n_columns: columns of the table.
        which: 0 or 1: the first or second number of each column.
    """
    own = noise[:, FIRST_OWN : FIRST_OWN + 2 * n_columns]
    return uniform_of(keras.ops.reshape(own, (-1, n_columns, 2))[:, :, which])


def picked(logits: Any, uniform: Any) -> Any:
    """Draw a level of each row by the inverse of the distribution function.

    Args:
        logits: ``(batch, levels)``.
        uniform: ``(batch,)`` from 0 to below 1.

    Returns:
        ``(batch,)`` int32 levels.
    """
    ops = keras.ops
    shares = ops.cumsum(ops.softmax(ops.cast(logits, "float32"), axis=-1), axis=-1)
    below = ops.expand_dims(uniform, -1) * shares[:, -1:] >= shares
    return ops.minimum(ops.sum(ops.cast(below, "int32"), axis=-1), int(logits.shape[-1]) - 1)


class RowCodes:
    """Tells how each column of a table is coded. Numbers come first, then categories.

    A number's code is the bin of its rank; a category's is its place among the levels that may be generated.

    Args:
        edges: for each column of numbers the ascending edges of its bins, shares from 0 to 1.
        levels: for each column of categories the codes that may be generated.

    Examples:
        >>> RowCodes([[0.0, 0.5, 1.0]], [[1, 4, 7]]).n_levels
        [2, 3]
    """

    def __init__(self, edges: Sequence[Sequence[float]], levels: Sequence[Sequence[int]]) -> None:
        self.edges = [[float(edge) for edge in column] for column in edges]
        self.levels = [[int(code) for code in column] for column in levels]

    @property
    def n_numbers(self) -> int:
        """Columns of numbers."""
        return len(self.edges)

    @property
    def n_columns(self) -> int:
        """Columns of both kinds."""
        return len(self.edges) + len(self.levels)

    @property
    def n_levels(self) -> list[int]:
        """Levels of each column."""
        return [len(column) - 1 for column in self.edges] + [len(column) for column in self.levels]

    def coded(self, numbers: Any, categories: Any) -> list[Any]:
        """The codes of rows, ``(batch,)`` int32 for each column.

        Args:
            numbers: ``(batch, n_numbers)`` normal scores; None where there are none.
            categories: ``(batch, n_categories)`` codes; None where there are none. A code that may not be generated
                counts as the first that may.
        """
        ops = keras.ops
        codes = []
        shares = uniform_of(numbers) if self.edges else numbers
        for place, edges in enumerate(self.edges):
            inner = ops.convert_to_tensor(np.asarray(edges[1:-1], "float32"))
            found = ops.searchsorted(inner, shares[:, place], side="right") if len(edges) > 2 else 0.0 * shares[:, 0]
            codes.append(ops.cast(found, "int32"))
        for place, levels in enumerate(self.levels):
            at = np.zeros(max(levels) + 1, "int32")
            at[levels] = np.arange(len(levels))
            own = ops.cast(categories[:, place], "int32")
            known = ops.where((own >= 0) & (own <= max(levels)), own, levels[0])
            codes.append(ops.take(ops.convert_to_tensor(at), known))
        return codes

    def rows(self, codes: Sequence[Any], within: Any) -> Any:
        """Rows ``(batch, columns)`` float32 of codes.

        Args:
            codes: ``(batch,)`` int32 for each column.
            within: ``(batch, columns)`` uniform numbers: where in its bin a number lies.
        """
        ops = keras.ops
        columns = []
        for place, edges in enumerate(self.edges):
            low, width = np.asarray(edges[:-1], "float32"), np.diff(np.asarray(edges, "float32"))
            share = ops.take(ops.convert_to_tensor(low), codes[place])
            share = share + ops.take(ops.convert_to_tensor(width), codes[place]) * within[:, place]
            columns.append(normal_of(share))
        for place, levels in enumerate(self.levels):
            known = ops.convert_to_tensor(np.asarray(levels, "float32"))
            columns.append(ops.take(known, codes[self.n_numbers + place]))
        return ops.stack(columns, axis=1)

    def config(self) -> dict[str, Any]:
        """The arguments that make the same object."""
        return {"edges": self.edges, "levels": self.levels}
