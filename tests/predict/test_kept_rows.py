"""Predictions keep their rows: as many, in their order, with their index; a row that cannot be read is empty."""

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from PIL import Image

from automl.errors import DataError, OddRowsWarning

RNG = np.random.default_rng(3)
N = 160


@pytest.fixture(scope="module")
def houses():
    frame = pd.DataFrame({"size": RNG.uniform(30, 200, N).round(1), "floor": RNG.integers(0, 6, N)})
    return frame.assign(rent=(frame["size"] * 11 + 20 * frame["floor"]).round(2))


@pytest.fixture(scope="module")
def rents(fitted, houses):
    return fitted(houses, "rent", "linear")


@pytest.fixture(scope="module")
def grades(fitted, houses):
    graded = houses.assign(good=np.where(houses["rent"] > 1300, "yes", "no")).drop(columns="rent")
    return fitted(graded, "good", "linear")


@pytest.fixture(scope="module")
def new(houses):
    return houses.drop(columns="rent").head(6)


INDICES = {
    "words": pd.Index(list("fbdace"), name="key"),
    "dates": pd.date_range("2024-05-01", periods=6),
    "twice": pd.Index([7, 7, 7, 3, 3, 1]),
    "two levels": pd.MultiIndex.from_product([["a", "b"], [1, 2, 3]], names=["town", None]),
    "floats": pd.Index([0.5, np.nan, 2, 3, 4, 5]),
}


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
def test_predictions_come_with_the_index_of_the_frame(rents, grades, new, index):
    plain = rents.predict(new)
    indexed = new.set_axis(index, axis=0)
    predicted = rents.predict(indexed)
    assert predicted.index.equals(index) and predicted.index.names == index.names
    assert predicted.tolist() == plain.tolist()
    assert grades.predict(indexed).index.equals(index) and grades.predict_proba(indexed).index.equals(index)
    assert rents.predict((indexed, None)).index.equals(index) if index.name else True


def test_rows_picked_from_a_sorted_frame_align_with_it(rents, new):
    picked = new.sort_values("size").iloc[::2]
    assert picked.assign(rent=rents.predict(picked))["rent"].notna().all()


def test_forms_without_an_index_are_numbered(rents, new):
    for rows in (new.to_dict("list"), new.to_dict("records")):
        assert rents.predict(rows).index.equals(pd.RangeIndex(6))
    assert rents.predict(pl.from_pandas(new)).to_list() == rents.predict(new).tolist()
    assert rents.predict({name: new[name].set_axis(list("abcdef")) for name in new}).index.tolist() == list("abcdef")
    assert rents.predict(new.iloc[4]).index.tolist() == [4]


def test_a_row_of_a_file_that_cannot_be_read_has_an_empty_prediction_in_its_place(rents, grades, tmp_path):
    rows = ["50,1", "60,2,x", "70,3", "80,4", "90,5", "100,1", "110,2,x"]
    for name, kept in (("odd.csv", rows), ("even.csv", [row for row in rows if not row.endswith("x")])):
        (tmp_path / name).write_text("\n".join(["size,floor", *kept]) + "\n")
    with pytest.warns(OddRowsWarning, match=r"2 rows of odd.csv .* have an empty prediction. \(Rows 1, 6.\)"):
        predicted = rents.predict(tmp_path / "odd.csv")
    assert np.flatnonzero(predicted.isna()).tolist() == [1, 6]
    assert predicted.dropna().tolist() == rents.predict(tmp_path / "even.csv").tolist()
    labels = grades.predict(tmp_path / "odd.csv", on_odd="ignore")
    shares = grades.predict_proba(tmp_path / "odd.csv", on_odd="ignore")
    assert len(labels) == len(shares) == 7 and labels.isna().sum() == 2 and shares.isna().all(axis=1).sum() == 2


def test_whole_numbers_and_truths_stay_what_they_are_beside_an_empty_prediction(fitted, houses, tmp_path):
    (tmp_path / "odd.csv").write_text("size,floor\n50,1\n60,2,x\n70,3\n80,1\n90,1\n150,2\n")
    for labels, kind in (((0, 1), "Int64"), ((False, True), "boolean")):
        model = fitted(houses.assign(rent=np.where(houses["rent"] > 1300, labels[1], labels[0])), "rent", "linear")
        predicted = model.predict(tmp_path / "odd.csv", on_odd="ignore")
        assert str(predicted.dtype) == kind and predicted.isna().tolist() == [False, True, *[False] * 4]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    for label, value in (("dark", 40), ("light", 210)):
        (folder / label).mkdir()
        for i in range(14):
            Image.fromarray(np.full((8, 8), value + i, np.uint8)).save(folder / label / f"{i:02}.png")
    return folder


def test_a_picture_that_cannot_be_read_has_an_empty_prediction_under_its_name(fitted, pictures, tmp_path):
    model = fitted(str(pictures))
    for name, source in (("a.png", "dark/03.png"), ("c.png", "light/05.png"), ("d.png", "dark/07.png")):
        (tmp_path / name).write_bytes((pictures / source).read_bytes())
    (tmp_path / "b.png").write_bytes(b"no picture")
    with pytest.warns(OddRowsWarning, match=r"1 of 4 images .* have an empty prediction .*File b.png"):
        predicted = model.predict(tmp_path)
    assert predicted.index.tolist() == ["a.png", "b.png", "c.png", "d.png"]
    assert predicted.isna().tolist() == [False, True, False, False]
    paths = pd.DataFrame({"image": ["a.png", "b.png", "gone.png"]}, index=[9, 8, 7])
    (tmp_path / "index.csv").write_text("image\na.png\nb.png\nc.png\nd.png\n")
    assert model.predict(tmp_path / "index.csv", on_odd="ignore").isna().tolist() == [False, True, False, False]
    elsewhere = replace(model, root=str(tmp_path))
    assert elsewhere.predict(paths, on_odd="ignore").isna().to_dict() == {9: False, 8: True, 7: True}
    with pytest.raises(DataError, match="on_odd is 'refuse': 2 of 3 images could not be read"):
        elsewhere.predict(paths, on_odd="refuse")


def test_a_text_that_cannot_be_read_has_an_empty_prediction_under_its_name(fitted, tmp_path):
    said = pd.DataFrame({"said": [["a fine day", "so dull a night"][i % 2] + f" {'abc'[i % 3]}" for i in range(80)]})
    model = fitted(said.assign(mood=np.where(np.arange(80) % 2, "bad", "good")), "mood", columns={"said": "text"})
    for name in ("1.txt", "3.txt", "4.txt", "5.txt"):
        (tmp_path / name).write_text("a fine day")
    (tmp_path / "2.txt").write_bytes(bytes(range(32)) * 40)
    with pytest.warns(OddRowsWarning, match=r"1 of 5 text files could not be read and have an empty prediction"):
        predicted = model.predict(tmp_path)
    assert predicted.isna().to_dict() == {"1.txt": False, "2.txt": True, "3.txt": False, "4.txt": False, "5.txt": False}
    texts = pd.Series(["a fine day", "so dull"], index=["x", "y"])
    assert model.predict(texts).index.tolist() == ["x", "y"]
