"""The commands `automl fit` and `automl run`: run a contest from flags or from a recipe."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Annotated, Any

import typer

from automl.cli.flags import (
    Analysis,
    Budget,
    Columns,
    Condition,
    Contamination,
    Data,
    Device,
    Dims,
    Drop,
    Ensemble,
    FailOn,
    FalseAlarm,
    FoldPairs,
    Goal,
    Group,
    Horizon,
    Json,
    JsonLines,
    Known,
    Label,
    Latency,
    Log,
    MaxTrials,
    MemorisedLimit,
    Memory,
    Metric,
    MinGain,
    Miss,
    Normal,
    Oracle,
    OtherData,
    Out,
    Plugins,
    PowerWatts,
    Precision,
    PredictionsPerYear,
    Pretrain,
    Pretrained,
    PricePerKwh,
    Quiet,
    RayAddress,
    Repeats,
    Resume,
    RetrainsPerYear,
    Season,
    Seed,
    Sensitive,
    Series,
    Target,
    Templates,
    Test,
    TimeColumn,
    Void,
    Weight,
    Workers,
    keys_of,
)
from automl.errors import RecipeError
from automl.system import terminal
from automl.system.printable import printable

__all__ = ["fit", "run"]

LARGEST_LOOK_BYTES = 1 << 26
RESULT_BYTES = 1 << 28
FAILED_ON = 3
"""Exit code where a condition of ``--fail-on`` holds."""
LOOKED_AT = (
    "label", "normal", "contamination", "dims", "void", "condition", "metric", "test", "time_column", "series",
    "horizon", "season", "known", "group", "weight", "columns", "drop", "plugins", "source",
)  # fmt: skip


def fit(
    data: Data,
    target: Target = None,
    goal: Goal = None,
    label: Label = None,
    normal: Normal = None,
    contamination: Contamination = None,
    dims: Dims = None,
    void: Void = None,
    condition: Condition = None,
    memorised_limit: MemorisedLimit = None,
    metric: Metric = None,
    test: Test = None,
    time_column: TimeColumn = None,
    series: Series = None,
    horizon: Horizon = None,
    season: Season = None,
    known: Known = None,
    group: Group = None,
    weight: Weight = None,
    columns: Columns = None,
    drop: Drop = None,
    budget: Budget = None,
    max_trials: MaxTrials = None,
    templates: Templates = None,
    pretrained: Pretrained = None,
    pretrain: Pretrain = None,
    seed: Seed = None,
    min_gain: MinGain = None,
    repeats: Repeats = None,
    fold_pairs: FoldPairs = None,
    analysis: Analysis = None,
    sensitive: Sensitive = None,
    latency: Latency = None,
    fail_on: FailOn = None,
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
    precision: Precision = None,
    workers: Workers = None,
    ray_address: RayAddress = None,
    retrains_per_year: RetrainsPerYear = None,
    predictions_per_year: PredictionsPerYear = None,
    false_alarm: FalseAlarm = None,
    miss: Miss = None,
    power_watts: PowerWatts = None,
    price_per_kwh: PricePerKwh = None,
) -> None:
    """Run the contest on DATA and write the report."""
    flags = keys_of(locals())
    from automl import api
    from automl.recipe.schema import INNER_KEYS

    del flags["data"]
    for key, names in INNER_KEYS.items():
        inner = {name: flags.pop(name) for name in names if name in flags}
        flags |= {key: inner} if inner else {}
    flags["source"] = "automl fit"
    chosen = asked(data, target, flags)
    flags |= {} if chosen is None else {"goal": chosen}
    with only_result(json):
        result = api.fit(data, **flags)
    tell(result, json)
    end_by_conditions(result)


def run(
    recipe: Annotated[
        list[str],
        typer.Argument(metavar="RECIPE...", help="A YAML file (see `automl schema`), or several: one contest each."),
    ],
    data: OtherData = None,
    target: Target = None,
    goal: Goal = None,
    label: Label = None,
    normal: Normal = None,
    contamination: Contamination = None,
    dims: Dims = None,
    void: Void = None,
    condition: Condition = None,
    memorised_limit: MemorisedLimit = None,
    metric: Metric = None,
    test: Test = None,
    time_column: TimeColumn = None,
    series: Series = None,
    horizon: Horizon = None,
    season: Season = None,
    known: Known = None,
    group: Group = None,
    weight: Weight = None,
    columns: Columns = None,
    drop: Drop = None,
    budget: Budget = None,
    max_trials: MaxTrials = None,
    templates: Templates = None,
    pretrained: Pretrained = None,
    pretrain: Pretrain = None,
    seed: Seed = None,
    min_gain: MinGain = None,
    repeats: Repeats = None,
    fold_pairs: FoldPairs = None,
    analysis: Analysis = None,
    sensitive: Sensitive = None,
    latency: Latency = None,
    fail_on: FailOn = None,
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
    precision: Precision = None,
    workers: Workers = None,
    ray_address: RayAddress = None,
    retrains_per_year: RetrainsPerYear = None,
    predictions_per_year: PredictionsPerYear = None,
    false_alarm: FalseAlarm = None,
    miss: Miss = None,
    power_watts: PowerWatts = None,
    price_per_kwh: PricePerKwh = None,
    within: Annotated[
        str | None, typer.Option(help="Of several recipes: time for all of them together, such as 8h; parted fairly.")
    ] = None,
) -> None:
    """Run the contest that RECIPE describes; flags replace its keys. Only a flag can give an address of Ray.

    Of several recipes --workers says how many contests run at once, each on its part of the cores; --out is the folder
    of all of them, and --resume goes on with it. A contest that fails stops no other; one page compares all.
    """
    flags = keys_of(locals())
    from automl import api

    del flags["recipe"]
    flags.pop("within", None)
    if len(recipe) > 1:
        from automl.cli.several import run_several

        run_several(recipe, flags, within)
        return
    if within is not None:
        raise RecipeError("--within is for several recipes; give one recipe a --budget")
    with only_result(json):
        result = api.run(recipe[0], **flags)
    tell(result, json or recipe_asks_for_json(result))
    end_by_conditions(result)


def end_by_conditions(result: Any) -> None:
    """End with exit code 3 where a condition of ``--fail-on`` holds, and say which."""
    failed = getattr(result, "failed_on", ())
    for sentence in failed:
        terminal.err(printable(f"fail-on: {sentence}"))
    if failed:
        raise typer.Exit(FAILED_ON)


def asked(data: str, target: list[str] | None, flags: dict[str, Any]) -> str | None:
    """Ask the user at the terminal for the goal, if the detected goal is unsure.

    Without a terminal, or with a flag such as ``--quiet``, nothing is asked; the doubt is then a note and a finding of
    the report. Nothing is asked either about a file that is too large to be read twice.

    Args:
        data: argument of the command.
        target: argument of the command.
        flags: the other flags of the command, by key.

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


def only_result(json: bool) -> contextlib.AbstractContextManager[Any]:
    """With ``--json``, redirect whatever libraries print to standard error."""
    return contextlib.redirect_stdout(sys.stderr) if json else contextlib.nullcontext()


def tell(result: Any, json: bool) -> None:
    """Print ``result.json``, or the verdict and the path of the report. The run folder holds both as well.

    What must be settled first is not repeated on a terminal on which the progress has just shown it.
    """
    from automl.storage.files import read_bytes

    if json:
        content = read_bytes(result.folder / "result.json", RESULT_BYTES).decode("utf-8")
        terminal.out_json(content.rstrip("\n"), needed=False)
    elif sys.stdout.isatty() and sys.stderr is not None and sys.stderr.isatty():
        show(result)
    else:
        terminal.out(str(result), needed=False)


def show(result: Any) -> None:
    """Print a result on a terminal, with what must be settled first in colour if the progress has not shown it."""
    from automl.report.findings import COLOURS, interface_of
    from automl.report.trust import trust_lines

    console, recipe = terminal.console(), result.outcome.recipe
    first = trust_lines(result.trust, interface_of(recipe))
    for i, line in enumerate(str(result).splitlines()):
        if i >= len(first):
            console.print(line, soft_wrap=True)
        elif recipe.quiet or recipe.json_lines:
            style = COLOURS["high" if result.trust.level == "low" else "medium"]
            console.print(terminal.styled(line, style, ""), soft_wrap=True)
