"""Estimators that run the whole contest; the recommended model predicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from automl.estimators.estimating import Classifier, Regressor
from automl.estimators.runner import contest
from automl.split import LEAST_ROWS

if TYPE_CHECKING:
    from automl.estimators.fitted import ContestResult, FittedModel
    from automl.records import OnOdd, Recipe

__all__ = ["ContestClassifier", "ContestRegressor"]


class Contest:
    """Parameters of `ContestClassifier` and `ContestRegressor`; they are the flags of ``automl fit``.

    Args:
        budget: time for a call of `fit`, such as "90s" or "5m". None for no bound; `max_trials` is then required, and
            the same seed gives the same finalists on the same machine.
        max_trials: the most deep trials, and the most shallow fits.
        seed: seed of splits, searches and models.
        templates: deep templates to search; None for all that fit the task.
        pretrained: folder of a backbone whose vectors of texts or pictures both sides read; None for none.
        metric: the metric by which trials are chosen, such as "roc_auc" or "rmse"; None for the goal's default.
        columns: kind of each column (name → kind) for which detection is to be overridden.
        drop: columns that are not used, by name.
        group: column of groups; rows of a group stay in one part of every split.
        time_column: column of times by which the rows are split.
        min_gain: smallest gain that counts, as a share of the distance from the floor's score to the best possible one.
        repeats: number of further splits, at least 2, on which both finalists are compared again; 0 for none.
        fold_pairs: number of folds, 5 or so, whose out-of-fold pairs decide in place of the test; 0 for none.
        analysis: share of the budget for what is measured of both finalists after the verdict, for the report.
        sensitive: columns by whose groups both sides are compared; None for none.
        latency: the most milliseconds that predicting one row may take.
        fail_on: conditions of which `Result.failed_on` names those that hold.
        costs: what using the model costs, by which equivalent models are told apart: a mapping with
            retrains_per_year (12), predictions_per_year (1,000,000), false_alarm (1), miss (1), power_watts (65) and
            price_per_kwh (0.3).
        ensemble: whether a finalist may be a weighted ensemble.
        plugins: files or entry points that add templates and families.
        search: how the deep side searches: a mapping with oracle, memory, device, precision, workers, ray_address, log.
        out: run folder to keep, new or empty; None for a temporary folder that is removed.
        quiet: whether to show no progress.
        on_odd: what `predict` does where rows differ from the training rows: "warn", "ignore" or "refuse". None for a
            warning, and an error if more than a fifth of the cells of a column cannot be read.

    Attributes:
        result_: the verdict and the report, see `ContestResult`.
    """

    result_: ContestResult
    _least_rows: ClassVar[int] = LEAST_ROWS

    def __init__(
        self,
        *,
        budget: str | float | None = "5m",
        max_trials: int | None = None,
        seed: int = 0,
        templates: str | Sequence[str] | None = None,
        pretrained: str | None = None,
        metric: str | None = None,
        columns: Mapping[str, str] | str | None = None,
        drop: str | Sequence[str] | None = None,
        group: str | None = None,
        time_column: str | None = None,
        min_gain: float = 0.005,
        repeats: int = 0,
        fold_pairs: int = 0,
        analysis: float = 0.0,
        sensitive: str | Sequence[str] | None = None,
        latency: float | str | None = None,
        fail_on: str | None = None,
        costs: Mapping[str, float] | None = None,
        ensemble: bool = True,
        plugins: Sequence[str] | None = None,
        search: Mapping[str, Any] | None = None,
        out: str | None = None,
        quiet: bool = True,
        on_odd: OnOdd | None = None,
    ) -> None:
        self.budget = budget
        self.max_trials = max_trials
        self.seed = seed
        self.templates = templates
        self.pretrained = pretrained
        self.metric = metric
        self.columns = columns
        self.drop = drop
        self.group = group
        self.time_column = time_column
        self.min_gain = min_gain
        self.repeats = repeats
        self.fold_pairs = fold_pairs
        self.analysis = analysis
        self.sensitive = sensitive
        self.latency = latency
        self.fail_on = fail_on
        self.costs = costs
        self.ensemble = ensemble
        self.plugins = plugins
        self.search = search
        self.out = out
        self.quiet = quiet
        self.on_odd = on_odd

    def _run(self, recipe: Recipe, started: float) -> FittedModel:
        """Run the contest."""
        fitted, self.result_ = contest(recipe, started)
        return fitted

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.non_deterministic = True  # of two equivalent models, the one with the lower measured cost is recommended
        return tags


class ContestClassifier(Contest, Classifier):
    """A classifier that uses the model recommended by a contest of both sides; a fifth of the rows is used as test.

    For its parameters see `Contest`.
    """


class ContestRegressor(Contest, Regressor):
    """A regressor that uses the model recommended by a contest of both sides; a fifth of the rows is used as test.

    For its parameters see `Contest`.
    """
