"""Mask files and folders of pictures with masks."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from PIL import Image

import automl
from automl.errors import DataError, RecipeError
from automl.intake import COLOURS, load, mask_values
from automl.records import Recipe

RNG = np.random.default_rng(0)


def save(path, array, mode=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(array), mode).save(path)


def picture(height=10, width=12):
    return RNG.integers(0, 255, (height, width), dtype=np.uint8)


def mask(height=10, width=12, value=1):
    codes = np.zeros((height, width), np.uint8)
    codes[2:6, 3:8] = value
    return codes


def folder(tmp_path, n=12, images="images", masks="masks", ending="", value=1):
    for i in range(n):
        save(tmp_path / images / f"c{i}.png", picture())
        save(tmp_path / masks / f"c{i}{ending}.png", mask(value=value))
    return tmp_path


def inspected(data, **more):
    return automl.inspect(str(data), **more)


def test_a_value_of_a_mask_is_what_stands_in_the_file(tmp_path):
    codes = mask(value=3)
    palette = Image.fromarray(codes, "L").convert("P")
    palette = Image.fromarray(codes)
    palette.putpalette([255, 0, 0] * 256)
    palette.save(tmp_path / "p.png")
    save(tmp_path / "l.png", codes * 50)
    save(tmp_path / "one.png", codes > 0)
    save(tmp_path / "grey.png", np.repeat((codes * 80)[..., None], 3, axis=2))
    colours = np.zeros((*codes.shape, 3), np.uint8)
    colours[codes > 0] = (255, 128, 0)
    save(tmp_path / "rgb.png", colours)
    save(tmp_path / "deep.png", codes.astype(np.uint16) * 300)
    names = ["p", "l", "one", "grey", "rgb", "deep", "gone"]
    found, reasons = mask_values([tmp_path / f"{name}.png" for name in names])
    values = [None if one is None else np.unique(one).tolist() for one in found]
    assert values == [[0, 3], [0, 150], [0, 1], [0, 240], [COLOURS, COLOURS + 0xFF8000], [0, 900], None]
    assert list(reasons) == [6] and "no such file" in reasons[6]


@pytest.mark.parametrize(
    ("images", "masks", "ending"),
    [("images", "masks", ""), ("imgs", "labels", "_mask"), ("JPEGImages", "SegmentationClass", "_seg")],
)
def test_two_folders_are_matched_by_name(tmp_path, images, masks, ending):
    found = inspected(folder(tmp_path, images=images, masks=masks, ending=ending))
    assert found.task.goal == "segment" and found.task.classes == ("0", "1") and found.task.metric == "dice"


def test_names_that_are_equal_are_matched_whatever_words_they_end_in(tmp_path):
    names = ["gt_1", "gt_2", "hand_l", "hand_r"]
    for name in names:
        save(tmp_path / "images" / f"{name}.png", picture())
        save(tmp_path / "masks" / f"{name}.png", mask())
    made = load(Recipe(data=str(tmp_path)))
    assert made.inputs["image"].tolist() == [f"images/{name}.png" for name in names]
    assert made.target["mask"].tolist() == [f"masks/{name}.png" for name in names]


def test_of_several_files_of_a_name_the_first_counts_and_the_others_are_told(tmp_path):
    for name in ("images/a.bmp", "images/a.png", "images/b.png"):
        save(tmp_path / name, picture())
    for name in ("masks/a.png", "masks/b.png", "masks/b_mask.png"):
        save(tmp_path / name, mask())
    made = load(Recipe(data=str(tmp_path)))
    assert made.inputs["image"].tolist() == ["images/a.bmp", "images/b.png"]
    assert made.target["mask"].tolist() == ["masks/a.png", "masks/b.png"]
    assert [one.files for one in made.findings if one.check.startswith("missing")] == [("a.png",), ("b_mask.png",)]


def test_masks_beside_their_pictures_are_told_by_a_word(tmp_path):
    found = inspected(folder(tmp_path, images=".", masks=".", ending="_mask"))
    assert found.task.goal == "segment" and found.n_rows == 12


def test_parts_of_a_folder_are_kept(tmp_path):
    folder(tmp_path / "train")
    folder(tmp_path / "test", n=4)
    read = load(Recipe(str(tmp_path)))
    assert read.given is not None and read.given.sum() == 4 and read.n_rows == 16


def test_an_index_of_two_columns_of_paths_needs_the_target_alone(tmp_path):
    folder(tmp_path, images="a", masks="b")
    rows = "".join(f"a/c{i}.png,b/c{i}.png\n" for i in range(12))
    (tmp_path / "index.csv").write_text("photo,area\n" + rows)
    found = inspected(tmp_path / "index.csv", target="area")
    assert found.task.goal == "segment" and found.task.target == ("area",)


def test_missing_partners_are_counted_and_listed(tmp_path):
    folder(tmp_path)
    (tmp_path / "masks" / "c3.png").unlink()
    save(tmp_path / "masks" / "odd.png", mask())
    told = {finding.check: finding for finding in inspected(tmp_path).findings}
    assert told["missing_masks"].count == 1 and told["missing_masks"].files == ("c3.png",)
    assert told["missing_pictures"].files == ("odd.png",)


def test_masks_of_another_size_are_left_out_and_told(tmp_path):
    folder(tmp_path)
    save(tmp_path / "masks" / "c5.png", mask(8, 8))
    found = inspected(tmp_path)
    told = {finding.check: finding for finding in found.findings}
    assert told["mask_sizes"].count == 1 and "8 x 8" in told["mask_sizes"].message
    for i in range(12):
        save(tmp_path / "masks" / f"c{i}.png", mask(8, 8))
    with pytest.raises(DataError, match=r"no mask of .* has the size of its picture"):
        inspected(tmp_path)


def test_damaged_masks_are_left_out_and_told(tmp_path):
    folder(tmp_path)
    (tmp_path / "masks" / "c5.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"0" * 50)
    found = inspected(tmp_path)
    told = {finding.check: finding for finding in found.findings}
    assert told["unreadable_masks"].count == 1 and told["unreadable_masks"].files == ("c5.png",)


def test_folders_whose_names_never_meet_are_refused(tmp_path):
    for i in range(4):
        save(tmp_path / "images" / f"a{i}.png", picture())
        save(tmp_path / "masks" / f"b{i}.png", mask())
    with pytest.raises(DataError, match="no file of one has the name of a file of the other"):
        inspected(tmp_path)


def test_smoothed_masks_are_refused(tmp_path):
    folder(tmp_path)
    save(tmp_path / "masks" / "c1.png", RNG.integers(0, 255, (10, 12), dtype=np.uint8))
    with pytest.raises(DataError, match="different values"):
        inspected(tmp_path)


def test_a_black_mask_among_coloured_ones_has_their_background(tmp_path):
    """By itself it looks grey: its value 0 would be a second background, and masks could not be written."""
    for i in range(12):
        save(tmp_path / "images" / f"c{i}.png", picture())
        colours = np.zeros((10, 12, 3), np.uint8)
        colours[3:6] = (255, 0, 0) if i else 0
        save(tmp_path / "masks" / f"c{i}.png", colours)
    assert inspected(tmp_path).task.classes == ("#000000", "#ff0000")


def test_values_that_are_neither_numbers_of_classes_nor_colours_are_refused(tmp_path):
    X = np.stack([picture() for _ in range(12)])
    for value in (COLOURS + 5, 10**12):
        with pytest.raises(DataError, match="number the classes from 0 on"):
            automl.inspect((X, np.stack([mask() for _ in range(12)]).astype(np.int64) * value))
    with pytest.raises(DataError, match=r"masks are whole numbers \(n, height, width\)"):
        automl.inspect((X, np.full((12, 10, 12), np.nan)))


def test_masks_of_one_value_are_refused(tmp_path):
    folder(tmp_path, value=0)
    with pytest.raises(DataError, match="at least two values"):
        inspected(tmp_path)


@pytest.mark.parametrize(
    ("values", "void", "classes"),
    [
        ((0, 1, 255), None, ("0", "1")), ((0, 255), None, ("0", "255")), ((0, 128, 255), None, ("0", "128", "255")),
        ((0, 1, 255), -1, ("0", "1", "255")), ((0, 1, 2), 2, ("0", "1")),
    ],
)  # fmt: skip
def test_a_void_value_is_no_class(tmp_path, values, void, classes):
    folder(tmp_path)
    for i in range(12):
        codes = np.resize(np.array(values, np.uint8), (10, 12))
        save(tmp_path / "masks" / f"c{i}.png", codes)
    more = {} if void is None else {"void": void}
    assert inspected(tmp_path, **more).task.classes == classes


def test_values_of_test_masks_that_training_lacks_are_told_and_not_scored(tmp_path):
    folder(tmp_path / "train")
    folder(tmp_path / "test", n=4, value=5)
    found = inspected(tmp_path)
    told = {finding.check: finding for finding in found.findings}
    assert told["unknown_mask_values"].count == 4 and found.task.classes == ("0", "1")


def test_arrays_of_masks_are_read_and_sizes_compared():
    X, y = RNG.integers(0, 255, (12, 16, 16), dtype=np.uint8), np.zeros((12, 16, 16), np.int64)
    y[:, 2:5, 3:9] = 4
    found = automl.inspect((X, y))
    assert found.task.goal == "segment" and found.task.classes == ("0", "4") and found.task.modality == "image"
    with pytest.raises(DataError, match="8 x 8 pixels and the pictures 16 x 16"):
        automl.inspect((X, y[:, :8, :8]))


def test_an_npz_of_pictures_and_masks_is_read(tmp_path):
    y = np.zeros((12, 16, 16), np.uint8)
    y[:, 2:5, 3:9] = 1
    np.savez(tmp_path / "set.npz", X=RNG.integers(0, 255, (12, 16, 16, 3), dtype=np.uint8), y=y)
    assert inspected(tmp_path / "set.npz").task.goal == "segment"


def test_the_goal_without_masks_is_refused_in_words(tmp_path):
    X = RNG.integers(0, 255, (12, 16, 16), dtype=np.uint8)
    with pytest.raises(RecipeError, match="a mask for each picture"):
        automl.inspect((X, np.arange(12) % 2), goal="segment")


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("labels/c0.txt", "0 0.5 0.5 0.25 0.3\n1 0.1 0.2 0.2 0.2\n", "YOLO"),
        ("annotations/c0.xml", "<annotation><object><name>a</name></object></annotation>", "Pascal VOC"),
        ("coco.json", json.dumps({"images": [], "annotations": [{"bbox": [1, 2, 3, 4]}]}), "COCO"),
    ],
)
def test_boxes_are_refused_in_words(tmp_path, name, content, kind):
    for i in range(4):
        save(tmp_path / "images" / f"c{i}.png", picture())
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    with pytest.raises(DataError, match=f"{kind} annotations.*not built"):
        load(Recipe(str(tmp_path)))


@pytest.mark.parametrize(("odd", "words"), [(np.nan, "2 pixels are no number .*void=255"), (np.inf, "2 pixels are no"),
                                            (3e9, "values of 1 to 3e\\+09: expected numbers of classes")])  # fmt: skip
def test_float_masks_with_pixels_that_are_no_class_are_refused(tmp_path, odd, words):
    pixels = np.ones((4, 5), np.float32)
    save(tmp_path / "good.tif", pixels)
    pixels[1, 2:4] = odd
    save(tmp_path / "odd.tif", pixels)
    found, reasons = mask_values([tmp_path / "good.tif", tmp_path / "odd.tif"])
    assert found[0].tolist() == np.ones((4, 5)).tolist() and found[1] is None
    assert re.search(words, reasons[1]), reasons
