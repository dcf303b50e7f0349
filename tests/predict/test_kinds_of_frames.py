"""Predictions have the index of the rows, and are of the library that the rows are of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

N = 90
INDICES = {
    "duplicates": pd.Index([5, 5, 7, 7, 7]),
    "words": pd.Index(list("eabcd"), name="who"),
    "dates": pd.date_range("2024-03-01", periods=5, freq="D", name="day"),
    "unnamed dates": pd.date_range("2024-03-01", periods=5, freq="D"),
    "levels": pd.MultiIndex.from_product([["u"], [1, 2, 3, 4, 5]], names=["town", "year"]),
}


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.uniform(18, 80, N), "town": rng.choice(["Ulm", "Bonn"], N)})
    frame["buys"] = np.where(frame["age"] > 50, "yes", "no")
    return frame


@pytest.fixture(scope="module")
def model(people, fitted):
    return fitted(people, "buys")


@pytest.mark.parametrize("name", INDICES)
def test_the_index_of_the_rows_is_kept(model, people, name):
    rows = people.drop(columns="buys").head(5)
    expected = model.predict(rows)
    made = rows.set_axis(INDICES[name], axis=0)
    predicted, shares = model.predict(made), model.predict_proba(made)
    assert predicted.index.equals(INDICES[name]) and shares.index.equals(INDICES[name])
    assert predicted.index.names == INDICES[name].names
    assert predicted.tolist() == expected.tolist()


def test_polars_rows_give_polars_and_arrow_gives_arrow(model, people):
    rows = people.drop(columns="buys").head(5)
    labels, shares = model.predict(rows), model.predict_proba(rows)
    for of_polars in (pl.from_pandas(rows), pl.from_pandas(rows).lazy()):
        assert isinstance(model.predict(of_polars), pl.Series)
        assert model.predict(of_polars).to_list() == labels.tolist() and model.predict(of_polars).name == "buys"
        np.testing.assert_array_equal(model.predict_proba(of_polars).to_numpy(), shares.to_numpy())
        assert model.predict_proba(of_polars).columns == list(shares.columns)
    table = model.predict_proba(pa.Table.from_pandas(rows))
    assert isinstance(table, pa.Table) and table.column_names == list(shares.columns)
    assert model.predict(pa.Table.from_pandas(rows)).column("buys").to_pylist() == labels.tolist()
