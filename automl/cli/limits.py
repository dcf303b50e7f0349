"""Describes errors of exhausted resources: memory, threads, files or disk. They are nobody's fault."""

from __future__ import annotations

import errno
import math

from automl.system.printable import printable

__all__ = ["limit_words"]

FILES = (errno.EMFILE, errno.ENFILE)
FULL = (errno.ENOSPC, errno.EDQUOT)
MAPPING = ("failed to map segment", "cannot allocate memory", "cannot apply additional memory", "static tls")
THREADS = ("can't start new thread", "failed to launch worker thread")  # of Python, of Arrow's thread pool


def limit_words(error: Exception) -> str | None:
    """What ran out and what to do; None for any other error.

    Args:
        error: the error that ended a command.
    """
    said = printable(str(error))
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, MemoryError) or number == errno.ENOMEM or _unmapped(error, said):
        return (
            f"memory ran out{_left()} ({said or type(error).__name__}); give it more, or fewer rows, columns or pixels"
        )
    if any(words in said.lower() for words in THREADS) or number == errno.EAGAIN:
        return f"no further thread or process may start{_left()} ({said}); raise the limit (`ulimit -u`, a container's)"
    if number in FILES:
        return f"no further file may be opened ({said}); raise the limit (`ulimit -n`)"
    if number in FULL:
        return f"no space is left on a disk ({said}); free some, or set TMPDIR to a folder elsewhere"
    if number == errno.EFBIG:
        return f"a file would be larger than this process may write ({said}); raise the limit (`ulimit -f`)"
    if number == errno.ENOENT and "usable temporary directory" in said:
        return f"there is no folder for temporary files ({said}); set TMPDIR to one that may be written"
    return None


def _unmapped(error: Exception, said: str) -> bool:
    return isinstance(error, ImportError | OSError) and any(words in said.lower() for words in MAPPING)


def _left() -> str:
    from automl.system.resources import address_space_mib

    left = address_space_mib()
    return "" if math.isinf(left) else f"; a limit of this process (`ulimit -v` or `-d`) leaves {left:.0f} MiB"
