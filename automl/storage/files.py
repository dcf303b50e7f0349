"""Writing files so that a reader finds the old one or the new one, never half of one."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from automl.errors import FolderError

if sys.platform != "win32":
    import fcntl

__all__ = [
    "as_named",
    "check_plain",
    "clear_unfinished",
    "guard",
    "locked",
    "open_regular",
    "probe",
    "put_aside",
    "read_bytes",
    "refuse_link",
    "sheet_of",
    "shown",
    "streamed",
    "sync",
    "unfinished",
    "unused",
    "write_all",
    "write_bytes",
    "write_text",
]

LOCK = ".lock"
SHEET = re.compile(r"(.+\.xls[xm])#(.+)", re.IGNORECASE)
SPELLED = re.compile(rb"\\x([89a-f][0-9a-f])")

FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def guard(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn what the operating system says while writing to `path` into a `FolderError` the user can act on.

    Raises:
        FolderError: the disk is full, the place is read-only or not ours, or something is in the way.
    """
    try:
        yield
    except OSError as error:
        raise FolderError(explain(error, path)) from error


def explain(error: OSError, path: str | os.PathLike[str]) -> str:
    """One sentence on what went wrong at `path` and what to do next."""
    if error.errno in FULL:
        return f"no space left on the disk while writing {path}; free some space or write elsewhere (--out FOLDER)"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path} may not be written ({error.strerror}); choose a folder you own (--out FOLDER)"
    if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
        return f"{path} cannot be written: something else is in its place ({error.strerror}); choose another name"
    return f"{path} cannot be written: {error.strerror or error}; choose another place (--out FOLDER)"


def write_text(path: str | os.PathLike[str], text: str) -> Path:
    """Write text as UTF-8 with plain line ends; see `write_bytes`."""
    return write_bytes(path, text.encode("utf-8"))


def write_bytes(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write a file under a temporary name, flush it to the disk, then put it in place at once.

    Args:
        path: where; its folder is made if need be.
        content: all of the file.

    Returns:
        The path written.

    Raises:
        FolderError: it could not be written; whatever was at `path` before is still there.
    """
    path = Path(path)
    with guard(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_all({path: content})
    return path


@contextmanager
def streamed(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A file to write to, under a temporary name; put in place once the block ends, and removed if it fails.

    Args:
        path: where; its folder is made if need be.

    Raises:
        FolderError: it could not be written; whatever was at `path` before is still there.
    """
    path = Path(path)
    with guard(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = unfinished(path)
        try:
            with open(temporary, "xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    sync(path.parent)


def write_all(contents: Mapping[Path, bytes]) -> None:
    """Write several files: all under temporary names first and flushed, then each put in place.

    Args:
        contents: path → all of the file; their folders exist.

    Raises:
        FolderError: one could not be written; files of these names are as they were.
    """
    waiting: list[tuple[Path, Path]] = []
    try:
        for path, content in contents.items():
            temporary = unfinished(path)
            with guard(path), open(temporary, "xb") as file:
                waiting.append((temporary, path))
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for temporary, path in waiting:
            with guard(path):
                os.replace(temporary, path)
        for folder in {path.parent for path in contents}:
            with guard(folder):
                sync(folder)
    finally:
        for temporary, _ in waiting:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def unfinished(path: Path) -> Path:
    """A new name beside a file or folder, for what is to take its place; `clear_unfinished` knows it."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")


def refuse_link(path: str | os.PathLike[str]) -> Path:
    """Refuse a link where a file or folder of ours should be: it could lead into the user's own files.

    A run folder or a bundle may come from elsewhere (a shared temporary folder, a clone, an archive). The folder that
    the user named may be a link; nothing inside it may.

    Args:
        path: inside a run folder or a bundle; it need not exist.

    Returns:
        The path.

    Raises:
        FolderError: a symbolic link or a Windows junction is there.
    """
    path = Path(path)
    with guard(path):
        try:
            found = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return path
    # A junction of Windows is a mount point to the system, and no symbolic link to Python.
    junction = getattr(found, "st_reparse_tag", 0) == getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1)
    if stat.S_ISLNK(found.st_mode) or junction:
        raise FolderError(
            f"{path} is a link, and nothing of a run is read or written through one: it could lead to other files of "
            "yours; remove the link, or give another folder (--out)"
        )
    return path


def check_plain(folder: str | os.PathLike[str]) -> None:
    """Refuse a run folder that holds anything but plain files and folders, at any depth.

    Whoever made the folder may have put links to the user's own files in it, or a pipe that nobody writes to. Hard
    links are not told from files; nothing of ours is written in place but journals, which must be journals.

    Args:
        folder: that the user named, which itself may be a link; it need not exist.

    Raises:
        FolderError: names the first link, pipe, socket or device, or the folder that cannot be read.
    """
    waiting = [Path(folder)]
    while waiting:
        current = waiting.pop()
        if not current.is_dir():
            continue
        with guard(current), os.scandir(current) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                path = refuse_link(entry.path)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)
                elif not entry.is_file(follow_symlinks=False):
                    raise FolderError(f"{path} is no regular file; remove it, or give another folder (--out)")


def probe(folder: str | os.PathLike[str]) -> None:
    """See that files can be made in a folder, under a name that no file has.

    Raises:
        FolderError: they cannot.
    """
    with guard(folder):
        handle, name = tempfile.mkstemp(prefix=".writable.", suffix=".tmp", dir=folder)
        try:
            os.write(handle, b"automl")
        finally:
            os.close(handle)
            os.unlink(name)


def read_bytes(path: str | os.PathLike[str], limit_bytes: float) -> bytes:
    """Read a file inside a folder of ours, through no link.

    Args:
        path: inside a run folder or a bundle.
        limit_bytes: most that it may hold.

    Raises:
        FolderError: it is missing, larger, no regular file, or cannot be read.
    """
    handle = open_regular(path, os.O_RDONLY)
    with os.fdopen(handle, "rb") as file, guard(path):
        size = os.fstat(file.fileno()).st_size
        if size > limit_bytes:
            raise FolderError(
                f"{path} has {size / 2**20:,.0f} MiB, and automl reads {limit_bytes / 2**20:,.0f} MiB of such a file; "
                "was it written by something else? Remove it, or give another folder"
            )
        return file.read(size)


def open_regular(path: str | os.PathLike[str], flags: int, mode: int = 0o666) -> int:
    """`os.open` of a file inside a folder of ours, which follows no link at its end and waits for no pipe.

    Args:
        path: inside a run folder or a bundle.
        flags: as of `os.open`.
        mode: of a file that is made.

    Returns:
        The descriptor.

    Raises:
        FolderError: a link, pipe, socket or device is there, or the system refuses.
    """
    path = refuse_link(path)
    with guard(path):
        own = (getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
        handle = os.open(path, flags | sum(own), mode)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise FolderError(f"{path} is no regular file; remove it, or give another folder (--out)")
    return handle


def clear_unfinished(folder: str | os.PathLike[str]) -> None:
    """Remove what a process that was killed while writing has left in a folder that is ours and `locked`.

    These are temporary files (``.result.json.x.tmp``), half a bundle (``.model.x.tmp``) and the one that it was to
    take the place of (``.model.x.old``).
    """
    for path in Path(folder).glob(".*"):
        if path.suffix not in (".tmp", ".old"):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def unused(path: Path, ending: str = "") -> Path:
    """The path with this ending, or with the first number before it that makes it new."""
    candidate, number = path.with_name(path.name + ending), 2
    while candidate.exists():
        candidate, number = path.with_name(f"{path.name}-{number}{ending}"), number + 1
    return candidate


def put_aside(path: Path) -> Path:
    """Rename a file that cannot be read, ``x.log`` to ``x.unreadable``, so that it is neither trusted nor lost.

    Returns:
        Where it lies now.
    """
    target = unused(path.with_suffix(""), ".unreadable")
    os.replace(path, target)
    return target


@contextmanager
def locked(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Hold a folder against other processes; the system lets go of it when this process ends, however it ends.

    Where the system or the file system knows no such locks, nothing is held.

    Raises:
        FolderError: another process holds it.
    """
    if sys.platform == "win32":
        yield
        return
    handle = open_regular(Path(folder) / LOCK, os.O_RDWR | os.O_CREAT)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FolderError(
                f"{folder} is being written by another automl process; wait until it has ended, or give another --out"
            ) from error
        except OSError:  # a network file system without locks
            pass
        yield
    finally:
        os.close(handle)


def sync(path: str | os.PathLike[str]) -> None:
    """Flush a file or a folder's entries to the disk, where the system can."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:  # a folder cannot be opened on Windows; there is nothing to flush there
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(handle)


def shown(name: str) -> str:
    """A file's name as text that can be written anywhere: bytes of it that are not UTF-8 are spelled ``\\xe9``."""
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # halves of characters that no file system gave
        return name.encode("utf-8", "backslashreplace").decode("utf-8")


def sheet_of(path: str) -> tuple[str, str]:
    """A workbook's path and the name of a sheet in it, written as ``book.xlsx#Sheet2``; other paths have no sheet."""
    found = SHEET.fullmatch(path)
    if found is None or os.path.exists(path):
        return path, ""
    return found[1], found[2]


def as_named(text: str) -> str:
    """The name that `shown` spelled out, as the system wants it."""
    return os.fsdecode(SPELLED.sub(lambda found: bytes([int(found[1], 16)]), os.fsencode(text)))
