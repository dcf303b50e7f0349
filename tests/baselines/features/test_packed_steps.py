"""The steps of a wide table are stored in little room, and are the same when they come back."""

import copy
import json

import numpy as np
import pandas as pd
import pytest
from series_made import series_made

from automl.baselines.features import packed_steps
from automl.baselines.features.columns import NUMBER_STEPS, TableFeatures
from automl.records import Column, Dataset, Task


def table(n_numbers, n_rows=30):
    draw = np.random.default_rng(0)
    values = draw.normal(size=(n_rows, n_numbers))
    values[::7, ::5] = np.nan
    frame = pd.DataFrame(values, columns=[f"g{i}" for i in range(n_numbers)])
    frame["order"] = pd.Series(["a", "b", "c"] * (n_rows // 3), dtype=object)
    columns = [Column(name, "numeric", 1.0, "") for name in frame.columns[:-1]]
    columns.append(Column("order", "categorical", 1.0, ""))
    task = Task("tabular", "binary", ("y",), "roc_auc", classes=("no", "yes"), columns=tuple(columns))
    return Dataset("wide", frame), task, (values[:, 0] > 0).astype(np.int64)


@pytest.mark.parametrize("style", ["linear", "trees"])
@pytest.mark.parametrize("n_numbers", [10, packed_steps.LEAST])
def test_what_was_stored_predicts_the_same(style, n_numbers):
    dataset, task, truth = table(n_numbers)
    rows = np.arange(dataset.n_rows)
    features = TableFeatures(task, style)
    features.fit(dataset, rows, truth, None)
    again = copy.deepcopy(features)
    assert list(again.plan) == list(features.plan) and again.kinds == features.kinds
    assert again.categories == features.categories
    np.testing.assert_array_equal(again.transform(dataset, rows), features.transform(dataset, rows))
    assert isinstance(features.__getstate__()["kinds"], str) == (n_numbers >= packed_steps.LEAST)


def test_a_column_may_be_called_as_a_part_of_what_is_stored():
    kinds = {f"g{i}": "numeric" for i in range(packed_steps.LEAST)} | {"order": "categorical"}
    plan = {name: NUMBER_STEPS[i % 2] for i, name in enumerate(list(kinds)[:-1])} | {"order": {"kind": "codes"}}
    state = {"kinds": kinds, "plan": plan, "categories": [False, True], "seed": 0}
    packed = packed_steps.packed(state, NUMBER_STEPS)
    assert packed_steps.unpacked(packed, NUMBER_STEPS) == state and len(packed["plan"]["others"]) == 1


@pytest.mark.parametrize("change", [
    {"kinds": "[]"}, {"kinds": '{"a": 1}'}, {"plan": {"order": '[["a", 2]]', "others": {}}},
    {"plan": {"order": '[["a", null]]', "others": {}}}, {"plan": {"order": '[["a", true]]', "others": {}}},
    {"plan": {"order": '{"a": 0}', "others": {}}},
])  # fmt: skip
def test_texts_that_say_something_else_are_refused(change):
    state = {"kinds": json.dumps({"a": "numeric"}), "plan": {"order": '[["a", 0]]', "others": {}}, "categories": []}
    assert packed_steps.unpacked(state, NUMBER_STEPS)["plan"] == {"a": NUMBER_STEPS[0]}
    with pytest.raises(ValueError, match="of its columns"):
        packed_steps.unpacked({**state, **change}, NUMBER_STEPS)


def test_columns_of_numbers_are_fitted_and_read_without_a_series_for_each():
    def count(n):
        dataset, task, truth = table(n)
        rows, features = np.arange(dataset.n_rows), TableFeatures(task, "linear")
        made = series_made(lambda: features.fit(dataset, rows, truth, None))
        return made, series_made(lambda: features.transform(dataset, rows))

    few, many = count(100), count(700)
    assert many[0] <= few[0] + 10 and many[1] <= few[1] + 10


def test_blocks_and_single_columns_make_the_same_matrix(monkeypatch):
    from automl.baselines.features import number_columns

    dataset, task, truth = table(60)
    dataset.inputs["g3"] = np.tile([0.0, 1.0, np.inf], 10)
    dataset.inputs["g4"] = np.nan
    rows, weight = np.arange(dataset.n_rows), np.where(np.arange(dataset.n_rows) % 4, 1.0, 0.0)
    for style, given in (("linear", None), ("linear", weight), ("trees", weight)):
        made = []
        for least in (1, 10**6):
            monkeypatch.setattr(number_columns, "FEW_COLUMNS", least)
            features = TableFeatures(task, style, quantiles=style == "linear")
            made.append((features.fit(dataset, rows, truth, given), features.transform(dataset, rows[::2]), features))
        for quick, slow in zip(made[0][:2], made[1][:2], strict=True):
            np.testing.assert_array_equal(quick, slow)
        assert repr(made[0][2].plan) == repr(made[1][2].plan) and made[0][2].categories == made[1][2].categories
