"""Folders as data sets are published: parts, folders around, files of any ending, what systems add."""

import pytest
from PIL import Image

from automl.errors import DataError
from automl.intake import load
from automl.intake.folder_layout import parts
from automl.records import Recipe


def made(root, names):
    for number, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in {".txt", ".xml", ".db", ".md"} or path.name.isdigit():
            path.write_text(f"words of file {number}", encoding="utf-8")
        else:
            Image.new("RGB", (6, 4), (number, 9, 9)).save(path, format="PNG" if path.suffix == ".png" else "JPEG")
    return root


def read(root, **more):
    return load(Recipe(data=str(root), **more))


def classes(dataset):
    return dataset.target["class"].tolist()


def told(dataset):
    return {finding.check: finding.message for finding in dataset.findings}


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train", "test"),
        ("Training", "Testing"),
        ("TRAIN", "Eval"),
        ("training_set/training_set", "test_set/test_set"),
        ("seg_train/seg_train", "seg_test/seg_test"),
        ("train_images", "holdout"),
        ("trainSet", "hold-out"),
        ("set/train", "set/test"),
    ],
)
def test_a_test_folder_gives_the_test_rows(tmp_path, train, test):
    dataset = read(made(tmp_path / "shapes", [f"{train}/a/1.png", f"{train}/b/2.png", f"{test}/a/3.png"]))

    assert classes(dataset) == ["a", "b", "a"]
    assert dataset.given.tolist() == [False, False, True]
    assert "the test rows" in told(dataset)["given_split"]


@pytest.mark.parametrize("name", ["val", "valid", "validation", "Validation", "dev", "val2017"])
def test_a_validation_folder_joins_the_training_rows_and_that_is_told(tmp_path, name):
    dataset = read(made(tmp_path / "shapes", ["train/a/1.png", "train/b/2.png", f"{name}/a/3.png"]))

    assert classes(dataset) == ["a", "b", "a"] and dataset.given is None
    assert f"{name!r} are further training rows" in told(dataset)["given_split"]


def test_classes_that_are_parted_themselves(tmp_path):
    names = ["cats/train/1.png", "cats/test/2.png", "dogs/train/3.png", "dogs/test/4.png"]

    dataset = read(made(tmp_path / "pets", names))

    assert classes(dataset) == ["cats", "dogs", "cats", "dogs"]
    assert dataset.given.tolist() == [False, False, True, True]


def test_further_test_rows_leave_those_of_a_test_folder_what_they_are(tmp_path):
    made(tmp_path / "shapes", ["train/a/1.png", "train/b/2.png", "test/a/3.png"])

    dataset = read(tmp_path / "shapes", test=str(made(tmp_path / "more", ["a/1.png", "b/2.png"])))

    assert dataset.given.tolist() == [False, False, True, True, True]


def test_a_class_may_be_called_like_a_part(tmp_path):
    dataset = read(made(tmp_path / "vehicles", ["train/1.png", "bus/2.png", "car/3.png"]))

    assert classes(dataset) == ["bus", "car", "train"] and told(dataset) == {}


def test_a_part_without_classes_of_training_is_left_out_and_told(tmp_path):
    names = ["train/a/1.png", "train/b/2.png", "val/a/3.png", "test/images/4.png", "notes/5.txt"]

    dataset = read(made(tmp_path / "shapes", names))

    assert classes(dataset) == ["a", "b", "a"] and dataset.given is None
    said = [finding.message for finding in dataset.findings if finding.check == "unused_files"]
    assert any("'test'" in message and "none of the classes" in message for message in said)
    assert any("'notes'" in message for message in said)


def test_parts_of_training_without_classes_are_refused(tmp_path):
    with pytest.raises(DataError, match="expected one subfolder a class"):
        read(made(tmp_path / "shapes", ["train/1.png", "train/2.png", "test/3.png"]))


def test_single_folders_around_the_classes_are_seen_through(tmp_path):
    dataset = read(made(tmp_path / "set", ["data/images/x/1.png", "data/images/y/2.png", "README.md"]))

    assert classes(dataset) == ["x", "y"]
    assert dataset.inputs["image"].tolist() == ["data/images/x/1.png", "data/images/y/2.png"]
    assert "data/images" in told(dataset)["nested_folder"]


def test_a_class_with_folders_in_it_is_not_seen_through_in_a_part(tmp_path):
    dataset = read(made(tmp_path / "set", ["train/a/x/1.png", "train/b/x/2.png", "test/a/x/3.png"]))

    assert classes(dataset) == ["a", "b", "a"]


def test_what_systems_add_is_no_class_and_no_picture(tmp_path):
    extra = ["@eaDir/1.png", "train/a/@eaDir/1.png/THUMB.jpg", "__MACOSX/a/1.png", "train/.ipynb_checkpoints/1.png",
             "train/a/Thumbs.db", "train/a/._1.png", "#recycle/1.png", ".DS_Store.db"]  # fmt: skip
    dataset = read(made(tmp_path / "set", ["train/a/1.png", "train/b/2.png", "test/a/3.png", *extra]))

    assert classes(dataset) == ["a", "b", "a"]
    assert list(told(dataset)) == ["given_split"]


def test_pictures_are_known_by_their_content_and_what_is_none_is_told(tmp_path):
    dataset = read(made(tmp_path / "set", ["a/1.jfif", "a/2.bin", "b/3.jpg", "b/4", "b/5.xml", "b/6.db"]))

    assert classes(dataset) == ["a", "a", "b"]  # the file "4" is a text
    assert "1 file of the folder 'set' is read as images" in told(dataset)["image_endings"]
    assert "'.bin': 1" in told(dataset)["image_endings"]
    assert "2 files" in told(dataset)["unused_files"] and "'.xml': 1" in told(dataset)["unused_files"]


def test_pictures_without_any_known_ending_are_pictures(tmp_path):
    dataset = read(made(tmp_path / "set", ["a/1.img", "a/2.img", "b/3.img"]))

    assert dataset.kinds == {"image": "image_path"}
    test = read(tmp_path / "set", test=str(made(tmp_path / "more", ["a/1.img", "b/2.img"])))
    assert test.inputs["image"].tolist()[-1] == str((tmp_path / "more" / "b" / "2.img").resolve())


def test_texts_without_an_ending_in_parts(tmp_path):
    names = ["news-train/alt/101", "news-train/rec/102", "news-test/rec/103"]

    dataset = read(made(tmp_path / "news", names))

    assert dataset.inputs["text"].tolist() == ["words of file 0", "words of file 1", "words of file 2"]
    assert dataset.given.tolist() == [False, False, True]


def test_parts_need_training_rows_and_others(tmp_path):
    assert parts([tmp_path / "test", tmp_path / "control"]) == {}
    assert parts([tmp_path / "a_train", tmp_path / "b_test"]) == {}
    assert parts([tmp_path / "fresh_train", tmp_path / "fresh_test"]) != {}
