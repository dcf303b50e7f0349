"""Long tables in the order of time are looked at by their first rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from automl import recipe
from automl.flow.prepare import inspect_data

MOST = 400


def inspected(data: object, target: str = "y") -> tuple[str, str | None, np.ndarray]:
    seen = inspect_data(recipe.make(data=data, target=target), MOST)
    assert seen.task is not None and seen.dataset.row_numbers is not None
    return seen.task.goal, seen.task.frequency, seen.dataset.row_numbers


def long(n: int = 4_000) -> pd.DataFrame:
    wave = np.sin(np.arange(n) / 4) + np.random.default_rng(0).normal(0, 0.1, n)
    return pd.DataFrame({"time": pd.date_range("2020-01-01", periods=n, freq="h"), "y": wave})


def panel() -> pd.DataFrame:
    return pd.concat([long(200).assign(store=store, item=item) for store in range(5) for item in range(4)])


@pytest.mark.parametrize("way", ["frame", "csv", "parquet"])
def test_a_long_series_stays_one(way: str, tmp_path: Path) -> None:
    data: object = long()
    if way == "csv":
        data = tmp_path / "long.csv"
        long().to_csv(data, index=False)
    elif way == "parquet":
        data = tmp_path / "long.parquet"
        long().to_parquet(data, index=False)

    goal, frequency, rows = inspected(data)

    assert (goal, frequency) == ("forecast", "h")
    if way != "csv":  # a text this small is read as a whole
        np.testing.assert_array_equal(np.arange(MOST), rows)


@pytest.mark.parametrize("order", [["store", "item", "time"], ["time", "store", "item"]])
def test_a_long_panel_stays_one(order: list[str]) -> None:
    assert inspected(panel().sort_values(order).reset_index(drop=True))[0] == "forecast"


def test_other_long_tables_are_drawn_at_random() -> None:
    drawn = np.random.default_rng(0)
    table = pd.DataFrame({"a": drawn.normal(size=4_000), "b": drawn.normal(size=4_000), "y": drawn.normal(size=4_000)})

    goal, _, rows = inspected(table)
    assert (goal, rows.max() > 3_000) == ("regression", True)

    goal, _, rows = inspected(table.assign(seen=drawn.permutation(long()["time"].to_numpy())).drop(columns=["a", "b"]))
    assert (goal, rows.max() > 3_000) == ("regression", True)
