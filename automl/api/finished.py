"""What is done with finished runs: they are analysed, updated and compared."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.api.arguments import with_hints
from automl.result import Result

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["analyse", "compare", "update"]


@with_hints
def analyse(
    run: str | Path,
    *,
    budget: str | float | None = None,
    only: str | Sequence[str] | None = None,
    data: Any = None,
    test: Any = None,
    weight: Any = None,
    plugins: str | Path | Sequence[str | Path] | None = None,
    quiet: bool | None = None,
    json_lines: bool | None = None,
) -> Result:
    """Measure more of both finalists of a finished run, and write its report again; the verdict stays as it is.

    Args:
        run: a run folder.
        budget: time for the analyses, such as "5m". None for five minutes.
        only: names of analyses to make, also if they were made before, such as "data_need". None for all that were not.
        data: the data of the run, where they lie elsewhere now or were given in memory; None for what its recipe names.
        test: its test rows, likewise.
        weight: its sample weights, if they were an array.
        plugins: Python files or entry points that add analyses, or that the run was made with.
        quiet: whether to show no progress.
        json_lines: whether to show progress as one JSON object per line on standard error.

    Returns:
        The result, whose `analysis` gives tables. Of the contest it has what ``result.json`` holds.

    Raises:
        InputError: the folder holds no finished run, its data are missing or others, or an argument is wrong.
    """
    started = time.monotonic()
    from automl import flow
    from automl.flow.finished_run import recipe_of

    folder = Path(run)
    given = {"data": data, "test": test, "weight": weight, "quiet": quiet, "json_lines": json_lines}
    recipe = recipe_of(folder, plugins, {**given, "budget": "5m" if budget is None else budget})
    names = [only] if isinstance(only, str) else list(only or ())
    outcome, result, predictors, recommended = flow.analyse(recipe, folder, names, started)
    return Result(flow.Finished(outcome, dict(predictors), recommended, folder, result))


@with_hints
def update(
    run: str | Path,
    new: Any,
    *,
    data: Any = None,
    test: Any = None,
    budget: str | float | None = None,
    analysis: float | None = None,
    out: str | Path | None = None,
    fail_on: str | None = None,
    plugins: str | Path | Sequence[str | Path] | None = None,
    quiet: bool | None = None,
    json: bool | None = None,
    json_lines: bool | None = None,
) -> Result:
    """Fit the settings of both finalists of a finished run on its rows and new ones, and compare them anew.

    Nothing is searched, so it takes a few fits. No row that chose the settings tests: the test rows are those of the
    run and a fifth of the new rows. Where rows are split in time, the latest of all test; if new rows are older, a
    finding counts the test rows that chose the settings. The rows are kept in the new run folder, so that it can be
    updated in turn.

    Args:
        run: a run folder.
        new: new rows with all columns of the old ones, in any form of a table that `fit` takes; or items as the old
            ones came: arrays of the same shape with their targets, or a folder of the same layout.
        data: the data of the run, where they lie elsewhere now or were given in memory; None for what its recipe names.
        test: its test rows, likewise.
        budget: the most time, such as "5m"; most of it stays unused. None for that of the run.
        analysis: share of the budget for what is measured after the verdict. None for 0: nothing.
        out: run folder, new or empty; None for a new one under ``automl-runs``.
        fail_on: as for `fit`; None for that of the run.
        plugins: Python files or entry points that the run was made with.
        quiet: whether to show no progress.
        json: as `quiet`.
        json_lines: whether to show progress as one JSON object per line on standard error.

    Returns:
        The result; `result["lineage"]` names the contests before it.

    Raises:
        InputError: the folder holds no finished run, its data are missing or others, or the new rows do not fit them.
    """
    started = time.monotonic()
    from automl.flow.updating import update_run

    given = {
        "data": data, "test": test, "budget": budget, "analysis": analysis, "fail_on": fail_on, "quiet": quiet,
        "json": json, "json_lines": json_lines, "out": None if out is None else str(out),
    }  # fmt: skip
    return Result(update_run(Path(run), new, given, plugins, started))


def compare(runs: Sequence[str | Path], out: str | Path | None = None) -> pd.DataFrame:
    """Compare finished runs: of several data sets, budgets or dates.

    Args:
        runs: run folders.
        out: page to write (``.html``, ``.md`` or ``.json``); None for none.

    Returns:
        A row for each run, in the order given: data, task, verdict, scores of both sides, gain with its interval, in
        the metric's units and in percent of the shallow error, costs, and versions.

    Raises:
        FolderError: a folder holds no finished run, an altered one, or the page cannot be written.
    """
    import pandas

    from automl.report.compare import compared, write_comparison

    found = compared(runs)
    if out is not None:
        write_comparison(found, out)
    return pandas.DataFrame([run.row for run in found])
