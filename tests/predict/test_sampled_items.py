"""Generated pictures and series as arrays in the form that was given, and files that are whole or not there."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from automl.errors import FolderError, RecipeError
from automl.goals.shared.samples import PICTURE, SERIES
from automl.predict.sampled_items import Items, check_path, write_items
from automl.predict.sampling import chunks, sampled
from automl.predict.streamed import STREAMED
from automl.records import Output, Task


def task(modality="image", **more):
    return Task(modality, "generate", (), "indistinct", (), **more)


class Painter:
    """Makes pictures whose brightness and class follow from the row number."""

    def __init__(self, channels=1, with_class=False):
        self.channels, self.with_class = channels, with_class

    def output(self, dataset, rows):
        fields = [(PICTURE, "u1", (4, 5, self.channels))] + ([("kind", "U3")] if self.with_class else [])
        made = np.zeros(len(rows), fields)
        made[PICTURE] = (rows % 251).astype(np.uint8)[:, None, None, None]
        if self.with_class:
            made["kind"] = np.where(rows % 3 == 0, "cat", "dog")
        return Output("samples", {"samples": made})


class Drawer:
    """Makes series of one value each."""

    def output(self, dataset, rows):
        made = np.zeros(len(rows), [(SERIES, "f4", (2, 6))])
        made[SERIES] = (rows % 100)[:, None, None]
        return Output("samples", {"samples": made})


def test_pictures_come_in_the_form_that_was_given():
    assert sampled(Painter(), task(image_shape=(4, 5)), 7, 0).shape == (7, 4, 5)
    assert sampled(Painter(), task(image_shape=(4, 5, 1)), 7, 0).shape == (7, 4, 5, 1)
    made = sampled(Painter(3), task(image_shape=(4, 5, 3), pixel_range=(0.0, 1.0)), 300, 0)
    assert made.dtype == np.float32
    assert 0.9 < made.max() <= 1.0


def test_classes_come_beside_and_can_be_asked_for():
    made = sampled(Painter(with_class=True), task(image_shape=(4, 5)), 50, 0)
    assert isinstance(made, Items)
    X, y = made
    assert len(X) == len(y) == 50
    assert set(y) == {"cat", "dog"}
    cats = sampled(Painter(with_class=True), task(image_shape=(4, 5)), 9, 0, {"kind": "cat"})
    assert set(cats.y) == {"cat"}
    again = sampled(Painter(with_class=True), task(image_shape=(4, 5)), 4, 0, {"kind": "cat"})
    np.testing.assert_array_equal(cats.X[:4], again.X)


def test_series_come_as_an_array():
    assert sampled(Drawer(), task("sequence"), 5, 1).shape == (5, 2, 6)


def test_arrays_are_written_to_one_file(tmp_path):
    painter, of = Painter(with_class=True), task(image_shape=(4, 5))
    write_items(chunks(painter, of, 40, 0), tmp_path / "made.npz", of, 40)
    with np.load(tmp_path / "made.npz") as arrays:
        assert arrays["X"].shape == (40, 4, 5)
        assert arrays["y"].dtype.kind == "U"
    assert [path.name for path in tmp_path.iterdir()] == ["made.npz"]


def test_pictures_are_written_to_a_folder_that_can_be_read_as_data(tmp_path):
    painter, of = Painter(3, with_class=True), task(image_shape=(4, 5, 3))
    write_items(chunks(painter, of, 12, 0), tmp_path / "made", of, 12)
    index = pd.read_csv(tmp_path / "made" / "items.csv")
    assert list(index.columns) == ["path", "kind"]
    with Image.open(tmp_path / "made" / index["path"][3]) as picture:
        np.testing.assert_array_equal(np.asarray(picture), sampled(painter, of, 12, 0).X[3])


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "mine.txt").write_text("kept")
    of = task(image_shape=(4, 5))
    with pytest.raises(FolderError, match="new or an empty folder"):
        write_items(chunks(Painter(), of, 3, 0), tmp_path / "made", of, 3)
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["mine.txt"]


def test_what_fails_midway_leaves_nothing(tmp_path):
    def broken():
        yield next(chunks(Painter(), task(image_shape=(4, 5)), 3, 0))
        raise KeyboardInterrupt

    for name in ("made", "made.npz"):
        with pytest.raises(KeyboardInterrupt):
            write_items(broken(), tmp_path / name, task(image_shape=(4, 5)), 6)
    assert not list(tmp_path.iterdir())


def test_series_do_not_go_to_a_folder(tmp_path):
    with pytest.raises(RecipeError, match=r"\.npz"):
        write_items(chunks(Drawer(), task("sequence"), 3, 0), tmp_path / "made", task("sequence"), 3)
    assert not list(tmp_path.iterdir())


def test_more_items_than_an_array_may_hold_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("automl.predict.sampled_items.MOST_ARRAY_BYTES", 100)
    of = task(image_shape=(4, 5))
    with pytest.raises(RecipeError, match="folder"):
        write_items(chunks(Painter(), of, 40, 0), tmp_path / "made.npz", of, 40)


@pytest.mark.parametrize(("name", "is_item"), [("made.csv", True), ("made.npz", False), ("made", False)])
def test_a_file_of_another_form_is_refused(tmp_path, name, is_item):
    with pytest.raises(RecipeError, match="--out: "):
        check_path(tmp_path / name, is_item, STREAMED)
