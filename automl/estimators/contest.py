"""The whole contest as estimators: both sides are run, and the recommended model predicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from automl.estimators.estimating import Classifier, Regressor
from automl.estimators.runner import contest
from automl.split import LEAST_ROWS

if TYPE_CHECKING:
    from automl.estimators.fitted import ContestResult, FittedModel
    from automl.records import Recipe

__all__ = ["ContestClassifier", "ContestRegressor"]


class Contest:
    """Parameters of both, which are the flags of ``automl fit``.

    Args:
        budget: time for a call of `fit`, such as "90s" or "5m"; None for no bound, where `max_trials` must be given:
            then the same seed gives the same finalists on the same machine.
        max_trials: bound on deep trials and on shallow fits, each.
        seed: what splits, searches and models are drawn with.
        templates: deep templates to search; None for all that fit.
        metric: what trials are chosen by, such as "roc_auc" or "rmse"; None for the usual one of the goal.
        columns: kinds of columns, name → kind, where they are to be other than what detection says.
        group: a column whose equal values stay on one side of every split.
        time_column: a column to split in time by.
        min_gain: least gain that counts, as a share of the distance from the floor to the best possible score.
        latency: milliseconds that predicting a row may take.
        ensemble: whether a finalist may be a weighted ensemble.
        plugins: files or entry points that bring more templates and families.
        search: how the deep side searches: a mapping with oracle, memory, device, workers, ray_address, log.
        out: a run folder to keep, new or empty; None for a temporary one that is removed.
        quiet: show no progress.

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
        metric: str | None = None,
        columns: Mapping[str, str] | str | None = None,
        group: str | None = None,
        time_column: str | None = None,
        min_gain: float = 0.005,
        latency: float | str | None = None,
        ensemble: bool = True,
        plugins: Sequence[str] | None = None,
        search: Mapping[str, Any] | None = None,
        out: str | None = None,
        quiet: bool = True,
    ) -> None:
        self.budget = budget
        self.max_trials = max_trials
        self.seed = seed
        self.templates = templates
        self.metric = metric
        self.columns = columns
        self.group = group
        self.time_column = time_column
        self.min_gain = min_gain
        self.latency = latency
        self.ensemble = ensemble
        self.plugins = plugins
        self.search = search
        self.out = out
        self.quiet = quiet

    def _run(self, recipe: Recipe, started: float) -> FittedModel:
        """Run the contest."""
        fitted, self.result_ = contest(recipe, started)
        return fitted

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.non_deterministic = True  # in a tie the model is recommended that measured cheaper
        return tags


class ContestClassifier(Contest, Classifier):
    """The model that a contest of both sides recommends, for classes; a fifth of the rows is kept to test on.

    For its parameters see `Contest`.
    """


class ContestRegressor(Contest, Regressor):
    """The model that a contest of both sides recommends, for numbers; a fifth of the rows is kept to test on.

    For its parameters see `Contest`.
    """
