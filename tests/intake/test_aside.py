"""Sensitive columns travel beside the inputs by row number, may be dropped, and are read by no encoder and no model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import automl
from automl.detect.rows import take
from automl.errors import DataError
from automl.flow.prepare import prepare
from automl.intake import load
from automl.records import Recipe

PACKAGE = Path(automl.__file__).parent


def people(n: int = 80) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": rng.normal(40, 10, n).round(1),
            "region": rng.choice(["north", "south"], n),
            "income": rng.normal(size=n).round(3),
            "paid": rng.choice(["yes", "no"], n),
        }
    )


def test_a_dropped_sensitive_column_is_no_input_but_stays_at_hand_for_each_row() -> None:
    frame = people()
    dataset = load(Recipe(frame, target=("paid",), drop=("region",), sensitive=("region", "age")))
    assert list(dataset.inputs.columns) == ["age", "income"]
    rows = np.array([5, 2, 70])
    found = dataset.aside_of(rows)
    assert found is not None and list(found.columns) == ["region", "age"]
    assert found["region"].tolist() == frame["region"].iloc[rows].tolist()


def test_rows_that_are_left_out_or_reordered_keep_their_cells() -> None:
    frame = people()
    frame.loc[[3, 9], "paid"] = None
    made = prepare(Recipe(frame, target=("paid",), drop=("region",), sensitive=("region",)))
    dataset = made.dataset
    assert dataset.n_rows == 78
    found = dataset.aside_of(np.arange(78))
    assert found is not None
    assert found["region"].tolist() == frame["region"].drop(index=[3, 9]).tolist()
    turned = take(dataset, np.arange(78)[::-1]).aside_of(np.array([0]))
    assert turned is not None and turned["region"].tolist() == [frame["region"].iloc[-1]]


def test_cells_of_the_users_own_test_rows_follow(tmp_path: Path) -> None:
    frame = people()
    frame[:60].to_csv(tmp_path / "train.csv", index=False)
    frame[60:].to_csv(tmp_path / "test.csv", index=False)
    dataset = load(
        Recipe(str(tmp_path / "train.csv"), target=("paid",), test=str(tmp_path / "test.csv"), drop=("region",),
               sensitive=("region",))
    )  # fmt: skip
    found = dataset.aside_of(np.arange(80))
    assert found is not None and found["region"].tolist() == frame["region"].tolist()
    frame[60:].drop(columns="region").to_csv(tmp_path / "test.csv", index=False)
    with pytest.raises(DataError, match=r"sensitive: 'region' is not a column of the test data"):
        load(
            Recipe(str(tmp_path / "train.csv"), target=("paid",), test=str(tmp_path / "test.csv"), drop=("region",),
                   sensitive=("region",))
        )  # fmt: skip


def test_names_that_cannot_be_sensitive_are_refused_in_words() -> None:
    with pytest.raises(DataError, match=r"sensitive: 'regoin' is not a column.*did you mean 'region'"):
        load(Recipe(people(), target=("paid",), sensitive=("regoin",)))
    with pytest.raises(DataError, match="sensitive: 'paid' is the target"):
        load(Recipe(people(), target=("paid",), sensitive=("paid",)))
    pictures = {"X": np.zeros((30, 8, 8), np.uint8), "y": np.arange(30) % 2}
    with pytest.raises(DataError, match="sensitive='age' names a column, but"):
        load(Recipe(pictures, sensitive=("age",)))


def test_a_run_is_the_same_with_and_without_sensitive_columns() -> None:
    frame = people()
    one = prepare(Recipe(frame, target=("paid",), drop=("region",)))
    other = prepare(Recipe(frame, target=("paid",), drop=("region",), sensitive=("region",)))
    assert one.dataset.fingerprint == other.dataset.fingerprint
    assert one.task == other.task and np.array_equal(one.split.test, other.split.test)


def test_nothing_that_learns_reads_them() -> None:
    readers = [
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if ".aside" in path.read_text("utf-8") or "aside_of(" in path.read_text("utf-8")
    ]
    assert all(name.startswith(("analyses/", "records/", "intake/")) for name in readers), readers
