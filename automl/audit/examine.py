"""The audit as a whole: which checks run, in which order, in how much time, and what happens where one fails."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

from automl.audit.drift import drifted_test, ignored_time
from automl.audit.duplicates import contradictory_rows, near_twins, twins
from automl.audit.groups import crossing_groups
from automl.audit.images import alike_images, blank_images
from automl.audit.labels import doubtful_labels, doubtful_values
from automl.audit.leakage import copied_target, leaking_column, sorted_identifier, sorted_rows
from automl.audit.recorded import time_columns
from automl.audit.series import changed_frequency, long_gaps
from automl.audit.target import few_rows, rare_classes, target_outliers, untested_classes
from automl.audit.texts import empty_texts, mixed_languages
from automl.audit.view import TooLate, View
from automl.records import Dataset, Finding, Split, Task

__all__ = ["CHECKS", "examine"]

Check = Callable[[View], Finding | None]

CHECKS: tuple[Check, ...] = (
    copied_target, untested_classes, target_outliers, rare_classes, few_rows, sorted_identifier, sorted_rows,
    changed_frequency, long_gaps, blank_images, empty_texts, twins, crossing_groups, ignored_time, leaking_column,
    drifted_test, alike_images, near_twins, contradictory_rows, mixed_languages, doubtful_labels, doubtful_values,
)  # fmt: skip
"""In order: cheap and grave ones first, since time may run out; a leak after the checks that may explain it."""

APPLIES: dict[Check, Callable[[View], bool]] = {
    changed_frequency: lambda view: view.goal.in_windows,
    long_gaps: lambda view: view.goal.in_windows,
    blank_images: lambda view: view.modality.is_images,
    alike_images: lambda view: view.modality.is_images,
    empty_texts: lambda view: any(c.kind == "text" for c in view.used),
    mixed_languages: lambda view: any(c.kind == "text" for c in view.used),
    ignored_time: lambda view: bool(time_columns(view)),
    untested_classes: lambda view: view.goal.is_one_class,
    doubtful_labels: lambda view: view.goal.is_one_class,
    doubtful_values: lambda view: view.goal.is_numeric,
}
"""When a check applies; one that does not is not reported as skipped where time runs out."""

STRICT = False
"""Whether a check that fails raises; for tests."""


def examine(dataset: Dataset, task: Task, split: Split | None = None, seconds: float = math.inf) -> tuple[Finding, ...]:
    """Run every check that applies to a dataset as `detect` left it.

    Each check reads a sample of a few thousand rows, or single columns of all rows. None starts after the deadline.
    Findings are for the reader alone: nothing that is fitted, tuned or compared reads them.

    Args:
        dataset: typed, with a clean target.
        task: what is to be done.
        split: how rows are parted; without it, checks that compare training with test rows find nothing.
        seconds: that the audit may take.

    Returns:
        Findings in the order of the checks. A further low finding names the checks that failed or were not reached.
    """
    deadline = time.monotonic() + seconds
    view = View(dataset, task, split, deadline=deadline)
    findings: list[Finding] = []
    failed: list[str] = []
    out_of_memory: list[str] = []
    skipped: list[str] = []
    for check in CHECKS:
        name = check.__name__
        try:
            if check in APPLIES and not APPLIES[check](view):
                continue
            if time.monotonic() >= deadline:
                raise TooLate
            finding = check(view)
        except TooLate:
            skipped.append(name)
        except Exception as error:  # the one place where a check may fail: an audit must not end a run
            if STRICT:
                raise
            if isinstance(error, MemoryError):
                out_of_memory.append(name)
            else:  # the exception's own words may quote a cell, and findings are stored
                failed.append(f"{name} ({type(error).__name__})")
        else:
            findings += [] if finding is None else [finding]
    return (*findings, *_notes(failed, out_of_memory, skipped, seconds))


def _notes(failed: list[str], out_of_memory: list[str], skipped: list[str], seconds: float) -> Iterator[Finding]:
    """Low findings that name the checks without an answer."""
    if failed:
        message = f"{len(failed)} of {len(CHECKS)} checks of the audit failed and found nothing: {', '.join(failed)}."
        yield Finding("audit_failed", "low", message, "Please report this; the contest is not touched by it.")
    if out_of_memory:
        names = ", ".join(out_of_memory)
        message = f"There was too little memory for {len(out_of_memory)} checks of the audit: {names}."
        yield Finding("audit_cut", "low", message, "Run the audit again where more memory is free (ulimit -v).")
    if skipped:
        message = f"The audit had {seconds:.1f} s and did not reach {len(skipped)} of its checks: {', '.join(skipped)}."
        yield Finding("audit_cut", "low", message, "A longer budget, or automl inspect, runs all of them.")
