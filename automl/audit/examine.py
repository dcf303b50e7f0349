"""The audit as a whole: which checks run, in which order, in how much time, and what happens where one fails."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from automl.audit.deadline import TooLate
from automl.audit.drift import drifted_test, ignored_time
from automl.audit.duplicates import contradictory_rows, near_twins, twins
from automl.audit.groups import crossing_groups
from automl.audit.images import alike_images, blank_images
from automl.audit.labels import doubtful_labels, doubtful_values
from automl.audit.leakage import copied_target, leaking_column
from automl.audit.order import sorted_identifier, sorted_rows
from automl.audit.recorded import time_columns
from automl.audit.recordings import crossing_recordings
from automl.audit.series import changed_frequency, long_gaps
from automl.audit.target import few_rows, rare_classes, target_outliers, untested_classes
from automl.audit.texts import empty_texts, mixed_languages
from automl.audit.view import View
from automl.records import Dataset, Finding, Severity, Split, Task

__all__ = ["CHECKS", "GRAVE", "TIMED", "examine"]

Check = Callable[[View], Finding | None]

GRAVE: tuple[Check, ...] = (
    copied_target, untested_classes, sorted_identifier, crossing_groups, crossing_recordings,
    ignored_time, twins, leaking_column,
)  # fmt: skip
"""Checks of what makes a score worthless: leaks, groups, time, copied rows, classes that are not tested.

They run first, and their work is bounded by counts of rows, columns and fits: the same data give the same findings,
however busy the machine is. A leak comes after the checks that may explain it.
"""

TIMED: tuple[Check, ...] = (
    target_outliers, rare_classes, few_rows, sorted_rows, changed_frequency, long_gaps, blank_images, empty_texts,
    drifted_test, alike_images, near_twins, contradictory_rows, mixed_languages, doubtful_labels, doubtful_values,
)  # fmt: skip
"""All others, cheap and grave ones first, since their time may run out."""

APPLIES: dict[Check, Callable[[View], bool]] = {
    changed_frequency: lambda view: view.goal.in_windows,
    long_gaps: lambda view: view.goal.in_windows,
    crossing_recordings: lambda view: view.dataset.sources is not None,
    blank_images: lambda view: view.modality.is_images,
    alike_images: lambda view: view.modality.is_images,
    empty_texts: lambda view: any(c.kind == "text" for c in view.used),
    mixed_languages: lambda view: any(c.kind == "text" for c in view.used),
    ignored_time: lambda view: bool(time_columns(view)),
    untested_classes: lambda view: view.goal.is_one_class and view.goal.needs_target,
    copied_target: lambda view: not view.goal.in_pixels,
    leaking_column: lambda view: view.goal.needs_target and not view.goal.in_pixels,
    target_outliers: lambda view: not view.goal.in_pixels,
    sorted_rows: lambda view: not view.goal.in_pixels,
    contradictory_rows: lambda view: view.goal.needs_target and not view.goal.in_pixels,
    doubtful_labels: lambda view: view.goal.is_one_class and view.goal.needs_target,
    doubtful_values: lambda view: view.goal.is_numeric,
}
"""When a check applies; one that does not is not reported as skipped where time runs out."""

CHECKS: tuple[Check, ...] = (*GRAVE, *TIMED)

STRICT = False
"""Whether a check that fails raises; for tests."""


def examine(dataset: Dataset, task: Task, split: Split | None = None, seconds: float = math.inf) -> tuple[Finding, ...]:
    """Run every check that applies to a dataset as `detect` left it.

    Each check reads a sample of a few thousand rows, or single columns of all rows. The grave ones run in any case; of
    the others none starts after the deadline. Findings are for the reader alone: nothing that is fitted, tuned or
    compared reads them.

    Args:
        dataset: typed, with a clean target.
        task: what is to be done.
        split: how rows are parted; without it, checks that compare training with test rows find nothing.
        seconds: that the other checks may take after the grave ones.

    Returns:
        Findings in the order of the checks. Further findings name the checks that failed or were not reached.
    """
    view = View(dataset, task, split)
    answers = Answers()
    for check in GRAVE:
        answers.ask(check, view)
    view.deadline.start(seconds)
    for check in TIMED:
        answers.ask(check, view)
    return (*answers.findings, *answers.notes(seconds))


@dataclass(slots=True)
class Answers:
    """What the checks have found so far, and which of them have no answer.

    Attributes:
        findings: in the order of the checks.
        failed: names of checks that raised, each with the type of its exception: its words may quote a cell.
        out_of_memory: names of checks that found too little memory.
        skipped: names of checks that were not reached in time.
    """

    findings: list[Finding] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    out_of_memory: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def ask(self, check: Check, view: View) -> None:
        """Run one check if it applies and there is time."""
        name = check.__name__
        try:
            if check in APPLIES and not APPLIES[check](view):
                return
            if view.deadline.is_over:
                raise TooLate
            finding = check(view)
        except TooLate:
            self.skipped.append(name)
        except MemoryError:
            self.out_of_memory.append(name)
        except Exception as error:  # the one place where a check may fail: an audit must not end a run
            if STRICT:
                raise
            self.failed[name] = type(error).__name__
        else:
            self.findings += [] if finding is None else [finding]

    def notes(self, seconds: float) -> Iterator[Finding]:
        """Findings that name the checks without an answer: medium where a grave one is among them, else low."""
        if self.failed:
            names = ", ".join(f"{name} ({kind})" for name, kind in self.failed.items())
            message = f"{len(self.failed)} of {len(CHECKS)} checks of the audit failed and found nothing: {names}."
            step = "Please report this; the contest is not touched by it."
            yield Finding("audit_failed", _severity(self.failed), message, step)
        if self.out_of_memory:
            names = ", ".join(self.out_of_memory)
            message = f"There was too little memory for {len(self.out_of_memory)} checks of the audit: {names}."
            step = "Run the audit again where more memory is free (ulimit -v)."
            yield Finding("audit_cut", _severity(self.out_of_memory), message, step)
        if self.skipped:
            names = ", ".join(self.skipped)
            message = f"The audit had {seconds:.1f} s and did not reach {len(self.skipped)} of its checks: {names}."
            yield Finding("audit_cut", "low", message, "A longer budget, or automl inspect, runs all of them.")


def _severity(names: Iterable[str]) -> Severity:
    """Medium where a grave check has no answer: the reader would take silence for one."""
    return "medium" if {check.__name__ for check in GRAVE} & set(names) else "low"
