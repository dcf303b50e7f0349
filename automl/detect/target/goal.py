"""What is to be predicted: the goal, its classes and a clean target, from the target's own values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from automl.detect.columns.convert import typed
from automl.detect.columns.kinds import column
from automl.detect.columns.sample import is_named, shown
from automl.detect.parse import (
    TRUE_WORDS,
    booleans,
    is_money,
    members,
    numbers,
    unlike_units,
    word,
    words,
)
from automl.detect.target.absent import gaps_in_targets, without_target
from automl.detect.target.classes import class_findings, grades, natural, positive_class
from automl.detect.target.numeric_labels import Taken, taken
from automl.detect.target.unseen import Rows, known_classes, known_labels
from automl.errors import DataError, RecipeError
from automl.records import NUMERIC_KINDS, QUANTITY_KINDS, Column, Finding, GoalName, Recipe
from automl.system import shell
from automl.system.counts import counted

__all__ = ["SURE", "Answer", "answer", "suggested", "suggestions"]

SURE = 0.7
"""Below this confidence of a goal the user is asked."""

MOST_BANDS = 20
"""Different words with a number and a unit, up to which they may be classes such as "5 kg" and "10 l"."""

MOST_UNIT_TEXTS = 1_000
UNTICKED = "no"
"""The class of an empty cell where boxes are ticked."""

IDENTIFIERS = r"id|ids|uuid|guid|identifier|rowid|rownum"
LIKELY = r"target|label|class|y|outcome|result|response|category|price|score|sentiment|diagnosis|survived|churn|income"


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A goal, and the target made ready for it.

    Attributes:
        target: clean, one row for each of `rows`.
        rows: the row numbers that hold a target, but for given test rows of a class that no training row has.
        classes: in code order (multilabel: labels); empty for values.
        counts: rows of each (not of labels).
        ordered: the classes are grades.
        confidence: 0 to 1, of the goal.
        doubt: what would tell otherwise.
        observed: ``(n_rows, n_targets)`` bool: which cells of the target hold a value; None where all do.
    """

    goal: GoalName
    target: pd.DataFrame
    rows: np.ndarray
    classes: tuple[str, ...]
    evidence: tuple[str, ...]
    findings: tuple[Finding, ...]
    counts: tuple[int, ...] = ()
    ordered: bool = False
    confidence: float = 1.0
    doubt: str = ""
    observed: np.ndarray | None = None


def suggested(inputs: Any, columns: Sequence[Column]) -> str:
    """What `suggestions` gives, as a clause for a message; empty when there is nothing."""
    names = suggestions(inputs, columns)
    return f" (try: {', '.join(map(shell.quoted, names))})" if names else ""


def suggestions(inputs: Any, columns: Sequence[Column]) -> list[str]:
    """Up to three columns that may be a target, likeliest first."""
    if not isinstance(inputs, pd.DataFrame):
        return []
    usable = [c for c in columns if c.kind in (*NUMERIC_KINDS, "categorical", "list")]
    few = [c for c in usable if c.kind != "categorical" or _n_first_levels(inputs[c.name]) <= 50]
    likely = [c.name for c in few if is_named(c.name, LIKELY)]
    return list(dict.fromkeys(likely + [c.name for c in reversed(few)]))[:3]


def _n_first_levels(series: pd.Series) -> int:
    """Different values in the first thousand rows."""
    return len(set(map(word, series.iloc[:1000].tolist())))


def answer(target: pd.DataFrame, recipe: Recipe, where: str, suggest: str, given: np.ndarray | None = None) -> Answer:
    """Decide the goal and clean the target.

    Test rows of the user's own are read with the classes of the training rows.

    Args:
        target: target columns as read.
        recipe: its goal overrides; its columns may set a target's kind.
        where: the data's name.
        suggest: clause that proposes other columns, for messages.
        given: ``(n,)`` bool: the user's own test rows; None without.

    Raises:
        DataError: no row holds a target, it never varies, it is different text in every row, or no given test row is
            of a class of the training rows.
        RecipeError: the goal asked for does not fit the target.
    """
    found = [_described(name, target[name], recipe) for name in target.columns]
    columns = [c for c, _ in found]
    for (c, present), name in zip(found, target.columns, strict=True):
        if not present.any():
            _refuse_missing(name, target[name], where, suggest)
        if recipe.goal is None and c.evidence != "set by you":
            _refuse_names_of_rows(c, target[name], where, suggest)
        if c.kind == "datetime" and c.evidence != "set by you" and recipe.goal is None:
            raise RecipeError(
                f"target {name!r} of {where} holds dates, which cannot be predicted; pass it as time_column{suggest}"
            )
    observed = np.column_stack([p for _, p in found])
    partly = len(columns) > 1 and _are_amounts(target, columns, observed, recipe)
    present = np.asarray(observed.any(axis=1) if partly else observed.all(axis=1))
    if not present.any():
        raise DataError(
            f"no row of {where} holds a value in all targets {list(target.columns)}; fill them or name fewer"
        )
    rows = np.flatnonzero(present)
    findings: tuple[Finding, ...] = (
        (without_target(target, found, recipe, ~present),) if len(rows) < len(target) else ()
    )
    if partly and not observed[rows].all():
        findings += (gaps_in_targets(target, found, recipe, rows),)
    kept = target.iloc[rows].reset_index(drop=True)
    if len(columns) > 1:
        made = replace(_several(kept, columns, recipe, where), observed=observed[rows] if partly else None)
    else:
        own = np.zeros(len(rows), bool) if given is None else np.asarray(given, bool)[rows]
        made = _one(kept, columns[0], recipe, where, suggest, Rows(own, rows, len(target) - len(rows)))
    return replace(made, rows=rows[made.rows], findings=findings + made.findings)


def _are_amounts(target: pd.DataFrame, columns: Sequence[Column], observed: np.ndarray, recipe: Recipe) -> bool:
    """Whether several targets are numbers to estimate, so that a row may lack some of them."""
    if recipe.goal not in (None, "regression") or any(c.kind not in QUANTITY_KINDS for c in columns):
        return False
    if recipe.goal == "regression":
        return True
    levels = [set(np.unique(typed(target[name], c).to_numpy()[observed[:, i]]))
              for i, (name, c) in enumerate(zip(target.columns, columns, strict=True))]  # fmt: skip
    return not all(values <= {0.0, 1.0} for values in levels)


def _described(name: Any, series: pd.Series, recipe: Recipe) -> tuple[Column, np.ndarray]:
    """A target's kind, and where it holds a value; numbers that look like years are numbers once a goal is set."""
    seen = column(str(name), series, recipe.columns.get(str(name)))
    if seen.reading.get("numbers") == "excel" and seen.evidence != "set by you":
        seen = Column(seen.name, "numeric", 0.8, "whole numbers")
    odd = ("identifier", "categorical", "text", "constant", *(() if recipe.goal is None else ("datetime",)))
    if seen.kind in odd and pd.api.types.is_numeric_dtype(series.dtype) and seen.evidence != "set by you":
        seen = Column(seen.name, "numeric", 0.8, "whole numbers")
    if recipe.goal in (None, "binary") and (ticked := _ticked(seen, series)) is not None:
        seen = ticked
    if seen.kind in QUANTITY_KINDS:
        return seen, ~np.isnan(numbers(series, seen.reading))
    if seen.kind == "boolean" and recipe.goal in (None, "binary"):
        return seen, ~np.isnan(booleans(series, seen.reading))
    return seen, np.array([w is not None for w in words(series)])


def _ticked(c: Column, series: pd.Series) -> Column | None:
    """The column as boxes that are ticked or not, where one word for yes stands in some rows and nothing in others."""
    if c.evidence == "set by you":
        return None
    levels = set(words(series))
    if None not in levels or len(levels) != 2:
        return None
    (level,) = levels - {None}
    if level.lower() not in TRUE_WORDS:
        return None
    reading = {"true": level, "empty": "false"}
    return Column(c.name, "boolean", 1.0, f"{level!r} or nothing, as boxes are ticked", reading)


def _refuse_names_of_rows(c: Column, series: pd.Series, where: str, suggest: str) -> None:
    found = column(c.name, series)
    if found.kind == "identifier" and is_named(c.name, IDENTIFIERS):
        raise DataError(
            f"target {c.name!r} of {where} names the rows ({found.evidence}), which cannot be predicted; pass --target "
            f"with a column whose values come back, or --goal regression if its numbers are amounts{suggest}"
        )


def _refuse_missing(name: str, series: pd.Series, where: str, suggest: str) -> None:
    spelled = series.dropna().unique()
    what = f"{str(spelled[0])!r}" if len(spelled) == 1 else "missing"
    raise DataError(
        f"target {name!r} is {what} in all {len(series):,} rows of {where}; pass --target with a column "
        f"that varies{suggest}"
    )


# --------------------------------------------------------------------------- one target


def _one(target: pd.DataFrame, kind: Column, recipe: Recipe, where: str, suggest: str, rows: Rows) -> Answer:
    name, series = str(target.columns[0]), target.iloc[:, 0]
    if kind.kind == "list" and recipe.goal in (None, "multilabel"):
        return _members(name, series, kind, rows)
    if recipe.goal == "multilabel":
        raise RecipeError(
            f"goal 'multilabel' needs several 0/1 targets or one of lists such as 'a, b', but {name!r} "
            f"of {where} holds {kind.evidence}"
        )
    texts = words(series)
    empty_class: tuple[str, ...] = ()
    ticked = kind.reading.get("empty") == "false"
    if kind.kind == "boolean" and recipe.goal in (None, "binary") and (ticked or len(set(texts)) > 2):
        spelled = [kind.reading.get("false", UNTICKED), kind.reading.get("true", "yes")]
        texts = np.array([spelled[int(v)] for v in booleans(series, kind.reading)], dtype=object)
        empty_class = (f"target {name!r}: {kind.evidence}; an empty cell is of class {UNTICKED!r}",) if ticked else ()
    n_levels = len(set(texts))
    if n_levels == 1:
        empty = f" that hold one, and {rows.n_empty:,} are empty: if that means no, write 'no' there; else"
        raise DataError(
            f"target {name!r} is {texts[0]!r} in all {len(texts):,} rows of {where}{empty if rows.n_empty else ';'} "
            f"pass --target with a column that varies{suggest}"
        )
    numeric = kind.kind in QUANTITY_KINDS
    found = taken(name, series, kind, _is_code(name, series)) if numeric else None
    if recipe.goal == "regression" or (recipe.goal is None and found is not None and found.amounts):
        if not numeric and kind.kind != "boolean":
            raise RecipeError(
                f"goal 'regression' needs numbers, but target {name!r} of {where} holds "
                f"{shown(list(texts))}; use goal 'multiclass'"
            )
        return _values(name, series, kind, recipe, found)
    texts, kept, findings = known_classes(name, texts, rows)
    texts = texts[kept]
    n_levels = len(set(texts))
    if recipe.goal is None and found is None and n_levels > MOST_BANDS:
        _refuse_units(name, texts, where)
    if found is None or recipe.goal is None:
        _refuse_unlike(name, texts, n_levels, where, suggest)
    if recipe.goal == "binary" and n_levels != 2:
        raise RecipeError(
            f"goal 'binary' needs a target of two values, but {name!r} of {where} has {n_levels:,}; use "
            f"goal 'multiclass' or 'regression'"
        )
    made = _classes(texts, kind, recipe, found, series.dtype)
    return replace(
        made, rows=np.flatnonzero(kept), evidence=(*made.evidence, *empty_class), findings=(*findings, *made.findings)
    )


def _values(name: str, series: pd.Series, kind: Column, recipe: Recipe, found: Taken | None) -> Answer:
    values = typed(series, kind).to_numpy()
    unit = str(kind.reading.get("unit") or "")
    told = f", in {unit!r}" if unit else ""
    if recipe.goal is not None or found is None:
        return Answer("regression", pd.DataFrame({name: values}), np.arange(len(values)), (),
                      (f"goal regression: set by you{told}",), ())  # fmt: skip
    doubt = f"target {name!r} is read as amounts ({found.why}); {found.instead}" if found.instead else ""
    also = f"; {found.instead}" if found.instead and found.sure < 0.8 else ""
    return Answer(
        "regression", pd.DataFrame({name: values}), np.arange(len(values)), (),
        (f"goal regression: {found.why}{told}{also}",), (), confidence=found.sure, doubt=doubt,
    )  # fmt: skip


def _is_code(name: str, series: pd.Series) -> bool:
    """Whether numbers name something, by the column's name (postcodes, codes)."""
    return column(name, series).kind == "categorical"


def _refuse_units(name: str, texts: np.ndarray, where: str) -> None:
    """Amounts in several currencies are neither numbers nor classes."""
    different = sorted(set(map(str, texts)))
    units = unlike_units(different[:: len(different) // MOST_UNIT_TEXTS + 1])
    if len(units) > 1 and all(is_money(unit) for unit in units):
        raise DataError(
            f"target {name!r} of {where} holds numbers in units that nothing turns into each other "
            f"({', '.join(map(repr, list(units)[:4]))}), such as {shown(list(texts), 2)}; write the numbers in one "
            f"unit, or pass --goal multiclass to take each cell as a class"
        )


def _refuse_unlike(name: str, texts: np.ndarray, n_levels: int, where: str, suggest: str) -> None:
    """Words or codes that differ in nearly every row cannot be predicted as classes."""
    if n_levels > 0.95 * len(texts) and len(texts) >= 3 and n_levels > 2:
        raise DataError(
            f"target {name!r} holds a different text in "
            f"{'every one' if n_levels == len(texts) else 'nearly every one'} of the "
            f"{len(texts):,} rows of {where}, such as {shown(list(texts), 2)}; pass --target with a "
            f"column whose values come back{suggest}"
        )


def _classes(texts: np.ndarray, kind: Column, recipe: Recipe, found: Taken | None, dtype: Any) -> Answer:
    name = kind.name
    counts = pd.Series(texts, dtype=object).value_counts()
    levels = sorted(counts.index, key=natural)
    goal: GoalName = "binary" if len(levels) == 2 and recipe.goal != "multiclass" else "multiclass"
    evidence = [
        f"goal {goal}: {'set by you' if recipe.goal else f'the target {name!r} takes {len(levels):,} different values'}"
    ]
    if found is not None and goal == "multiclass" and recipe.goal is None and found.sure >= SURE:  # else it is a doubt
        evidence.append(
            f"the {len(levels):,} whole numbers of {name!r} are taken as classes; pass goal regression "
            f"if they are amounts"
        )
    order = grades(levels, dtype, name) if goal == "multiclass" else None
    if order is None and goal == "multiclass" and found is not None and found.ordered:
        values = dict(zip(levels, numbers(pd.Series(levels, dtype=object), kind.reading), strict=True))
        order = sorted(levels, key=lambda level: values[level])
    ordered = goal == "multiclass" and (order is not None or recipe.metric == "quadratic_kappa")
    if ordered:
        levels = order or levels
        shown_grades = " < ".join(map(repr, levels[:6])) + (" < ..." if len(levels) > 6 else "")
        why = "" if order else ", as metric quadratic_kappa takes them"
        evidence.append(f"the classes are ordered{why}: {shown_grades}")
    if goal == "binary":
        positive, why = positive_class((levels[0], levels[1]), (int(counts[levels[0]]), int(counts[levels[1]])))
        levels = [next(v for v in levels if v != positive), positive]
        evidence.append(f"the positive class is {positive!r}: {why}")
    confidence, doubt = _sure_of_classes(name, counts, ordered, found)
    return Answer(
        goal, pd.DataFrame({name: texts}, dtype=object), np.arange(len(texts)), tuple(levels), tuple(evidence),
        class_findings(name, counts), tuple(int(counts[level]) for level in levels), ordered,
        1.0 if recipe.goal else confidence, doubt,
    )  # fmt: skip


def _sure_of_classes(name: str, counts: pd.Series, ordered: bool, found: Taken | None) -> tuple[float, str]:
    """How sure classes are, and what would tell otherwise."""
    n = len(counts)
    what = f"{n:,} {'ordered ' if ordered else ''}classes"
    if found is not None:
        return found.sure, f"target {name!r} is read as {what}; {found.instead}"
    if counts.mean() < 3 and n > 2:
        return (
            0.6,
            f"target {name!r} is read as {what} of {counts.mean():.1f} rows each; name another target if it is text",
        )
    return 0.97 if n <= 50 else 0.85, ""


# --------------------------------------------------------------------------- several targets


def _members(name: str, series: pd.Series, kind: Column, rows: Rows) -> Answer:
    """A column of lists: one 0/1 column for each member."""
    separator = str(kind.reading.get("separator", ","))
    cells = [set(members(str(t), separator)) for t in words(series)]
    labels, findings = known_labels(name, cells, rows)
    position = {label: i for i, label in enumerate(labels)}
    table = np.zeros((len(cells), len(labels)), dtype=np.int8)
    for i, cell in enumerate(cells):
        table[i, [position[m] for m in cell if m in position]] = 1
    evidence = f"goal multilabel: {name!r} holds lists of {counted(len(labels), 'member')}"
    return Answer(
        "multilabel", pd.DataFrame(table, columns=labels), np.arange(len(cells)), tuple(labels), (evidence,), findings,
        confidence=0.9,
    )  # fmt: skip


def _several(target: pd.DataFrame, columns: Sequence[Column], recipe: Recipe, where: str) -> Answer:
    names = [str(c) for c in target.columns]
    values = {
        n: typed(target.iloc[:, i], c).to_numpy()
        for i, (n, c) in enumerate(zip(names, columns, strict=True))
        if c.kind in NUMERIC_KINDS
    }
    for n, c in zip(names, columns, strict=True):
        if c.kind == "constant":
            raise DataError(f"target {n!r} never varies in {where} ({c.evidence}); leave it out of --target")
    binary = [n for n in values if set(np.unique(values[n])) <= {0.0, 1.0}]
    if len(values) < len(names):
        words_ = [n for n in names if n not in values]
        raise RecipeError(
            f"several targets must all be 0/1 labels (multilabel) or all numbers (regression), but "
            f"{shown(words_)} of {where} "
            "hold neither; run one contest for each, or write them as one column"
        )
    rows = np.arange(len(target))
    if recipe.goal == "multilabel" or (recipe.goal is None and len(binary) == len(names)):
        if len(binary) < len(names):
            raise RecipeError(
                f"goal 'multilabel' needs 0/1 targets, but "
                f"{shown([n for n in names if n not in binary])} of {where} hold other numbers"
            )
        frame = pd.DataFrame({n: values[n].astype(np.int8) for n in names})
        constant = [n for n in names if frame[n].nunique() < 2]
        if constant:
            raise DataError(f"label {constant[0]!r} never varies in {where}; leave it out of --target")
        one_each = recipe.goal is None and bool((frame.sum(axis=1) == 1).all())
        doubt = (
            f"{len(names)} targets of 0 and 1 are read as labels, though each row has exactly one; write them as one "
            f"column if they are classes that exclude each other"
        )
        return Answer(
            "multilabel", frame, rows, tuple(names), (f"goal multilabel: {len(names)} targets of 0 and 1",), (),
            confidence=0.6 if one_each else 0.95, doubt=doubt if one_each else "",
        )  # fmt: skip
    if recipe.goal in ("binary", "multiclass"):
        raise RecipeError(
            f"goal {recipe.goal!r} takes one target, got {len(names)}; name one, or use goal multilabel or regression"
        )
    evidence = f"goal regression: {len(names)} numeric targets"
    table = pd.DataFrame(values)[names].astype(np.float64)
    return Answer("regression", table, rows, (), (evidence,), (), confidence=1.0 if recipe.goal else 0.95)
