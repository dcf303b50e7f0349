"""NumPy files from elsewhere: what they hold is checked before memory is taken."""

import io
import zipfile

import numpy as np
import pytest

from automl.storage.npz import ArraysError, read_npy, read_npz

MIB = 2**20


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def announced(shape, n_bytes=64):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return buffer.getvalue() + b"\0" * n_bytes


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12.0).reshape(3, 4),
        np.asfortranarray(np.arange(12).reshape(3, 4)),
        np.array(5, dtype=np.int8),
        np.empty((0, 3), dtype=np.float32),
        np.array(["a", "bcd"]),
        np.array([b"a", b"bcd"]),
        np.array([True, False]),
        np.array(["2020-01-01"], dtype="M8[D]"),
        np.array([(1, 2.5)], dtype=[("a", "i4"), ("é", "f8")]),
    ],
    ids=str,
)
def test_arrays_come_back_as_they_were(array, tmp_path):
    np.save(tmp_path / "a.npy", array)
    np.savez_compressed(tmp_path / "a.npz", a=array)
    for found in (
        read_npy(tmp_path / "a.npy", MIB),
        read_npy(npy(array), MIB),
        read_npz(tmp_path / "a.npz", MIB)["a"],
        read_npz(npz(a=array), MIB)["a"],
    ):
        assert found.dtype == array.dtype
        np.testing.assert_array_equal(found, array)
        assert found.flags.writeable


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no .npz"),
        (npz(a=np.ones(500))[:300], "no .npz"),
        (zipped(a__npy=announced((10**11,))), "announces"),
        (zipped(a__npy=announced((2**62, 2**62))), "announces"),
        (zipped(a__npy=announced((-1,))), "shape"),
        (zipped(a__npy=npy(np.zeros(3 * MIB, dtype=np.int8))), "more than"),
        (zipped(a__npy=npy(np.ones(3)), b__txt=b"x"), "no array"),
        (zipped(a__npy=b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65535), "longer than"),
        (zipped(a__npy=b"\x93NUMPY\x01\x00\x10\x00" + b"-" * 16), "no .npz"),
        (zipped(a__npy=b"junk"), "start"),
        (npz(a=np.array([{}], dtype=object)), "objects"),
    ],
    ids=["empty", "cut", "announced", "overflow", "negative", "large", "other", "header", "syntax", "junk", "pickle"],
)
def test_a_damaged_or_forged_file_is_refused_in_words(content, said):
    with pytest.raises(ArraysError, match=said):
        read_npz(content, 2 * MIB)


def test_a_changed_byte_is_found():
    content = bytearray(npz(a=np.arange(100.0)))
    content[400] ^= 255
    with pytest.raises(ArraysError):
        read_npz(bytes(content), MIB)


@pytest.mark.parametrize("content", [b"", announced((10**12,)), npy(np.ones(9))[:-8], npy(np.array([None]))])
def test_single_arrays_alike(content):
    with pytest.raises(ArraysError):
        read_npy(content, 2 * MIB)


def test_sound_arrays_beyond_the_limit_are_refused_too():
    with pytest.raises(ArraysError, match="more than"):
        read_npy(npy(np.zeros(3 * MIB, dtype=np.int8)), 2 * MIB)
