"""Columns as people write them are given the kind that a person would give, and are read as a person would."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from nasty_columns import COLUMNS, N, Nasty

from automl.detect import read
from automl.detect.columns.kinds import column

pytestmark = pytest.mark.filterwarnings("error")


def series(nasty: Nasty) -> pd.Series:
    cells = [nasty.cells[i % len(nasty.cells)] for i in range(N)]
    return pd.Series(cells) if all(isinstance(c, (int, float)) for c in cells) else pd.Series(cells, dtype=object)


def value(cell: Any) -> Any:
    """What a cell was read as, in the terms of `Nasty.first`."""
    if isinstance(cell, pd.Timestamp):
        return cell
    return None if pd.isna(cell) else float(cell)


@pytest.mark.parametrize("nasty", COLUMNS, ids=[f"{i}-{c.name}-{c.kind}" for i, c in enumerate(COLUMNS)])
def test_a_column_is_given_the_kind_and_the_values_that_a_person_would_give(nasty: Nasty) -> None:
    cells = series(nasty)

    found = column(nasty.name, cells)

    assert nasty.kind == found.kind, found.evidence
    if nasty.reading is not None:
        expected = {key: found.reading.get(key) for key in nasty.reading}
        assert nasty.reading == (
            expected if nasty.reading else {k: v for k, v in found.reading.items() if k == "missing"}
        )
    if nasty.first is not None:
        got = [value(v) for v in read(pd.DataFrame({nasty.name: cells}), [found])[nasty.name][: len(nasty.first)]]
        wanted = [pd.Timestamp(v) if isinstance(v, str) else None if v is None else float(v) for v in nasty.first]
        if any(isinstance(v, str) for v in nasty.first):
            assert wanted == [None if v is None else v for v in got]
        else:
            np.testing.assert_allclose([np.nan if v is None else v for v in got],
                                       [np.nan if v is None else v for v in wanted], rtol=1e-9)  # fmt: skip


def test_the_corpus_is_as_large_as_it_should_be_and_knows_every_kind_of_text() -> None:
    assert len(COLUMNS) >= 80
    assert {c.kind for c in COLUMNS} >= {"numeric", "embedded_number", "boolean", "datetime", "categorical", "list",
                                         "text", "url", "image_path", "identifier", "constant"}  # fmt: skip


@pytest.mark.parametrize("nasty", COLUMNS, ids=[f"{i}-{c.name}-{c.kind}" for i, c in enumerate(COLUMNS)])
def test_one_new_row_reads_as_it_did_among_many(nasty: Nasty) -> None:
    cells = series(nasty)
    found = column(nasty.name, cells)
    frame = pd.DataFrame({nasty.name: cells})

    whole = read(frame, [found])[nasty.name]

    for row in range(min(len(nasty.cells), 5)):
        alone = read(pd.DataFrame({nasty.name: cells.iloc[[row]].astype(object)}), [found])[nasty.name]
        pd.testing.assert_series_equal(whole.iloc[[row]].reset_index(drop=True), alone, check_dtype=False)
