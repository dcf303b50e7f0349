"""The flags of commands that run a contest or look at data, and the recipe's keys that they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from automl.errors import RecipeError

__all__ = ["given", "keys_of", "words"]

LISTS = ("templates", "plugins", "log", "known")
"""Flags that take several names separated by commas."""
SWITCHES = ("resume", "json", "quiet", "json_lines")
"""Flags that are given or not: they can turn a key on, not off."""

Data = Annotated[
    str, typer.Argument(metavar="DATA", help="A file, a folder, or a shipped set such as sklearn:breast_cancer.")
]
OtherData = Annotated[str | None, typer.Option("--data", help="Other data than RECIPE names.")]
Target = Annotated[list[str] | None, typer.Option("--target", help="Column to predict; repeat it for several.")]
Goal = Annotated[str | None, typer.Option(help="binary, multiclass, multilabel, regression, forecast, anomaly, ...")]
Label = Annotated[str | None, typer.Option(help="Column used only to score a goal without target.")]
Normal = Annotated[
    str | None, typer.Option(help="Value of the label that is normal: only rows that have it are learnt from.")
]
Contamination = Annotated[str | None, typer.Option(help="Share of rows that raise an alarm, such as 0.01, or auto.")]
Void = Annotated[int | None, typer.Option(help="Value of masks whose pixels have no class; -1 if all have one.")]
Dims = Annotated[int | None, typer.Option(help="How many numbers represent a row.")]
Condition = Annotated[
    str | None, typer.Option(help="Column (or label) given whose values items are generated, and with them scored.")
]
MemorisedLimit = Annotated[
    float | None,
    typer.Option(help="A generator is not recommended if a larger share of its rows repeats training rows; 0.25."),
]
Metric = Annotated[str | None, typer.Option(help="Metric that decides, such as roc_auc or rmse.")]
Test = Annotated[str | None, typer.Option(help="File with the test rows; without it the data are split.")]
TimeColumn = Annotated[str | None, typer.Option(help="Column of times.")]
Series = Annotated[str | None, typer.Option(help="Column that names the series of a panel.")]
Horizon = Annotated[int | None, typer.Option(help="Steps to forecast.")]
Season = Annotated[int | None, typer.Option(help="Steps of a season of a forecast, by which MASE scales.")]
Known = Annotated[
    str | None, typer.Option(help="Covariates of a forecast known beforehand, separated by commas: promo,price.")
]
Group = Annotated[str | None, typer.Option(help="Column of groups; rows of a group stay in one part of the split.")]
Weight = Annotated[str | None, typer.Option(help="Column of sample weights.")]
Columns = Annotated[str | None, typer.Option(help="Kinds of columns, name=kind,name=kind.")]
Drop = Annotated[list[str] | None, typer.Option("--drop", help="Column to leave out; repeat it for several.")]
Budget = Annotated[
    str | None, typer.Option(help="Time for the run: 90, 90s, 5m (default), 2h; none with --max-trials.")
]
MaxTrials = Annotated[int | None, typer.Option(help="Most deep trials, and most shallow fits.")]
Templates = Annotated[str | None, typer.Option(help="Deep templates to search, separated by commas.")]
Pretrained = Annotated[
    str | None,
    typer.Option(help="Folder of a pretrained backbone, whose vectors of texts or pictures both sides read."),
]
Pretrain = Annotated[
    bool | None,
    typer.Option("--pretrain/--no-pretrain", help="Use rows without a target on both sides: they pretrain networks."),
]
Seed = Annotated[int | None, typer.Option(help="Seed of splits, searches and networks.")]
MinGain = Annotated[
    float | None,
    typer.Option(help="Smallest gain that counts, as a share of the distance from floor to best score. Default 0.005."),
]
Repeats = Annotated[
    int | None,
    typer.Option(help="Further splits, 2 or more, on which the finalists are compared again. Default 0: none."),
]
FoldPairs = Annotated[
    int | None,
    typer.Option(help="Folds, 5 or so, whose out-of-fold pairs decide in place of the test. Default 0: none."),
]
Analysis = Annotated[
    float | None,
    typer.Option(help="Share of the budget for what is measured after the verdict; 0 for nothing. Default 0.15."),
]
Sensitive = Annotated[
    list[str] | None, typer.Option(help="Column by whose groups both sides are compared; repeat it for several.")
]
Latency = Annotated[str | None, typer.Option(help="Milliseconds a finalist may take for one row.")]
FailOn = Annotated[
    str | None,
    typer.Option(help="End with exit code 3 if this holds, such as 'verdict=shallow|trust=low|score<0.8'."),
]
RetrainsPerYear = Annotated[
    float | None, typer.Option(help="How often the model is fitted again, for its total cost. Default 12.")
]
PredictionsPerYear = Annotated[
    float | None, typer.Option(help="Rows predicted in a year, for the total cost. Default 1000000.")
]
FalseAlarm = Annotated[
    float | None, typer.Option(help="Cost of predicting the positive class where it is not, in any unit. Default 1.")
]
Miss = Annotated[
    float | None, typer.Option(help="Cost of not predicting the positive class where it is, same unit. Default 1.")
]
PowerWatts = Annotated[
    float | None, typer.Option(help="Watts of the busy processor, for estimates of energy. Default 65.")
]
PricePerKwh = Annotated[float | None, typer.Option(help="Price of a kilowatt-hour, in any currency. Default 0.3.")]
Ensemble = Annotated[bool | None, typer.Option("--ensemble/--no-ensemble", help="Whether finalists may be ensembles.")]
JsonLines = Annotated[
    bool, typer.Option("--json-lines", help="Show progress as one JSON object per line on standard error.")
]
Oracle = Annotated[str | None, typer.Option(help="bayesian, random, hyperband or grid.")]
Log = Annotated[str | None, typer.Option(help="Other logs of trials: tensorboard, mlflow.")]
Memory = Annotated[
    str | None,
    typer.Option(help="Memory for one trial, such as 8GB; the table may use an eighth. Default most of what is free."),
]
Device = Annotated[str | None, typer.Option(help="auto, cpu, one (one device per trial) or all (each trial on all).")]
Precision = Annotated[
    str | None, typer.Option(help="What networks compute in: auto, float32 or mixed_bfloat16; auto may try both.")
]
Workers = Annotated[int | None, typer.Option(help="Trials that run at once; more than one needs Ray. Default 1.")]
RayAddress = Annotated[str | None, typer.Option(help="Ray to run on: auto, local, ray://host:port.")]
Plugins = Annotated[str | None, typer.Option(help="Plug-ins: Python files, names of entry points; with commas.")]
Out = Annotated[str | None, typer.Option(help="Run folder; default a new one under automl-runs/.")]
Resume = Annotated[
    bool, typer.Option("--resume", help="Resume the run in --out with its remaining time, or a new --budget.")
]
Json = Annotated[bool, typer.Option("--json", help="Print result.json and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]


def keys_of(flags: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe's keys for the flags that were given; those of the search stand beside the others.

    Args:
        flags: by the names of the parameters; None (or False for a switch) where a flag was not given.

    Raises:
        RecipeError: a list of names has no name in it.
    """
    keys = {name: words(value) if name in LISTS else value for name, value in flags.items()}
    keys.update({name: keys.get(name) or None for name in (*SWITCHES, "target", "drop", "sensitive") if name in keys})
    if keys.get("json"):
        keys["quiet"] = True
    return given(keys)


def words(text: str | None) -> list[str] | None:
    """Names separated by commas.

    Raises:
        RecipeError: there is no name.
    """
    if text is None:
        return None
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise RecipeError(f"expected names separated by commas, got {text!r}")
    return names


def given(flags: Mapping[str, Any]) -> dict[str, Any]:
    """The flags that were given."""
    return {name: value for name, value in flags.items() if value is not None}
