"""The classes of a contest's models: `SideModel` for one side and `Model` for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.errors import DataError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import numpy as np
    import pandas as pd

    from automl.records import Dataset, OnOdd, Task

__all__ = ["Model", "SideModel"]


@dataclass(frozen=True, slots=True, eq=False)
class SideModel:
    """The finalist of one side, ready to predict. `side` is "deep", "shallow" or "floor"."""

    side: str
    task: Task
    predictor: Any
    root: str | None = None

    def __repr__(self) -> str:
        from automl.report.words import task_sentence

        return f"<automl.SideModel {self.side}: {task_sentence(self.task)}>"

    def _repr_html_(self) -> str:
        """A card for notebooks: the task and the columns that the model reads."""
        from automl.report import card, words

        lead = f"{words.task_sentence(self.task)}, scored by {words.metric(self.task.metric)}"
        return card.card(f"The {self.side} model", lead, card.columns_table(self.task.columns))

    def predict(self, rows: Any, on_odd: OnOdd | None = None) -> pd.DataFrame | pd.Series:
        """Predict new rows.

        Args:
            rows: in any form that `fit` takes, without the target if it is unknown. For a forecast, the history up to
                now.
            on_odd: what is done where they differ from the training rows. "warn": an `OddRowsWarning`. "ignore":
                nothing. "refuse": an error. By default a warning, and an error if more than a fifth of the cells of a
                column that the model uses cannot be read.

        Returns:
            A Series named like the target; a frame for several targets or labels. It has the index of the rows (of a
            folder, the names of its files); a row that cannot be read has an empty prediction. For a forecast, a frame
            with the series, the time on the clock of the history given, and each target's values and quantiles for the
            next `horizon` steps.

        Raises:
            DataError: none of the columns that the model needs is there, an array has another shape, or the rows are
                odd and to be refused.
            RecipeError: `on_odd` is none of the words.
        """
        from automl import goals
        from automl.predict.rows import placed

        dataset = self._dataset(rows, on_odd)
        with self._opened():
            if goals.named(self.task).in_windows:
                return _forecast_frame(self.predictor, dataset, self.task)
            output = self.predictor.output(dataset, _all_rows(dataset))
            predicted: pd.DataFrame | pd.Series = placed(
                goals.named(self.task).to_frame(output.arrays, self.task), dataset
            )
            return predicted

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
        from automl.predict.rows import placed

        if not goals.named(self.task).is_classification:
            raise DataError(f"predict_proba needs a classification; this model does {self.task.goal}: use predict")
        dataset = self._dataset(rows, on_odd)
        with self._opened():
            output = self.predictor.output(dataset, _all_rows(dataset))
            shares = pd.DataFrame(output.arrays["probabilities"], columns=list(as_written(self.task)))
            return pd.DataFrame(placed(shares, dataset))

    def read(self, rows: Any, on_odd: OnOdd | None = None) -> Dataset:
        """Read new rows as the model will see them. `findings` of the result say what is odd about them.

        Args:
            rows: in any form that `predict` takes. `predict` also takes the result of this method, and warns of nothing
                then.
            on_odd: as for `predict`; nothing is warned of here.

        Raises:
            DataError: as by `predict`.
        """
        from automl.predict.rows import read_rows

        with self._opened():
            return read_rows(rows, self.task, self.root, on_odd)

    def _opened(self) -> AbstractContextManager[None]:
        """A context that explains errors during prediction, see `automl.sides.predictors.opened_from`."""
        from automl.sides.predictors import opened_from

        return opened_from(getattr(self.predictor, "source", ""))

    def _dataset(self, rows: Any, on_odd: OnOdd | None) -> Dataset:
        from automl.predict.on_odd import warn
        from automl.records import Dataset

        if isinstance(rows, Dataset):
            return rows
        dataset = self.read(rows, on_odd)
        warn(dataset.findings, on_odd)
        return dataset


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """The models of a contest. It predicts with the recommended one; `deep` and `shallow` are those of each side."""

    task: Task
    predictors: Mapping[str, Any]
    recommended: str
    folder: Path | None = None
    result: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        from automl.report.words import task_sentence

        others = ", ".join(sorted(self.predictors))
        return f"<automl.Model {task_sentence(self.task)}: predicts with {self.recommended}, has {others}>"

    def _repr_html_(self) -> str:
        """A card for notebooks: the task, what to settle first, the leaderboard and the columns."""
        from automl.report import card, words

        title = f"{words.task_sentence(self.task)}, scored by {words.metric(self.task.metric)}"
        lead = f"predicts with the {self.recommended} model; has {', '.join(sorted(self.predictors))}"
        alarm, board = card.alarm_of(self.result), card.board(self.result)
        return card.card(title, lead, board, card.columns_table(self.task.columns), first=alarm)

    def side(self, name: str) -> SideModel:
        """The model of a side.

        Raises:
            DataError: the side has no model.
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

    def read(self, rows: Any, on_odd: OnOdd | None = None) -> Dataset:
        """Read new rows as the recommended model will see them; see `SideModel.read`."""
        return self.side(self.recommended).read(rows, on_odd)

    def predict(self, rows: Any, on_odd: OnOdd | None = None) -> pd.DataFrame | pd.Series:
        """Predict new rows with the recommended model; see `SideModel.predict`."""
        return self.side(self.recommended).predict(rows, on_odd)

    def predict_proba(self, rows: Any, on_odd: OnOdd | None = None) -> pd.DataFrame:
        """Predict probabilities with the recommended model; see `SideModel.predict_proba`."""
        return self.side(self.recommended).predict_proba(rows, on_odd)


def _all_rows(dataset: Dataset) -> np.ndarray:
    import numpy as np

    return np.arange(dataset.n_rows)


def _forecast_frame(predictor: Any, dataset: Dataset, task: Task) -> pd.DataFrame:
    import pandas as pd

    from automl import goals
    from automl.detect.series.clock import as_input
    from automl.detect.series.keys import key_columns
    from automl.predict.rows import future

    extended, windows = future(dataset, task)
    output = predictor.output(extended, windows)
    assert extended.times is not None
    columns: dict[str, Any] = {}
    if extended.series is not None:
        columns |= key_columns(extended.series[windows].ravel(), task)
    columns[task.time_column or "time"] = as_input(extended.times[windows].ravel(), task, extended.zone)
    return pd.concat([pd.DataFrame(columns), goals.named(task).to_frame(output.arrays, task)], axis=1)
