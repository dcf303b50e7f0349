"""Images: files and arrays to one uint8 array."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from automl.errors import DataError
from automl.intake import load, pictures, span
from automl.records import Column, Dataset, Recipe, Task

TASK = Task("image", "binary", ("label",), "roc_auc", ("a", "b"), "b", columns=(Column("path", "image_path", 1.0, ""),))
ARRAYS = Task("image", "binary", ("y",), "roc_auc", ("0", "1"), "1")


def saved(folder, name, values, mode=None, **more):
    Image.fromarray(np.asarray(values, dtype=np.uint8), mode).save(folder / name, **more)
    return name


def dataset_of(folder, names, **more):
    return Dataset("pets", pd.DataFrame({"path": names}, dtype=object), root=str(folder), **more)


def colour(value, height=8, width=8):
    return np.full((height, width, 3), value)


def test_files_become_one_array_of_their_median_size(tmp_path):
    names = [saved(tmp_path, f"{i}.png", colour(i, *size)) for i, size in enumerate([(8, 6), (8, 6), (16, 20)])]
    images = pictures(dataset_of(tmp_path, names), TASK).inputs
    assert (images.shape, images.dtype) == ((3, 8, 6, 3), np.uint8)
    assert images[:, 0, 0, 0].tolist() == [0, 1, 2]


def test_files_of_unlike_shapes_are_told_and_those_of_like_ones_are_not(tmp_path):
    names = [saved(tmp_path, f"{i}.png", colour(i, 8, 24 if i % 4 == 0 else 8)) for i in range(12)]

    (found,) = pictures(dataset_of(tmp_path, names), TASK).findings

    assert (found.check, found.severity, found.count) == ("mixed_sizes", "low", 3)
    assert pictures(dataset_of(tmp_path, names[1:4]), TASK).findings == ()


def test_large_files_keep_their_proportions_within_64_pixels(tmp_path):
    names = [saved(tmp_path, f"{i}.jpg", colour(200, 300, 600)) for i in range(2)]
    assert pictures(dataset_of(tmp_path, names), TASK).inputs.shape == (2, 32, 64, 3)
    assert pictures(dataset_of(tmp_path, names), TASK, size=(10, 12)).inputs.shape == (2, 10, 12, 3)
    assert pictures(dataset_of(tmp_path, names), TASK, size=(10, 12, 1)).inputs.shape == (2, 10, 12, 1)
    assert pictures(dataset_of(tmp_path, names), TASK, size=100).inputs.shape == (2, 100, 100, 3)


def test_one_channel_is_kept_only_where_all_are_grey(tmp_path):
    grey = [saved(tmp_path, f"g{i}.png", np.full((4, 4), 50 * i)) for i in range(2)]
    mixed = [*grey, saved(tmp_path, "c.png", colour(9, 4, 4))]
    assert pictures(dataset_of(tmp_path, grey), TASK).inputs.shape == (2, 4, 4, 1)
    images = pictures(dataset_of(tmp_path, mixed), TASK).inputs
    assert images.shape == (3, 4, 4, 3) and images[1, 0, 0].tolist() == [50, 50, 50]
    assert pictures(dataset_of(tmp_path, grey), TASK, size=(4, 4, 3)).inputs.shape == (2, 4, 4, 3)


def test_transparency_is_laid_on_white_and_orientation_is_obeyed(tmp_path):
    clear = np.zeros((4, 4, 4), np.uint8)
    saved(tmp_path, "clear.png", clear)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    values = np.zeros((4, 8, 3), np.uint8)
    values[:, :4] = 255  # left half white
    saved(tmp_path, "turned.png", values, exif=exif)
    assert pictures(dataset_of(tmp_path, ["clear.png"]), TASK).inputs[0, 0, 0].tolist() == [255, 255, 255]
    turned = pictures(dataset_of(tmp_path, ["turned.png"]), TASK).inputs[0]
    assert turned.shape == (8, 4, 3) and turned[0, 0, 0] == 255 and turned[-1, 0, 0] == 0


def test_palettes_bits_and_16_bit_files_are_read(tmp_path):
    Image.new("P", (4, 4), 0).save(tmp_path / "p.png")
    Image.new("1", (4, 4), 1).save(tmp_path / "b.png")
    Image.fromarray(np.full((4, 4), 32896, np.uint16)).save(tmp_path / "s.png")
    Image.new("CMYK", (4, 4)).save(tmp_path / "c.jpg")
    images = pictures(dataset_of(tmp_path, ["p.png", "b.png", "s.png", "c.jpg"]), TASK).inputs
    assert images[1, 0, 0, 0] == 255 and images[2, 0, 0, 0] == 128


def test_what_cannot_be_read_is_dropped_from_every_part_counted_and_listed(tmp_path):
    good = [saved(tmp_path, f"{i}.png", colour(i)) for i in range(3)]
    (tmp_path / "bad.png").write_bytes((tmp_path / "0.png").read_bytes()[:40])
    (tmp_path / "text.jpg").write_text("no image")
    names = [good[0], "bad.png", good[1], "gone.png", None, "text.jpg", good[2]]
    label = pd.DataFrame({"label": list("abababa")})
    parts = {
        "weight": np.arange(7.0),
        "groups": np.arange(7),
        "given": np.arange(7) > 5,
        "row_numbers": np.arange(7) + 10,
    }
    dataset = pictures(dataset_of(tmp_path, names, target=label, **parts), TASK)
    assert dataset.inputs[:, 0, 0, 0].tolist() == [0, 1, 2]
    assert dataset.target["label"].tolist() == ["a", "a", "a"] and dataset.target.index.tolist() == [0, 1, 2]
    assert dataset.weight.tolist() == [0, 2, 6] and dataset.groups.tolist() == [0, 2, 6]
    assert dataset.given.tolist() == [False, False, True] and dataset.row_numbers.tolist() == [10, 12, 16]
    (finding,) = dataset.findings
    assert (finding.check, finding.count, finding.rows) == ("unreadable_images", 4, (11, 13, 14, 15))
    assert (
        "it is none of the formats PNG" in finding.message and "(2); no such file (1); no path (1)" in finding.message
    )
    assert finding.files == ("bad.png", "gone.png", "text.jpg") and "bad.png" not in finding.message


def test_no_readable_image_at_all_is_an_error(tmp_path):
    (tmp_path / "bad.png").write_text("no image")
    with pytest.raises(DataError, match=r"none of the 2 images of 'pets' can be read \(the first: bad.png"):
        pictures(dataset_of(tmp_path, ["bad.png", "gone.png"]), TASK)


def test_the_fingerprint_tells_images_of_the_same_name_apart(tmp_path):
    def digest(value):
        saved(tmp_path, "1.png", colour(value))
        return pictures(dataset_of(tmp_path, ["1.png"]), TASK).fingerprint

    assert digest(1) == digest(1) != digest(2)


def arrays(values, **more):
    return pictures(Dataset("a", values), ARRAYS, **more)


@pytest.mark.parametrize(
    ("values", "expected", "found"),
    [
        (np.array([0, 128, 255], np.uint8), [0, 128, 255], None),
        (np.array([0, 0.5, 1], np.float32), [0, 128, 255], "low"),
        (np.array([-1, 0, 1], np.float32), [0, 128, 255], "medium"),
        (np.array([0, 100, 255], np.float64), [0, 100, 255], None),
        (np.array([3, 100, 250], np.int64), [3, 100, 250], None),
        (np.array([0, 8, 16], np.float64), [0, 128, 255], "medium"),
        (np.array([0, 32896, 65535], np.uint16), [0, 128, 255], "medium"),
        (np.array([False, True, True]), [0, 255, 255], "low"),
        (np.array([-5, 0, 15], np.float32), [0, 64, 255], "medium"),
    ],
)
def test_every_range_of_brightness_becomes_0_to_255(values, expected, found):
    dataset = arrays(np.tile(values, (2, 3, 1)))
    assert dataset.inputs.shape == (2, 3, 3, 1) and dataset.inputs.dtype == np.uint8
    assert dataset.inputs[0, 0, :, 0].tolist() == expected
    assert [finding.severity for finding in dataset.findings] == ([found] if found else [])


def test_new_images_can_be_scaled_as_the_training_images_were():
    train = np.tile(np.array([0.0, 8.0, 16.0]), (2, 3, 1))
    dark = np.tile(np.array([0.0, 1.0, 2.0]), (2, 3, 1))
    assert arrays(dark, limits=span(train)).inputs.max() == 32


def test_pixels_that_are_no_numbers_are_reported_and_filled():
    values = np.tile(np.array([0.0, 0.5, 1.0]), (2, 3, 1))
    values[0, 0, 0], values[0, 0, 1] = np.nan, np.inf
    dataset = arrays(values)
    assert dataset.inputs[0, 0, :, 0].tolist() == [0, 255, 255]
    assert dataset.findings[0].check == "odd_pixels" and dataset.findings[0].count == 2


def test_constant_images_do_not_divide_by_zero():
    assert arrays(np.full((2, 3, 3), 7.0)).inputs.max() == 0


def test_channels_first_are_moved_and_large_arrays_shrunk():
    moved = arrays(np.zeros((2, 3, 10, 12), np.uint8))
    assert moved.inputs.shape == (2, 10, 12, 3) and moved.findings[0].check == "channels_first"
    large = arrays(np.full((2, 100, 50, 2), 9, np.uint8))
    assert large.inputs.shape == (2, 64, 32, 2) and large.inputs.max() == large.inputs.min() == 9


def test_new_arrays_take_the_shape_trained_on():
    assert arrays(np.zeros((2, 9, 9), np.uint8), size=(6, 7, 3)).inputs.shape == (2, 6, 7, 3)
    assert arrays(np.zeros((2, 9, 9, 3), np.uint8), size=(6, 7, 1)).inputs.shape == (2, 6, 7, 1)
    assert arrays(np.zeros((2, 9, 9, 4), np.uint8), size=(6, 7, 3)).inputs.min() == 255
    with pytest.raises(DataError, match=r"2 channels, expected 3"):
        arrays(np.zeros((2, 9, 9, 2), np.uint8), size=(6, 7, 3))


def test_a_class_folder_goes_all_the_way(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        saved(tmp_path / name, "1.png", colour(5))
    task = Task("image", "binary", ("class",), "roc_auc", columns=(Column("image", "image_path", 1.0, ""),))
    dataset = pictures(load(Recipe(data=str(tmp_path))), task)
    assert dataset.inputs.shape == (2, 8, 8, 3) and dataset.target["class"].tolist() == ["a", "b"]
