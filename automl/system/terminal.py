"""The last door to standard output and standard error: nothing acts on the screen, and no reader can end a run.

A stream may be closed from the start, be full, or lose its reader at any time (``| head``, a closed window). What is
told there is told to whom it may concern: the work goes on. Only where a command was asked for what it prints does a
loss count, see `Lasting.lost`.
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
_messages: list[Lasting] = []  # where messages go inside `guarded`, by a descriptor that nothing quiets

GONE = (errno.EPIPE, errno.EIO, errno.ESHUTDOWN, errno.ECONNRESET)
"""The reader has gone away, or the terminal was closed."""


class Lasting(io.TextIOBase):
    """A text stream that takes everything; what cannot be written is dropped.

    Args:
        under: where to: a stream, a descriptor (which this object closes), or None for a stream that is closed.
        encoding: of a descriptor.

    Attributes:
        lost: why something was dropped, None as long as nothing was.
    """

    def __init__(self, under: TextIO | int | None, encoding: str = "utf-8") -> None:
        self._raw = io.FileIO(under, "w") if isinstance(under, int) else None
        self._under = None if isinstance(under, int) else under
        self._encoding = encoding if self._raw is not None else getattr(under, "encoding", None) or "utf-8"
        self.lost: Exception | None = None

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Of what is written."""
        return self._encoding

    @property
    def buffer(self) -> Any:
        """The bytes below, where there are any."""
        return self._under.buffer if self._under is not None else self._raw

    def write(self, text: str) -> int:
        """Write as much as the stream takes."""
        if not isinstance(text, str):
            raise TypeError(f"expected text, got {type(text).__name__}")
        with self._noting():
            if self._raw is not None:
                self._write_bytes(self._raw, text.encode(self._encoding, "backslashreplace"))
            elif self._under is None:
                raise OSError(errno.EBADF, "it is closed")
            else:
                try:
                    self._under.write(text)
                except UnicodeEncodeError:
                    plain = text.encode(self._encoding, "backslashreplace").decode(self._encoding)
                    self._under.write(plain)
        return len(text)

    def flush(self) -> None:
        """Pass on what waits."""
        if self._under is not None:
            with self._noting():
                self._under.flush()

    def close(self) -> None:
        """Close a descriptor; a stream of another's stays open."""
        if self._raw is not None:
            with contextlib.suppress(OSError):
                self._raw.close()

    def isatty(self) -> bool:
        """Whether a terminal shows it."""
        stream = self._raw or self._under
        try:
            return stream is not None and bool(stream.isatty())
        except Exception:  # a stream of the user's own, or one that is closed
            return False

    def fileno(self) -> int:
        """The descriptor; raises OSError where there is none."""
        stream = self._raw or self._under
        if stream is None:
            raise io.UnsupportedOperation("fileno")
        return stream.fileno()

    def readable(self) -> bool:
        """Never."""
        return False

    def writable(self) -> bool:
        """Always."""
        return True

    @contextlib.contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # a stream put in place of ours raises whatever it likes
            if self.lost is None:
                self.lost = error

    @staticmethod
    def _write_bytes(raw: io.FileIO, content: bytes) -> None:
        while content:
            n = raw.write(content)
            if n is None:  # it does not block and is full: a reader that has stopped must not hold a run
                if not select.select([], [raw], [], WAIT_SECONDS)[1]:
                    raise OSError(errno.EAGAIN, "its reader takes nothing")
                continue
            content = content[n:]


def open_standard() -> None:
    """Open the null device where a standard descriptor is closed (``>&-``); for processes that are ours alone.

    Otherwise the next file that is opened takes its number, and what a library prints lands in that file.
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
    """Standard output and standard error that nobody's writing fails on, while inside; the one for output."""
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
    """Let go of what a standard stream could not take, so that Python's last flush has nothing to fail on."""
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
    """Standard error by a descriptor of its own, so that quieting libraries does not quiet us."""
    stream: Any = sys.stderr
    try:
        return Lasting(os.dup(stream.fileno()), getattr(stream, "encoding", None) or "utf-8")
    except (OSError, ValueError, AttributeError, TypeError):  # closed, or an object that is no file
        return stream if isinstance(stream, Lasting) else Lasting(stream)


def out(text: str, *, needed: bool = True) -> None:
    """Lines for standard output, with everything that would act on the screen spelled out.

    Args:
        text: of one line or several, each with names that were spelled before.
        needed: whether the command was run for this text; else a loss is only told.
    """
    _put(printable(text, "\n\t") + "\n", needed)


def out_json(text: str, *, needed: bool = True) -> None:
    """A JSON text for standard output; where this takes no UTF-8, in ASCII, which says the same."""
    said = json_printable(text) + "\n"
    if not _encodes(said):
        said = "".join(c if c.isascii() else json_escape(c) for c in said)
    _put(said, needed)


def out_data(text: str) -> None:
    """A table for standard output: to a program as it is and in UTF-8, to a terminal with escapes spelled out."""
    stream = sys.stdout
    if stream is not None and stream.isatty():
        out(text)
    elif _encodes(text + "\n"):
        _put(text + "\n", True)
    else:
        _put_bytes((text + "\n").encode("utf-8", "backslashreplace"))


def err(text: object) -> None:
    """Lines for standard error; see `out`."""
    stream = _messages[-1] if _messages else own_stderr()
    if sys.stderr is not None:  # what waits there comes first
        with contextlib.suppress(Exception):  # as in `Lasting`
            sys.stderr.flush()
    stream.write(printable(text, "\n\t") + "\n")
    stream.flush()
    if not _messages:
        stream.close()


def console(stream: Lasting | None = None) -> Console:
    """Rich's console for a stream, standard output when None: no markup in names, and escapes spelled out."""
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class Plain(Console):
        """Spells out what layouts have let through; names are spelled before, for the width of tables."""

        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
            for segment in super().render(renderable, options):
                said = segment.text if segment.control else printable(segment.text, "\n")
                yield segment if said == segment.text else Segment(said, segment.style)

    file: Any = sys.stdout if stream is None else stream
    return Plain(file=file, markup=False, emoji=False, highlight=False)


def styled(text: str, style: str, rest: str) -> Any:
    """A line for `console` whose first words stand out."""
    from rich.text import Text

    return Text.assemble((printable(text), style), printable(rest))


def lost_words(error: Exception) -> str:
    """Why standard output took no more, and what to do; empty where its reader went away, who wants no more."""
    if isinstance(error, OSError) and error.errno in GONE:
        return ""
    why = getattr(error, "strerror", None) or error
    return f"standard output could not be written ({why}), so what was asked for is lost; send it elsewhere"


def json_escape(c: str) -> str:
    r"""A character as ``\uXXXX``, two of them beyond the first 65,536."""
    units = c.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


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
    """Bytes past the text layer, where there is one."""
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
