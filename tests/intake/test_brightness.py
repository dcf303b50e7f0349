"""Pictures of more than eight bits keep one scale over their set, and transparency is laid on white."""

import struct
import zlib

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from automl.intake import pictured, pictures, pictures_and_range, span
from automl.records import Column, Dataset, Task

TASK = Task("image", "binary", ("label",), "roc_auc", ("a", "b"), "b", columns=(Column("path", "image_path", 1.0, ""),))
RANDOM = np.random.default_rng(0)


def saved(folder, arrays, ending="png"):
    names = []
    for number, values in enumerate(arrays):
        names.append(f"{number}.{ending}")
        Image.fromarray(values).save(folder / names[-1])
    return Dataset("scans", pd.DataFrame({"path": names}, dtype=object), root=str(folder))


def noise(low, high, n=6, kind=np.uint16):
    return [RANDOM.uniform(low, high, (8, 8)).astype(kind) for _ in range(n)]


@pytest.mark.parametrize(
    ("low", "high", "kind", "ending"),
    [
        (800, 900, np.uint16, "png"),
        (0, 4095, np.uint16, "png"),
        (30_000, 31_000, np.uint16, "png"),
        (800, 900, np.uint16, "tif"),
        (-1000, 3000, np.int32, "tif"),
        (-90, 90, np.int16, "tif"),
        (0.2, 0.9, np.float32, "tif"),
        (270.0, 310.0, np.float32, "tif"),
    ],
)
def test_the_values_of_a_set_fill_the_scale_in_their_order(tmp_path, low, high, kind, ending):
    raw = noise(low, high, kind=kind)

    dataset, limits = pictures_and_range(saved(tmp_path, raw, ending), TASK)

    assert dataset.inputs.dtype == np.uint8 and np.unique(dataset.inputs).size > 90
    assert limits is not None and limits[0] <= np.min(raw) + 1 and limits[1] >= np.max(raw) - 1
    flat, scale = np.stack(raw).ravel().astype(float), dataset.inputs.ravel().astype(float)
    assert np.corrcoef(flat, scale)[0, 1] > 0.999  # one scale for all, not one a picture
    assert [finding.check for finding in dataset.findings] == ["image_range"]


def test_new_pictures_are_read_with_the_scale_of_training(tmp_path):
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    trained, limits = pictures_and_range(saved(tmp_path / "old", noise(1000, 2000)), TASK)
    dark = saved(tmp_path / "new", [np.full((8, 8), 1500, np.uint16)])

    new = pictures(dark, TASK, trained.inputs.shape[1:], limits)

    assert abs(int(new.inputs[0, 0, 0, 0]) - 128) <= 2 and new.findings == ()


def test_new_pictures_of_another_depth_are_told(tmp_path):
    words = saved(tmp_path, noise(1000, 2000))
    (found,) = pictures(words, TASK, (8, 8, 1)).findings
    assert (found.check, found.count) == ("image_depth", 6)
    (tmp_path / "bytes").mkdir()
    plain = saved(tmp_path / "bytes", noise(0, 255, kind=np.uint8))
    (found,) = pictures(plain, TASK, (8, 8, 1), (1000.0, 2000.0)).findings
    assert "have 8 bits; those trained on had more than 8" in found.message


def _colour_of_16_bits(path, values):
    """Pillow writes none: the few chunks of a PNG, by hand."""

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    height, width, _ = values.shape
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0))
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def test_colour_of_16_bits_keeps_all_of_them(tmp_path):
    raw = [RANDOM.integers(800, 900, (8, 8, 3)) for _ in range(6)]
    for number, values in enumerate(raw):
        _colour_of_16_bits(tmp_path / f"{number}.png", values)

    dataset, limits = pictures_and_range(
        Dataset("scans", pd.DataFrame({"path": [f"{i}.png" for i in range(6)]}), root=str(tmp_path)), TASK
    )

    assert limits == (800.0, 899.0)
    np.testing.assert_array_equal(dataset.inputs, np.rint((np.stack(raw) - 800) / 99 * 255))


def test_the_users_test_rows_do_not_set_the_scale(tmp_path):
    dataset = saved(tmp_path, [*noise(1000, 2000), np.full((8, 8), 9000, np.uint16)])
    given = np.arange(7) == 6

    made, limits = pictures_and_range(Dataset("a", dataset.inputs, root=dataset.root, given=given), TASK)

    assert limits is not None and limits[1] <= 2000 and made.inputs[6].min() == 255
    arrays = np.stack([*noise(0, 2000), np.full((8, 8), 9000, np.uint16)])
    assert pictures_and_range(Dataset("a", arrays, given=given), TASK)[1][1] <= 2000


def test_a_few_odd_pixels_do_not_squeeze_the_others(tmp_path):
    raw = noise(800, 900, n=40)
    raw[3][0, 0] = 65_535

    made = pictures(saved(tmp_path, raw), TASK).inputs

    assert np.unique(made).size > 90
    assert span(np.stack(raw))[1] < 1000


def test_pixels_that_are_no_numbers_are_dark(tmp_path):
    raw = noise(0, 1, kind=np.float32)
    raw[0][0, 0] = np.nan

    assert pictures(saved(tmp_path, raw, "tif"), TASK).inputs[0, 0, 0, 0] == 0


def test_one_scale_of_the_file_where_most_pictures_have_eight_bits(tmp_path):
    raw = [*noise(0, 255, kind=np.uint8), np.full((8, 8), 32_896, np.uint16)]

    dataset = pictures(saved(tmp_path, raw), TASK)

    assert dataset.inputs[6].min() == dataset.inputs[6].max() == 128
    assert dataset.findings[0].severity == "medium"


def test_picture_columns_of_a_table_keep_their_scale_for_new_rows(tmp_path):
    dataset = saved(tmp_path, noise(1000, 2000))
    task = Task("tabular", "binary", ("label",), "roc_auc", ("a", "b"), "b",
                columns=(Column("path", "image_path", 1.0, ""), Column("x", "numeric", 1.0, "")))  # fmt: skip

    made, found = pictured(dataset, task)
    low, high = found.columns[0].reading["range"]
    assert 1000 <= low < high <= 2000 and np.unique(made.pictures["path"]).size > 90
    again, _ = pictured(saved(tmp_path, [np.full((8, 8), 1500, np.uint16)]), found)
    assert abs(int(again.pictures["path"][0, 0, 0, 0]) - 128) <= 2


def _clear(mode):
    values = np.zeros((8, 8, 4), np.uint8)
    values[:, 4:] = (9, 9, 9, 255)  # the left half is transparent black
    image = Image.fromarray(values)
    if mode == "P":
        image = Image.fromarray(np.repeat([[0] * 4 + [1] * 4], 8, axis=0).astype(np.uint8), "P")
        image.putpalette([0, 0, 0, 9, 9, 9])
        return image, {"transparency": 0}
    if mode in {"L", "RGB"}:
        plain = Image.fromarray(values[..., 0]) if mode == "L" else Image.fromarray(values[..., :3])
        return plain, {"transparency": 0 if mode == "L" else (0, 0, 0)}
    return image.convert(mode), {}


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "RGB"])
def test_transparent_pixels_are_laid_on_white_and_that_is_told(tmp_path, mode):
    image, options = _clear(mode)
    image.save(tmp_path / "a.png", **options)
    Image.new("RGB", (8, 8)).save(tmp_path / "b.png")

    dataset = pictures(Dataset("icons", pd.DataFrame({"path": ["a.png", "b.png"]}), root=str(tmp_path)), TASK)

    assert dataset.inputs[0, 0, 0].tolist() == [255, 255, 255] and dataset.inputs[0, 0, 7].tolist() == [9, 9, 9]
    (finding,) = dataset.findings
    assert (finding.check, finding.count) == ("transparency", 1) and "laid on white" in finding.message


def test_an_opaque_alpha_is_not_told(tmp_path):
    Image.new("RGBA", (8, 8), (9, 9, 9, 255)).save(tmp_path / "a.png")

    assert pictures(Dataset("icons", pd.DataFrame({"path": ["a.png"]}), root=str(tmp_path)), TASK).findings == ()
