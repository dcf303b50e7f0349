"""Folders with one subfolder a class, and index files of images."""

import numpy as np
import pytest
from PIL import Image

from automl.errors import DataError
from automl.intake import load
from automl.records import Recipe


def read(path, target=(), **more):
    return load(Recipe(data=str(path), target=target, **more))


def image(path, colour=(10, 20, 30), size=(6, 4)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def text(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def test_class_folders_of_images_become_paths_and_classes(tmp_path):
    for name in ("cat/1.png", "cat/deep/2.png", "dog/1.JPG", ".hidden/1.png", "cat/._1.png"):
        image(tmp_path / "pets" / name) if not name.endswith("._1.png") else text(tmp_path / "pets" / name, "junk")
    dataset = read(tmp_path / "pets")
    assert dataset.inputs["image"].tolist() == ["cat/1.png", "cat/deep/2.png", "dog/1.JPG"]
    assert dataset.target["class"].tolist() == ["cat", "cat", "dog"]
    assert (dataset.name, dataset.root) == ("pets", str(tmp_path / "pets"))


def test_class_folders_of_texts_become_texts(tmp_path):
    text(tmp_path / "pos" / "1.txt", "good 🎬\nfilm")
    text(tmp_path / "neg" / "1.txt", "bad film")
    dataset = read(tmp_path, ("class",))
    assert dataset.inputs["text"].tolist() == ["bad film", "good 🎬\nfilm"]
    assert dataset.target["class"].tolist() == ["neg", "pos"]


def test_what_a_class_folder_leaves_out_is_reported(tmp_path):
    image(tmp_path / "a" / "1.png")
    image(tmp_path / "b" / "1.png")
    text(tmp_path / "b" / "note.txt", "x")
    (tmp_path / "c").mkdir()
    text(tmp_path / "README.md", "x")
    dataset = read(tmp_path)
    assert dataset.target["class"].tolist() == ["a", "b"]
    assert [finding.check for finding in dataset.findings] == ["unused_files", "empty_classes", "unused_files"]


def test_train_and_test_subfolders_are_the_users_own_split(tmp_path):
    for name in ("test/a/9.png", "train/a/1.png", "train/b/2.png", "val/b/3.png"):
        image(tmp_path / name)
    dataset = read(tmp_path)
    assert dataset.given.tolist() == [False, False, False, True]
    assert dataset.inputs["image"].tolist() == ["train/a/1.png", "train/b/2.png", "val/b/3.png", "test/a/9.png"]
    assert dataset.target["class"].tolist() == ["a", "b", "b", "a"]


def test_a_folder_of_images_with_its_index_is_read_by_the_index(tmp_path):
    image(tmp_path / "1.png")
    image(tmp_path / "2.png")
    text(tmp_path / "index.csv", "path,label\n1.png,a\n2.png,b\n")
    assert read(tmp_path, ("label",)).target["label"].tolist() == ["a", "b"]


def test_an_index_of_test_images_elsewhere_keeps_its_own_root(tmp_path):
    for part in ("one", "two"):
        image(tmp_path / part / "img" / "1.png")
        image(tmp_path / part / "img" / "2.png")
        text(tmp_path / part / "index.csv", "path,label\nimg/1.png,a\nimg/2.png,b\n")
    dataset = read(tmp_path / "one" / "index.csv", ("label",), test=str(tmp_path / "two" / "index.csv"))
    assert dataset.root == str(tmp_path / "one")
    assert dataset.inputs["path"].tolist()[:2] == ["img/1.png", "img/2.png"]
    assert dataset.inputs["path"].tolist()[3] == str((tmp_path / "two" / "img" / "2.png").resolve())


def test_images_without_classes_have_no_target(tmp_path):
    image(tmp_path / "1.png")
    image(tmp_path / "2.png")
    dataset = read(tmp_path)
    assert dataset.target is None and dataset.inputs["image"].tolist() == ["1.png", "2.png"]


def test_an_empty_folder_and_one_of_other_files_say_what_was_expected(tmp_path):
    with pytest.raises(DataError, match=r"is empty: expected one subfolder a class"):
        read(tmp_path)
    (tmp_path / "sub").mkdir()
    text(tmp_path / "sub" / "notes.md", "x")
    with pytest.raises(DataError, match=r"holds no images .* only 'sub'"):
        read(tmp_path)


def test_a_folder_of_several_tables_asks_for_one(tmp_path):
    text(tmp_path / "train.csv", "a,b\n1,2\n")
    text(tmp_path / "test.csv", "a,b\n1,2\n")
    with pytest.raises(DataError, match=r"several tables \('test.csv', 'train.csv'\); pass one"):
        read(tmp_path)


def test_the_target_of_class_folders_is_called_class(tmp_path):
    image(tmp_path / "a" / "1.png")
    image(tmp_path / "b" / "1.png")
    with pytest.raises(DataError, match=r"target 'klass' is not a column.*did you mean 'class'"):
        read(tmp_path, ("klass",))


def test_row_positions_agree_with_labels_when_files_are_left_out(tmp_path):
    text(tmp_path / "a" / "0.txt", "x")
    image(tmp_path / "a" / "1.png")
    image(tmp_path / "b" / "1.png")
    dataset = read(tmp_path)
    np.testing.assert_array_equal(dataset.row_numbers, [0, 1])
    assert dataset.target["class"].tolist() == ["a", "b"]
