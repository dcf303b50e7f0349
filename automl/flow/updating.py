"""Updates a finished contest with new rows: both finalists' settings are fitted again, without a search.

The new contest has the rows of the old one and the new ones. The test rows are those of the old contest and the same
share of the new rows, so no row that chose the settings tests. Where rows are split in time, the latest of all test;
if new rows are not later, a finding counts those that chose the settings. See
``docs/decisions/0063-nightly-runs.md``.
"""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automl import report
from automl.errors import DataError, FolderError, InputError, RecipeError
from automl.flow.contest import Finished, run
from automl.flow.finished_run import prepared_as_in, recipe_of
from automl.flow.update_split import parted
from automl.intake import Rows, grown
from automl.records import Ancestor, FixedSettings, Inherited, Mask
from automl.storage import files as folders
from automl.storage.npz import write_npz
from automl.storage.run_folder import ROWS_FOLDER, check_folder, open_folder
from automl.system import shell

if TYPE_CHECKING:
    import pandas as pd

    from automl.records import Recipe

__all__ = ["finalists_settings", "lineage_of", "update", "update_run"]

SHOWN_ROWS = "rows"
MOST_ANCESTORS = 1_000
SIDES = ("deep", "shallow")


def update_run(
    folder: Path,
    new: Any,
    given: Mapping[str, Any],
    plugins: str | Path | Sequence[str | Path] | None = None,
    started: float | None = None,
) -> Finished:
    """Update the run of a folder, by its own recipe; see `update`.

    Args:
        folder: of the run.
        new: new rows.
        given: keys of the recipe that replace those of the run; without "analysis" nothing is analysed.
        plugins: that the run was made with.
        started: `time.monotonic` value of the user's call; None for now.

    Raises:
        InputError: see `update`; or the data of the run are not where they were.
    """
    asked = {**given, "analysis": 0.0 if given.get("analysis") is None else given["analysis"]}
    try:
        recipe = recipe_of(folder, plugins, asked)
    except RecipeError as error:
        if given.get("data") is None and "data" in str(error):
            raise RecipeError(f"{error}; name the data of the run: --data OLD, or data= in Python") from error
        raise
    return update(recipe, folder, new, started)


def update(recipe: Recipe, folder: Path, new: Any, started: float | None = None) -> Finished:
    """Fit the settings of a run's finalists on its rows and new ones, and compare them anew.

    Args:
        recipe: that of the run, with the output folder and the budget of the update.
        folder: of the run.
        new: new rows with the columns of the old ones.
        started: `time.monotonic` value of the user's call; None for now.

    Raises:
        FolderError: the folder holds no finished run, or the output folder is in use.
        DataError: the data are not those of the run, or the new rows do not fit them.
    """
    started = time.monotonic() if started is None else started
    check_folder(recipe.out, False)
    folders.check_plain(folder)
    result = report.read_result(folder)
    settings = finalists_settings(result)
    prepared = prepared_as_in(dataclasses.replace(recipe, out=None, resume=False), result)
    rows = grown(recipe, new)
    parts = parted(rows, prepared, recipe)
    place = open_folder(recipe.out, prepared.dataset.name)
    kept = place / ROWS_FOLDER
    try:
        data = _write(parts.train, kept, prepared.dataset.name)
        tests = None if parts.test is None else _write(parts.test, kept, f"{prepared.dataset.name}-test")
        asked = dataclasses.replace(
            recipe, data=str(data), test=None if tests is None else str(tests), out=str(place), resume=False,
            max_trials=None, repeats=0, fold_pairs=0, file=None, replaced={}, source="automl update",
        )  # fmt: skip
        lineage = (*lineage_of(result), _ancestor(folder, result))[-MOST_ANCESTORS:]
        inherited = Inherited(
            settings, lineage, len(rows.new), *_call(folder, new), chose=parts.chose, n_repeats=parts.n_repeats
        )
        return run(asked, started, inherited=inherited)
    except InputError:
        if [path.name for path in place.iterdir()] == [ROWS_FOLDER]:  # refused before anything was fitted
            shutil.rmtree(place, ignore_errors=True)
        raise


# --------------------------------------------------------------------------- what is taken over


def finalists_settings(result: Mapping[str, Any]) -> dict[str, tuple[FixedSettings, ...]]:
    """Side → the settings of its finalist, or of each member of it.

    Args:
        result: content of ``result.json``.

    Raises:
        FolderError: there is no finalist with settings, or a field is missing.
    """
    try:
        runs = {str(run["name"]): run for run in result["runs"]}
        found = {}
        for run in result["runs"]:
            if run["finalist"] and run["side"] in SIDES:
                members = run["choices"].get("ensemble") if run["family"] == "ensemble" else None
                named = [runs[name] for name in members] if members else [run]
                found[str(run["side"])] = tuple(_settings(one) for one in named)
    except (KeyError, TypeError, AttributeError) as error:
        raise FolderError(
            f"result.json of the run lacks a field, or holds a wrong one ({error}); was it altered, or written by an "
            "older automl? Run the contest again"
        ) from error
    if not found:
        raise FolderError("the run has no finalist, so there are no settings to take over; run a new contest")
    return found


def _settings(run: Mapping[str, Any]) -> FixedSettings:
    """What a run was fitted with; the number of rows that it was fitted on is no setting."""
    return FixedSettings(
        str(run["family"]), {name: v for name, v in dict(run["choices"]).items() if name != SHOWN_ROWS}
    )


def lineage_of(result: Mapping[str, Any]) -> tuple[Ancestor, ...]:
    """The ancestors of a run, oldest first; none of a contest with a search.

    Raises:
        FolderError: they are not what automl writes.
    """
    told = result.get("lineage")
    if told is None:
        return ()
    names = {field.name for field in dataclasses.fields(Ancestor)}
    try:
        return tuple(Ancestor(**{name: one[name] for name in names}) for one in told["ancestors"])
    except (KeyError, TypeError) as error:
        raise FolderError(f"result.json of the run holds no valid lineage ({error}); was it altered?") from error


def _ancestor(folder: Path, result: Mapping[str, Any]) -> Ancestor:
    split = result.get("split") or {}
    own: Mapping[str, Any] = next((run for run in result["runs"] if run.get("name") == result.get("recommended")), {})
    return Ancestor(
        folder=str(folder),
        fingerprint=str(result.get("fingerprint") or ""),
        started=str(result.get("started") or ""),
        n_rows=sum(int(split.get(f"n_{part}") or 0) for part in ("train", "valid", "test")),
        metric=str((result.get("task") or {}).get("metric") or ""),
        verdict=result.get("verdict"),
        recommended=str(own.get("side") or ""),
        score=own.get("test_score"),
        gain=result.get("gain"),
    )


def _call(folder: Path, new: Any) -> tuple[str, str]:
    """The update as a command and as a call in Python."""
    if not isinstance(new, str | Path):
        return "", f"automl.update({str(folder)!r}, new)"
    held = shell.holds(str(folder)) and shell.holds(str(new))
    command = f"automl update {shell.path(str(folder))} {shell.path(str(new))}" if held else ""
    return command, f"automl.update({str(folder)!r}, {str(new)!r})"


# --------------------------------------------------------------------------- rows as files


def _write(rows: Rows, folder: Path, name: str) -> Path:
    """Write rows as a Parquet file, or an .npz of arrays, so that the run can be updated again; returns its path."""
    import io

    path = folder / f"{name[:60].replace('/', '-') or 'data'}.{'parquet' if rows.is_table else 'npz'}"
    with folders.guard(folder):
        folder.mkdir(exist_ok=True)
    buffer = io.BytesIO()
    if rows.is_table:
        _writable(rows.inputs).to_parquet(buffer, index=False)
    else:
        arrays = {"X": rows.inputs, **({} if rows.rate is None else {"rate": np.array(rows.rate)})}
        write_npz(buffer, arrays | ({} if rows.target is None else {"y": _target_array(rows.target)}))
    folders.write_bytes(path, buffer.getvalue())
    return path.resolve()


def _target_array(target: pd.DataFrame) -> np.ndarray:
    """Targets ``(n,)`` or ``(n, n_targets)`` of numbers or texts, or masks ``(n, height, width)``.

    Raises:
        DataError: masks are of several sizes.
    """
    cells = target.iloc[:, 0].tolist()
    if cells and isinstance(cells[0], Mask):
        if len({one.codes.shape for one in cells}) > 1:
            raise DataError("an update keeps masks of one size; these are of several: run a new contest on all items")
        return np.stack([one.codes for one in cells])
    values = target.to_numpy()
    if values.dtype == object:
        values = np.array([["" if c is None or c != c else str(c) for c in row] for row in values.tolist()], np.str_)
    return values[:, 0] if values.shape[1] == 1 else values


def _writable(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with cells of several types in a column, and arrays, as texts, as in a file of text."""
    mixed = {}
    for name in frame.columns:
        if frame[name].dtype == object:
            cells = frame[name]
            known = cells[cells.notna()]
            kinds = {type(cell) for cell in known}
            if len(kinds) > 1 or not kinds <= {str, bytes, bool}:
                texts = known.map(lambda cell: str(cell.tolist() if isinstance(cell, np.ndarray) else cell))
                mixed[name] = texts.reindex(cells.index).astype(object).where(cells.notna(), None)
    return frame.assign(**mixed) if mixed else frame
