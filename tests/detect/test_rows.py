"""Findings name rows as the user's file counts them, whatever was left out before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

import automl
from automl.detect import detect, survey
from automl.intake import load
from automl.recipe import make
from automl.records import Dataset, Finding, Recipe

N = 300


def table() -> pd.DataFrame:
    """Numbers of which row 150 is a word, rows 160 to 179 stand for a gap, and row 201 is row 200 again."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.normal(20, 4, N).round(3), "age": rng.integers(18, 80, N).astype(float)})
    frame["size"] = frame["size"].astype(str)
    frame.loc[150, "size"] = "oops"
    frame.loc[160:179, "age"] = -999
    frame["y"] = rng.choice(["s", "t"], N)
    frame.loc[201] = frame.loc[200]
    return frame


def said(frame: pd.DataFrame, numbers: np.ndarray | None = None, **options: object) -> dict[str, Finding]:
    raw = Dataset("d.csv", frame.drop(columns="y"), frame[["y"]], row_numbers=numbers)
    dataset, _ = detect(raw, Recipe(data=None, target=("y",), **options))
    return {f.check: f for f in dataset.findings}


def test_rows_without_a_target_do_not_shift_the_rows_of_other_findings() -> None:
    frame = table()
    frame.loc[:99, "y"] = None
    found = said(frame)
    assert found["missing_target"].rows[:3] == (0, 1, 2)
    assert found["mixed_types"].rows == (150,)
    assert found["stand_in_numbers"].rows == tuple(range(160, 180))
    assert found["duplicate_rows"].rows == (201,)


def test_rows_of_a_sample_are_told_by_their_place_in_the_file() -> None:
    frame = table()
    frame.loc[10, "y"] = None
    found = said(frame, numbers=np.arange(N) * 10 + 7)
    assert found["missing_target"].rows == (107,)
    assert found["mixed_types"].rows == (1507,)
    assert found["duplicate_rows"].rows == (2017,)


def test_rows_without_a_time_do_not_shift_the_others() -> None:
    frame = table()
    frame["at"] = pd.date_range("2020-01-01", periods=N).astype(str)
    frame.loc[:19, "at"] = None
    frame.loc[:9, "y"] = None
    found = said(frame, time_column="at")
    assert found["missing_time"].rows == tuple(range(10, 20))
    assert found["mixed_types"].rows == (150,)


def test_a_table_without_a_target_names_rows_of_the_file_too() -> None:
    raw = Dataset("d.csv", table(), None, row_numbers=np.arange(N) + 1000)
    found = {f.check: f for f in survey(raw, Recipe(data=None))[3]}
    assert found["mixed_types"].rows == (1150,)
    assert found["duplicate_rows"].rows == (1201,)


def test_rows_of_test_data_of_ones_own_are_told_apart() -> None:
    train, test = table(), table().iloc[:50].assign(y="s")
    train.loc[7, "size"], test.loc[3, "size"] = "oops", "oops"
    for target in ("y", None):
        seen = automl.inspect(train.drop(150), target, test=test)
        said = {f.check: f for f in seen.findings}["mixed_types"]
        assert said.rows == (7, 302) and said.test_from == 299
        assert "Row" in str(seen) and "7; row 3 of the test data" in str(seen)
        assert all(f.test_from == 299 for f in seen.findings if any(row >= 299 for row in f.rows))


def test_no_row_of_the_training_file_is_taken_for_one_of_the_test_file(tmp_path: Path) -> None:
    """The last row of the training file is left out, so that its last number is not that of the last row read."""
    lines = ["a,y", *(f"{i},{'st'[i % 2]}" for i in range(5)), "1,2,3"]
    (tmp_path / "train.csv").write_text("\n".join(lines))
    (tmp_path / "test.csv").write_text("\n".join(lines))
    dataset = load(make(data=tmp_path / "train.csv", target="y", test=tmp_path / "test.csv"))
    assert dataset.test_from == 6 and dataset.row_numbers is not None
    assert dataset.row_numbers.tolist() == [0, 1, 2, 3, 4, 6, 7, 8, 9, 10]
    assert [f.rows for f in dataset.findings if f.check == "ragged_rows"] == [(5,), (11,)]
