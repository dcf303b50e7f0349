"""Runs contests: of arguments, and of recipes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.api.arguments import with_hints
from automl.result import Result

if TYPE_CHECKING:
    from automl.records import GoalName, Kind, Recipe

__all__ = ["fit", "run"]


@with_hints
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


@with_hints
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


def _run(recipe: Recipe, started: float) -> Result:
    from automl import flow

    return Result(flow.run(recipe, started))
