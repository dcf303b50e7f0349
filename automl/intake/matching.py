"""The columns of new rows held against those that a model was trained on."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from automl.errors import DataError
from automl.intake.raw import Raw, listed
from automl.intake.vectors import as_trained
from automl.records import UNUSED_KINDS, Finding, Severity, Task

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["letters_of", "matched"]

SHOWN = 5
NO_LETTERS = re.compile(r"[^0-9a-z]+")


def matched(
    raw: Raw, task: Task, silent: frozenset[str] = frozenset()
) -> tuple[pd.DataFrame, pd.DataFrame | None, tuple[Finding, ...]]:
    """Columns of new rows held against those trained on.

    Args:
        raw: whose inputs are a frame.
        task: what the model was trained for.
        silent: columns that are no matter where the task does not know them.

    Returns:
        The columns that the task knows, the target columns that are there, and what was noticed here.

    Raises:
        DataError: all needed columns are missing, or those that say when and of which series a row is.
    """
    frame, target, known = raw.inputs, raw.target, [column.name for column in task.columns]
    frame, findings = as_trained(frame, frozenset(known))
    frame, noticed = _renamed(frame, known, task, raw)
    findings += noticed
    wanted = [*known, *task.target, task.time_column, task.series_column, task.group_column, task.label]
    frame, noticed = _respelled(frame, list(dict.fromkeys(name for name in wanted if name is not None)))
    findings += noticed
    answers = [name for name in task.target if name in frame.columns and name not in known]
    if answers and target is None:
        target = frame[answers]
    keys = [name for name in (task.time_column, task.series_column) if name is not None]
    missing_keys = [name for name in keys if name not in frame.columns]
    if missing_keys:
        raise DataError(
            f"{raw.where} lacks {listed(missing_keys)}, which say when and of which series a row is; "
            f"it has {listed(frame.columns)}"
        )
    apart = {*answers, *task.set_aside, task.label, task.group_column}
    own, trained_on, others = set(frame.columns), set(known), {*keys, *apart}  # of a wide table, lists are slow
    needed = [c.name for c in task.columns if c.kind not in UNUSED_KINDS and c.name not in others]
    missing = tuple(name for name in needed if name not in own)
    if needed and len(missing) == len(needed) and not keys:
        raise DataError(
            f"{raw.where} has none of the {len(needed)} columns trained on ({listed(needed)}); it has "
            f"{listed(frame.columns)}; pass rows with the same column names"
        )
    if missing:
        message = f"{_columns(missing)} trained on {_are(missing)} not in the new rows and read as missing"
        step = "Predictions are less certain; add what is missing."
        findings += (_finding("missing_columns", "high", message, step, missing),)
    expected = {*known, *others, *silent}
    extra = tuple(name for name in frame.columns if name not in expected)
    if extra and task.horizon is None:  # a forecast names no column that it does not use
        message = f"{_columns(extra)} of the new rows {_were(extra)} not trained on and {_are(extra)} ignored"
        findings += (_finding("extra_columns", "low", message, "Train again with what should count.", extra),)
    keep = [name for name in frame.columns if (name in trained_on or name in keys) and name not in answers]
    return frame[keep].copy(), target, findings


def _finding(check: str, severity: Severity, message: str, step: str, names: tuple[str, ...]) -> Finding:
    return Finding(check, severity, f"{message}: {listed(names)}.", step, columns=names, count=len(names))


def _columns(names: Sequence[str]) -> str:
    return "1 column" if len(names) == 1 else f"{len(names)} columns"


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _were(names: Sequence[str]) -> str:
    return "was" if len(names) == 1 else "were"


def _renamed(frame: pd.DataFrame, known: list[str], task: Task, raw: Raw) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Arrays, folders and tables without a header have no names: they are taken from the task by order or by kind."""
    import pandas as pd

    own, where = list(frame.columns), raw.where
    is_headless = any(finding.check == "no_header" for finding in raw.findings)
    if is_headless and _lacks_target(own, known, task):
        message = f"{where} has neither header nor target; its {len(own)} columns are taken in the order trained on."
        finding = Finding("unnamed_columns", "medium", message, "Add a line with column names.", count=len(own))
        return frame.set_axis(pd.Index(known), axis=1), (finding,)
    if set(own) & set(known):
        numbered = own == [f"x{i}" for i in range(len(own))] and set(known) == {f"x{i}" for i in range(len(known))}
        if numbered and set(own) != {*known, *task.target}:
            _refuse_width(len(own), len(known), where)
        return frame, ()
    kind = {"image": "image_path", "sound": "audio_path", "text": "text"}.get(own[0]) if len(own) == 1 else None
    name = next((column.name for column in task.columns if column.kind == kind), None) if kind else None
    if name is not None:
        return frame.set_axis(pd.Index([name]), axis=1), ()
    if own == [f"x{i}" for i in range(len(own))]:
        _refuse_width(len(own), len(known), where)
        if len(own) == 1:
            return frame.set_axis(pd.Index(known), axis=1), ()
        message = f"The {len(own)} columns of {where} have no names; they are taken in the order trained on."
        finding = Finding("unnamed_columns", "medium", message, "Pass a frame with column names.", count=len(own))
        return frame.set_axis(pd.Index(known), axis=1), (finding,)
    return frame, ()


def _lacks_target(own: list[str], known: list[str], task: Task) -> bool:
    """Whether numbered columns are those of a table without a header, from which the numbered target was left out."""
    numbered = [f"x{i}" for i in range(len(known) + len(task.target))]
    is_all = {*known, *task.target} == {*numbered} != {*known}
    return is_all and own != known and own == numbered[: len(known)]


def _refuse_width(width: int, expected: int, where: str) -> None:
    if width != expected:
        raise DataError(f"{where} has {width} columns: expected {expected}, as trained on, in the same order")


def _respelled(frame: pd.DataFrame, wanted: list[str]) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Columns whose names differ from those trained on in case, blanks and marks alone get these names."""
    lacking = [name for name in wanted if name not in frame.columns]
    if not lacking:
        return frame, ()
    ours = _by_letters(wanted)
    theirs = _by_letters(frame.columns)
    pairs = {
        theirs[letters][0]: name
        for name in lacking
        if (letters := letters_of(name)) and len(ours[letters]) == 1 and len(theirs.get(letters, ())) == 1
    }
    if not pairs:
        return frame, ()
    shown = "; ".join(f"{theirs!r} was taken for {ours!r}" for theirs, ours in list(pairs.items())[:SHOWN])
    more = f"; and {len(pairs) - SHOWN} more" if len(pairs) > SHOWN else ""
    message = f"{_columns(list(pairs))} {_are(list(pairs))} spelled otherwise than in training: {shown}{more}."
    step = "Rename what is another column."
    finding = Finding("respelled_columns", "medium", message, step, tuple(pairs.values()), count=len(pairs))
    return frame.rename(columns=pairs), (finding,)


def _by_letters(names: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(letters_of(name), []).append(name)
    return found


def letters_of(name: str) -> str:
    """A name without case, blanks and marks."""
    if name.isascii():
        return NO_LETTERS.sub("", name.lower())
    return "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if c.isalnum())
