"""Writes to standard output and standard error: safe against control characters, and against streams that fail.

A stream may be closed from the start, be full, or lose its reader at any time (``| head``, a closed window). The run
then continues without it. A loss counts only if printing was the purpose of the command, see `Lasting.lost`.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import select
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TextIO

from automl.system.printable import json_printable, printable

if TYPE_CHECKING:
    from rich.console import Console

__all__ = [
    "Lasting", "console", "err", "guarded", "lost_words", "open_standard", "out", "out_data", "out_json", "own_stderr",
    "settle", "styled",
]  # fmt: skip

WAIT_SECONDS = 1.0
_messages: list[Lasting] = []  # where messages go inside `guarded`: a descriptor that nothing silences

_PLAIN = str.maketrans({"−": "-", "–": "-", "±": "+/-", "×": "x"})

GONE = (errno.EPIPE, errno.EIO, errno.ESHUTDOWN, errno.ECONNRESET)
"""Error numbers that mean that the reader has gone or the terminal was closed."""


class Lasting(io.TextIOBase):
    """A text stream that never fails; it drops text that cannot be written.

    Args:
        under: the target: a stream, a descriptor (which this object closes), or None for a closed stream.
        encoding: of text written to a descriptor.

    Attributes:
        lost: the error for which text was dropped; None if none was.
    """

    def __init__(self, under: TextIO | int | None, encoding: str = "utf-8") -> None:
        self._raw = io.FileIO(under, "w") if isinstance(under, int) else None
        self._under = None if isinstance(under, int) else under
        self._encoding = encoding if self._raw is not None else getattr(under, "encoding", None) or "utf-8"
        self.lost: Exception | None = None

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Encoding of the text written."""
        return self._encoding

    @property
    def buffer(self) -> Any:
        """The binary stream below, if there is one."""
        return self._under.buffer if self._under is not None else self._raw

    def write(self, text: str) -> int:
        """Write as much as the stream accepts."""
        if not isinstance(text, str):
            raise TypeError(f"expected text, got {type(text).__name__}")
        with self._noting():
            if self._raw is not None:
                self._write_bytes(self._raw, _encoded(text, self._encoding))
            elif self._under is None:
                raise OSError(errno.EBADF, "it is closed")
            else:
                try:
                    self._under.write(text)
                except UnicodeEncodeError:
                    plain = _encoded(text, self._encoding).decode(self._encoding)
                    self._under.write(plain)
        return len(text)

    def flush(self) -> None:
        """Flush the stream."""
        if self._under is not None:
            with self._noting():
                self._under.flush()

    def close(self) -> None:
        """Close the descriptor; a stream that was passed in stays open."""
        if self._raw is not None:
            with contextlib.suppress(OSError):
                self._raw.close()

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        stream = self._raw or self._under
        try:
            return stream is not None and bool(stream.isatty())
        except Exception:  # a stream class of the user's, or a closed stream
            return False

    def fileno(self) -> int:
        """The descriptor; raises OSError where there is none."""
        stream = self._raw or self._under
        if stream is None:
            raise io.UnsupportedOperation("fileno")
        return stream.fileno()

    def readable(self) -> bool:
        """False: the stream is for writing only."""
        return False

    def writable(self) -> bool:
        """True, even if the stream below is closed."""
        return True

    @contextlib.contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # a user's stream class may raise anything
            if self.lost is None:
                self.lost = error

    @staticmethod
    def _write_bytes(raw: io.FileIO, content: bytes) -> None:
        while content:
            n = raw.write(content)
            if n is None:  # non-blocking and full: a reader that has stopped must not stop the run
                if not select.select([], [raw], [], WAIT_SECONDS)[1]:
                    raise OSError(errno.EAGAIN, "its reader does not read")
                continue
            content = content[n:]


def open_standard() -> None:
    """Open the null device for each standard descriptor that is closed (``>&-``). Only for processes that we own.

    Otherwise the next file that is opened gets that descriptor, and what a library prints is written to that file.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            handle = os.open(os.devnull, os.O_RDONLY if number == 0 else os.O_WRONLY)
            if handle != number:
                os.dup2(handle, number)
                os.close(handle)


@contextlib.contextmanager
def guarded() -> Iterator[Lasting]:
    """Replace standard output and standard error by `Lasting` streams inside the block; yields the one for output."""
    before = sys.stdout, sys.stderr
    shown = Lasting(before[0])
    sys.stdout = shown
    sys.stderr = Lasting(before[1])
    _messages.append(own_stderr())
    try:
        yield shown
    finally:
        sys.stdout, sys.stderr = before
        _messages.pop().close()


def settle() -> None:
    """Discard what the standard streams could not write, so that Python's last flush does not fail."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream.fileno())
                os.close(nowhere)
                stream.flush()


def own_stderr() -> Lasting:
    """Standard error through a duplicated descriptor, so that silencing libraries does not silence us."""
    stream: Any = sys.stderr
    try:
        return Lasting(os.dup(stream.fileno()), getattr(stream, "encoding", None) or "utf-8")
    except (OSError, ValueError, AttributeError, TypeError):  # closed, or an object that is not a file
        return stream if isinstance(stream, Lasting) else Lasting(stream)


def out(text: str, *, needed: bool = True) -> None:
    """Print lines to standard output, with control characters as escapes.

    Args:
        text: one or more lines; line breaks inside names must be escaped already.
        needed: whether this text is the purpose of the command; if not, a loss is only reported in a note.
    """
    _put(printable(text, "\n\t") + "\n", needed)


def out_json(text: str, *, needed: bool = True) -> None:
    """Print a JSON text to standard output; with ASCII escapes if the stream cannot encode it."""
    content = json_printable(text) + "\n"
    if not _encodes(content):
        content = "".join(c if c.isascii() else json_escape(c) for c in content)
    _put(content, needed)


def out_data(text: str) -> None:
    """Print a table to standard output: unchanged and in UTF-8 for a program, with escapes for a terminal."""
    stream = sys.stdout
    if stream is not None and stream.isatty():
        out(text)
    elif _encodes(text + "\n"):
        _put(text + "\n", True)
    else:
        _put_bytes((text + "\n").encode("utf-8", "backslashreplace"))


def err(text: object) -> None:
    """Print lines to standard error; see `out`."""
    stream = _messages[-1] if _messages else own_stderr()
    if sys.stderr is not None:  # first flush text that was written before
        with contextlib.suppress(Exception):  # as in `Lasting`
            sys.stderr.flush()
    stream.write(printable(text, "\n\t") + "\n")
    stream.flush()
    if not _messages:
        stream.close()


def console(stream: Lasting | None = None) -> Console:
    """A Rich console for a stream (None: standard output), without markup and with control characters escaped."""
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class Plain(Console):
        """Escapes control characters left in the output; names are escaped before, so that table widths are right."""

        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
            for segment in super().render(renderable, options):
                safe = segment.text if segment.control else printable(segment.text, "\n")
                yield segment if safe == segment.text else Segment(safe, segment.style)

    file: Any = sys.stdout if stream is None else stream
    return Plain(file=file, markup=False, emoji=False, highlight=False, force_jupyter=False)


def styled(text: str, style: str, rest: str) -> Any:
    """A line for `console` whose first part has a style."""
    from rich.text import Text

    return Text.assemble((printable(text), style), printable(rest))


def lost_words(error: Exception) -> str:
    """Why standard output failed, and what to do; empty if its reader has gone and needs no message."""
    if isinstance(error, OSError) and error.errno in GONE:
        return ""
    why = getattr(error, "strerror", None) or error
    return f"standard output could not be written ({why}), so what was asked for is lost; send it elsewhere"


def json_escape(c: str) -> str:
    r"""A character as ``\uXXXX``, or as a surrogate pair of two if it is beyond U+FFFF."""
    units = c.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def _encoded(text: str, encoding: str) -> bytes:
    """The text for a stream: what it cannot encode with the plain characters for signs of numbers, else as escapes."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_PLAIN).encode(encoding, "backslashreplace")


def _encodes(text: str) -> bool:
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _put(text: str, needed: bool) -> None:
    stream = sys.stdout
    if not isinstance(stream, Lasting):
        stream = Lasting(stream)
    before = stream.lost
    stream.write(text)
    stream.flush()
    if not needed and before is None and stream.lost is not None:
        words, stream.lost = lost_words(stream.lost), None
        if words:
            err(f"note: {words.partition(', so ')[0]}; nothing else is lost")


def _put_bytes(content: bytes) -> None:
    """Write bytes to the binary stream below standard output, if there is one."""
    stream = sys.stdout
    below = getattr(stream, "buffer", None)
    if below is None:
        _put(content.decode("utf-8").rstrip("\n"), True)
        return
    try:
        stream.flush()
        below.write(content)
        below.flush()
    except Exception as error:
        if isinstance(stream, Lasting) and stream.lost is None:
            stream.lost = error
