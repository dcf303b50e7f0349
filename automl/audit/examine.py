"""The audit as a whole: which checks run, in which order, within which time, and what happens where one fails."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from automl.audit.drift import drifted_test, ignored_time
from automl.audit.duplicates import contradictory_rows, near_twins, twins
from automl.audit.groups import crossing_groups
from automl.audit.images import alike_images, blank_images
from automl.audit.labels import doubtful_labels, doubtful_values
from automl.audit.leakage import copied_target, leaking_column, sorted_identifier, sorted_rows
from automl.audit.series import changed_frequency, long_gaps
from automl.audit.target import few_rows, rare_classes, target_outliers
from automl.audit.texts import empty_texts, mixed_languages
from automl.audit.view import TooLate, View
from automl.records import Dataset, Finding, Split, Task

__all__ = ["CHECKS", "examine"]

Check = Callable[[View], Finding | None]

CHECKS: tuple[Check, ...] = (
    copied_target, target_outliers, rare_classes, few_rows, sorted_identifier, sorted_rows, changed_frequency,
    long_gaps, blank_images, empty_texts, twins, crossing_groups, ignored_time, leaking_column, drifted_test,
    alike_images, near_twins, contradictory_rows, mixed_languages, doubtful_labels, doubtful_values,
)  # fmt: skip
"""In order: cheap and grave ones first, since time may end; a leak after what may explain it."""

CONCERNS: dict[Check, Callable[[View], bool]] = {
    changed_frequency: lambda view: view.task.goal == "forecast",
    long_gaps: lambda view: view.task.goal == "forecast",
    blank_images: lambda view: view.modality.is_images,
    alike_images: lambda view: view.modality.is_images,
    empty_texts: lambda view: any(c.kind == "text" for c in view.used),
    mixed_languages: lambda view: any(c.kind == "text" for c in view.used),
    ignored_time: lambda view: any(c.kind == "datetime" for c in view.used),
    doubtful_labels: lambda view: view.task.goal in ("binary", "multiclass"),
    doubtful_values: lambda view: view.task.goal == "regression",
}
"""Checks that some data give nothing to look at: they are not missed where time ends."""

STRICT = False
"""Let a check that fails raise; for tests."""


def examine(dataset: Dataset, task: Task, split: Split | None = None, seconds: float = math.inf) -> tuple[Finding, ...]:
    """Run every check that applies to a dataset as `detect` left it.

    Each check reads a sample of a few thousand rows, or single columns of all rows; none is begun once time is over.
    Findings are for the reader alone: nothing that is fitted, tuned or compared reads them.

    Args:
        dataset: typed, with a clean target.
        task: what is to be done.
        split: how rows are parted; without, checks that compare training with test rows have nothing to say.
        seconds: to spend.

    Returns:
        What was found, in the order of the checks; a check that failed or was not reached is named in a low finding.
    """
    deadline = time.monotonic() + seconds
    view = View(dataset, task, split, deadline=deadline)
    found: list[Finding] = []
    failed: list[str] = []
    unheld: list[str] = []
    skipped: list[str] = []
    for check in CHECKS:
        try:
            concerns = CONCERNS.get(check)
            if concerns is not None and not concerns(view):
                continue
            if time.monotonic() >= deadline:
                raise TooLate
            finding = check(view)
        except TooLate:
            skipped.append(check.__name__)
            continue
        except Exception as error:  # the one place where a check may fail: an audit must not end a run
            if STRICT:
                raise
            name = check.__name__
            if isinstance(error, MemoryError):
                unheld.append(name)
            else:  # the exception's own words may quote a cell, and findings are stored
                failed.append(f"{name} ({type(error).__name__})")
            continue
        if finding is not None:
            found.append(finding)
    if failed:
        message = f"{len(failed)} of {len(CHECKS)} checks of the audit failed and told nothing: {', '.join(failed)}."
        found.append(Finding("audit_failed", "low", message, "Please report this; the contest is not touched by it."))
    if unheld:
        message = f"There was too little memory for {len(unheld)} checks of the audit: {', '.join(unheld)}."
        found.append(Finding("audit_cut", "low", message, "Look again where more memory is free (ulimit -v)."))
    if skipped:
        message = (
            f"The audit had {seconds:.1f} s and did not come to {len(skipped)} of its checks: {', '.join(skipped)}."
        )
        found.append(Finding("audit_cut", "low", message, "A longer budget, or automl inspect, runs all of them."))
    return tuple(found)
