"""The deep side as estimators: networks searched with the whole budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from automl.estimators.estimating import Classifier, Regressor
from automl.estimators.runner import side_alone

if TYPE_CHECKING:
    from automl.estimators.fitted import FittedModel
    from automl.records import Recipe

__all__ = ["DeepClassifier", "DeepRegressor"]


class Deep:
    """Parameters of both, which are the flags of ``automl fit``.

    Args:
        budget: time for a call of `fit`, such as "90s" or "5m"; None for no bound, where `max_trials` must be given:
            then the same seed gives the same model on the same machine.
        max_trials: bound on trials.
        seed: what splits, searches and models are drawn with.
        templates: deep templates to search; None for all that fit.
        metric: what trials are chosen by, such as "roc_auc" or "rmse"; None for the usual one of the goal.
        columns: kinds of columns, name → kind, where they are to be other than what detection says.
        group: a column whose equal values stay on one side of every split.
        time_column: a column to split in time by.
        latency: milliseconds that predicting a row may take.
        ensemble: whether the model may be a weighted ensemble.
        plugins: files or entry points that bring more templates.
        search: how the deep side searches: a mapping with oracle, memory, device, workers, ray_address.
        quiet: show no progress.
    """

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
        latency: float | str | None = None,
        ensemble: bool = True,
        plugins: Sequence[str] | None = None,
        search: Mapping[str, Any] | None = None,
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
        self.latency = latency
        self.ensemble = ensemble
        self.plugins = plugins
        self.search = search
        self.quiet = quiet

    def _run(self, recipe: Recipe, started: float) -> FittedModel:
        """Fit the deep side."""
        return side_alone(recipe, "deep", started)


class DeepClassifier(Deep, Classifier):
    """A searched Keras network that predicts classes; for its parameters see `Deep`."""


class DeepRegressor(Deep, Regressor):
    """A searched Keras network that predicts numbers; for its parameters see `Deep`."""
