"""What is to be predicted: the goal, its classes and a clean target, from the target's own values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from automl.detect.glimpse import glimpse, is_named, shown
from automl.detect.kinds import column
from automl.detect.parse import FALSE_WORDS, TRUE_WORDS, numbers, words
from automl.detect.reading import typed
from automl.errors import DataError, RecipeError
from automl.records import Column, Finding, Goal, Recipe

__all__ = ["Answer", "answer", "positive_class", "suggestions"]

FEW_LEVELS = 20
NEGATIVES = FALSE_WORDS | {
    "negative",
    "neg",
    "ham",
    "normal",
    "healthy",
    "benign",
    "-1",
    "absent",
    "none",
    "control",
    "legit",
}
POSITIVES = TRUE_WORDS | {
    "positive",
    "pos",
    "spam",
    "abnormal",
    "anomaly",
    "fraud",
    "malignant",
    "present",
    "sick",
    "churn",
    "churned",
}
AMOUNTS = (
    r"count|counts|n|num|number|qty|quantity|amount|price|cost|age|year|years|days|"
    r"hours|minutes|income|salary|weight|height|rings|sales|demand"
)
SCALES = (
    ("none", "very low", "low", "medium", "moderate", "high", "very high", "extreme"),
    ("very bad", "bad", "poor", "fair", "average", "ok", "good", "very good", "premium", "ideal", "excellent"),
    ("never", "rarely", "seldom", "sometimes", "often", "usually", "always"),
    ("strongly disagree", "disagree", "neutral", "agree", "strongly agree"),
    ("none", "minor", "mild", "moderate", "major", "severe", "critical", "fatal"),
    ("xxs", "xs", "s", "m", "l", "xl", "xxl", "xxxl"),
    ("tiny", "small", "medium", "large", "huge"),
)
LABELS = r"class|label|target|category|type|species|digit|letter|grade|y"
LIKELY = r"target|label|class|y|outcome|result|response|category|price|score|sentiment|diagnosis|survived|churn|income"


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A goal, and the target made ready for it.

    Attributes:
        target: clean, one row for each of `rows`. rows: the row numbers that hold a target.
        classes: in code order (multilabel: labels); empty for values. imbalance: largest class over smallest.
        ordered: the classes are grades.
    """

    goal: Goal
    target: pd.DataFrame
    rows: np.ndarray
    classes: tuple[str, ...]
    evidence: tuple[str, ...]
    findings: tuple[Finding, ...]
    imbalance: float = 1.0
    ordered: bool = False


def suggestions(inputs: Any, columns: Sequence[Column]) -> str:
    """Up to three columns that may be a target, as a clause for a message; empty when there is none."""
    if not isinstance(inputs, pd.DataFrame):
        return ""
    usable = [c for c in columns if c.kind in ("boolean", "numeric", "embedded_number", "categorical", "list")]
    few = [c for c in usable if c.kind != "categorical" or inputs[c.name].nunique() <= 50]
    likely = [c.name for c in few if is_named(c.name, LIKELY)]
    names = list(dict.fromkeys(likely + [c.name for c in reversed(few)]))[:3]
    return f" (try: {', '.join(map(repr, names))})" if names else ""


def answer(target: pd.DataFrame, recipe: Recipe, where: str, suggest: str) -> Answer:
    """Decide the goal and clean the target.

    Args:
        target: target columns as read. recipe: its goal overrides; its columns may set a target's kind.
        where: the data's name. suggest: clause that proposes other columns, for messages.

    Raises:
        DataError: no row holds a target, it never varies, or it is different text in every row.
        RecipeError: the goal asked for does not fit the target.
    """
    found = [_described(name, target[name], recipe, where) for name in target.columns]
    columns = [c for c, _ in found]
    for (c, present), name in zip(found, target.columns, strict=True):
        if not present.any():
            _refuse_missing(name, target[name], where, suggest)
        if c.kind == "datetime" and c.evidence != "set by you" and recipe.goal is None:
            raise RecipeError(
                f"target {name!r} of {where} holds dates, which cannot be predicted; pass it as time_column{suggest}"
            )
    present = np.logical_and.reduce([p for _, p in found])
    if not present.any():
        raise DataError(
            f"no row of {where} holds a value in all targets {list(target.columns)}; fill them or name fewer"
        )
    rows = np.flatnonzero(present)
    findings: tuple[Finding, ...] = ()
    if len(rows) < len(target):
        lost = np.flatnonzero(~present)
        findings = (
            Finding(
                "missing_target",
                "medium" if len(lost) > 0.05 * len(target) else "low",
                f"{len(lost):,} of {len(target):,} rows have no usable target and were dropped.",
                "Fill the target or remove these rows.",
                tuple(map(str, target.columns)),
                tuple(map(int, lost[:20])),
                len(lost),
            ),
        )
    kept = target.iloc[rows].reset_index(drop=True)
    made = (
        _several(kept, columns, recipe, where) if len(columns) > 1 else _one(kept, columns[0], recipe, where, suggest)
    )
    return replace(made, rows=rows, findings=findings + made.findings)


def _described(name: Any, series: pd.Series, recipe: Recipe, where: str) -> tuple[Column, np.ndarray]:
    """A target's kind, and where it holds a value; numbers that look like years are numbers once a goal is set."""
    seen = column(str(name), series, recipe.columns.get(str(name)))
    odd = ("identifier", "categorical", "text", "constant", *(() if recipe.goal is None else ("datetime",)))
    if seen.kind in odd and pd.api.types.is_numeric_dtype(series.dtype) and seen.evidence != "set by you":
        seen = Column(seen.name, "numeric", 0.8, "whole numbers")
    if seen.kind in ("numeric", "embedded_number"):
        return seen, ~np.isnan(numbers(series, seen.reading))
    return seen, np.array([w is not None for w in words(series)])


def _refuse_missing(name: str, series: pd.Series, where: str, suggest: str) -> None:
    spelled = series.dropna().unique()
    what = f"{str(spelled[0])!r}" if len(spelled) == 1 else "missing"
    raise DataError(
        f"target {name!r} is {what} in all {len(series):,} rows of {where}; pass --target with a column "
        f"that varies{suggest}"
    )


# --------------------------------------------------------------------------- one target


def _one(target: pd.DataFrame, kind: Column, recipe: Recipe, where: str, suggest: str) -> Answer:
    name, series = str(target.columns[0]), target.iloc[:, 0]
    if kind.kind == "list" and recipe.goal in (None, "multilabel"):
        return _members(name, series, kind)
    if recipe.goal == "multilabel":
        raise RecipeError(
            f"goal 'multilabel' needs several 0/1 targets or one of lists such as 'a, b', but {name!r} "
            f"of {where} holds {kind.evidence}"
        )
    texts = words(series)
    n_levels = len(set(texts))
    if n_levels == 1:
        raise DataError(
            f"target {name!r} is {texts[0]!r} in all {len(texts):,} rows of {where}; pass --target with "
            f"a column that varies{suggest}"
        )
    numeric = kind.kind in ("numeric", "embedded_number")
    if recipe.goal == "regression" or (
        recipe.goal is None and numeric and (why := _amount(series, kind, n_levels)) is not None
    ):
        if not numeric and kind.kind != "boolean":
            raise RecipeError(
                f"goal 'regression' needs numbers, but target {name!r} of {where} holds "
                f"{shown(list(texts))}; use goal 'multiclass'"
            )
        values = typed(series, kind).to_numpy()
        evidence = f"goal regression: {'set by you' if recipe.goal else why}"
        return Answer("regression", pd.DataFrame({name: values}), np.arange(len(values)), (), (evidence,), ())
    if not numeric and n_levels > 0.95 * len(texts) and len(texts) >= 3 and n_levels > 2:
        raise DataError(
            f"target {name!r} holds a different text in "
            f"{'every one' if n_levels == len(texts) else 'nearly every one'} of the "
            f"{len(texts):,} rows of {where}, such as {shown(list(texts), 2)}; pass --target with a "
            f"column whose values come back{suggest}"
        )
    if recipe.goal == "binary" and n_levels != 2:
        raise RecipeError(
            f"goal 'binary' needs a target of two values, but {name!r} of {where} has {n_levels:,}; use "
            f"goal 'multiclass' or 'regression'"
        )
    return _classes(name, texts, recipe, numeric, series.dtype)


def _amount(series: pd.Series, kind: Column, n_levels: int) -> str | None:
    """Why numbers are amounts to estimate rather than class codes; None when they are codes."""
    if kind.evidence == "set by you":
        return "you set the target's kind to numeric"
    if n_levels == 2:
        return None
    values = numbers(series, kind.reading)
    seen = glimpse(str(series.name), series)
    if not (values == np.round(values)).all():
        return f"the target holds {n_levels:,} different numbers, some with decimals"
    if kind.kind == "embedded_number" or seen.is_named(AMOUNTS):
        return f"the target holds {n_levels:,} different whole numbers and its name or unit says an amount"
    levels, counts = np.unique(values, return_counts=True)
    if n_levels > len(values) / 5 and not (seen.is_named(LABELS) and n_levels <= len(values) / 2):
        return f"the target holds {n_levels:,} different whole numbers in {len(values):,} rows"
    if n_levels <= FEW_LEVELS:
        if n_levels > 10 and (counts < 2).sum() >= 2 and not seen.is_named(LABELS):
            return f"the target holds {n_levels:,} different whole numbers, some of them once only, as counts do"
        return None
    contiguous = levels[0] in (0, 1) and levels[-1] - levels[0] == n_levels - 1
    even = counts.min() >= 0.2 * counts.max() and n_levels <= 50
    if (contiguous and even) or (
        seen.is_named(LABELS) and n_levels <= 1000 and counts.mean() >= 10 and levels[0] >= 0 and contiguous
    ):
        return None
    return f"the target holds {n_levels:,} different whole numbers"


def _classes(name: str, texts: np.ndarray, recipe: Recipe, numeric: bool, dtype: Any) -> Answer:
    counts = pd.Series(texts, dtype=object).value_counts()
    levels = sorted(counts.index, key=_natural)
    goal: Goal = "binary" if len(levels) == 2 and recipe.goal != "multiclass" else "multiclass"
    evidence = [
        f"goal {goal}: {'set by you' if recipe.goal else f'the target {name!r} takes {len(levels):,} different values'}"
    ]
    if numeric and goal == "multiclass" and recipe.goal is None:
        evidence.append(
            f"the {len(levels):,} whole numbers of {name!r} are taken as classes; pass goal regression "
            f"if they are amounts"
        )
    grades = _grades(levels, dtype) if goal == "multiclass" else None
    ordered = goal == "multiclass" and (grades is not None or recipe.metric == "quadratic_kappa")
    if ordered:
        levels = grades or levels
        shown_grades = " < ".join(map(repr, levels[:6])) + (" < ..." if len(levels) > 6 else "")
        why = "" if grades else ", as metric quadratic_kappa takes them"
        evidence.append(f"the classes are ordered{why}: {shown_grades}")
    if goal == "binary":
        positive, why = positive_class((levels[0], levels[1]), (int(counts[levels[0]]), int(counts[levels[1]])))
        levels = [next(v for v in levels if v != positive), positive]
        evidence.append(f"the positive class is {positive!r}: {why}")
    findings = _class_findings(name, counts)
    imbalance = float(counts.max() / counts.min())
    return Answer(
        goal,
        pd.DataFrame({name: texts}, dtype=object),
        np.arange(len(texts)),
        tuple(levels),
        tuple(evidence),
        findings,
        imbalance,
        ordered,
    )


def _grades(levels: Sequence[str], dtype: Any) -> list[str] | None:
    """Classes in the order that the column's type declares or a common scale has; None where there is neither."""
    if isinstance(dtype, pd.CategoricalDtype) and dtype.ordered:
        declared = [text for value in dtype.categories if (text := str(value).strip()) in set(levels)]
        return declared if len(declared) == len(levels) else None
    plain = {level: " ".join(level.casefold().replace("_", " ").replace("-", " ").split()) for level in levels}
    for scale in SCALES:
        if len(set(plain.values())) == len(levels) and set(plain.values()) <= set(scale):
            return sorted(levels, key=lambda level: scale.index(plain[level]))
    return None


def _natural(text: str) -> tuple[int, float, str]:
    try:
        return 0, float(text), text
    except ValueError:
        return 1, 0.0, text


def positive_class(levels: tuple[str, str], counts: tuple[int, int]) -> tuple[str, str]:
    """The class a score speaks of, and why: the one whose label says so, else the rarer one.

    Args:
        levels: the two classes. counts: rows of each.
    """
    low = [level.lower().strip() for level in levels]
    for a, b in ((0, 1), (1, 0)):
        denied = any(
            low[a] == f"{no}{low[b]}" for no in ("not ", "no ", "non-", "non ", "un", "not_", "no_", "non_", "in")
        )
        if (
            denied
            or (low[a] in NEGATIVES and low[b] not in NEGATIVES)
            or (low[b] in POSITIVES and low[a] not in POSITIVES)
        ):
            return levels[b], "its label says so"
    rarer = 1 if counts[1] <= counts[0] else 0
    return levels[rarer], f"it is the rarer one ({min(counts):,} of {sum(counts):,} rows)"


def _class_findings(name: str, counts: pd.Series) -> tuple[Finding, ...]:
    findings = []
    single = [str(level) for level in counts.index[counts == 1]]
    if single:
        findings.append(
            Finding(
                "single_row_class",
                "medium",
                f"{len(single):,} {'class' if len(single) == 1 else 'classes'} of {name!r} occur in one "
                f"row only: {shown(single)}.",
                "They are kept for training and cannot be tested; gather more rows or merge them.",
                (name,),
                (),
                len(single),
            )
        )
    rest = counts[counts > 1] if (counts > 1).any() else counts
    if len(rest) > 1 and rest.max() >= 10 * rest.min():
        findings.append(
            Finding(
                "imbalance",
                "high" if rest.max() >= 100 * rest.min() else "medium",
                f"Class {str(rest.index[-1])!r} has {int(rest.min()):,} rows and class "
                f"{str(rest.index[0])!r} {int(rest.max()):,}.",
                "Look at the scores of the rare class, not at accuracy alone.",
                (name,),
                (),
                int(rest.min()),
            )
        )
    return tuple(findings)


# --------------------------------------------------------------------------- several targets


def _members(name: str, series: pd.Series, kind: Column) -> Answer:
    """A column of lists: one 0/1 column for each member."""
    separator = str(kind.reading.get("separator", ","))
    cells = [
        {m for part in str(t).strip("[](){}").split(separator) if (m := part.strip(" '\""))} for t in words(series)
    ]
    labels = sorted(set().union(*cells))
    position = {label: i for i, label in enumerate(labels)}
    table = np.zeros((len(cells), len(labels)), dtype=np.int8)
    for i, cell in enumerate(cells):
        table[i, [position[m] for m in cell]] = 1
    evidence = f"goal multilabel: {name!r} holds lists of {len(labels):,} members"
    return Answer(
        "multilabel", pd.DataFrame(table, columns=labels), np.arange(len(cells)), tuple(labels), (evidence,), ()
    )


def _several(target: pd.DataFrame, columns: Sequence[Column], recipe: Recipe, where: str) -> Answer:
    names = [str(c) for c in target.columns]
    values = {
        n: typed(target.iloc[:, i], c).to_numpy()
        for i, (n, c) in enumerate(zip(names, columns, strict=True))
        if c.kind in ("boolean", "numeric", "embedded_number")
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
        return Answer(
            "multilabel", frame, rows, tuple(names), (f"goal multilabel: {len(names)} targets of 0 and 1",), ()
        )
    if recipe.goal in ("binary", "multiclass"):
        raise RecipeError(
            f"goal {recipe.goal!r} takes one target, got {len(names)}; name one, or use goal multilabel or regression"
        )
    evidence = f"goal regression: {len(names)} numeric targets"
    return Answer("regression", pd.DataFrame(values)[names].astype(np.float64), rows, (), (evidence,), ())
