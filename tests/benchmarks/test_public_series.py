"""The catalog of public series is whole, and dates in each of its forms become days."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from benchmark_scripts import benchmark, require_benchmark

require_benchmark("public_series")


@pytest.fixture
def public():
    with benchmark("public_series") as module:
        yield module


def test_the_catalog_has_ten_series(public):
    found = public.entries()
    assert len({entry["name"] for entry in found}) == len({(e["package"], e["file"]) for e in found}) == 10
    assert all(len(entry["sha256"]) == 64 and entry["n_rows"] > 10 * entry["horizon"] for entry in found)
    assert [entry["name"] for entry in public.entries("lynx")] == ["lynx"]


@pytest.mark.parametrize(
    ("dates", "cells", "expected"),
    [
        ({"stamp": "a", "format": "%Y%m%d"}, {"a": ["19580329"]}, "1958-03-29"),
        ({"year": "a", "quarter": "b"}, {"a": ["1959"], "b": ["3"]}, "1959-07-01"),
        ({"decimal": "a", "periods": 12}, {"a": ["1920.91666666667"]}, "1920-12-01"),
        ({"decimal": "a", "periods": 4}, {"a": ["1960.75"]}, "1960-10-01"),
        ({"decimal": "a", "periods": 1}, {"a": ["1821"]}, "1821-01-01"),
    ],
)
def test_dates_become_the_first_days_of_their_periods(public, dates, cells, expected):
    found, columns = public.days(pd.DataFrame(cells), dates)
    assert found.tolist() == [expected] and columns == list(cells)


def test_the_last_rows_of_a_series_are_test_rows(public, tmp_path: Path):
    text = '"","time","y"\n' + "".join(f'"{i}",{1900 + i},{i}\n' for i in range(30))
    (tmp_path / "toys").mkdir()
    (tmp_path / "toys" / "a.csv").write_text(text)
    entry = {"name": "toy", "registry": "PyPI", "package": "toys", "version": "1", "file": "a.csv",
             "sha256": hashlib.sha256(text.encode()).hexdigest(), "dates": {"decimal": "time", "periods": 1},
             "target": "y", "horizon": 5, "season": 1, "n_rows": 30, "n_columns": 0}  # fmt: skip
    public.write(tmp_path, tmp_path / "out", [entry])
    (told,) = json.loads((tmp_path / "out" / "catalog.json").read_text())
    marks = np.load(tmp_path / "out" / "splits" / "toy.npy")
    assert (told["task"], told["date"], told["horizon"]) == ("forecast", "date", 5)
    assert marks.tolist() == [0] * 20 + [1] * 10
    assert pd.read_csv(tmp_path / "out" / "toy.csv.gz").columns.tolist() == ["date", "y"]
