"""Estimators that run the deep side alone: they search networks with the whole budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from automl.estimators.estimating import Classifier, Regressor
from automl.estimators.runner import side_alone

if TYPE_CHECKING:
    from automl.estimators.fitted import FittedModel
    from automl.records import OnOdd, Recipe

__all__ = ["DeepClassifier", "DeepRegressor"]


class Deep:
    """Parameters of `DeepClassifier` and `DeepRegressor`; they are the flags of ``automl fit``.

    Args:
        budget: time for a call of `fit`, such as "90s" or "5m". None for no bound; `max_trials` is then required, and
            the same seed gives the same model on the same machine.
        max_trials: the most trials.
        seed: seed of splits, searches and models.
        templates: deep templates to search; None for all that fit the task.
        metric: the metric by which trials are chosen, such as "roc_auc" or "rmse"; None for the goal's default.
        columns: kind of each column (name → kind) for which detection is to be overridden.
        drop: columns that are not used, by name.
        group: column of groups; rows of a group stay in one part of every split.
        time_column: column of times by which the rows are split.
        latency: the most milliseconds that predicting one row may take.
        ensemble: whether the model may be a weighted ensemble.
        plugins: files or entry points that add templates.
        search: how the deep side searches: a mapping with oracle, memory, device, precision, workers, ray_address.
        quiet: whether to show no progress.
        on_odd: what `predict` does where rows differ from the training rows: "warn", "ignore" or "refuse". None for a
            warning, and an error if more than a fifth of the cells of a column cannot be read.
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
        drop: str | Sequence[str] | None = None,
        group: str | None = None,
        time_column: str | None = None,
        latency: float | str | None = None,
        ensemble: bool = True,
        plugins: Sequence[str] | None = None,
        search: Mapping[str, Any] | None = None,
        quiet: bool = True,
        on_odd: OnOdd | None = None,
    ) -> None:
        self.budget = budget
        self.max_trials = max_trials
        self.seed = seed
        self.templates = templates
        self.metric = metric
        self.columns = columns
        self.drop = drop
        self.group = group
        self.time_column = time_column
        self.latency = latency
        self.ensemble = ensemble
        self.plugins = plugins
        self.search = search
        self.quiet = quiet
        self.on_odd = on_odd

    def _run(self, recipe: Recipe, started: float) -> FittedModel:
        """Fit the deep side."""
        return side_alone(recipe, "deep", started)


class DeepClassifier(Deep, Classifier):
    """A searched Keras network that predicts classes; for its parameters see `Deep`."""


class DeepRegressor(Deep, Regressor):
    """A searched Keras network that predicts numbers; for its parameters see `Deep`."""
