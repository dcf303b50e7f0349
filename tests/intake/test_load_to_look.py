"""Of a table that is only to be looked at, some rows are read."""

import numpy as np
import pandas as pd
import pytest

import automl
from automl.api import inspecting
from automl.intake import load, streamed
from automl.records import Recipe

N_ROWS = 6_000
MOST = 500


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(streamed, "SMALL_TEXT_BYTES", 1_000)
    monkeypatch.setattr(streamed, "ROWS_A_BATCH", 256)
    monkeypatch.setattr(inspecting, "LOOKED_ROWS", MOST)


def table(n_rows=N_ROWS):
    rng = np.random.default_rng(0)
    return pd.DataFrame({"at": np.arange(n_rows), "size": rng.normal(size=n_rows), "y": rng.integers(0, 2, n_rows)})


@pytest.fixture(params=["t.parquet", "t.csv", "t.feather", "frame"])
def data(request, tmp_path):
    if request.param == "frame":
        return table()
    where = tmp_path / request.param
    suffix = where.suffix
    if suffix == ".csv":
        table().to_csv(where, index=False)
    else:
        table().to_parquet(where, row_group_size=1_500) if suffix == ".parquet" else table().to_feather(where)
    return where


def test_rows_are_drawn_at_random_know_their_place_and_the_same_seed_draws_the_same(data):
    once, again = (load(Recipe(data=data, target=("y",), seed=3), MOST) for _ in range(2))
    assert (len(once.inputs), once.n_source_rows) == (MOST, N_ROWS)
    assert (once.inputs["at"].to_numpy() == once.row_numbers).all() and once.row_numbers.max() > N_ROWS * 0.9
    assert (once.row_numbers == again.row_numbers).all()
    (said,) = [f for f in once.findings if f.check == "sampled_rows"]
    assert said.severity == "low" and "500 of the 6,000 rows of" in said.message


def test_without_such_a_bound_and_where_it_is_not_reached_all_rows_are_read(data):
    whole, all_the_same = load(Recipe(data=data, target=("y",))), load(Recipe(data=data, target=("y",)), N_ROWS)
    assert len(whole.inputs) == len(all_the_same.inputs) == N_ROWS
    assert whole.n_source_rows is all_the_same.n_source_rows is None


def test_of_what_may_be_a_series_the_first_rows_are_kept_together(data):
    seen = load(Recipe(data=data), MOST)
    assert seen.inputs["at"].tolist() == list(range(MOST)) == seen.row_numbers.tolist()


def test_many_row_groups_are_looked_into_from_the_first_to_the_last_and_not_read_through(tmp_path, monkeypatch):
    monkeypatch.setattr(streamed, "LOOKED_THROUGH", 2_000)
    table().to_parquet(tmp_path / "t.parquet", row_group_size=600)
    seen = load(Recipe(data=tmp_path / "t.parquet", target=("y",)), 400)
    groups = np.unique(seen.row_numbers // 600)
    assert seen.n_source_rows == N_ROWS and (groups[0], groups[-1]) == (0, 9) and len(groups) == 8
    assert (seen.row_numbers % 600).max() < 256  # the first batch of each is as much as its share
    assert (seen.inputs["at"].to_numpy() == seen.row_numbers).all()


def test_inspect_tells_the_rows_of_the_source_and_the_kinds_that_all_of_them_have(data):
    seen = automl.inspect(data, target="y")
    assert seen.n_rows == N_ROWS and "6,000 rows" in str(seen) and "500 of the 6,000 rows" in str(seen)
    few = automl.inspect(table(400), target="y")
    assert seen.task.columns[1].kind == few.task.columns[1].kind == "numeric"
    assert seen.task.goal == few.task.goal
