"""NumPy files that may come from elsewhere: sizes are checked before memory is taken, and no pickle is opened."""

from __future__ import annotations

import ast
import io
import math
import os
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

__all__ = ["ArraysError", "read_npy", "read_npz", "write_npz"]

MIB = 2**20
HEADER_BYTES = 10_000  # NumPy's own bound: ast.literal_eval is not safe on longer texts
MAGIC = b"\x93NUMPY"
LENGTHS = {1: "<H", 2: "<I", 3: "<I"}  # how a header's length is written, by format version
FAULTS = (
    ValueError, KeyError, TypeError, AttributeError, SyntaxError, OSError, EOFError, OverflowError, RecursionError,
    NotImplementedError, RuntimeError, struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


class ArraysError(ValueError):
    """The file is damaged, holds Python objects, or would take more memory than it may."""


def read_npz(source: str | os.PathLike[str] | bytes, limit_bytes: float) -> dict[str, np.ndarray]:
    """Read all arrays of an ``.npz`` file.

    The sizes in the archive's directory and in each array's header are added up before any array is read.

    Args:
        source: a path, or the file's content.
        limit_bytes: most memory that its arrays may take together.

    Returns:
        Arrays by name, without the ending ``.npy``.

    Raises:
        ArraysError: the file is no such archive, is damaged, names an array twice, holds Python objects or members
            that are no arrays, or would take more than `limit_bytes`. The sentence fits behind a colon.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source) as archive:
            _check_members(archive, limit_bytes)
            return {info.filename.removesuffix(".npy"): _member(archive, info) for info in archive.infolist()}
    except ArraysError:
        raise
    except FAULTS as error:
        raise ArraysError(f"it is no .npz file that can be read ({error or type(error).__name__})") from error


def read_npy(source: str | os.PathLike[str] | bytes, limit_bytes: float) -> np.ndarray:
    """Read the array of an ``.npy`` file.

    Args:
        source: a path, or the file's content.
        limit_bytes: most memory that it may take.

    Raises:
        ArraysError: as `read_npz`.
    """
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else open(source, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            _within(size, limit_bytes)
            return _array(file, size)
    except ArraysError:
        raise
    except FAULTS as error:
        raise ArraysError(f"it is no .npy file that can be read ({error or type(error).__name__})") from error


def _check_members(archive: zipfile.ZipFile, limit_bytes: float) -> None:
    infos = archive.infolist()
    names = [info.filename for info in infos]
    if len(set(names)) < len(names):
        raise ArraysError("it holds two arrays of one name")
    odd = next((name for name in names if not name.endswith(".npy")), None)
    if odd is not None:
        raise ArraysError(f"it holds {odd!r}, which is no array")
    _within(sum(info.file_size for info in infos), limit_bytes)


def _within(size: float, limit_bytes: float) -> None:
    if size > limit_bytes:
        raise ArraysError(f"its arrays take {size / MIB:,.0f} MiB, more than the {limit_bytes / MIB:,.0f} MiB allowed")


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(info) as file:  # gives no more than `file_size` bytes, whatever the member's data hold
        try:
            return _array(file, info.file_size)
        except ArraysError as error:
            raise ArraysError(f"{info.filename}: {error}") from error


def _array(file: IO[bytes], size: int) -> np.ndarray:
    """The array of a file of `size` bytes, whose header must announce what the file holds."""
    descr, n_header = _header(file)
    shape, dtype = descr["shape"], np.lib.format.descr_to_dtype(descr["descr"])
    if dtype.hasobject:
        raise ArraysError("it holds Python objects, which only run code could restore")
    if not (isinstance(shape, tuple) and all(type(n) is int and n >= 0 for n in shape)):
        raise ArraysError(f"its shape {shape!r} is none")
    n_bytes = math.prod(shape) * dtype.itemsize
    if n_bytes != size - n_header:
        raise ArraysError(f"its header announces {n_bytes:,} bytes and {max(size - n_header, 0):,} follow")
    content = file.read(n_bytes)
    if len(content) != n_bytes:
        raise ArraysError(f"it ends after {len(content):,} of {n_bytes:,} bytes")
    file.read(1)  # a member's checksum is compared at its end
    flat = np.frombuffer(bytearray(content), dtype) if dtype.itemsize else np.empty(math.prod(shape), dtype)
    return flat.reshape(shape, order="F" if descr["fortran_order"] else "C")


def _header(file: IO[bytes]) -> tuple[Mapping[str, Any], int]:
    """What an array's header says, and how many bytes it takes."""
    start = file.read(len(MAGIC) + 2)
    if start[:-2] != MAGIC or start[-2] not in LENGTHS:
        raise ArraysError("it does not start as a NumPy array does")
    length = LENGTHS[start[-2]]
    n_text = struct.unpack(length, file.read(struct.calcsize(length)))[0]
    if n_text > HEADER_BYTES:
        raise ArraysError(f"its header of {n_text:,} bytes is longer than {HEADER_BYTES:,}")
    found = ast.literal_eval(file.read(n_text).decode("utf-8" if start[-2] == 3 else "latin-1").strip())
    if not isinstance(found, dict) or {"descr", "fortran_order", "shape"} != found.keys():
        raise ArraysError("its header describes no array")
    return found, len(start) + struct.calcsize(length) + n_text


def write_npz(target: IO[bytes], arrays: Mapping[str, np.ndarray], *, compressed: bool = False) -> None:
    """Write arrays as ``numpy.savez`` does, and never as a pickle; NumPy before 2.2 takes that wish for an array.

    Args:
        target: open for writing.
        arrays: by name.
        compressed: as ``numpy.savez_compressed`` does.

    Raises:
        ValueError: an array holds Python objects.
    """
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(target, "w", method, allowZip64=True) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
