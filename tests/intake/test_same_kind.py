"""Predictions are handed back in the kind of frame of the rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from automl.intake.same_kind import in_kind_of

MADE = pd.DataFrame(
    {"n": pd.array([1, None], dtype="Int64"), "value": [0.5, np.nan], "when": pd.to_datetime(["2020-01-01", None]),
     "word": pd.Series(["x", None], dtype=object), "set": pd.Series([("a", "b"), ("a",)], dtype=object)}
).set_axis([7, 7], axis=0)  # fmt: skip
CELLS = {"n": [1, None], "value": [0.5, None], "word": ["x", None], "set": [["a", "b"], ["a"]]}


@pytest.mark.parametrize("rows", [pl.DataFrame({"a": [1, 2]}), pl.LazyFrame({"a": [1, 2]})])
def test_of_polars_rows_they_are_of_polars(rows):
    made = in_kind_of(rows, MADE)
    assert isinstance(made, pl.DataFrame) and made.columns == list(MADE.columns)
    assert {name: made[name].to_list() for name in CELLS} == CELLS
    assert made["when"].null_count() == 1


def test_a_column_of_polars_stays_one():
    made = in_kind_of(pl.DataFrame({"a": [1, 2]}), MADE["word"])
    assert isinstance(made, pl.Series) and made.name == "word" and made.to_list() == ["x", None]


def test_of_a_table_of_arrow_they_are_one():
    made = in_kind_of(pa.table({"a": [1, 2]}), MADE)
    assert isinstance(made, pa.Table)
    assert {name: made.column(name).to_pylist() for name in CELLS} == CELLS
    assert in_kind_of(pa.table({"a": [1, 2]}), MADE["n"]).column_names == ["n"]


@pytest.mark.parametrize("rows", [pl.DataFrame({"a": [1, 2]}), pa.table({"a": [1, 2]})])
def test_masks_are_lists_of_rows_and_missing_cells_are_null(rows):
    mask = np.array([[0, 1], [2, 0]], np.uint8)
    made = in_kind_of(rows, pd.DataFrame({"mask": pd.Series([mask, None], dtype=object), "y": ["a", pd.NA]}))
    cells = made.to_dict(as_series=False) if isinstance(made, pl.DataFrame) else made.to_pydict()
    assert cells == {"mask": [[[0, 1], [2, 0]], None], "y": ["a", None]}


@pytest.mark.parametrize("rows", [pd.DataFrame({"a": [1, 2]}), [1, 2], {"a": [1, 2]}, "new.csv", np.zeros((2, 1))])
def test_of_all_others_they_are_of_pandas_with_their_index(rows):
    assert in_kind_of(rows, MADE) is MADE
