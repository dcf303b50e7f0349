"""Which label stands for each new row, and which of the rows could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.intake.frames import is_frame
from automl.intake.raw import Raw

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["UNREAD_ROWS", "index_columns", "index_of"]

UNREAD_ROWS = frozenset({"ragged_rows", "unreadable_images", "unreadable_sounds", "unreadable_texts"})
"""Checks whose finding counts rows that could not be read, where these were left out."""


def index_of(data: Any, raw: Raw, n_rows: int) -> tuple[pd.Index, np.ndarray]:
    """The label of each row that was passed, and the positions of those that were read.

    Args:
        data: as it was passed.
        raw: as it was read.
        n_rows: that were read.

    Returns:
        The index of a frame or series; the names of the files of a folder; for anything else numbers from 0 on, rows
        that could not be read among them. Positions are ``(n_rows,)`` int64.
    """
    import pandas as pd

    if raw.names:
        return pd.Index(list(raw.names), dtype=object), np.asarray(raw.read, dtype=np.int64)
    own = _own_index(data, raw)
    if own is not None and len(own) == n_rows:
        return own, np.arange(n_rows)
    positions = np.arange(n_rows) if raw.rows is None else np.asarray(raw.rows, dtype=np.int64)
    n_left_out = sum(finding.count for finding in raw.findings if finding.check in UNREAD_ROWS)
    return pd.RangeIndex(max(n_rows + n_left_out, int(positions.max(initial=-1)) + 1)), positions


def _own_index(data: Any, raw: Raw) -> pd.Index | None:
    """The index of what was passed, where it has one."""
    import pandas as pd

    data = data[0] if isinstance(data, tuple) and data else data
    if isinstance(data, Mapping) and data and all(isinstance(column, pd.Series) for column in data.values()):
        first, *others = (column.index for column in data.values())
        return first if all(first.equals(other) for other in others) else None
    if isinstance(data, pd.Series) and is_frame(raw.inputs) and set(data.index) & set(raw.inputs.columns):
        return None if data.name is None else pd.Index([data.name])  # one row of a frame
    return data.index if isinstance(data, pd.DataFrame | pd.Series) else None


def index_columns(data: Any, raw: Raw) -> frozenset[str]:
    """Names of the columns that an index became."""
    import pandas as pd

    data = data[0] if isinstance(data, tuple) and data else data
    if not isinstance(data, pd.DataFrame) or not is_frame(raw.inputs):
        return frozenset()
    return frozenset(raw.inputs.columns[: max(raw.inputs.shape[1] - data.shape[1], 0)])
