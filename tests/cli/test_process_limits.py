"""What ends a command because the process may not have more is told as that, and other errors are not."""

import errno

import pyarrow as pa
import pytest

from automl.cli.limits import limit_words


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "memory ran out"),
        (ImportError("x.so: cannot allocate memory in static TLS block"), "memory ran out"),
        (ImportError("cannot load any more object with static TLS"), "memory ran out"),
        (RuntimeError("can't start new thread"), "no further thread"),
        (
            pa.ArrowException("Unknown error: Failed to launch worker thread: Resource temporarily unavailable"),
            "no further thread",
        ),
        (OSError(errno.EAGAIN, "Resource temporarily unavailable"), "no further thread"),
        (OSError(errno.EMFILE, "Too many open files"), "no further file"),
    ],
)
def test_a_limit_that_is_met_is_named(error, words):
    assert words in (limit_words(error) or "")


@pytest.mark.parametrize(
    "error", [pa.ArrowException("Unknown error"), RuntimeError("thread"), ImportError("no module")]
)
def test_other_errors_are_no_limits(error):
    assert limit_words(error) is None
