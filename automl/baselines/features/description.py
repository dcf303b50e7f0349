"""What features tell of themselves, so that an exported reader makes them without automl."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np

from automl.records import Dataset

__all__ = ["Described", "Description"]


@dataclass(frozen=True, slots=True, eq=False)
class Description:
    """How features are made of what a caller has.

    Attributes:
        maker: ``"module:function"``. The module imports NumPy and the standard library alone (or other such modules, by
            ``from ... import``), and its source goes into the exported reader. The function takes what the caller gives
            (arrays by the names of `sources` and `columns`, ``(n, ...)`` each) and the settings; it returns a matrix
            ``(n, n_columns)``, or of sparse features columns and weights, ``(n, k)`` each, filled up with zeros. It is
            written by the features' class, never read from a stored model.
        settings: numbers, texts, lists and arrays.
        n_columns: of the matrix; None where it depends on the inputs' size.
        sources: the arrays that the caller gives, with what they are.
        columns: the columns of a table that it reads.
        is_sparse: whether columns and weights are returned.
    """

    maker: str
    settings: Mapping[str, Any]
    n_columns: int | None
    sources: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    is_sparse: bool = False


@runtime_checkable
class Described(Protocol):
    """Features that can be exported."""

    def describe(self) -> Description:
        """How they are made."""
        ...

    def sources(self, dataset: Dataset, rows: np.ndarray) -> dict[str, np.ndarray]:
        """The arrays of these rows that a caller of an export would give, by the names of the description's sources."""
        ...
