"""The Python interface: `fit`, `run`, `load` and `inspect`, and the classes that they return."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.predict.model import Model, SideModel
from automl.report.findings import column_text, finding_text, gravest_first, one_line
from automl.report.summary import summary
from automl.report.trust import Trust, trust_of
from automl.storage import files as folders
from automl.system.printable import printable

if TYPE_CHECKING:
    import pandas as pd

    from automl.flow import Finished
    from automl.records import Column, Finding, OnOdd, Outcome, Recipe, Task

__all__ = ["Inspection", "Model", "Result", "SideModel", "fit", "inspect", "load", "run"]

REPORT_BYTES = 2**28

LOOKED_ROWS = 30_000
"""The most rows of a table that `inspect` reads. More would give the same kinds and findings, and take much longer."""


def fit(data: Any, target: str | Sequence[str] | None = None, **options: Any) -> Result:
    """Run the contest on data: a searched deep network against a tuned shallow model.

    Args:
        data: a path (CSV, TSV, Parquet, Feather, JSON lines, Excel, ``.npz``, a folder of images or texts), a pandas
            or polars frame, an array of 2 to 4 dimensions, a list of strings, or a pair (inputs, target).
        target: name of the target column, or several.
        **options: the flags of ``automl fit``: goal, label, metric, test, time_column, series, horizon, group, weight,
            columns, drop (names of columns to leave out), budget ("90", "90s", "5m", "2h"), max_trials, templates,
            seed, min_gain, latency, out, resume, quiet, plugins, ensemble, json_lines, search (a mapping: oracle,
            memory, log, device, workers, ray_address).

    Returns:
        The result; printing it gives the verdict.

    Raises:
        InputError: the data, an option or the output folder is at fault.
    """
    started = time.monotonic()
    from automl import recipe as recipes

    return _run(recipes.make(data=data, target=target, **options), started)


def run(path: str | Path, **overrides: Any) -> Result:
    """Run a YAML recipe.

    Args:
        path: path of the recipe.
        **overrides: keys that replace the file's, those under ``search`` by their own names (`workers`, `oracle`). Only
            here can `ray_address` be the address of a Ray cluster, which a file may not give (docs/scale.md).

    Raises:
        InputError: the recipe, its data or the output folder is at fault.
    """
    started = time.monotonic()
    from automl import recipe as recipes

    return _run(recipes.read(path, **overrides), started)


def _run(recipe: Recipe, started: float) -> Result:
    from automl import flow

    return Result(flow.run(recipe, started))


def inspect(data: Any, target: str | Sequence[str] | None = None, **options: Any) -> Inspection:
    """Describe what automl detects in the data, and its findings, without loading TensorFlow.

    The rows are split as in `fit`, because many findings compare training and test rows.

    If no target is given, the columns of a table are described, with those that may be the target.
    Of a table with more than `LOOKED_ROWS` rows only a sample is read; the findings say so.

    Raises:
        InputError: the data or an option is at fault.
    """
    from automl import recipe as recipes
    from automl.flow.prepare import inspect_data

    seen = inspect_data(recipes.make(data=data, target=target, **options), LOOKED_ROWS)
    n_rows = seen.dataset.n_source_rows or seen.dataset.n_rows
    return Inspection(
        seen.dataset.name, n_rows, seen.task, gravest_first(seen.dataset.findings), seen.columns, seen.targets
    )


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
    """

    name: str
    n_rows: int
    task: Task | None
    findings: tuple[Finding, ...] = ()
    columns: tuple[Column, ...] = ()
    targets: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        """One line about the data and the task."""
        return ":".join(self.headline_text)

    @property
    def headline_text(self) -> tuple[str, str]:
        """The two parts of the headline: the name of the data, and the text after the colon."""
        rows = f" {self.n_rows:,} rows"
        if self.task is None:
            rest = f"{rows}, {len(self.columns)} column{'s' * (len(self.columns) != 1)}; no target was named"
        else:
            rest = f"{rows}, {self.task.modality}, {self.task.goal}, scored by {self.task.metric}"
        return printable(self.name), rest

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why the goal is unsure; empty if it is not."""
        return tuple(one_line(f"{f.message} {f.next_step}") for f in self.findings if f.check == "unsure_goal")

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why this task was chosen; without a task, the columns that may be the target."""
        if self.task is not None:
            return tuple(map(one_line, self.task.evidence))
        targets = map(one_line, self.targets)
        return ("Name the column to predict, such as", *targets) if self.targets else ()

    def __str__(self) -> str:
        lines = [self.headline, *(f"  {sentence}" for sentence in (*self.doubts, *self.reasons))]
        names = [column_text(column.name) for column in self.columns]
        width = max(map(len, names), default=0)
        lines += [
            f"  {name:<{width}}  {c.kind:<15} {c.confidence:4.0%}  {one_line(c.evidence)}"
            for name, c in zip(names, self.columns, strict=True)
        ]
        lines += [f"  {finding_text(finding)}" for finding in self.findings if finding.check != "unsure_goal"]
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
        comparison = self.outcome.comparison
        return f"<automl.Result {self.outcome.name!r}: {comparison.verdict} ({comparison.reason})>"

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
        """Copy the report to `path` (``.html``, ``.md`` or ``.json``); returns the path."""
        target = Path(path)
        kind = target.suffix.lower() if target.suffix.lower() in (".html", ".md", ".json") else ".html"
        folders.write_bytes(target, folders.read_bytes(self.folder / f"report{kind}", REPORT_BYTES))
        return target

    def save(self, path: str | Path) -> Path:
        """Save both models as a folder that `automl.load` opens; returns the path."""
        from automl.flow.keep import save

        predictors = dict(self.model.predictors)
        return save(Path(path), self.outcome, predictors, self.model.recommended, self.result, self.folder)
