"""Findings name rows as the user's file counts them, whatever was left out before."""

from __future__ import annotations

import numpy as np
import pandas as pd

from automl.detect import detect, survey
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


def told(frame: pd.DataFrame, numbers: np.ndarray | None = None, **options: object) -> dict[str, Finding]:
    raw = Dataset("d.csv", frame.drop(columns="y"), frame[["y"]], row_numbers=numbers)
    dataset, _ = detect(raw, Recipe(data=None, target=("y",), **options))  # type: ignore[arg-type]
    return {f.check: f for f in dataset.findings}


def test_rows_without_a_target_do_not_shift_the_rows_of_other_findings() -> None:
    frame = table()
    frame.loc[:99, "y"] = None
    found = told(frame)
    assert found["missing_target"].rows[:3] == (0, 1, 2)
    assert found["mixed_types"].rows == (150,)
    assert found["stand_in_numbers"].rows == tuple(range(160, 180))
    assert found["duplicate_rows"].rows == (201,)


def test_rows_of_a_sample_are_told_by_their_place_in_the_file() -> None:
    frame = table()
    frame.loc[10, "y"] = None
    found = told(frame, numbers=np.arange(N) * 10 + 7)
    assert found["missing_target"].rows == (107,)
    assert found["mixed_types"].rows == (1507,)
    assert found["duplicate_rows"].rows == (2017,)


def test_rows_without_a_time_do_not_shift_the_others() -> None:
    frame = table()
    frame["at"] = pd.date_range("2020-01-01", periods=N).astype(str)
    frame.loc[:19, "at"] = None
    frame.loc[:9, "y"] = None
    found = told(frame, time_column="at")
    assert found["missing_time"].rows == tuple(range(10, 20))
    assert found["mixed_types"].rows == (150,)


def test_a_table_without_a_target_names_rows_of_the_file_too() -> None:
    raw = Dataset("d.csv", table(), None, row_numbers=np.arange(N) + 1000)
    found = {f.check: f for f in survey(raw, Recipe(data=None))[2]}
    assert found["mixed_types"].rows == (1150,)
    assert found["duplicate_rows"].rows == (1201,)
