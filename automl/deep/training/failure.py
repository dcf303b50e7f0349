"""Why a trial failed: a kind for the search loop, and a message for the user."""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from automl.errors import TrialError

__all__ = [
    "Collapsed",
    "Failure",
    "FailureKind",
    "NotFinite",
    "TooLarge",
    "Unusable",
    "explain",
    "never_ended",
    "second_try",
]

FailureKind = Literal["memory", "not finite", "shape", "code", "lost", "never ended"]
KINDS: tuple[FailureKind, ...] = ("memory", "not finite", "shape", "code", "lost", "never ended")

LEAST_BATCH = 8
LOWER_RATE = 0.3
TRIES = 3
WAY = ("Graph execution error:", "Detected at node", 'File "', "<stack traces unavailable>", "[[{{node")
OURS = Path(__file__).resolve().parents[2]
MEMORY_WORDS = re.compile(r"\boom\b|out of memory|resource ?exhausted|failed to allocate|unable to allocate", re.I)
SHAPE_WORDS = re.compile(
    r"shape|dimension|incompatible|rank|axis|units|filters|kernel_size|pool_size|broadcast|concatenat", re.I
)


class NotFinite(TrialError):
    """A loss or a score became NaN or infinite."""


class TooLarge(TrialError):
    """A trial would not fit into the memory that it may use, so it was not started."""


class Unusable(TrialError):
    """A template built something that is not a network for this task."""


class Collapsed(TrialError):
    """A network gives all rows the same score or vector, leaves a code unused, or makes new rows that are alike."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed try of a trial.

    Attributes:
        kind: "memory", "not finite", "shape" (a network that cannot be built or fed), "code" (anything else that a
            template raised), "lost" (its worker process died) or "never ended" (the watchdog ended it, or this process
            died while it ran).
        words: the message for the user.
    """

    kind: FailureKind
    words: str


def explain(error: Exception | SystemExit) -> Failure:
    """Classify an exception that ended a trial.

    If memory cannot be allocated, TensorFlow raises ResourceExhaustedError and Python MemoryError. Some allocators say
    so only in the message.
    """
    name = type(error).__name__
    first = _first_line(str(error))
    if isinstance(error, NotFinite):
        return Failure("not finite", str(error))
    if isinstance(error, TooLarge):
        return Failure("memory", str(error))
    if isinstance(error, Unusable):
        return Failure("shape", str(error))
    if isinstance(error, TrialError):
        return Failure("code", str(error))
    if isinstance(error, MemoryError) or name == "ResourceExhaustedError" or MEMORY_WORDS.search(str(error)):
        return Failure("memory", f"out of memory while training ({name}: {first})")
    where = _place(error)
    of_values = isinstance(error, ValueError | TypeError | IndexError) or name == "InvalidArgumentError"
    if of_values and SHAPE_WORDS.search(str(error)):
        return Failure("shape", f"the network cannot be built or fed in this shape ({name}: {first}){where}")
    return Failure("code", f"{name}: {first}{where}")


def _first_line(message: str) -> str:
    """The first line of a message that names the fault; TensorFlow puts stack traces before it."""
    lines = [line.strip() for line in message.splitlines()]
    faults = [line for line in lines if line and not line.startswith(WAY)]
    return (faults or [line for line in lines if line] or ["no message"])[0][:300]


def never_ended(template: str, why: str) -> Failure:
    """The failure of a trial that the watchdog ended."""
    return Failure(
        "never ended",
        f"{why}, so it was stopped: either it needs more time (--budget), or the build or call of template {template} "
        "contains an endless loop",
    )


def _place(error: BaseException) -> str:
    """Where in the user's own code the error arose: file and line, or "" if only libraries are in the traceback."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "site-packages" not in frame.filename
        and not frame.filename.startswith("<")
        and (OURS not in Path(frame.filename).parents or "templates" in frame.filename)
    ]
    return f" at {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""


def second_try(kind: FailureKind, settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """Settings for another try of a failed trial: half the batch size after "memory", a lower learning rate after NaN.

    Returns:
        None if another try is of no use.
    """
    if kind == "memory" and int(settings["batch_size"]) > LEAST_BATCH:
        return {**settings, "batch_size": max(LEAST_BATCH, int(settings["batch_size"]) // 2)}
    if kind == "not finite":
        return {**settings, "learning_rate": float(settings["learning_rate"]) * LOWER_RATE}
    return None
