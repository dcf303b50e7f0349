"""The models of a contest: it predicts with the recommended side's, and hands out those of each side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.errors import DataError
from automl.predict.as_estimator import AsEstimator
from automl.predict.side_model import SideModel

if TYPE_CHECKING:
    import pandas as pd

    from automl.export import Exported
    from automl.predict.watching import Watched
    from automl.records import Dataset, OnOdd, Task

__all__ = ["Model"]


@dataclass(frozen=True, slots=True, eq=False)
class _Models:
    """What a `Model` holds; `_maker` makes the estimator of a side."""

    task: Task
    predictors: Mapping[str, Any]
    recommended: str
    folder: Path | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    reference: Mapping[str, Any] = field(default_factory=dict)
    _maker: Callable[[str], Any] | None = None


class Model(AsEstimator, _Models):
    """The models of a contest. It predicts with the recommended one; `deep` and `shallow` are those of each side.

    Of a table with a target, scikit-learn takes it for a fitted estimator (`automl.predict.as_estimator`).
    """

    __slots__ = ()

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
        encoder = getattr(self.predictors.get("deep"), "encoder", None)
        return SideModel(name, self.task, self.predictors[name], encoder=encoder)

    @property
    def deep(self) -> SideModel:
        """The deep finalist."""
        return self.side("deep")

    @property
    def shallow(self) -> SideModel:
        """The shallow finalist."""
        return self.side("shallow")

    @property
    def blend(self) -> SideModel:
        """The weighted mean of both finalists."""
        return self.side("blend")

    def read(self, rows: Any, on_odd: OnOdd | None = None, future: Any = None) -> Dataset:
        """Read new rows as the recommended model will see them; see `SideModel.read`."""
        return self.side(self.recommended).read(rows, on_odd, future)

    def watch(self, rows: Any, side: str | None = None, fail_on: str | None = None) -> Watched:
        """Compare new rows with those of training: drift, the score to be expected, and the real one where it is known.

        Args:
            rows: new rows as for `SideModel.predict`, with the target if it is known. For a forecast, the series
                continued: rows after those of the contest, with earlier ones before them as far as there are any.
            side: "deep", "shallow", "blend" or "floor"; None for the recommended one.
            fail_on: conditions that `Watched.failed_on` is about, with the fields drift (number of columns),
                predictions (same or drifted), expected and score; None for any drift.

        Returns:
            The record; printing it gives a few sentences, and `Watched.report` writes a page.

        Raises:
            BundleError: the model remembers nothing of its training rows: an older automl saved it.
            DataError: there are too few rows, or they do not fit the model.
            RecipeError: a condition is not known.
        """
        from automl.predict.watching import conditions_of, read_reference, watch

        conditions_of(fail_on, self.task)  # before any row is read
        known = read_reference(self.reference)
        chosen = self.side(side or self.recommended)
        dataset = chosen.read(rows, "ignore", weight=known.weight)
        return watch(dataset, self.task, chosen.predictor, chosen.side, self.reference, fail_on)

    def predict(
        self, rows: Any, on_odd: OnOdd | None = None, side: str | None = None, future: Any = None
    ) -> pd.DataFrame | pd.Series:  # fmt: skip
        """Predict new rows with the recommended model, or with that of a side; see `SideModel.predict`.

        Args:
            rows: as for `SideModel.predict`.
            on_odd: as for `SideModel.predict`.
            side: "deep", "shallow", "blend" or "floor"; None for the recommended one.
            future: as for `SideModel.predict`.
        """
        return self.side(side or self.recommended).predict(rows, on_odd, future)

    def predict_proba(self, rows: Any, on_odd: OnOdd | None = None, side: str | None = None) -> pd.DataFrame:
        """Predict probabilities with the recommended model, or with that of a side; see `SideModel.predict_proba`."""
        return self.side(side or self.recommended).predict_proba(rows, on_odd)

    def score_rows(self, rows: Any, on_odd: OnOdd | None = None, side: str | None = None) -> pd.Series:
        """How unusual rows are by the recommended model, or by that of a side; see `SideModel.score_rows`."""
        return self.side(side or self.recommended).score_rows(rows, on_odd)

    def transform(self, rows: Any, on_odd: OnOdd | None = None, side: str | None = None) -> pd.DataFrame:
        """Rows as vectors by the recommended model, or by that of a side; see `SideModel.transform`."""
        return self.side(side or self.recommended).transform(rows, on_odd)

    def sample(self, n: int, seed: int = 0, side: str | None = None, condition: Any = None) -> Any:
        """New rows by the recommended model, or by that of a side; see `SideModel.sample`."""
        return self.side(side or self.recommended).sample(n, seed, condition)

    def export(
        self, path: str | Path, format: str = "onnx", side: str | None = None, rows: Any = None  # noqa: A002
    ) -> Exported:  # fmt: skip
        """Export the recommended model, or that of a side; see `SideModel.export`.

        Of a run folder, size and latency are also written into its report and its ``result.json``.

        Args:
            path: as for `SideModel.export`.
            format: as for `SideModel.export`.
            side: "deep", "shallow" or "blend"; None for the recommended one.
            rows: as for `SideModel.export`.
        """
        from automl.predict.exporting import export_of_run

        return export_of_run(self.side(side or self.recommended), path, format, rows, self.result, self.folder)

    def predict_interval(
        self, rows: Any, level: float = 0.9, on_odd: OnOdd | None = None, side: str | None = None, future: Any = None
    ) -> pd.DataFrame:
        """Predict intervals with the recommended model, or with that of a side; see `SideModel.predict_interval`."""
        return self.side(side or self.recommended).predict_interval(rows, level, on_odd, future)

    def predict_set(
        self, rows: Any, level: float = 0.9, on_odd: OnOdd | None = None, side: str | None = None
    ) -> pd.DataFrame | pd.Series:
        """Predict sets of labels with the recommended model, or with that of a side; see `SideModel.predict_set`."""
        return self.side(side or self.recommended).predict_set(rows, level, on_odd)
