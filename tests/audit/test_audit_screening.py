"""Wide tables: every column is compared with the target, and the cost does not grow with all of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.audit import screening
from automl.audit.leakage import copied_target, leaking_column
from automl.audit.univariate import skill
from automl.audit.view import MOST_COLUMNS, Target, View
from automl.detect import detect
from automl.records import Column, Dataset, Recipe, Split


def wide(rng, n, p, **more):
    frame = pd.DataFrame(rng.normal(size=(n, p)), columns=[f"g{i}" for i in range(p)])
    return frame.assign(**more)


def seen(frame, target, **options):
    """A view whose columns are numbers; detection of thousands of them would take long."""
    few = frame.iloc[:, :2]
    dataset, task = detect(Dataset("d", few, pd.DataFrame({"y": target})), Recipe(None, ("y",), **options))
    kinds = {"f": "numeric", "M": "datetime", "O": "categorical"}
    columns = tuple(Column(str(c), kinds[frame[c].dtype.kind], 1.0, "") for c in frame)
    rows = np.arange(len(frame))
    parts = Split(rows[rows % 5 < 3], rows[rows % 5 == 3], rows[rows % 5 == 4], "row", rows[rows % 5 == 4], "", 0)
    return View(
        Dataset("d", frame, dataset.target),
        type(task)(**{name: getattr(task, name) for name in task.__slots__} | {"columns": columns}), parts,
    )  # fmt: skip


@pytest.mark.parametrize("n_classes", [0, 2, 5])
def test_skills_of_many_columns_are_those_of_each(rng, n_classes):
    codes = rng.integers(0, 9, (300, 30))
    values = rng.normal(size=300) if n_classes == 0 else rng.integers(0, n_classes, 300)
    each = [skill(codes[:, i], values, n_classes) for i in range(30)]
    np.testing.assert_allclose(screening.skills_at_once(codes, values, n_classes), each, atol=1e-12)


def test_bins_are_equally_filled_and_keep_equal_numbers_together(rng):
    block = np.column_stack(
        [rng.normal(size=96), np.repeat([3.0, 1.0, 2.0], 32), np.where(np.arange(96) % 2, np.nan, 7)]
    )
    bins = screening.bins_at_once(block)
    assert (np.bincount(bins[:, 0]) == 8).all()
    assert len(np.unique(bins[:32, 1])) == 1 and len(np.unique(bins[:, 1])) == 3
    assert set(bins[1::2, 2]) == {12} and set(bins[::2, 2]) == {0}


@pytest.mark.parametrize("form", ["copy", "classes", "numbers", "words"])
def test_a_leak_far_behind_is_found(rng, form):
    n, p = 100, MOST_COLUMNS + 500
    frame = wide(rng, n, p)
    amount = frame["g3"] + rng.normal(size=n)
    label = pd.Series(np.where(amount > 0, "yes", "no"))
    bad = {
        "copy": label.to_numpy(object), "classes": (amount > 0) + 0.05 * rng.normal(size=n),
        "numbers": amount + 0.02 * rng.normal(size=n),
        "words": np.where(rng.random(n) < 0.03, "u", label.to_numpy(object)),
    }[form]  # fmt: skip
    frame["bad"] = bad
    view = seen(frame, amount if form == "numbers" else label)

    found = (copied_target if form == "copy" else leaking_column)(view)

    assert found is not None and "bad" in found.columns and len(view.columns) == MOST_COLUMNS


def test_thousands_of_columns_of_chance_hold_no_leak(rng):
    for n in (24, 62):
        frame, label = wide(rng, n, MOST_COLUMNS + 2_000), pd.Series(np.tile(["yes", "no"], n // 2))
        view = seen(frame, label)
        assert leaking_column(view) is None and view.screening.chance > 0


def test_persons_and_dates_of_a_wide_table_are_looked_at(rng):
    n = 60
    more = {"patient": rng.choice(["a", "b"], n).astype(object), "seen on": pd.date_range("2020-01-01", periods=n)}
    view = seen(wide(rng, n, MOST_COLUMNS + 50, **more), pd.Series(np.tile(["yes", "no"], n // 2)))
    assert {"patient", "seen on"} <= {column.name for column in view.columns}


def test_the_cells_that_are_compared_are_bounded(rng, monkeypatch):
    counted = []
    real = screening.skills_at_once
    monkeypatch.setattr(
        screening, "skills_at_once", lambda codes, *more: counted.append(codes.size) or real(codes, *more)
    )
    monkeypatch.setattr(screening, "CELLS", 100_000)
    n, p = 2_000, 1_200
    frame = wide(rng, n, p)
    columns = [Column(str(c), "numeric", 1.0, "") for c in frame]
    target = Target("y", rng.integers(0, 2, n), 2)
    screening.screened(frame, columns, [target], np.arange(n), 1_000, ())
    assert sum(counted) <= 2 * 100_000  # once more for the shuffled target
