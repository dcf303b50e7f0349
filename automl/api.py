"""The Python interface: `fit`, `run`, `load` and `inspect`, and the classes that they return."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from automl.predict.model import Model, SideModel
from automl.report.findings import (
    LONGEST_NAME,
    column_text,
    finding_text,
    gravest_first,
    interface_of,
    next_step_text,
    one_line,
)
from automl.report.summary import summary, verdict_lines
from automl.report.trust import Trust, trust_of
from automl.storage import files as folders
from automl.system.advice import Interface, advice
from automl.system.counts import counted
from automl.system.printable import printable

if TYPE_CHECKING:
    import pandas as pd

    from automl.flow import Finished
    from automl.records import Column, Finding, GoalName, Kind, OnOdd, Outcome, Recipe, Task

__all__ = ["Inspection", "Model", "Result", "SideModel", "fit", "inspect", "load", "run"]

REPORT_BYTES = 2**28

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
    metric: str | None = None,
    test: Any = None,
    time_column: str | None = None,
    series: str | None = None,
    group: str | None = None,
    weight: Any = None,
    horizon: int | None = None,
    columns: Mapping[str, Kind] | str | None = None,
    drop: str | Sequence[str] | None = None,
    budget: str | float | None = None,
    max_trials: int | None = None,
    templates: str | Sequence[str] | None = None,
    seed: int | None = None,
    min_gain: float | None = None,
    latency: str | float | None = None,
    out: str | Path | None = None,
    resume: bool | None = None,
    json: bool | None = None,
    quiet: bool | None = None,
    plugins: str | Path | Sequence[str | Path] | None = None,
    ensemble: bool | None = None,
    json_lines: bool | None = None,
    search: Mapping[str, Any] | None = None,
    source: str = "automl.fit",
) -> Result:
    """Run the contest on data: a searched deep network against a tuned shallow model.

    Args:
        data: a path (CSV, TSV, Parquet, Feather, JSON lines, Excel, ``.npz``, a folder of images or texts), a pandas
            or polars frame, an array of 2 to 4 dimensions, a list of strings, or a pair (inputs, target).
        target: name of the target column, or several.
        goal: binary, multiclass, multilabel, regression or forecast; None to detect it.
        label: column that only scores a goal without target.
        metric: the metric that decides, such as "roc_auc" or "rmse"; None for the goal's default.
        test: the test rows, in any form that `data` has; None to split the data.
        time_column: column of times; None to detect it.
        series: column that names the series of a panel; None to detect it.
        group: column of groups; rows of a group stay in one part of the split.
        weight: column of sample weights, or an array ``(n_rows,)``.
        horizon: steps to forecast; None to choose by the frequency.
        columns: kinds of columns (name → kind) for which detection is to be overridden.
        drop: names of columns to leave out of the inputs.
        budget: time for the whole call: 90 (seconds), "90s", "5m", "2h". None for five minutes.
        max_trials: the most deep trials, and the most shallow fits; None for no such bound.
        templates: deep templates to search; None for all that fit the task.
        seed: seed of splits, searches and networks. None for 0.
        min_gain: smallest gain that counts, as a share of the distance from the floor's score to the best possible
            one. None for 0.005.
        latency: the most milliseconds that predicting one row may take, such as 20 or "20ms"; None for no bound.
        out: run folder, new or empty; None for a new one under ``automl-runs``.
        resume: whether to go on with the run in `out`.
        json: as `quiet`; on the command line it prints ``result.json`` and nothing else.
        quiet: whether to show no progress.
        plugins: Python files or entry points that add templates, baselines, metrics and so on.
        ensemble: whether a finalist may be a weighted ensemble. None for yes.
        json_lines: whether to show progress as one JSON object per line on standard error.
        search: how the deep side searches: a mapping with oracle, memory, log, device, workers, ray_address.
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
    metric: str | None = None,
    test: Any = None,
    time_column: str | None = None,
    series: str | None = None,
    group: str | None = None,
    weight: Any = None,
    horizon: int | None = None,
    columns: Mapping[str, Kind] | str | None = None,
    drop: str | Sequence[str] | None = None,
    budget: str | float | None = None,
    max_trials: int | None = None,
    templates: str | Sequence[str] | None = None,
    seed: int | None = None,
    min_gain: float | None = None,
    latency: str | float | None = None,
    out: str | Path | None = None,
    resume: bool | None = None,
    json: bool | None = None,
    quiet: bool | None = None,
    plugins: str | Path | Sequence[str | Path] | None = None,
    ensemble: bool | None = None,
    json_lines: bool | None = None,
    search: Mapping[str, Any] | None = None,
    oracle: str | None = None,
    memory: str | float | None = None,
    log: str | Sequence[str] | None = None,
    device: str | None = None,
    workers: int | None = None,
    ray_address: str | None = None,
) -> Result:
    """Run a YAML recipe; arguments replace its keys, None keeps them.

    Args:
        path: path of the recipe.
        data: other data than the recipe names; for this and what follows see `fit`.
        target: name of the target column, or several.
        goal: binary, multiclass, multilabel, regression or forecast.
        label: column that only scores a goal without target.
        metric: the metric that decides.
        test: the test rows.
        time_column: column of times.
        series: column that names the series of a panel.
        group: column of groups.
        weight: column of sample weights, or an array ``(n_rows,)``.
        horizon: steps to forecast.
        columns: kinds of columns (name → kind).
        drop: names of columns to leave out of the inputs.
        budget: time for the whole call.
        max_trials: the most deep trials, and the most shallow fits.
        templates: deep templates to search.
        seed: seed of splits, searches and networks.
        min_gain: smallest gain that counts.
        latency: the most milliseconds that predicting one row may take.
        out: run folder.
        resume: whether to go on with the run in `out`.
        json: as `quiet`.
        quiet: whether to show no progress.
        plugins: Python files or entry points.
        ensemble: whether a finalist may be a weighted ensemble.
        json_lines: whether to show progress as one JSON object per line on standard error.
        search: all keys of the search, in place of the file's; those below replace single ones.
        oracle: KerasTuner's algorithm: bayesian, random, hyperband or grid.
        memory: memory for one trial, such as "8GB".
        log: other logs of trials: tensorboard, mlflow.
        device: where networks train: auto, cpu, one, all.
        workers: trials that run at once; more than one needs Ray.
        ray_address: Ray to run on. Only here can it be the address of a cluster, which a file may not give
            (docs/scale.md).

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


@_with_hints
def inspect(
    data: Any,
    target: str | Sequence[str] | None = None,
    *,
    goal: GoalName | None = None,
    label: str | None = None,
    metric: str | None = None,
    test: Any = None,
    time_column: str | None = None,
    series: str | None = None,
    group: str | None = None,
    weight: Any = None,
    horizon: int | None = None,
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
        goal: binary, multiclass, multilabel, regression or forecast; None to detect it.
        label: column that only scores a goal without target.
        metric: the metric that would decide; None for the goal's default.
        test: the test rows; None to split the data.
        time_column: column of times; None to detect it.
        series: column that names the series of a panel; None to detect it.
        group: column of groups.
        weight: column of sample weights, or an array ``(n_rows,)``.
        horizon: steps to forecast; None to choose by the frequency.
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
        interface_of(recipe),
    )  # fmt: skip


def load(path: str | Path, plugins: Sequence[str | Path] = ()) -> Model:
    """Open a saved model; no code from the folder is run.

    Args:
        path: what a contest or `Result.save` wrote, or a run folder.
        plugins: where its goal, its modality or its shallow model is a plug-in's: Python files, which run as code, and
            names of entry points. Goals and modalities of installed packages are known without; types of a model are
            built only if their plug-in is named here.

    Raises:
        BundleError: the folder is incomplete, altered, of another version, names code that is neither ours nor that of
            a plug-in named here, or is of a goal or a modality that no plug-in known here brings.
        RecipeError: a plug-in is missing or cannot be imported.
    """
    from automl import bundle, catalog, modalities

    named = [plugins] if isinstance(plugins, str | Path) else list(plugins)
    catalog.extend(named)
    opened = bundle.open(path, modalities.restore, modalities.restore_codec, plug_ins=catalog.plug_ins(named))
    return Model(opened.task, opened.predictors, opened.recommended, Path(path), dict(opened.result))


@dataclass(frozen=True, slots=True)
class Inspection:
    """What `inspect` returns: the detected task, the columns and the findings.

    Attributes:
        name: name of the source.
        n_rows: number of rows of the source, which can be more than were read.
        task: modality, goal and metric, with evidence; None for a table without a named target.
        findings: most severe first.
        columns: what each column holds, with evidence.
        targets: if no target was named, a sentence for each column that may be the target.
        interface: where the user can follow the advice of findings: flags ("shell"), or arguments of Python.
    """

    name: str
    n_rows: int
    task: Task | None
    findings: tuple[Finding, ...] = ()
    columns: tuple[Column, ...] = ()
    targets: tuple[str, ...] = ()
    interface: Interface = "python"

    @property
    def headline(self) -> str:
        """One line about the data and the task."""
        return ":".join(self.headline_text)

    @property
    def headline_text(self) -> tuple[str, str]:
        """The two parts of the headline: the name of the data, and the text after the colon."""
        rows = counted(self.n_rows, "row")
        if self.task is None:
            rest = f" {rows}, {counted(len(self.columns), 'column')}; no target was named"
        else:
            rest = f" {rows}, {self.task.modality}, {self.task.goal}, scored by {self.task.metric}"
        return printable(self.name), rest

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why the goal is unsure; empty if it is not."""
        unsure = (one for one in self.findings if one.check == "unsure_goal")
        return tuple(one_line(f"{one.message} {next_step_text(one, self.interface)}") for one in unsure)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why this task was chosen; without a task, the columns that may be the target."""
        if self.task is not None:
            return tuple(map(one_line, self.task.evidence))
        targets = (one_line(self._in_interface(sentence)) for sentence in self.targets)
        return ("Name the column to predict, such as", *targets) if self.targets else ()

    def _in_interface(self, sentence: str) -> str:
        """The sentence about a likely target, which begins with a flag, in the words of the user's interface."""
        flags = ((advice("target", [column.name]), column.name) for column in self.columns)
        flag, name = next((pair for pair in flags if sentence.startswith(f"{pair[0]}:")), ("", ""))
        if not flag or self.interface == "shell":
            return sentence
        short = name if len(name) <= LONGEST_NAME else column_text(name)
        return advice("target", [short], self.interface) + sentence[len(flag) :]

    def __repr__(self) -> str:
        from automl.report.card import severities

        name, rest = self.headline_text
        return f"<automl.Inspection {name!r}:{rest}; {severities(self.findings)}>"

    def _repr_html_(self) -> str:
        """A card for notebooks: the task, the findings and the columns."""
        from automl.report import card

        name, rest = self.headline_text
        others = [finding for finding in self.findings if finding.check != "unsure_goal"]
        return card.card(
            name, rest, card.lines(self.doubts), card.findings_list(others, self.interface),
            card.lines(self.reasons, "quiet"), card.columns_table(self.columns),
        )  # fmt: skip

    def __str__(self) -> str:
        lines = [self.headline, *(f"  {sentence}" for sentence in (*self.doubts, *self.reasons))]
        names = [column_text(column.name) for column in self.columns]
        width = max(map(len, names), default=0)
        lines += [
            f"  {name:<{width}}  {c.kind:<15} {c.confidence:4.0%}  {one_line(c.evidence)}"
            for name, c in zip(names, self.columns, strict=True)
        ]
        others = (finding for finding in self.findings if finding.check != "unsure_goal")
        lines += [f"  {finding_text(finding, self.interface)}" for finding in others]
        return "\n".join(lines)


class Result:
    """What `fit` and `run` return: the verdict, the report and both models.

    Its text names the findings that must be settled first, before the verdict.

    Attributes:
        outcome: the record from which the report is made.
        result: the content of ``result.json``.
        folder: the run folder.
        model: the models of both sides.
    """

    def __init__(self, finished: Finished) -> None:
        self.outcome: Outcome = finished.outcome
        self.result: dict[str, Any] = finished.result
        self.folder: Path = finished.folder
        self.model = Model(
            finished.outcome.task, finished.predictors, finished.recommended, finished.folder, finished.result
        )

    def __str__(self) -> str:
        return "\n".join([*summary(self.outcome), printable(f"Report: {self.folder / 'report.html'}")])

    def __repr__(self) -> str:
        verdict, trust = self.outcome.comparison, self.trust.level
        name = printable(self.outcome.name)
        return f"<automl.Result {name!r}: {verdict.verdict} ({verdict.reason}), trust {trust}>"

    def _repr_html_(self) -> str:
        """A card for notebooks: what to settle first, the verdict, the leaderboard and the other findings."""
        from automl.report import card

        first, *others = verdict_lines(self.outcome)
        reasons = [finding_text(finding, "python") for finding in self.trust.findings]
        rest = [finding for finding in self.outcome.findings if finding not in self.trust.findings]
        place = card.lines([f"Report: {self.folder / 'report.html'}"], "quiet")
        alarm = card.alarm(self.trust.level, reasons)
        return card.card(
            first, "", card.lines(others), card.board(self.result), card.findings_list(rest), place, first=alarm
        )

    @property
    def verdict(self) -> str:
        """deep, shallow or tie."""
        return self.outcome.comparison.verdict

    @property
    def trust(self) -> Trust:
        """How far the result can be believed: a level (high, medium, low), and the findings that speak against it."""
        return trust_of(self.outcome.findings)

    @property
    def deep(self) -> SideModel:
        """The deep finalist; raises DataError when there is none."""
        return self.model.deep

    @property
    def shallow(self) -> SideModel:
        """The shallow finalist; raises DataError when there is none."""
        return self.model.shallow

    def predict(self, rows: Any, on_odd: OnOdd | None = None) -> pd.DataFrame | pd.Series:
        """Predict new rows with the recommended model; see `SideModel.predict`."""
        return self.model.predict(rows, on_odd)

    def predict_proba(self, rows: Any, on_odd: OnOdd | None = None) -> pd.DataFrame:
        """Predict probabilities with the recommended model; see `SideModel.predict_proba`."""
        return self.model.predict_proba(rows, on_odd)

    def report(self, path: str | Path) -> Path:
        """Copy the report to `path` (``.html``, ``.md`` or ``.json``); returns the path.

        Raises:
            FolderError: `path` has another ending, or cannot be written.
        """
        from automl.report import kind_of

        target = Path(path)
        kind = kind_of(target)
        folders.write_bytes(target, folders.read_bytes(self.folder / f"report{kind}", REPORT_BYTES))
        return target

    def save(self, path: str | Path) -> Path:
        """Save both models as a folder that `automl.load` opens; returns the path."""
        from automl.flow.keep import save

        predictors = dict(self.model.predictors)
        return save(Path(path), self.outcome, predictors, self.model.recommended, self.result, self.folder)
