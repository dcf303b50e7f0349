"""Ordered categories keep their order on every way in; frames of derived classes and of other libraries are frames."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from automl.detect import detect
from automl.intake import load
from automl.records import Recipe

LEVELS = ["cold", "warm", "hot"]
RNG = np.random.default_rng(0)
X = RNG.normal(size=120)
HEAT = [LEVELS[i] for i in np.digitize(X, [-0.5, 0.5])]
FRAME = pd.DataFrame({"x": X, "before": HEAT[::-1], "heat": HEAT})
FRAME[["before", "heat"]] = FRAME[["before", "heat"]].astype(pd.CategoricalDtype(LEVELS, ordered=True))


class Derived(pd.DataFrame):
    """As other libraries derive theirs."""

    @property
    def _constructor(self):
        return Derived


class DerivedSeries(pd.Series):
    @property
    def _constructor(self):
        return DerivedSeries


class DerivedPolars(pl.DataFrame):
    pass


class Foreign:
    """A frame of a library that converts to pandas, and that NumPy takes for an array."""

    def __init__(self, frame):
        self.frame = frame

    @property
    def columns(self):
        return self.frame.columns

    def to_pandas(self):
        return self.frame

    def __array__(self, *_, **__):
        return self.frame.to_numpy()


POLARS = pl.DataFrame(
    {
        "x": X,
        "before": pl.Series(HEAT[::-1], dtype=pl.Enum(LEVELS)),
        "heat": pl.Series(HEAT, dtype=pl.Enum(LEVELS)),
    }
)
IN_MEMORY = {
    "pandas": FRAME, "derived": Derived(FRAME), "foreign": Foreign(FRAME), "polars": POLARS, "lazy": POLARS.lazy(),
    "derived polars": DerivedPolars(POLARS), "arrow": pa.Table.from_pandas(FRAME),
    "a batch": pa.RecordBatch.from_pandas(FRAME),
}  # fmt: skip


def task_of(recipe):
    return detect(load(recipe), recipe)[1]


def check(task):
    assert task.classes == tuple(LEVELS) and task.ordered
    assert [column.name for column in task.columns][:1] in (["x"], ["x0"])


@pytest.mark.parametrize("data", IN_MEMORY.values(), ids=IN_MEMORY)
def test_the_order_of_categories_and_the_names_of_columns_stay(data):
    task = task_of(Recipe(data=data, target=("heat",)))
    check(task)
    assert task.columns[1].evidence == "stored as ordered categories: 'cold' < 'warm' < 'hot'"


@pytest.mark.parametrize("name", ["t.parquet", "t.feather", "polars.parquet"])
def test_the_order_of_categories_stays_in_files(tmp_path, name):
    path = tmp_path / name
    if name.startswith("polars"):
        POLARS.write_parquet(path)
    else:
        FRAME.to_parquet(path, row_group_size=50) if name.endswith("parquet") else FRAME.to_feather(path)
    check(task_of(Recipe(data=path, target=("heat",))))


def test_the_order_stays_where_parquet_is_streamed(tmp_path):
    pd.concat([FRAME] * 200).to_parquet(tmp_path / "t.parquet", row_group_size=500, index=False)
    recipe = Recipe(data=tmp_path / "t.parquet", target=("heat",))
    check(detect(load(recipe, most_rows=1_000), recipe)[1])


@pytest.mark.parametrize(
    "y", [FRAME["heat"], DerivedSeries(FRAME["heat"]), POLARS["heat"]], ids=["pandas", "own", "polars"]
)
def test_the_order_of_a_separate_target_stays(y):
    check(task_of(Recipe(data=(FRAME[["x"]], y))))


@pytest.mark.parametrize("theirs", [str, lambda column: column.cat.remove_unused_categories()], ids=["texts", "fewer"])
def test_test_rows_do_not_undo_the_order(theirs):
    test = FRAME.iloc[90:].copy()
    test["heat"] = test["heat"].astype(str) if theirs is str else theirs(test["heat"])
    check(task_of(Recipe(data=FRAME.iloc[:90], test=test, target=("heat",))))


def test_declared_numbers_keep_the_declared_order_as_a_target():
    heat = pd.Categorical(np.resize([1, 2, 3], 60), categories=[3, 1, 2], ordered=True)
    task = task_of(Recipe(data=pd.DataFrame({"x": X[:60], "y": heat}), target=("y",)))
    assert task.classes == ("3", "1", "2") and task.ordered


@pytest.mark.parametrize(("order", "kind"), [([1.5, 2.5, 3.5], "numeric"), ([3.5, 1.5, 2.5], "categorical")])
def test_numbers_in_their_own_order_stay_numbers_as_inputs(order, kind):
    grade = pd.Categorical(np.resize([1.5, 2.5, 3.5], 60), categories=order, ordered=True)
    task = task_of(Recipe(data=pd.DataFrame({"grade": grade, "y": X[:60]}), target=("y",)))
    assert task.columns[0].kind == kind


def test_order_is_part_of_nothing_that_identifies_the_rows():
    plain = FRAME.astype({"before": str, "heat": str})
    assert load(Recipe(data=FRAME)).fingerprint == load(Recipe(data=plain)).fingerprint
