"""What the checks see: a bounded, deterministic sample of the rows, and each input as codes or numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from automl import goals, modalities
from automl.audit.deadline import Deadline
from automl.audit.encoding import WORDED, as_numbers, chosen, words_of_each
from automl.audit.screening import Screened, screened
from automl.detect.columns.sample import is_named
from automl.modalities.image import grey_means
from automl.records import FILE_KINDS, UNUSED_KINDS, Column, Dataset, Finding, Goal, Modality, Severity, Split, Task

__all__ = [
    "Target",
    "View",
    "columns_named_by",
    "file_rows",
    "is_birth",
    "is_person",
    "quoted",
    "remembered",
    "sample_of",
    "severity_of",
]

Answer = TypeVar("Answer")

SAMPLE_ROWS = 4_000
LEAST_SAMPLE_ROWS, SAMPLE_CELLS = 1_000, 2_000_000
"""Wide tables get a smaller sample of rows, of so many cells."""
TEST_ROWS = 3_000
MOST_COLUMNS = 1_000
MOST_TARGETS = 3
THUMBNAIL = 6
PEOPLE = (
    r"patient|person|user|customer|client|subject|participant|household|family|member|device|sensor|machine|session|"
    r"student|pupil|employee|driver|speaker|writer|author|animal|donor|account|respondent|vehicle|engine|video|"
    r"recording|trip|specimen|patienten|kunde|kunden|cliente|utilisateur"
)


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One target over all rows.

    Attributes:
        name: of the column.
        values: ``(n_rows,)`` int64 class codes, or float64 numbers.
        n_classes: 0 for numbers.
    """

    name: str
    values: np.ndarray
    n_classes: int


@dataclass(frozen=True, eq=False)
class View:
    """A dataset as the checks see it.

    Attributes:
        dataset: typed, with a clean target.
        task: what is to be done.
        split: how the rows are parted; None before they are, and then every row counts as a training row.
        memory: results of `remembered` functions, by their names.
        deadline: until when checks may fit models.
    """

    dataset: Dataset
    task: Task
    split: Split | None = None
    memory: dict[str, Any] = field(default_factory=dict)
    deadline: Deadline = field(default_factory=Deadline)

    @cached_property
    def goal(self) -> Goal:
        """The record of the task's goal."""
        return goals.named(self.task)

    @cached_property
    def known(self) -> np.ndarray:
        """A sample of the training rows, sorted; of all rows without a split."""
        rows = np.arange(self.dataset.n_rows) if self.split is None else self.split.train
        n_columns = min(len(self.varying), MOST_COLUMNS)
        return sample_of(rows, int(np.clip(SAMPLE_CELLS // max(n_columns, 1), LEAST_SAMPLE_ROWS, SAMPLE_ROWS)))

    @cached_property
    def test(self) -> np.ndarray:
        """A sample of the test rows, sorted; empty without a split."""
        return sample_of(np.empty(0, np.int64) if self.split is None else self.split.test, TEST_ROWS)

    @cached_property
    def frame(self) -> pd.DataFrame | None:
        """The inputs if they are a table, else None."""
        return self.dataset.inputs if isinstance(self.dataset.inputs, pd.DataFrame) else None

    @cached_property
    def modality(self) -> Modality:
        """The record of the task's modality."""
        return modalities.named(self.task)

    @cached_property
    def varying(self) -> tuple[Column, ...]:
        """All input columns that are not constant; also those that neither side learns from."""
        if self.frame is None:
            return ()
        there = set(self.frame.columns)
        return tuple(c for c in self.task.columns if c.name in there and c.kind != "constant")

    @cached_property
    def screening(self) -> Screened:
        """Which of the columns the checks look at."""
        if self.frame is None or len(self.varying) <= MOST_COLUMNS:
            return Screened(self.varying)
        keep = {c.name for c in self.varying if c.kind == "datetime" or is_person(c.name)}
        return screened(self.frame, self.varying, self.targets, self.known, MOST_COLUMNS, keep)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Input columns that are not constant, used by models or not; of a wide table those that tell most."""
        return self.screening.columns

    @cached_property
    def used(self) -> tuple[Column, ...]:
        """Those of `columns` that models learn from."""
        return tuple(c for c in self.columns if c.kind not in UNUSED_KINDS)

    @cached_property
    def all_used(self) -> tuple[Column, ...]:
        """All columns that models learn from: those of `used`, and the others of a wide table after them."""
        known = {c.name for c in self.used}
        return (*self.used, *(c for c in self.varying if c.kind not in UNUSED_KINDS and c.name not in known))

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """The first few targets, as codes or numbers."""
        target = self.dataset.target
        if target is None or self.goal.in_windows:
            return ()
        read = []
        for name in target.columns[:MOST_TARGETS]:
            if self.goal.has_classes:
                codes = pd.Index(self.task.classes, dtype=object).get_indexer(pd.Index(target[name], dtype=object))
                read.append(Target(str(name), np.asarray(codes, np.int64), len(self.task.classes)))
            elif self.goal.is_multilabel:
                read.append(Target(str(name), target[name].to_numpy(np.int64), 2))
            else:
                read.append(Target(str(name), target[name].to_numpy(np.float64), 0))
        return tuple(read)

    @cached_property
    def known_frame(self) -> pd.DataFrame:
        """`columns` of the rows of `known`."""
        assert self.frame is not None
        return self.frame[[c.name for c in self.columns]].iloc[self.known]

    def matrix(self, rows: np.ndarray, leave_out: Sequence[str] = (), first: Sequence[str] = ()) -> np.ndarray:
        """Inputs of some rows as numbers, without gaps: what a forest reads.

        Levels become their rank by frequency, dates days, texts lengths and counts of hashed words, pictures small grey
        ones, arrays what their modality says. Nothing is learned from a target.

        Args:
            rows: row numbers.
            leave_out: names of columns not to use.
            first: columns to prefer, best first, where there are too many; half of the places are theirs.

        Returns:
            ``(n_rows, n_features)`` float32.
        """
        if self.frame is None:
            part = np.asarray(self.dataset.inputs[rows])
            made = part.reshape(len(rows), -1) if self.modality.matrix is None else self.modality.matrix(part)
            return np.nan_to_num(made.astype(np.float32))
        columns = chosen([c for c in self.used if c.name not in leave_out and c.kind not in FILE_KINDS], first)
        most_words = words_of_each(len(rows) * sum(c.kind in WORDED for c in columns))
        blocks = [self._encoded(column, rows, most_words) for column in columns]
        for name, images in self.dataset.pictures.items():
            if name not in leave_out:
                blocks.append(grey_means(images[rows], THUMBNAIL).reshape(len(rows), -1))
        if not blocks:
            return np.zeros((len(rows), 0), np.float32)
        return np.concatenate([b.astype(np.float32) for b in blocks], axis=1)

    def _encoded(self, column: Column, rows: np.ndarray, most_words: int) -> np.ndarray:
        """A column of some rows as numbers; the words of the known sample are counted once."""
        assert self.frame is not None
        key = f"{most_words} words of {column.name}" if rows is self.known and column.kind in WORDED else ""
        if key not in self.memory:
            numbers = as_numbers(self.frame[column.name].iloc[rows], column.kind, most_words)
            if not key:
                return numbers
            self.memory[key] = numbers
        words: np.ndarray = self.memory[key]
        return words


def remembered(compute: Callable[[View], Answer]) -> Callable[[View], Answer]:
    """Compute once for each view; several checks need the same answer."""

    @wraps(compute)
    def computed_once(view: View) -> Answer:
        if compute.__name__ not in view.memory:
            view.memory[compute.__name__] = compute(view)
        answer: Answer = view.memory[compute.__name__]
        return answer

    return computed_once


def columns_named_by(view: View, check: str) -> set[str]:
    """Columns in the finding of a `remembered` check; none where it has not run or found nothing."""
    finding = view.memory.get(check)
    return set(finding.columns) if isinstance(finding, Finding) else set()


def severity_of(value: float, medium: float, high: float = math.inf) -> Severity:
    """High or medium from these bounds on, low below them."""
    return "high" if value >= high else "medium" if value >= medium else "low"


def sample_of(rows: np.ndarray, most: int) -> np.ndarray:
    """At most `most` of these rows, drawn at random and sorted; the same ones each time."""
    rows = np.asarray(rows, np.int64)
    return rows if len(rows) <= most else np.sort(np.random.default_rng(0).choice(rows, most, replace=False))


def file_rows(dataset: Dataset, rows: np.ndarray, most: int = 20) -> tuple[int, ...]:
    """The first of some rows as positions in the user's file."""
    some = np.asarray(rows)[:most]
    return tuple(int(r) for r in (some if dataset.row_numbers is None else dataset.row_numbers[some]))


def quoted(names: Sequence[str], most: int = 5) -> str:
    """The first names in quotes, and how many more there are."""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + rest


def is_birth(name: str) -> bool:
    """Whether a column is named like a date of birth, which says nothing of when a row was recorded."""
    return is_named(name, "birth|birthday|birthdate|dob|born|geburtsdatum|naissance")


def is_person(name: str) -> bool:
    """Whether a column is named like a person, device or session, each of which may have several rows."""
    return is_named(name, PEOPLE)
