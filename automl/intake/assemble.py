"""Raw rows → `Dataset`: test rows appended, and target, weight, group and label parted from the inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from automl import goals
from automl.errors import DataError
from automl.intake.aside import set_aside
from automl.intake.drop import without_dropped, without_those_present
from automl.intake.files import MEDIA_SUFFIXES
from automl.intake.fingerprint import fingerprint
from automl.intake.frames import is_frame
from automl.intake.grades import as_graded, numbers_of_grades
from automl.intake.limits import within_memory
from automl.intake.raw import Hints, Raw, Room, listed, unknown_column
from automl.intake.recordings import with_group_of_names
from automl.intake.source import read
from automl.intake.streamed import looked_at
from automl.intake.vectors import with_vectors
from automl.records import FILE_KINDS, Dataset, Finding, Kind, Recipe

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["absolute_files", "checked_weight", "load", "room_of"]


def load(recipe: Recipe, most_rows: int | None = None, in_order: bool = False) -> Dataset:
    """Read a recipe's data (and test data) into one dataset; nothing is typed and no row is judged yet.

    Args:
        recipe: what is asked for.
        most_rows: of a table that are worth the time, to look at and not to learn from.
        in_order: whether these are the first rows, and not drawn at random.

    Returns:
        Inputs with target, weight, group and label columns parted off. Time and series columns stay inputs.
        `given` marks rows of the user's own test data, which come last; `row_numbers` count on from
        the training source's to theirs, which begin at `test_from`.

    Raises:
        DataError: missing, damaged or empty data; a named column that is not there; parts that do not fit.
    """
    with within_memory("the data"):
        return _load(recipe, most_rows, in_order)


def _load(recipe: Recipe, most_rows: int | None, in_order: bool) -> Dataset:
    import pandas as pd

    raw = read(recipe.data, "the data", Hints(target=recipe.target, room=room_of(recipe, most_rows, in_order)))
    aside = set_aside(raw, recipe.sensitive, recipe.target)
    raw = without_dropped(raw, recipe.drop, recipe.target)
    if most_rows is not None:
        raw = _some_rows(raw, most_rows, recipe, in_order)
    if len(raw.inputs) < 2:
        raise DataError(f"{raw.where} holds one row: expected at least two, and some dozens to learn from; add rows")
    n_train = len(raw.inputs)
    if recipe.test is not None:
        names = tuple(raw.inputs.columns) if is_frame(raw.inputs) else ()
        hints = Hints(recipe.target, text=_text_columns(raw.inputs), names=names, encoding=raw.encoding)
        test = read(recipe.test, "the test data", hints)
        where = test.where if test.where == "the test data" else f"the test data {test.where}"
        test = replace(test, where=where)
        theirs = set_aside(test, recipe.sensitive, recipe.target, first=_n_in_source(raw))
        aside = aside if aside is None or theirs is None else pd.concat([aside, theirs])
        raw = _append(raw, without_those_present(test, recipe.drop))
    raw = with_group_of_names(with_vectors(raw, _named_columns(recipe)), recipe)
    rows = raw.rows if raw.rows is not None else np.arange(len(raw.inputs))
    inputs, target, group, weight = raw.inputs, raw.target, None, None
    findings = raw.findings
    if is_frame(inputs):
        inputs, target, group, weight = _roles(raw, recipe)
        inputs = numbers_of_grades(inputs)
    else:
        _refuse_names(recipe, raw.where)
    if group is not None and (gone := np.array([value is None or value != value for value in group])).any():
        group = np.where(gone, "(missing)", group)
        message = f"{gone.sum()} rows have no {recipe.group!r}; they are treated as one group."
        step = "Fill them, or leave these rows out: nobody knows whether they belong together."
        findings += (
            Finding("missing_groups", "medium", message, step, columns=(str(recipe.group),), count=int(gone.sum())),
        )
    if recipe.weight is not None and not isinstance(recipe.weight, str):
        weights = _as_numbers(recipe.weight)
        if raw.given is None and raw.rows is not None and weights.ndim == 1 and len(weights) > raw.rows.max():
            weights = weights[raw.rows]  # of a file of which not all rows were read
        weight, noticed = _weights_given(weights, n_train, len(inputs))
        findings += noticed
    if weight is not None:
        weight = checked_weight(weight)
    return Dataset(
        name=raw.name,
        inputs=inputs,
        target=target,
        groups=group,
        weight=weight,
        given=raw.given,
        root=raw.root,
        fingerprint=fingerprint(inputs, target, group, weight, raw.given),
        findings=findings,
        row_numbers=np.asarray(rows, dtype=np.int64),
        n_source_rows=raw.n_source_rows,
        test_from=raw.test_from,
        kinds=raw.kinds,
        encoding=raw.encoding,
        aside=aside,
        rate=raw.rate,
    )


def _named_columns(recipe: Recipe) -> set[str]:
    """Columns that the recipe says something of."""
    roles = [recipe.group, recipe.weight, recipe.label, recipe.time_column, recipe.series]
    return {*recipe.target, *recipe.columns, *(name for name in roles if isinstance(name, str))}


def room_of(recipe: Recipe, most_rows: int | None = None, in_order: bool = False) -> Room:
    """What may be held of the data, and which rows matter most."""
    return Room(recipe.search.memory_mib, recipe.seed, recipe.time_column, in_order or _is_series(recipe), most_rows)


def _is_series(recipe: Recipe) -> bool:
    goal = goals.known().get(recipe.goal or "")
    return (goal is not None and goal.in_windows) or bool(
        recipe.series or recipe.known or recipe.horizon or recipe.season
    )


def _some_rows(raw: Raw, most_rows: int, recipe: Recipe, in_order: bool) -> Raw:
    """Some rows of a frame: the first of what may be a series, else drawn at random; all of an array."""
    n_rows = len(raw.inputs)
    if not is_frame(raw.inputs) or n_rows <= most_rows:
        return raw
    if in_order or _is_series(recipe) or recipe.time_column is not None or (not recipe.target and raw.target is None):
        chosen = np.arange(most_rows)
    else:
        chosen = np.sort(np.random.default_rng(recipe.seed).choice(n_rows, most_rows, replace=False))
    return replace(
        raw,
        inputs=raw.inputs.take(chosen).reset_index(drop=True),
        target=None if raw.target is None else raw.target.take(chosen).reset_index(drop=True),
        given=None if raw.given is None else raw.given[chosen],
        rows=chosen if raw.rows is None else raw.rows[chosen],
        findings=(*raw.findings, looked_at(most_rows, n_rows, raw.where)),
        n_source_rows=n_rows,
    )


def _roles(raw: Raw, recipe: Recipe) -> tuple[pd.DataFrame, pd.DataFrame | None, Any, Any]:
    """Part the columns of a table by what the recipe says of them."""
    frame = raw.inputs
    names = [*frame.columns, *(raw.target.columns if raw.target is not None else ())]
    weight_name = recipe.weight if isinstance(recipe.weight, str) else None
    asked = [("group", recipe.group), ("weight", weight_name), ("label", recipe.label)]
    asked += [("time column", recipe.time_column), ("series", recipe.series)]
    asked += [("column", name) for name in recipe.columns if name not in recipe.drop]
    for what, name in [*(("target", name) for name in recipe.target), *asked]:
        if name is not None and name not in names:
            raise unknown_column(what, name, names, raw.where, raw.encoding)
    _refuse_clashes(recipe, weight_name, raw)
    target = raw.target
    if target is None and recipe.target:
        target = frame[list(recipe.target)].copy()
        frame = frame.drop(columns=list(recipe.target))
    elif target is not None and recipe.target and set(recipe.target) - set(target.columns):
        other = next(name for name in recipe.target if name not in target.columns)
        raise unknown_column("target", other, list(target.columns), f"the targets of {raw.where}")
    group = _keys(frame[recipe.group]) if recipe.group in frame else None
    weight = frame[weight_name].to_numpy() if weight_name in frame else None
    goal = goals.known().get(recipe.goal or "")
    label = None if goal is not None and goal.makes_rows else recipe.label  # there it is made like the others
    if target is None and label is not None:
        target = frame[[label]].copy()
    out = {recipe.group, weight_name, label} - {recipe.time_column, recipe.series, None}
    frame = frame.drop(columns=[name for name in out if name in frame])
    if frame.shape[1] == 0:
        raise DataError(
            f"no input column is left in {raw.where}, which has the columns {listed(names)}: "
            "expected at least one beside target, weight, group, label and what is dropped; a series needs its time "
            "column too"
        )
    return frame, target, group, weight


def _keys(column: pd.Series) -> np.ndarray:
    """What rows belong to: dates as text, since a group is a name and is compared, counted and shown as one."""
    if column.dtype.kind == "M":
        return np.asarray(column.astype("str").astype(object).where(column.notna(), None))
    return column.to_numpy()


def _refuse_clashes(recipe: Recipe, weight_name: str | None, raw: Raw) -> None:
    """One column cannot be both answer and something else; a name that stands for two columns is no target."""
    for finding in raw.findings:
        again = set(recipe.target) & set(finding.columns) if finding.check == "duplicate_columns" else set()
        if again:
            raise DataError(f"target {listed(again)} is the name of several columns of {raw.where}; rename all but one")
    others = {"group": recipe.group, "weight": weight_name, "time column": recipe.time_column, "series": recipe.series}
    for what, name in others.items():
        if name is not None and name in recipe.target:
            raise DataError(f"column {name!r} is named both as target and as {what}; it can be only one of them")


def _refuse_names(recipe: Recipe, where: str) -> None:
    """Arrays of images or sequences have no columns to name."""
    asked = {"group": recipe.group, "time_column": recipe.time_column, "series": recipe.series, "label": recipe.label}
    asked["weight"] = recipe.weight if isinstance(recipe.weight, str) else None
    for key, name in asked.items():
        if name is not None:
            raise DataError(f"{key}={name!r} names a column, but {where} is an array without columns; leave it out")


def _weights_given(values: Any, n_train: int, n_rows: int) -> tuple[np.ndarray, tuple[Finding, ...]]:
    """An array of weights; test rows beyond it count 1 each."""
    weight = np.asarray(values)
    if weight.shape == (n_rows,):
        return weight, ()
    if weight.shape != (n_train,):
        raise DataError(f"weight has shape {weight.shape}: expected one number a row, ({n_train},)")
    message = f"Weights were given for the {n_train} training rows only; each test row counts 1."
    finding = Finding(
        "missing_weights", "low", message, "Give each test row a weight if they differ.", count=n_rows - n_train
    )
    return np.concatenate([weight, np.ones(n_rows - n_train)]), (finding,)


def checked_weight(values: Any) -> np.ndarray:
    """Weights of rows ``(n,)`` as float64.

    Raises:
        DataError: they are no numbers from 0 up, or all 0.
    """
    weight = _as_numbers(values)
    bad = np.flatnonzero(~np.isfinite(weight) | (weight < 0))
    if len(bad):
        shown = ", ".join(f"{weight[i]:g} in row {i}" for i in bad[:3])
        raise DataError(f"{len(bad)} weights are negative, infinite or missing ({shown}); expected numbers from 0 up")
    if not weight.any():
        raise DataError("all weights are 0: expected some rows to count; leave weights out to count all rows alike")
    return weight


def _as_numbers(values: Any) -> np.ndarray:
    try:
        raw = np.asarray(values)
        if raw.dtype.kind in "cmM" or raw.dtype.names:  # NumPy would count nanoseconds, or drop a part
            raise TypeError(f"they are of type {raw.dtype}")
        return raw.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"weights must be numbers ({error}); correct the column or array") from error


def _text_columns(inputs: Any) -> frozenset[str]:
    import pandas as pd

    if not is_frame(inputs):
        return frozenset()
    return frozenset(
        name for name, dtype in inputs.dtypes.items() if isinstance(dtype, pd.StringDtype) or dtype == np.dtype(object)
    )


def _append(raw: Raw, test: Raw) -> Raw:
    """Training rows followed by the user's test rows, which must have the same columns or shape."""
    if len(test.inputs) == 0:
        raise DataError(f"{test.where} holds no rows: expected at least one")
    own = np.zeros(len(raw.inputs), dtype=bool) if raw.given is None else raw.given
    given = np.concatenate([own, np.ones(len(test.inputs), dtype=bool)])
    first = _n_in_source(raw)
    findings = raw.findings + tuple(
        replace(f, message=f"Test data: {f.message}", rows=tuple(first + row for row in f.rows)) for f in test.findings
    )
    if is_frame(raw.inputs) != is_frame(test.inputs):
        raise DataError(f"{raw.where} and {test.where} differ in form; pass both as tables or both as arrays")
    inputs: Any
    if is_frame(raw.inputs):
        inputs, noticed = _append_frames(raw, test)
        findings += noticed
    else:
        shapes = raw.inputs.shape[1:], test.inputs.shape[1:]
        if raw.rate != test.rate:
            raise DataError(
                f"{raw.where} has {raw.rate or 'no'} samples a second, the test data {test.rate or 'none'}; give both "
                "the same rate"
            )
        if shapes[0] != shapes[1]:
            raise DataError(
                f"rows of {raw.where} have shape {shapes[0]}, those of the test data {shapes[1]}; they must agree"
            )
        inputs = np.concatenate([raw.inputs, test.inputs])
    target = _append_targets(raw, test)
    ours, theirs = (r.rows if r.rows is not None else np.arange(len(r.inputs)) for r in (raw, test))
    rows = np.concatenate([ours, first + theirs])
    return Raw(
        raw.name, raw.where, inputs, target, given, raw.root, rows, findings, test_from=first, encoding=raw.encoding,
        kinds={**test.kinds, **raw.kinds}, rate=raw.rate,
    )  # fmt: skip


def _n_in_source(raw: Raw) -> int:
    """Rows of a source, left out ones too, as far as they are known: no row that was read or told of lies beyond."""
    told = [row for finding in raw.findings for row in finding.rows]
    last = max([-1 if raw.rows is None else int(raw.rows.max()), *told])
    return max(len(raw.inputs), raw.n_source_rows or 0, last + 1)


def _append_targets(raw: Raw, test: Raw) -> pd.DataFrame | None:
    import pandas as pd

    if raw.target is None or test.target is None:
        if raw.target is not test.target:
            lacking = raw.where if raw.target is None else test.where
            raise DataError(f"training and test data must both come with targets; {lacking} has none")
        return None
    if raw.target.shape[1] != test.target.shape[1]:
        raise DataError(f"{raw.where} has {raw.target.shape[1]} targets, the test data {test.target.shape[1]}")
    theirs = test.target.set_axis(raw.target.columns, axis=1)
    return pd.concat([raw.target, as_graded(theirs, raw.target)], ignore_index=True)


def _append_frames(raw: Raw, test: Raw) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    import pandas as pd

    ours, theirs = raw.inputs, test.inputs
    missing = [name for name in ours.columns if name not in theirs.columns]
    if missing:
        raise DataError(
            f"{test.where} lacks {listed(missing)} of {raw.where}; it has {listed(theirs.columns)}; "
            "give both the same columns"
        )
    extra = tuple(name for name in theirs.columns if name not in ours.columns)
    findings: tuple[Finding, ...] = ()
    if extra:
        message = f"The test data has {len(extra)} further columns, which were left out: {listed(extra)}."
        step = "Add them to the training data if they should count."
        findings = (Finding("extra_columns", "low", message, step, columns=extra, count=len(extra)),)
    theirs = theirs[list(ours.columns)]
    if raw.root != test.root and test.root is not None:
        theirs = absolute_files(theirs, test.root, test.kinds)
    return pd.concat([ours, as_graded(theirs, ours)], ignore_index=True), findings


def absolute_files(frame: pd.DataFrame, root: str, kinds: Mapping[str, Kind]) -> pd.DataFrame:
    """Paths of images and sounds made absolute, since one dataset has one root only."""
    import pandas as pd

    frame = frame.copy()
    for name in frame.columns:
        cells = [cell for cell in frame[name].head(50) if isinstance(cell, str)]
        endings = {PurePath(cell).suffix.lower() for cell in cells}
        ends = bool(endings) and any(endings <= suffixes for suffixes in MEDIA_SUFFIXES.values())
        if ends or kinds.get(name) in FILE_KINDS:
            base = Path(root).resolve()
            full = [str(base / cell) if isinstance(cell, str) else cell for cell in frame[name]]
            frame[name] = pd.Series(full, index=frame.index, dtype=object)
    return frame
