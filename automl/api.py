"""The Python interface: `fit`, `run`, `load` and `inspect`."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from automl.inspection import Inspection
from automl.predict.model import Model, SideModel
from automl.report.findings import (
    gravest_first,
    interface_of,
)
from automl.result import Result

if TYPE_CHECKING:
    import pandas as pd

    from automl.records import GoalName, Kind, Recipe

__all__ = ["Inspection", "Model", "Result", "SideModel", "fit", "inspect", "load", "run", "update"]

LOOKED_ROWS = 30_000
"""The most rows of a table that `inspect` reads. More would give the same kinds and findings, and take much longer."""


P = ParamSpec("P")
R = TypeVar("R")


def _with_hints(call: Callable[P, R]) -> Callable[P, R]:
    """The function itself, but an argument it does not have is refused with the name of the nearest one."""
    known = tuple(signature(call).parameters)

    @functools.wraps(call)
    def hinting(*positional: P.args, **named: P.kwargs) -> R:
        unknown = next((name for name in named if name not in known), None)
        if unknown is not None:
            from automl.recipe import unknown_argument

            raise unknown_argument(f"automl.{call.__name__}", unknown, [name for name in known if name != "source"])
        return call(*positional, **named)

    return hinting


@_with_hints
def fit(
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
    memorised_limit: float = 0.25,
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
    budget: str | float | None = None,
    max_trials: int | None = None,
    templates: str | Sequence[str] | None = None,
    pretrained: str | Path | None = None,
    pretrain: bool | None = None,
    seed: int | None = None,
    min_gain: float | None = None,
    repeats: int | None = None,
    fold_pairs: int | None = None,
    analysis: float | None = None,
    sensitive: str | Sequence[str] | None = None,
    latency: str | float | None = None,
    fail_on: str | None = None,
    out: str | Path | None = None,
    resume: bool | None = None,
    json: bool | None = None,
    quiet: bool | None = None,
    plugins: str | Path | Sequence[str | Path] | None = None,
    ensemble: bool | None = None,
    json_lines: bool | None = None,
    search: Mapping[str, Any] | None = None,
    costs: Mapping[str, float] | None = None,
    source: str = "automl.fit",
) -> Result:
    """Run the contest on data: a searched deep network against a tuned shallow model.

    Args:
        data: a path (CSV, TSV, Parquet, Feather, JSON lines, Excel, ``.npz``, a folder of images or texts), a frame of
            pandas, polars or Arrow, a ``datasets.Dataset`` of Hugging Face, a ``tf.data.Dataset`` that ends, an array
            of 2 to 4 dimensions, a list of strings, or a pair (inputs, target).
        target: name of the target column, or several.
        goal: binary, multiclass, multilabel, regression, forecast or anomaly; None to detect it.
        label: column that only scores a goal without target.
        normal: value of the label that is normal, so that only rows that have it are learnt from; None for all rows.
        contamination: share of rows that raise an alarm, above 0 and below 0.5; None or "auto" to choose it.
        dims: how many numbers represent a row; None to choose by the data.
        void: value of masks whose pixels have no class, -1 if all have one; None to detect it.
        condition: column (or "label") given whose values items are generated, and with them scored; None for none.
        memorised_limit: a generator is not recommended if a larger share of its rows repeats training rows.
        metric: the metric that decides, such as "roc_auc" or "rmse"; None for the goal's default.
        test: the test rows, in any form that `data` has; None to split the data.
        time_column: column of times; None to detect it.
        series: column that names the series of a panel; None to detect it.
        group: column of groups; rows of a group stay in one part of the split.
        weight: column of sample weights, or an array ``(n_rows,)``.
        horizon: steps to forecast; None to choose by the frequency.
        season: steps of a season of a forecast, by which MASE scales; None to choose by the frequency.
        known: covariates of a forecast whose future values are known beforehand; `predict` asks for them as `future`.
        columns: kinds of columns (name → kind) for which detection is to be overridden.
        drop: names of columns to leave out of the inputs.
        budget: time for the whole call: 90 (seconds), "90s", "5m", "2h"; "none" for no bound but `max_trials`, so that
            the same seed gives the same result on the same machine. None for five minutes.
        max_trials: the most deep trials, and the most shallow fits; None for no such bound.
        templates: deep templates to search; None for all that fit the task.
        pretrained: folder of a backbone that was trained elsewhere, whose vectors both sides read. Of texts: an encoder
            like BERT or vectors of words, as safetensors. Of pictures: an architecture of keras.applications or a
            network of Keras's layers, with a config.json. None for models trained on these rows alone.
        pretrain: whether rows without a target are used, by both sides and never for a score: they pretrain networks,
            and shallow models may learn from them. None for no: they are dropped.
        seed: seed of splits, searches and networks. None for 0.
        min_gain: smallest gain that counts, as a share of the distance from the floor's score to the best possible
            one. None for 0.005.
        repeats: number of further splits, at least 2, on which both finalists are fitted and compared again. None for
            0: none.
        fold_pairs: number of folds, 5 or so, on which both finalists are fitted again. Their pairs of predictions for
            rows that chose no settings then decide in place of the test rows. None for 0: the test rows decide.
        analysis: share of the budget, up to 0.5, for what is measured of both finalists after the verdict: data need,
            robustness, importance and so on. None for 0.15; 0 for nothing.
        sensitive: names of columns by whose groups both sides are compared.
        latency: the most milliseconds that predicting one row may take, such as 20 or "20ms"; None for no bound.
        fail_on: conditions such as "verdict=shallow|trust=low|score<0.8", of which `Result.failed_on` names those that
            hold; the command line ends with exit code 3 then. None for none.
        out: run folder, new or empty; None for a new one under ``automl-runs``.
        resume: whether to go on with the run in `out`.
        json: as `quiet`; on the command line it prints ``result.json`` and nothing else.
        quiet: whether to show no progress.
        plugins: Python files or entry points that add templates, baselines, metrics and so on.
        ensemble: whether a finalist may be a weighted ensemble. None for yes.
        json_lines: whether to show progress as one JSON object per line on standard error.
        search: how the deep side searches: a mapping with oracle, memory, log, device, precision, workers, ray_address.
        costs: what using the model costs: a mapping with retrains_per_year (12) and predictions_per_year (1,000,000);
            false_alarm (1) and miss (1), the costs of the errors of a binary target; power_watts (65) of the busy
            processor and price_per_kwh (0.3).
        source: where the arguments come from, for messages; leave it out.

    Returns:
        The result; printing it gives the verdict.

    Raises:
        InputError: the data, an argument or the output folder is at fault.
    """
    arguments = locals()
    started = time.monotonic()
    from automl import recipe as recipes

    return _run(recipes.make(**arguments), started)


@_with_hints
def run(
    path: str | Path,
    *,
    data: Any = None,
    target: str | Sequence[str] | None = None,
    goal: GoalName | None = None,
    label: str | None = None,
    normal: str | float | None = None,
    contamination: float | str | None = None,
    dims: int | None = None,
    void: int | None = None,
    condition: str | None = None,
    memorised_limit: float | None = None,
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
    budget: str | float | None = None,
    max_trials: int | None = None,
    templates: str | Sequence[str] | None = None,
    pretrained: str | Path | None = None,
    pretrain: bool | None = None,
    seed: int | None = None,
    min_gain: float | None = None,
    repeats: int | None = None,
    fold_pairs: int | None = None,
    analysis: float | None = None,
    sensitive: str | Sequence[str] | None = None,
    latency: str | float | None = None,
    fail_on: str | None = None,
    out: str | Path | None = None,
    resume: bool | None = None,
    json: bool | None = None,
    quiet: bool | None = None,
    plugins: str | Path | Sequence[str | Path] | None = None,
    ensemble: bool | None = None,
    json_lines: bool | None = None,
    search: Mapping[str, Any] | None = None,
    costs: Mapping[str, float] | None = None,
    oracle: str | None = None,
    memory: str | float | None = None,
    log: str | Sequence[str] | None = None,
    device: str | None = None,
    precision: str | None = None,
    workers: int | None = None,
    ray_address: str | None = None,
    retrains_per_year: float | None = None,
    predictions_per_year: float | None = None,
    false_alarm: float | None = None,
    miss: float | None = None,
    power_watts: float | None = None,
    price_per_kwh: float | None = None,
) -> Result:
    """Run a YAML recipe; arguments replace its keys, None keeps them.

    Args:
        path: path of the recipe.
        data: other data than the recipe names; for this and what follows see `fit`.
        target: name of the target column, or several.
        goal: binary, multiclass, multilabel, regression, forecast or anomaly.
        label: column that only scores a goal without target.
        normal: value of the label that is normal, so that only rows that have it are learnt from; None for all rows.
        contamination: share of rows that raise an alarm, above 0 and below 0.5; None or "auto" to choose it.
        dims: how many numbers represent a row; None to choose by the data.
        void: value of masks whose pixels have no class, -1 if all have one; None to detect it.
        condition: column (or "label") given whose values items are generated, and with them scored; None for none.
        memorised_limit: see `fit`.
        metric: the metric that decides.
        test: the test rows.
        time_column: column of times.
        series: column that names the series of a panel.
        group: column of groups.
        weight: column of sample weights, or an array ``(n_rows,)``.
        horizon: steps to forecast.
        season: steps of a season of a forecast.
        known: covariates of a forecast whose future values are known beforehand.
        columns: kinds of columns (name → kind).
        drop: names of columns to leave out of the inputs.
        budget: time for the whole call, as in `fit`.
        max_trials: the most deep trials, and the most shallow fits.
        templates: deep templates to search.
        pretrained: folder of a backbone whose vectors of texts or pictures both sides read.
        pretrain: whether rows without a target are used, by both sides and never for a score.
        seed: seed of splits, searches and networks.
        min_gain: smallest gain that counts.
        repeats: number of further splits on which both finalists are compared again.
        fold_pairs: number of folds whose out-of-fold pairs decide in place of the test.
        analysis: share of the budget for what is measured after the verdict.
        sensitive: names of columns by whose groups both sides are compared.
        latency: the most milliseconds that predicting one row may take.
        fail_on: conditions of which `Result.failed_on` names those that hold.
        out: run folder.
        resume: whether to go on with the run in `out`.
        json: as `quiet`.
        quiet: whether to show no progress.
        plugins: Python files or entry points.
        ensemble: whether a finalist may be a weighted ensemble.
        json_lines: whether to show progress as one JSON object per line on standard error.
        search: all keys of the search, in place of the file's; those below replace single ones.
        costs: all keys of the costs, in place of the file's; those below replace single ones.
        oracle: KerasTuner's algorithm: bayesian, random, hyperband or grid.
        memory: memory for one trial, such as "8GB".
        log: other logs of trials: tensorboard, mlflow.
        device: where networks train: auto, cpu, one, all.
        precision: what networks compute in: auto, float32, mixed_bfloat16.
        workers: trials that run at once; more than one needs Ray.
        ray_address: Ray to run on. Only here can it be the address of a cluster, which a file may not give
            (docs/scale.md).
        retrains_per_year: how often the finalist is fitted again.
        predictions_per_year: rows that are predicted in a year.
        false_alarm: cost of predicting the positive class where it is not.
        miss: cost of not predicting the positive class where it is.
        power_watts: power that the busy processor is taken to draw.
        price_per_kwh: price of a kilowatt-hour.

    Returns:
        The result; printing it gives the verdict.

    Raises:
        InputError: the recipe, its data or the output folder is at fault.
    """
    arguments = locals()
    started = time.monotonic()
    from automl import recipe as recipes

    return _run(recipes.read(arguments.pop("path"), **arguments), started)


@_with_hints
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


@_with_hints
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
    run and a fifth of the new rows; where rows are split in time, the latest of all. The rows are kept in the new run
    folder, so that it can be updated in turn.

    Args:
        run: a run folder.
        new: new rows with all columns of the old ones, in any form of a table that `fit` takes.
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


def _run(recipe: Recipe, started: float) -> Result:
    from automl import flow

    return Result(flow.run(recipe, started))


@_with_hints
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


def load(path: str | Path, plugins: Sequence[str | Path] = (), pretrained: str | Path | None = None) -> Model:
    """Open a saved model; no code from the folder is run.

    Args:
        path: what a contest or `Result.save` wrote, or a run folder.
        plugins: where its goal, its modality or its shallow model is a plug-in's: Python files, which run as code, and
            names of entry points. Goals and modalities of installed packages are known without; types of a model are
            built only if their plug-in is named here.
        pretrained: folder where the backbone lies now whose vectors the model reads, with the files of the
            contest; None for where it lay.

    Raises:
        BundleError: the folder is incomplete, altered, of another version, names code that is neither ours nor that of
            a plug-in named here, or is of a goal or a modality that no plug-in known here brings.
        RecipeError: a plug-in is missing or cannot be imported, or the model reads no backbone's vectors.
        DataError: the folder holds another backbone than the model was trained with.
    """
    from automl import bundle, catalog, modalities

    named = [plugins] if isinstance(plugins, str | Path) else list(plugins)
    catalog.extend(named)
    opened = bundle.open(path, modalities.restore, modalities.restore_codec, plug_ins=catalog.plug_ins(named))
    task = opened.task
    if pretrained is not None:
        from automl.pretrained import relocated

        task = relocated(task, pretrained)
    result = dict(opened.result)
    maker = functools.partial(_saved_estimator, result, task, opened.predictors)
    return Model(task, opened.predictors, opened.recommended, Path(path), result, dict(opened.reference), maker)


def _saved_estimator(result: Mapping[str, Any], task: Any, predictors: Mapping[str, Any], side: str) -> Any:
    from automl.estimators import saved_estimator

    return saved_estimator(result, task, predictors, side)
