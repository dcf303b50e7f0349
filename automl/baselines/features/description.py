"""What features tell of themselves, so that an exported reader makes them without automl."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np

from automl.records import Dataset

__all__ = ["SPARSE", "Described", "Description", "Part", "matrix"]


@dataclass(frozen=True, slots=True)
class Part:
    """One of the arrays that a maker returns.

    Attributes:
        name: "" where it is the only one.
        shape: of a row; None for a size that varies.
        is_whole: whether it holds whole numbers (int32); floats of the graph's type otherwise.
    """

    name: str
    shape: tuple[int | None, ...]
    is_whole: bool = False


SPARSE = (Part("columns", (None,), True), Part("weights", (None,)))
"""Of few numbers a row: the columns and the weights, filled up with zeros."""


@dataclass(frozen=True, slots=True, eq=False)
class Description:
    """How features are made of what a caller has.

    Attributes:
        maker: ``"module:function"``. The module imports NumPy and the standard library alone (or other such modules, by
            ``from ... import``), and its source goes into the exported reader. The function takes what the caller gives
            (arrays by the names of `sources` and `columns`, ``(n, ...)`` each) and the settings; it returns the parts,
            or the only one. It is written by the features' class, never read from a stored model.
        settings: numbers, texts, lists and arrays.
        sources: the arrays that the caller gives, with what they are.
        columns: the columns of a table that it reads.
        n_columns: of a sparse matrix.
        parts: the arrays that the maker returns, as the graph of the model reads them: a matrix, `SPARSE`, or others.
    """

    maker: str
    settings: Mapping[str, Any]
    sources: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    parts: tuple[Part, ...] = (Part("", (None,)),)
    n_columns: int | None = None


@runtime_checkable
class Described(Protocol):
    """Features that can be exported."""

    def describe(self) -> Description:
        """How they are made."""
        ...

    def sources(self, dataset: Dataset, rows: np.ndarray) -> dict[str, np.ndarray]:
        """The arrays of these rows that a caller of an export would give, by the names of the description's sources."""
        ...


def matrix(n_columns: int | None) -> tuple[Part, ...]:
    """The parts of a dense matrix ``(n, n_columns)``; None where that depends on the inputs' size."""
    return (Part("", (n_columns,)),)
