"""Objects in memory: frames, dicts, arrays, pairs, lists, .npz."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from automl.errors import DataError
from automl.intake import load
from automl.records import Recipe


def read(data, target=(), **more):
    return load(Recipe(data=data, target=target, **more))


FRAME = pd.DataFrame({"make": ["fiat", "ford", "seat"], "price": [1, 2, 3], "km": [1.5, np.nan, 3.5]})


def test_a_frame_is_read_and_left_untouched():
    before = FRAME.copy()
    dataset = read(FRAME, ("price",))
    dataset.inputs.loc[0, "km"] = 99.0
    pd.testing.assert_frame_equal(FRAME, before)
    assert dataset.name == "data"


def test_polars_dict_and_arrow_read_like_pandas():
    polars = pl.from_dict(FRAME.to_dict(orient="list")).with_columns(pl.col("km").fill_nan(None))
    expected = read(FRAME, ("price",)).fingerprint
    assert read(polars, ("price",)).fingerprint == expected
    assert read(polars.lazy(), ("price",)).fingerprint == expected
    assert read(polars.to_arrow(), ("price",)).fingerprint == expected
    assert read(FRAME.to_dict(orient="list"), ("price",)).fingerprint == expected
    assert (
        read({"make": FRAME["make"], "price": FRAME["price"].to_numpy(), "km": FRAME["km"]}, ("price",)).fingerprint
        == expected
    )
    assert read(FRAME.to_dict(orient="records"), ("price",)).fingerprint == expected


def test_polars_types_become_plain_ones():
    frame = pl.DataFrame({"c": ["a", None], "d": [[1, 2], [3]], "e": [True, None], "f": [1, None]})
    inputs = read(frame.with_columns(pl.col("c").cast(pl.Categorical))).inputs
    assert inputs["c"][0] == "a" and inputs["c"].isna().tolist() == [False, True]
    assert inputs["d"].tolist() == ["[1, 2]", "[3]"]
    assert inputs["e"].tolist() == [True, None]
    np.testing.assert_array_equal(inputs["f"], [1, np.nan])


def test_nullable_and_odd_pandas_types_become_plain_ones():
    frame = pd.DataFrame(
        {
            "whole": pd.array([1, None], dtype="Int64"),
            "full": pd.array([1, 2], dtype="Int32"),
            "yes": pd.array([True, None], dtype="boolean"),
            "text": pd.array(["a", None], dtype="string"),
            "month": pd.period_range("2020-01", periods=2, freq="M"),
            "wait": pd.to_timedelta(["1h", "2h"]),
            "mixed": [1, "b"],
            "raw": [b"bytes", b"more"],
        }
    )
    inputs = read(frame).inputs
    assert [inputs[name].dtype.kind for name in frame] == ["f", "i", "O", "O", "M", "f", "O", "O"]
    assert inputs["yes"].tolist() == [True, None] and inputs["text"].tolist() == ["a", None]
    assert inputs["wait"].tolist() == [3600, 7200]
    assert inputs["mixed"].tolist() == [1, "b"] and inputs["raw"].tolist() == ["bytes", "more"]


def test_a_dated_index_becomes_a_column_and_a_numbering_does_not():
    dated = FRAME.set_axis(pd.date_range("2020-01-01", periods=3), axis=0)
    assert list(read(dated, ("price",)).inputs.columns) == ["time", "make", "km"]
    named = FRAME.rename_axis("id")
    assert list(read(named, ("price",)).inputs.columns) == ["id", "make", "km"]
    picked = FRAME.iloc[[2, 0]]
    dataset = read(picked, ("price",))
    assert list(dataset.inputs.columns) == ["make", "km"]
    assert dataset.inputs.index.tolist() == [0, 1] and dataset.target.index.tolist() == [0, 1]


def test_nuls_and_lone_surrogates_in_memory_are_cleaned():
    dataset = read({"t": ["a\0b", "🎉", "\ud800x"], "n": [1, 2, 3]})
    assert dataset.inputs["t"].tolist() == ["ab", "🎉", "?x"]
    assert [(f.check, f.columns, f.count) for f in dataset.findings] == [
        ("nul_characters", ("t",), 1),
        ("lone_surrogates", ("t",), 1),
    ]


def test_intervals_become_text():
    cut = pd.cut(pd.Series([1, 5, np.nan]), [0, 2, 6])
    columns = {"cut": cut, "object": cut.astype(object), "interval": pd.Series(pd.arrays.IntervalArray(cut))}
    dataset = read(pd.DataFrame(columns))
    for name in ("cut", "object"):
        assert dataset.inputs[name][:2].tolist() == ["(0, 2]", "(2, 6]"]
    assert dataset.inputs["interval"][:2].tolist() == ["(0.0, 2.0]", "(2.0, 6.0]"]  # pandas has made these floats
    assert dataset.inputs.iloc[2].isna().all()
    assert read(pd.DataFrame({"cut": cut[:2]})).inputs["cut"].tolist() == ["(0, 2]", "(2, 6]"]


def test_names_that_are_no_text_become_text():
    frame = pd.DataFrame([[1, 2], [3, 4]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("b", 1)]))
    assert list(read(frame).inputs.columns) == ["a.x", "b.1"]
    assert list(read(pd.DataFrame([[1, 2], [3, 4]])).inputs.columns) == ["0", "1"]


@pytest.mark.parametrize(("shape", "expected"), [((5,), ["x0"]), ((5, 3), ["x0", "x1", "x2"])])
def test_flat_arrays_become_frames(shape, expected):
    dataset = read(np.arange(np.prod(shape), dtype=float).reshape(shape))
    assert list(dataset.inputs.columns) == expected


@pytest.mark.parametrize("shape", [(5, 2, 30), (5, 8, 8), (5, 8, 8, 3)])
def test_deep_arrays_stay_arrays(shape):
    dataset = read((np.zeros(shape, np.float32), [0, 1, 0, 1, 0]))
    assert dataset.inputs.shape == shape and dataset.inputs.dtype == np.float32
    assert list(dataset.target.columns) == ["y"]


def test_targets_of_a_pair_are_called_y_and_several_are_numbered():
    X = np.zeros((4, 2))
    assert list(read((X, [1, 2, 3, 4])).target.columns) == ["y"]
    assert list(read((X, np.zeros((4, 1)))).target.columns) == ["y"]
    assert list(read((X, np.zeros((4, 3)))).target.columns) == ["y0", "y1", "y2"]
    assert list(read((X, pd.DataFrame({"p": [1, 2, 3, 4], "q": 0}))).target.columns) == ["p", "q"]
    assert list(read((X, [1, 2, 3, 4]), ("price",)).target.columns) == ["price"]
    with_y = pd.DataFrame({"x": [1, 2], "y": [3, 4]})
    assert list(read((with_y, pl.Series("z", [5, 6]))).target.columns) == ["target_y"]


@pytest.mark.parametrize("y", [np.empty((4, 0)), pd.DataFrame(index=range(4)), [[], [], [], []]])
def test_a_target_without_columns_is_refused(y):
    with pytest.raises(DataError, match=r"y has no columns \(shape \(4, 0\)\): expected"):
        load(Recipe(data=(np.ones((4, 2)), y)))
    assert load(Recipe(data=(np.ones((4, 2)), np.ones((4, 1))))).target.shape == (4, 1)


def test_strings_with_labels_are_texts_and_paths_are_images():
    dataset = read((["good film", "bad film 🎬"], ["pos", "neg"]))
    assert dataset.inputs["text"].tolist() == ["good film", "bad film 🎬"]
    assert dataset.target["y"].tolist() == ["pos", "neg"]
    assert list(read((["a.png", "b.jpg"], [0, 1])).inputs.columns) == ["image"]


def test_npz_holds_x_and_y_and_is_never_unpickled(tmp_path):
    X = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    np.savez(tmp_path / "a.npz", X=X, y=["u", "v"])
    dataset = read(tmp_path / "a.npz")
    np.testing.assert_array_equal(dataset.inputs, X)
    assert (dataset.name, dataset.target["y"].tolist()) == ("a", ["u", "v"])
    assert dataset.fingerprint == read((X, ["u", "v"])).fingerprint == read({"X": X, "y": ["u", "v"]}).fingerprint
    np.savez(tmp_path / "evil.npz", X=np.array([{}, {}], dtype=object))
    with pytest.raises(DataError, match=r"evil.npz cannot be read \(X.npy: it holds Python objects"):
        read(tmp_path / "evil.npz")
    np.savez(tmp_path / "odd.npz", foo=X)
    with pytest.raises(DataError, match=r"odd.npz holds {'foo': \(2, 3, 4\)}: expected an array X"):
        read(tmp_path / "odd.npz")
    with pytest.raises(DataError, match=r"target 'yy' is not in a.npz.*did you mean 'y'"):
        read(tmp_path / "a.npz", ("yy",))


def test_npz_with_its_own_test_part_is_given(tmp_path):
    X = np.zeros((3, 2, 2))
    np.savez(tmp_path / "m.npz", x_train=X, y_train=[0, 1, 0], x_test=X[:1] + 1, y_test=[1])
    dataset = read(tmp_path / "m.npz")
    assert dataset.given.tolist() == [False, False, False, True]
    assert dataset.target["y"].tolist() == [0, 1, 0, 1]


def test_npy_is_an_array(tmp_path):
    np.save(tmp_path / "a.npy", np.eye(3))
    assert read(tmp_path / "a.npy").inputs.shape == (3, 3)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ((np.zeros((3, 2)), [1, 2]), r"X has 3 rows and y has 2"),
        ((1, 2, 3), r"a tuple of 3: expected a pair"),
        (np.zeros((2, 2, 2, 2, 2)), r"shape \(2, 2, 2, 2, 2\): expected"),
        ([np.zeros((2, 2)), np.zeros((3, 3))], r"rows must be of one shape, got \(2, 2\), \(3, 3\)"),
        (np.zeros((3, 2), complex), r"complex numbers"),
        (np.zeros((0, 2)), r"is empty"),
        (pd.DataFrame(), r"is empty"),
        (42, r"of type int: expected a path"),
        (np.full((2, 2, 2), "a"), r"expected numbers"),
        ({"a": [1, 2], "b": 3}, r"must be of one length"),
    ],
)
def test_what_cannot_be_read_says_what_was_expected(data, words):
    with pytest.raises(DataError, match=words):
        read(data)


def test_the_fingerprint_is_of_content_alone():
    again = FRAME.copy()
    assert read(FRAME).fingerprint == read(again).fingerprint
    again.loc[1, "make"] = "opel"
    assert read(FRAME).fingerprint != read(again).fingerprint
    swapped = FRAME.rename(columns={"km": "mk"})
    assert read(FRAME).fingerprint != read(swapped).fingerprint
    shifted = pd.DataFrame({"t": ["ab", "c"]}), pd.DataFrame({"t": ["a", "bc"]}), pd.DataFrame({"t": [None, "abc"]})
    assert len({read(frame).fingerprint for frame in shifted}) == 3
