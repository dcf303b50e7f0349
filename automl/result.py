"""What `fit` and `run` return: the verdict, the report and both models."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.predict.model import Model
from automl.predict.side_model import SideModel
from automl.report.findings import finding_text
from automl.report.summary import summary, verdict_lines
from automl.report.trust import Trust, trust_of
from automl.storage import files as folders
from automl.system.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from automl.estimators import FinalistClassifier, FinalistRegressor
    from automl.export import Exported
    from automl.flow import Finished
    from automl.predict.watching import Watched
    from automl.records import OnOdd, Outcome

__all__ = ["Result"]


REPORT_BYTES = 2**28
LONG = ("name", "choices", "failure")
"""Fields of a run that a leaderboard leaves out, or gives another name."""


class Result:
    """What `fit` and `run` return: the verdict, the report and both models.

    Its text names the findings that must be settled first, before the verdict.

    Attributes:
        outcome: the record from which the report is made.
        result: the content of ``result.json``.
        folder: the run folder.
        model: the models of both sides, and their blend.
    """

    def __init__(self, finished: Finished) -> None:
        self.outcome: Outcome = finished.outcome
        self.result: dict[str, Any] = finished.result
        self.folder: Path = finished.folder
        self.model = Model(
            finished.outcome.task,
            finished.predictors,
            finished.recommended,
            finished.folder,
            finished.result,
            finished.reference,
            functools.partial(_estimator_of, finished.outcome, finished.predictors),
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
        from automl.report.tradeoff import tradeoff_lines

        first, *others = verdict_lines(self.outcome)
        reasons = [finding_text(finding, "python") for finding in self.trust.findings]
        rest = [finding for finding in self.outcome.findings if finding not in self.trust.findings]
        place = card.lines([f"Report: {self.folder / 'report.html'}"], "quiet")
        alarm = card.alarm(self.trust.level, reasons)
        return card.card(
            first, "", card.lines(others), card.board(self.result), card.lines(tradeoff_lines(self.outcome)),
            card.findings_list(rest), place, first=alarm,
        )  # fmt: skip

    @property
    def verdict(self) -> str | None:
        """deep, shallow or tie; None without a label that could decide."""
        return self.outcome.comparison.verdict

    @property
    def trust(self) -> Trust:
        """How far the result can be believed: a level (high, medium, low), and the findings that speak against it."""
        return trust_of(self.outcome.findings)

    @property
    def failed_on(self) -> tuple[str, ...]:
        """The conditions of `fail_on` that hold, each as a sentence; empty if none does or none were asked for."""
        return tuple((self.result.get("fail_on") or {}).get("failed", ()))

    @property
    def deep(self) -> SideModel:
        """The deep finalist; raises DataError when there is none."""
        return self.model.deep

    @property
    def shallow(self) -> SideModel:
        """The shallow finalist; raises DataError when there is none."""
        return self.model.shallow

    @property
    def blend(self) -> SideModel:
        """The weighted mean of both finalists; raises DataError when a side has none."""
        return self.model.blend

    def estimator(self, side: str | None = None) -> FinalistClassifier | FinalistRegressor:
        """The recommended model, or that of a side, as a fitted scikit-learn estimator, for contests of tables.

        It predicts as the model does, in arrays. ``sklearn.base.clone`` gives one that is not fitted, and whose `fit`
        fits the finalist's settings on other rows without a search: so do pipelines and ``cross_val_score``.

        Args:
            side: "deep", "shallow" or "blend"; None for the recommended one.

        Raises:
            DataError: the side has no model, or the contest is none of a table with a target.

        Example::

            cross_val_score(result.estimator(), frame.drop(columns="price"), frame["price"])
        """
        made: FinalistClassifier | FinalistRegressor = self.model.estimator(side)
        return made

    def predict(
        self, rows: Any, on_odd: OnOdd | None = None, side: str | None = None, future: Any = None
    ) -> pd.DataFrame | pd.Series:  # fmt: skip
        """Predict new rows with the recommended model, or with that of a side; see `Model.predict`."""
        return self.model.predict(rows, on_odd, side, future)

    def predict_proba(self, rows: Any, on_odd: OnOdd | None = None, side: str | None = None) -> pd.DataFrame:
        """Predict probabilities with the recommended model, or with that of a side; see `SideModel.predict_proba`."""
        return self.model.predict_proba(rows, on_odd, side)

    def score_rows(self, rows: Any, on_odd: OnOdd | None = None, side: str | None = None) -> pd.Series:
        """How unusual rows are by the recommended model, or by that of a side; see `SideModel.score_rows`."""
        return self.model.score_rows(rows, on_odd, side)

    def transform(self, rows: Any, on_odd: OnOdd | None = None, side: str | None = None) -> pd.DataFrame:
        """Rows as vectors by the recommended model, or by that of a side; see `SideModel.transform`."""
        return self.model.transform(rows, on_odd, side)

    def sample(self, n: int, seed: int = 0, side: str | None = None, condition: Any = None) -> Any:
        """New rows by the recommended model, or by that of a side; see `SideModel.sample`."""
        return self.model.sample(n, seed, side, condition)

    def predict_interval(
        self, rows: Any, level: float = 0.9, on_odd: OnOdd | None = None, side: str | None = None, future: Any = None
    ) -> pd.DataFrame:
        """Predict intervals with the recommended model, or with that of a side; see `SideModel.predict_interval`."""
        return self.model.predict_interval(rows, level, on_odd, side, future)

    def predict_set(
        self, rows: Any, level: float = 0.9, on_odd: OnOdd | None = None, side: str | None = None
    ) -> pd.DataFrame | pd.Series:
        """Predict sets of labels with the recommended model, or with that of a side; see `SideModel.predict_set`."""
        return self.model.predict_set(rows, level, on_odd, side)

    def export(
        self, path: str | Path, format: str = "onnx", side: str | None = None, rows: Any = None  # noqa: A002
    ) -> Exported:  # fmt: skip
        """Export the recommended model, or that of a side; see `Model.export`."""
        return self.model.export(path, format, side, rows)

    def watch(self, rows: Any, side: str | None = None, fail_on: str | None = None) -> Watched:
        """Compare new rows with those of training; see `Model.watch`."""
        return self.model.watch(rows, side, fail_on)

    def analysis(self, name: str) -> pd.DataFrame:
        """What an analysis measured of both finalists after the verdict, as a table.

        Args:
            name: such as "overfitting"; `result["tradeoff"]` holds all that were made.

        Returns:
            A frame with one row a figure; its columns depend on the analysis.

        Raises:
            DataError: there is no such analysis, or it was not made; says why.
        """
        import pandas as pd

        from automl import catalog
        from automl.errors import DataError
        from automl.records import Analysis

        found = self.outcome.analyses.get(name)
        if found is not None:
            return pd.DataFrame(found.get("rows", []))
        known = sorted(catalog.members(Analysis, "automl.analyses"))
        if name not in known:
            raise DataError(f"there is no analysis {name!r}; expected one of {', '.join(known)}")
        reason = self.outcome.analyses_left_out.get(name, "it does not apply to this contest")
        raise DataError(f"the analysis {name!r} was not made: {reason}")

    def leaderboard(self) -> pd.DataFrame:
        """All runs as a table, finalists first, then the best by validation.

        Returns:
            A frame with one row a run: model (the name that people know it by), run, side, status, finalist, scores
            and costs.

        Example::

            result.leaderboard()[["model", "side", "test_score", "fit_seconds"]].head()
        """
        import pandas as pd

        from automl.report import words

        titles = {run.name: words.title(run) for run in self.outcome.runs}
        rows = [
            {"model": titles[run["name"]], "run": run["name"], **{k: v for k, v in run.items() if k not in LONG}}
            for run in self.result["runs"]
        ]
        table = pd.DataFrame(rows)
        best_first = not self.outcome.higher_is_better
        order = table.sort_values("valid_score", ascending=best_first, kind="stable", na_position="last").index
        ranked = table.loc[order].sort_values("finalist", ascending=False, kind="stable")
        return ranked.reset_index(drop=True)

    def metrics(self) -> pd.DataFrame:
        """All metrics of the goal for both finalists, the blend and the floor, and deep − shallow with its interval.

        Example::

            table = result.metrics()
            table[table["high"] < 0]["metric"]  # by these the shallow model is ahead

        Raises:
            DataError: as `analysis`.
        """
        return self.analysis("metrics")

    def thresholds(self) -> pd.DataFrame:
        """What errors cost at thresholds chosen on validation rows, at one half, and where nothing is flagged.

        Of more than two classes: areas under the curves of each class against the rest.

        Example::

            result.thresholds()[["side", "rule", "threshold", "cost"]]

        Raises:
            DataError: as `analysis`.
        """
        return self.analysis("thresholds")

    def calibration(self) -> pd.DataFrame:
        """The Brier score of both finalists taken apart, or how often the truth lay below each quantile.

        Example::

            result.calibration()[["side", "brier", "miscalibration", "by_chance"]]

        Raises:
            DataError: as `analysis`.
        """
        return self.analysis("calibration")

    def compute(self) -> pd.DataFrame:
        """Estimated energy of both sides, and its price at the user's rates.

        Example::

            result.compute()[["side", "fit_wh", "kwh_a_year", "price_a_year"]]

        Raises:
            DataError: as `analysis`.
        """
        return self.analysis("compute")

    def profile(self) -> pd.DataFrame:
        """Missing values, levels and range of each input column, over training rows.

        Example::

            result.profile().sort_values("missing", ascending=False)

        Raises:
            DataError: as `analysis`.
        """
        return self.analysis("profile")

    def overfitting(self) -> pd.DataFrame:
        """Scores of both finalists on rows that they learnt from and on test rows, and the gap with its interval.

        Example::

            result.overfitting()[["side", "learnt", "test", "gap"]]

        Raises:
            DataError: as `analysis`.
        """
        return self.analysis("overfitting")

    def data_need(self) -> pd.DataFrame:
        """Scores of both sides against the number of training rows.

        Example::

            result.data_need()

        Raises:
            DataError: as `analysis`; it fits models, so a run without a budget does not make it.
        """
        return self.analysis("data_need")

    def importance(self) -> pd.DataFrame:
        """How much each input column matters to each finalist, with an interval.

        Example::

            result.importance().query("side == 'deep'").head(10)

        Raises:
            DataError: as `analysis`.
        """
        return self.analysis("importance")

    def robustness(self) -> pd.DataFrame:
        """Scores of both finalists where the inputs of test rows are changed.

        Example::

            result.robustness()

        Raises:
            DataError: as `analysis`.
        """
        return self.analysis("robustness")

    def subgroups(self) -> pd.DataFrame:
        """Scores of both finalists in parts of the test rows.

        Example::

            result.subgroups()

        Raises:
            DataError: as `analysis`.
        """
        return self.analysis("subgroups")

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

    def model_card(self, path: str | Path | None = None) -> str:
        """The model card as Markdown with the header of the Hugging Face Hub, blank where a person must answer.

        Args:
            path: file to write it to; None for none.

        Returns:
            Its text.
        """
        from automl.report.model_card import model_card

        return self._written(model_card(self.result, self.outcome.name), path)

    def reforms(self, path: str | Path | None = None) -> str:
        """The REFORMS checklist (Kapoor et al. 2024) as Markdown, blank where a person must answer.

        Args:
            path: file to write it to; None for none.

        Returns:
            Its text.
        """
        from automl.report.model_card import reforms

        return self._written(reforms(self.result, self.outcome.name), path)

    def _written(self, text: str, path: str | Path | None) -> str:
        if path is not None:
            folders.write_text(path, text)
        return text

    def update(
        self,
        new: Any,
        *,
        data: Any = None,
        test: Any = None,
        budget: str | float | None = None,
        out: str | Path | None = None,
        quiet: bool | None = None,
        plugins: str | Path | Sequence[str | Path] | None = None,
    ) -> Result:
        """Fit both finalists' settings on the rows of this run and new ones, and compare them anew: `automl.update`.

        Args:
            new: new rows with all columns of the old ones.
            data: the data of the run, if they were given in memory; None for where they lay.
            test: its test rows, likewise.
            budget: the most time; None for that of the run.
            out: run folder, new or empty; None for a new one under ``automl-runs``.
            quiet: whether to show no progress.
            plugins: Python files or entry points that the run was made with.

        Raises:
            InputError: the data are missing or others, or the new rows do not fit them.
        """
        from automl.flow.updating import update_run

        given = {"data": data, "test": test, "budget": budget, "quiet": quiet, "out": None if out is None else str(out)}
        return Result(update_run(self.folder, new, given, plugins))

    def save(self, path: str | Path) -> Path:
        """Save both models as a folder that `automl.load` opens; returns the path."""
        from automl.flow.keep import save

        predictors = dict(self.model.predictors)
        return save(Path(path), self.outcome, predictors, self.model.recommended, self.model.reference)


def _estimator_of(outcome: Outcome, predictors: Mapping[str, Any], side: str) -> Any:
    from automl.estimators import finalist_estimator

    return finalist_estimator(outcome, predictors, side)
