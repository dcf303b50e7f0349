"""The commands `automl fit` and `automl run`: run a contest from flags or from a recipe."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Annotated, Any

import typer

from automl.errors import RecipeError
from automl.system import terminal
from automl.system.printable import printable

__all__ = ["fit", "run"]

LARGEST_LOOK_BYTES = 1 << 26
RESULT_BYTES = 1 << 28
LOOKED_AT = (
    "label", "metric", "test", "time_column", "series", "horizon", "group", "weight", "columns", "plugins", "source",
)  # fmt: skip

Data = Annotated[
    str, typer.Argument(metavar="DATA", help="A file, a folder, or a shipped set such as sklearn:breast_cancer.")
]
Target = Annotated[list[str] | None, typer.Option("--target", help="Column to predict; repeat it for several.")]
Goal = Annotated[str | None, typer.Option(help="binary, multiclass, multilabel, regression, forecast, ...")]
Label = Annotated[str | None, typer.Option(help="Column used only to score a goal without target.")]
Metric = Annotated[str | None, typer.Option(help="Metric that decides, such as roc_auc or rmse.")]
Test = Annotated[str | None, typer.Option(help="File with the test rows; without it the data are split.")]
TimeColumn = Annotated[str | None, typer.Option(help="Column of times.")]
Series = Annotated[str | None, typer.Option(help="Column that names the series of a panel.")]
Horizon = Annotated[int | None, typer.Option(help="Steps to forecast.")]
Group = Annotated[str | None, typer.Option(help="Column of groups; rows of a group stay in one part of the split.")]
Weight = Annotated[str | None, typer.Option(help="Column of sample weights.")]
Columns = Annotated[str | None, typer.Option(help="Kinds of columns, name=kind,name=kind.")]
Budget = Annotated[str | None, typer.Option(help="Time for the whole run: 90, 90s, 5m, 2h. Default 5m.")]
MaxTrials = Annotated[int | None, typer.Option(help="Most deep trials, and most shallow fits.")]
Templates = Annotated[str | None, typer.Option(help="Deep templates to search, separated by commas.")]
Seed = Annotated[int | None, typer.Option(help="Seed of splits, searches and networks.")]
MinGain = Annotated[
    float | None,
    typer.Option(help="Smallest gain that counts, as a share of the distance from floor to best score. Default 0.005."),
]
Latency = Annotated[str | None, typer.Option(help="Milliseconds a finalist may take for one row.")]
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
Workers = Annotated[int | None, typer.Option(help="Trials that run at once; more than one needs Ray. Default 1.")]
RayAddress = Annotated[str | None, typer.Option(help="Ray to run on: auto, local, ray://host:port.")]
Plugins = Annotated[str | None, typer.Option(help="Plug-ins: Python files, names of entry points; with commas.")]
Out = Annotated[str | None, typer.Option(help="Run folder; default a new one under automl-runs/.")]
Resume = Annotated[
    bool, typer.Option("--resume", help="Resume the run in --out with its remaining time, or a new --budget.")
]
Json = Annotated[bool, typer.Option("--json", help="Print result.json and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]


def fit(
    data: Data,
    target: Target = None,
    goal: Goal = None,
    label: Label = None,
    metric: Metric = None,
    test: Test = None,
    time_column: TimeColumn = None,
    series: Series = None,
    horizon: Horizon = None,
    group: Group = None,
    weight: Weight = None,
    columns: Columns = None,
    budget: Budget = None,
    max_trials: MaxTrials = None,
    templates: Templates = None,
    seed: Seed = None,
    min_gain: MinGain = None,
    latency: Latency = None,
    out: Out = None,
    resume: Resume = False,
    json: Json = False,
    quiet: Quiet = False,
    plugins: Plugins = None,
    ensemble: Ensemble = None,
    json_lines: JsonLines = False,
    oracle: Oracle = None,
    memory: Memory = None,
    log: Log = None,
    device: Device = None,
    workers: Workers = None,
    ray_address: RayAddress = None,
) -> None:
    """Run the contest on DATA and write the report."""
    flags = {
        "goal": goal,
        "label": label,
        "metric": metric,
        "test": test,
        "time_column": time_column,
        "series": series,
        "horizon": horizon,
        "group": group,
        "weight": weight,
        "columns": columns,
        "budget": budget,
        "max_trials": max_trials,
        "templates": words(templates),
        "seed": seed,
        "min_gain": min_gain,
        "latency": latency,
        "out": out,
        "resume": resume or None,
        "json": json or None,
        "quiet": quiet or json or None,
        "plugins": words(plugins),
        "ensemble": ensemble,
        "json_lines": json_lines or None,
        "search": given(
            {
                "oracle": oracle,
                "memory": memory,
                "log": words(log),
                "device": device,
                "workers": workers,
                "ray_address": ray_address,
            }
        )
        or None,
        "source": "automl fit",
    }
    from automl import api

    flags["goal"] = goal or asked(data, target, given(flags))
    with only_result(json):
        result = api.fit(data, target=target or None, **given(flags))
    tell(result, json)


def run(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="A YAML file; see `automl schema`.")],
    budget: Budget = None,
    max_trials: MaxTrials = None,
    seed: Seed = None,
    out: Out = None,
    resume: Resume = False,
    json: Json = False,
    quiet: Quiet = False,
    json_lines: JsonLines = False,
    ray_address: RayAddress = None,
) -> None:
    """Run the contest that RECIPE describes; flags replace its keys. Only a flag can give an address of Ray."""
    flags = {
        "budget": budget,
        "max_trials": max_trials,
        "seed": seed,
        "out": out,
        "resume": resume or None,
        "json": json or None,
        "quiet": quiet or json or None,
        "json_lines": json_lines or None,
        "ray_address": ray_address,
    }
    from automl import api

    with only_result(json):
        result = api.run(recipe, **given(flags))
    tell(result, json or recipe_asks_for_json(result))


def asked(data: str, target: list[str] | None, flags: dict[str, Any]) -> str | None:
    """Ask the user at the terminal for the goal, if the detected goal is unsure.

    Without a terminal, or with a flag such as ``--quiet``, nothing is asked; the doubt is then a note and a finding of
    the report. Nothing is asked either about a file that is too large to be read twice.

    Args:
        data: argument of the command.
        target: argument of the command.
        flags: the other flags of the command.

    Returns:
        The goal, or None to continue with the detected one.
    """
    silent = any(flags.get(name) for name in ("goal", "quiet", "json", "json_lines", "resume"))
    if silent or sys.stdin is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    if os.path.isfile(data) and os.path.getsize(data) > LARGEST_LOOK_BYTES:
        return None
    from automl import api

    seen = api.inspect(data, target=target or None, **{k: v for k, v in flags.items() if k in LOOKED_AT})
    doubt = next((finding for finding in seen.findings if finding.check == "unsure_goal"), None)
    if doubt is None or seen.task is None:
        return None
    terminal.err(printable(f"{doubt.message} {doubt.next_step}"))
    return str(typer.prompt("Goal", default=seen.task.goal, err=True)).strip()


def recipe_asks_for_json(result: Any) -> bool:
    """Whether the recipe itself has ``json: true``."""
    return bool(getattr(getattr(getattr(result, "outcome", None), "recipe", None), "json", False))


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


def given(flags: dict[str, Any]) -> dict[str, Any]:
    """The flags that were given."""
    return {name: value for name, value in flags.items() if value is not None}


def only_result(json: bool) -> contextlib.AbstractContextManager[Any]:
    """With ``--json``, redirect whatever libraries print to standard error."""
    return contextlib.redirect_stdout(sys.stderr) if json else contextlib.nullcontext()


def tell(result: Any, json: bool) -> None:
    """Print ``result.json``, or the verdict and the path of the report. The run folder holds both as well."""
    from automl.storage.files import read_bytes

    if json:
        content = read_bytes(result.folder / "result.json", RESULT_BYTES).decode("utf-8")
        terminal.out_json(content.rstrip("\n"), needed=False)
    else:
        terminal.out(str(result), needed=False)
