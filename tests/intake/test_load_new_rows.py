"""Rows to predict, held against the task a model was trained for."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from PIL import Image

from automl import intake, modalities
from automl.errors import DataError
from automl.records import Column, Task


def task(modality="tabular", goal="binary", target=("y",), columns=(), **more):
    made = tuple(Column(name, kind, 1.0, "") for name, kind in columns)
    return Task(modality, goal, target, "roc_auc", columns=made, **more)


TABLE = task(columns=[("a", "numeric"), ("b", "categorical"), ("id", "identifier")])
TEXT = task("text", columns=[("review", "text")])
IMAGE = task("image", target=("class",), columns=[("path", "image_path")])
IMAGES = task("image")
SEQUENCE = task("sequence")
FORECAST = task(
    "sequence",
    "forecast",
    ("sales",),
    [("day", "datetime"), ("price", "numeric")],
    time_column="day",
    series_column="shop",
)


def new_rows(data, task, root=None):
    return intake.new_rows(data, task, modalities.named(task), root)


def checks(dataset):
    return [finding.check for finding in dataset.findings]


@pytest.mark.parametrize(
    "data",
    [
        {"a": 1, "b": "x"},
        [{"a": 1, "b": "x"}],
        {"a": [1], "b": ["x"]},
        pd.DataFrame({"a": [1], "b": ["x"]}, index=[7]),
        pd.DataFrame({"a": [1], "b": ["x"]}).iloc[0],
        pl.DataFrame({"a": [1], "b": ["x"]}),
    ],
    ids=["dict", "records", "columns", "pandas", "series", "polars"],
)
def test_one_row_comes_in_many_forms(data):
    dataset = new_rows(data, TABLE)
    assert dataset.inputs.to_dict("records") == [{"a": 1, "b": "x"}]
    assert dataset.target is None and dataset.findings == ()


def test_rows_of_a_file_are_read_and_their_target_parted_off(tmp_path):
    (tmp_path / "new.csv").write_text("y,b,a\n1,NA,1\n0,z,2\n")
    dataset = new_rows(tmp_path / "new.csv", TABLE)
    assert list(dataset.inputs.columns) == ["b", "a"]
    assert dataset.target["y"].tolist() == [1, 0]
    assert dataset.inputs["b"].tolist() == ["NA", "z"]
    assert dataset.root == str(tmp_path)
    assert new_rows(tmp_path / "new.csv", TABLE, root="/elsewhere").root == "/elsewhere"


def test_an_input_called_like_the_target_stays_an_input():
    dataset = new_rows(pd.DataFrame({"y": [1.0]}), task(columns=[("y", "numeric")]))
    assert list(dataset.inputs.columns) == ["y"] and dataset.target is None


def test_missing_and_extra_columns_are_reported_and_none_at_all_is_an_error():
    dataset = new_rows({"a": [1], "more": [2]}, TABLE)
    assert [(f.check, f.columns) for f in dataset.findings] == [
        ("missing_columns", ("b",)),
        ("extra_columns", ("more",)),
    ]
    assert list(dataset.inputs.columns) == ["a"]
    with pytest.raises(DataError, match=r"none of the 2 columns trained on \('a', 'b'\); it has 'c'"):
        new_rows({"c": [1]}, TABLE)


def test_no_rows_are_an_error():
    with pytest.raises(DataError, match=r"is empty"):
        new_rows(pd.DataFrame({"a": [], "b": []}), TABLE)


def test_flat_arrays_must_have_the_columns_trained_on():
    flat = task(columns=[("x0", "numeric"), ("x1", "constant"), ("x2", "numeric")])
    assert list(new_rows(np.zeros((2, 3)), flat).inputs.columns) == ["x0", "x1", "x2"]
    with pytest.raises(DataError, match=r"has 2 columns: expected 3"):
        new_rows(np.zeros((2, 2)), flat)
    named = new_rows(np.zeros((2, 3)), TABLE)
    assert list(named.inputs.columns) == ["a", "b", "id"] and checks(named) == ["unnamed_columns"]
    with pytest.raises(DataError, match=r"shape \(2, 3, 4\): expected a table of 3 columns"):
        new_rows(np.zeros((2, 3, 4)), TABLE)


@pytest.mark.parametrize(
    ("kind", "shape", "expected"),
    [
        (IMAGES, (2, 8, 8), (2, 8, 8)),
        (IMAGES, (2, 8, 8, 3), (2, 8, 8, 3)),
        (IMAGES, (8, 8), (1, 8, 8)),
        (IMAGES, (8, 8, 3), (1, 8, 8, 3)),
        (SEQUENCE, (2, 3, 30), (2, 3, 30)),
        (SEQUENCE, (3, 30), (1, 3, 30)),
    ],
)
def test_arrays_of_one_and_of_many_rows_are_taken(kind, shape, expected):
    assert new_rows(np.zeros(shape), kind).inputs.shape == expected


def test_arrays_of_other_dimensions_are_refused():
    with pytest.raises(DataError, match=r"shape \(2, 3, 4, 5\): expected \(n, channels, length\)"):
        new_rows(np.zeros((2, 3, 4, 5)), SEQUENCE)
    with pytest.raises(DataError, match=r"expected an array of shape \(n, height, width"):
        new_rows(pd.DataFrame({"a": ["x", "y"]}), IMAGES)


def test_npz_and_pairs_bring_their_targets(tmp_path):
    np.savez(tmp_path / "t.npz", X=np.zeros((2, 8, 8)), y=[1, 0])
    for data in (tmp_path / "t.npz", (np.zeros((2, 8, 8)), [1, 0])):
        dataset = new_rows(data, IMAGES)
        assert dataset.target["y"].tolist() == [1, 0]


def test_texts_come_alone_in_lists_in_files_and_in_folders(tmp_path):
    assert new_rows("a fine film, really", TEXT).inputs["review"].tolist() == ["a fine film, really"]
    assert new_rows(["one", "two 🎬"], TEXT).inputs["review"].tolist() == ["one", "two 🎬"]
    for name in ("1.txt", "2.txt"):
        (tmp_path / name).write_text(f"text of {name}, with a comma")
    assert new_rows(tmp_path, TEXT).inputs["review"].tolist()[1] == "text of 2.txt, with a comma"
    assert new_rows(tmp_path / "1.txt", TEXT).inputs["review"].tolist() == ["text of 1.txt, with a comma"]
    with pytest.raises(DataError, match=r"several texts a row \('t', 'u'\)"):
        new_rows(["one"], task("text", columns=[("t", "text"), ("u", "text")]))
    with pytest.raises(DataError, match=r"no file 'reviews.csv'"):
        new_rows(str(tmp_path / "reviews.csv"), TEXT)


def test_images_come_as_one_path_as_paths_and_as_folders(tmp_path):
    for name in ("a/1.png", "b/2.png"):
        (tmp_path / name).parent.mkdir()
        Image.new("L", (4, 4)).save(tmp_path / name)
    one = new_rows(tmp_path / "a" / "1.png", IMAGE)
    assert one.inputs["path"].tolist() == [str(tmp_path / "a" / "1.png")]
    assert new_rows(["a/1.png", "b/2.png"], IMAGE, root=str(tmp_path)).inputs["path"].tolist() == ["a/1.png", "b/2.png"]
    whole = new_rows(tmp_path, IMAGE)
    assert whole.inputs["path"].tolist() == ["a/1.png", "b/2.png"] and whole.target["class"].tolist() == ["a", "b"]
    flat = new_rows(str(tmp_path / "a"), IMAGE)
    assert flat.inputs["path"].tolist() == ["1.png"] and flat.root == str(tmp_path / "a")
    assert new_rows(np.zeros((2, 4, 4)), IMAGE).inputs.shape == (2, 4, 4)
    with pytest.raises(DataError, match=r"no file '3.png' in the folder"):
        new_rows(tmp_path / "3.png", IMAGE)


def test_forecast_rows_keep_time_and_series_and_need_them():
    frame = pd.DataFrame({"day": ["2020-01-01"], "shop": ["s"], "price": [1.0], "sales": [3.0]})
    dataset = new_rows(frame, FORECAST)
    assert list(dataset.inputs.columns) == ["day", "shop", "price"] and dataset.target["sales"].tolist() == [3]
    assert checks(new_rows(frame.drop(columns=["price", "sales"]), FORECAST)) == ["missing_columns"]
    with pytest.raises(DataError, match=r"lacks 'shop'"):
        new_rows(frame.drop(columns="shop"), FORECAST)
