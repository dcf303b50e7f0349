"""A picture's cost is read off its header; what is no picture is listed, and starts or waits for nothing."""

import os
import struct
import zlib

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from automl.errors import DataError
from automl.intake import decoding, images, picture_files
from automl.intake.picture_files import Allowance, UnreadablePicture, opened, pixels, quiet

ROOM = Allowance(1e10)
RANDOM = np.random.default_rng(0)
NOISE = RANDOM.integers(0, 255, (61, 83, 4), dtype=np.uint8)


def _chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _png(path, width, height):
    """A PNG of few bytes whose header announces any size, of which one row is there."""
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", zlib.compress(b"\0" * 5)) + _chunk(b"IEND", b""))


def _variants():
    paletted = Image.fromarray(NOISE[..., :3]).quantize(40)
    turned = Image.Exif()
    turned[0x0112] = 6
    return {
        "rgba.png": (Image.fromarray(NOISE), {}),
        "rgb.bmp": (Image.fromarray(NOISE[..., :3]), {}),
        "grey.png": (Image.fromarray(NOISE[..., 0]), {}),
        "bits.png": (Image.fromarray(NOISE[..., 0]).convert("1"), {}),
        "palette.gif": (paletted, {}),
        "clear.png": (paletted, {"transparency": 3}),
        "deep.png": (Image.fromarray(RANDOM.integers(0, 60_000, (61, 83)).astype(np.uint16)), {}),
        "floats.tif": (Image.fromarray(RANDOM.random((61, 83)).astype(np.float32)), {}),
        "soft.webp": (Image.fromarray(NOISE), {}),
        "turned.png": (Image.fromarray(NOISE[..., :3]), {"exif": turned}),
    }


@pytest.mark.parametrize("name", list(_variants()))
def test_strips_give_what_the_whole_gives(tmp_path, monkeypatch, name):
    image, options = _variants()[name]
    image.save(tmp_path / name, **options)
    whole = pixels(tmp_path / name, 20, 30, ROOM)
    monkeypatch.setattr(picture_files, "LARGE_PIXELS", 10)
    monkeypatch.setattr(picture_files, "STRIP_PIXELS", 500)
    strips = pixels(tmp_path / name, 20, 30, ROOM)
    assert strips.shape == whole.shape
    assert np.abs(strips.astype(int) - whole).max() <= 1


def test_pictures_of_many_pixels_wait_for_one_another(tmp_path):
    paths = []
    for i in range(8):
        Image.fromarray(NOISE).save(tmp_path / f"{i}.png")
        paths.append(tmp_path / f"{i}.png")
    with opened(paths[0]) as image:
        one = picture_files._decoding_bytes(image, 8, 8)
    room = Allowance(2.5 * one)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda path: pixels(path, 8, 8, room), paths))
    assert len(found) == 8
    assert one <= room.most_taken <= 2 * one


@pytest.mark.parametrize(
    "options", [{}, {"lossless": True}, {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0"}, {"icc_profile": b"x"}]
)
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_webp_is_weighed_before_pillow_opens_it(tmp_path, monkeypatch, options, mode):
    path = tmp_path / "a.webp"
    Image.fromarray(NOISE).convert(mode).save(path, **options)
    canvas = picture_files._webp_canvas(path)
    assert canvas is not None and canvas[:2] == (83, 61)
    with opened(path) as image:  # what its opening takes is not less than what other formats' decoding would
        assert picture_files._webp_bytes(*canvas, 8, 8) >= picture_files._decoding_bytes(image, 8, 8)

    def never(*_):
        raise AssertionError("opened before there was room")

    monkeypatch.setattr(picture_files, "opened", never)
    with pytest.raises(UnreadablePicture, match="MiB may be used"):
        pixels(path, 8, 8, Allowance(1e6))


def test_only_a_webp_with_a_whole_header_has_a_canvas(tmp_path):
    webp, png = tmp_path / "a.webp", tmp_path / "a.png"
    Image.fromarray(NOISE).save(webp)
    Image.fromarray(NOISE).save(png)
    for content in (png.read_bytes(), webp.read_bytes()[:29], b"RIFF\0\0\0\0WEBPVP9 " + b"\0" * 20, b""):
        (tmp_path / "b").write_bytes(content)
        assert picture_files._webp_canvas(tmp_path / "b") is None
    assert pixels(webp, 8, 8, ROOM).shape == pixels(png, 8, 8, ROOM).shape == (8, 8, 3)


def test_a_picture_larger_than_the_memory_is_listed_with_what_would_help(tmp_path):
    Image.fromarray(NOISE).save(tmp_path / "a.png")
    _png(tmp_path / "b.png", 9_000, 9_000)
    found, reasons = decoding.decoded([tmp_path / "a.png", tmp_path / "b.png"], (8, 8, None), memory_mib=200)
    assert found[0].shape == (8, 8, 3)
    assert list(reasons) == [1]
    assert "b.png: decoding takes" in reasons[1] and "--memory" in reasons[1]


def test_a_header_that_announces_gigapixels_is_not_believed(tmp_path):
    _png(tmp_path / "b.png", 60_000, 60_000)
    with pytest.raises(UnreadablePicture, match=r"more than 178,956,970 pixels"):
        pixels(tmp_path / "b.png", 8, 8, ROOM)


def test_between_half_of_pillows_limit_and_all_of_it_no_warning_is_in_the_way(tmp_path):
    _png(tmp_path / "b.png", 12_000, 12_000)
    with quiet(), opened(tmp_path / "b.png") as image:
        assert image.size == (12_000, 12_000)


@pytest.mark.parametrize(
    "content",
    [
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n",
        b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        b"8BPS\0\1" + b"\0" * 40,
        b"\0\0\1\0\1\0\x10\x10" + b"\0" * 40,
        b"",
        b"no picture at all",
    ],
)
def test_other_formats_are_not_opened_whatever_their_names_say(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(UnreadablePicture, match="none of the formats PNG, JPEG"):
        pixels(tmp_path / "a.png", 8, 8, ROOM)


def test_pipes_devices_and_damaged_files_are_listed_and_the_rest_is_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    Image.fromarray(NOISE).save(tmp_path / "good.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "good.png").read_bytes()[:900])
    Image.fromarray(NOISE[..., :3]).save(tmp_path / "note.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 30)
    names = ["pipe.png", "zero.png", "good.png", "cut.png", "note.jpg", "gone.png", "~nobody/x.png", "a\0b.png"]
    paths = [images.full_path(name, str(tmp_path)) for name in names]
    found, reasons = decoding.decoded(paths, (8, 8, None))
    assert [i for i, image in enumerate(found) if image is not None] == [2, 4]  # damaged notes say nothing of pixels
    assert reasons[0] == "pipe.png: it is no regular file" and reasons[1] == "zero.png: it is no regular file"
    assert list(reasons) == [0, 1, 3, 5, 6, 7]


def test_a_picture_that_found_no_memory_is_tried_again_alone(tmp_path, monkeypatch):
    Image.fromarray(NOISE).save(tmp_path / "a.png")
    tries = []

    def pixels_at_the_second_try(path, height, width, allowance, blended):
        tries.append(path)
        if len(tries) == 1:
            raise MemoryError
        return pixels(path, height, width, allowance)

    monkeypatch.setattr(decoding, "pixels", pixels_at_the_second_try)
    found, reasons = decoding.decoded([tmp_path / "a.png"], (8, 8, None))
    assert found[0] is not None and reasons == {} and len(tries) == 2


def test_pictures_that_would_not_fit_together_are_refused_in_words(tmp_path):
    paths = [tmp_path / "none.png"] * 1000
    with pytest.raises(DataError, match=r"1,000 pictures of 1000 x 1000 pixels"):
        decoding.decoded(paths, (1000, 1000, None), memory_mib=100)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_names_that_are_not_utf8_are_found_however_the_index_writes_them(tmp_path, encoding):
    name = "café.png".encode(encoding)
    with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
        Image.fromarray(NOISE).save(file, "PNG")
    spelled = "caf\\xe9.png" if encoding == "cp1252" else "café.png"
    for cell in ("café.png", spelled, os.fsdecode(name)):
        assert images.full_path(cell, str(tmp_path)).is_file()
    frame = pd.DataFrame({"picture": [spelled]})
    assert decoding.decoded([images.full_path(frame["picture"][0], str(tmp_path))], (8, 8, None))[1] == {}


@pytest.mark.skipif(os.sep != "/", reason="where the separator is another, such names are written so")
def test_an_index_with_the_separators_of_windows_finds_its_pictures(tmp_path):
    assert images.full_path("cats\\one.png", str(tmp_path)) == tmp_path / "cats" / "one.png"
