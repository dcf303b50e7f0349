"""Target, weight, group and label columns; the user's own test rows."""

import numpy as np
import pandas as pd
import pytest

from automl.errors import DataError
from automl.intake import load
from automl.records import Recipe

FRAME = pd.DataFrame(
    {
        "a": [1, 2, 3, 4],
        "who": ["x", "x", "y", None],
        "w": [1.0, 2.0, 0.0, 1.0],
        "day": pd.date_range("2020", periods=4),
        "y": [0, 1, 0, 1],
    }
)


def read(data=FRAME, target=("y",), **more):
    return load(Recipe(data=data, target=target, **more))


def test_weight_and_group_columns_leave_the_inputs():
    dataset = read(weight="w", group="who")
    assert list(dataset.inputs.columns) == ["a", "day"]
    assert dataset.weight.dtype == np.float64 and dataset.weight.tolist() == [1, 2, 0, 1]
    assert dataset.groups.tolist() == ["x", "x", "y", "(missing)"]
    assert [finding.check for finding in dataset.findings] == ["missing_groups"]


def test_time_and_series_stay_inputs_even_where_they_are_the_group():
    dataset = read(time_column="day", series="who", group="who")
    assert {"day", "who"} <= set(dataset.inputs.columns) and dataset.groups is not None


def test_a_label_is_kept_as_target_only_where_there_is_none():
    assert list(read(target=(), label="y").target.columns) == ["y"]
    both = read(target=("a",), label="y")
    assert list(both.target.columns) == ["a"] and "y" not in both.inputs


def test_no_target_is_no_error():
    assert read(target=()).target is None


def test_several_targets_come_in_the_order_asked():
    assert list(read(target=("y", "a")).target.columns) == ["y", "a"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"target": ("Y ",)}, r"target 'Y ' is not a column of the data.*did you mean 'y'"),
        ({"weight": "weigth"}, r"weight 'weigth' is not a column"),
        ({"group": "whom"}, r"group 'whom' is not a column.*did you mean 'who'"),
        ({"series": "s"}, r"series 's' is not a column"),
        ({"time_column": "days"}, r"time column 'days'.*did you mean 'day'"),
        ({"label": "lab"}, r"label 'lab' is not a column"),
        ({"columns": {"aa": "numeric"}}, r"column 'aa' is not a column"),
        ({"group": "y"}, r"'y' is named both as target and as group"),
    ],
)
def test_a_name_that_is_not_there_is_named_with_its_nearest(more, words):
    with pytest.raises(DataError, match=words):
        read(**more)


@pytest.mark.parametrize(
    ("weight", "words"),
    [
        ([1, -1, 1, 1], r"1 weights are negative.*-1 in row 1"),
        ([1, np.nan, 1, 1], r"nan in row 1"),
        ([1, 2], r"shape \(2,\): expected one number a row, \(4,\)"),
        ([0, 0, 0, 0], r"all weights are 0"),
        ("who", r"weights must be numbers"),
        ([[1], [1, 2], [1], [1]], r"weights must be numbers"),
        ([10**400, 1, 1, 1], r"weights must be numbers"),
        (np.arange(4).astype("M8[D]"), r"weights must be numbers \(they are of type datetime64"),
        (np.arange(4).astype("m8[s]"), r"weights must be numbers \(they are of type timedelta64"),
        (np.ones(4, dtype=[("w", "f8")]), r"weights must be numbers"),
        (np.arange(4) + 1j, r"weights must be numbers"),
    ],
)
def test_weights_that_mean_nothing_are_refused(weight, words):
    with pytest.raises(DataError, match=words):
        read(weight=weight)


@pytest.mark.parametrize("weight", [["1", "2", "0", "1"], np.array([True, True, False, True]), pd.array([1, 2, 0, 1])])
def test_weights_of_any_numbers_are_taken(weight):
    assert (read(weight=weight).weight > 0).tolist() == [True, True, False, True]


def test_an_array_has_no_columns_to_name():
    with pytest.raises(DataError, match=r"group='who' names a column, but the data is an array"):
        read((np.zeros((4, 8, 8)), [0, 1, 0, 1]), (), group="who")


def test_test_rows_are_appended_and_marked():
    dataset = read(test=FRAME.iloc[[1]].assign(more=1), weight="w")
    assert dataset.given.tolist() == [False] * 4 + [True]
    assert dataset.row_numbers.tolist() == [0, 1, 2, 3, 4] and dataset.test_from == 4
    assert dataset.target["y"].tolist() == [0, 1, 0, 1, 1]
    assert list(dataset.inputs.columns) == ["a", "who", "day"]
    assert [(f.check, f.columns) for f in dataset.findings] == [("extra_columns", ("more",))]


def test_test_rows_read_from_a_file_keep_the_training_types(tmp_path):
    (tmp_path / "train.csv").write_text("plz,y\n00123,1\n10115,0\n")
    (tmp_path / "test.csv").write_text("y,plz\n1,10117\n")
    dataset = read(tmp_path / "train.csv", test=tmp_path / "test.csv")
    assert dataset.inputs["plz"].tolist() == ["00123", "10115", "10117"]


def test_test_rows_that_lack_columns_are_refused_by_name():
    with pytest.raises(DataError, match=r"^the test data lacks 'who', 'y' of the data; it has 'a', 'w', 'day'"):
        read(test=FRAME[["a", "w", "day"]])


def test_test_arrays_must_agree_in_shape():
    train = (np.zeros((4, 8, 8)), [0, 1, 0, 1])
    assert read(train, (), test=(np.zeros((2, 8, 8)), [0, 1])).inputs.shape == (6, 8, 8)
    with pytest.raises(DataError, match=r"rows of the data have shape \(8, 8\), those of the test data \(9, 9\)"):
        read(train, (), test=(np.zeros((2, 9, 9)), [0, 1]))
    with pytest.raises(DataError, match=r"must both come with targets"):
        read(train, (), test=np.zeros((2, 8, 8)))
    with pytest.raises(DataError, match=r"differ in form"):
        read(train, (), test=FRAME)


def test_weights_of_training_rows_alone_count_test_rows_as_one():
    dataset = read(test=FRAME.iloc[:1], weight=[2, 2, 2, 2])
    assert dataset.weight.tolist() == [2, 2, 2, 2, 1]
