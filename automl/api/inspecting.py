"""Describes data without a contest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.api.arguments import with_hints
from automl.inspection import Inspection
from automl.report.findings import gravest_first, interface_of

if TYPE_CHECKING:
    from automl.records import GoalName, Kind

__all__ = ["LOOKED_ROWS", "inspect"]

LOOKED_ROWS = 30_000
"""The most rows of a table that `inspect` reads. More would give the same kinds and findings, and take much longer."""


@with_hints
def inspect(
    data: Any,
    target: str | Sequence[str] | None = None,
    *,
    goal: GoalName | None = None,
    label: str | None = None,
    normal: str | float | None = None,
    contamination: float | str | None = None,
    dims: int | None = None,
    void: int | None = None,
    condition: str | None = None,
    metric: str | None = None,
    test: Any = None,
    time_column: str | None = None,
    series: str | None = None,
    group: str | None = None,
    weight: Any = None,
    horizon: int | None = None,
    season: int | None = None,
    known: str | Sequence[str] | None = None,
    columns: Mapping[str, Kind] | str | None = None,
    drop: str | Sequence[str] | None = None,
    seed: int | None = None,
    plugins: str | Path | Sequence[str | Path] | None = None,
    search: Mapping[str, Any] | None = None,
    source: str = "automl.inspect",
) -> Inspection:
    """Describe what automl detects in the data, and its findings, without loading TensorFlow.

    The rows are split as in `fit`, because many findings compare training and test rows.

    If no target is given, the columns of a table are described, with those that may be the target.
    Of a table with more than `LOOKED_ROWS` rows only a sample is read; the findings say so.

    Args:
        data: in any form that `fit` takes.
        target: name of the target column, or several; None to see which may be the target.
        goal: binary, multiclass, multilabel, regression, forecast or anomaly; None to detect it.
        label: column that only scores a goal without target.
        normal: value of the label that is normal, so that only rows that have it are learnt from; None for all rows.
        contamination: share of rows that raise an alarm, above 0 and below 0.5; None or "auto" to choose it.
        dims: how many numbers represent a row; None to choose by the data.
        void: value of masks whose pixels have no class, -1 if all have one; None to detect it.
        condition: column (or "label") given whose values items are generated, and with them scored; None for none.
        metric: the metric that would decide; None for the goal's default.
        test: the test rows; None to split the data.
        time_column: column of times; None to detect it.
        series: column that names the series of a panel; None to detect it.
        group: column of groups.
        weight: column of sample weights, or an array ``(n_rows,)``.
        horizon: steps to forecast; None to choose by the frequency.
        season: steps of a season of a forecast, by which MASE scales; None to choose by the frequency.
        known: covariates of a forecast whose future values are known beforehand; `predict` asks for them as `future`.
        columns: kinds of columns (name → kind) for which detection is to be overridden.
        drop: names of columns to leave out of the inputs.
        seed: seed of the split. None for 0.
        plugins: Python files or entry points that add goals, modalities, metrics and so on.
        search: of its keys only memory plays a part here.
        source: where the arguments come from, for messages; leave it out.

    Returns:
        The inspection; printing it gives the task, the columns and the findings.

    Raises:
        InputError: the data or an argument is at fault.
    """
    arguments = locals()
    from automl import recipe as recipes
    from automl.flow.prepare import inspect_data

    recipe = recipes.make(**arguments)
    seen = inspect_data(recipe, LOOKED_ROWS)
    n_rows = seen.dataset.n_source_rows or seen.dataset.n_rows
    return Inspection(
        seen.dataset.name, n_rows, seen.task, gravest_first(seen.dataset.findings), seen.columns, seen.targets,
        interface_of(recipe), seen.goals,
    )  # fmt: skip
