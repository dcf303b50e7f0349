"""The columns of a frame as arrays: the same values as series by series, without a series for each."""

import numpy as np
import pandas as pd
import pytest
from series_made import series_made

from automl import frame_columns
from automl.frame_columns import number_blocks, numpy_kinds, values_of


def frame(n_columns=40, n_rows=12):
    draw = np.random.default_rng(0)
    made = {
        "f": lambda: draw.normal(size=n_rows), "i": lambda: draw.integers(0, 9, n_rows),
        "s": lambda: draw.normal(size=n_rows).astype(np.float32), "b": lambda: draw.random(n_rows) < 0.5,
        "t": lambda: pd.date_range("2024-01-01", periods=n_rows).to_numpy(), "o": lambda: ["a", None] * (n_rows // 2),
        "c": lambda: pd.Categorical(["x", "y"] * (n_rows // 2)),
    }  # fmt: skip
    return pd.DataFrame({f"{kind}{i}": make() for i in range(n_columns // 7 + 1) for kind, make in made.items()})


@pytest.mark.parametrize("kinds", ["biuf", "fM", "O"])
@pytest.mark.parametrize("cells", [24, 2_000_000])
def test_each_column_comes_in_its_order_as_it_is(monkeypatch, kinds, cells):
    monkeypatch.setattr(frame_columns, "BLOCK_CELLS", cells)
    table = frame()
    found = list(values_of(table, kinds))
    assert [name for name, _ in found] == list(table.columns)
    for (name, values), kind in zip(found, numpy_kinds(table), strict=True):
        assert isinstance(values, np.ndarray) == (kind != "" and kind in kinds)
        expected = table[name].to_numpy() if isinstance(values, np.ndarray) else table[name]
        if isinstance(values, np.ndarray):
            assert values.dtype == expected.dtype and pd.Series(values).equals(pd.Series(expected))
        else:
            assert values.equals(expected)


def test_columns_of_one_name_are_both_there():
    table = pd.DataFrame(np.arange(60.0).reshape(3, 20), columns=["a", "a", *"bcdefghijklmnopqrs"])
    assert [values.tolist() for _, values in values_of(table)] == table.to_numpy().T.tolist()


@pytest.mark.parametrize("cells", [1, 30, 2_000_000])
def test_blocks_hold_the_numbers_of_some_rows(monkeypatch, cells):
    monkeypatch.setattr(frame_columns, "BLOCK_CELLS", cells)
    table, rows = frame(), np.array([3, 1, 7])
    names = [name for name, kind in zip(table.columns, numpy_kinds(table), strict=True) if kind and kind in "biuf"][
        ::-1
    ]
    found = {name: values for own, block in number_blocks(table, names, rows)
             for name, values in zip(own, block.T, strict=True)}  # fmt: skip
    assert list(found) == names
    for name, values in found.items():
        assert values.dtype == np.float64 and values.tolist() == table[name].to_numpy(np.float64)[rows].tolist()
    assert list(number_blocks(table, [])) == []


def test_blocks_are_fresh():
    table = pd.DataFrame(np.zeros((4, 30)), columns=[f"x{i}" for i in range(30)])
    for _, block in number_blocks(table, list(table.columns)):
        block[:] = 1.0
    assert not table.to_numpy().any()


def test_no_series_is_made_for_a_column_of_numbers():
    narrow, wide = (pd.DataFrame(np.zeros((4, n)), columns=[f"x{i}" for i in range(n)]) for n in (50, 500))
    assert series_made(lambda: list(values_of(wide))) <= series_made(lambda: list(values_of(narrow)))
    assert series_made(lambda: [wide[name] for name in wide]) >= 500  # that such are counted
