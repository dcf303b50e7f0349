"""From a path to bytes and their format: missing files, compression, magic numbers, encodings."""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import lzma
import math
import os
import stat
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

from automl.errors import DataError
from automl.intake.limits import MIB, OVERRIDE, refuse_beyond
from automl.intake.raw import listed, nearest
from automl.storage.files import as_named, sheet_of, shown

__all__ = [
    "IMAGE_SUFFIXES",
    "MEDIA_SUFFIXES",
    "SOUND_FORMATS",
    "SOUND_SUFFIXES",
    "TABLE_SUFFIXES",
    "as_named",
    "content",
    "find",
    "form",
    "open_file",
    "sheet_of",
    "shown",
    "sort_of",
    "stem",
]

IMAGE_SUFFIXES = frozenset({
    ".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".pjpeg", ".pjp", ".bmp", ".dib", ".gif", ".webp",
    ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm",
})  # fmt: skip
SOUND_FORMATS = ("WAV", "FLAC", "OGG", "MP3")
"""What is read; files of the other suffixes below are sounds, too, and told of as ones that cannot be read."""
SOUND_SUFFIXES = frozenset({
    ".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".m4a", ".aac", ".wma",
    ".amr", ".ac3", ".caf", ".mka",
})  # fmt: skip
MEDIA_SUFFIXES = {"image": IMAGE_SUFFIXES, "sound": SOUND_SUFFIXES}
"""By the sort of a file."""
FORMS = {
    ".parquet": "parquet", ".pq": "parquet", ".feather": "feather", ".arrow": "feather", ".xlsx": "excel",
    ".xlsm": "excel", ".json": "json", ".jsonl": "json", ".ndjson": "json", ".npz": "npz", ".npy": "npy",
    ".csv": "delimited", ".tsv": "delimited", ".tab": "delimited", ".txt": "delimited", ".dat": "delimited",
    ".data": "delimited",
}  # fmt: skip
COMPRESSIONS = frozenset({".gz", ".bz2", ".xz", ".zip"})
TABLE_SUFFIXES = frozenset(FORMS)
PIECE_BYTES = 1 << 20
CONTENT_SHARE = 0.5
"""Of the memory that reading may take, for a file's bytes: what is made of them takes as much again, and more."""
KNOWN = "CSV, TSV, text, JSON, JSON lines, Parquet, Feather, Excel (.xlsx) or .npz, also compressed (.gz .bz2 .xz .zip)"
FOREIGN = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF": "a PDF document",
    b"SQLite format 3": "an SQLite database",
    b"\x89HDF": "an HDF5 file",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file (.xls, .doc)",
    b"\x7fELF": "a program",
    b"\x28\xb5\x2f\xfd": "a zstandard archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"\x80\x04\x95": "a Python pickle",
    b"\x80\x05\x95": "a Python pickle",
}


def sort_of(mode: int) -> str | None:
    """What a path leads to that is neither a file nor a folder, in words; None for these."""
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return None
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"


def open_file(path: Path) -> BinaryIO:
    """A regular file, opened without waiting for what may never come.

    Raises:
        OSError: it cannot be opened, or is a pipe, a socket or a device.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return os.fdopen(handle, "rb")


def find(path: str | Path) -> Path:
    """The existing file or folder that a path names.

    Raises:
        DataError: it is an address, a pipe, a socket or a device, or nothing is there; names the nearest files of that
            folder.
    """
    text = str(path)
    if "://" in text:
        raise DataError(f"expected a path on this machine, got the address {text!r}; download it first")
    try:
        found = Path(text).expanduser()
        if "\\x" in text and not found.exists():
            found = Path(as_named(str(found)))
        mode = found.stat().st_mode
    except (OSError, ValueError, RuntimeError):  # the last: no such user's home
        return _nearest(text)
    if (sort := sort_of(mode)) is not None:
        raise DataError(
            f"{shown(text)!r} is {sort}: expected a file or a folder, which may be read more than once; "
            "write the data to a file first"
        )
    return found


def _nearest(text: str) -> Path:
    """Tell what is near a path where nothing is."""
    if not text.strip() or "\n" in text or "\0" in text or len(text) > 1000:
        raise DataError(f"expected a path or data, got the text {text[:60]!r}; pass a path, a frame or an array")
    found = Path(text)
    folder = found.parent
    try:
        if not folder.is_dir():
            raise DataError(f"no file {text!r}: the folder {str(folder)!r} does not exist; check the path")
        names = sorted(child.name for child in folder.iterdir() if not child.name.startswith("."))
    except OSError as error:
        raise DataError(f"cannot look for {text!r}: {error.strerror or error}; check the path's permissions") from error
    near = nearest(found.name, names) or (
        f"; the folder holds {listed(names, 5)}" if names else "; the folder is empty"
    )
    raise DataError(f"no file {found.name!r} in the folder {str(folder.resolve())!r}{near}")


def stem(path: Path) -> str:
    """A file's name without its endings ("cars.csv.gz" → "cars")."""
    name = path.name
    while Path(name).suffix.lower() in COMPRESSIONS | TABLE_SUFFIXES and Path(name).stem:
        name = Path(name).stem
    return shown(name) or "data"


def content(path: Path, limit_mib: float = math.inf) -> tuple[bytes, str]:
    """A file's bytes, decompressed, and its name without the compression's ending.

    Args:
        path: of a file.
        limit_mib: that reading it may take; what is compressed is given up as soon as it is too large.

    Raises:
        DataError: it cannot be read, is damaged, is empty, would take too much memory, or is an archive of several
            files.
    """
    name = shown(path.name)
    most = limit_mib * MIB * CONTENT_SHARE
    try:
        refuse_beyond(name, path.stat().st_size / CONTENT_SHARE, limit_mib, "twice its size")
        with open_file(path) as opened:
            data = _bounded(opened, most)  # a file of the kernel has no size
    except OSError as error:
        raise DataError(
            f"cannot read {shown(str(path))!r}: {error.strerror or error}; check the file's permissions"
        ) from error
    if data is None:
        raise DataError(f"{name} has no end within {most / MIB:,.0f} MiB; write the data to a file of its own")
    n_packed = len(data)
    unpacked: bytes | None = data
    try:
        if data[:2] == b"\x1f\x8b":
            with gzip.open(io.BytesIO(data)) as file:
                unpacked, name = _bounded(file, most), name.removesuffix(".gz")
        elif data[:3] == b"BZh":
            with bz2.open(io.BytesIO(data)) as file:
                unpacked, name = _bounded(file, most), name.removesuffix(".bz2")
        elif data[:6] == b"\xfd7zXZ\x00":
            with lzma.open(io.BytesIO(data)) as file:
                unpacked, name = _bounded(file, most), name.removesuffix(".xz")
        elif data[:4] == b"PK\x03\x04" and Path(name).suffix.lower() not in {".xlsx", ".xlsm", ".npz"}:
            unpacked, name = _unzip(data, name, most)
    except (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"{shown(path.name)} is a damaged compressed file ({error}); download or compress it again"
        ) from error
    if unpacked is None:
        raise DataError(
            f"{shown(path.name)} holds more than {most / MIB:,.0f} MiB once it is decompressed (it has {n_packed:,} "
            f"bytes), and reading it may take {limit_mib:,.0f} MiB; unpack it, so that it is read piece by piece, or "
            f"give it more memory: {OVERRIDE}"
        )
    if not unpacked or unpacked.isspace():
        raise DataError(
            f"{shown(path.name)} is empty: expected a table with a header and rows; check how it was written"
        )
    return unpacked, name


def _bounded(file: Any, most: float) -> bytes | None:
    """All that a file holds; None where that is more than so many bytes."""
    held = io.BytesIO()
    while piece := file.read(PIECE_BYTES):
        if held.tell() + len(piece) > most:
            return None
        held.write(piece)
    return held.getvalue()


def _unzip(data: bytes, name: str, most: float) -> tuple[bytes | None, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [info.filename for info in archive.infolist() if not info.is_dir()]
        if "xl/workbook.xml" in members:
            return data, f"{name}.xlsx"
        if members and all(member.endswith(".npy") for member in members):
            return data, f"{name}.npz"
        members = [m for m in members if not m.startswith("__MACOSX") and not Path(m).name.startswith(".")]
        if len(members) != 1:
            raise DataError(
                f"{name} is an archive of {len(members)} files ({listed(members, 5)}): expected one table in it; "
                "unpack it and pass the file or folder"
            )
        with archive.open(members[0]) as file:
            return _bounded(file, most), shown(Path(members[0]).name)


def form(data: bytes, name: str) -> str:
    """The format of some bytes: by their first bytes where these are telling, else by the name's ending.

    Raises:
        DataError: they are of a kind that holds no table.
    """
    if data[:4] == b"PAR1":
        return "parquet"
    if data[:6] == b"ARROW1" or data[:4] == b"FEA1":
        return "feather"
    if data[:6] == b"\x93NUMPY":
        return "npy"
    suffix = Path(name).suffix.lower()
    if data[:4] == b"PK\x03\x04":
        return FORMS.get(suffix, "excel")
    for magic, words in FOREIGN.items():
        if data.startswith(magic):
            raise DataError(f"{name} is {words}: expected {KNOWN}; {_advice(words)}")
    chosen = FORMS.get(suffix)
    if chosen in {"parquet", "feather", "excel", "npz", "npy"}:
        raise DataError(
            f"{name} ends in {suffix} but does not hold that format (it begins with {data[:8]!r}); write the file again"
        )
    return chosen or ("json" if data.lstrip()[:1] in {b"{", b"["} else "delimited")


def _advice(words: str) -> str:
    if "image" in words:
        return "pass a folder with one subfolder a class, or an index file with a column of image paths"
    if "Excel" in words:
        return "open it and save it as .xlsx or CSV"
    return "export its table to one of these"
