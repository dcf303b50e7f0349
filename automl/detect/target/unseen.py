"""Classes that only the user's own test rows have: another spelling of a known class, or one that nobody can learn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from automl.detect.columns.sample import shown
from automl.errors import DataError
from automl.records import Finding
from automl.system.counts import noun

__all__ = ["Rows", "known_classes", "known_labels"]

SHOWN_ROWS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Where a target's rows come from.

    Attributes:
        given: ``(n,)`` bool: the row is one of the user's own test rows.
        numbers: ``(n,)`` int64: the row's number in the data as read.
        n_empty: further rows, which hold no target.
    """

    given: np.ndarray
    numbers: np.ndarray
    n_empty: int = 0


def known_classes(name: str, texts: np.ndarray, rows: Rows) -> tuple[np.ndarray, np.ndarray, tuple[Finding, ...]]:
    """Read the classes of test rows as those of the training rows.

    A class that only the test rows have is read as a training class where they differ in case, in spaces, or in how a
    number is written. Any other cannot be learnt, so its rows do not test.

    Args:
        name: of the target.
        texts: ``(n,)`` str, the class of each row.
        rows: where they come from.

    Returns:
        (texts, kept, findings): `texts` with the spelling of the training rows, and ``(n,)`` bool, the rows that
        stay.

    Raises:
        DataError: no test row is of a class that the training rows have.
    """
    everything = np.ones(len(texts), bool)
    known = set(texts[~rows.given])
    unseen = [text for text in dict.fromkeys(texts[rows.given]) if text not in known]
    if not unseen:
        return texts, everything, ()
    alike = _alike(unseen, known)
    findings = []
    if alike:
        changed = np.flatnonzero(rows.given & np.isin(texts, list(alike)))
        findings.append(_respelled(name, alike, rows.numbers[changed]))
        texts = np.array([alike.get(text, text) for text in texts], dtype=object)
    strange = [text for text in unseen if text not in alike]
    lost = np.isin(texts, strange)
    if strange:
        _refuse_all(name, strange, known, lost, rows)
        findings.append(_left_out(name, strange, lost, rows))
    return texts, ~lost, tuple(findings)


def known_labels(name: str, cells: Sequence[set[str]], rows: Rows) -> tuple[list[str], tuple[Finding, ...]]:
    """The labels of a multilabel target that training rows have, sorted; others are told.

    Args:
        name: of the target.
        cells: the labels of each row.
        rows: where they come from.
    """
    known = set().union(*(cell for cell, given in zip(cells, rows.given, strict=True) if not given))
    strange = Counter(label for cell, given in zip(cells, rows.given, strict=True) if given for label in cell - known)
    if not strange:
        return sorted(known), ()
    held = np.array([bool(cell & set(strange)) for cell in cells])
    message = (
        f"{_labels(strange)} of {name!r} {_occur(len(strange))} only in the given test rows ({held.sum():,} of "
        f"{rows.given.sum():,}), never in training: no model can predict them, so they were left out."
    )
    return sorted(known), (_finding("unseen_class", message, name, rows.numbers[held], len(strange)),)


def _alike(unseen: Iterable[str], known: set[str]) -> dict[str, str]:
    """The training class of each unseen one that differs in spelling alone; none where two would fit."""
    by_key: dict[str, set[str]] = {}
    for text in known:
        by_key.setdefault(_key(text), set()).add(text)
    candidates = {text: by_key.get(_key(text), set()) for text in unseen}
    return {text: next(iter(found)) for text, found in candidates.items() if len(found) == 1}


def _key(text: str) -> str:
    """What spellings of the same class share."""
    try:
        return repr(float(text))
    except ValueError:
        return " ".join(text.casefold().split())


def _respelled(name: str, alike: dict[str, str], numbers: np.ndarray) -> Finding:
    pairs = ", ".join(f"{text!r} as {known!r}" for text, known in list(alike.items())[:3])
    more = f" and {len(alike) - 3:,} more" if len(alike) > 3 else ""
    message = (
        f"{len(numbers):,} given test rows write classes of {name!r} in a way that the training rows never do; they "
        f"were read as classes of training: {pairs}{more}."
    )
    step = "Write each class alike in both files; rename classes that are not the same."
    return Finding("class_spelling", "medium", message, step, (name,), _first(numbers), len(numbers))


def _refuse_all(name: str, strange: Sequence[str], known: set[str], lost: np.ndarray, rows: Rows) -> None:
    if lost[rows.given].all():
        raise DataError(
            f"expected test rows of the classes of {name!r} that the training rows have ({shown(sorted(known))}), but "
            f"all {int(rows.given.sum()):,} given test rows hold others ({shown(list(strange))}); correct the labels, "
            "or leave the test data out"
        )


def _left_out(name: str, strange: Sequence[str], lost: np.ndarray, rows: Rows) -> Finding:
    message = (
        f"{_labels(strange)} of {name!r} {_occur(len(strange))} only in the given test rows, never in training: no "
        f"model can predict them, so {lost.sum():,} of {rows.given.sum():,} test rows "
        f"{noun(int(lost.sum()), 'was', 'were')} left out."
    )
    return _finding("unseen_class", message, name, rows.numbers[lost], int(lost.sum()))


def _labels(strange: Iterable[str]) -> str:
    names = list(strange)
    return f"{'Class' if len(names) == 1 else 'Classes'} {shown(names)}"


def _occur(n: int) -> str:
    return "occurs" if n == 1 else "occur"


def _finding(code: str, message: str, name: str, numbers: np.ndarray, count: int) -> Finding:
    step = "Correct these labels, or add training rows of these classes."
    return Finding(code, "high", message, step, (name,), _first(numbers), count)


def _first(numbers: np.ndarray) -> tuple[int, ...]:
    return tuple(map(int, numbers[:SHOWN_ROWS]))
