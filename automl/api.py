"""The Python face: fit, run, load and inspect make a recipe, hand it to the flow and wrap what comes back."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.errors import DataError
from automl.report.findings import column_told, gravest_first, one_line, told
from automl.storage import files as folders
from automl.system.printable import printable

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import numpy as np
    import pandas as pd

    from automl.flow import Finished
    from automl.records import Column, Dataset, Finding, Outcome, Recipe, Task

__all__ = ["Inspection", "Model", "Result", "SideModel", "fit", "inspect", "load", "run"]

REPORT_BYTES = 2**28

LOOKED_ROWS = 30_000
"""Rows of a table that `inspect` looks at: kinds and findings of more would be the same, and cost the time of a fit."""


def fit(data: Any, target: str | Sequence[str] | None = None, **options: Any) -> Result:
    """Run the contest on data: a searched deep network against a tuned shallow model.

    Args:
        data: a path (CSV, TSV, Parquet, Feather, JSON lines, Excel, ``.npz``, a folder of images or texts), a pandas
            or polars frame, an array of 2 to 4 dimensions, a list of strings, or a pair (inputs, target).
        target: name of the target column, or several.
        **options: the flags of ``automl fit``: goal, label, metric, test, time_column, series, horizon, group, weight,
            columns, budget ("90", "90s", "5m", "2h"), max_trials, templates, seed, min_gain, latency, out, resume,
            quiet, plugins, ensemble, json_lines, search (a mapping: oracle, memory, log, device, workers,
            ray_address).

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
        path: of the recipe.
        **overrides: keys that replace the file's; and `ray_address`, of a Ray to run on, which a file may not name
            itself (docs/scale.md).

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
    """Say what automl sees in the data, and what is odd about it, without loading TensorFlow.

    The rows are parted as `fit` would part them, since half of what can be wrong lies between the parts.

    Without a target, a table's columns are told, and which of them may be one.
    Of a table of more than `LOOKED_ROWS` rows some are looked at, which the findings say.

    Raises:
        InputError: the data or an option is at fault.
    """
    from automl import recipe as recipes
    from automl.flow.prepare import look

    seen = look(recipes.make(data=data, target=target, **options), LOOKED_ROWS)
    n_rows = seen.dataset.n_source_rows or seen.dataset.n_rows
    return Inspection(
        seen.dataset.name, n_rows, seen.task, gravest_first(seen.dataset.findings), seen.columns, seen.targets
    )


def load(path: str | Path) -> Model:
    """Open a saved model; no code from the folder is run.

    Raises:
        BundleError: the folder is incomplete, altered, of another version, or names code that is not ours.
    """
    from automl import bundle, modalities

    opened = bundle.open(path, modalities.restore, modalities.restore_codec)
    return Model(opened.task, opened.predictors, opened.recommended, Path(path), dict(opened.result))


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was detected.

    Attributes:
        name, n_rows: of the source, of which not all rows need have been looked at.
        task: modality, goal, metric, with evidence; None for a table of which no target was named.
        findings: gravest first. columns: what they hold, with evidence.
        targets: where none was named, a sentence for each column that may be one.
    """

    name: str
    n_rows: int
    task: Task | None
    findings: tuple[Finding, ...] = ()
    columns: tuple[Column, ...] = ()
    targets: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        """The data and the task in a line."""
        return ":".join(self.told_headline)

    @property
    def told_headline(self) -> tuple[str, str]:
        """The data's name, and what follows it in the headline after a colon."""
        rows = f" {self.n_rows:,} rows"
        if self.task is None:
            rest = f"{rows}, {len(self.columns)} column{'s' * (len(self.columns) != 1)}; no target was named"
        else:
            rest = f"{rows}, {self.task.modality}, {self.task.goal}, scored by {self.task.metric}"
        return printable(self.name), rest

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why the goal is not sure."""
        return tuple(one_line(f"{f.message} {f.next_step}") for f in self.findings if f.check == "unsure_goal")

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the task is this one, or what it may be."""
        if self.task is not None:
            return tuple(map(one_line, self.task.evidence))
        targets = map(one_line, self.targets)
        return ("Name the column to predict, such as", *targets) if self.targets else ()

    def __str__(self) -> str:
        lines = [self.headline, *(f"  {sentence}" for sentence in (*self.doubts, *self.reasons))]
        names = [column_told(column.name) for column in self.columns]
        width = max(map(len, names), default=0)
        lines += [
            f"  {name:<{width}}  {c.kind:<15} {c.confidence:4.0%}  {one_line(c.evidence)}"
            for name, c in zip(names, self.columns, strict=True)
        ]
        lines += [f"  {told(finding)}" for finding in self.findings if finding.check != "unsure_goal"]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True, eq=False)
class SideModel:
    """One side's finalist, ready to predict. `side` is "deep", "shallow" or "floor"."""

    side: str
    task: Task
    predictor: Any
    root: str | None = None

    def predict(self, rows: Any) -> pd.DataFrame | pd.Series:
        """Predict new rows.

        Args:
            rows: as `fit` takes them; the target may be absent. For a forecast, the history up to now.

        Returns:
            A Series named as the target (a frame for several targets or labels). A forecast gives a frame with the
            series, the time and each target's values and quantiles for the next `horizon` steps.

        Raises:
            DataError: no column that the model needs is there, or an array has another shape.
        """
        dataset = self._dataset(rows)
        with self._opened():
            if self.task.goal == "forecast":
                return _forecast_frame(self.predictor, dataset, self.task)
            output = self.predictor.output(dataset, _all_rows(dataset))
            return _predictions(output.arrays, self.task)

    def predict_proba(self, rows: Any) -> pd.DataFrame:
        """Probabilities for new rows: a frame with one column a class (or label).

        Raises:
            DataError: the task is not a classification, or the rows do not fit.
        """
        import pandas as pd

        if self.task.goal not in ("binary", "multiclass", "multilabel"):
            raise DataError(f"predict_proba needs a classification; this model does {self.task.goal}: use predict")
        dataset = self._dataset(rows)
        with self._opened():
            output = self.predictor.output(dataset, _all_rows(dataset))
            return pd.DataFrame(output.arrays["probabilities"], columns=list(_labels(self.task)))

    def read(self, rows: Any) -> Dataset:
        """New rows as the model will see them; its `findings` tell what could not be read as in training.

        Args:
            rows: as `predict` takes them, which also takes what this returns.
        """
        from automl.flow.predicting import ready
        from automl.intake import new_rows

        with self._opened():
            return ready(new_rows(rows, self.task, self.root), self.task)

    def _opened(self) -> AbstractContextManager[None]:
        """What fails while predicting is told as `automl.sides.predictors.opened_from` does."""
        from automl.sides.predictors import opened_from

        return opened_from(getattr(self.predictor, "source", ""))

    def _dataset(self, rows: Any) -> Dataset:
        from automl.records import Dataset

        return rows if isinstance(rows, Dataset) else self.read(rows)


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A contest's models: predicts with the recommended one; `deep` and `shallow` are each side's own."""

    task: Task
    predictors: Mapping[str, Any]
    recommended: str
    folder: Path | None = None
    result: Mapping[str, Any] = field(default_factory=dict)

    def side(self, name: str) -> SideModel:
        """A side's model.

        Raises:
            DataError: that side has none.
        """
        if name not in self.predictors:
            raise DataError(f"this contest has no {name} model; it has {', '.join(sorted(self.predictors))}")
        return SideModel(name, self.task, self.predictors[name])

    @property
    def deep(self) -> SideModel:
        """The deep finalist."""
        return self.side("deep")

    @property
    def shallow(self) -> SideModel:
        """The shallow finalist."""
        return self.side("shallow")

    def read(self, rows: Any) -> Dataset:
        """New rows as the recommended model will see them; see `SideModel.read`."""
        return self.side(self.recommended).read(rows)

    def predict(self, rows: Any) -> pd.DataFrame | pd.Series:
        """Predict new rows with the recommended model; see `SideModel.predict`."""
        return self.side(self.recommended).predict(rows)

    def predict_proba(self, rows: Any) -> pd.DataFrame:
        """Probabilities from the recommended model; see `SideModel.predict_proba`."""
        return self.side(self.recommended).predict_proba(rows)


class Result:
    """What `fit` and `run` return: the verdict, the report, both models.

    Attributes:
        outcome: all that the report is made of. result: the dict of ``result.json``. folder: of the run.
        model: both sides' predictors.
    """

    def __init__(self, finished: Finished) -> None:
        self.outcome: Outcome = finished.outcome
        self.result: dict[str, Any] = finished.result
        self.folder: Path = finished.folder
        self.model = Model(
            finished.outcome.task, finished.predictors, finished.recommended, finished.folder, finished.result
        )

    def __str__(self) -> str:
        comparison = self.outcome.comparison
        lines = [f"Verdict: {comparison.verdict} ({comparison.reason}). Use {comparison.recommended}."]
        lines += comparison.sentences
        lines += comparison.notes
        lines.append(f"Report: {self.folder / 'report.html'}")
        return "\n".join(map(printable, lines))

    def __repr__(self) -> str:
        comparison = self.outcome.comparison
        return f"<automl.Result {self.outcome.name!r}: {comparison.verdict} ({comparison.reason})>"

    @property
    def verdict(self) -> str:
        """deep, shallow or tie."""
        return self.outcome.comparison.verdict

    @property
    def deep(self) -> SideModel:
        """The deep finalist; raises DataError when there is none."""
        return self.model.deep

    @property
    def shallow(self) -> SideModel:
        """The shallow finalist; raises DataError when there is none."""
        return self.model.shallow

    def predict(self, rows: Any) -> pd.DataFrame | pd.Series:
        """Predict new rows with the recommended model; see `SideModel.predict`."""
        return self.model.predict(rows)

    def predict_proba(self, rows: Any) -> pd.DataFrame:
        """Probabilities from the recommended model; see `SideModel.predict_proba`."""
        return self.model.predict_proba(rows)

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


def _all_rows(dataset: Dataset) -> np.ndarray:
    import numpy as np

    return np.arange(dataset.n_rows)


def _labels(task: Task) -> tuple[Any, ...]:
    """Class labels as the user would write them: integers and booleans again where all of them are."""
    if all(label.lstrip("-").isdigit() and str(int(label)) == label for label in task.classes):
        return tuple(int(label) for label in task.classes)
    if set(task.classes) == {"False", "True"}:
        return tuple(label == "True" for label in task.classes)
    return task.classes


def _predictions(arrays: Mapping[str, np.ndarray], task: Task) -> pd.DataFrame | pd.Series:
    import pandas as pd

    if task.goal in ("binary", "multiclass"):
        labels = _labels(task)
        return pd.Series([labels[code] for code in arrays["labels"]], name=task.target[0])
    if task.goal == "multilabel":
        return pd.DataFrame(arrays["labels"], columns=list(task.classes))
    if len(task.target) == 1:
        return pd.Series(arrays["values"][:, 0], name=task.target[0])
    return pd.DataFrame(arrays["values"], columns=list(task.target))


def _forecast_frame(predictor: Any, dataset: Dataset, task: Task) -> pd.DataFrame:
    import pandas as pd

    from automl.flow.predicting import future

    extended, windows = future(dataset, task)
    output = predictor.output(extended, windows)
    assert extended.times is not None
    columns: dict[str, Any] = {}
    if extended.series is not None:
        columns[task.series_column or "series"] = extended.series[windows].ravel()
    columns[task.time_column or "time"] = extended.times[windows].ravel()
    for t, name in enumerate(task.target):
        columns[name] = output.arrays["values"][:, :, t].ravel()
        if "quantiles" in output.arrays:
            for q, level in enumerate(task.quantiles):
                columns[f"{name}_q{round(100 * level):02d}"] = output.arrays["quantiles"][:, :, t, q].ravel()
    return pd.DataFrame(columns)
