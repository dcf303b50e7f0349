"""What the checks see: a bounded, deterministic sample of the rows, and each input as codes or numbers."""

from __future__ import annotations

import math
import sys
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from automl import goals, modalities
from automl.detect.columns.sample import is_named
from automl.modalities.image import grey_means
from automl.records import ORDERED_KINDS, UNUSED_KINDS, Column, Dataset, Finding, Goal, Modality, Severity, Split, Task

__all__ = [
    "Target",
    "TooLate",
    "View",
    "columns_named_by",
    "evenly",
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
TEST_ROWS = 3_000
MOST_COLUMNS = 1_000
MODEL_COLUMNS = 200
MOST_TARGETS = 3
LEARN_SECONDS, IMPORT_SECONDS = 0.7, 1.3
MEASURED_SECONDS, LEAST_CORE = 0.02, 0.03
THUMBNAIL = 6
HASHED_WORDS = 64
WORDS = 200
PEOPLE = (
    r"patient|person|user|customer|client|subject|participant|household|family|member|device|sensor|machine|session|"
    r"student|pupil|employee|driver|speaker|writer|author|animal|donor|account|respondent|vehicle|engine|video|"
    r"recording|trip|specimen|patienten|kunde|kunden|cliente|utilisateur"
)


class TooLate(Exception):
    """Too little time is left to fit a model."""


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
        deadline: `time.monotonic` value to be done by.
        begun: wall and processor seconds when the view was made.
    """

    dataset: Dataset
    task: Task
    split: Split | None = None
    memory: dict[str, Any] = field(default_factory=dict)
    deadline: float = math.inf
    begun: tuple[float, float] = field(default_factory=lambda: (time.monotonic(), time.thread_time()))

    def before_learning(self) -> None:
        """Check that there is time to fit a model. Call it before each fit, since a fit cannot be stopped.

        Raises:
            TooLate: the fit would end after the deadline, at the share of a core that the checks have had so far.
        """
        if math.isinf(self.deadline):
            return
        wall, cpu = time.monotonic() - self.begun[0], time.thread_time() - self.begun[1]
        share = 1.0 if wall < MEASURED_SECONDS else min(1.0, max(cpu / wall, LEAST_CORE))
        needed = LEARN_SECONDS + (0.0 if "sklearn.ensemble" in sys.modules else IMPORT_SECONDS)
        if time.monotonic() + needed / share > self.deadline:
            raise TooLate

    @cached_property
    def goal(self) -> Goal:
        """The record of the task's goal."""
        return goals.named(self.task)

    @cached_property
    def known(self) -> np.ndarray:
        """A sample of the training rows, sorted; of all rows without a split."""
        return sample_of(np.arange(self.dataset.n_rows) if self.split is None else self.split.train, SAMPLE_ROWS)

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
    def columns(self) -> tuple[Column, ...]:
        """Input columns that are not constant; also those that neither side learns from."""
        if self.frame is None:
            return ()
        there = set(self.frame.columns)
        return tuple(c for c in self.task.columns if c.name in there and c.kind != "constant")[:MOST_COLUMNS]

    @cached_property
    def used(self) -> tuple[Column, ...]:
        """Columns that models learn from."""
        return tuple(c for c in self.columns if c.kind not in UNUSED_KINDS)

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """The first few targets, as codes or numbers."""
        target = self.dataset.target
        if target is None or self.goal.in_windows:
            return ()
        read = []
        for name in target.columns[:MOST_TARGETS]:
            if self.goal.is_one_class:
                codes = pd.Index(self.task.classes, dtype=object).get_indexer(pd.Index(target[name], dtype=object))
                read.append(Target(str(name), np.asarray(codes, np.int64), len(self.task.classes)))
            elif self.goal.is_multilabel:
                read.append(Target(str(name), target[name].to_numpy(np.int64), 2))
            else:
                read.append(Target(str(name), target[name].to_numpy(np.float64), 0))
        return tuple(read)

    @cached_property
    def known_frame(self) -> pd.DataFrame:
        """The rows of `known` of the table."""
        assert self.frame is not None
        return self.frame.iloc[self.known]

    def matrix(self, rows: np.ndarray, leave_out: Sequence[str] = ()) -> np.ndarray:
        """Inputs of some rows as numbers, without gaps: what a forest reads.

        Levels become their rank by frequency, dates days, texts lengths and counts of hashed words, pictures small grey
        ones, arrays what their modality says. Nothing is learned from a target.

        Args:
            rows: row numbers.
            leave_out: names of columns not to use.

        Returns:
            ``(n_rows, n_features)`` float32.
        """
        inputs = self.dataset.inputs
        if self.frame is None:
            part = np.asarray(inputs[rows])
            made = part.reshape(len(rows), -1) if self.modality.matrix is None else self.modality.matrix(part)
            return np.nan_to_num(made.astype(np.float32))
        columns = [c for c in self.used if c.name not in leave_out and c.kind != "image_path"]
        if len(columns) > MODEL_COLUMNS:
            columns = [columns[i] for i in np.linspace(0, len(columns) - 1, MODEL_COLUMNS).astype(int)]
        table = self.frame.iloc[rows]
        blocks = [as_numbers(table[c.name], c.kind) for c in columns]
        for name, images in self.dataset.pictures.items():
            if name not in leave_out:
                blocks.append(grey_means(images[rows], THUMBNAIL).reshape(len(rows), -1))
        if not blocks:
            return np.zeros((len(rows), 0), np.float32)
        return np.concatenate([b.astype(np.float32) for b in blocks], axis=1)


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


def evenly(rows: np.ndarray, most: int) -> np.ndarray:
    """At most `most` of these rows, at equal distances."""
    return rows if len(rows) <= most else rows[np.linspace(0, len(rows) - 1, most).astype(int)]


def as_numbers(series: pd.Series, kind: str) -> np.ndarray:
    """One typed column as ``(n, width)`` numbers without gaps: a missing cell gets a number below every value."""
    if kind in ORDERED_KINDS:
        values = series.to_numpy()
        if kind == "datetime":
            values = np.where(np.isnat(values), np.nan, values.astype("datetime64[s]").astype(np.float64))
        values = values.astype(np.float64)
        bad = ~np.isfinite(values)
        if bad.any():
            low = values[~bad].min() if not bad.all() else 0.0
            values = np.where(bad, low - max(1.0, abs(low)), values)
        return np.asarray(np.clip(values, -1e30, 1e30))[:, None]
    if kind in ("text", "list", "url"):
        return worded(series)
    codes, levels = pd.factorize(series)
    counts = np.bincount(codes + 1, minlength=len(levels) + 1)[1:]
    # ties are broken by spelling, so that the order of rows does not matter
    order = sorted(range(len(levels)), key=lambda i: (-counts[i], str(levels[i])))
    rank = np.empty(len(levels) + 1)
    rank[order] = np.arange(len(levels))
    rank[-1] = -1.0
    return np.asarray(rank[codes])[:, None]


def worded(series: pd.Series) -> np.ndarray:
    """Texts as length, number of words, share of letters beyond ASCII, and counts of hashed words."""
    out = np.zeros((len(series), 3 + HASHED_WORDS))
    for i, value in enumerate(series.tolist()):
        if not isinstance(value, str) or not value:
            continue
        words = value.casefold().split()
        out[i, :3] = len(value), len(words), sum(c > "\x7f" for c in value[:1000]) / min(len(value), 1000)
        for word in words[:WORDS]:
            out[i, 3 + zlib.crc32(word.encode()) % HASHED_WORDS] += 1
    return out


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
