"""The model of one side, ready for new rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from automl.errors import DataError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import numpy as np
    import pandas as pd

    from automl.export import Exported
    from automl.records import Dataset, OnOdd, Output, Task

__all__ = ["SideModel"]

Handed = TypeVar("Handed", bound="pd.DataFrame | pd.Series")


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """New rows as a model has read them, and its predictions; `windows` of a forecast, else None."""

    output: Output
    dataset: Dataset
    windows: np.ndarray | None

    def context(self, task: Task) -> dict[str, Any]:
        """What intervals are relative to beside the predictions."""
        from automl.goals.shared.scoring import future_context

        return {} if self.windows is None else future_context(self.dataset, task, self.windows)


@dataclass(frozen=True, slots=True, eq=False)
class SideModel:
    """The finalist of one side, ready to predict. `side` is "deep", "shallow", "blend" or "floor".

    `encoder` is that of the contest's networks, of which rows to check an export on are made up.
    """

    side: str
    task: Task
    predictor: Any
    root: str | None = None
    encoder: Any = None

    def __repr__(self) -> str:
        from automl.report.words import task_sentence

        return f"<automl.SideModel {self.side}: {task_sentence(self.task)}>"

    def _repr_html_(self) -> str:
        """A card for notebooks: the task and the columns that the model reads."""
        from automl.report import card, words

        lead = f"{words.task_sentence(self.task)}, scored by {words.metric(self.task.metric)}"
        return card.card(f"The {self.side} model", lead, card.columns_table(self.task.columns))

    def predict(self, rows: Any, on_odd: OnOdd | None = None, future: Any = None) -> pd.DataFrame | pd.Series:
        """Predict new rows.

        Args:
            rows: in any form that `fit` takes, without the target if it is unknown. For a forecast, the history up to
                now.
            on_odd: what is done where they differ from the training rows. "warn": an `OddRowsWarning`. "ignore":
                nothing. "refuse": an error. By default a warning, and an error if more than a fifth of the cells of a
                column that the model uses cannot be read.
            future: for a forecast with covariates known beforehand (`known`): a table of times, series and these
                covariates for the steps to predict, in any form that rows have.

        Returns:
            A Series named like the target; a frame for several targets or labels. It has the index of the rows (of a
            folder, the names of its files); a row that cannot be read has an empty prediction. For a forecast, a frame
            with the series, the time on the clock of the history given, and each target's values and quantiles for the
            next `horizon` steps. For anomalies a frame: whether a row raises an alarm, and its score; for a
            representation a column for each of its numbers. For masks a Series of arrays ``(height, width)`` in the
            user's own values, each as large as its picture. Of polars rows all this is of polars, of an Arrow table a
            table of Arrow: so for all methods that take rows.

        Raises:
            DataError: none of the columns that the model needs is there, an array has another shape, or the rows are
                odd and to be refused.
            RecipeError: `on_odd` is none of the words.
        """
        from automl import goals

        if goals.named(self.task).makes_rows:
            raise DataError("this model generates rows and predicts nothing of given ones; use sample(n, seed)")
        read = self._output(rows, on_odd, future)
        goal = goals.named(self.task)
        handed = goal.handed(read.output, read.dataset)
        return _as_came(rows, self._handed(goal.to_frame(handed.arrays, self.task), read))

    def predict_proba(self, rows: Any, on_odd: OnOdd | None = None) -> pd.DataFrame:
        """Predict probabilities for new rows: a frame with one column per class (or label), indexed as by `predict`.

        Args:
            rows: as for `predict`.
            on_odd: as for `predict`.

        Raises:
            DataError: the task is not a classification, or the rows do not fit the model; see `predict`.
        """
        import pandas as pd

        from automl import goals
        from automl.goals.shared.rows import as_written

        if not goals.named(self.task).is_classification:
            raise DataError(f"predict_proba needs a classification; this model does {self.task.goal}: use predict")
        read = self._output(rows, on_odd)
        shares = pd.DataFrame(read.output.arrays["probabilities"], columns=list(as_written(self.task)))
        return _as_came(rows, pd.DataFrame(self._handed(shares, read)))

    def score_rows(self, rows: Any, on_odd: OnOdd | None = None) -> pd.Series:
        """How unusual new rows are: a Series named "score", indexed as by `predict`.

        A score is the share of training rows that are less unusual; above 1 (and below 2) a row is more unusual than
        all of them.

        Args:
            rows: as for `predict`.
            on_odd: as for `predict`.

        Raises:
            DataError: the task is no search for anomalies, or the rows do not fit the model; see `predict`.
        """
        import pandas as pd

        read = self._output(rows, on_odd)
        if "scores" not in read.output.arrays:
            raise DataError(
                f"score_rows needs a model of goal 'anomaly'; this one does {self.task.goal}: use "
                f"{'transform' if 'vectors' in read.output.arrays else 'predict'}"
            )
        frame = pd.DataFrame({"score": read.output.arrays["scores"]})
        return _as_came(rows, pd.DataFrame(self._handed(frame, read))["score"])

    def transform(self, rows: Any, on_odd: OnOdd | None = None) -> pd.DataFrame:
        """New rows as vectors: a frame with columns v1, v2 and so on, indexed as by `predict`.

        Args:
            rows: as for `predict`.
            on_odd: as for `predict`.

        Raises:
            DataError: the task learns no representation, or the rows do not fit the model; see `predict`.
        """
        from automl import goals

        if goals.named(self.task).answers != "vectors":
            raise DataError(f"transform needs a model of goal 'represent'; this one does {self.task.goal}: use predict")
        return cast("pd.DataFrame", self.predict(rows, on_odd))

    def sample(self, n: int, seed: int = 0, condition: Any = None) -> Any:
        """New rows in the user's own columns, types, decimals and ranges; the same rows for the same seed.

        Pictures and series come as an array in the form of the one that was learnt from.

        Args:
            n: number of rows, at most ten million; ``automl sample`` streams more to a file.
            seed: from 0 up; other rows for another seed.
            condition: values that columns are to have, such as ``{"churned": "yes"}``; None in it for a missing one. A
                value alone is that of the column that the recipe named by `condition`.
                Rows are drawn until enough of them have these values, so rare values take long.

        Returns:
            A frame of n rows. Identifiers are new ones, in the manner of the column. Of pictures and series an array of
            n items; where they have classes, a tuple ``(X, y)`` of items and classes.

        Raises:
            DataError: the model generates no rows, or none that meets the condition. RecipeError: n or seed is out of
                bounds, or the condition names no column.
        """
        from automl.predict.sampling import check_numbers, sampled

        check_numbers(n, seed)
        return sampled(self.predictor, self.task, n, seed, condition)

    def export(self, path: str | Path, format: str = "onnx", rows: Any = None) -> Exported:  # noqa: A002
        """Export the model as a folder that predicts without automl; see ``docs/export.md``.

        Args:
            path: the new folder.
            format: "onnx", "litert", "openvino", "saved_model" or "keras"; or "python", a script that trains the
                finalist anew in plain Keras or scikit-learn.
            rows: rows to check the export on, in any form that `predict` takes (1,000 are used); a history for a
                forecast. None for rows that are made up from what the model knows of its columns.

        Returns:
            What was written: its ``folder`` and its ``manifest``; its text says the largest difference to the model,
            size and latency.

        Raises:
            DataError: the format cannot hold this side, a part of the model has no export, or the file predicts
                otherwise than the model; nothing is written.
            RecipeError: the format is unknown.
            FolderError: `path` exists or cannot be written.
            MissingExtra: a library of the format is not installed.
        """
        from automl.export import export

        return export(self, path, format, rows)

    def predict_interval(
        self, rows: Any, level: float = 0.9, on_odd: OnOdd | None = None, future: Any = None
    ) -> pd.DataFrame:  # fmt: skip
        """Predict numbers with an interval that holds the true one with the chance `level`.

        That holds on average over new rows that are drawn as the held-out rows were (of new groups, where the split
        was by groups). It does not hold for rows of another kind, nor strictly in a forecast, whose future is no draw
        from its past. The report says how often it held on the test rows (``docs/regions.md``).

        Args:
            rows: as for `predict`.
            level: between 0 and 1.
            on_odd: as for `predict`.
            future: as for `predict`.

        Returns:
            A frame indexed as by `predict`: for each target its prediction and the columns ``<target>_lower`` and
            ``<target>_upper``; for a forecast, those of each step beside its series and time. Where another column has
            such a name, that of the end has an underscore more.

        Raises:
            DataError: the task predicts no numbers, there were too few held-out rows for the level, the model was
                saved without them, or the rows do not fit the model; see `predict`.
            RecipeError: the level is no number between 0 and 1.
        """
        return cast("pd.DataFrame", self._regions("interval", rows, level, on_odd, future))

    def predict_set(self, rows: Any, level: float = 0.9, on_odd: OnOdd | None = None) -> pd.DataFrame | pd.Series:
        """Predict for each row a set of labels that holds the true one with the chance `level`.

        See `predict_interval` for what that means. If each class has enough held-out rows, it holds for rows of each
        class, else for all rows together.

        Args:
            rows: as for `predict`.
            level: between 0 and 1.
            on_odd: as for `predict`.

        Returns:
            A Series of tuples of labels, the most probable first, indexed as by `predict`. Of several labels a frame
            with a column for each, of tuples of 0 and 1: the chance holds for each label on its own, and ``(1, 0)``
            says that both are possible.

        Raises:
            DataError: the task predicts no classes; and as `predict_interval`.
            RecipeError: the level is no number between 0 and 1.
        """
        return self._regions("set", rows, level, on_odd)

    def _regions(
        self, kind: str, rows: Any, level: float, on_odd: OnOdd | None, future: Any = None
    ) -> pd.DataFrame | pd.Series:  # fmt: skip
        from automl import goals
        from automl.goals.shared.conformal import check_level

        check_level(level)
        regions = goals.named(self.task).regions
        if regions is None or regions.kind != kind:
            instead = "predict" if regions is None else f"predict_{regions.kind}"
            needed = "numbers" if kind == "interval" else "classes"
            raise DataError(
                f"predict_{kind} needs a task that predicts {needed}; this is {self.task.goal}: use {instead}"
            )
        scores = self.predictor.regions
        if scores is None:
            why = "the floor has none" if self.side == "floor" else "an older automl saved it without"
            raise DataError(
                f"the {self.side} model has no scores of held-out rows, of which predict_{kind} is made ({why}): fit "
                "anew, or use the model of another side"
            )
        scores.thresholds.at(level)  # before anything is read: too few held-out rows are no fault of these
        read = self._output(rows, on_odd, future)
        with self._opened():
            found = regions.apply(scores, read.output, level, read.context(self.task))
            return _as_came(rows, self._handed(regions.to_frame(found, read.output, self.task), read))

    def _output(self, rows: Any, on_odd: OnOdd | None, beforehand: Any = None) -> _Read:
        """Predictions for new rows, or for the steps that follow a history."""
        from automl import goals
        from automl.predict.rows import future

        dataset = self._dataset(rows, on_odd, beforehand)
        with self._opened():
            windows: Any = None
            if goals.named(self.task).in_windows:
                dataset, windows = future(dataset, self.task)
            items = _all_rows(dataset) if windows is None else windows
            return _Read(self.predictor.output(dataset, items), dataset, windows)

    def _handed(self, frame: pd.DataFrame | pd.Series, read: _Read) -> pd.DataFrame | pd.Series:
        """A frame of predictions with the index of the rows, or beside the series and times of the steps."""
        import pandas as pd

        from automl.goals.shared.rows import unused
        from automl.predict.rows import placed, times_of

        if read.windows is None:
            predicted: pd.DataFrame | pd.Series = placed(frame, read.dataset)
            return predicted
        times = times_of(read.dataset, read.windows, self.task)
        frame = frame.to_frame() if isinstance(frame, pd.Series) else frame
        taken = {*times.columns, *frame.columns}
        made = {name: unused(name, taken) for name in frame.columns if name in times.columns}
        return pd.concat([times, frame.rename(columns=made)], axis=1)

    def read(
        self, rows: Any, on_odd: OnOdd | None = None, future: Any = None, weight: str | None = None
    ) -> Dataset:  # fmt: skip
        """Read new rows as the model will see them. `findings` of the result say what is odd about them.

        Args:
            rows: in any form that `predict` takes. `predict` also takes the result of this method, and warns of nothing
                then.
            on_odd: as for `predict`; nothing is warned of here.
            future: as for `predict`, which needs it no more then.
            weight: a column of weights of the rows, which scores need; None without any.

        Raises:
            DataError: as by `predict`; or a weight is none.
        """
        from automl.predict.rows import read_rows

        with self._opened():
            return read_rows(rows, self.task, self.root, on_odd, future, weight)

    def _opened(self) -> AbstractContextManager[None]:
        """A context that explains errors during prediction, see `automl.sides.predictors.opened_from`."""
        from automl.sides.predictors import opened_from

        return opened_from(getattr(self.predictor, "source", ""))

    def _dataset(self, rows: Any, on_odd: OnOdd | None, future: Any = None) -> Dataset:
        from automl.predict.on_odd import warn
        from automl.predict.plain_rows import read_plainly
        from automl.records import Dataset

        if isinstance(rows, Dataset):
            return rows
        if future is None and getattr(self.predictor, "reads_arrays", False):
            with self._opened():
                plain = read_plainly(rows, self.task, on_odd)
            if plain is not None:
                return plain
        dataset = self.read(rows, on_odd, future)
        warn(dataset.findings, on_odd)
        return dataset


def _as_came(rows: Any, made: Handed) -> Handed:
    """Predictions in the kind of frame of the rows; typed as those of pandas, see `automl.intake.same_kind`."""
    from automl.intake.same_kind import in_kind_of

    handed: Handed = in_kind_of(rows, made)
    return handed


def _all_rows(dataset: Dataset) -> np.ndarray:
    import numpy as np

    return np.arange(dataset.n_rows)
